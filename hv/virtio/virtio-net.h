/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network device's layout (virtio 1.2 5.1). */
#pragma once

#include "virtio.h"

/* 5.1.3 */
#define VIRTIO_NET_F_CSUM       VIRTIO_BIT(0) /* the device completes checksums of what is sent */
#define VIRTIO_NET_F_GUEST_CSUM VIRTIO_BIT(1) /* the driver takes packets with blank checksums */
#define VIRTIO_NET_F_GUEST_TSO4 VIRTIO_BIT(7) /* the driver takes TCP packets that were never segmented */
#define VIRTIO_NET_F_GUEST_TSO6 VIRTIO_BIT(8)
#define VIRTIO_NET_F_HOST_TSO4  VIRTIO_BIT(11) /* the device segments what is sent */
#define VIRTIO_NET_F_HOST_TSO6  VIRTIO_BIT(12)
#define VIRTIO_NET_F_MRG_RXBUF  VIRTIO_BIT(15)
#define VIRTIO_NET_F_STATUS     VIRTIO_BIT(16)

/* 5.1.4 */
#define VIRTIO_NET_CFG_STATUS 6 /* 16 bit */
#define VIRTIO_NET_S_LINK_UP  1

/* 5.1.2, without VIRTIO_NET_F_MQ */
#define VIRTIO_NET_QUEUE_RX 0
#define VIRTIO_NET_QUEUE_TX 1

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
