/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packets of libvirt's RPC protocol: a length word that counts itself, a 24-byte header, a payload.
 * Type 4 and 5 packets begin their payload with a count of file descriptors, which follow the
 * packet one per data byte.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define RPC_PROGRAM_REMOTE    0x20008086u
#define RPC_PROGRAM_QEMU      0x20008087u
#define RPC_PROGRAM_LXC       0x00068000u
#define RPC_PROGRAM_KEEPALIVE 0x6b656570u

#define RPC_HEADER_LEN      28u              /* with the length word */
#define RPC_PACKET_MAX      (33554432u + 4u) /* VIR_NET_MESSAGE_MAX and the length word */
#define RPC_PAYLOAD_MAX     (RPC_PACKET_MAX - RPC_HEADER_LEN)
#define RPC_STREAM_DATA_MAX 262120u /* what either side puts into one stream packet */
/* What we put into one that is read from a file: whole pages. */
#define RPC_STREAM_DATA_PAGES (RPC_STREAM_DATA_MAX / 4096u * 4096u)
#define RPC_FDS_MAX           32u /* VIR_NET_MESSAGE_NUM_FDS_MAX */

typedef enum {
    RPC_CALL = 0,
    RPC_REPLY = 1,
    RPC_MESSAGE = 2,
    RPC_STREAM = 3,
    RPC_CALL_WITH_FDS = 4,
    RPC_REPLY_WITH_FDS = 5,
    RPC_STREAM_HOLE = 6,
} RpcType;

typedef enum { RPC_OK = 0, RPC_ERROR = 1, RPC_CONTINUE = 2 } RpcStatus;

enum { RPC_KEEPALIVE_PING = 1, RPC_KEEPALIVE_PONG = 2 };

typedef struct {
    guint32 program;
    guint32 version;
    gint32 procedure;
    guint32 type;
    guint32 serial;
    guint32 status;
} RpcHeader;

/* A packet received. */
typedef struct {
    RpcHeader header;
    guint8 *data; /* the whole packet */
    gsize len;
    gsize payload; /* where it begins: behind the header and the descriptor count */
    int fds[RPC_FDS_MAX];
    guint n_fds; /* received so far; closed with the packet */
    guint want_fds;
    gboolean pooled; /* data is of buffer.h */
} RpcPacket;

void rpc_packet_free(RpcPacket *packet); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcPacket, rpc_packet_free)

/* A packet to be sent: begin, append the payload, finish (which fills in the length). */
GByteArray *rpc_packet_begin(const RpcHeader *header);
/* With room for a stream's data: rpc_buffer_to_bytes(). */
GByteArray *rpc_packet_begin_data(const RpcHeader *header);
void rpc_packet_finish(GByteArray *packet);

/*
 * Takes bytes as they come and makes packets of them. It never asks for a byte beyond the packet,
 * because descriptors that follow one must be received with recvmsg(). Memory grows with what has
 * come, not with what was announced, but for a stream's packets, which are never long.
 */
typedef struct RpcFramer RpcFramer;
typedef enum { RPC_FRAMER_MORE, RPC_FRAMER_PACKET, RPC_FRAMER_BAD } RpcFramerStatus;

/* A packet longer than max is bad. */
RpcFramer *rpc_framer_new(gsize max);
void rpc_framer_free(RpcFramer *framer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcFramer, rpc_framer_free)
/* Where the next bytes go and how many are wanted; 0: a descriptor with its byte is wanted next. */
gsize rpc_framer_want(RpcFramer *framer, guint8 **ret_where);
/* So many bytes were stored there. BAD: the peer does not speak the protocol; close it. */
RpcFramerStatus rpc_framer_add(RpcFramer *framer, gsize n);
RpcFramerStatus rpc_framer_add_fd(RpcFramer *framer, int fd); /* takes fd */
/* The complete packet, once after RPC_FRAMER_PACKET. */
RpcPacket *rpc_framer_steal(RpcFramer *framer);
/* Bytes that have come of a packet that is not complete, and the memory set aside for it. */
gsize rpc_framer_held(const RpcFramer *framer);
gsize rpc_framer_allocated(const RpcFramer *framer);

G_END_DECLS
