/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network back end under a hostile front end, any packets, and a card that answers anything. Input: a header byte
 * for the features, then records of a command byte and what it needs. In the end every grant, block and page is back.
 */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "harness.h"
#include "virtio/virtio-net.h"
#include <glib.h>
#include <xen/xen.h>
#include <xen/io/netif.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TX_PFN 900U
#define RX_PFN 901U
#define PORT   2U

struct state {
    const uint8_t *data;
    size_t size;
};

static uint8_t take(struct state *s)
{
    if (!s->size)
        return 0;
    s->size--;
    return *s->data++;
}

static uint16_t take16(struct state *s)
{
    return (uint16_t)(take(s) | take(s) << 8);
}

/* The front end's packets lie in pages 0 to 63, what it receives goes to 64 and on. */
static void put_tx(struct state *s)
{
    struct netif_tx_sring *ring = harness_page(TX_PFN);
    uint8_t size = take(s);

    ring->ring[ring->req_prod++ & 255].req = (struct netif_tx_request){
        .gref = FAKE_REF_BASE + take(s) % 64,
        .offset = take(s) * 17,
        .flags = take(s) & 15,
        .id = ring->req_prod & 255,
        .size = size & 0x80 ? take16(s) : size,
    };
}

static void put_extra(struct state *s)
{
    struct netif_tx_sring *ring = harness_page(TX_PFN);
    struct netif_extra_info extra = { .type = take(s) % 6, .flags = take(s) & 1 };

    extra.u.gso.size = take16(s);
    extra.u.gso.type = take(s) % 4;
    memcpy(&ring->ring[ring->req_prod++ & 255], &extra, sizeof(extra));
}

static void put_rx(struct state *s)
{
    struct netif_rx_sring *ring = harness_page(RX_PFN);

    for (unsigned int n = take(s) % 32; n > 0; n--)
        ring->ring[ring->req_prod++ & 255].req = (struct netif_rx_request){
            .gref = FAKE_REF_BASE + 64 + ring->req_prod % 256, .id = ring->req_prod & 255
        };
}

static void scribble(struct state *s, unsigned int pfn)
{
    unsigned int at = take16(s) % PAGE_SIZE;
    uint8_t *p = harness_page(pfn);

    for (unsigned int n = take(s) % 64; n > 0 && at < PAGE_SIZE; n--)
        p[at++] = take(s);
}

static void wire_sends(struct state *s)
{
    struct fake_queue *q = &fake_virtio.queue[VIRTIO_NET_QUEUE_TX];
    struct fake_chain c;

    for (unsigned int n = take(s) % 16; n > 0 && fake_queue_take(q, &c); n--) {
        uint32_t len = fake_chain_len(&c, false);
        g_autofree uint8_t *packet = g_malloc(len);

        g_assert_cmpuint(len, >=, sizeof(struct virtio_net_header) + 14);
        fake_chain_read(&c, 0, packet, len);
        fake_queue_return(q, c.head, 0);
    }
    fake_virtio_interrupt();
}

static void wire_receives(struct state *s)
{
    struct fake_queue *q = &fake_virtio.queue[VIRTIO_NET_QUEUE_RX];
    struct virtio_net_header h = { .flags = take(s) & 3, .gso_type = take(s) & 0x87, .gso_size = take16(s) };
    unsigned int nr = take(s) % 20;
    struct fake_chain c;

    h.num_buffers = take(s) & 0x80 ? take16(s) : (uint16_t)nr;
    for (unsigned int i = 0; i < nr && fake_queue_take(q, &c); i++) {
        if (i == 0 && fake_chain_len(&c, true) >= sizeof(h))
            fake_chain_write(&c, 0, &h, sizeof(h));
        fake_queue_return(q, c.head, i + 1 < nr ? fake_chain_len(&c, true) : take16(s));
    }
    fake_virtio_interrupt();
}

static void misbehave(struct state *s)
{
    fake_queue_return(&fake_virtio.queue[take(s) & 1], take(s), take(s));
    fake_virtio_interrupt();
}

static void reconnect(struct state *s)
{
    if (fake_backend.nr_bound > 0)
        netback_type.disconnect(&fake_backend.dev);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    SHARED_RING_INIT((struct netif_tx_sring *)harness_page(TX_PFN));
    SHARED_RING_INIT((struct netif_rx_sring *)harness_page(RX_PFN));
    fake_backend.nr_fails = 0;
    netback_type.connect(&fake_backend.dev);
}

static void step(struct state *s)
{
    uint8_t command = take(s);

    if (fake_backend.nr_bound == 0 || fake_backend.nr_fails > 0)
        reconnect(s);
    if (fake_backend.nr_bound == 0)
        return;
    switch (command % 16) {
    case 0:
        scribble(s, TX_PFN);
        break;
    case 1:
        scribble(s, RX_PFN);
        break;
    case 2:
        scribble(s, take(s) % 64);
        break;
    case 3:
        fake_grant_set(FAKE_REF_BASE + take16(s) % 320, take(s) % 3);
        break;
    case 4:
        fake_grant_limit(FAKE_REF_BASE + take16(s) % 320, take(s) * 16, take(s) * 16);
        break;
    case 5:
        misbehave(s);
        break;
    case 6:
        harness.fail_alloc_after = take(s) - 1;
        break;
    case 7:
        reconnect(s);
        break;
    case 8:
        wire_sends(s);
        break;
    case 9:
    case 10:
        wire_receives(s);
        break;
    case 11:
        put_rx(s);
        break;
    case 12:
        put_extra(s);
        break;
    case 13:
        fake_guest_send(PORT);
        break;
    default:
        put_tx(s);
        break;
    }
    harness_run_softirqs();
}

static void setup(struct state *s)
{
    struct domain *d = harness_domain_new(1, false);
    uint8_t kind = take(s);

    fake_virtio_init(VIRTIO_ID_NET, VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF |
                                        (kind & 1 ? VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 |
                                                        VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4
                                                  : 0));
    fake_backend_init(d, &netback_type);
    fake_frontend_set("tx-ring-ref", "%u", FAKE_REF_BASE + TX_PFN);
    fake_frontend_set("rx-ring-ref", "%u", FAKE_REF_BASE + RX_PFN);
    fake_frontend_set("event-channel", "%u", PORT);
    fake_frontend_set("request-rx-copy", "1");
    fake_frontend_set("feature-sg", "%u", (kind >> 1) & 1U);
    fake_frontend_set("feature-ipv6-csum-offload", "1");
    fake_frontend_set("feature-gso-tcpv4", "%u", (kind >> 2) & 1U);
    g_assert_cmpint(netback_type.probe(&fake_backend.dev), ==, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s = { .data = data, .size = size };

    setup(&s);
    while (s.size > 0)
        step(&s);
    if (fake_backend.nr_bound > 0)
        netback_type.disconnect(&fake_backend.dev);
    g_assert_cmpuint(fake_grants_in_use(), ==, 0);
    netback_type.remove(&fake_backend.dev);
    g_assert_cmpuint(harness_live_blocks() + harness_live_pages(), ==, 0);
    fake_backend_clear();
    harness_domain_free(fake_backend.dev.domain);
    return 0;
}
