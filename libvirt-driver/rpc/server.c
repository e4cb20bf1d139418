/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "server.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client-internal.h"
#include "fd-source.h"

/* After accept() failed for want of descriptors or memory: try again then. */
#define ACCEPT_RETRY_MS  200
#define ACCEPTS_PER_TURN 16

typedef struct {
    RpcServer *server;
    int fd;
    gboolean readonly;
    GSource *source;
} Listener;

struct RpcServer {
    RpcServerConfig config;
    GMainContext *context;
    GPtrArray *listeners;
    GSource *retry; /* accepting is paused */
    GSource *ticker;
    GThreadPool *workers;
    GThreadPool *priority_workers;
    guint64 next_number;
    gboolean stopping;

    GMutex lock; /* of clients: events are sent from any thread */
    GPtrArray *clients;
};

static gboolean server_tick(gpointer user_data)
{
    RpcServer *server = user_data;
    g_autoptr(GPtrArray) clients = NULL;

    g_mutex_lock(&server->lock);
    clients = g_ptr_array_copy(server->clients, NULL, NULL);
    g_mutex_unlock(&server->lock);
    /* Only this thread closes clients, so the copy's pointers stay good until their own turn. */
    for (guint i = 0; i < clients->len; i++)
        rpc_client_tick(clients->pdata[i]);
    return G_SOURCE_CONTINUE;
}

typedef struct {
    RpcTaskFunc func;
    gpointer data;
} Task;

static void run_task(gpointer data, gpointer unused)
{
    g_autofree Task *task = data;

    task->func(task->data);
}

static void push_task(GThreadPool *pool, RpcTaskFunc func, gpointer data)
{
    Task *task = g_new(Task, 1);

    *task = (Task){ func, data };
    g_thread_pool_push(pool, task, NULL);
}

#define DEFAULT(field, value)                                                                      \
    do {                                                                                           \
        if (server->config.field == 0)                                                             \
            server->config.field = (value);                                                        \
    } while (0)

RpcServer *rpc_server_new(const RpcServerConfig *config)
{
    RpcServer *server = g_new0(RpcServer, 1);

    server->config = *config;
    DEFAULT(max_clients, 5000);
    DEFAULT(max_calls_per_client, 5);
    DEFAULT(max_queue_bytes, 64u * 1024u * 1024u);
    DEFAULT(keepalive_interval_s, 5);
    DEFAULT(keepalive_count, 5);
    DEFAULT(workers, 64);
    DEFAULT(priority_workers, 16);

    server->context = g_main_context_ref_thread_default();
    server->listeners = g_ptr_array_new();
    server->clients = g_ptr_array_new();
    g_mutex_init(&server->lock);
    server->workers = g_thread_pool_new(run_task, NULL, (int)server->config.workers, FALSE, NULL);
    server->priority_workers =
        g_thread_pool_new(run_task, NULL, (int)server->config.priority_workers, FALSE, NULL);

    server->ticker = g_timeout_source_new_seconds(server->config.keepalive_interval_s);
    g_source_set_callback(server->ticker, server_tick, server, NULL);
    g_source_attach(server->ticker, server->context);
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

/* ---- accepting ---- */

static void listeners_enable(RpcServer *server, gboolean enable)
{
    for (guint i = 0; i < server->listeners->len; i++) {
        Listener *listener = server->listeners->pdata[i];

        fd_source_set_events(listener->source, enable ? G_IO_IN : 0);
    }
}

static gboolean accept_again(gpointer user_data)
{
    RpcServer *server = user_data;

    g_clear_pointer(&server->retry, g_source_unref);
    listeners_enable(server, rpc_server_n_clients(server) < server->config.max_clients);
    return G_SOURCE_REMOVE;
}

/* Not busy-looping on a listener that stays readable. */
static void accept_later(RpcServer *server)
{
    listeners_enable(server, FALSE);
    if (server->retry != NULL)
        return;
    server->retry = g_timeout_source_new(ACCEPT_RETRY_MS);
    g_source_set_callback(server->retry, accept_again, server, NULL);
    g_source_attach(server->retry, server->context);
}

static void accept_ready(GIOCondition ready, gpointer user_data)
{
    Listener *listener = user_data;
    RpcServer *server = listener->server;

    for (guint i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd;

        if (rpc_server_n_clients(server) >= server->config.max_clients) {
            g_warning("rpc: %u clients are connected, accepting no more until one leaves",
                      server->config.max_clients);
            listeners_enable(server, FALSE);
            return;
        }
        fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            if (errno != EAGAIN) {
                g_warning("rpc: cannot accept a client: %s", g_strerror(errno));
                accept_later(server);
            }
            return;
        }
        rpc_server_add_client(server, fd, listener->readonly);
    }
}

void rpc_server_listen(RpcServer *server, int fd, gboolean readonly)
{
    Listener *listener = g_new0(Listener, 1);

    listener->server = server;
    listener->fd = fd;
    listener->readonly = readonly;
    listener->source = fd_source_new(server->context, fd, G_IO_IN, accept_ready, listener);
    g_ptr_array_add(server->listeners, listener);
}

/* ---- clients ---- */

RpcClient *rpc_server_add_client(RpcServer *server, int fd, gboolean readonly)
{
    RpcClient *client = rpc_client_new(server, fd, readonly, ++server->next_number);

    g_mutex_lock(&server->lock);
    g_ptr_array_add(server->clients, client);
    g_mutex_unlock(&server->lock);
    g_debug("rpc: %s connected%s", rpc_client_name(client), readonly ? ", read-only" : "");
    return client;
}

void rpc_server_client_gone(RpcServer *server, RpcClient *client)
{
    guint left;

    g_mutex_lock(&server->lock);
    g_ptr_array_remove_fast(server->clients, client);
    left = server->clients->len;
    g_mutex_unlock(&server->lock);
    g_debug("rpc: %s is gone", rpc_client_name(client));
    if (server->config.client_closed != NULL)
        server->config.client_closed(client, server->config.app);
    if (left + 1 == server->config.max_clients && server->retry == NULL)
        listeners_enable(server, TRUE);
}

guint rpc_server_n_clients(RpcServer *server)
{
    guint n;

    g_mutex_lock(&server->lock);
    n = server->clients->len;
    g_mutex_unlock(&server->lock);
    return n;
}

void rpc_server_foreach_client(RpcServer *server, GFunc func, gpointer user_data)
{
    g_mutex_lock(&server->lock);
    g_ptr_array_foreach(server->clients, func, user_data);
    g_mutex_unlock(&server->lock);
}

static void run_call(gpointer call)
{
    rpc_dispatch_run(call);
}

void rpc_server_push_call(RpcServer *server, RpcCall *call)
{
    gboolean high = call->proc->flags & RPC_PROC_HIGH;

    push_task(high ? server->priority_workers : server->workers, run_call, call);
}

void rpc_server_run(RpcServer *server, RpcTaskFunc func, gpointer data)
{
    push_task(server->workers, func, data);
}

/* ---- the end ---- */

static void listener_free(Listener *listener)
{
    fd_source_free(listener->source);
    close(listener->fd);
    g_free(listener);
}

void rpc_server_stop(RpcServer *server)
{
    if (server->stopping)
        return;
    server->stopping = TRUE;
    g_ptr_array_set_free_func(server->listeners, (GDestroyNotify)listener_free);
    g_ptr_array_set_size(server->listeners, 0);
    g_source_destroy(server->ticker);
    g_clear_pointer(&server->ticker, g_source_unref);
    if (server->retry != NULL)
        g_source_destroy(server->retry);
    g_clear_pointer(&server->retry, g_source_unref);

    while (server->clients->len > 0)
        rpc_client_close(server->clients->pdata[0], NULL);
    g_thread_pool_free(g_steal_pointer(&server->workers), FALSE, TRUE);
    g_thread_pool_free(g_steal_pointer(&server->priority_workers), FALSE, TRUE);

    /* What the calls left for the loop holds references. */
    while (g_main_context_iteration(server->context, FALSE))
        ;
}

void rpc_server_free(RpcServer *server)
{
    if (server == NULL)
        return;
    rpc_server_stop(server);
    g_ptr_array_unref(server->listeners);
    g_ptr_array_unref(server->clients);
    g_main_context_unref(server->context);
    g_mutex_clear(&server->lock);
    g_free(server);
}
