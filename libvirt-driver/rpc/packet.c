/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packet framing: see packet.h. */
#include "packet.h"

#include <string.h>
#include <unistd.h>

#include "buffer.h"
#include "xdr.h"

#define GROW_MIN 4096u
#define GROW_MAX (1024u * 1024u)

struct RpcFramer {
    gsize max;
    RpcPacket *packet; /* under construction; data grows up to total */
    gsize have, total, allocated;
    gboolean header_done;
};

static guint32 get_u32(const guint8 *p)
{
    return (guint32)p[0] << 24 | (guint32)p[1] << 16 | (guint32)p[2] << 8 | p[3];
}

void rpc_packet_free(RpcPacket *packet)
{
    if (packet == NULL)
        return;
    for (guint i = 0; i < packet->n_fds; i++)
        close(packet->fds[i]);
    if (packet->pooled)
        rpc_buffer_give(packet->data);
    else
        g_free(packet->data);
    g_free(packet);
}

static GByteArray *begin(GByteArray *packet, const RpcHeader *header)
{
    xdr_put_u32(packet, 0);
    xdr_put_u32(packet, header->program);
    xdr_put_u32(packet, header->version);
    xdr_put_i32(packet, header->procedure);
    xdr_put_u32(packet, header->type);
    xdr_put_u32(packet, header->serial);
    xdr_put_u32(packet, header->status);
    return packet;
}

GByteArray *rpc_packet_begin(const RpcHeader *header)
{
    return begin(g_byte_array_sized_new(256), header);
}

GByteArray *rpc_packet_begin_data(const RpcHeader *header)
{
    return begin(rpc_buffer_take_array(), header);
}

void rpc_packet_finish(GByteArray *packet)
{
    xdr_set_u32(packet, 0, packet->len);
}

/* ---- receiving ---- */

static void framer_reset(RpcFramer *framer)
{
    framer->packet = g_new0(RpcPacket, 1);
    framer->packet->data = g_malloc(GROW_MIN);
    framer->allocated = GROW_MIN;
    framer->have = 0;
    framer->total = RPC_HEADER_LEN;
    framer->header_done = FALSE;
}

RpcFramer *rpc_framer_new(gsize max)
{
    RpcFramer *framer = g_new0(RpcFramer, 1);

    framer->max = max;
    framer_reset(framer);
    return framer;
}

void rpc_framer_free(RpcFramer *framer)
{
    if (framer == NULL)
        return;
    rpc_packet_free(framer->packet);
    g_free(framer);
}

gsize rpc_framer_want(RpcFramer *framer, guint8 **ret_where)
{
    gsize room;

    if (framer->have == framer->total)
        return 0;
    if (framer->have == framer->allocated) {
        gsize more = CLAMP(framer->allocated, GROW_MIN, GROW_MAX);

        framer->allocated = MIN(framer->allocated + more, framer->total);
        framer->packet->data = g_realloc(framer->packet->data, framer->allocated);
    }
    room = MIN(framer->total, framer->allocated) - framer->have;
    *ret_where = framer->packet->data + framer->have;
    return room;
}

/* All at once: until bytes come it is no more than a range of addresses. */
static void use_buffer(RpcFramer *framer)
{
    guint8 *buffer = rpc_buffer_take();

    memcpy(buffer, framer->packet->data, framer->have);
    g_free(framer->packet->data);
    framer->packet->data = buffer;
    framer->packet->pooled = TRUE;
    framer->allocated = RPC_BUFFER_LEN;
}

static void framer_parse_header(RpcFramer *framer)
{
    RpcPacket *packet = framer->packet;
    const guint8 *p = packet->data;

    framer->header_done = TRUE;
    framer->total = get_u32(p);
    packet->header = (RpcHeader){
        .program = get_u32(p + 4),
        .version = get_u32(p + 8),
        .procedure = (gint32)get_u32(p + 12),
        .type = get_u32(p + 16),
        .serial = get_u32(p + 20),
        .status = get_u32(p + 24),
    };
    packet->payload = RPC_HEADER_LEN;
    if (packet->header.type == RPC_STREAM && framer->total > framer->allocated &&
        framer->total <= RPC_BUFFER_LEN)
        use_buffer(framer);
}

static RpcFramerStatus framer_complete(RpcFramer *framer)
{
    RpcPacket *packet = framer->packet;

    packet->len = framer->total;
    if (packet->header.type != RPC_CALL_WITH_FDS && packet->header.type != RPC_REPLY_WITH_FDS)
        return RPC_FRAMER_PACKET;
    if (packet->len < RPC_HEADER_LEN + 4)
        return RPC_FRAMER_BAD;
    packet->want_fds = get_u32(packet->data + RPC_HEADER_LEN);
    packet->payload = RPC_HEADER_LEN + 4;
    if (packet->want_fds > RPC_FDS_MAX)
        return RPC_FRAMER_BAD;
    return packet->want_fds == 0 ? RPC_FRAMER_PACKET : RPC_FRAMER_MORE;
}

RpcFramerStatus rpc_framer_add(RpcFramer *framer, gsize n)
{
    framer->have += n;
    g_assert(framer->have <= framer->total);

    /* A length that cannot be is told before the rest of the header has come: the peer may not send
     * more. */
    if (framer->have >= 4 && !framer->header_done) {
        guint32 length = get_u32(framer->packet->data);

        if (length < RPC_HEADER_LEN || length > framer->max)
            return RPC_FRAMER_BAD;
    }
    if (framer->have < framer->total)
        return RPC_FRAMER_MORE;
    if (!framer->header_done) {
        framer_parse_header(framer);
        if (framer->have < framer->total)
            return RPC_FRAMER_MORE;
    }
    return framer_complete(framer);
}

RpcFramerStatus rpc_framer_add_fd(RpcFramer *framer, int fd)
{
    RpcPacket *packet = framer->packet;

    g_assert(framer->header_done && packet->n_fds < packet->want_fds);
    packet->fds[packet->n_fds++] = fd;
    return packet->n_fds == packet->want_fds ? RPC_FRAMER_PACKET : RPC_FRAMER_MORE;
}

RpcPacket *rpc_framer_steal(RpcFramer *framer)
{
    RpcPacket *packet = framer->packet;

    framer_reset(framer);
    return packet;
}

gsize rpc_framer_held(const RpcFramer *framer)
{
    return framer->have;
}

gsize rpc_framer_allocated(const RpcFramer *framer)
{
    return framer->allocated;
}
