/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of the network back end: netback.c is the xenbus side, netback-tx.c what the guest sends. What it receives goes
 * one of two ways: netback-rx.c has the device write into the guest's pages; netback-lro.c is for front ends that take
 * large TCP packets, where that cannot be.
 */
#pragma once

#include "backring.h"
#include "irq.h"
#include "net-packet.h"
#include "virtio/virtio-net.h"
#include "virtio.h"
#include <xen/xen.h>
#include <xen/io/netif.h>

struct backend_dev;
struct domain;

#define NET_RING_ENTRIES 256U                   /* what fits into one page, both rings */
#define NET_MAX_FRAGS    XEN_NETIF_NR_SLOTS_MIN /* of a packet the guest sends */
#define NET_TX_PACKETS   96U                    /* with the device at a time; struct netback fits 32 KiB */

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

struct netback {
    struct backend_dev *dev;
    struct domain *domain;
    struct virtio_dev *vd;

    /* While connected. */
    bool connected;
    uint64_t features; /* agreed with the device */
    uint32_t tx_port, rx_port; /* the same one unless the front end split them */
    struct softirq work;
    struct net_tx tx;
    struct net_rx rx;
    struct net_lro *lro; /* NULL: the device writes into the guest's pages */
};

/* What a packet from the device says of its checksum, in NETRXF_*. */
uint16_t net_rx_flags(const struct virtio_net_header *h);

/* The _run()s do one direction's work; false: the device was failed. */
void net_tx_init(struct netback *nb);
bool net_tx_run(struct netback *nb);
/* Gives every grant back; the device must have been reset. */
void net_tx_stop(struct netback *nb);

void net_rx_init(struct netback *nb);
bool net_rx_run(struct netback *nb);
void net_rx_stop(struct netback *nb);

int net_lro_init(struct netback *nb); /* -XEN_ENOMEM */
bool net_lro_run(struct netback *nb);
void net_lro_stop(struct netback *nb);
