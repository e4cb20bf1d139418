/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of the network back end: netback.c is the xenbus side, netback-tx.c what the guest sends.
 * What it receives goes one of two ways: netback-rx.c has the device write into the guest's pages;
 * netback-lro.c is for front ends that take large TCP packets, where that cannot be. netback-ctrl.c
 * is what the device is told beside packets.
 */
#pragma once

#include "backend.h"
#include "backring.h"
#include "irq.h"
#include "lock.h"
#include "net-packet.h"
#include "virtio/virtio-net.h"
#include "virtio.h"
#include <xen/xen.h>
#include <xen/io/netif.h>

struct domain;

#define NET_RING_ENTRIES 256U                   /* what fits into one page, both rings */
#define NET_MAX_FRAGS    XEN_NETIF_NR_SLOTS_MIN /* of a packet the guest sends */
#define NET_TX_PACKETS   96U                    /* with the device at a time; struct net_queue fits
                                                   32 KiB */
#define NET_MAX_QUEUES   4U                     /* each costs some 300 KiB */

/* A ring entry of a packet that is with the device. */
struct net_tx_slot {
    uint32_t ref;
    uint16_t id;
    struct net_tx_slot *next;
};

/* header and head go to the device as one piece. */
struct net_tx_packet {
    struct virtio_net_header header;
    uint8_t head[NET_HEAD_MAX]; /* the packet's start, when hv had to fill in the checksum */
    struct net_tx_slot *slots; /* NULL: the packet is free */
    unsigned int nr_extras; /* ring entries that were no fragments */
    struct net_tx_packet *next;
};

struct net_tx {
    struct backring ring;
    struct virtq *vq;
    struct net_tx_slot slots[NET_RING_ENTRIES], *free_slots;
    struct net_tx_packet packets[NET_TX_PACKETS], *free_packets;
};

enum net_rx_state { NET_RX_FREE, NET_RX_POSTED, NET_RX_DONE };

/* One for each ring entry: netfront finds its pages by the position of the response (netif.h). */
struct net_rx_slot {
    uint32_t ref;
    mfn_t mfn;
    uint16_t id;
    uint16_t page_offset;
    enum net_rx_state state;
    struct netif_rx_response response; /* once DONE */
};

struct net_rx {
    struct backring ring;
    struct virtq *vq;
    struct net_rx_slot slots[NET_RING_ENTRIES];
};

/* Of packets that may be large: what came from the device and has not gone to the guest. */
#define NET_LRO_BUFS      64U /* pages the device fills: some packets of the largest size */
#define NET_LRO_MAX_PAGES 17U /* of a packet: 64 KiB and its headers */

struct net_lro {
    uint8_t *bufs[NET_LRO_BUFS];
    uint8_t *packet[NET_LRO_MAX_PAGES]; /* those that hold the packet at hand */
    uint32_t len[NET_LRO_MAX_PAGES];    /* bytes in each, the virtio header in the first included */
    unsigned int nr;                    /* 0: no packet at hand */
};

struct netback;

/* A pair of rings on a pair of the device's queues. Served by its own softirq, beside all else:
 * what is in here only that touches while the front end is connected. */
struct net_queue {
    struct netback *nb;
    uint32_t tx_port, rx_port; /* the same one unless the front end split them */
    bool bound;
    struct softirq work;
    struct ring_counters counted; /* but for what the device's queues count */
    struct net_tx tx;
    struct net_rx rx;
    struct net_lro *lro; /* NULL: the device writes into the guest's pages */
};

#define NET_MAX_MCAST 64U /* as Linux's back end; QEMU's device takes as many */
#define NET_MAC_LEN   6U

/* What the device is told beside the packets (netback-ctrl.c), one command after the other. */
struct net_ctrl {
    struct virtq *vq;
    uint8_t owed; /* commands that wait to be sent */
    bool busy;

    /* The command that is with the device, and its answer. */
    struct virtio_net_ctrl_header header;
    uint8_t data[2 * sizeof(uint32_t) + NET_MAX_MCAST * NET_MAC_LEN];
    uint8_t ack;
};

/* The multicast addresses the front end wants to hear, if it wants to choose (netif.h,
 * request-multicast-control). */
struct net_mcast {
    struct spinlock lock; /* of the list: queues change it */
    unsigned int nr;
    uint8_t list[NET_MAX_MCAST][NET_MAC_LEN];
    bool chosen;         /* under the big lock */
    struct softirq work; /* tells the device */
};

struct netback {
    struct backend_dev *dev;
    struct domain *domain;
    struct virtio_dev *vd;
    unsigned int max_queues, device_pairs;
    bool can_filter; /* the device can leave multicasts out */

    /* While connected. */
    bool connected;
    uint64_t features; /* agreed with the device */
    unsigned int nr_queues;
    struct net_queue *queue[NET_MAX_QUEUES];
    struct net_ctrl ctrl;
    struct net_mcast mcast;

    const char *trouble; /* why a queue stopped; trouble_work sees to it under the big lock */
    struct softirq trouble_work;
};

/* Tells the front end to look at one of its rings. */
void net_notify(struct net_queue *q, uint32_t port);
/* The queue's device or front end is of no more use: nothing runs any more, and the back end
 * closes. */
void net_give_up(struct net_queue *q, const char *why);

/* What a packet from the device says of its checksum, in NETRXF_*. */
uint16_t net_rx_flags(const struct virtio_net_header *h);

/* The _run()s do one direction's work; false: the device was failed. */
void net_tx_init(struct net_queue *q);
bool net_tx_run(struct net_queue *q);
/* Gives every grant back; the device must have been reset. */
void net_tx_stop(struct net_queue *q);

void net_rx_init(struct net_queue *q);
bool net_rx_run(struct net_queue *q);
void net_rx_stop(struct net_queue *q);

int net_lro_init(struct net_queue *q); /* -XEN_ENOMEM */
bool net_lro_run(struct net_queue *q);
void net_lro_stop(struct net_queue *q);

/* netback-ctrl.c, under the big lock but for the last. */
/* All of these it takes to leave out multicasts and nothing else. */
#define NET_FILTER_FEATURES                                                                        \
    (VIRTIO_NET_F_CTRL_VQ | VIRTIO_NET_F_CTRL_RX | VIRTIO_NET_F_CTRL_RX_EXTRA)
/* The features to agree on for it, of those that the device offers. */
uint64_t net_ctrl_features(const struct netback *nb);
/* Sets up the control queue, if there is one; before the device is started. False: no memory. */
bool net_ctrl_init(struct netback *nb);
/* Tells the device, once it is started, how many pairs are in use and what to receive. */
void net_ctrl_start(struct netback *nb);
/* The front end made up its mind whether it wants to choose its multicasts. */
void net_mcast_choose(struct netback *nb, bool chosen);
/* The softirq's: the list has changed. */
void net_mcast_changed(void *opaque);
/* An entry of the front end's list, more or less. NETIF_RSP_*. From a queue. */
int16_t net_mcast_set(struct netback *nb, const uint8_t mac[NET_MAC_LEN], bool wanted);
