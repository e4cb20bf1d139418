/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest receives. Each page of an rx request is handed to the device as it is; the virtio header lands at the
 * page's start and the packet behind it, which the response's offset says. A packet larger than a page fills several
 * (virtio 1.2 5.1.6.3.2, mergeable buffers).
 */
#include "netback.h"

#include "alloc.h"
#include "backend.h"
#include "evtchn.h"
#include "grant.h"
#include "string.h"

static struct net_rx_slot *slot_at(struct netback *nb, uint32_t index)
{
    return &nb->rx.slots[index & (NET_RING_ENTRIES - 1)];
}

static void set_done(struct net_rx_slot *slot, uint16_t offset, uint16_t flags, int16_t status)
{
    slot->state = NET_RX_DONE;
    slot->response = (struct netif_rx_response){
        .id = slot->id, .offset = slot->page_offset + offset, .flags = flags, .status = status
    };
}

/* ---- requests ---- */

static void post(struct netback *nb, struct net_rx_slot *slot, const struct netif_rx_request *req)
{
    struct grant_frame frame;
    struct virtio_sg sg;

    *slot = (struct net_rx_slot){ .ref = req->gref, .id = req->id };
    if (grant_begin(nb->domain, slot->ref, true, &frame)) {
        set_done(slot, 0, 0, NETIF_RSP_ERROR);
        return;
    }
    slot->mfn = frame.mfn;
    slot->page_offset = frame.offset;
    sg = (struct virtio_sg){ .addr = (frame.mfn << PAGE_SHIFT) + frame.offset, .len = frame.length };
    if (frame.length < sizeof(struct virtio_net_header) ||
        virtq_add(nb->rx.vq, NULL, 0, &sg, 1, slot)) {
        grant_end(nb->domain, slot->ref, true);
        set_done(slot, 0, 0, NETIF_RSP_ERROR);
        return;
    }
    slot->state = NET_RX_POSTED;
}

/* Hands new pages to the device while it takes more. False: garbage. */
static bool refill(struct netback *nb, bool *ret_waits)
{
    struct netif_rx_request req;
    uint32_t nr;

    *ret_waits = false;
    if (backring_unconsumed(&nb->rx.ring, &nr))
        return false;
    for (; nr > 0; nr--) {
        struct net_rx_slot *slot = slot_at(nb, nb->rx.ring.req_cons);

        /* Its last answer has not been given yet: the ring is full of what the device has. */
        if (slot->state != NET_RX_FREE || virtq_free_slots(nb->rx.vq) == 0) {
            *ret_waits = true;
            return true;
        }
        backring_get(&nb->rx.ring, nb->rx.ring.req_cons, &req, sizeof(req));
        nb->rx.ring.req_cons++;
        post(nb, slot, &req);
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

static struct net_rx_slot *next_slot(struct netback *nb, const struct net_rx_slot *slot)
{
    return slot_at(nb, (uint32_t)(slot - nb->rx.slots) + 1);
}

/* Takes the next page back from the device. */
static struct net_rx_slot *pop(struct netback *nb, uint32_t *ret_len)
{
    struct net_rx_slot *slot = virtq_pop(nb->rx.vq, ret_len);

    if (!slot)
        return NULL;
    grant_end(nb->domain, slot->ref, true);
    *ret_len = MIN(*ret_len, (uint32_t)(PAGE_SIZE - slot->page_offset));
    return slot;
}

/* The pages after the first of a packet of several. False: they are not all there, or not those behind it. */
static bool take_rest(struct netback *nb, struct net_rx_slot *first, unsigned int nr)
{
    struct net_rx_slot *last = first;
    bool good = true;

    for (unsigned int i = 0; i < nr; i++) {
        uint32_t len;
        struct net_rx_slot *slot = pop(nb, &len);

        if (!slot)
            return false;
        good &= slot == next_slot(nb, last);
        if (good)
            set_done(slot, 0, i + 1 < nr ? NETRXF_more_data : 0, (int16_t)len);
        else
            set_done(slot, 0, 0, NETIF_RSP_ERROR);
        last = slot;
    }
    return good;
}

/* Takes back what take_rest() and its caller answered for the good start of a packet. */
static void drop_packet(struct netback *nb, struct net_rx_slot *first, unsigned int nr)
{
    for (struct net_rx_slot *slot = first; nr > 0; nr--, slot = next_slot(nb, slot))
        if (slot->state == NET_RX_DONE)
            slot->response = (struct netif_rx_response){ .id = slot->id, .status = NETIF_RSP_ERROR };
}

/* One packet from the device. False: nothing there. */
static bool receive(struct netback *nb)
{
    struct virtio_net_header h;
    struct net_rx_slot *slot;
    unsigned int nr = 1;
    uint32_t len;

    slot = pop(nb, &len);
    if (!slot)
        return false;
    if (len <= sizeof(h)) {
        set_done(slot, 0, 0, NETIF_RSP_ERROR);
        return true;
    }
    /* The guest can write there too: it is read once, and what it says is not trusted. */
    memcpy(&h, (uint8_t *)mfn_to_virt(slot->mfn) + slot->page_offset, sizeof(h));
    barrier();
    if ((nb->features & VIRTIO_NET_F_MRG_RXBUF) && h.num_buffers > 1)
        nr = MIN(h.num_buffers, NET_RING_ENTRIES);
    set_done(slot, sizeof(h), net_rx_flags(&h) | (nr > 1 ? NETRXF_more_data : 0),
             (int16_t)(len - sizeof(h)));
    if (nr > 1 && !take_rest(nb, slot, nr - 1))
        drop_packet(nb, slot, nr);
    return true;
}

/* Answers in the order of the ring, as far as all is done. */
static void respond(struct netback *nb)
{
    struct backring *ring = &nb->rx.ring;

    while (ring->rsp_prod != ring->req_cons) {
        struct net_rx_slot *slot = slot_at(nb, ring->rsp_prod);

        if (slot->state != NET_RX_DONE)
            break;
        backring_put(ring, ring->rsp_prod++, &slot->response, sizeof(slot->response));
        slot->state = NET_RX_FREE;
    }
}

bool net_rx_run(struct netback *nb)
{
    bool waits;

    do {
        while (receive(nb))
            ;
        if (!refill(nb, &waits)) {
            backend_fail(nb->dev, "the front end's receive ring holds garbage");
            return false;
        }
        respond(nb);
        virtq_kick(nb->rx.vq);
    } while (!waits && backring_final_check(&nb->rx.ring, 1));
    if (nb->rx.ring.rsp_prod != nb->rx.ring.rsp_shown && backring_push(&nb->rx.ring))
        evtchn_notify_guest(nb->domain, nb->rx_port);
    return true;
}

void net_rx_init(struct netback *nb)
{
    for (unsigned int i = 0; i < NET_RING_ENTRIES; i++)
        nb->rx.slots[i].state = NET_RX_FREE;
}

void net_rx_stop(struct netback *nb)
{
    for (unsigned int i = 0; i < NET_RING_ENTRIES; i++) {
        if (nb->rx.slots[i].state == NET_RX_POSTED)
            grant_end(nb->domain, nb->rx.slots[i].ref, true);
        nb->rx.slots[i].state = NET_RX_FREE;
    }
}
