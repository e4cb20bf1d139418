/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/packet.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "rpc/buffer.h"
#include "rpc/xdr.h"

static GByteArray *make_packet(guint32 type, const char *payload)
{
    RpcHeader header = { RPC_PROGRAM_REMOTE, 1, 7, type, 42, RPC_OK };
    GByteArray *packet = rpc_packet_begin(&header);

    g_byte_array_append(packet, (const guint8 *)payload, (guint)strlen(payload));
    rpc_packet_finish(packet);
    return packet;
}

/* Feeds at most step bytes at a time; returns how many were taken before the status was not MORE.
 */
static RpcFramerStatus feed(RpcFramer *framer, const guint8 *data, gsize len, gsize step,
                            gsize *ret_taken)
{
    RpcFramerStatus status = RPC_FRAMER_MORE;
    gsize pos = 0;

    while (pos < len && status == RPC_FRAMER_MORE) {
        guint8 *where;
        gsize n = MIN(MIN(rpc_framer_want(framer, &where), step), len - pos);

        g_assert_cmpuint(n, >, 0);
        memcpy(where, data + pos, n);
        pos += n;
        status = rpc_framer_add(framer, n);
    }
    *ret_taken = pos;
    return status;
}

static void test_pieces(void)
{
    g_autofree char *payload = g_strnfill(300000, 'p');
    g_autoptr(GByteArray) bytes = make_packet(RPC_CALL, payload);
    static const gsize steps[] = { 1, 3, 4, 27, 28, 29, 4096, 1000000 };

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        g_autoptr(RpcFramer) framer = rpc_framer_new(RPC_PACKET_MAX);

        for (guint turn = 0; turn < 2; turn++) {
            g_autoptr(RpcPacket) packet = NULL;
            gsize taken;

            g_assert_cmpint(feed(framer, bytes->data, bytes->len, steps[i], &taken), ==,
                            RPC_FRAMER_PACKET);
            g_assert_cmpuint(taken, ==, bytes->len);
            packet = rpc_framer_steal(framer);
            g_assert_cmpuint(packet->header.program, ==, RPC_PROGRAM_REMOTE);
            g_assert_cmpint(packet->header.procedure, ==, 7);
            g_assert_cmpuint(packet->header.serial, ==, 42);
            g_assert_cmpmem(packet->data + packet->payload, packet->len - packet->payload, payload,
                            strlen(payload));
        }
    }
}

/* Lengths that cannot be are told from the first four bytes. */
static void test_bad_lengths(void)
{
    static const guint32 lengths[] = { 0, 3, 4, 27, RPC_PACKET_MAX + 1, G_MAXUINT32 };

    for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_autoptr(RpcFramer) framer = rpc_framer_new(RPC_PACKET_MAX);
        guint32 wire = GUINT32_TO_BE(lengths[i]);
        gsize taken;

        g_assert_cmpint(feed(framer, (guint8 *)&wire, sizeof wire, 4, &taken), ==, RPC_FRAMER_BAD);
    }
}

/* A huge announcement alone costs no memory to speak of. */
static void test_announcement(void)
{
    g_autoptr(RpcFramer) framer = rpc_framer_new(RPC_PACKET_MAX);
    g_autoptr(GByteArray) bytes = make_packet(RPC_CALL, "");
    guint8 *where;
    gsize taken;

    xdr_set_u32(bytes, 0, RPC_PACKET_MAX);
    g_assert_cmpint(feed(framer, bytes->data, bytes->len, 28, &taken), ==, RPC_FRAMER_MORE);
    g_assert_cmpuint(rpc_framer_want(framer, &where), <=, 1024 * 1024);
}

static void test_descriptors(void)
{
    g_autoptr(RpcFramer) framer = rpc_framer_new(RPC_PACKET_MAX);
    g_autoptr(GByteArray) bytes = make_packet(RPC_CALL_WITH_FDS, "");
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), copy = dup(fd);
    RpcPacket *packet;
    guint8 *where;
    gsize taken;

    xdr_put_u32(bytes, 2);
    rpc_packet_finish(bytes);
    g_assert_cmpint(feed(framer, bytes->data, bytes->len, 100, &taken), ==, RPC_FRAMER_MORE);
    g_assert_cmpuint(rpc_framer_want(framer, &where), ==, 0);
    g_assert_cmpint(rpc_framer_add_fd(framer, fd), ==, RPC_FRAMER_MORE);
    g_assert_cmpint(rpc_framer_add_fd(framer, copy), ==, RPC_FRAMER_PACKET);
    packet = rpc_framer_steal(framer);
    g_assert_cmpuint(packet->n_fds, ==, 2);
    g_assert_cmpuint(packet->payload, ==, RPC_HEADER_LEN + 4);
    rpc_packet_free(packet);
    g_assert_cmpint(fcntl(fd, F_GETFD), ==, -1); /* closed with the packet */
    g_assert_cmpint(fcntl(copy, F_GETFD), ==, -1);
}

static void test_bad_descriptor_counts(void)
{
    g_autoptr(GByteArray) none = make_packet(RPC_CALL_WITH_FDS, "");
    g_autoptr(GByteArray) many = make_packet(RPC_CALL_WITH_FDS, "");
    g_autoptr(RpcFramer) a = rpc_framer_new(RPC_PACKET_MAX);
    g_autoptr(RpcFramer) b = rpc_framer_new(RPC_PACKET_MAX);
    gsize taken;

    g_assert_cmpint(feed(a, none->data, none->len, 100, &taken), ==, RPC_FRAMER_BAD);
    xdr_put_u32(many, RPC_FDS_MAX + 1);
    rpc_packet_finish(many);
    g_assert_cmpint(feed(b, many->data, many->len, 100, &taken), ==, RPC_FRAMER_BAD);
}

/* Memory of a stream's packets: as long as any packet of a stream may be, and used again. */
static void test_stream_buffers(void)
{
    static const gsize lens[] = { 0, 1, 4068, 4069, RPC_STREAM_DATA_MAX, RPC_BUFFER_LEN };
    static const gsize steps[] = { 1000, 4096, 1000000 };
    g_autoptr(RpcFramer) framer = rpc_framer_new(RPC_PACKET_MAX);

    rpc_buffers_keep();
    for (guint i = 0; i < G_N_ELEMENTS(lens) * G_N_ELEMENTS(steps); i++) {
        gsize len = lens[i % G_N_ELEMENTS(lens)], taken;
        g_autofree char *payload = g_strnfill(len, 'a' + (char)i);
        g_autoptr(GByteArray) bytes = make_packet(RPC_STREAM, payload);
        g_autoptr(RpcPacket) packet = NULL;

        g_assert_cmpint(
            feed(framer, bytes->data, bytes->len, steps[i / G_N_ELEMENTS(lens)], &taken), ==,
            RPC_FRAMER_PACKET);
        packet = rpc_framer_steal(framer);
        g_assert_cmpmem(packet->data + packet->payload, packet->len - packet->payload, payload,
                        len);
        g_assert_cmpint(packet->pooled, ==, len > 4068 && len <= RPC_STREAM_DATA_MAX);
    }
    rpc_buffers_release();
}

static void test_buffers(void)
{
    const guint8 *first;
    GByteArray *array;
    GBytes *bytes;

    rpc_buffers_keep();
    array = rpc_buffer_take_array();
    first = array->data;
    g_byte_array_set_size(array, RPC_BUFFER_LEN);
    g_assert_true(array->data == first);
    bytes = rpc_buffer_to_bytes(array);
    g_assert_cmpuint(g_bytes_get_size(bytes), ==, RPC_BUFFER_LEN);
    g_bytes_unref(bytes);
    for (guint i = 0; i < 100; i++) { /* more than are kept */
        guint8 *buffers[40];

        for (guint n = 0; n < G_N_ELEMENTS(buffers); n++)
            buffers[n] = rpc_buffer_take();
        g_assert_true(buffers[0] == first || i > 0);
        for (guint n = 0; n < G_N_ELEMENTS(buffers); n++)
            rpc_buffer_give(buffers[n]);
    }
    rpc_buffers_release();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/packet/pieces", test_pieces);
    g_test_add_func("/packet/bad-lengths", test_bad_lengths);
    g_test_add_func("/packet/announcement", test_announcement);
    g_test_add_func("/packet/descriptors", test_descriptors);
    g_test_add_func("/packet/stream-buffers", test_stream_buffers);
    g_test_add_func("/packet/buffers", test_buffers);
    g_test_add_func("/packet/bad-descriptor-counts", test_bad_descriptor_counts);
    return g_test_run();
}
