/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection: who it is, what it may do, its beginning and its end. client-io.c has its bytes. */
#include "client-internal.h"

#include <errno.h>
#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd-source.h"

/* ---- who ---- */

/* "127.0.0.1:50000"; NULL for a unix socket. */
static char *peer_address(int fd)
{
    struct sockaddr_storage raw;
    socklen_t len = sizeof raw;
    g_autoptr(GSocketAddress) address = NULL;

    if (getpeername(fd, (struct sockaddr *)&raw, &len) < 0)
        return NULL;
    address = g_socket_address_new_from_native(&raw, len);
    return address != NULL && G_IS_INET_SOCKET_ADDRESS(address)
               ? g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address))
               : NULL;
}

static void find_peer(RpcClient *client)
{
    socklen_t len = sizeof client->peer;

    client->peer = (struct ucred){ .pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1 };
    if (client->service.transport != RPC_TRANSPORT_UNIX) {
        client->address = peer_address(client->fd);
        client->name = g_strdup_printf("client %" G_GUINT64_FORMAT " (%s)", client->number,
                                       client->address != NULL ? client->address : "gone already");
        return;
    }
    if (getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &client->peer, &len) < 0)
        g_debug("rpc: no credentials of client %" G_GUINT64_FORMAT, client->number);
    client->name = g_strdup_printf("client %" G_GUINT64_FORMAT " (uid %d, pid %d)", client->number,
                                   (int)client->peer.uid, (int)client->peer.pid);
}

/* What the kernel takes of a reply at once: a list of 5,000 domains, where its default (half of
 * this) has us wait for the client to read some. Over a network the kernel knows better. */
#define SEND_BUFFER (208 * 1024)

static void enlarge_buffer(const RpcClient *client)
{
    int size = SEND_BUFFER; /* doubled by the kernel, socket(7) */

    if (client->service.transport == RPC_TRANSPORT_UNIX &&
        setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size) < 0)
        g_debug("rpc: %s keeps its small buffer: %s", client->name, g_strerror(errno));
}

RpcClient *rpc_client_new(RpcServer *server, int fd, const RpcService *service, RpcCodec *codec,
                          guint64 number)
{
    RpcClient *client = g_new0(RpcClient, 1);

    client->refs = 1;
    client->server = server;
    client->service = *service;
    client->codec = codec;
    client->fd = fd;
    client->number = number;
    client->connected_at = g_get_real_time() / G_USEC_PER_SEC;
    client->connected_mono = g_get_monotonic_time();
    find_peer(client);
    enlarge_buffer(client);
    client->readonly = service->readonly;
    client->authenticated = service->auth == RPC_AUTH_NONE && codec == NULL;
    client->framer = rpc_framer_new(RPC_PACKET_MAX);
    client->streams = g_hash_table_new(NULL, NULL);
    g_mutex_init(&client->lock);
    client->source =
        fd_source_new(rpc_server_context(server), fd, G_IO_IN, rpc_client_ready, client);
    return client;
}

RpcClient *rpc_client_ref(RpcClient *client)
{
    g_atomic_int_inc(&client->refs);
    return client;
}

void rpc_client_unref(RpcClient *client)
{
    if (!g_atomic_int_dec_and_test(&client->refs))
        return;
    g_assert(client->closed);
    rpc_server_hold(client->server, -(gssize)client->held);
    g_queue_clear_full(&client->out, (GDestroyNotify)g_bytes_unref);
    g_hash_table_unref(client->streams);
    g_clear_pointer(&client->registrations, g_array_unref); /* one that came behind the end */
    g_clear_pointer(&client->out_fds, g_hash_table_unref);
    rpc_codec_free(client->codec);
    if (client->auth_state != NULL) /* after the codec, which may stand on it */
        client->free_auth_state(client->auth_state);
    g_mutex_clear(&client->lock);
    g_free(client->address);
    g_free(client->user);
    g_free(client->name);
    g_free(client);
}

gboolean rpc_client_is_readonly(RpcClient *client)
{
    return g_atomic_int_get(&client->readonly);
}

void rpc_client_set_readonly(RpcClient *client)
{
    g_atomic_int_set(&client->readonly, TRUE);
}

gboolean rpc_client_is_open(RpcClient *client)
{
    return client->open;
}

void rpc_client_set_open(RpcClient *client)
{
    client->open = TRUE;
}

const char *rpc_client_name(RpcClient *client)
{
    return client->name;
}

guint64 rpc_client_number(RpcClient *client)
{
    return client->number;
}

RpcTransport rpc_client_transport(RpcClient *client)
{
    return client->service.transport;
}

gboolean rpc_client_is_encrypted(RpcClient *client)
{
    gboolean yes;

    g_mutex_lock(&client->lock);
    yes = client->codec != NULL;
    g_mutex_unlock(&client->lock);
    return yes;
}

void rpc_client_get_info(RpcClient *client, RpcClientInfo *ret_info)
{
    *ret_info = (RpcClientInfo){
        .number = client->number,
        .connected_at = client->connected_at,
        .transport = client->service.transport,
        .readonly = rpc_client_is_readonly(client),
        .address = g_strdup(client->address),
        .pid = client->peer.pid,
        .uid = client->peer.uid,
        .gid = client->peer.gid,
    };
    g_mutex_lock(&client->lock);
    ret_info->user = g_strdup(client->user);
    if (client->codec != NULL)
        ret_info->certificate = g_strdup(client->codec->ops->peer_name(client->codec));
    g_mutex_unlock(&client->lock);
}

void rpc_client_info_clear(RpcClientInfo *info)
{
    g_clear_pointer(&info->address, g_free);
    g_clear_pointer(&info->user, g_free);
    g_clear_pointer(&info->certificate, g_free);
}

/* ---- authentication ---- */

RpcAuth rpc_client_auth(RpcClient *client)
{
    return client->service.auth;
}

gboolean rpc_client_is_authenticated(RpcClient *client)
{
    return g_atomic_int_get(&client->authenticated);
}

void rpc_client_set_authenticated(RpcClient *client, const char *user)
{
    gboolean news;

    g_mutex_lock(&client->lock);
    news = !client->authenticated && client->fd >= 0;
    if (news) {
        client->user = g_strdup(user);
        g_atomic_int_set(&client->authenticated, TRUE);
    }
    g_mutex_unlock(&client->lock);
    if (news)
        rpc_server_client_known(client->server);
}

gpointer rpc_client_auth_state(RpcClient *client)
{
    gpointer state;

    g_mutex_lock(&client->lock);
    state = client->auth_state;
    g_mutex_unlock(&client->lock);
    return state;
}

gboolean rpc_client_set_auth_state(RpcClient *client, gpointer state, GDestroyNotify free_state)
{
    gboolean first;

    g_mutex_lock(&client->lock);
    first = client->auth_state == NULL;
    if (first) {
        client->auth_state = state;
        client->free_auth_state = free_state;
    }
    g_mutex_unlock(&client->lock);
    return first;
}

void rpc_client_enable_keepalive(RpcClient *client)
{
    client->keepalive = TRUE;
}

/* ---- closing ---- */

gboolean rpc_client_is_gone(RpcClient *client)
{
    gboolean gone;

    g_mutex_lock(&client->lock);
    gone = client->fd < 0;
    g_mutex_unlock(&client->lock);
    return gone;
}

void rpc_client_close(RpcClient *client, const char *why)
{
    if (client->closed)
        return;
    client->closed = TRUE;
    if (why != NULL)
        g_message("rpc: %s disconnected: %s", client->name, why);

    rpc_events_forget_client(client);
    fd_source_free(g_steal_pointer(&client->source));
    g_mutex_lock(&client->lock);
    close(client->fd);
    client->fd = -1;
    g_mutex_unlock(&client->lock);

    g_queue_clear_full(&client->parked, (GDestroyNotify)rpc_packet_free);
    g_clear_pointer(&client->framer, rpc_framer_free);
    rpc_streams_abort_all(client);
    rpc_server_client_gone(client->server, client);
    rpc_client_unref(client);
}

/* ---- keepalive ---- */

/* Somebody may be typing a password into a polkit agent: then a call is running. */
static gboolean hangs_in_authentication(RpcClient *client)
{
    guint limit_s = rpc_server_get_limits(client->server).auth_timeout_s;
    gint64 waited = g_get_monotonic_time() - client->connected_mono;
    guint running;

    if (rpc_client_is_authenticated(client) || waited < (gint64)limit_s * G_USEC_PER_SEC)
        return FALSE;
    g_mutex_lock(&client->lock);
    running = client->running;
    g_mutex_unlock(&client->lock);
    if (running > 0)
        return FALSE;
    rpc_client_close(client, "did not authenticate in time");
    return TRUE;
}

void rpc_client_tick(RpcClient *client)
{
    RpcHeader ping = { .program = RPC_PROGRAM_KEEPALIVE,
                       .version = 1,
                       .procedure = RPC_KEEPALIVE_PING,
                       .type = RPC_MESSAGE };
    GByteArray *packet;

    if (client->closed || hangs_in_authentication(client))
        return;
    /* While we do not read, its answers wait in the socket. */
    if (!client->keepalive || !rpc_client_may_read(client))
        return;
    if (client->pings_unanswered >= rpc_server_get_limits(client->server).keepalive_count) {
        rpc_client_close(client, "does not answer pings");
        return;
    }
    client->pings_unanswered++;
    packet = rpc_packet_begin(&ping);
    rpc_packet_finish(packet);
    rpc_client_send(client, packet);
}
