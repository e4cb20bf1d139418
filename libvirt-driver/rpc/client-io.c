/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection's bytes: in through the framer, out through a queue, and the limits that keep one
 * client from harming the others. Its calls run in other threads, which send their replies
 * themselves when the socket takes them; what it does not take waits in a queue that the loop
 * thread empties.
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
/* Read at once for a codec: a TLS record and its frame. */
#define CODED_READ 17000u
/* A client that holds less is not the one to blame when memory is short. */
#define SMALL_CLIENT (1024u * 1024u)

gsize rpc_client_queued(RpcClient *client)
{
    gsize queued;

    g_mutex_lock(&client->lock);
    queued = client->out_bytes;
    g_mutex_unlock(&client->lock);
    return queued;
}

/* ---- sending ---- */

/* A descriptor goes with a data byte of its own (packet.h). Takes what send() would. */
static ssize_t send_descriptor(int socket, int fd)
{
    char byte = 0;
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof fd)];
    } control = { .header = { .cmsg_len = CMSG_LEN(sizeof fd),
                              .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS } };
    struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
    struct msghdr message = { .msg_iov = &iov,
                              .msg_iovlen = 1,
                              .msg_control = control.space,
                              .msg_controllen = sizeof control.space };

    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t send_some(RpcClient *client, GBytes *packet)
{
    gpointer fd = client->out_fds != NULL ? g_hash_table_lookup(client->out_fds, packet) : NULL;
    gsize len;
    const guint8 *data = g_bytes_get_data(packet, &len);

    if (fd != NULL)
        return send_descriptor(client->fd, GPOINTER_TO_INT(fd));
    return send(client->fd, data + client->out_sent, len - client->out_sent,
                MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Sends what the socket takes without waiting. Under lock. */
static void flush_locked(RpcClient *client)
{
    GBytes *packet;

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
        if (client->out_sent < g_bytes_get_size(packet))
            continue;
        client->out_sent = 0;
        if (client->out_fds != NULL)
            g_hash_table_remove(client->out_fds, packet); /* which closes it */
        g_bytes_unref(g_queue_pop_head(&client->out));
    }
}

static gboolean client_attend(gpointer user_data);

/* Counts what the client holds of the memory there is for all. FALSE: it must go. Under lock. */
static gboolean account_locked(RpcClient *client)
{
    gsize now = client->in_bytes + client->running_bytes + client->out_bytes;
    gssize more = (gssize)now - (gssize)client->held;
    gboolean fits = more == 0 || rpc_server_hold(client->server, more);

    client->held = now;
    return fits || more < 0 || now < SMALL_CLIENT;
}

/* It is to be closed by the loop thread. why: constant. Under lock. */
static void break_locked(RpcClient *client, const char *why)
{
    if (!client->broken && why != NULL)
        client->broken_why = why;
    client->broken = TRUE;
}

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

/* Bytes as they go over the socket. Under lock. Takes them. */
static gboolean queue_locked(RpcClient *client, GBytes *bytes)
{
    gsize limit = (gsize)rpc_server_get_limits(client->server).max_queue_mib * 1024u * 1024u;

    g_queue_push_tail(&client->out, bytes);
    client->out_bytes += g_bytes_get_size(bytes);
    if (client->out.length == 1)
        flush_locked(client);
    if (client->out_bytes > limit) {
        g_warning("rpc: %s does not read: %" G_GSIZE_FORMAT " bytes are waiting, disconnecting it",
                  client->name, client->out_bytes);
        break_locked(client, NULL);
    } else if (!account_locked(client)) {
        break_locked(client, "too much memory is held for clients, and it reads too slowly");
    }
    if (client->out_bytes > 0 || client->broken || client->finishing)
        call_attention_locked(client);
    return !client->broken;
}

static gboolean send_locked(RpcClient *client, GBytes *packet)
{
    g_autoptr(GBytes) owned = packet;
    g_autoptr(GByteArray) wire = NULL;
    g_autoptr(GError) error = NULL;
    gsize len;
    const guint8 *data = g_bytes_get_data(packet, &len);

    if (client->fd < 0 || client->broken)
        return FALSE;
    if (client->codec == NULL)
        return queue_locked(client, g_steal_pointer(&owned));
    wire = g_byte_array_new();
    if (!client->codec->ops->encode(client->codec, data, len, wire, &error)) {
        g_warning("rpc: %s: %s", client->name, error->message);
        break_locked(client, "its encryption failed");
        call_attention_locked(client);
        return FALSE;
    }
    return queue_locked(client, g_byte_array_free_to_bytes(g_steal_pointer(&wire)));
}

gboolean rpc_client_send(RpcClient *client, GByteArray *packet)
{
    return rpc_client_send_bytes(client, g_byte_array_free_to_bytes(packet));
}

gboolean rpc_client_send_bytes(RpcClient *client, GBytes *packet)
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
    GBytes *byte = g_bytes_new("", 1);

    if (client->out_fds == NULL)
        client->out_fds = g_hash_table_new_full(NULL, NULL, NULL, close_descriptor);
    g_hash_table_insert(client->out_fds, byte, GINT_TO_POINTER(fd));
    send_locked(client, byte);
}

void rpc_client_call_done(RpcClient *client, const RpcCallEnd *end)
{
    g_mutex_lock(&client->lock);
    client->running--;
    client->running_bytes -= end->request_bytes;
    if (end->stream != NULL)
        rpc_stream_opened_locked(end->stream);
    /* Not before there is a reply in the queue: nothing left to send is the sign to close. */
    client->finishing |= end->closes;
    if (send_locked(client, g_byte_array_free_to_bytes(end->reply)) && end->fd >= 0)
        send_descriptor_locked(client, end->fd);
    else if (end->fd >= 0)
        close(end->fd);
    if (end->next_codec != NULL) {
        g_assert(client->codec == NULL);
        client->codec = end->next_codec;
    }
    if (client->wants_slot)
        call_attention_locked(client);
    g_mutex_unlock(&client->lock);
}

void rpc_client_kick(RpcClient *client, const char *why)
{
    g_mutex_lock(&client->lock);
    if (client->fd >= 0) {
        break_locked(client, why);
        call_attention_locked(client);
    }
    g_mutex_unlock(&client->lock);
}

/* ---- receiving ---- */

gboolean rpc_client_may_read(RpcClient *client)
{
    return client->holds == 0 && client->parked.length < PARKED_MAX &&
           client->parked_bytes < PARKED_MAX_BYTES;
}

/* A parked call may start: a slot is free and the client reads its replies. */
static gboolean has_slot(RpcClient *client)
{
    guint max_calls = rpc_server_get_limits(client->server).max_calls_per_client;
    gboolean yes;

    g_mutex_lock(&client->lock);
    yes = client->running < max_calls && client->out_bytes < OUT_SOFT_LIMIT;
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
        rpc_stream_packet(client, g_steal_pointer(&owned));
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

/* recv() has not given any bytes. TRUE: try again. */
static gboolean nothing_received(RpcClient *client, ssize_t n)
{
    if (n < 0 && errno == EINTR)
        return TRUE;
    if (n < 0 && errno != EAGAIN)
        rpc_client_close(client, g_strerror(errno));
    if (n == 0)
        rpc_client_close(client,
                         rpc_framer_held(client->framer) > 0 ? "in the middle of a packet" : NULL);
    return FALSE;
}

/* Reads once, straight into the packet. TRUE: there may be more of it. */
static gboolean receive_plain(RpcClient *client)
{
    RpcFramerStatus status;
    guint8 *where;
    gsize want = rpc_framer_want(client->framer, &where);
    int fd = -1;
    ssize_t n;

    /* A codec that is set by the reply which announces it is not overtaken by this read. */
    g_mutex_lock(&client->lock);
    if (client->codec != NULL) {
        g_mutex_unlock(&client->lock);
        return TRUE;
    }
    n = want > 0 ? recv(client->fd, where, want, MSG_DONTWAIT) : receive_fd(client, &fd);
    g_mutex_unlock(&client->lock);

    if (n <= 0)
        return nothing_received(client, n);
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

/* Makes packets of decoded bytes. A descriptor that a packet promises does not come this way. */
static void feed(RpcClient *client, const guint8 *bytes, gsize len)
{
    while (len > 0 && !client->closed) {
        RpcFramerStatus status;
        guint8 *where;
        gsize n = MIN(rpc_framer_want(client->framer, &where), len);

        memcpy(where, bytes, n);
        status = rpc_framer_add(client->framer, n);
        bytes += n;
        len -= n;
        if (status == RPC_FRAMER_PACKET)
            handle_packet(client, rpc_framer_steal(client->framer));
        else if (status == RPC_FRAMER_BAD || rpc_framer_want(client->framer, &where) == 0)
            rpc_client_close(client, "malformed packet");
    }
}

/* The codec has seen all it needs of who the peer is. */
static void admit(RpcClient *client)
{
    gboolean ready;

    if (rpc_client_is_authenticated(client) || rpc_client_auth(client) != RPC_AUTH_NONE)
        return;
    g_mutex_lock(&client->lock);
    ready = client->codec->ops->is_ready(client->codec);
    g_mutex_unlock(&client->lock);
    if (ready)
        rpc_client_set_authenticated(client, NULL);
}

static gboolean receive_coded(RpcClient *client)
{
    g_autoptr(GByteArray) plain = g_byte_array_new();
    g_autoptr(GByteArray) wire = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    guint8 bytes[CODED_READ];
    ssize_t n = recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    gboolean ok;

    if (n <= 0)
        return nothing_received(client, n);
    g_mutex_lock(&client->lock);
    ok = client->codec->ops->decode(client->codec, bytes, (gsize)n, plain, wire, &error);
    if (wire->len > 0 && !client->broken)
        queue_locked(client, g_byte_array_free_to_bytes(g_steal_pointer(&wire)));
    g_mutex_unlock(&client->lock);
    if (!ok) {
        rpc_client_close(client, error->message);
        return FALSE;
    }
    admit(client);
    feed(client, plain->data, plain->len);
    return (gsize)n == sizeof bytes;
}

/* TRUE: there may be more. */
static gboolean receive(RpcClient *client)
{
    gboolean coded;

    g_mutex_lock(&client->lock);
    coded = client->codec != NULL;
    g_mutex_unlock(&client->lock);
    return coded ? receive_coded(client) : receive_plain(client);
}

/* Sets what to wait for, and closes what is finished. */
static void settle(RpcClient *client)
{
    GIOCondition events = rpc_client_may_read(client) ? G_IO_IN : 0;
    gboolean broken, finished;
    const char *why;

    if (client->closed)
        return;
    g_mutex_lock(&client->lock);
    client->in_bytes = rpc_framer_allocated(client->framer) + client->parked_bytes;
    if (!account_locked(client))
        break_locked(client, "too much memory is held for clients, and its packets take more");
    broken = client->broken;
    why = client->broken_why;
    finished = client->finishing && client->out_bytes == 0;
    if (client->out_bytes > 0)
        events |= G_IO_OUT;
    g_mutex_unlock(&client->lock);

    if (broken || finished)
        rpc_client_close(client, why);
    else
        fd_source_set_events(client->source, events);
}

void rpc_client_read_on(RpcClient *client)
{
    settle(client);
}

void rpc_client_ready(GIOCondition ready, gpointer user_data)
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
        for (guint i = 0;
             i < READS_PER_TURN && !client->closed && client->holds == 0 && receive(client); i++)
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
