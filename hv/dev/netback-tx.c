/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest sends: tx requests to virtio-net, fragments as they lie in the guest's pages. */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "grant.h"
#include "string.h"

#define ETH_HLEN 14U
/* Linux's netback closes on longer chains than this; shorter ones than that but over NET_MAX_FRAGS
 * are dropped. */
#define FATAL_FRAGS 64U

/* A packet as the ring describes it: copied, and not checked yet. */
struct tx_chain {
    struct netif_tx_request req[NET_MAX_FRAGS];
    unsigned int nr_frags, nr_extras;
    unsigned int nr_entries; /* of the ring */
    bool has_gso;
    struct netif_extra_info gso;
    uint8_t mcast_op; /* XEN_NETIF_EXTRA_TYPE_MCAST_*: it is no packet; 0: it is one */
    uint8_t mcast_addr[NET_MAC_LEN];
};

/* Its pages, once granted. */
struct tx_pages {
    struct virtio_sg sg[NET_MAX_FRAGS + 1]; /* the first is for header and head */
    unsigned int nr;                        /* that one included */
    uint32_t len;                           /* of the packet */
};

/* ---- answering ---- */

static void respond(struct net_queue *q, uint16_t id, int16_t status)
{
    struct netif_tx_response rsp = { .id = id, .status = status };

    backring_put(&q->tx.ring, q->tx.ring.rsp_prod++, &rsp, sizeof(rsp));
}

/* Gives the packet and what it held back, answered or not. */
static void free_packet(struct net_queue *q, struct net_tx_packet *p)
{
    while (p->slots) {
        struct net_tx_slot *slot = p->slots;

        p->slots = slot->next;
        grant_end(q->nb->domain, slot->ref, false);
        slot->next = q->tx.free_slots;
        q->tx.free_slots = slot;
    }
    p->next = q->tx.free_packets;
    q->tx.free_packets = p;
}

static void packet_sent(struct net_queue *q, struct net_tx_packet *p)
{
    for (const struct net_tx_slot *slot = p->slots; slot; slot = slot->next)
        respond(q, slot->id, NETIF_RSP_OKAY);
    /* Entries that were extra info have no id; the front end skips their answers. */
    for (unsigned int i = 0; i < p->nr_extras; i++)
        respond(q, 0, NETIF_RSP_NULL);
    free_packet(q, p);
}

/* ---- reading the ring ---- */

/* Extra info follows the first request. False: garbage, or cut short. */
static bool read_extras(struct net_queue *q, uint32_t nr, struct tx_chain *c)
{
    struct netif_extra_info extra;

    do {
        if (c->nr_entries == nr)
            return false;
        backring_get(&q->tx.ring, q->tx.ring.req_cons + c->nr_entries, &extra, sizeof(extra));
        c->nr_entries++;
        c->nr_extras++;
        if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
            c->gso = extra;
            c->has_gso = true;
        } else if (extra.type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD ||
                   extra.type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL) {
            c->mcast_op = extra.type;
            memcpy(c->mcast_addr, extra.u.mcast.addr, NET_MAC_LEN);
        } else if (extra.type == XEN_NETIF_EXTRA_TYPE_NONE ||
                   extra.type >= XEN_NETIF_EXTRA_TYPE_MAX) {
            return false;
        }
    } while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
    return true;
}

/* Collects the entries of one packet from the nr that are there. False: what the front end wrote
 * makes no sense. */
static bool read_chain(struct net_queue *q, uint32_t nr, struct tx_chain *c)
{
    struct netif_tx_request req;
    uint16_t flags;

    /* Not the whole of it, which is some hundred bytes for each packet. */
    c->nr_frags = c->nr_extras = c->nr_entries = 0;
    c->has_gso = false;
    c->mcast_op = 0;
    do {
        /* The front end shows a packet as a whole. */
        if (c->nr_entries == nr || c->nr_frags == FATAL_FRAGS)
            return false;
        backring_get(&q->tx.ring, q->tx.ring.req_cons + c->nr_entries, &req, sizeof(req));
        c->nr_entries++;
        flags = req.flags;
        if (c->nr_frags < NET_MAX_FRAGS)
            c->req[c->nr_frags] = req;
        if (c->nr_frags++ == 0 && (flags & NETTXF_extra_info) && !read_extras(q, nr, c))
            return false;
    } while (flags & NETTXF_more_data);
    return true;
}

/* The first request's size is the packet's, the others' are their own (netif.h). */
static bool check_sizes(struct tx_chain *c)
{
    uint32_t total = c->req[0].size, first = total;

    if (c->nr_frags > NET_MAX_FRAGS || total < ETH_HLEN)
        return false;
    for (unsigned int i = 1; i < c->nr_frags; i++) {
        if (c->req[i].size >= first || c->req[i].size == 0)
            return false;
        first -= c->req[i].size;
    }
    c->req[0].size = first;
    for (unsigned int i = 0; i < c->nr_frags; i++)
        if ((uint32_t)c->req[i].offset + c->req[i].size > PAGE_SIZE)
            return false;
    return true;
}

/* ---- one packet ---- */

static bool map_frags(struct net_queue *q, struct net_tx_packet *p, const struct tx_chain *c,
                      struct tx_pages *ret)
{
    struct net_tx_slot **tail = &p->slots;

    ret->nr = 1;
    ret->len = 0;
    for (unsigned int i = 0; i < c->nr_frags; i++) {
        const struct netif_tx_request *req = &c->req[i];
        struct net_tx_slot *slot = q->tx.free_slots;
        struct grant_frame frame;

        if (grant_begin(q->nb->domain, req->gref, false, &frame))
            return false;
        q->tx.free_slots = slot->next;
        *slot = (struct net_tx_slot){ .ref = req->gref, .id = req->id };
        *tail = slot;
        tail = &slot->next;
        if (req->offset < frame.offset || req->offset + req->size > frame.offset + frame.length)
            return false;
        ret->sg[ret->nr++] = (struct virtio_sg){ .addr = (frame.mfn << PAGE_SHIFT) + req->offset,
                                                 .len = req->size };
        ret->len += req->size;
    }
    return true;
}

static const void *sg_virt(const struct virtio_sg *sg)
{
    return (const uint8_t *)mfn_to_virt(sg->addr >> PAGE_SHIFT) + (sg->addr & ~PAGE_MASK);
}

/* Copies the packet's first bytes, at most NET_HEAD_MAX; returns how many. */
static size_t copy_head(const struct tx_pages *pages, uint8_t *head)
{
    size_t done = 0;

    for (unsigned int i = 1; i < pages->nr && done < NET_HEAD_MAX; i++) {
        size_t n = MIN(pages->sg[i].len, NET_HEAD_MAX - done);

        memcpy(head + done, sg_virt(&pages->sg[i]), n);
        done += n;
    }
    return done;
}

/* Leaves out the first n bytes, which go to the device from elsewhere. */
static void skip_bytes(struct tx_pages *pages, size_t n)
{
    unsigned int gone = 0;

    while (n > 0 && n >= pages->sg[1 + gone].len)
        n -= pages->sg[1 + gone++].len;
    pages->nr -= gone;
    for (unsigned int i = 1; i < pages->nr; i++)
        pages->sg[i] = pages->sg[i + gone];
    if (n > 0) {
        pages->sg[1].addr += n;
        pages->sg[1].len -= n;
    }
}

/* A device without checksum offload: the headers go from p->head, with the sum in its place. The
 * guest's page is left alone, it is granted for reading. */
static void fill_csum(struct net_tx_packet *p, const struct net_csum *at, struct tx_pages *pages,
                      size_t *ret_head)
{
    size_t copied = at->start + at->offset + sizeof(uint16_t);
    struct net_sum sum = { 0 };
    uint16_t csum;

    skip_bytes(pages, copied);
    net_sum_add(&sum, p->head + at->start, copied - at->start);
    for (unsigned int i = 1; i < pages->nr; i++)
        net_sum_add(&sum, sg_virt(&pages->sg[i]), pages->sg[i].len);
    csum = net_sum_finish(&sum, at->is_udp);
    memcpy(p->head + at->start + at->offset, &csum, sizeof(csum));
    *ret_head = copied;
}

static uint64_t gso_feature(uint8_t type, uint8_t *ret_gso_type)
{
    switch (type) {
    case XEN_NETIF_GSO_TYPE_TCPV4:
        *ret_gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
        return VIRTIO_NET_F_HOST_TSO4;
    case XEN_NETIF_GSO_TYPE_TCPV6:
        *ret_gso_type = VIRTIO_NET_HDR_GSO_TCPV6;
        return VIRTIO_NET_F_HOST_TSO6;
    default:
        return 0;
    }
}

/* Says in the packet's header what is left for the device to do. */
static bool fill_header(struct net_queue *q, struct net_tx_packet *p, const struct tx_chain *c,
                        struct tx_pages *pages)
{
    struct virtio_net_header *h = &p->header;
    size_t head = 0;

    *h = (struct virtio_net_header){ 0 };
    if (c->req[0].flags & NETTXF_csum_blank) {
        struct net_csum at;

        if (!net_find_csum(p->head, copy_head(pages, p->head), &at))
            return false;
        if (q->nb->features & VIRTIO_NET_F_CSUM) {
            h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
            h->csum_start = at.start;
            h->csum_offset = at.offset;
            h->hdr_len = at.header_len;
        } else {
            fill_csum(p, &at, pages, &head);
        }
    }
    if (c->has_gso) {
        uint64_t feature = gso_feature(c->gso.u.gso.type, &h->gso_type);

        /* 5.1.6.2.1: segmentation includes the checksum */
        if (!feature || !(q->nb->features & feature) || !h->flags || c->gso.u.gso.size == 0)
            return false;
        h->gso_size = c->gso.u.gso.size;
    }
    pages->sg[0] = (struct virtio_sg){ .addr = virt_to_paddr(h), .len = sizeof(*h) + head };
    return true;
}

/* Answers each entry of a chain that is not sent. The ids may have changed since: only the guest is
 * the worse for it. */
static void answer(struct net_queue *q, const struct tx_chain *c, int16_t status)
{
    for (unsigned int i = 0; i < c->nr_entries; i++) {
        struct netif_tx_request req;

        if (i >= 1 && i <= c->nr_extras) {
            respond(q, 0, NETIF_RSP_NULL);
            continue;
        }
        backring_get(&q->tx.ring, q->tx.ring.req_cons + i, &req, sizeof(req));
        respond(q, req.id, status);
    }
}

static void change_mcast(struct net_queue *q, const struct tx_chain *c)
{
    answer(q, c,
           net_mcast_set(q->nb, c->mcast_addr, c->mcast_op == XEN_NETIF_EXTRA_TYPE_MCAST_ADD));
}

static void send(struct net_queue *q, const struct tx_chain *c)
{
    struct net_tx_packet *p = q->tx.free_packets;
    struct tx_pages pages;

    q->tx.free_packets = p->next;
    p->nr_extras = c->nr_extras;
    if (map_frags(q, p, c, &pages) && fill_header(q, p, c, &pages) &&
        virtq_add(q->tx.vq, pages.sg, pages.nr, NULL, 0, p) == 0) {
        q->counted.requests++;
        q->counted.segments += c->nr_frags;
        return;
    }
    free_packet(q, p);
    answer(q, c, NETIF_RSP_ERROR);
}

/* ---- the ring ---- */

static void reap(struct net_queue *q)
{
    struct net_tx_packet *p;
    uint32_t len;

    while ((p = virtq_pop(q->tx.vq, &len)))
        packet_sent(q, p);
}

/* Sends while the device takes more. ret_waits: packets are left for when something came back.
 * False: garbage. */
static bool consume(struct net_queue *q, bool *ret_waits)
{
    struct tx_chain c;
    uint32_t nr;

    *ret_waits = false;
    if (backring_unconsumed(&q->tx.ring, &nr))
        return false;
    for (; nr > 0; nr -= c.nr_entries) {
        if (!q->tx.free_packets || virtq_free_slots(q->tx.vq) < NET_MAX_FRAGS + 1) {
            *ret_waits = true;
            return true;
        }
        if (!read_chain(q, nr, &c))
            return false;
        if (c.mcast_op)
            change_mcast(q, &c);
        else if (check_sizes(&c))
            send(q, &c);
        else
            answer(q, &c, NETIF_RSP_ERROR);
        q->tx.ring.req_cons += c.nr_entries;
    }
    return true;
}

bool net_tx_run(struct net_queue *q)
{
    bool waits;

    do {
        reap(q);
        if (!consume(q, &waits)) {
            net_give_up(q, "the front end's transmit ring holds garbage");
            return false;
        }
        virtq_kick(q->tx.vq);
    } while (!waits && backring_final_check(&q->tx.ring, 1));
    if (q->tx.ring.rsp_prod != q->tx.ring.rsp_shown && backring_push(&q->tx.ring))
        net_notify(q, q->tx_port);
    return true;
}

void net_tx_init(struct net_queue *q)
{
    struct net_tx *tx = &q->tx;

    tx->free_slots = NULL;
    for (unsigned int i = 0; i < NET_RING_ENTRIES; i++) {
        tx->slots[i].next = tx->free_slots;
        tx->free_slots = &tx->slots[i];
    }
    tx->free_packets = NULL;
    for (unsigned int i = 0; i < NET_TX_PACKETS; i++) {
        tx->packets[i].slots = NULL;
        tx->packets[i].next = tx->free_packets;
        tx->free_packets = &tx->packets[i];
    }
}

void net_tx_stop(struct net_queue *q)
{
    for (unsigned int i = 0; i < NET_TX_PACKETS; i++)
        if (q->tx.packets[i].slots)
            free_packet(q, &q->tx.packets[i]);
}
