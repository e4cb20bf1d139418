/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon as a whole: its servers, its log, its end. */
#include <string.h>

#include "config/log.h"
#include "handler-util.h"
#include "handlers-admin.h"

gboolean on_admin_connect_open(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[0].u, 0, error))
        return FALSE;
    if (rpc_client_is_open(call->client))
        return fail(error, VIR_ERR_INTERNAL_ERROR, "connection already open");
    rpc_client_set_open(call->client);
    return TRUE;
}

gboolean on_admin_connect_close(RpcCall *call, GError **error)
{
    call->closes = TRUE;
    return TRUE;
}

gboolean on_admin_connect_get_lib_version(RpcCall *call, GError **error)
{
    return on_connect_get_lib_version(call, error);
}

/* ---- servers ---- */

RpcServer *admin_find_server(const RpcCall *call, const char *name, GError **error)
{
    const Admin *admin = call->app;

    for (guint i = 0; i < ADMIN_SERVERS; i++) {
        if (strcmp(admin->servers[i].name, name) == 0)
            return admin->servers[i].server;
    }
    fail(error, VIR_ERR_NO_SERVER, "No server named '%s'", name);
    return NULL;
}

gboolean on_admin_connect_list_servers(RpcCall *call, GError **error)
{
    const Admin *admin = call->app;
    guint n = call->args[0].u != 0 ? ADMIN_SERVERS : 0;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, admin->servers[i].name);
    xdr_put_u32(call->ret, ADMIN_SERVERS);
    return TRUE;
}

gboolean on_admin_connect_lookup_server(RpcCall *call, GError **error)
{
    const char *name = call->args[0].str;

    if (!check_flags(call, call->args[1].u, 0, error) ||
        admin_find_server(call, name, error) == NULL)
        return FALSE;
    xdr_put_string(call->ret, name);
    return TRUE;
}

/* ---- log ---- */

gboolean on_admin_connect_get_logging_outputs(RpcCall *call, GError **error)
{
    guint n;
    g_autofree char *outputs = log_dup_outputs(&n);

    if (!check_flags(call, call->args[0].u, 0, error))
        return FALSE;
    xdr_put_string(call->ret, outputs);
    xdr_put_u32(call->ret, n);
    return TRUE;
}

gboolean on_admin_connect_get_logging_filters(RpcCall *call, GError **error)
{
    guint n;
    g_autofree char *filters = log_dup_filters(&n);

    if (!check_flags(call, call->args[0].u, 0, error))
        return FALSE;
    xdr_put_optional_string(call->ret, n > 0 ? filters : NULL);
    xdr_put_u32(call->ret, n);
    return TRUE;
}

/* Nothing said means: as at first. */
static const char *said(const RpcCall *call)
{
    const char *text = call->args[0].str;

    return text != NULL && *text != '\0' ? text : NULL;
}

gboolean on_admin_connect_set_logging_outputs(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[1].u, 0, error) || !log_set_outputs(said(call), error))
        return FALSE;
    g_message("admin: %s has set the log's outputs to '%s'", rpc_client_name(call->client),
              said(call) != NULL ? said(call) : "the usual");
    return TRUE;
}

gboolean on_admin_connect_set_logging_filters(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[1].u, 0, error) || !log_set_filters(said(call), error))
        return FALSE;
    g_message("admin: %s has set the log's filters to '%s'", rpc_client_name(call->client),
              said(call) != NULL ? said(call) : "none");
    return TRUE;
}

/* ---- the end ---- */

gboolean on_admin_connect_set_daemon_timeout(RpcCall *call, GError **error)
{
    const Admin *admin = call->app;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    admin->set_timeout(admin->data, call->args[0].u);
    return TRUE;
}
