/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clients of one of the daemon's servers. */
#include <grp.h>
#include <pwd.h>

#include "handlers-admin.h"
#include "params.h"

#define LIST_MAX 16384u /* ADMIN_CLIENT_LIST_MAX */

static void put_client(GByteArray *out, const char *server, RpcClient *client)
{
    g_auto(RpcClientInfo) info = { 0 };

    rpc_client_get_info(client, &info);
    xdr_put_string(out, server);
    xdr_put_u64(out, info.number);
    xdr_put_i64(out, info.connected_at);
    xdr_put_u32(out, info.transport);
}

gboolean on_admin_server_list_clients(RpcCall *call, GError **error)
{
    const char *name = call->args[0].str;
    RpcServer *server = admin_find_server(call, name, error);
    g_autoptr(GPtrArray) clients = NULL;
    guint n;

    if (server == NULL || !check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    clients = rpc_server_dup_clients(server);
    n = call->args[1].u != 0 ? clients->len : 0;
    if (n > LIST_MAX)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "too many clients: %u, an answer takes %u", n,
                    LIST_MAX);
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        put_client(call->ret, name, clients->pdata[i]);
    xdr_put_u32(call->ret, clients->len);
    return TRUE;
}

static RpcClient *find_client(RpcCall *call, const char *server_name, guint64 number,
                              GError **error)
{
    RpcServer *server = admin_find_server(call, server_name, error);
    RpcClient *client;

    if (server == NULL)
        return NULL;
    client = rpc_server_find_client(server, number);
    if (client == NULL)
        fail(error, VIR_ERR_NO_CLIENT, "No client with matching ID '%" G_GUINT64_FORMAT "'",
             number);
    return client;
}

gboolean on_admin_server_lookup_client(RpcCall *call, GError **error)
{
    const char *server = call->args[0].str;
    g_autoptr(RpcClient) client = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    client = find_client(call, server, call->args[1].t, error);
    if (client == NULL)
        return FALSE;
    put_client(call->ret, server, client);
    return TRUE;
}

/* The client that args[0] is the handle of. */
static RpcClient *handle_client(RpcCall *call, GError **error)
{
    const XdrValue *handle = call->args[0].items;

    if (!check_flags(call, call->args[1].u, 0, error))
        return NULL;
    return find_client(call, handle[0].str, handle[1].t, error);
}

/* With the names of a local client's user and group, as far as the host knows them. */
static void add_process(Params *params, const RpcClientInfo *info)
{
    const struct passwd *user = getpwuid(info->uid);
    const struct group *group;

    params_add_int(params, "unix_user_id", (gint32)info->uid);
    params_add_string(params, "unix_user_name", user != NULL ? user->pw_name : NULL);
    group = getgrgid(info->gid);
    params_add_int(params, "unix_group_id", (gint32)info->gid);
    params_add_string(params, "unix_group_name", group != NULL ? group->gr_name : NULL);
    params_add_int(params, "unix_process_id", (gint32)info->pid);
}

gboolean on_admin_client_get_info(RpcCall *call, GError **error)
{
    static GMutex names_lock; /* getpwuid() and getgrgid() keep one answer each */
    g_autoptr(RpcClient) client = handle_client(call, error);
    g_auto(RpcClientInfo) info = { 0 };
    Params params;

    if (client == NULL)
        return FALSE;
    rpc_client_get_info(client, &info);
    params_begin(&params, call->ret, 64);
    params_add_boolean(&params, "readonly", info.readonly);
    params_add_string(&params, "sock_addr", info.address);
    params_add_string(&params, "sasl_user_name", info.user);
    params_add_string(&params, "tls_x509_dname", info.certificate);
    if (info.transport == RPC_TRANSPORT_UNIX) {
        g_mutex_lock(&names_lock);
        add_process(&params, &info);
        g_mutex_unlock(&names_lock);
    }
    params_end(&params);
    return TRUE;
}

gboolean on_admin_client_close(RpcCall *call, GError **error)
{
    g_autoptr(RpcClient) client = handle_client(call, error);

    if (client == NULL)
        return FALSE;
    g_message("admin: %s disconnects %s", rpc_client_name(call->client), rpc_client_name(client));
    rpc_client_kick(client, "an administrator asked for it");
    return TRUE;
}
