/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Receiving for front ends that take TCP packets of up to 64 KiB (feature-gso-tcpv4 and -tcpv6). netif.h wants the GSO
 * information in the ring's second entry of such a packet, whose page then stays empty; the device fills pages without
 * a gap and does not know a packet's size before. So here it fills hv's pages, and a copy makes the gap. The copy costs
 * far less than the forty packets that the large one stands for.
 */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "evtchn.h"
#include "grant.h"
#include "string.h"
#include <xen/errno.h>

/* ---- from the device ---- */

static void post(struct netback *nb, uint8_t *buf)
{
    struct virtio_sg sg = { .addr = virt_to_paddr(buf), .len = PAGE_SIZE };

    /* Cannot fail while the queue is longer than there are buffers; shorter ones just hold fewer. */
    virtq_add(nb->rx.vq, NULL, 0, &sg, 1, buf);
}

static void repost_packet(struct netback *nb)
{
    for (unsigned int i = 0; i < nb->lro->nr; i++)
        post(nb, nb->lro->packet[i]);
    nb->lro->nr = 0;
}

static bool pop(struct netback *nb, unsigned int i)
{
    struct net_lro *lro = nb->lro;

    lro->packet[i] = virtq_pop(nb->rx.vq, &lro->len[i]);
    if (!lro->packet[i])
        return false;
    lro->len[i] = MIN(lro->len[i], (uint32_t)PAGE_SIZE);
    return true;
}

static const struct virtio_net_header *header(const struct netback *nb)
{
    return (const struct virtio_net_header *)(const void *)nb->lro->packet[0];
}

/* Takes the next packet from the device. False: none. One that makes no sense is left out. */
static bool take_packet(struct netback *nb)
{
    struct net_lro *lro = nb->lro;

    while (pop(nb, 0)) {
        unsigned int nr = 1;

        lro->nr = 1;
        if (lro->len[0] > sizeof(struct virtio_net_header)) {
            nr = (nb->features & VIRTIO_NET_F_MRG_RXBUF) ? MAX(header(nb)->num_buffers, 1) : 1;
            while (lro->nr < MIN(nr, NET_LRO_MAX_PAGES) && pop(nb, lro->nr))
                lro->nr++;
            if (lro->nr == nr)
                return true;
        }
        repost_packet(nb);
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
static void respond(struct netback *nb, const struct netif_rx_response *rsp)
{
    struct backring *ring = &nb->rx.ring;

    backring_put(ring, ring->rsp_prod++, rsp, sizeof(*rsp));
    ring->req_cons = ring->rsp_prod;
}

static bool fill_page(struct netback *nb, uint32_t ref, struct cursor *c, uint32_t len)
{
    struct grant_frame frame;
    bool fits;

    if (grant_begin(nb->domain, ref, true, &frame))
        return false;
    fits = frame.offset == 0 && frame.length >= len;
    if (fits)
        copy_out(c, mfn_to_virt(frame.mfn), len);
    grant_end(nb->domain, ref, true);
    return fits;
}

static void respond_extra(struct netback *nb)
{
    const struct virtio_net_header *h = header(nb);
    struct netif_extra_info extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO };
    struct netif_rx_response rsp;

    extra.u.gso.size = h->gso_size;
    extra.u.gso.type = (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) == VIRTIO_NET_HDR_GSO_TCPV4
                           ? XEN_NETIF_GSO_TYPE_TCPV4
                           : XEN_NETIF_GSO_TYPE_TCPV6;
    _Static_assert(sizeof(extra) == sizeof(rsp), "netif.h: extra info fits an rx slot");
    memcpy(&rsp, &extra, sizeof(rsp));
    respond(nb, &rsp);
}

struct plan {
    uint32_t len; /* without the virtio header */
    unsigned int nr_pages;
    bool is_gso;
};

static struct plan plan_packet(const struct netback *nb)
{
    struct plan p = { .is_gso = header(nb)->gso_type != VIRTIO_NET_HDR_GSO_NONE };

    for (unsigned int i = 0; i < nb->lro->nr; i++)
        p.len += nb->lro->len[i];
    p.len -= sizeof(struct virtio_net_header);
    p.nr_pages = DIV_ROUND_UP(p.len, (uint32_t)PAGE_SIZE);
    return p;
}

/* The ring has the entries for it. What goes wrong from here on is the guest's doing (a grant that is none): it gets
 * an error in the place of the page. */
static void deliver(struct netback *nb, const struct plan *p)
{
    struct cursor c = { .lro = nb->lro, .at = sizeof(struct virtio_net_header) };
    uint16_t flags = net_rx_flags(header(nb)) | (p->is_gso ? NETRXF_extra_info : 0);
    uint32_t left = p->len;
    bool good = true;

    for (unsigned int i = 0; i < p->nr_pages; i++) {
        uint32_t n = MIN(left, (uint32_t)PAGE_SIZE);
        struct netif_rx_request req;
        struct netif_rx_response rsp;

        backring_get(&nb->rx.ring, nb->rx.ring.req_cons, &req, sizeof(req));
        good = good && fill_page(nb, req.gref, &c, n);
        left -= n;
        rsp = (struct netif_rx_response){
            .id = req.id,
            .flags = flags | (left > 0 ? NETRXF_more_data : 0),
            .status = good ? (int16_t)n : NETIF_RSP_ERROR,
        };
        respond(nb, &rsp);
        if (i == 0 && p->is_gso)
            respond_extra(nb);
        flags = 0;
    }
}

bool net_lro_run(struct netback *nb)
{
    struct backring *ring = &nb->rx.ring;

    while (nb->lro->nr > 0 || take_packet(nb)) {
        struct plan p = plan_packet(nb);
        uint32_t needed = p.nr_pages + p.is_gso, nr;

        if (backring_unconsumed(ring, &nr)) {
            backend_fail(nb->dev, "the front end's receive ring holds garbage");
            return false;
        }
        /* The packet is kept until the guest has room, and behind it the device's queue fills up. */
        if (nr < needed && !backring_final_check(ring, needed))
            break;
        if (nr < needed)
            continue;
        deliver(nb, &p);
        repost_packet(nb);
    }
    virtq_kick(nb->rx.vq);
    if (ring->rsp_prod != ring->rsp_shown && backring_push(ring))
        evtchn_notify_guest(nb->domain, nb->rx_port);
    return true;
}

/* ---- coming and going ---- */

int net_lro_init(struct netback *nb)
{
    unsigned int nr = MIN(NET_LRO_BUFS, virtq_size(nb->rx.vq));

    nb->lro = kmalloc(sizeof(*nb->lro));
    if (!nb->lro)
        return -XEN_ENOMEM;
    for (unsigned int i = 0; i < nr; i++) {
        nb->lro->bufs[i] = alloc_pages(0);
        if (!nb->lro->bufs[i])
            return -XEN_ENOMEM; /* net_lro_stop() gives the others back */
        post(nb, nb->lro->bufs[i]);
    }
    virtq_kick(nb->rx.vq);
    return 0;
}

void net_lro_stop(struct netback *nb)
{
    if (!nb->lro)
        return;
    for (unsigned int i = 0; i < NET_LRO_BUFS; i++)
        if (nb->lro->bufs[i])
            free_pages(nb->lro->bufs[i], 0);
    kfree(nb->lro);
    nb->lro = NULL;
}
