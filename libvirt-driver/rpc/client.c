/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection: bytes in, packets out, and the limits that keep one client from harming the others.
 * Its calls run in other threads, which send their replies themselves when the socket takes them;
 * what it does not take waits in a queue that the loop thread empties.
 */
#include "client-internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd-source.h"

/* A client whose replies pile up gets no new ones: its calls wait. */
#define OUT_SOFT_LIMIT (1024u * 1024u)
/* Calls read ahead while all slots are taken, so that pings behind them are seen. */
#define PARKED_MAX       64u
#define PARKED_MAX_BYTES (1024u * 1024u)
/* Reads for one packet before the other clients have their turn. */
#define READS_PER_TURN 8u

static void client_ready(GIOCondition ready, gpointer user_data);

RpcClient *rpc_client_new(RpcServer *server, int fd, gboolean readonly, guint64 number)
{
    RpcClient *client = g_new0(RpcClient, 1);
    struct ucred peer = { .pid = 0, .uid = (uid_t)-1 };
    socklen_t len = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        g_debug("rpc: no credentials of client %" G_GUINT64_FORMAT, number);
    client->refs = 1;
    client->server = server;
    client->name = g_strdup_printf("client %" G_GUINT64_FORMAT " (uid %d, pid %d)", number,
                                   (int)peer.uid, (int)peer.pid);
    client->readonly = readonly;
    client->fd = fd;
    client->framer = rpc_framer_new(RPC_PACKET_MAX);
    client->streams = g_hash_table_new(NULL, NULL);
    g_mutex_init(&client->lock);
    client->source = fd_source_new(rpc_server_context(server), fd, G_IO_IN, client_ready, client);
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
    g_queue_clear_full(&client->out, (GDestroyNotify)g_byte_array_unref);
    g_hash_table_unref(client->streams);
    g_clear_pointer(&client->out_fds, g_hash_table_unref);
    g_mutex_clear(&client->lock);
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

void rpc_client_enable_keepalive(RpcClient *client)
{
    client->keepalive = TRUE;
}

void rpc_client_close_after_reply(RpcClient *client)
{
    g_mutex_lock(&client->lock);
    client->finishing = TRUE;
    g_mutex_unlock(&client->lock);
}

gboolean rpc_client_is_gone(RpcClient *client)
{
    gboolean gone;

    g_mutex_lock(&client->lock);
    gone = client->fd < 0;
    g_mutex_unlock(&client->lock);
    return gone;
}

gsize rpc_client_queued(RpcClient *client)
{
    gsize queued;

    g_mutex_lock(&client->lock);
    queued = client->out_bytes;
    g_mutex_unlock(&client->lock);
    return queued;
}

/* ---- closing ---- */

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

/* ---- sending ---- */

/* A descriptor goes with a data byte of its own (packet.h). Takes what send() would. */
static ssize_t send_descriptor(int socket, const GByteArray *byte, int fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof fd)];
    } control = { .header = { .cmsg_len = CMSG_LEN(sizeof fd),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS } };
    struct iovec iov = { .iov_base = byte->data, .iov_len = byte->len };
    struct msghdr message = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = control.space,
                              .msg_controllen = sizeof control.space };

    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t send_some(RpcClient *client, const GByteArray *packet)
{
    gpointer fd = client->out_fds != NULL ? g_hash_table_lookup(client->out_fds, packet) : NULL;

    if (fd != NULL)
        return send_descriptor(client->fd, packet, GPOINTER_TO_INT(fd));
    return send(client->fd, packet->data + client->out_sent, packet->len - client->out_sent,
                MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Sends what the socket takes without waiting. Under lock. */
static void flush_locked(RpcClient *client)
{
    GByteArray *packet;

    while ((packet = g_queue_peek_head(&client->out)) != NULL && !client->broken) {
        ssize_t n = send_some(client, packet);

        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                client->broken = TRUE;
            return;
        }
        client->out_sent += (gsize)n;
        client->out_bytes -= (gsize)n;
        if (client->out_sent < packet->len)
            continue;
        client->out_sent = 0;
        if (client->out_fds != NULL)
            g_hash_table_remove(client->out_fds, packet); /* which closes it */
        g_byte_array_unref(g_queue_pop_head(&client->out));
    }
}

static gboolean client_attend(gpointer user_data);

/* Asks the loop thread to look at the client. Under lock. */
static void call_attention_locked(RpcClient *client)
{
    GSource *source;

    if (client->attention)
        return;
    client->attention = TRUE;
    source = g_idle_source_new();
    g_source_set_priority(source, G_PRIORITY_DEFAULT);
    g_source_set_callback(source, client_attend, rpc_client_ref(client),
                          (GDestroyNotify)rpc_client_unref);
    g_source_attach(source, rpc_server_context(client->server));
    g_source_unref(source);
}

static gboolean send_locked(RpcClient *client, GByteArray *packet)
{
    if (client->fd < 0 || client->broken) {
        g_byte_array_unref(packet);
        return FALSE;
    }
    g_queue_push_tail(&client->out, packet);
    client->out_bytes += packet->len;
    if (client->out.length == 1)
        flush_locked(client);
    if (client->out_bytes > rpc_server_config(client->server)->max_queue_bytes) {
        g_warning("rpc: %s does not read: %" G_GSIZE_FORMAT " bytes are waiting, disconnecting it",
                  client->name, client->out_bytes);
        client->broken = TRUE;
    }
    if (client->out_bytes > 0 || client->broken || client->finishing)
        call_attention_locked(client);
    return !client->broken;
}

gboolean rpc_client_send(RpcClient *client, GByteArray *packet)
{
    gboolean ok;

    g_mutex_lock(&client->lock);
    ok = send_locked(client, packet);
    g_mutex_unlock(&client->lock);
    return ok;
}

static void close_descriptor(gpointer fd)
{
    close(GPOINTER_TO_INT(fd));
}

/* Under lock. Takes fd. */
static void send_descriptor_locked(RpcClient *client, int fd)
{
    GByteArray *byte = g_byte_array_append(g_byte_array_new(), (const guint8 *)"", 1);

    if (client->out_fds == NULL)
        client->out_fds = g_hash_table_new_full(NULL, NULL, NULL, close_descriptor);
    g_hash_table_insert(client->out_fds, byte, GINT_TO_POINTER(fd));
    send_locked(client, byte);
}

void rpc_client_call_done(RpcClient *client, GByteArray *reply, int fd)
{
    g_mutex_lock(&client->lock);
    client->running--;
    if (send_locked(client, reply) && fd >= 0)
        send_descriptor_locked(client, fd);
    else if (fd >= 0)
        close(fd);
    if (client->wants_slot)
        call_attention_locked(client);
    g_mutex_unlock(&client->lock);
}

/* ---- receiving ---- */

static gboolean may_read(RpcClient *client)
{
    return client->parked.length < PARKED_MAX && client->parked_bytes < PARKED_MAX_BYTES;
}

/* A parked call may start: a slot is free and the client reads its replies. */
static gboolean has_slot(RpcClient *client)
{
    gboolean yes;

    g_mutex_lock(&client->lock);
    yes = client->running < rpc_server_config(client->server)->max_calls_per_client &&
          client->out_bytes < OUT_SOFT_LIMIT;
    client->wants_slot = !yes;
    g_mutex_unlock(&client->lock);
    return yes;
}

static void start_parked(RpcClient *client)
{
    while (!client->closed && !g_queue_is_empty(&client->parked) && has_slot(client)) {
        RpcPacket *packet = g_queue_pop_head(&client->parked);

        client->parked_bytes -= packet->len;
        rpc_dispatch_call(client, packet);
    }
}

static void answer_ping(RpcClient *client, const RpcPacket *packet)
{
    RpcHeader pong = packet->header;
    GByteArray *reply;

    if (packet->header.procedure != RPC_KEEPALIVE_PING)
        return;
    pong.procedure = RPC_KEEPALIVE_PONG;
    pong.serial = 0;
    reply = rpc_packet_begin(&pong);
    rpc_packet_finish(reply);
    rpc_client_send(client, reply);
}

/* What a server does not expect is dropped without a word, as libvirtd does. */
static void handle_packet(RpcClient *client, RpcPacket *packet)
{
    g_autoptr(RpcPacket) owned = packet;

    client->pings_unanswered = 0;
    switch (packet->header.type) {
    case RPC_CALL:
    case RPC_CALL_WITH_FDS:
        client->parked_bytes += packet->len;
        g_queue_push_tail(&client->parked, g_steal_pointer(&owned));
        start_parked(client);
        break;
    case RPC_MESSAGE:
        if (packet->header.program == RPC_PROGRAM_KEEPALIVE)
            answer_ping(client, packet);
        break;
    case RPC_STREAM:
    case RPC_STREAM_HOLE:
        rpc_stream_packet(client, packet);
        break;
    }
}

/* One data byte with one descriptor, rpc-framing: a descriptor never comes with other bytes.
 * Returns as recvmsg(). */
static ssize_t receive_fd(RpcClient *client, int *ret_fd)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec iov = { &byte, 1 };
    struct msghdr msg = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t n = recvmsg(client->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

    *ret_fd = -1;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
        header->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(ret_fd, CMSG_DATA(header), sizeof *ret_fd);
    return n;
}

/* Reads once. TRUE: there may be more of the same packet. */
static gboolean receive(RpcClient *client)
{
    RpcFramerStatus status;
    guint8 *where;
    gsize want = rpc_framer_want(client->framer, &where);
    int fd = -1;
    ssize_t n = want > 0 ? recv(client->fd, where, want, MSG_DONTWAIT) : receive_fd(client, &fd);

    if (n < 0) {
        if (errno == EINTR)
            return TRUE;
        if (errno != EAGAIN)
            rpc_client_close(client, g_strerror(errno));
        return FALSE;
    }
    if (n == 0) {
        rpc_client_close(client,
                         rpc_framer_held(client->framer) > 0 ? "in the middle of a packet" : NULL);
        return FALSE;
    }
    if (want > 0)
        status = rpc_framer_add(client->framer, (gsize)n);
    else
        status = fd >= 0 ? rpc_framer_add_fd(client->framer, fd) : RPC_FRAMER_BAD;
    if (status == RPC_FRAMER_BAD) {
        rpc_client_close(client, "malformed packet");
        return FALSE;
    }
    if (status == RPC_FRAMER_MORE)
        return (gsize)n == MAX(want, 1);
    handle_packet(client, rpc_framer_steal(client->framer));
    return FALSE;
}

/* Sets what to wait for, and closes what is finished. */
static void settle(RpcClient *client)
{
    GIOCondition events = may_read(client) ? G_IO_IN : 0;
    gboolean broken, finished;

    if (client->closed)
        return;
    g_mutex_lock(&client->lock);
    broken = client->broken;
    finished = client->finishing && client->out_bytes == 0;
    if (client->out_bytes > 0)
        events |= G_IO_OUT;
    g_mutex_unlock(&client->lock);

    if (broken || finished)
        rpc_client_close(client, NULL);
    else
        fd_source_set_events(client->source, events);
}

static void client_ready(GIOCondition ready, gpointer user_data)
{
    RpcClient *client = rpc_client_ref(user_data);
    gboolean drained = FALSE;

    if (ready & G_IO_OUT) {
        g_mutex_lock(&client->lock);
        flush_locked(client);
        drained = client->out_bytes < OUT_SOFT_LIMIT;
        g_mutex_unlock(&client->lock);
    }
    if (drained) {
        rpc_streams_drained(client);
        start_parked(client);
    }
    if (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR)) {
        for (guint i = 0; i < READS_PER_TURN && !client->closed && receive(client); i++)
            ;
    }
    settle(client);
    rpc_client_unref(client);
}

static gboolean client_attend(gpointer user_data)
{
    RpcClient *client = user_data;

    g_mutex_lock(&client->lock);
    client->attention = FALSE;
    g_mutex_unlock(&client->lock);
    start_parked(client);
    settle(client);
    return G_SOURCE_REMOVE;
}

/* ---- keepalive ---- */

void rpc_client_tick(RpcClient *client)
{
    RpcHeader ping = { .program = RPC_PROGRAM_KEEPALIVE,
                       .version = 1,
                       .procedure = RPC_KEEPALIVE_PING,
                       .type = RPC_MESSAGE };
    GByteArray *packet;

    /* While we do not read, its answers wait in the socket. */
    if (!client->keepalive || client->closed || !may_read(client))
        return;
    if (client->pings_unanswered >= rpc_server_config(client->server)->keepalive_count) {
        rpc_client_close(client, "does not answer pings");
        return;
    }
    client->pings_unanswered++;
    packet = rpc_packet_begin(&ping);
    rpc_packet_finish(packet);
    rpc_client_send(client, packet);
}
