/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network device's layout (virtio 1.2 5.1). */
#pragma once

#include "virtio.h"

/* 5.1.3 */
#define VIRTIO_NET_F_CSUM       VIRTIO_BIT(0) /* the device completes checksums of what is sent */
#define VIRTIO_NET_F_GUEST_CSUM VIRTIO_BIT(1) /* the driver takes packets with blank checksums */
#define VIRTIO_NET_F_GUEST_TSO4 VIRTIO_BIT(7) /* the driver takes TCP packets that were never
                                                 segmented */
#define VIRTIO_NET_F_GUEST_TSO6 VIRTIO_BIT(8)
#define VIRTIO_NET_F_HOST_TSO4  VIRTIO_BIT(11) /* the device segments what is sent */
#define VIRTIO_NET_F_HOST_TSO6  VIRTIO_BIT(12)
#define VIRTIO_NET_F_MRG_RXBUF  VIRTIO_BIT(15)
#define VIRTIO_NET_F_STATUS     VIRTIO_BIT(16)
#define VIRTIO_NET_F_CTRL_VQ    VIRTIO_BIT(17)
#define VIRTIO_NET_F_CTRL_RX    VIRTIO_BIT(18) /* what the device receives can be chosen */
#define VIRTIO_NET_F_CTRL_RX_EXTRA VIRTIO_BIT(20)
#define VIRTIO_NET_F_MQ         VIRTIO_BIT(22)

/* 5.1.4 */
#define VIRTIO_NET_CFG_STATUS 6 /* 16 bit */
#define VIRTIO_NET_S_LINK_UP  1
#define VIRTIO_NET_CFG_MAX_PAIRS 8 /* 16 bit, with VIRTIO_NET_F_MQ */

/* 5.1.2: of pair n; the control queue comes after all that the device has, or has agreed to have */
#define VIRTIO_NET_QUEUE_RX(n)         (2 * (n))
#define VIRTIO_NET_QUEUE_TX(n)         (2 * (n) + 1)
#define VIRTIO_NET_QUEUE_CTRL(pairs)   (2 * (pairs))

/* 5.1.6: in front of every packet, both ways. */
struct virtio_net_header {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t hdr_len;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;
};
_Static_assert(sizeof(struct virtio_net_header) == 12, "5.1.6");

#define VIRTIO_NET_HDR_F_NEEDS_CSUM 1
#define VIRTIO_NET_HDR_F_DATA_VALID 2
#define VIRTIO_NET_HDR_GSO_NONE     0
#define VIRTIO_NET_HDR_GSO_TCPV4    1
#define VIRTIO_NET_HDR_GSO_TCPV6    4
#define VIRTIO_NET_HDR_GSO_ECN      0x80

/* 5.1.6.5: a command, what it is about, and the device's answer. */
struct virtio_net_ctrl_header {
    uint8_t class;
    uint8_t command;
};
#define VIRTIO_NET_OK 0

#define VIRTIO_NET_CTRL_RX          0 /* one byte, on or off */
#define VIRTIO_NET_CTRL_RX_PROMISC  0
#define VIRTIO_NET_CTRL_RX_ALLMULTI 1
#define VIRTIO_NET_CTRL_RX_ALLUNI   2

#define VIRTIO_NET_CTRL_MAC           1 /* two tables of addresses, each behind its length: unicast,
                                           multicast */
#define VIRTIO_NET_CTRL_MAC_TABLE_SET 0

#define VIRTIO_NET_CTRL_MQ              4 /* 16 bit: pairs in use */
#define VIRTIO_NET_CTRL_MQ_VQ_PAIRS_SET 0
