/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "learn-packet.h"

#include <arpa/inet.h>
#include <string.h>

#define MAC_LEN       6
#define ETHERNET_LEN  14
#define ETHERTYPE_IP  0x0800
#define ETHERTYPE_ARP 0x0806

#define ARP_LEN 28 /* of Ethernet and IPv4: RFC 826 */

#define IP_MIN_LEN     20 /* RFC 791 */
#define IP_FRAGMENT    0x1fff
#define IP_PROTO_UDP   17
#define UDP_LEN        8
#define PORT_BOOTPS    67
#define PORT_BOOTPC    68

/* RFC 2131, figure 1 */
#define DHCP_OP         0
#define DHCP_CIADDR     12
#define DHCP_YIADDR     16
#define DHCP_CHADDR     28
#define DHCP_COOKIE     236
#define DHCP_OPTIONS    240
#define DHCP_OP_REQUEST 1
#define DHCP_OP_REPLY   2

/* RFC 2132 */
#define OPTION_PAD          0
#define OPTION_LEASE        51
#define OPTION_MESSAGE_TYPE 53
#define OPTION_END          255
#define DHCP_ACK            5
#define DHCP_RELEASE        7

typedef struct {
    const guint8 *at;
    gsize length;
} Bytes;

static guint16 get16(const guint8 *p)
{
    return (guint16)(p[0] << 8 | p[1]);
}

static guint32 get32(const guint8 *p)
{
    return (guint32)get16(p) << 16 | get16(p + 2);
}

/* What follows the first n bytes; FALSE: there are fewer. */
static gboolean skip(Bytes *bytes, gsize n)
{
    if (bytes->length < n)
        return FALSE;
    bytes->at += n;
    bytes->length -= n;
    return TRUE;
}

/* A host's: not "this host", nor a multicast or broadcast address. */
static gboolean is_usable(guint32 ip)
{
    return ip >> 24 != 0 && ip >> 28 < 0xe;
}

static NwfilterSighting sighting(NwfilterSeen seen, const guint8 *address, guint32 lease_s)
{
    NwfilterSighting s = { .lease_s = lease_s };

    if (is_usable(get32(address)) && inet_ntop(AF_INET, address, s.ip, sizeof s.ip) != NULL)
        s.seen = seen;
    return s;
}

static NwfilterSighting nothing(void)
{
    return (NwfilterSighting){ .seen = NWFILTER_SEEN_NOTHING };
}

/* ---- ARP ---- */

static NwfilterSighting look_at_arp(Bytes arp, const guint8 *mac)
{
    static const guint8 head[] = { 0, 1, 8, 0, MAC_LEN, 4 }; /* Ethernet, IPv4 */

    if (arp.length < ARP_LEN || memcmp(arp.at, head, sizeof head) != 0 ||
        memcmp(arp.at + 8, mac, MAC_LEN) != 0)
        return nothing();
    return sighting(NWFILTER_SEEN_USED, arp.at + 14, G_MAXUINT32);
}

/* ---- DHCP ---- */

/* The value of an option of at least that length; NULL: it has none. */
static const guint8 *find_option(Bytes dhcp, guint8 wanted, guint8 min_length)
{
    Bytes rest = dhcp;

    if (!skip(&rest, DHCP_OPTIONS))
        return NULL;
    while (rest.length >= 2 && rest.at[0] != OPTION_END) {
        if (rest.at[0] == OPTION_PAD) {
            skip(&rest, 1);
            continue;
        }
        const guint8 *option = rest.at;
        if (!skip(&rest, 2u + option[1]))
            return NULL;
        if (option[0] == wanted)
            return option[1] >= min_length ? option + 2 : NULL;
    }
    return NULL;
}

static gboolean is_dhcp(Bytes dhcp, guint8 op, guint8 type, const guint8 *mac)
{
    static const guint8 cookie[] = { 99, 130, 83, 99 };
    const guint8 *message = find_option(dhcp, OPTION_MESSAGE_TYPE, 1);

    return message != NULL && *message == type && dhcp.at[DHCP_OP] == op &&
           memcmp(dhcp.at + DHCP_CHADDR, mac, MAC_LEN) == 0 &&
           memcmp(dhcp.at + DHCP_COOKIE, cookie, sizeof cookie) == 0;
}

static NwfilterSighting look_at_dhcp(Bytes dhcp, const guint8 *mac, gboolean to_guest)
{
    if (to_guest && is_dhcp(dhcp, DHCP_OP_REPLY, DHCP_ACK, mac)) {
        const guint8 *lease = find_option(dhcp, OPTION_LEASE, 4);
        /* Without one it is the answer to an INFORM, which leases nothing: RFC 2131, 4.3.5. */
        return lease != NULL ? sighting(NWFILTER_SEEN_LEASED, dhcp.at + DHCP_YIADDR, get32(lease))
                             : nothing();
    }
    if (!to_guest && is_dhcp(dhcp, DHCP_OP_REQUEST, DHCP_RELEASE, mac))
        return sighting(NWFILTER_SEEN_RELEASED, dhcp.at + DHCP_CIADDR, 0);
    return nothing();
}

/* ---- IPv4 ---- */

/* The payload of a whole UDP packet from one port to another. */
static gboolean get_udp(Bytes ip, guint from, guint to, Bytes *ret_payload)
{
    gsize header = (ip.at[0] & 15u) * 4u;
    gsize total = get16(ip.at + 2);

    if (header < IP_MIN_LEN || total < header || total > ip.length || ip.at[9] != IP_PROTO_UDP ||
        (get16(ip.at + 6) & IP_FRAGMENT) != 0)
        return FALSE;
    Bytes udp = { ip.at, total };
    if (!skip(&udp, header) || udp.length < UDP_LEN || get16(udp.at) != from ||
        get16(udp.at + 2) != to || !skip(&udp, UDP_LEN))
        return FALSE;
    *ret_payload = udp;
    return TRUE;
}

static NwfilterSighting look_at_ip(Bytes ip, const guint8 *mac, gboolean to_guest,
                                   NwfilterLearning learning)
{
    Bytes dhcp;

    if (ip.length < IP_MIN_LEN || ip.at[0] >> 4 != 4)
        return nothing();
    if (get_udp(ip, to_guest ? PORT_BOOTPS : PORT_BOOTPC, to_guest ? PORT_BOOTPC : PORT_BOOTPS,
                &dhcp)) {
        NwfilterSighting found = look_at_dhcp(dhcp, mac, to_guest);
        if (found.seen != NWFILTER_SEEN_NOTHING)
            return found;
    }
    return to_guest || learning != NWFILTER_LEARN_ANY
               ? nothing()
               : sighting(NWFILTER_SEEN_USED, ip.at + 12, G_MAXUINT32);
}

NwfilterSighting nwfilter_packet_look(const guint8 *frame, gsize length, const guint8 *mac,
                                      gboolean to_guest, NwfilterLearning learning)
{
    Bytes bytes = { frame, length };

    if (!skip(&bytes, ETHERNET_LEN) || (!to_guest && memcmp(frame + MAC_LEN, mac, MAC_LEN) != 0))
        return nothing();
    switch (get16(frame + 2 * MAC_LEN)) {
    case ETHERTYPE_IP:
        return look_at_ip(bytes, mac, to_guest, learning);
    case ETHERTYPE_ARP:
        return !to_guest && learning == NWFILTER_LEARN_ANY ? look_at_arp(bytes, mac) : nothing();
    default:
        return nothing();
    }
}
