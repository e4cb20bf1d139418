/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network back end between a front end's two rings and a card whose wire the test holds. */
#include "dev/net-packet.h"
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtio-net.h"
#include <glib.h>
#include <xen/xen.h>
#include <xen/io/netif.h>

#define OFFLOADS                                                                                   \
    (VIRTIO_NET_F_CSUM | VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_HOST_TSO4 |                        \
     VIRTIO_NET_F_HOST_TSO6 | VIRTIO_NET_F_MRG_RXBUF | VIRTIO_NET_F_STATUS)
#define TX_PFN  900U
#define RX_PFN  901U
#define TX_PORT 2U
#define RX_PORT 3U
#define REF(pfn) (FAKE_REF_BASE + (pfn))

struct rig {
    struct domain *d;
    struct netif_tx_sring *tx;
    struct netif_rx_sring *rx;
    uint32_t tx_cons, rx_cons;
};

#define TX_QUEUE (&fake_virtio.queue[VIRTIO_NET_QUEUE_TX(0)])
#define RX_QUEUE (&fake_virtio.queue[VIRTIO_NET_QUEUE_RX(0)])

/* ---- the front end ---- */

static void init_rings(struct rig *r)
{
    r->tx = harness_page(TX_PFN);
    r->rx = harness_page(RX_PFN);
    memset(r->tx, 0, PAGE_SIZE);
    memset(r->rx, 0, PAGE_SIZE);
    SHARED_RING_INIT(r->tx);
    SHARED_RING_INIT(r->rx);
    r->tx_cons = r->rx_cons = 0;
}

static void put_tx(struct rig *r, unsigned int pfn, uint16_t offset, uint16_t size, uint16_t flags,
                   uint16_t id)
{
    r->tx->ring[r->tx->req_prod & 255].req = (struct netif_tx_request){
        .gref = REF(pfn), .offset = offset, .flags = flags, .id = id, .size = size
    };
    r->tx->req_prod++;
}

static void put_extra(struct rig *r, uint8_t type, uint8_t flags, uint16_t gso_size, uint8_t gso_type)
{
    struct netif_extra_info extra = { .type = type, .flags = flags };

    extra.u.gso.size = gso_size;
    extra.u.gso.type = gso_type;
    memcpy(&r->tx->ring[r->tx->req_prod & 255], &extra, sizeof(extra));
    r->tx->req_prod++;
}

static void expect_tx(struct rig *r, uint16_t id, int16_t status)
{
    struct netif_tx_response rsp = r->tx->ring[r->tx_cons & 255].rsp;

    g_assert_cmpuint(r->tx_cons, !=, r->tx->rsp_prod);
    g_assert_cmpint(rsp.status, ==, status);
    if (status != NETIF_RSP_NULL)
        g_assert_cmpuint(rsp.id, ==, id);
    r->tx_cons++;
    r->tx->rsp_event = r->tx_cons + 1;
}

static void put_rx(struct rig *r, unsigned int pfn, uint16_t id)
{
    r->rx->ring[r->rx->req_prod & 255].req = (struct netif_rx_request){ .id = id, .gref = REF(pfn) };
    r->rx->req_prod++;
}

/* Also checks that it is where its request was: netfront relies on it. */
static struct netif_rx_response get_rx(struct rig *r, uint16_t id)
{
    struct netif_rx_response rsp = r->rx->ring[r->rx_cons & 255].rsp;

    g_assert_cmpuint(r->rx_cons, !=, r->rx->rsp_prod);
    g_assert_cmpuint(rsp.id, ==, id);
    r->rx_cons++;
    r->rx->rsp_event = r->rx_cons + 1;
    return rsp;
}

/* ---- the wire ---- */

/* The next packet the card was given to send; *ret_len without the header. */
static uint8_t *wire_get(struct virtio_net_header *h, size_t *ret_len)
{
    struct fake_chain c;
    uint8_t *packet;

    g_assert_true(fake_queue_take(TX_QUEUE, &c));
    *ret_len = fake_chain_len(&c, false) - sizeof(*h);
    packet = g_malloc(*ret_len);
    fake_chain_read(&c, 0, h, sizeof(*h));
    fake_chain_read(&c, sizeof(*h), packet, (uint32_t)*ret_len);
    fake_queue_return(TX_QUEUE, c.head, 0);
    return packet;
}

static void interrupt(void)
{
    fake_virtio_interrupt();
    harness_run_softirqs();
}

/* A packet arrives, cut over as many buffers as it takes (virtio 1.2 5.1.6.4). */
static void wire_put(const void *packet, size_t len, struct virtio_net_header h)
{
    g_autofree uint8_t *whole = g_malloc(sizeof(h) + len);
    struct fake_chain c[20];
    unsigned int nr = 0;
    size_t done = 0, total = sizeof(h) + len, room = 0;

    while (room < total) {
        g_assert_true(fake_queue_take(RX_QUEUE, &c[nr]));
        room += fake_chain_len(&c[nr++], true);
    }
    if (h.num_buffers == 0)
        h.num_buffers = (uint16_t)nr;
    memcpy(whole, &h, sizeof(h));
    memcpy(whole + sizeof(h), packet, len);
    for (unsigned int i = 0; i < nr; i++) {
        uint32_t n = MIN(total - done, fake_chain_len(&c[i], true));

        fake_chain_write(&c[i], 0, whole + done, n);
        done += n;
        fake_queue_return(RX_QUEUE, c[i].head, n);
    }
}

/* ---- setting up ---- */

static struct rig *rig_new(uint64_t offered)
{
    struct rig *r = g_new0(struct rig, 1);

    r->d = harness_domain_new(1, false);
    fake_virtio_init(VIRTIO_ID_NET, offered);
    fake_virtio.config[VIRTIO_NET_CFG_STATUS] = VIRTIO_NET_S_LINK_UP;
    fake_backend_init(r->d, &netback_type);
    init_rings(r);
    fake_frontend_set("tx-ring-ref", "%u", REF(TX_PFN));
    fake_frontend_set("rx-ring-ref", "%u", REF(RX_PFN));
    fake_frontend_set("event-channel-tx", "%u", TX_PORT);
    fake_frontend_set("event-channel-rx", "%u", RX_PORT);
    fake_frontend_set("request-rx-copy", "1");
    fake_frontend_set("feature-rx-notify", "1");
    fake_frontend_set("feature-sg", "1");
    fake_frontend_set("feature-ipv6-csum-offload", "1");
    return r;
}

static void rig_connect(struct rig *r)
{
    g_assert_cmpint(netback_type.probe(&fake_backend.dev), ==, 0);
    g_assert_cmpint(netback_type.connect(&fake_backend.dev), ==, 0);
    harness_run_softirqs();
}

static void rig_free(struct rig *r)
{
    if (fake_backend.nr_bound > 0)
        g_assert_true(netback_type.disconnect(&fake_backend.dev));
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
    if (fake_backend.dev.priv)
        netback_type.remove(&fake_backend.dev);
    g_assert_false(fake_virtio.open);
    g_assert_cmpuint(harness_live_blocks() + harness_live_pages(), ==, 0);
    fake_backend_clear();
    harness_domain_free(r->d);
    g_free(r);
}

/* An IPv4 TCP packet with a blank checksum: the field holds the pseudo header's sum. Returns its bytes' count. */
static size_t make_tcp(uint8_t *p, size_t payload)
{
    static const uint8_t headers[] = {
        0x52, 0x54, 0, 0, 0, 1, 0x52, 0x54, 0, 0, 0, 2, 0x08, 0x00,                   /* Ethernet */
        0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,           /* IPv4 */
        0, 22, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10, 1, 0, 0, 0, 0, 0,          /* TCP */
    };
    struct net_sum pseudo = { 0 };
    uint8_t tail[4] = { 0, 6, (uint8_t)((20 + payload) >> 8), (uint8_t)(20 + payload) };
    uint16_t sum;

    memcpy(p, headers, sizeof(headers));
    p[16] = (uint8_t)((40 + payload) >> 8);
    p[17] = (uint8_t)(40 + payload);
    net_sum_add(&pseudo, p + 26, 8);
    net_sum_add(&pseudo, tail, 4);
    sum = (uint16_t)~net_sum_finish(&pseudo, false);
    memcpy(p + 50, &sum, 2);
    for (size_t i = 0; i < payload; i++)
        p[sizeof(headers) + i] = (uint8_t)(i * 7);
    return sizeof(headers) + payload;
}

/* The sum over pseudo header and segment of a correct packet is zero. */
static void check_tcp_csum(const uint8_t *p, size_t len)
{
    uint8_t tail[4] = { 0, 6, (uint8_t)((len - 34) >> 8), (uint8_t)(len - 34) };
    struct net_sum s = { 0 };

    net_sum_add(&s, p + 26, 8);
    net_sum_add(&s, tail, 4);
    net_sum_add(&s, p + 34, len - 34);
    g_assert_cmpuint(net_sum_finish(&s, false), ==, 0);
}

/* ---- sending ---- */

static void test_tx_plain(void)
{
    struct rig *r = rig_new(OFFLOADS);
    struct virtio_net_header h;
    uint8_t *page = harness_page(10);

    rig_connect(r);
    for (unsigned int i = 0; i < 1000; i++) {
        g_autofree uint8_t *packet = NULL;
        size_t len;

        memset(page + 100, (int)i, 900);
        put_tx(r, 10, 100, 900, 0, (uint16_t)i);
        fake_guest_send(TX_PORT);
        packet = wire_get(&h, &len);
        g_assert_cmpmem(packet, len, page + 100, 900);
        g_assert_cmpuint(h.flags | h.gso_type, ==, 0);
        interrupt();
        expect_tx(r, (uint16_t)i, NETIF_RSP_OKAY);
    }
    g_assert_cmpuint(fake_backend.nr_notified[TX_PORT], ==, 1000);
    g_assert_cmpuint(fake_backend.nr_notified[RX_PORT], ==, 0);
    rig_free(r);
}

static void test_tx_fragments(void)
{
    struct rig *r = rig_new(OFFLOADS);
    g_autofree uint8_t *packet = NULL;
    struct virtio_net_header h;
    size_t len;

    rig_connect(r);
    for (unsigned int i = 0; i < 5; i++)
        memset(harness_page(10 + i), 'a' + (int)i, PAGE_SIZE);
    put_tx(r, 10, 4000, 96 + 100 + 4096 + 1, NETTXF_more_data, 7);
    put_tx(r, 11, 50, 100, NETTXF_more_data, 8);
    put_tx(r, 12, 0, 4096, NETTXF_more_data, 9);
    put_tx(r, 13, 4095, 1, 0, 10);
    fake_guest_send(TX_PORT);
    g_assert_cmpuint(fake_grants_in_use(), ==, 2 + 4);
    packet = wire_get(&h, &len);
    g_assert_cmpuint(len, ==, 96 + 100 + 4096 + 1);
    g_assert_true(packet[0] == 'a' && packet[95] == 'a' && packet[96] == 'b' && packet[196] == 'c' &&
                  packet[len - 1] == 'd');
    interrupt();
    for (uint16_t id = 7; id <= 10; id++)
        expect_tx(r, id, NETIF_RSP_OKAY);
    rig_free(r);
}

static void test_tx_csum_offload(void)
{
    struct rig *r = rig_new(OFFLOADS);
    g_autofree uint8_t *packet = NULL;
    struct virtio_net_header h;
    size_t len, size = make_tcp(harness_page(10), 100);

    rig_connect(r);
    put_tx(r, 10, 0, (uint16_t)size, NETTXF_csum_blank | NETTXF_data_validated, 1);
    fake_guest_send(TX_PORT);
    packet = wire_get(&h, &len);
    g_assert_cmpmem(packet, len, harness_page(10), size);
    g_assert_cmpuint(h.flags, ==, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    g_assert_cmpuint(h.csum_start, ==, 34);
    g_assert_cmpuint(h.csum_offset, ==, 16);
    rig_free(r);
}

/* A card without offload: hv fills the sum in, and not in the guest's page. Headers cut at every byte. */
static void test_tx_csum_software(void)
{
    struct rig *r = rig_new(0);
    size_t size = make_tcp(harness_page(10), 1001);

    rig_connect(r);
    fake_grant_set(REF(10), FAKE_GRANT_READ);
    fake_grant_set(REF(11), FAKE_GRANT_READ);
    memcpy(harness_page(11), harness_page(10), PAGE_SIZE);
    for (unsigned int cut = 1; cut <= 200; cut++) {
        g_autofree uint8_t *packet = NULL;
        struct virtio_net_header h;
        size_t len;

        put_tx(r, 10, 0, (uint16_t)size, NETTXF_csum_blank | NETTXF_more_data, 1);
        put_tx(r, 11, (uint16_t)cut, (uint16_t)(size - cut), 0, 2);
        fake_guest_send(TX_PORT);
        packet = wire_get(&h, &len);
        g_assert_cmpuint(len, ==, size);
        g_assert_cmpuint(h.flags, ==, 0);
        check_tcp_csum(packet, len);
        g_assert_cmpmem(packet + 54, len - 54, (uint8_t *)harness_page(11) + 54, size - 54);
        interrupt();
        expect_tx(r, 1, NETIF_RSP_OKAY);
        expect_tx(r, 2, NETIF_RSP_OKAY);
    }
    g_assert_cmpmem(harness_page(10), size, harness_page(11), size);
    rig_free(r);
}

static void test_tx_gso(void)
{
    struct rig *r = rig_new(OFFLOADS);
    g_autofree uint8_t *packet = NULL;
    struct virtio_net_header h;
    size_t len;

    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("feature-gso-tcpv4"), ==, "1");
    make_tcp(harness_page(10), 4000);
    put_tx(r, 10, 0, 3000 + 4096, NETTXF_csum_blank | NETTXF_extra_info | NETTXF_more_data, 1);
    put_extra(r, XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
    put_tx(r, 11, 0, 4096, 0, 3);
    fake_guest_send(TX_PORT);
    packet = wire_get(&h, &len);
    g_assert_cmpuint(len, ==, 3000 + 4096);
    g_assert_cmpuint(h.gso_type, ==, VIRTIO_NET_HDR_GSO_TCPV4);
    g_assert_cmpuint(h.gso_size, ==, 1448);
    g_assert_cmpuint(h.hdr_len, ==, 54);
    interrupt();
    expect_tx(r, 1, NETIF_RSP_OKAY);
    expect_tx(r, 3, NETIF_RSP_OKAY);
    expect_tx(r, 0, NETIF_RSP_NULL);
    rig_free(r);
}

/* More packets than the card's queue takes: the rest goes when there is room. */
static void test_tx_full(void)
{
    struct rig *r = rig_new(OFFLOADS);
    unsigned int sent = 0;

    rig_connect(r);
    for (unsigned int i = 0; i < 128; i++) {
        put_tx(r, 10, 0, 200, NETTXF_more_data, (uint16_t)(2 * i));
        put_tx(r, 12, 0, 100, 0, (uint16_t)(2 * i + 1));
    }
    fake_guest_send(TX_PORT);
    while (sent < 128) {
        struct virtio_net_header h;
        size_t len;

        g_free(wire_get(&h, &len));
        sent++;
        if (sent % 5 == 0)
            interrupt();
    }
    interrupt();
    for (unsigned int i = 0; i < 256; i++)
        expect_tx(r, (uint16_t)i, NETIF_RSP_OKAY);
    rig_free(r);
}

/* ---- what is wrong with a packet costs that packet ---- */

struct bad_tx {
    const char *path;
    struct {
        unsigned int pfn;
        uint16_t offset, size, flags;
    } frag[3];
};

static const struct bad_tx bad_tx[] = {
    { "/netback/tx/bad/runt", { { 10, 0, 13, 0 } } },
    { "/netback/tx/bad/empty", { { 10, 0, 0, 0 } } },
    { "/netback/tx/bad/crosses-page", { { 10, 4000, 97, 0 } } },
    { "/netback/tx/bad/offset-huge", { { 10, 0xffff, 100, 0 } } },
    { "/netback/tx/bad/grant", { { 5000, 0, 100, 0 } } },
    { "/netback/tx/bad/second-grant", { { 10, 0, 100, NETTXF_more_data }, { 5000, 0, 50, 0 } } },
    { "/netback/tx/bad/fragments-larger", { { 10, 0, 100, NETTXF_more_data }, { 11, 0, 101, 0 } } },
    { "/netback/tx/bad/fragments-as-large", { { 10, 0, 100, NETTXF_more_data }, { 11, 0, 100, 0 } } },
    { "/netback/tx/bad/empty-fragment", { { 10, 0, 100, NETTXF_more_data }, { 11, 0, 0, 0 } } },
    { "/netback/tx/bad/csum-of-nothing", { { 10, 0, 100, NETTXF_csum_blank } } },
};

static void test_bad_tx(gconstpointer data)
{
    const struct bad_tx *bad = data;
    struct rig *r = rig_new(OFFLOADS);
    struct virtio_net_header h;
    unsigned int nr = 0;
    size_t len;

    rig_connect(r);
    do {
        put_tx(r, bad->frag[nr].pfn, bad->frag[nr].offset, bad->frag[nr].size, bad->frag[nr].flags,
               (uint16_t)(50 + nr));
    } while (bad->frag[nr++].flags & NETTXF_more_data);
    put_tx(r, 12, 0, 60, 0, 99);
    fake_guest_send(TX_PORT);
    for (unsigned int i = 0; i < nr; i++)
        expect_tx(r, (uint16_t)(50 + i), NETIF_RSP_ERROR);
    g_free(wire_get(&h, &len));
    g_assert_cmpuint(len, ==, 60);
    interrupt();
    expect_tx(r, 99, NETIF_RSP_OKAY);
    g_assert_cmpuint(fake_backend.nr_fails, ==, 0);
    rig_free(r);
}

static void test_tx_too_many_fragments(void)
{
    struct rig *r = rig_new(OFFLOADS);
    struct fake_chain c;

    rig_connect(r);
    for (unsigned int i = 0; i < 20; i++)
        put_tx(r, 10, 0, i ? 20 : 1000, i < 19 ? NETTXF_more_data : 0, (uint16_t)i);
    fake_guest_send(TX_PORT);
    g_assert_false(fake_queue_take(TX_QUEUE, &c));
    for (unsigned int i = 0; i < 20; i++)
        expect_tx(r, (uint16_t)i, NETIF_RSP_ERROR);
    rig_free(r);
}

/* GSO that was not offered, or without what it needs. */
static void test_tx_bad_gso(void)
{
    static const struct {
        uint64_t offered;
        uint16_t flags, size;
        uint8_t type;
    } rows[] = {
        { 0, NETTXF_csum_blank, 1448, XEN_NETIF_GSO_TYPE_TCPV4 },
        { VIRTIO_NET_F_CSUM, NETTXF_csum_blank, 1448, XEN_NETIF_GSO_TYPE_TCPV6 },
        { OFFLOADS, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4 },
        { OFFLOADS, NETTXF_csum_blank, 0, XEN_NETIF_GSO_TYPE_TCPV4 },
        { OFFLOADS, NETTXF_csum_blank, 1448, 9 },
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig *r = rig_new(rows[i].offered);

        rig_connect(r);
        make_tcp(harness_page(10), 3000);
        put_tx(r, 10, 0, 3054, rows[i].flags | NETTXF_extra_info, 1);
        put_extra(r, XEN_NETIF_EXTRA_TYPE_GSO, 0, rows[i].size, rows[i].type);
        fake_guest_send(TX_PORT);
        expect_tx(r, 1, NETIF_RSP_ERROR);
        expect_tx(r, 0, NETIF_RSP_NULL);
        g_assert_cmpuint(fake_backend.nr_fails, ==, 0);
        rig_free(r);
    }
}

/* ---- what makes no sense closes the device ---- */

static void put_garbage_index(struct rig *r)
{
    r->tx->req_prod += 257;
}

static void put_rx_garbage_index(struct rig *r)
{
    r->rx->req_prod += 257;
}

static void put_cut_chain(struct rig *r)
{
    put_tx(r, 10, 0, 100, NETTXF_more_data, 1);
}

static void put_cut_extra(struct rig *r)
{
    put_tx(r, 10, 0, 100, NETTXF_extra_info, 1);
}

static void put_cut_extra_more(struct rig *r)
{
    put_tx(r, 10, 0, 100, NETTXF_extra_info, 1);
    put_extra(r, XEN_NETIF_EXTRA_TYPE_GSO, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
}

static void put_unknown_extra(struct rig *r)
{
    put_tx(r, 10, 0, 100, NETTXF_extra_info, 1);
    put_extra(r, XEN_NETIF_EXTRA_TYPE_MAX, 0, 0, 0);
}

static void put_endless_chain(struct rig *r)
{
    for (unsigned int i = 0; i < 256; i++)
        put_tx(r, 10, 0, 1, NETTXF_more_data, 1);
}

static void test_fatal(gconstpointer data)
{
    union {
        gconstpointer data;
        void (*put)(struct rig *r);
    } u = { .data = data };
    struct rig *r = rig_new(OFFLOADS);

    rig_connect(r);
    u.put(r);
    fake_guest_send(TX_PORT);
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    rig_free(r);
}

/* ---- receiving ---- */

static void test_rx_plain(void)
{
    struct rig *r = rig_new(OFFLOADS);
    uint8_t packet[1514];

    for (unsigned int i = 0; i < 256; i++)
        put_rx(r, 10 + i, (uint16_t)i);
    rig_connect(r); /* the requests were there before */
    g_assert_cmpuint(fake_grants_in_use(), ==, 2 + 256);
    for (unsigned int i = 0; i < 1000; i++) {
        struct netif_rx_response rsp;
        size_t len = 60 + i;

        memset(packet, (int)i, sizeof(packet));
        wire_put(packet, len, (struct virtio_net_header){ 0 });
        interrupt();
        rsp = get_rx(r, i & 255);
        g_assert_cmpint(rsp.status, ==, (int)len);
        g_assert_cmpuint(rsp.flags, ==, 0);
        g_assert_cmpmem((uint8_t *)harness_page(10 + (i & 255)) + rsp.offset, len, packet, len);
        put_rx(r, 10 + (i & 255), (uint16_t)(i & 255));
        fake_guest_send(RX_PORT);
    }
    g_assert_cmpuint(fake_backend.nr_notified[RX_PORT], ==, 1000);
    g_assert_cmpuint(fake_backend.nr_notified[TX_PORT], ==, 0);
    rig_free(r);
}

static void test_rx_flags(void)
{
    static const struct {
        uint8_t in;
        uint16_t out;
    } rows[] = {
        { VIRTIO_NET_HDR_F_NEEDS_CSUM, NETRXF_csum_blank | NETRXF_data_validated },
        { VIRTIO_NET_HDR_F_DATA_VALID, NETRXF_data_validated },
        { 0, 0 },
    };
    struct rig *r = rig_new(OFFLOADS);
    uint8_t packet[60] = { 0 };

    rig_connect(r);
    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        put_rx(r, 10 + i, (uint16_t)i);
        fake_guest_send(RX_PORT);
        wire_put(packet, 60, (struct virtio_net_header){ .flags = rows[i].in });
        interrupt();
        g_assert_cmpuint(get_rx(r, (uint16_t)i).flags, ==, rows[i].out);
    }
    rig_free(r);
}

static void test_rx_large(void)
{
    struct rig *r = rig_new(OFFLOADS);
    g_autofree uint8_t *packet = g_malloc(9014);
    struct netif_rx_response rsp;
    size_t done = 0;

    for (unsigned int i = 0; i < 9014; i++)
        packet[i] = (uint8_t)(i / 11);
    for (unsigned int i = 0; i < 4; i++)
        put_rx(r, 10 + i, (uint16_t)i);
    rig_connect(r);
    wire_put(packet, 9014, (struct virtio_net_header){ 0 });
    interrupt();
    for (unsigned int i = 0; i < 3; i++) {
        rsp = get_rx(r, (uint16_t)i);
        g_assert_cmpuint(rsp.flags, ==, i < 2 ? NETRXF_more_data : 0);
        g_assert_cmpint(rsp.status, >, 0);
        g_assert_cmpmem((uint8_t *)harness_page(10 + i) + rsp.offset, (size_t)rsp.status, packet + done,
                        (size_t)rsp.status);
        done += (size_t)rsp.status;
    }
    g_assert_cmpuint(done, ==, 9014);
    rig_free(r);
}

/* A page that cannot be had is answered at once and in its place, and no packet reaches across it. */
static void test_rx_bad_grant(void)
{
    struct rig *r = rig_new(OFFLOADS);
    uint8_t packet[6000] = { 0 };

    fake_grant_set(REF(10), FAKE_GRANT_READ);
    fake_grant_set(REF(12), FAKE_GRANT_NONE);
    fake_grant_limit(REF(15), 0, 8);
    for (unsigned int i = 0; i < 6; i++)
        put_rx(r, 10 + i, (uint16_t)i);
    rig_connect(r);
    g_assert_cmpint(get_rx(r, 0).status, ==, NETIF_RSP_ERROR);
    g_assert_cmpuint(r->rx->rsp_prod, ==, 1);
    wire_put(packet, 6000, (struct virtio_net_header){ 0 }); /* takes 1 and 3 */
    interrupt();
    for (uint16_t i = 1; i <= 3; i++)
        g_assert_cmpint(get_rx(r, i).status, ==, NETIF_RSP_ERROR);
    wire_put(packet, 60, (struct virtio_net_header){ 0 });
    interrupt();
    g_assert_cmpint(get_rx(r, 4).status, ==, 60);
    g_assert_cmpint(get_rx(r, 5).status, ==, NETIF_RSP_ERROR);
    g_assert_cmpuint(fake_grants_in_use(), ==, 2);
    rig_free(r);
}

/* The header lies in the guest's page: whatever it says, hv gives each page back once. */
static void test_rx_bad_header(void)
{
    static const uint16_t num_buffers[] = { 2, 256, 0xffff };
    uint8_t packet[60] = { 0 };

    for (unsigned int n = 0; n < G_N_ELEMENTS(num_buffers); n++) {
        struct rig *r = rig_new(OFFLOADS);

        for (unsigned int i = 0; i < 4; i++)
            put_rx(r, 10 + i, (uint16_t)i);
        rig_connect(r);
        wire_put(packet, 60, (struct virtio_net_header){ .num_buffers = num_buffers[n] });
        interrupt();
        g_assert_cmpint(get_rx(r, 0).status, ==, NETIF_RSP_ERROR);
        wire_put(packet, 60, (struct virtio_net_header){ 0 });
        interrupt();
        g_assert_cmpint(get_rx(r, 1).status, ==, 60);
        rig_free(r);
    }
}

static void test_rx_runt(void)
{
    struct rig *r = rig_new(OFFLOADS);
    struct fake_chain c;

    put_rx(r, 10, 0);
    put_rx(r, 11, 1);
    rig_connect(r);
    fake_queue_take(RX_QUEUE, &c);
    fake_queue_return(RX_QUEUE, c.head, 12);
    fake_queue_take(RX_QUEUE, &c);
    fake_queue_return(RX_QUEUE, c.head, 0xffffffff); /* claims more than there was room for */
    interrupt();
    g_assert_cmpint(get_rx(r, 0).status, ==, NETIF_RSP_ERROR);
    g_assert_cmpint(get_rx(r, 1).status, ==, PAGE_SIZE - 12);
    rig_free(r);
}

/* ---- receiving large packets ---- */

#define LRO (OFFLOADS | VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6)

static struct rig *rig_new_lro(unsigned int nr_requests)
{
    struct rig *r = rig_new(LRO);

    fake_frontend_set("feature-gso-tcpv4", "1");
    fake_frontend_set("feature-gso-tcpv6", "1");
    for (unsigned int i = 0; i < nr_requests; i++)
        put_rx(r, 10 + i, (uint16_t)i);
    rig_connect(r);
    g_assert_cmpuint(fake_grants_in_use(), ==, 2); /* pages are taken only when there is something for them */
    return r;
}

static struct virtio_net_header gso_header(uint8_t type)
{
    return (struct virtio_net_header){
        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = type, .gso_size = 1448
    };
}

static uint8_t *random_packet(size_t len)
{
    uint8_t *packet = g_malloc(len);

    for (size_t i = 0; i < len; i++)
        packet[i] = (uint8_t)g_random_int();
    return packet;
}

/* Reads a packet out of the ring as netfront does; the id of each response is that of its place. */
static void expect_large(struct rig *r, uint16_t id, const uint8_t *packet, size_t len, uint8_t gso_type)
{
    size_t done = 0;
    bool first = true, more;

    do {
        struct netif_rx_response rsp = get_rx(r, id);

        g_assert_cmpint(rsp.status, >, 0);
        g_assert_cmpmem((uint8_t *)harness_page(10U + id) + rsp.offset, (size_t)rsp.status, packet + done,
                        (size_t)rsp.status);
        done += (size_t)rsp.status;
        id++;
        if (first && gso_type) {
            struct netif_extra_info extra;

            g_assert_cmpuint(rsp.flags & ~NETRXF_more_data, ==,
                             NETRXF_csum_blank | NETRXF_data_validated | NETRXF_extra_info);
            memcpy(&extra, &r->rx->ring[r->rx_cons++ & 255], sizeof(extra));
            g_assert_cmpuint(extra.type, ==, XEN_NETIF_EXTRA_TYPE_GSO);
            g_assert_cmpuint(extra.flags, ==, 0);
            g_assert_cmpuint(extra.u.gso.size, ==, 1448);
            g_assert_cmpuint(extra.u.gso.type, ==, gso_type);
            id++;
        } else {
            g_assert_cmpuint(rsp.flags & NETRXF_extra_info, ==, 0);
        }
        first = false;
        more = rsp.flags & NETRXF_more_data;
    } while (more);
    r->rx->rsp_event = r->rx_cons + 1;
    g_assert_cmpuint(done, ==, len);
}

static void test_lro_sizes(void)
{
    static const size_t sizes[] = { 60, 1514, 4084, 4085, 4096, 4097, 8192, 20000, 65549 };

    for (unsigned int i = 0; i < G_N_ELEMENTS(sizes); i++) {
        for (unsigned int gso = 0; gso < 3; gso++) {
            static const uint8_t types[][2] = {
                { VIRTIO_NET_HDR_GSO_NONE, 0 },
                { VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN, XEN_NETIF_GSO_TYPE_TCPV4 },
                { VIRTIO_NET_HDR_GSO_TCPV6, XEN_NETIF_GSO_TYPE_TCPV6 },
            };
            g_autofree uint8_t *packet = random_packet(sizes[i]);
            struct rig *r = rig_new_lro(64);

            for (unsigned int n = 0, id = 0; n < 3; n++) {
                wire_put(packet, sizes[i], gso_header(types[gso][0]));
                interrupt();
                expect_large(r, (uint16_t)id, packet, sizes[i], types[gso][1]);
                id = r->rx_cons;
            }
            g_assert_cmpuint(fake_backend.nr_notified[RX_PORT], ==, 3);
            rig_free(r);
        }
    }
}

/* A packet waits until the guest has room for all of it, and asks to be told no sooner. */
static void test_lro_no_room(void)
{
    g_autofree uint8_t *packet = random_packet(20000);
    struct rig *r = rig_new_lro(3);

    wire_put(packet, 20000, gso_header(VIRTIO_NET_HDR_GSO_TCPV4));
    wire_put(packet, 100, (struct virtio_net_header){ 0 });
    interrupt();
    g_assert_cmpuint(r->rx->rsp_prod, ==, 0);
    g_assert_cmpuint(r->rx->req_event, ==, 6);
    for (unsigned int i = 3; i < 6; i++)
        put_rx(r, 10 + i, (uint16_t)i);
    fake_guest_send(RX_PORT);
    expect_large(r, 0, packet, 20000, XEN_NETIF_GSO_TYPE_TCPV4);
    put_rx(r, 16, 6);
    fake_guest_send(RX_PORT);
    expect_large(r, 6, packet, 100, 0);
    rig_free(r);
}

static void test_lro_bad_grant(void)
{
    static const int16_t want[] = { PAGE_SIZE, 0, NETIF_RSP_ERROR, NETIF_RSP_ERROR };
    g_autofree uint8_t *packet = random_packet(3 * PAGE_SIZE);
    struct rig *r = rig_new_lro(10);

    fake_grant_set(REF(12), FAKE_GRANT_READ);
    wire_put(packet, 3 * PAGE_SIZE, gso_header(VIRTIO_NET_HDR_GSO_TCPV4));
    interrupt();
    for (unsigned int i = 0; i < 4; i++) {
        if (i == 1)
            r->rx_cons++; /* the extra info */
        else
            g_assert_cmpint(get_rx(r, (uint16_t)i).status, ==, want[i]);
    }
    wire_put(packet, 100, (struct virtio_net_header){ 0 });
    interrupt();
    expect_large(r, 4, packet, 100, 0);
    rig_free(r);
}

/* Packets that the device cut wrongly are left out, and no buffer is lost. */
static void test_lro_bad_device(void)
{
    static const uint16_t num_buffers[] = { 2, 18, 0xffff };
    uint8_t packet[60] = { 0 };
    struct fake_chain c;
    struct rig *r = rig_new_lro(4);

    for (unsigned int i = 0; i < 100; i++) {
        wire_put(packet, 60, (struct virtio_net_header){ .num_buffers = num_buffers[i % 3] });
        interrupt();
        fake_queue_take(RX_QUEUE, &c);
        fake_queue_return(RX_QUEUE, c.head, i % 13);
        interrupt();
    }
    g_assert_cmpuint(r->rx->rsp_prod, ==, 0);
    wire_put(packet, 60, (struct virtio_net_header){ 0 });
    interrupt();
    expect_large(r, 0, packet, 60, 0);
    rig_free(r);
}

static void test_lro_garbage_index(void)
{
    struct rig *r = rig_new_lro(1);
    uint8_t packet[60] = { 0 };

    r->rx->req_prod += 300;
    wire_put(packet, 60, (struct virtio_net_header){ 0 });
    interrupt();
    g_assert_cmpuint(fake_backend.nr_fails, ==, 1);
    rig_free(r);
}

static void test_lro_no_memory(void)
{
    for (int i = 0; i < 80; i += 3) {
        struct rig *r = rig_new(LRO);

        fake_frontend_set("feature-gso-tcpv4", "1");
        g_assert_cmpint(netback_type.probe(&fake_backend.dev), ==, 0);
        harness.fail_alloc_after = i;
        if (netback_type.connect(&fake_backend.dev))
            g_assert_cmpuint(fake_backend.nr_errors, >, 0);
        rig_free(r);
    }
}

/* Without all that it needs it is not asked for. */
static void test_lro_features(void)
{
    static const struct {
        const char *key;
        uint64_t offered;
    } rows[] = {
        { "feature-sg", LRO },
        { "feature-ipv6-csum-offload", LRO },
        { "feature-gso-tcpv4", LRO & ~VIRTIO_NET_F_GUEST_TSO6 },
        { "other", LRO & ~VIRTIO_NET_F_MRG_RXBUF },
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig *r = rig_new(rows[i].offered);

        fake_frontend_set("feature-gso-tcpv4", "1");
        fake_frontend_set("feature-gso-tcpv6", "1");
        fake_frontend_set(rows[i].key, "0");
        rig_connect(r);
        g_assert_cmpuint(fake_virtio.agreed & (VIRTIO_NET_F_GUEST_TSO4 | VIRTIO_NET_F_GUEST_TSO6), ==, 0);
        rig_free(r);
    }
}

/* ---- coming and going ---- */

static void test_features(void)
{
    static const struct {
        const char *key, *value;
        uint64_t must_not_have;
    } rows[] = {
        { "feature-no-csum-offload", "1", VIRTIO_NET_F_GUEST_CSUM },
        { "feature-ipv6-csum-offload", "0", VIRTIO_NET_F_GUEST_CSUM },
        { "feature-sg", "0", VIRTIO_NET_F_MRG_RXBUF },
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig *r = rig_new(OFFLOADS);

        fake_frontend_set(rows[i].key, "%s", rows[i].value);
        rig_connect(r);
        g_assert_cmpuint(fake_virtio.agreed & OFFLOADS, ==, OFFLOADS & ~rows[i].must_not_have);
        rig_free(r);
    }
}

static void test_one_port(void)
{
    struct rig *r = rig_new(0);

    fake_frontend_set("event-channel-tx", "%s", "");
    fake_frontend_set("event-channel", "%u", 5U);
    put_rx(r, 10, 0);
    rig_connect(r);
    g_assert_cmpuint(fake_backend.nr_bound, ==, 1);
    put_tx(r, 11, 0, 60, 0, 1);
    fake_guest_send(5);
    g_assert_cmpuint(TX_QUEUE->nr_kicks, ==, 1);
    rig_free(r);
}

static void test_second_front_end(void)
{
    struct rig *r = rig_new(OFFLOADS);
    uint8_t packet[60] = { 0 };

    for (unsigned int i = 0; i < 4; i++)
        put_rx(r, 10 + i, (uint16_t)i);
    rig_connect(r);
    put_tx(r, 20, 0, 60, 0, 1);
    fake_guest_send(TX_PORT);
    g_assert_cmpuint(fake_grants_in_use(), ==, 2 + 4 + 1);
    g_assert_true(netback_type.disconnect(&fake_backend.dev));
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    interrupt();

    init_rings(r);
    put_rx(r, 30, 9);
    g_assert_cmpint(netback_type.connect(&fake_backend.dev), ==, 0);
    harness_run_softirqs();
    wire_put(packet, 60, (struct virtio_net_header){ 0 });
    interrupt();
    g_assert_cmpint(get_rx(r, 9).status, ==, 60);
    rig_free(r);
}

static void test_carrier(void)
{
    struct rig *r = rig_new(OFFLOADS);

    rig_connect(r);
    g_assert_cmpstr(fake_backend_get("carrier"), ==, "1");
    fake_virtio.config[VIRTIO_NET_CFG_STATUS] = 0;
    fake_virtio_config_change();
    g_assert_cmpstr(fake_backend_get("carrier"), ==, "0");
    rig_free(r);
}

static void test_device_broken(void)
{
    struct rig *r = rig_new(OFFLOADS);

    put_rx(r, 10, 0);
    rig_connect(r);
    fake_queue_return(RX_QUEUE, 4242, 0);
    interrupt();
    interrupt();
    g_assert_cmpuint(fake_backend.nr_fails, >, 0);
    rig_free(r);
}

static void test_bad_nodes(void)
{
    static const struct {
        const char *key, *value;
    } rows[] = {
        { "tx-ring-ref", "1" },        { "rx-ring-ref", "" },         { "request-rx-copy", "0" },
        { "event-channel-rx", "900" }, { "event-channel-rx", "" },    { "event-channel-tx", "" },
    };

    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct rig *r = rig_new(OFFLOADS);

        fake_frontend_set(rows[i].key, "%s", rows[i].value);
        g_assert_cmpint(netback_type.probe(&fake_backend.dev), ==, 0);
        g_assert_cmpint(netback_type.connect(&fake_backend.dev), <, 0);
        g_assert_cmpuint(fake_backend.nr_errors, ==, 1);
        g_assert_cmpuint(fake_backend.nr_bound, ==, 0);
        g_assert_cmpuint(fake_grants_in_use(), ==, 0);
        rig_free(r);
    }
}

static void add_fatal(const char *path, void (*put)(struct rig *r))
{
    union {
        gconstpointer data;
        void (*put)(struct rig *r);
    } u = { .put = put };

    g_test_add_data_func(path, u.data, test_fatal);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/netback/tx/plain", test_tx_plain);
    g_test_add_func("/netback/tx/fragments", test_tx_fragments);
    g_test_add_func("/netback/tx/csum-offload", test_tx_csum_offload);
    g_test_add_func("/netback/tx/csum-software", test_tx_csum_software);
    g_test_add_func("/netback/tx/gso", test_tx_gso);
    g_test_add_func("/netback/tx/full", test_tx_full);
    for (unsigned int i = 0; i < G_N_ELEMENTS(bad_tx); i++)
        g_test_add_data_func(bad_tx[i].path, &bad_tx[i], test_bad_tx);
    g_test_add_func("/netback/tx/bad/too-many-fragments", test_tx_too_many_fragments);
    g_test_add_func("/netback/tx/bad/gso", test_tx_bad_gso);
    add_fatal("/netback/fatal/tx-index", put_garbage_index);
    add_fatal("/netback/fatal/rx-index", put_rx_garbage_index);
    add_fatal("/netback/fatal/cut-chain", put_cut_chain);
    add_fatal("/netback/fatal/cut-extra", put_cut_extra);
    add_fatal("/netback/fatal/cut-extra-more", put_cut_extra_more);
    add_fatal("/netback/fatal/unknown-extra", put_unknown_extra);
    add_fatal("/netback/fatal/endless-chain", put_endless_chain);
    g_test_add_func("/netback/rx/plain", test_rx_plain);
    g_test_add_func("/netback/rx/flags", test_rx_flags);
    g_test_add_func("/netback/rx/large", test_rx_large);
    g_test_add_func("/netback/rx/bad-grant", test_rx_bad_grant);
    g_test_add_func("/netback/rx/bad-header", test_rx_bad_header);
    g_test_add_func("/netback/rx/runt", test_rx_runt);
    g_test_add_func("/netback/lro/sizes", test_lro_sizes);
    g_test_add_func("/netback/lro/no-room", test_lro_no_room);
    g_test_add_func("/netback/lro/bad-grant", test_lro_bad_grant);
    g_test_add_func("/netback/lro/bad-device", test_lro_bad_device);
    g_test_add_func("/netback/lro/garbage-index", test_lro_garbage_index);
    g_test_add_func("/netback/lro/no-memory", test_lro_no_memory);
    g_test_add_func("/netback/lro/features", test_lro_features);
    g_test_add_func("/netback/features", test_features);
    g_test_add_func("/netback/one-port", test_one_port);
    g_test_add_func("/netback/second-front-end", test_second_front_end);
    g_test_add_func("/netback/carrier", test_carrier);
    g_test_add_func("/netback/device-broken", test_device_broken);
    g_test_add_func("/netback/bad-nodes", test_bad_nodes);
    return g_test_run();
}
