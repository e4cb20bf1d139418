/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One of the daemon's servers: its threads and limits. */
#include <string.h>

#include "handlers-admin.h"
#include "params.h"

/* What libvirt-admin.h names, and where a change goes. */
typedef struct {
    const char *name;
    gsize offset; /* of a guint in RpcLimits */
} LimitRow;

static const LimitRow thread_rows[] = {
    { "maxWorkers", offsetof(RpcLimits, workers) },
    { "prioWorkers", offsetof(RpcLimits, priority_workers) },
};
static const LimitRow client_rows[] = {
    { "nclients_max", offsetof(RpcLimits, max_clients) },
    { "nclients_unauth_max", offsetof(RpcLimits, max_anonymous_clients) },
};

/* ---- asking ---- */

static void add_limits(Params *params, RpcServer *server, const LimitRow *rows, guint n)
{
    RpcLimits limits = rpc_server_get_limits(server);

    for (guint i = 0; i < n; i++)
        params_add_uint(params, rows[i].name, G_STRUCT_MEMBER(guint, &limits, rows[i].offset));
}

gboolean on_admin_server_get_threadpool_parameters(RpcCall *call, GError **error)
{
    RpcServer *server = admin_find_server(call, call->args[0].str, error);
    RpcWorkerStats stats;
    Params params;

    if (server == NULL || !check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    rpc_server_get_worker_stats(server, &stats);
    params_begin(&params, call->ret, 32);
    params_add_uint(&params, "minWorkers", 0); /* none waits for work that may never come */
    add_limits(&params, server, thread_rows, G_N_ELEMENTS(thread_rows));
    params_add_uint(&params, "nWorkers", stats.threads);
    params_add_uint(&params, "freeWorkers", stats.free);
    params_add_uint(&params, "jobQueueDepth", stats.queued);
    params_end(&params);
    return TRUE;
}

gboolean on_admin_server_get_client_limits(RpcCall *call, GError **error)
{
    RpcServer *server = admin_find_server(call, call->args[0].str, error);
    Params params;

    if (server == NULL || !check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    params_begin(&params, call->ret, 32);
    add_limits(&params, server, client_rows, G_N_ELEMENTS(client_rows));
    params_add_uint(&params, "nclients", rpc_server_n_clients(server));
    params_add_uint(&params, "nclients_unauth", rpc_server_n_anonymous(server));
    params_end(&params);
    return TRUE;
}

/* ---- setting ---- */

static gboolean take_limit(const RpcCall *call, const LimitRow *row, RpcLimits *limits,
                           GError **error)
{
    const XdrValue *value = params_find(&call->args[1], row->name);
    guint *field = &G_STRUCT_MEMBER(guint, limits, row->offset);

    if (value == NULL)
        return TRUE;
    if (value->u == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "%s must be 1 or more", row->name);
    if (*field != value->u)
        g_message("admin: %s has changed %s of '%s' from %u to %u", rpc_client_name(call->client),
                  row->name, call->args[0].str, *field, value->u);
    *field = value->u;
    return TRUE;
}

static gboolean set_limits(RpcCall *call, const LimitRow *rows, guint n, GError **error)
{
    RpcServer *server = admin_find_server(call, call->args[0].str, error);
    RpcLimits limits;

    if (server == NULL || !check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    limits = rpc_server_get_limits(server);
    for (guint i = 0; i < n; i++) {
        if (!take_limit(call, &rows[i], &limits, error))
            return FALSE;
    }
    if (limits.max_anonymous_clients > limits.max_clients)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "nclients_unauth_max, %u, must not be more than nclients_max, %u",
                    limits.max_anonymous_clients, limits.max_clients);
    rpc_server_set_limits(server, &limits);
    return TRUE;
}

gboolean on_admin_server_set_threadpool_parameters(RpcCall *call, GError **error)
{
    static const ParamRule rules[] = {
        { "minWorkers", XDR_PARAM_UINT },
        { "maxWorkers", XDR_PARAM_UINT },
        { "prioWorkers", XDR_PARAM_UINT },
    };
    const XdrValue *least;

    if (!params_check(&call->args[1], rules, G_N_ELEMENTS(rules), error))
        return FALSE;
    least = params_find(&call->args[1], "minWorkers");
    if (least != NULL && least->u != 0)
        return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED,
                    "minWorkers %u: threads are made when there is work, and end after it",
                    least->u);
    return set_limits(call, thread_rows, G_N_ELEMENTS(thread_rows), error);
}

gboolean on_admin_server_set_client_limits(RpcCall *call, GError **error)
{
    static const ParamRule rules[] = {
        { "nclients_max", XDR_PARAM_UINT },
        { "nclients_unauth_max", XDR_PARAM_UINT },
    };

    return params_check(&call->args[1], rules, G_N_ELEMENTS(rules), error) &&
           set_limits(call, client_rows, G_N_ELEMENTS(client_rows), error);
}

gboolean on_admin_server_update_tls_files(RpcCall *call, GError **error)
{
    const Admin *admin = call->app;
    RpcServer *server = admin_find_server(call, call->args[0].str, error);

    if (server == NULL || !check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    if (server != admin->servers[0].server)
        return fail(error, VIR_ERR_OPERATION_INVALID, "the server '%s' has no TLS",
                    call->args[0].str);
    return admin->update_tls(admin->data, error);
}
