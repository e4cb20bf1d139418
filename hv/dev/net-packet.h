/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a packet keeps its TCP or UDP checksum. netif.h's csum_blank says only that it is blank;
 * virtio wants to be told where, and a device without checksum offload wants it filled in.
 */
#pragma once

#include "types.h"

#define NET_HEAD_MAX 128U /* all headers of a packet whose checksum hv handles fit into this */

struct net_csum {
    uint16_t start;      /* of the TCP or UDP header: what the sum covers begins here */
    uint16_t offset;     /* of the checksum, from start */
    uint16_t header_len; /* Ethernet to the end of the TCP or UDP header */
    bool is_udp;
};

/* head: the packet's first len bytes, all of it or NET_HEAD_MAX. False: no TCP or UDP over IP that
 * could be found. */
bool net_find_csum(const uint8_t *head, size_t len, struct net_csum *ret);

/* Ones' complement sum of data that comes in pieces (RFC 1071). */
struct net_sum {
    uint64_t sum;
    bool odd; /* an odd number of bytes so far */
};
void net_sum_add(struct net_sum *s, const void *data, size_t len);
/* The checksum as it is stored (in network byte order already). */
uint16_t net_sum_finish(const struct net_sum *s, bool is_udp);
