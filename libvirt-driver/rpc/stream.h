/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Streams: bytes that travel beside calls, tied to the CALL that opened them. A handler makes one
 * and leaves it in call->stream; whoever feeds it (a console's pty, later a volume) gives the
 * operations below. All of them are called in the loop thread, but for closed() of a stream whose
 * call failed.
 */
#pragma once

#include "server.h"

G_BEGIN_DECLS

typedef struct {
    /* The call has succeeded: data may be sent from now on. */
    void (*opened)(RpcStream *stream, gpointer data);
    /* Bytes from the client. An error ends the stream. */
    gboolean (*received)(RpcStream *stream, gpointer data, const guint8 *bytes, gsize len,
                         GError **error);
    /* The same, and the packet they came in, to be kept as long as it is of use; NULL: received()
     * has what it needs. Takes packet. */
    gboolean (*received_packet)(RpcStream *stream, gpointer data, RpcPacket *packet,
                                GError **error);
    /* So many bytes of zeroes from the client. NULL: this stream has no holes. */
    gboolean (*received_hole)(RpcStream *stream, gpointer data, guint64 len, GError **error);
    /* The client has sent all. An error is its answer. NULL: nothing to do. */
    gboolean (*finished)(RpcStream *stream, gpointer data, GError **error);
    /* The same where the answer takes work: rpc_stream_finish() gives it later. */
    void (*finishing)(RpcStream *stream, gpointer data);
    /* After rpc_stream_is_full(): there is room again. NULL: never fills. */
    void (*drained)(RpcStream *stream, gpointer data);
    /* The stream is over, for whatever reason; the last call. */
    void (*closed)(gpointer data);
} RpcStreamOps;

/* Owned by the connection. Any thread: made by the handler of the call that opens it. */
RpcStream *rpc_stream_new(RpcCall *call, const RpcStreamOps *ops, gpointer data);

/*
 * Sending: from the loop thread, or from one other that minds closed(), after which there is no
 * stream.
 */
void rpc_stream_send(RpcStream *stream, const guint8 *bytes, gsize len);
/* The same without a copy: a packet to be filled with RPC_STREAM_DATA_MAX bytes at most. */
GByteArray *rpc_stream_packet_begin(RpcStream *stream);
void rpc_stream_packet_send(RpcStream *stream, GByteArray *packet); /* takes packet */
void rpc_stream_send_hole(RpcStream *stream, guint64 len);
/* So much waits for the client that more should not be sent before drained(). */
gboolean rpc_stream_is_full(RpcStream *stream);
/* No more data; the client finishes the stream. */
void rpc_stream_send_eof(RpcStream *stream);

/* The answer to finishing(): NULL, or what went wrong. */
void rpc_stream_finish(RpcStream *stream, const GError *error);
/* While held, nothing is read from this stream's client. Each hold wants its release. */
void rpc_stream_hold(RpcStream *stream);
void rpc_stream_release(RpcStream *stream);
/* Runs func in the loop thread. Any thread; the stream's server outlives it. */
void rpc_server_run_in_loop(RpcServer *server, GSourceFunc func, gpointer data);
/* Ends the stream with an error. */
void rpc_stream_fail(RpcStream *stream, const GError *error);

G_END_DECLS
