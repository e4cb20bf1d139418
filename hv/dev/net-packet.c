/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Packet headers and checksums, see net-packet.h. */
#include "net-packet.h"

#include "string.h"

#define ETH_HLEN        14
#define ETH_TYPE_OFFSET 12
#define ETH_VLAN        0x8100
#define ETH_QINQ        0x88a8
#define ETH_IPV4        0x0800
#define ETH_IPV6        0x86dd
#define VLAN_HLEN       4
#define MAX_VLANS       2

#define IP4_MIN_HLEN 20
#define IP6_HLEN     40
#define TCP_HLEN     20
#define UDP_HLEN     8

/* IANA protocol numbers */
#define PROTO_HOP_BY_HOP   0
#define PROTO_TCP          6
#define PROTO_UDP          17
#define PROTO_ROUTING      43
#define PROTO_FRAGMENT     44
#define PROTO_AUTH         51
#define PROTO_DESTINATION  60

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* RFC 791: not a later fragment, and a header that is all there. Returns the protocol or -1. */
static int parse_ip4(const uint8_t *head, size_t len, size_t *at)
{
    size_t start = *at, hlen;

    if (len < start + IP4_MIN_HLEN || head[start] >> 4 != 4)
        return -1;
    hlen = (head[start] & 15) * 4U;
    if (hlen < IP4_MIN_HLEN || len < start + hlen || (be16(head + start + 6) & 0x3fff) != 0)
        return -1;
    *at = start + hlen;
    return head[start + 9];
}

/* RFC 8200 4: follows the extension headers. */
static int parse_ip6(const uint8_t *head, size_t len, size_t *at)
{
    size_t pos = *at;
    int next;

    if (len < pos + IP6_HLEN || head[pos] >> 4 != 6)
        return -1;
    next = head[pos + 6];
    pos += IP6_HLEN;
    while (next == PROTO_HOP_BY_HOP || next == PROTO_ROUTING || next == PROTO_DESTINATION ||
           next == PROTO_AUTH) {
        if (len < pos + 2)
            return -1;
        /* RFC 4302 2.2 counts in words of 4 bytes, less 2; the others in words of 8, less 1. */
        size_t ext = next == PROTO_AUTH ? (head[pos + 1] + 2U) * 4 : (head[pos + 1] + 1U) * 8;

        next = head[pos];
        pos += ext;
    }
    *at = pos;
    return next; /* a fragment header ends here too, as no TCP or UDP */
}

static bool find_transport(const uint8_t *head, size_t len, int proto, size_t start,
                           struct net_csum *ret)
{
    size_t hlen;

    if (proto == PROTO_UDP) {
        if (len < start + UDP_HLEN)
            return false;
        *ret = (struct net_csum){ .start = start, .offset = 6, .is_udp = true };
        hlen = UDP_HLEN;
    } else if (proto == PROTO_TCP) {
        if (len < start + TCP_HLEN)
            return false;
        *ret = (struct net_csum){ .start = start, .offset = 16 };
        hlen = (head[start + 12] >> 4) * 4U;
        if (hlen < TCP_HLEN)
            return false;
    } else {
        return false;
    }
    ret->header_len = start + hlen;
    return true;
}

bool net_find_csum(const uint8_t *head, size_t len, struct net_csum *ret)
{
    size_t at = ETH_HLEN;
    uint16_t type;
    int proto = -1;

    if (len < ETH_HLEN)
        return false;
    type = be16(head + ETH_TYPE_OFFSET);
    for (unsigned int i = 0; i < MAX_VLANS && (type == ETH_VLAN || type == ETH_QINQ); i++) {
        if (len < at + VLAN_HLEN)
            return false;
        type = be16(head + at + 2);
        at += VLAN_HLEN;
    }
    if (type == ETH_IPV4)
        proto = parse_ip4(head, len, &at);
    else if (type == ETH_IPV6)
        proto = parse_ip6(head, len, &at);
    return proto >= 0 && find_transport(head, len, proto, at, ret);
}

static uint64_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

/* In the machine's byte order: the sum of byte-swapped words is the byte-swapped sum (RFC 1071
 * 2(B)). */
void net_sum_add(struct net_sum *s, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint64_t sum = 0;
    size_t n = len;

    /* Words of 32 bits cannot carry out of 64 within a packet. */
    for (; n >= 4; n -= 4, p += 4) {
        uint32_t word;

        memcpy(&word, p, sizeof(word));
        sum += word;
    }
    for (; n >= 2; n -= 2, p += 2)
        sum += (uint32_t)p[0] | (uint32_t)p[1] << 8;
    if (n)
        sum += *p;
    sum = fold(sum);
    if (s->odd)
        sum = (sum >> 8 | sum << 8) & 0xffff;
    s->sum += sum;
    s->odd ^= len & 1;
}

uint16_t net_sum_finish(const struct net_sum *s, bool is_udp)
{
    uint16_t csum = (uint16_t)~fold(s->sum);

    return is_udp && csum == 0 ? 0xffff : csum; /* RFC 768: zero means none */
}
