/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network device's control queue (virtio 1.2 5.1.6.5): how many pairs of queues are in use, and
 * which multicasts to receive. Nothing waits for it: until the device has done as told, packets
 * come by the first pair, or more of them than were asked for.
 */
#include "netback.h"

#include "alloc.h"
#include "printk.h"
#include "string.h"

#define CTRL_ENTRIES    4U /* header, data, ack */

/* Commands, in the order they are sent in. Those that let more in come before those that let less
 * in. */
enum { OWE_PAIRS, OWE_ALLUNI, OWE_TABLE, OWE_ALLMULTI, OWE_PROMISC, NR_OWE };

/* Each fills data and returns its length. */
static uint32_t put_pairs(struct netback *nb, uint8_t *data)
{
    uint16_t pairs = (uint16_t)nb->nr_queues;

    memcpy(data, &pairs, sizeof(pairs));
    return sizeof(pairs);
}

static uint32_t put_on(struct netback *nb, uint8_t *data)
{
    data[0] = 1;
    return 1;
}

static uint32_t put_unless_chosen(struct netback *nb, uint8_t *data)
{
    data[0] = !nb->mcast.chosen;
    return 1;
}

static uint32_t put_table(struct netback *nb, uint8_t *data)
{
    struct net_mcast *mcast = &nb->mcast;
    uint32_t counts[2] = { 0 };

    LOCK_SCOPE(&mcast->lock);
    counts[1] = mcast->nr;
    memcpy(data, counts, sizeof(counts));
    memcpy(data + sizeof(counts), mcast->list, mcast->nr * NET_MAC_LEN);
    return (uint32_t)sizeof(counts) + mcast->nr * NET_MAC_LEN;
}

static const struct {
    uint8_t class, command;
    uint32_t (*put)(struct netback *nb, uint8_t *data);
} commands[NR_OWE] = {
    [OWE_PAIRS] = { VIRTIO_NET_CTRL_MQ, VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET, put_pairs },
    [OWE_ALLUNI] = { VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLUNI, put_on },
    [OWE_TABLE] = { VIRTIO_NET_CTRL_MAC, VIRTIO_NET_CTRL_MAC_TABLE_SET, put_table },
    [OWE_ALLMULTI] = { VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_ALLMULTI, put_unless_chosen },
    [OWE_PROMISC] = { VIRTIO_NET_CTRL_RX, VIRTIO_NET_CTRL_RX_PROMISC, put_unless_chosen },
};

static struct virtio_sg sg_of(const void *p, uint32_t len)
{
    return (struct virtio_sg){ .addr = virt_to_paddr(p), .len = len };
}

static void send_next(struct netback *nb)
{
    struct net_ctrl *c = &nb->ctrl;
    struct virtio_sg sg[3];
    unsigned int i;

    if (!c->vq || c->busy || c->owed == 0)
        return;
    i = (unsigned int)__builtin_ctz(c->owed);
    c->owed &= ~(1U << i);
    c->header = (struct virtio_net_ctrl_header){ commands[i].class, commands[i].command };
    c->ack = VIRTIO_NET_OK;
    sg[0] = sg_of(&c->header, sizeof(c->header));
    sg[1] = sg_of(c->data, commands[i].put(nb, c->data));
    sg[2] = sg_of(&c->ack, sizeof(c->ack));
    c->busy = virtq_add(c->vq, sg, 2, &sg[2], 1, c) == 0;
    virtq_kick(c->vq);
}

static void used(void *opaque)
{
    struct netback *nb = opaque;
    struct net_ctrl *c = &nb->ctrl;
    uint32_t len;

    if (!virtq_pop(c->vq, &len))
        return;
    c->busy = false;
    if (c->ack != VIRTIO_NET_OK)
        printk(LOG_WARNING, "netback: the device refuses command %u.%u: ignoring", c->header.class,
               c->header.command);
    send_next(nb);
}

uint64_t net_ctrl_features(const struct netback *nb)
{
    uint64_t wanted = 0;

    if (nb->nr_queues > 1)
        wanted |= VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_MQ;
    if (nb->can_filter)
        wanted |= NET_FILTER_FEATURES;
    return wanted;
}

bool net_ctrl_init(struct netback *nb)
{
    unsigned int pairs = nb->features & VIRTIO_NET_F_MQ ? nb->device_pairs : 1;

    nb->ctrl = (struct net_ctrl){ 0 };
    if (nb->features & VIRTIO_NET_F_CTRL_VQ)
        nb->ctrl.vq = virtio_queue(nb->vd, VIRTIO_NET_QUEUE_CTRL(pairs), CTRL_ENTRIES, used, nb);
    return nb->ctrl.vq || !(nb->features & VIRTIO_NET_F_CTRL_VQ);
}

void net_ctrl_start(struct netback *nb)
{
    if (nb->features & VIRTIO_NET_F_MQ)
        nb->ctrl.owed |= 1U << OWE_PAIRS;
    send_next(nb);
}

/* ---- multicasts ---- */

static void filter_later(struct netback *nb, unsigned int owed)
{
    nb->ctrl.owed |= owed;
    send_next(nb);
}

/* While it is not chosen everything is received, which is how the device starts. */
void net_mcast_choose(struct netback *nb, bool chosen)
{
    chosen = chosen && nb->can_filter;
    if (nb->mcast.chosen == chosen)
        return;
    nb->mcast.chosen = chosen;
    filter_later(nb, 1U << OWE_ALLUNI | 1U << OWE_TABLE | 1U << OWE_ALLMULTI | 1U << OWE_PROMISC);
}

void net_mcast_changed(void *opaque)
{
    struct netback *nb = opaque;

    if (nb->mcast.chosen)
        filter_later(nb, 1U << OWE_TABLE);
}

static unsigned int find(const struct net_mcast *mcast, const uint8_t mac[NET_MAC_LEN])
{
    unsigned int i = 0;

    while (i < mcast->nr && memcmp(mcast->list[i], mac, NET_MAC_LEN) != 0)
        i++;
    return i;
}

int16_t net_mcast_set(struct netback *nb, const uint8_t mac[NET_MAC_LEN], bool wanted)
{
    struct net_mcast *mcast = &nb->mcast;
    unsigned int i;

    LOCK_SCOPE(&mcast->lock);
    i = find(mcast, mac);
    if (wanted == (i < mcast->nr))
        return NETIF_RSP_OKAY;
    if (wanted && mcast->nr == NET_MAX_MCAST)
        return NETIF_RSP_ERROR;
    if (wanted)
        memcpy(mcast->list[mcast->nr++], mac, NET_MAC_LEN);
    else
        memcpy(mcast->list[i], mcast->list[--mcast->nr], NET_MAC_LEN);
    softirq_raise(&mcast->work);
    return NETIF_RSP_OKAY;
}
