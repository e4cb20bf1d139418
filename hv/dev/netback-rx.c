/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest receives. Each page of an rx request is handed to the device as it is; the virtio
 * header lands at the page's start and the packet behind it, which the response's offset says. A
 * packet larger than a page fills several (virtio 1.2 5.1.6.3.2, mergeable buffers).
 */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "grant.h"
#include "string.h"

static struct net_rx_slot *slot_at(struct net_queue *q, uint32_t index)
{
    return &q->rx.slots[index & (NET_RING_ENTRIES - 1)];
}

static void set_done(struct net_rx_slot *slot, uint16_t offset, uint16_t flags, int16_t status)
{
    slot->state = NET_RX_DONE;
    slot->response = (struct netif_rx_response){
        .id = slot->id, .offset = slot->page_offset + offset, .flags = flags, .status = status
    };
}

/* ---- requests ---- */

static void post(struct net_queue *q, struct net_rx_slot *slot, const struct netif_rx_request *req)
{
    struct grant_frame frame;
    struct virtio_sg sg;

    *slot = (struct net_rx_slot){ .ref = req->gref, .id = req->id };
    if (grant_begin(q->nb->domain, slot->ref, true, &frame)) {
        set_done(slot, 0, 0, NETIF_RSP_ERROR);
        return;
    }
    slot->mfn = frame.mfn;
    slot->page_offset = frame.offset;
    sg =
        (struct virtio_sg){ .addr = (frame.mfn << PAGE_SHIFT) + frame.offset, .len = frame.length };
    if (frame.length < sizeof(struct virtio_net_header) ||
        virtq_add(q->rx.vq, NULL, 0, &sg, 1, slot)) {
        grant_end(q->nb->domain, slot->ref, true);
        set_done(slot, 0, 0, NETIF_RSP_ERROR);
        return;
    }
    slot->state = NET_RX_POSTED;
}

/* Hands new pages to the device while it takes more. False: garbage. */
static bool refill(struct net_queue *q, bool *ret_waits)
{
    struct netif_rx_request req;
    uint32_t nr;

    *ret_waits = false;
    if (backring_unconsumed(&q->rx.ring, &nr))
        return false;
    for (; nr > 0; nr--) {
        struct net_rx_slot *slot = slot_at(q, q->rx.ring.req_cons);

        /* Its last answer has not been given yet: the ring is full of what the device has. */
        if (slot->state != NET_RX_FREE || virtq_free_slots(q->rx.vq) == 0) {
            *ret_waits = true;
            return true;
        }
        backring_get(&q->rx.ring, q->rx.ring.req_cons, &req, sizeof(req));
        q->rx.ring.req_cons++;
        post(q, slot, &req);
    }
    return true;
}

/* ---- packets ---- */

uint16_t net_rx_flags(const struct virtio_net_header *h)
{
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
        return NETRXF_csum_blank | NETRXF_data_validated;
    if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID)
        return NETRXF_data_validated;
    return 0;
}

static struct net_rx_slot *next_slot(struct net_queue *q, const struct net_rx_slot *slot)
{
    return slot_at(q, (uint32_t)(slot - q->rx.slots) + 1);
}

/* Takes the next page back from the device. */
static struct net_rx_slot *pop(struct net_queue *q, uint32_t *ret_len)
{
    struct net_rx_slot *slot = virtq_pop(q->rx.vq, ret_len);

    if (!slot)
        return NULL;
    grant_end(q->nb->domain, slot->ref, true);
    *ret_len = MIN(*ret_len, (uint32_t)(PAGE_SIZE - slot->page_offset));
    return slot;
}

/* The pages after the first of a packet of several. False: they are not all there, or not those
 * behind it. */
static bool take_rest(struct net_queue *q, struct net_rx_slot *first, unsigned int nr)
{
    struct net_rx_slot *last = first;
    bool good = true;

    for (unsigned int i = 0; i < nr; i++) {
        uint32_t len;
        struct net_rx_slot *slot = pop(q, &len);

        if (!slot)
            return false;
        good &= slot == next_slot(q, last);
        if (good)
            set_done(slot, 0, i + 1 < nr ? NETRXF_more_data : 0, (int16_t)len);
        else
            set_done(slot, 0, 0, NETIF_RSP_ERROR);
        last = slot;
    }
    return good;
}

/* Takes back what take_rest() and its caller answered for the good start of a packet. */
static void drop_packet(struct net_queue *q, struct net_rx_slot *first, unsigned int nr)
{
    for (struct net_rx_slot *slot = first; nr > 0; nr--, slot = next_slot(q, slot))
        if (slot->state == NET_RX_DONE)
            slot->response =
                (struct netif_rx_response){ .id = slot->id, .status = NETIF_RSP_ERROR };
}

/* One packet from the device. False: nothing there. */
static bool receive(struct net_queue *q)
{
    struct virtio_net_header h;
    struct net_rx_slot *slot;
    unsigned int nr = 1;
    uint32_t len;

    slot = pop(q, &len);
    if (!slot)
        return false;
    q->counted.received++;
    if (len <= sizeof(h)) {
        set_done(slot, 0, 0, NETIF_RSP_ERROR);
        return true;
    }
    /* The guest can write there too: it is read once, and what it says is not trusted. */
    memcpy(&h, (uint8_t *)mfn_to_virt(slot->mfn) + slot->page_offset, sizeof(h));
    barrier();
    if ((q->nb->features & VIRTIO_NET_F_MRG_RXBUF) && h.num_buffers > 1)
        nr = MIN(h.num_buffers, NET_RING_ENTRIES);
    set_done(slot, sizeof(h), net_rx_flags(&h) | (nr > 1 ? NETRXF_more_data : 0),
             (int16_t)(len - sizeof(h)));
    if (nr > 1 && !take_rest(q, slot, nr - 1))
        drop_packet(q, slot, nr);
    return true;
}

/* Answers in the order of the ring, as far as all is done. */
static void respond(struct net_queue *q)
{
    struct backring *ring = &q->rx.ring;

    while (ring->rsp_prod != ring->req_cons) {
        struct net_rx_slot *slot = slot_at(q, ring->rsp_prod);

        if (slot->state != NET_RX_DONE)
            break;
        backring_put(ring, ring->rsp_prod++, &slot->response, sizeof(slot->response));
        slot->state = NET_RX_FREE;
    }
}

bool net_rx_run(struct net_queue *q)
{
    bool waits;

    do {
        while (receive(q))
            ;
        if (!refill(q, &waits)) {
            net_give_up(q, "the front end's receive ring holds garbage");
            return false;
        }
        respond(q);
        virtq_kick(q->rx.vq);
    } while (!waits && backring_final_check(&q->rx.ring, 1));
    if (q->rx.ring.rsp_prod != q->rx.ring.rsp_shown && backring_push(&q->rx.ring))
        net_notify(q, q->rx_port);
    return true;
}

void net_rx_init(struct net_queue *q)
{
    for (unsigned int i = 0; i < NET_RING_ENTRIES; i++)
        q->rx.slots[i].state = NET_RX_FREE;
}

void net_rx_stop(struct net_queue *q)
{
    for (unsigned int i = 0; i < NET_RING_ENTRIES; i++) {
        if (q->rx.slots[i].state == NET_RX_POSTED)
            grant_end(q->nb->domain, q->rx.slots[i].ref, true);
        q->rx.slots[i].state = NET_RX_FREE;
    }
}
