/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd-source.h"

/* After accept() failed for want of descriptors or memory: try again then. */
#define ACCEPT_RETRY_MS  200
#define ACCEPTS_PER_TURN 16

typedef struct {
    RpcListeners *owner;
    int fd;
    RpcService service;
    GSource *source;
    gboolean paused;
} Listener;

struct RpcListeners {
    RpcServer *server;
    GMainContext *context;
    GPtrArray *all;
    GSource *retry; /* accepting is paused altogether */
};

static void listener_free(gpointer data)
{
    Listener *listener = data;

    fd_source_free(listener->source);
    close(listener->fd);
    g_free(listener);
}

RpcListeners *rpc_listeners_new(RpcServer *server, GMainContext *context)
{
    RpcListeners *listeners = g_new0(RpcListeners, 1);

    listeners->server = server;
    listeners->context = context;
    listeners->all = g_ptr_array_new_with_free_func(listener_free);
    return listeners;
}

static void drop_retry(RpcListeners *listeners)
{
    if (listeners->retry != NULL)
        g_source_destroy(listeners->retry);
    g_clear_pointer(&listeners->retry, g_source_unref);
}

void rpc_listeners_free(RpcListeners *listeners)
{
    if (listeners == NULL)
        return;
    drop_retry(listeners);
    g_ptr_array_unref(listeners->all);
    g_free(listeners);
}

/* ---- when ---- */

/* Its clients have something to prove before they are let in. */
static gboolean is_guarded(const RpcService *service)
{
    return service->auth != RPC_AUTH_NONE || service->new_codec != NULL;
}

/* What keeps it from accepting; NULL: nothing. Clients that prove nothing, over TCP perhaps, do not
 * keep out those who come where nothing needs to be proved. */
static const char *obstacle(const Listener *listener)
{
    RpcServer *server = listener->owner->server;
    RpcLimits limits = rpc_server_get_limits(server);

    if (rpc_server_n_clients(server) >= limits.max_clients)
        return "max-clients";
    if (is_guarded(&listener->service) &&
        rpc_server_n_anonymous(server) >= limits.max_anonymous_clients)
        return "max-anonymous";
    return NULL;
}

static gboolean listener_update(Listener *listener)
{
    const char *limit = obstacle(listener);
    gboolean retrying = listener->owner->retry != NULL;

    fd_source_set_events(listener->source, limit == NULL && !retrying ? G_IO_IN : 0);
    if (limit != NULL && !listener->paused)
        g_warning("rpc: %u clients are connected, %u of them anonymous: the limit '%s' lets no "
                  "more in until one leaves",
                  rpc_server_n_clients(listener->owner->server),
                  rpc_server_n_anonymous(listener->owner->server), limit);
    listener->paused = limit != NULL;
    return limit == NULL;
}

void rpc_listeners_update(RpcListeners *listeners)
{
    for (guint i = 0; i < listeners->all->len; i++)
        listener_update(listeners->all->pdata[i]);
}

static gboolean accept_again(gpointer user_data)
{
    RpcListeners *listeners = user_data;

    drop_retry(listeners);
    rpc_listeners_update(listeners);
    return G_SOURCE_REMOVE;
}

/* Not busy-looping on a listener that stays readable. */
static void accept_later(RpcListeners *listeners)
{
    if (listeners->retry == NULL) {
        listeners->retry = g_timeout_source_new(ACCEPT_RETRY_MS);
        g_source_set_callback(listeners->retry, accept_again, listeners, NULL);
        g_source_attach(listeners->retry, listeners->context);
    }
    rpc_listeners_update(listeners);
}

/* ---- accepting ---- */

/* A peer whose machine is gone is noticed; a packet is not held back to be joined with the next. */
static void tune_tcp(int fd)
{
    static const int on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) < 0)
        g_debug("rpc: cannot set options of a TCP connection: %s", g_strerror(errno));
}

static void accept_ready(GIOCondition ready, gpointer user_data)
{
    Listener *listener = user_data;

    for (guint i = 0; i < ACCEPTS_PER_TURN && listener_update(listener); i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            if (errno != EAGAIN) {
                g_warning("rpc: cannot accept a client: %s", g_strerror(errno));
                accept_later(listener->owner);
            }
            return;
        }
        if (listener->service.transport != RPC_TRANSPORT_UNIX)
            tune_tcp(fd);
        rpc_server_add_client(listener->owner->server, fd, &listener->service);
    }
}

void rpc_listeners_add(RpcListeners *listeners, int fd, const RpcService *service)
{
    Listener *listener = g_new0(Listener, 1);

    listener->owner = listeners;
    listener->fd = fd;
    listener->service = *service;
    listener->source = fd_source_new(listeners->context, fd, G_IO_IN, accept_ready, listener);
    g_ptr_array_add(listeners->all, listener);
}
