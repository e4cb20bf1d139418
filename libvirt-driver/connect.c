/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening and closing a connection, and what the daemon says about itself. */
#include "handler-util.h"
#include "params.h"

#include <string.h>
#include <unistd.h>

#define OPEN_READONLY                                                                              \
    1u /* the remote driver's VIR_DRV_OPEN_REMOTE_RO; its other bits concern the client only */

/* VIR_DRV_FEATURE_*: what SUPPORTS_FEATURE asks. */
enum {
    FEATURE_FD_PASSING = 8,
    FEATURE_TYPED_PARAM_STRING = 9,
    FEATURE_PROGRAM_KEEPALIVE = 10,
    FEATURE_REMOTE_EVENT_CALLBACK = 14,
    FEATURE_REMOTE_CLOSE_CALLBACK = 15,
    FEATURE_NETWORK_UPDATE_HAS_CORRECT_ORDER = 16,
};

/* Xen's version as libvirt counts: major * 1000000 + minor * 1000 + release. */
#define VERSION(major, minor) ((guint64)(major)*1000000 + (guint64)(minor)*1000)
/* The libvirt whose protocol this is. */
#define LIB_VERSION VERSION(9, 0)

gboolean on_connect_supports_feature(RpcCall *call, GError **error)
{
    gint32 feature = call->args[0].i;
    gboolean supported = FALSE;

    if (!rpc_client_is_open(call->client) && feature != FEATURE_PROGRAM_KEEPALIVE) {
        g_set_error(error, RPC_PROTOCOL_ERROR, VIR_ERR_INTERNAL_ERROR,
                    "hypervisor connection not open");
        return FALSE;
    }
    switch (feature) {
    case FEATURE_PROGRAM_KEEPALIVE:
        rpc_client_enable_keepalive(call->client); /* asking is switching it on */
        supported = TRUE;
        break;
    case FEATURE_FD_PASSING:
        supported = rpc_client_transport(call->client) == RPC_TRANSPORT_UNIX;
        break;
    case FEATURE_TYPED_PARAM_STRING:
    case FEATURE_REMOTE_EVENT_CALLBACK:
    case FEATURE_REMOTE_CLOSE_CALLBACK:
    case FEATURE_NETWORK_UPDATE_HAS_CORRECT_ORDER:
        supported = TRUE;
        break;
    }
    xdr_put_i32(call->ret, supported);
    return TRUE;
}

/* The client library has already removed host and transport. No name: whatever is here. */
static gboolean check_uri(const Kanzend *kanzend, const char *name, GError **error)
{
    g_autofree char *scheme = NULL;
    g_autofree char *path = NULL;

    if (name == NULL || *name == '\0')
        return TRUE;
    if (!g_uri_split(name, G_URI_FLAGS_NONE, &scheme, NULL, NULL, NULL, &path, NULL, NULL, NULL) ||
        g_strcmp0(scheme, "xen") != 0)
        return fail(error, VIR_ERR_NO_CONNECT, "%s", name);
    if (strlen(path) <= 1 || strcmp(path, kanzend->session ? "/session" : "/system") == 0)
        return TRUE;
    return fail(error, VIR_ERR_INTERNAL_ERROR, "unexpected Xen URI path '%s', try %s", path,
                kanzend->uri);
}

gboolean on_connect_open(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;

    if (rpc_client_is_open(call->client))
        return fail(error, VIR_ERR_INTERNAL_ERROR, "connection already open");
    if (!check_uri(kanzend, call->args[0].str, error))
        return FALSE;
    if (call->args[1].u & OPEN_READONLY)
        rpc_client_set_readonly(call->client);
    rpc_client_set_open(call->client);
    return TRUE;
}

gboolean on_connect_close(RpcCall *call, GError **error)
{
    call->closes = TRUE;
    return TRUE;
}

/* Our connection to the hypervisor never breaks, so there is never an event to send. */
gboolean on_connect_close_callback(RpcCall *call, GError **error)
{
    return TRUE;
}

gboolean on_connect_get_uri(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;

    xdr_put_string(call->ret, kanzend->uri);
    return TRUE;
}

gboolean on_connect_get_type(RpcCall *call, GError **error)
{
    xdr_put_string(call->ret, "Xen");
    return TRUE;
}

gboolean on_connect_get_version(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(HostInfo) info = host_info_get(kanzend->host_info, error);

    if (info == NULL)
        return FALSE;
    xdr_put_u64(call->ret, VERSION(info->kxl->xen_major, info->kxl->xen_minor));
    return TRUE;
}

gboolean on_connect_get_lib_version(RpcCall *call, GError **error)
{
    xdr_put_u64(call->ret, LIB_VERSION);
    return TRUE;
}

gboolean on_connect_get_hostname(RpcCall *call, GError **error)
{
    xdr_put_string(call->ret, g_get_host_name());
    return TRUE;
}

gboolean on_connect_is_secure(RpcCall *call, GError **error)
{
    /* A unix socket leaves the host no more than an encrypted connection is readable on its way. */
    xdr_put_i32(call->ret, rpc_client_transport(call->client) == RPC_TRANSPORT_UNIX ||
                               rpc_client_is_encrypted(call->client));
    return TRUE;
}

/* The proxy daemons of libvirt say for whom they call. Nothing is allowed or denied by it here:
 * what a client may do is decided by the socket it came through. It is for the log. */
gboolean on_connect_set_identity(RpcCall *call, GError **error)
{
    static const ParamRule rules[] = {
        { "user-name", XDR_PARAM_STRING },       { "unix-user-id", XDR_PARAM_ULLONG },
        { "group-name", XDR_PARAM_STRING },      { "unix-group-id", XDR_PARAM_ULLONG },
        { "process-id", XDR_PARAM_LLONG },       { "process-time", XDR_PARAM_ULLONG },
        { "sasl-user-name", XDR_PARAM_STRING },  { "x509-distinguished-name", XDR_PARAM_STRING },
        { "selinux-context", XDR_PARAM_STRING },
    };
    const char *user = params_find_string(&call->args[0], "user-name");

    if (!check_flags(call, call->args[1].u, 0, error) ||
        !params_check(&call->args[0], rules, G_N_ELEMENTS(rules), error) ||
        !rpc_call_check_writable(call, error))
        return FALSE;
    g_message("rpc: %s calls for user '%s'", rpc_client_name(call->client),
              user != NULL ? user : "(not said)");
    return TRUE;
}
