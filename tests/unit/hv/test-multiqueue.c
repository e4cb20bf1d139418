/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Front ends with several rings, block and network, and the network's choice of multicasts. */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtio-blk.h"
#include "virtio/virtio-net.h"
#include <glib.h>
#include <xen/xen.h>
#include <xen/io/blkif.h>
#include <xen/io/netif.h>

#define NR_VCPUS 4U
#define REF(pfn) (FAKE_REF_BASE + (pfn))

/* What both kinds have in common. */
struct rig {
    struct domain *d;
    const struct backend_type *type;
};

static void rig_init(struct rig *r, const struct backend_type *type, unsigned int nr_vcpus)
{
    r->type = type;
    r->d = harness_domain_new(nr_vcpus, false);
    fake_backend_init(r->d, type);
}

static void rig_clear(struct rig *r)
{
    if (fake_backend.nr_bound > 0)
        g_assert_true(r->type->disconnect(&fake_backend.dev));
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
    if (fake_backend.dev.priv)
        r->type->remove(&fake_backend.dev);
    g_assert_cmpuint(harness_live_blocks() + harness_live_pages(), ==, 0);
    fake_backend_clear();
    harness_domain_free(r->d);
}

static int connect(struct rig *r)
{
    int err = r->type->connect(&fake_backend.dev);

    harness_run_softirqs();
    return err;
}

static void set_queue_node(unsigned int queue, const char *name, unsigned int value)
{
    g_autofree char *key = g_strdup_printf("queue-%u/%s", queue, name);

    fake_frontend_set(key, "%u", value);
}

/* ---- block ---- */

/* Queue n has its ring in this page, its port, and its data in the pages of its own. */
#define BLK_RING(n) (900U + (n))
#define BLK_PORT(n) (1U + (n))
#define BLK_DATA(n) (10U + 10 * (n))

static void blk_init(struct rig *r, unsigned int nr_vcpus, uint16_t device_queues)
{
    uint32_t capacity = 4096, seg_max = 254;

    fake_virtio_init(VIRTIO_ID_BLOCK, VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_FLUSH | VIRTIO_BLK_F_MQ);
    memcpy(fake_virtio.config + VIRTIO_BLK_CFG_CAPACITY, &capacity, 4);
    memcpy(fake_virtio.config + VIRTIO_BLK_CFG_SEG_MAX, &seg_max, 4);
    memcpy(fake_virtio.config + VIRTIO_BLK_CFG_NUM_QUEUES, &device_queues, 2);
    rig_init(r, &blkback_type, nr_vcpus);
    fake_backend_set("mode", "w");
    g_assert_cmpint(r->type->probe(&fake_backend.dev), ==, 0);
}

static blkif_sring_t *blk_ring(unsigned int queue)
{
    return harness_page(BLK_RING(queue));
}

static void blk_write_nodes(unsigned int nr)
{
    fake_frontend_set("multi-queue-num-queues", "%u", nr);
    for (unsigned int i = 0; i < nr; i++) {
        SHARED_RING_INIT(blk_ring(i));
        set_queue_node(i, "ring-ref", REF(BLK_RING(i)));
        set_queue_node(i, "event-channel", BLK_PORT(i));
    }
    fake_frontend_set("ring-ref", "%u", REF(BLK_RING(0))); /* for one queue alone */
    fake_frontend_set("event-channel", "%u", BLK_PORT(0));
}

static void blk_put(unsigned int queue, uint64_t id)
{
    blkif_sring_t *ring = blk_ring(queue);

    ring->ring[ring->req_prod++ & 31].req = (blkif_request_t){
        .operation = BLKIF_OP_READ,
        .nr_segments = 1,
        .id = id,
        .sector_number = id,
        .seg = { { .gref = REF(BLK_DATA(queue)), .last_sect = 7 } },
    };
}

/* The device does what it was asked for on one queue, and says so. */
static void blk_serve(unsigned int queue)
{
    struct fake_chain c;

    while (fake_queue_take(&fake_virtio.queue[queue], &c)) {
        uint32_t len = fake_chain_len(&c, true);
        g_autofree uint8_t *zeroes = g_malloc0(len);

        fake_chain_write(&c, 0, zeroes, len);
        fake_queue_return(&fake_virtio.queue[queue], c.head, len);
    }
    fake_virtio_interrupt();
}

static void expect_blk(unsigned int queue, uint32_t index, uint64_t id)
{
    blkif_sring_t *ring = blk_ring(queue);

    g_assert_cmpuint(ring->rsp_prod, >, index);
    g_assert_cmpuint(ring->ring[index & 31].rsp.id, ==, id);
    g_assert_cmpint(ring->ring[index & 31].rsp.status, ==, BLKIF_RSP_OKAY);
}

/* As many as the vCPUs, the device and hv's own limit allow. */
static void test_blk_limit(void)
{
    static const struct {
        unsigned int vcpus;
        uint16_t device;
        const char *said;
    } rows[] = { { 1, 8, "1" }, { 2, 8, "2" }, { 4, 3, "3" }, { 4, 0, "1" }, { 16, 16, "4" } };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig r;

        blk_init(&r, rows[i].vcpus, rows[i].device);
        g_assert_cmpstr(fake_backend_get("multi-queue-max-queues"), ==, rows[i].said);
        rig_clear(&r);
    }
}

static void test_blk_each_for_itself(void)
{
    struct rig r;

    blk_init(&r, NR_VCPUS, 4);
    blk_write_nodes(4);
    g_assert_cmpint(connect(&r), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 4);
    for (unsigned int i = 0; i < 4; i++)
        g_assert_true(fake_virtio.vcpu[i] == r.d->vcpu[i]);
    for (unsigned int i = 0; i < 4; i++) {
        blk_put(i, 100 + i);
        fake_guest_send(BLK_PORT(i));
    }
    /* The last one first: they do not wait for each other. */
    for (unsigned int i = 4; i-- > 0;) {
        g_assert_cmpuint(fake_backend.nr_notified[BLK_PORT(i)], ==, 0);
        blk_serve(i);
        expect_blk(i, 0, 100 + i);
        g_assert_cmpuint(fake_backend.nr_notified[BLK_PORT(i)], ==, 1);
    }
    rig_clear(&r);
}

/* A boot loader with one ring, a kernel with four, a kernel with one, each while the last one's requests are under way. */
/* An event is seen to soon on the vCPU that the device's interrupts come to, and at once on the others. */
static void test_blk_soon(void)
{
    struct rig r;

    blk_init(&r, NR_VCPUS, 4);
    blk_write_nodes(4);
    g_assert_cmpint(connect(&r), ==, 0);
    for (unsigned int vcpu = 0; vcpu < NR_VCPUS; vcpu++) {
        harness.current_vcpu = vcpu;
        harness.nr_raised_soon = 0;
        blk_put(1, vcpu);
        fake_guest_send(BLK_PORT(1));
        g_assert_cmpuint(harness.nr_raised_soon, ==, vcpu == 1);
        blk_serve(1);
        expect_blk(1, vcpu, vcpu);
    }
    harness.current_vcpu = 0;
    rig_clear(&r);
}

static void test_blk_other_front_ends(void)
{
    static const unsigned int numbers[] = { 1, 4, 1, 2, 4 };
    struct rig r;

    blk_init(&r, NR_VCPUS, 4);
    for (unsigned int i = 0; i < G_N_ELEMENTS(numbers); i++) {
        unsigned int last = numbers[i] - 1;

        blk_write_nodes(numbers[i]);
        g_assert_cmpint(connect(&r), ==, 0);
        g_assert_cmpuint(fake_backend.nr_bound, ==, numbers[i]);
        blk_put(last, i);
        fake_guest_send(BLK_PORT(last));
        blk_serve(last);
        expect_blk(last, 0, i);
        blk_put(last, 9);
        fake_guest_send(BLK_PORT(last));
        g_assert_true(r.type->disconnect(&fake_backend.dev));
        g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    }
    rig_clear(&r);
}

/* Garbage in one ring ends the device, once; the other queues stand still until it is closed. */
static void test_blk_garbage(void)
{
    struct rig r;

    blk_init(&r, NR_VCPUS, 4);
    blk_write_nodes(4);
    g_assert_cmpint(connect(&r), ==, 0);
    blk_put(0, 1);
    fake_guest_send(BLK_PORT(0));
    blk_ring(2)->req_prod += 100;
    fake_guest_send(BLK_PORT(2));
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    blk_serve(0);
    g_assert_cmpuint(blk_ring(0)->rsp_prod, ==, 0);
    fake_guest_send(BLK_PORT(3));
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    rig_clear(&r);
}

static void test_blk_bad_nodes(void)
{
    static const struct {
        const char *key, *value;
    } rows[] = {
        { "multi-queue-num-queues", "0" },
        { "multi-queue-num-queues", "5" },
        { "multi-queue-num-queues", "4294967297" },
        { "queue-3/ring-ref", "x" },
        { "queue-1/ring-ref", "3" },
        { "queue-2/event-channel", "" },
        { "queue-2/event-channel", "1" }, /* queue 0's */
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig r;

        blk_init(&r, NR_VCPUS, 4);
        blk_write_nodes(4);
        fake_frontend_set(rows[i].key, "%s", rows[i].value);
        g_assert_cmpint(connect(&r), <, 0);
        g_assert_cmpuint(fake_backend.nr_errors, ==, 1);
        g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
        g_assert_cmpuint(fake_grants_in_use(), ==, 0);
        /* The next one finds it as it was. */
        blk_write_nodes(1);
        g_assert_cmpint(connect(&r), ==, 0);
        rig_clear(&r);
    }
}

static void test_blk_no_memory(void)
{
    bool connected = false;

    for (int i = 0; i < 60 && !connected; i++) {
        struct rig r;

        blk_init(&r, NR_VCPUS, 4);
        blk_write_nodes(4);
        harness.fail_alloc_after = i;
        connected = connect(&r) == 0;
        g_assert_true(connected || fake_backend.nr_errors == 1);
        rig_clear(&r);
    }
    g_assert_true(connected);
}

/* ---- network ---- */

#define NET_TX(n)      (900U + 2 * (n))
#define NET_RX(n)      (901U + 2 * (n))
#define NET_TX_PORT(n) (1U + 2 * (n))
#define NET_RX_PORT(n) (2U + 2 * (n))
#define NET_MQ         (VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_MQ)
#define NET_FILTER     (VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA)
#define NET_PAIRS      4U /* the device's */

static void net_init(struct rig *r, unsigned int nr_vcpus, uint64_t offered)
{
    uint16_t pairs = NET_PAIRS;

    fake_virtio_init(VIRTIO_ID_NET, offered);
    memcpy(fake_virtio.config + VIRTIO_NET_CFG_MAX_PAIRS, &pairs, 2);
    rig_init(r, &netback_type, nr_vcpus);
    g_assert_cmpint(r->type->probe(&fake_backend.dev), ==, 0);
    fake_frontend_set("request-rx-copy", "1");
}

static netif_tx_sring_t *tx_ring(unsigned int queue)
{
    return harness_page(NET_TX(queue));
}

static netif_rx_sring_t *rx_ring(unsigned int queue)
{
    return harness_page(NET_RX(queue));
}

static void net_write_nodes(unsigned int nr)
{
    fake_frontend_set("multi-queue-num-queues", "%u", nr);
    for (unsigned int i = 0; i < nr; i++) {
        SHARED_RING_INIT(tx_ring(i));
        SHARED_RING_INIT(rx_ring(i));
        set_queue_node(i, "tx-ring-ref", REF(NET_TX(i)));
        set_queue_node(i, "rx-ring-ref", REF(NET_RX(i)));
        set_queue_node(i, "event-channel-tx", NET_TX_PORT(i));
        set_queue_node(i, "event-channel-rx", NET_RX_PORT(i));
    }
    fake_frontend_set("tx-ring-ref", "%u", REF(NET_TX(0)));
    fake_frontend_set("rx-ring-ref", "%u", REF(NET_RX(0)));
    fake_frontend_set("event-channel", "%u", NET_TX_PORT(0));
}

/* The next command on the control queue, answered; empty: there is none. */
static GBytes *next_command(unsigned int index, uint8_t answer)
{
    struct fake_queue *q = &fake_virtio.queue[index];
    struct fake_chain c;
    uint32_t len;
    uint8_t *bytes;

    if (!q->vq || !fake_queue_take(q, &c))
        return g_bytes_new(NULL, 0);
    len = fake_chain_len(&c, false);
    bytes = g_malloc(len);
    fake_chain_read(&c, 0, bytes, len);
    fake_chain_write(&c, 0, &answer, 1);
    fake_queue_return(q, c.head, 1);
    fake_virtio_interrupt();
    return g_bytes_new_take(bytes, len);
}

static void expect_command(unsigned int index, const uint8_t *expected, size_t len)
{
    g_autoptr(GBytes) got = next_command(index, VIRTIO_NET_OK);
    gsize got_len;
    const uint8_t *p = g_bytes_get_data(got, &got_len);

    g_assert_cmpmem(p, got_len, expected, len);
}
#define EXPECT_COMMAND(index, ...)                                                                 \
    expect_command(index, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define EXPECT_NO_COMMAND(index) expect_command(index, NULL, 0)

static void send_packet(unsigned int queue)
{
    netif_tx_sring_t *tx = tx_ring(queue);

    tx->ring[tx->req_prod++ & 255].req =
        (netif_tx_request_t){ .gref = REF(20 + queue), .size = 60, .id = (uint16_t)queue };
    fake_guest_send(NET_TX_PORT(queue));
}

static void receive_packet(unsigned int queue)
{
    netif_rx_sring_t *rx = rx_ring(queue);
    struct fake_queue *q = &fake_virtio.queue[VIRTIO_NET_QUEUE_RX(queue)];
    struct fake_chain c;

    rx->ring[rx->req_prod++ & 255].req = (netif_rx_request_t){ .gref = REF(40 + queue), .id = 7 };
    fake_guest_send(NET_RX_PORT(queue));
    g_assert_true(fake_queue_take(q, &c));
    fake_queue_return(q, c.head, sizeof(struct virtio_net_header) + 60);
    fake_virtio_interrupt();
}

static void test_net_each_for_itself(void)
{
    struct rig r;

    net_init(&r, NR_VCPUS, NET_MQ);
    g_assert_cmpstr(fake_backend_get("multi-queue-max-queues"), ==, "4");
    net_write_nodes(3);
    g_assert_cmpint(connect(&r), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 6);
    EXPECT_COMMAND(VIRTIO_NET_QUEUE_CTRL(NET_PAIRS), VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, 3, 0);
    for (unsigned int i = 3; i-- > 0;) {
        g_assert_true(fake_virtio.vcpu[VIRTIO_NET_QUEUE_TX(i)] == r.d->vcpu[i]);
        send_packet(i);
        g_assert_cmpuint(fake_virtio.queue[VIRTIO_NET_QUEUE_TX(i)].nr_kicks, ==, 1);
        receive_packet(i);
        g_assert_cmpint(rx_ring(i)->ring[0].rsp.status, ==, 60);
        g_assert_cmpuint(fake_backend.nr_notified[NET_RX_PORT(i)], ==, 1);
    }
    g_assert_cmpuint(fake_backend.nr_notified[NET_TX_PORT(0)], ==, 0);
    rig_clear(&r);
}

/* One queue, as front ends of before have it: the device is told nothing. */
static void test_net_one(void)
{
    struct rig r;

    net_init(&r, NR_VCPUS, NET_MQ);
    net_write_nodes(1);
    g_assert_cmpint(connect(&r), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 1);
    g_assert_cmpuint(fake_virtio.agreed & VIRTIO_NET_F_MQ, ==, 0);
    send_packet(0);
    g_assert_cmpuint(fake_virtio.queue[VIRTIO_NET_QUEUE_TX(0)].nr_kicks, ==, 1);
    rig_clear(&r);
}

static void test_net_limit(void)
{
    static const struct {
        unsigned int vcpus;
        uint64_t offered;
        const char *said;
    } rows[] = { { 1, NET_MQ, "1" },
                 { 2, NET_MQ, "2" },
                 { 8, NET_MQ, "4" },
                 { 8, VIRTIO_NET_F_CTRL_VQ, "1" },
                 { 8, VIRTIO_NET_F_MQ, "1" } };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig r;

        net_init(&r, rows[i].vcpus, rows[i].offered);
        g_assert_cmpstr(fake_backend_get("multi-queue-max-queues"), ==, rows[i].said);
        rig_clear(&r);
    }
}

static void test_net_bad_nodes(void)
{
    static const struct {
        const char *key, *value;
    } rows[] = {
        { "multi-queue-num-queues", "0" },   { "multi-queue-num-queues", "5" },
        { "queue-2/tx-ring-ref", "1" },      { "queue-0/rx-ring-ref", "" },
        { "queue-1/event-channel-rx", "1" }, { "queue-2/event-channel-tx", "" },
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig r;

        net_init(&r, NR_VCPUS, NET_MQ);
        net_write_nodes(3);
        fake_frontend_set(rows[i].key, "%s", rows[i].value);
        g_assert_cmpint(connect(&r), <, 0);
        g_assert_cmpuint(fake_backend.nr_errors, ==, 1);
        g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
        rig_clear(&r);
    }
}

/* With large receive, whose buffers are hv's own, and so are many. */
static void test_net_no_memory(void)
{
    bool connected = false;

    for (int i = 0; i < 400 && !connected; i += 7) {
        struct rig r;

        net_init(&r, NR_VCPUS,
                 NET_MQ | VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_GUEST_TSO4);
        net_write_nodes(3);
        fake_frontend_set("feature-sg", "1");
        fake_frontend_set("feature-ipv6-csum-offload", "1");
        fake_frontend_set("feature-gso-tcpv4", "1");
        harness.fail_alloc_after = i;
        connected = connect(&r) == 0;
        g_assert_true(connected || fake_backend.nr_errors == 1);
        rig_clear(&r);
    }
    g_assert_true(connected);
}

/* ---- multicasts ---- */

#define CTRL VIRTIO_NET_QUEUE_CTRL(1) /* of a device that agreed on no more pairs */

static void put_mcast(uint8_t type, uint8_t last_byte)
{
    netif_tx_sring_t *tx = tx_ring(0);
    struct netif_extra_info extra = { .type = type };

    tx->ring[tx->req_prod++ & 255].req = (netif_tx_request_t){ .flags = NETTXF_extra_info, .id = last_byte };
    memcpy(extra.u.mcast.addr, (const uint8_t[]){ 0x33, 0x33, 0, 0, 0, last_byte }, 6);
    memcpy(&tx->ring[tx->req_prod++ & 255], &extra, sizeof(extra));
    fake_guest_send(NET_TX_PORT(0));
}

static void expect_mcast(uint32_t index, uint8_t last_byte, int16_t status)
{
    netif_tx_sring_t *tx = tx_ring(0);

    g_assert_cmpuint(tx->rsp_prod, >=, index + 2);
    g_assert_cmpint(tx->ring[index & 255].rsp.id, ==, last_byte);
    g_assert_cmpint(tx->ring[index & 255].rsp.status, ==, status);
    g_assert_cmpint(tx->ring[(index + 1) & 255].rsp.status, ==, NETIF_RSP_NULL);
}

static void test_mcast(void)
{
    struct rig r;

    net_init(&r, 1, NET_FILTER);
    g_assert_cmpstr(fake_backend_get("feature-multicast-control"), ==, "1");
    net_write_nodes(1);
    fake_frontend_set("request-multicast-control", "1");
    g_assert_cmpint(connect(&r), ==, 0);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, 1);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, 0, 0, 0, 0, 0, 0, 0, 0);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, 0);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, 0);
    EXPECT_NO_COMMAND(CTRL);

    put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 5);
    expect_mcast(0, 5, NETIF_RSP_OKAY);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, 0, 0, 0, 0, 1, 0, 0, 0, 0x33, 0x33, 0, 0, 0,
                   5);
    put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 5); /* it is there: nothing to tell */
    expect_mcast(2, 5, NETIF_RSP_OKAY);
    EXPECT_NO_COMMAND(CTRL);
    put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 5);
    put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, 6);
    expect_mcast(6, 6, NETIF_RSP_OKAY);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, 0, 0, 0, 0, 0, 0, 0, 0);

    /* It changes its mind. */
    fake_frontend_set("request-multicast-control", "0");
    r.type->changed(&fake_backend.dev, true, "request-multicast-control");
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, 1);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, 0, 0, 0, 0, 0, 0, 0, 0);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, 1);
    EXPECT_COMMAND(CTRL, VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, 1);
    rig_clear(&r);
}

/* The list has room for 64; more are refused, those that are there stay. */
static void test_mcast_full(void)
{
    struct rig r;

    net_init(&r, 1, NET_FILTER);
    net_write_nodes(1);
    g_assert_cmpint(connect(&r), ==, 0);
    for (uint8_t i = 0; i < 66; i++) {
        put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, i);
        expect_mcast(2U * i, i, i < 64 ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
    }
    EXPECT_NO_COMMAND(CTRL); /* it has not asked for a choice */
    rig_clear(&r);
}

/* A device that refuses is not asked again, and the network goes on. */
static void test_mcast_refused(void)
{
    struct rig r;

    net_init(&r, 1, NET_FILTER);
    net_write_nodes(1);
    fake_frontend_set("request-multicast-control", "1");
    g_assert_cmpint(connect(&r), ==, 0);
    for (unsigned int i = 0; i < 4; i++)
        g_bytes_unref(next_command(CTRL, 1));
    EXPECT_NO_COMMAND(CTRL);
    send_packet(0);
    g_assert_cmpuint(fake_virtio.queue[VIRTIO_NET_QUEUE_TX(0)].nr_kicks, ==, 1);
    g_assert_cmpuint(fake_backend.nr_fails, ==, 0);
    rig_clear(&r);
}

static void test_mcast_no_filter(void)
{
    struct rig r;

    net_init(&r, 1, VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX);
    g_assert_cmpstr(fake_backend_get("feature-multicast-control"), ==, "0");
    net_write_nodes(1);
    fake_frontend_set("request-multicast-control", "1");
    g_assert_cmpint(connect(&r), ==, 0);
    EXPECT_NO_COMMAND(CTRL);
    put_mcast(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, 1);
    expect_mcast(0, 1, NETIF_RSP_OKAY);
    rig_clear(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/multiqueue/blk/limit", test_blk_limit);
    g_test_add_func("/multiqueue/blk/each-for-itself", test_blk_each_for_itself);
    g_test_add_func("/multiqueue/blk/soon", test_blk_soon);
    g_test_add_func("/multiqueue/blk/other-front-ends", test_blk_other_front_ends);
    g_test_add_func("/multiqueue/blk/garbage", test_blk_garbage);
    g_test_add_func("/multiqueue/blk/bad-nodes", test_blk_bad_nodes);
    g_test_add_func("/multiqueue/blk/no-memory", test_blk_no_memory);
    g_test_add_func("/multiqueue/net/each-for-itself", test_net_each_for_itself);
    g_test_add_func("/multiqueue/net/one", test_net_one);
    g_test_add_func("/multiqueue/net/limit", test_net_limit);
    g_test_add_func("/multiqueue/net/bad-nodes", test_net_bad_nodes);
    g_test_add_func("/multiqueue/net/no-memory", test_net_no_memory);
    g_test_add_func("/multiqueue/mcast/list", test_mcast);
    g_test_add_func("/multiqueue/mcast/full", test_mcast_full);
    g_test_add_func("/multiqueue/mcast/refused", test_mcast_refused);
    g_test_add_func("/multiqueue/mcast/no-filter", test_mcast_no_filter);
    return g_test_run();
}
