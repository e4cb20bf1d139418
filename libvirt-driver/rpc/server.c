/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <unistd.h>

#include "client-internal.h"
#include "listener.h"
#include "workers.h"

/* Threads that stay: a call after a pause does not wait for one to be made. */
#define WORKERS_KEPT    2
#define WORKERS_IDLE_MS 10000

struct RpcServer {
    RpcServerConfig config; /* but its limits, constant */
    GMainContext *context;
    RpcListeners *listeners;
    GSource *ticker;
    guint ticker_interval_s;
    Workers *workers;
    Workers *priority_workers;
    guint64 next_number;
    gboolean stopping;

    int n_anonymous; /* atomic */
    gsize held;      /* atomic: bytes of all clients' packets */
    int refreshing;  /* atomic: refresh() is on its way */

    GMutex limits_lock; /* of config.limits */

    GMutex lock; /* of clients: events are sent from any thread */
    GPtrArray *clients;
};

/* ---- the loop ---- */

static gboolean server_tick(gpointer user_data)
{
    RpcServer *server = user_data;
    g_autoptr(GPtrArray) clients = rpc_server_dup_clients(server);

    for (guint i = 0; i < clients->len; i++)
        rpc_client_tick(clients->pdata[i]);
    return G_SOURCE_CONTINUE;
}

static void stop_ticking(RpcServer *server)
{
    if (server->ticker != NULL)
        g_source_destroy(server->ticker);
    g_clear_pointer(&server->ticker, g_source_unref);
}

static void start_ticking(RpcServer *server)
{
    guint interval_s = rpc_server_get_limits(server).keepalive_interval_s;

    if (server->ticker != NULL && server->ticker_interval_s == interval_s)
        return;
    stop_ticking(server);
    server->ticker_interval_s = interval_s;
    server->ticker = g_timeout_source_new_seconds(interval_s);
    g_source_set_callback(server->ticker, server_tick, server, NULL);
    g_source_attach(server->ticker, server->context);
}

static gboolean refresh(gpointer user_data)
{
    RpcServer *server = user_data;

    g_atomic_int_set(&server->refreshing, FALSE);
    if (!server->stopping) {
        start_ticking(server);
        rpc_listeners_update(server->listeners);
    }
    return G_SOURCE_REMOVE;
}

/* Has the loop thread look at what depends on limits and numbers of clients. */
static void refresh_soon(RpcServer *server)
{
    GSource *source;

    if (!g_atomic_int_compare_and_exchange(&server->refreshing, FALSE, TRUE))
        return;
    source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, refresh, server, NULL);
    g_source_attach(source, server->context);
    g_source_unref(source);
}

/* ---- workers ---- */

static void run_call(gpointer call)
{
    rpc_dispatch_run(call);
}

void rpc_server_push_call(RpcServer *server, RpcCall *call)
{
    gboolean high = call->proc->flags & RPC_PROC_HIGH;

    workers_push(high ? server->priority_workers : server->workers, run_call, call);
}

void rpc_server_run(RpcServer *server, RpcTaskFunc func, gpointer data)
{
    workers_push(server->workers, func, data);
}

void rpc_server_each(RpcServer *server, const GPtrArray *items, guint limit, RpcEachFunc func,
                     gpointer data)
{
    workers_each(server->workers, items, limit, func, data);
}

void rpc_server_get_worker_stats(RpcServer *server, RpcWorkerStats *ret_stats)
{
    WorkersStats ordinary, priority;

    workers_get_stats(server->workers, &ordinary);
    workers_get_stats(server->priority_workers, &priority);
    *ret_stats = (RpcWorkerStats){ .threads = ordinary.threads,
                                   .free = ordinary.idle,
                                   .queued = ordinary.queued,
                                   .priority_threads = priority.threads };
}

/* ---- limits ---- */

RpcLimits rpc_server_get_limits(RpcServer *server)
{
    RpcLimits limits;

    g_mutex_lock(&server->limits_lock);
    limits = server->config.limits;
    g_mutex_unlock(&server->limits_lock);
    return limits;
}

void rpc_server_set_limits(RpcServer *server, const RpcLimits *limits)
{
    RpcLimits filled = *limits;

    rpc_limits_fill(&filled);
    g_mutex_lock(&server->limits_lock);
    server->config.limits = filled;
    g_mutex_unlock(&server->limits_lock);
    workers_set_max(server->workers, filled.workers);
    workers_set_max(server->priority_workers, filled.priority_workers);
    refresh_soon(server);
}

gboolean rpc_server_hold(RpcServer *server, gssize more)
{
    gsize before = (gsize)g_atomic_pointer_add(&server->held, more);

    return before + (gsize)more <=
           (gsize)rpc_server_get_limits(server).max_memory_mib * 1024u * 1024u;
}

/* ---- the server ---- */

RpcServer *rpc_server_new(const RpcServerConfig *config)
{
    RpcServer *server = g_new0(RpcServer, 1);
    RpcLimits *limits = &server->config.limits;

    server->config = *config;
    rpc_limits_fill(limits);
    server->context = g_main_context_ref_thread_default();
    server->listeners = rpc_listeners_new(server, server->context);
    server->clients = g_ptr_array_new();
    g_mutex_init(&server->lock);
    g_mutex_init(&server->limits_lock);
    server->workers = workers_new(limits->workers, WORKERS_KEPT, WORKERS_IDLE_MS);
    server->priority_workers =
        workers_new(limits->priority_workers, WORKERS_KEPT, WORKERS_IDLE_MS);
    start_ticking(server);
    return server;
}

GMainContext *rpc_server_context(RpcServer *server)
{
    return server->context;
}

const RpcServerConfig *rpc_server_config(RpcServer *server)
{
    return &server->config;
}

void rpc_server_listen(RpcServer *server, int fd, const RpcService *service)
{
    rpc_listeners_add(server->listeners, fd, service);
}

/* ---- clients ---- */

RpcClient *rpc_server_add_client(RpcServer *server, int fd, const RpcService *service)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(RpcCodec) codec = NULL;
    RpcClient *client;

    if (service->new_codec != NULL) {
        codec = service->new_codec(service->data, &error);
        if (codec == NULL) {
            g_warning("rpc: cannot serve a client: %s", error->message);
            close(fd);
            return NULL;
        }
    }
    client = rpc_client_new(server, fd, service, g_steal_pointer(&codec), ++server->next_number);
    if (!rpc_client_is_authenticated(client))
        g_atomic_int_inc(&server->n_anonymous);
    g_mutex_lock(&server->lock);
    g_ptr_array_add(server->clients, client);
    g_mutex_unlock(&server->lock);
    g_debug("rpc: %s connected%s", rpc_client_name(client), service->readonly ? ", read-only" : "");
    return client;
}

void rpc_server_client_known(RpcServer *server)
{
    g_atomic_int_add(&server->n_anonymous, -1);
    refresh_soon(server);
}

void rpc_server_client_gone(RpcServer *server, RpcClient *client)
{
    g_mutex_lock(&server->lock);
    g_ptr_array_remove(server->clients, client);
    g_mutex_unlock(&server->lock);
    if (!rpc_client_is_authenticated(client))
        g_atomic_int_add(&server->n_anonymous, -1);
    g_debug("rpc: %s is gone", rpc_client_name(client));
    if (server->config.client_closed != NULL)
        server->config.client_closed(client, server->config.app);
    if (!server->stopping)
        rpc_listeners_update(server->listeners);
}

guint rpc_server_n_clients(RpcServer *server)
{
    guint n;

    g_mutex_lock(&server->lock);
    n = server->clients->len;
    g_mutex_unlock(&server->lock);
    return n;
}

guint rpc_server_n_anonymous(RpcServer *server)
{
    return (guint)g_atomic_int_get(&server->n_anonymous);
}

void rpc_server_foreach_client(RpcServer *server, GFunc func, gpointer user_data)
{
    g_mutex_lock(&server->lock);
    g_ptr_array_foreach(server->clients, func, user_data);
    g_mutex_unlock(&server->lock);
}

static void add_reference(gpointer client, gpointer array)
{
    g_ptr_array_add(array, rpc_client_ref(client));
}

GPtrArray *rpc_server_dup_clients(RpcServer *server)
{
    GPtrArray *clients = g_ptr_array_new_with_free_func((GDestroyNotify)rpc_client_unref);

    rpc_server_foreach_client(server, add_reference, clients);
    return clients;
}

RpcClient *rpc_server_find_client(RpcServer *server, guint64 number)
{
    g_autoptr(GPtrArray) clients = rpc_server_dup_clients(server);

    for (guint i = 0; i < clients->len; i++) {
        if (rpc_client_number(clients->pdata[i]) == number)
            return rpc_client_ref(clients->pdata[i]);
    }
    return NULL;
}

/* ---- the end ---- */

void rpc_server_stop(RpcServer *server)
{
    if (server->stopping)
        return;
    server->stopping = TRUE;
    g_clear_pointer(&server->listeners, rpc_listeners_free);
    stop_ticking(server);

    while (server->clients->len > 0)
        rpc_client_close(server->clients->pdata[0], NULL);
    workers_stop(server->workers);
    workers_stop(server->priority_workers);

    /* What the calls left for the loop holds references. */
    while (g_main_context_iteration(server->context, FALSE))
        ;
}

void rpc_server_free(RpcServer *server)
{
    if (server == NULL)
        return;
    rpc_server_stop(server);
    workers_free(server->workers);
    workers_free(server->priority_workers);
    g_ptr_array_unref(server->clients);
    g_main_context_unref(server->context);
    g_mutex_clear(&server->lock);
    g_mutex_clear(&server->limits_lock);
    g_free(server);
}
