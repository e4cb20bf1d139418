/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Receiving for front ends that take TCP packets of up to 64 KiB (feature-gso-tcpv4 and -tcpv6).
 * netif.h wants the GSO information in the ring's second entry of such a packet, whose page then
 * stays empty; the device fills pages without a gap and does not know a packet's size before. So
 * here it fills hv's pages, and a copy makes the gap. The copy costs far less than the forty
 * packets that the large one stands for.
 */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "grant.h"
#include "string.h"
#include <xen/errno.h>

/* ---- from the device ---- */

static void post(struct net_queue *q, uint8_t *buf)
{
    struct virtio_sg sg = { .addr = virt_to_paddr(buf), .len = PAGE_SIZE };

    /* Cannot fail while the queue is longer than there are buffers; shorter ones just hold
     * fewer. */
    virtq_add(q->rx.vq, NULL, 0, &sg, 1, buf);
}

static void repost_packet(struct net_queue *q)
{
    for (unsigned int i = 0; i < q->lro->nr; i++)
        post(q, q->lro->packet[i]);
    q->lro->nr = 0;
}

static bool pop(struct net_queue *q, unsigned int i)
{
    struct net_lro *lro = q->lro;

    lro->packet[i] = virtq_pop(q->rx.vq, &lro->len[i]);
    if (!lro->packet[i])
        return false;
    lro->len[i] = MIN(lro->len[i], (uint32_t)PAGE_SIZE);
    return true;
}

static const struct virtio_net_header *header(const struct net_queue *q)
{
    return (const struct virtio_net_header *)(const void *)q->lro->packet[0];
}

/* Takes the next packet from the device. False: none. One that makes no sense is left out. */
static bool take_packet(struct net_queue *q)
{
    struct net_lro *lro = q->lro;

    while (pop(q, 0)) {
        unsigned int nr = 1;

        lro->nr = 1;
        if (lro->len[0] > sizeof(struct virtio_net_header)) {
            nr = (q->nb->features & VIRTIO_NET_F_MRG_RXBUF) ? MAX(header(q)->num_buffers, 1) : 1;
            while (lro->nr < MIN(nr, NET_LRO_MAX_PAGES) && pop(q, lro->nr))
                lro->nr++;
            if (lro->nr == nr)
                return true;
        }
        repost_packet(q);
    }
    return false;
}

/* ---- to the guest ---- */

/* Where the copying is in the packet's pages. */
struct cursor {
    const struct net_lro *lro;
    unsigned int i;
    uint32_t at;
};

static void copy_out(struct cursor *c, uint8_t *to, uint32_t len)
{
    while (len > 0) {
        uint32_t n = MIN(len, c->lro->len[c->i] - c->at);

        memcpy(to, c->lro->packet[c->i] + c->at, n);
        to += n;
        len -= n;
        c->at += n;
        if (c->at == c->lro->len[c->i]) {
            c->i++;
            c->at = 0;
        }
    }
}

/* The next ring entry's answer, given in its own place. */
static void respond(struct net_queue *q, const struct netif_rx_response *rsp)
{
    struct backring *ring = &q->rx.ring;

    backring_put(ring, ring->rsp_prod++, rsp, sizeof(*rsp));
    ring->req_cons = ring->rsp_prod;
}

static bool fill_page(struct net_queue *q, uint32_t ref, struct cursor *c, uint32_t len)
{
    struct grant_frame frame;
    bool fits;

    if (grant_begin(q->nb->domain, ref, true, &frame))
        return false;
    fits = frame.offset == 0 && frame.length >= len;
    if (fits)
        copy_out(c, mfn_to_virt(frame.mfn), len);
    grant_end(q->nb->domain, ref, true);
    return fits;
}

static void respond_extra(struct net_queue *q)
{
    const struct virtio_net_header *h = header(q);
    struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };
    struct netif_rx_response rsp;

    extra.u.gso.size = h->gso_size;
    extra.u.gso.type = (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4
                           ? XEN_NETIF_GSO_TYPE_TCPV4
                           : XEN_NETIF_GSO_TYPE_TCPV6;
    _Static_assert(sizeof(extra) == sizeof(rsp), "netif.h: extra info fits an rx slot");
    memcpy(&rsp, &extra, sizeof(rsp));
    respond(q, &rsp);
}

struct plan {
    uint32_t len; /* without the virtio header */
    unsigned int nr_pages;
    bool is_gso;
};

static struct plan plan_packet(const struct net_queue *q)
{
    struct plan p = { .is_gso = header(q)->gso_type != VIRTIO_NET_HDR_GSO_NONE };

    for (unsigned int i = 0; i < q->lro->nr; i++)
        p.len += q->lro->len[i];
    p.len -= sizeof(struct virtio_net_header);
    p.nr_pages = DIV_ROUND_UP(p.len, (uint32_t)PAGE_SIZE);
    return p;
}

/* The ring has the entries for it. What goes wrong from here on is the guest's doing (a grant that
 * is none): it gets an error in the place of the page. */
static void deliver(struct net_queue *q, const struct plan *p)
{
    struct cursor c = { .lro = q->lro, .at = sizeof(struct virtio_net_header) };
    uint16_t flags = net_rx_flags(header(q)) | (p->is_gso ? NETRXF_extra_info : 0);
    uint32_t left = p->len;
    bool good = true;

    for (unsigned int i = 0; i < p->nr_pages; i++) {
        uint32_t n = MIN(left, (uint32_t)PAGE_SIZE);
        struct netif_rx_request req;
        struct netif_rx_response rsp;

        backring_get(&q->rx.ring, q->rx.ring.req_cons, &req, sizeof(req));
        good = good && fill_page(q, req.gref, &c, n);
        left -= n;
        rsp = (struct netif_rx_response){
            .id = req.id,
            .flags = flags | (left > 0 ? NETRXF_more_data : 0),
            .status = good ? (int16_t)n : NETIF_RSP_ERROR,
        };
        respond(q, &rsp);
        if (i == 0 && p->is_gso)
            respond_extra(q);
        flags = 0;
    }
}

bool net_lro_run(struct net_queue *q)
{
    struct backring *ring = &q->rx.ring;

    while (q->lro->nr > 0 || take_packet(q)) {
        struct plan p = plan_packet(q);
        uint32_t needed = p.nr_pages + p.is_gso, nr;

        if (backring_unconsumed(ring, &nr)) {
            net_give_up(q, "the front end's receive ring holds garbage");
            return false;
        }
        /* The packet is kept until the guest has room, and behind it the device's queue fills
         * up. */
        if (nr < needed && !backring_final_check(ring, needed))
            break;
        if (nr < needed)
            continue;
        q->counted.received++;
        deliver(q, &p);
        repost_packet(q);
    }
    virtq_kick(q->rx.vq);
    if (ring->rsp_prod != ring->rsp_shown && backring_push(ring))
        net_notify(q, q->rx_port);
    return true;
}

/* ---- coming and going ---- */

int net_lro_init(struct net_queue *q)
{
    unsigned int nr = MIN(NET_LRO_BUFS, virtq_size(q->rx.vq));

    q->lro = kmalloc(sizeof(*q->lro));
    if (!q->lro)
        return -XEN_ENOMEM;
    for (unsigned int i = 0; i < nr; i++) {
        q->lro->bufs[i] = alloc_pages(0);
        if (!q->lro->bufs[i])
            return -XEN_ENOMEM; /* net_lro_stop() gives the others back */
        post(q, q->lro->bufs[i]);
    }
    virtq_kick(q->rx.vq);
    return 0;
}

void net_lro_stop(struct net_queue *q)
{
    if (!q->lro)
        return;
    for (unsigned int i = 0; i < NET_LRO_BUFS; i++)
        if (q->lro->bufs[i])
            free_pages(q->lro->bufs[i], 0);
    kfree(q->lro);
    q->lro = NULL;
}
