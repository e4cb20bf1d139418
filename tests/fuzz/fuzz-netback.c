/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network back end under a hostile front end, any packets, and a card that answers anything. Input: a header byte
 * for the features, then records of a command byte and what it needs. In the end every grant, block and page is back.
 */
#include "fake-backend.h"
#include "fake-virtio.h"
#include "fuzz-backend.h"
#include "harness.h"
#include "virtio/virtio-net.h"
#include <glib.h>
#include <xen/xen.h>
#include <xen/io/netif.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TX_PFN 900U
#define RX_PFN 901U

/* The front end's packets lie in pages 0 to 63, what it receives goes to 64 and on. */
static void put_tx(struct fuzz_input *in)
{
    struct netif_tx_sring *ring = harness_page(TX_PFN);
    uint8_t size = fuzz_take(in);

    ring->ring[ring->req_prod++ & 255].req = (struct netif_tx_request){
        .gref = FAKE_REF_BASE + fuzz_take(in) % 64,
        .offset = fuzz_take(in) * 17,
        .flags = fuzz_take(in) & 15,
        .id = ring->req_prod & 255,
        .size = size & 0x80 ? fuzz_take16(in) : size,
    };
}

static void put_extra(struct fuzz_input *in)
{
    struct netif_tx_sring *ring = harness_page(TX_PFN);
    struct netif_extra_info extra = { .type = fuzz_take(in) % 6, .flags = fuzz_take(in) & 1 };

    extra.u.gso.size = fuzz_take16(in);
    extra.u.gso.type = fuzz_take(in) % 4;
    memcpy(&ring->ring[ring->req_prod++ & 255], &extra, sizeof(extra));
}

static void put_rx(struct fuzz_input *in)
{
    struct netif_rx_sring *ring = harness_page(RX_PFN);

    for (unsigned int n = fuzz_take(in) % 32; n > 0; n--)
        ring->ring[ring->req_prod++ & 255].req = (struct netif_rx_request){
            .gref = FAKE_REF_BASE + 64 + ring->req_prod % 256, .id = ring->req_prod & 255
        };
}

static void wire_sends(struct fuzz_input *in)
{
    struct fake_queue *q = &fake_virtio.queue[VIRTIO_NET_QUEUE_TX(0)];
    struct fake_chain c;

    for (unsigned int n = fuzz_take(in) % 16; n > 0 && fake_queue_take(q, &c); n--) {
        uint32_t len = fake_chain_len(&c, false);
        g_autofree uint8_t *packet = g_malloc(len);

        g_assert_cmpuint(len, >=, sizeof(struct virtio_net_header) + 14);
        fake_chain_read(&c, 0, packet, len);
        fake_queue_return(q, c.head, 0);
    }
    fake_virtio_interrupt();
}

static void wire_receives(struct fuzz_input *in)
{
    struct fake_queue *q = &fake_virtio.queue[VIRTIO_NET_QUEUE_RX(0)];
    struct virtio_net_header h = { .flags = fuzz_take(in) & 3, .gso_type = fuzz_take(in) & 0x87, .gso_size = fuzz_take16(in) };
    unsigned int nr = fuzz_take(in) % 20;
    struct fake_chain c;

    h.num_buffers = fuzz_take(in) & 0x80 ? fuzz_take16(in) : (uint16_t)nr;
    for (unsigned int i = 0; i < nr && fake_queue_take(q, &c); i++) {
        if (i == 0 && fake_chain_len(&c, true) >= sizeof(h))
            fake_chain_write(&c, 0, &h, sizeof(h));
        fake_queue_return(q, c.head, i + 1 < nr ? fake_chain_len(&c, true) : fuzz_take16(in));
    }
    fake_virtio_interrupt();
}

/* The device's word on what it was told. */
static void answer_command(struct fuzz_input *in)
{
    struct fake_queue *q = &fake_virtio.queue[VIRTIO_NET_QUEUE_CTRL(1)];
    uint8_t ack = fuzz_take(in) % 3;
    struct fake_chain c;

    if (!q->vq || !fake_queue_take(q, &c))
        return;
    g_assert_cmpuint(fake_chain_len(&c, true), ==, 1);
    fake_chain_write(&c, 0, &ack, 1);
    fake_queue_return(q, c.head, ack);
    fake_virtio_interrupt();
}

static void choose_mcast(struct fuzz_input *in)
{
    fake_frontend_set("request-multicast-control", "%u", fuzz_take(in) & 1U);
    netback_type.changed(&fake_backend.dev, true, "request-multicast-control");
}

static void reset_rings(void)
{
    SHARED_RING_INIT((struct netif_tx_sring *)harness_page(TX_PFN));
    SHARED_RING_INIT((struct netif_rx_sring *)harness_page(RX_PFN));
}

static void step(struct fuzz_input *in)
{
    switch (fuzz_take(in) % 16) {
    case 0:
        fuzz_scribble(in, TX_PFN, PAGE_SIZE);
        break;
    case 1:
        fuzz_scribble(in, RX_PFN, PAGE_SIZE);
        break;
    case 2:
        fuzz_scribble(in, fuzz_take(in) % 64, PAGE_SIZE);
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        fuzz_backend_harm(in, 3, 320);
        break;
    case 7:
        wire_sends(in);
        break;
    case 8:
    case 9:
        wire_receives(in);
        break;
    case 10:
        put_rx(in);
        break;
    case 11:
        put_extra(in);
        break;
    case 12:
        fake_guest_send(FUZZ_PORT);
        break;
    case 13:
        answer_command(in);
        break;
    case 14:
        if (fuzz_take(in) & 1) {
            choose_mcast(in);
            break;
        }
        /* fallthrough */
    default:
        put_tx(in);
        break;
    }
}

static void setup(struct fuzz_input *in, struct domain *d)
{
    uint8_t kind = fuzz_take(in);

    fake_virtio_init(VIRTIO_ID_NET, VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF |
                                        (kind & 1 ? VIRTIO_NET_F_CSUM | VIRTIO_NET_F_HOST_TSO4 |
                                                        VIRTIO_NET_F_GUEST_CSUM | VIRTIO_NET_F_GUEST_TSO4
                                                  : 0) |
                                        (kind & 8 ? VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA
                                                  : 0));
    fake_backend_init(d, &netback_type);
    fake_frontend_set("tx-ring-ref", "%u", FAKE_REF_BASE + TX_PFN);
    fake_frontend_set("rx-ring-ref", "%u", FAKE_REF_BASE + RX_PFN);
    fake_frontend_set("event-channel", "%u", FUZZ_PORT);
    fake_frontend_set("request-rx-copy", "1");
    fake_frontend_set("feature-sg", "%u", (kind >> 1) & 1U);
    fake_frontend_set("feature-ipv6-csum-offload", "1");
    fake_frontend_set("feature-gso-tcpv4", "%u", (kind >> 2) & 1U);
    fake_frontend_set("request-multicast-control", "%u", (kind >> 4) & 1U);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct fuzz_backend netback = {
        .type = &netback_type, .setup = setup, .reset_rings = reset_rings, .step = step
    };

    return fuzz_backend_run(&netback, data, size);
}
