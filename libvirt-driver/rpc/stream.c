/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stream packets, rpc-framing: CONTINUE carries data, CONTINUE without data is end of file, OK
 * finishes, ERROR aborts. */
#include "stream.h"

#include "buffer.h"
#include "client-internal.h"

/* Data queued for a client that reads slowly: the source is paused above the first, goes on below
 * the second. Less than what keeps other calls of the client waiting. */
#define FULL_BYTES (768u * 1024u)
#define LOW_BYTES  (384u * 1024u)

struct RpcStream {
    RpcClient *client;
    RpcHeader header; /* of the call: program, version, procedure, serial name the stream */
    VirErrorFrom from;
    const RpcStreamOps *ops;
    gpointer data;
    int waits; /* for drained(); atomic */
    guint holds;
};

RpcStream *rpc_stream_new(RpcCall *call, const RpcStreamOps *ops, gpointer data)
{
    RpcStream *stream = g_new0(RpcStream, 1);

    stream->client = call->client;
    stream->header = call->header;
    stream->header.type = RPC_STREAM;
    stream->from = (VirErrorFrom)call->proc->from;
    stream->ops = ops;
    stream->data = data;
    call->stream = stream;
    rpc_buffers_keep();
    return stream;
}

static void stream_free(RpcStream *stream)
{
    stream->ops->closed(stream->data);
    while (stream->holds > 0)
        rpc_stream_release(stream);
    rpc_buffers_release();
    g_free(stream);
}

static void stream_end(RpcStream *stream)
{
    g_hash_table_remove(stream->client->streams, stream);
    stream_free(stream);
}

/* ---- to the client ---- */

static GByteArray *begin_packet(RpcStream *stream, RpcStatus status)
{
    RpcHeader header = stream->header;

    header.status = status;
    return rpc_packet_begin(&header);
}

static void send_packet(RpcStream *stream, GByteArray *packet)
{
    rpc_packet_finish(packet);
    rpc_client_send(stream->client, packet);
}

GByteArray *rpc_stream_packet_begin(RpcStream *stream)
{
    RpcHeader header = stream->header;

    header.status = RPC_CONTINUE;
    return rpc_packet_begin_data(&header);
}

void rpc_stream_packet_send(RpcStream *stream, GByteArray *packet)
{
    rpc_packet_finish(packet);
    rpc_client_send_bytes(stream->client, rpc_buffer_to_bytes(packet));
}

void rpc_stream_send(RpcStream *stream, const guint8 *bytes, gsize len)
{
    while (len > 0) {
        guint n = (guint)MIN(len, RPC_STREAM_DATA_MAX);
        GByteArray *packet = begin_packet(stream, RPC_CONTINUE);

        g_byte_array_append(packet, bytes, n);
        send_packet(stream, packet);
        bytes += n;
        len -= n;
    }
}

/* The payload of a hole: its length and flags, of which there are none. */
#define HOLE_SIGNATURE "xu"

void rpc_stream_send_hole(RpcStream *stream, guint64 len)
{
    RpcHeader header = stream->header;
    GByteArray *packet;

    header.type = RPC_STREAM_HOLE;
    header.status = RPC_CONTINUE;
    packet = rpc_packet_begin(&header);
    xdr_put_i64(packet, (gint64)len);
    xdr_put_u32(packet, 0);
    send_packet(stream, packet);
}

static gboolean has_more_than(RpcStream *stream, gsize bytes)
{
    /* Set before it looks: whoever drains the queue after that look sees it. */
    g_atomic_int_set(&stream->waits, TRUE);
    if (rpc_client_queued(stream->client) > bytes)
        return TRUE;
    g_atomic_int_set(&stream->waits, FALSE);
    return FALSE;
}

gboolean rpc_stream_is_full(RpcStream *stream)
{
    return has_more_than(stream, FULL_BYTES);
}

void rpc_stream_hold(RpcStream *stream)
{
    stream->holds++;
    stream->client->holds++;
}

void rpc_stream_release(RpcStream *stream)
{
    stream->holds--;
    if (--stream->client->holds == 0)
        rpc_client_read_on(stream->client);
}

void rpc_stream_send_eof(RpcStream *stream)
{
    send_packet(stream, begin_packet(stream, RPC_CONTINUE));
}

static void send_error(RpcStream *stream, const GError *error)
{
    GByteArray *packet = begin_packet(stream, RPC_ERROR);
    RpcWireError wire;

    rpc_wire_error_init(&wire, error, stream->from,
                        rpc_server_config(stream->client->server)->map_error);
    rpc_wire_error_put(packet, &wire);
    rpc_wire_error_clear(&wire);
    send_packet(stream, packet);
}

void rpc_stream_fail(RpcStream *stream, const GError *error)
{
    send_error(stream, error);
    stream_end(stream);
}

/* ---- beginning ---- */

/* Streams whose replies are on their way: the lock is not free before. */
static void adopt_opened(RpcClient *client)
{
    RpcStream *stream;

    do {
        g_mutex_lock(&client->lock);
        stream = g_queue_pop_head(&client->opening);
        g_mutex_unlock(&client->lock);
        if (stream != NULL && client->closed) {
            stream_free(stream);
        } else if (stream != NULL) {
            g_hash_table_add(client->streams, stream);
            stream->ops->opened(stream, stream->data);
        }
    } while (stream != NULL);
}

static gboolean adopt_opened_in_loop(gpointer user_data)
{
    adopt_opened(user_data);
    rpc_client_unref(user_data);
    return G_SOURCE_REMOVE;
}

/* ---- from the client ---- */

static RpcStream *find_stream(RpcClient *client, const RpcHeader *header)
{
    GHashTableIter iter;
    gpointer key;

    adopt_opened(client);
    g_hash_table_iter_init(&iter, client->streams);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        RpcStream *stream = key;

        if (stream->header.serial == header->serial &&
            stream->header.procedure == header->procedure &&
            stream->header.program == header->program)
            return stream;
    }
    return NULL;
}

static gboolean stream_hole(RpcStream *stream, const guint8 *payload, gsize len, GError **error)
{
    g_autoptr(XdrArgs) args = xdr_decode(HOLE_SIGNATURE, payload, len);

    if (stream->ops->received_hole == NULL) {
        g_set_error(error, VIR_ERROR, VIR_ERR_OPERATION_UNSUPPORTED,
                    "holes in this stream are not supported");
        return FALSE;
    }
    if (args == NULL || args->values[0].x < 0 || args->values[1].u != 0) {
        g_set_error(error, RPC_PROTOCOL_ERROR, VIR_ERR_RPC, "malformed hole in a stream");
        return FALSE;
    }
    return stream->ops->received_hole(stream, stream->data, args->values[0].t, error);
}

/* Takes packet. */
static void stream_data(RpcStream *stream, RpcPacket *packet)
{
    g_autoptr(RpcPacket) owned = packet;
    g_autoptr(GError) error = NULL;
    gsize len = packet->len - packet->payload;

    if (packet->header.type == RPC_STREAM_HOLE) {
        if (stream_hole(stream, packet->data + packet->payload, len, &error))
            return;
    } else if (stream->ops->received_packet != NULL && len > 0) {
        if (stream->ops->received_packet(stream, stream->data, g_steal_pointer(&owned), &error))
            return;
    } else if (stream->ops->received(stream, stream->data, packet->data + packet->payload, len,
                                     &error))
        return;
    rpc_stream_fail(stream, error);
}

static void stream_finish(RpcStream *stream)
{
    g_autoptr(GError) error = NULL;

    if (stream->ops->finishing != NULL)
        stream->ops->finishing(stream, stream->data);
    else if (stream->ops->finished == NULL || stream->ops->finished(stream, stream->data, &error)) {
        send_packet(stream, begin_packet(stream, RPC_OK));
        stream_end(stream);
    } else {
        rpc_stream_fail(stream, error);
    }
}

void rpc_stream_finish(RpcStream *stream, const GError *error)
{
    if (error != NULL) {
        rpc_stream_fail(stream, error);
        return;
    }
    send_packet(stream, begin_packet(stream, RPC_OK));
    stream_end(stream);
}

void rpc_stream_packet(RpcClient *client, RpcPacket *packet)
{
    g_autoptr(RpcPacket) owned = packet;
    RpcStream *stream = find_stream(client, &packet->header);

    if (stream == NULL) /* late data after an abort */
        return;
    switch (packet->header.status) {
    case RPC_CONTINUE:
        stream_data(stream, g_steal_pointer(&owned));
        break;
    case RPC_OK:
        stream_finish(stream);
        break;
    case RPC_ERROR:
        send_packet(stream, begin_packet(stream, RPC_OK));
        stream_end(stream);
        break;
    }
}

/* ---- the connection ---- */

void rpc_server_run_in_loop(RpcServer *server, GSourceFunc func, gpointer data)
{
    GSource *source = g_idle_source_new();

    g_source_set_priority(source, G_PRIORITY_HIGH);
    g_source_set_callback(source, func, data, NULL);
    g_source_attach(source, rpc_server_context(server));
    g_source_unref(source);
}

void rpc_stream_opened_locked(RpcStream *stream)
{
    RpcClient *client = stream->client;

    g_queue_push_tail(&client->opening, stream);
    rpc_server_run_in_loop(client->server, adopt_opened_in_loop, rpc_client_ref(client));
}

void rpc_stream_discard(RpcStream *stream)
{
    stream_free(stream);
}

void rpc_streams_drained(RpcClient *client)
{
    g_autoptr(GList) streams = g_hash_table_get_keys(client->streams);

    for (GList *l = streams; l != NULL; l = l->next) {
        RpcStream *stream = l->data;

        if (g_atomic_int_get(&stream->waits) && !has_more_than(stream, LOW_BYTES) &&
            stream->ops->drained != NULL)
            stream->ops->drained(stream, stream->data);
    }
}

void rpc_streams_abort_all(RpcClient *client)
{
    g_autoptr(GList) streams = g_hash_table_get_keys(client->streams);

    g_hash_table_remove_all(client->streams);
    for (GList *l = streams; l != NULL; l = l->next)
        stream_free(l->data);
}
