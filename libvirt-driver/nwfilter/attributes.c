/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "attributes.h"

#include <string.h>

#define PLAIN(id, type, name)                                                                      \
    {                                                                                              \
        NWFILTER_##id, NWFILTER_TYPE_##type, name, NWFILTER_N_ATTRIBUTES                           \
    }
#define OF(id, type, name, main)                                                                   \
    {                                                                                              \
        NWFILTER_##id, NWFILTER_TYPE_##type, name, NWFILTER_##main                                 \
    }

/* clang-format off */
#define SOURCE_MAC \
    PLAIN(SRCMACADDR, MAC, "srcmacaddr"), \
    OF(SRCMACMASK, MAC_MASK, "srcmacmask", SRCMACADDR)
#define MACS \
    SOURCE_MAC, \
    PLAIN(DSTMACADDR, MAC, "dstmacaddr"), \
    OF(DSTMACMASK, MAC_MASK, "dstmacmask", DSTMACADDR)
#define ADDRESSES(version) \
    PLAIN(SRCIPADDR, IPV##version, "srcipaddr"), \
    OF(SRCIPMASK, IPV##version##_MASK, "srcipmask", SRCIPADDR), \
    PLAIN(DSTIPADDR, IPV##version, "dstipaddr"), \
    OF(DSTIPMASK, IPV##version##_MASK, "dstipmask", DSTIPADDR)
#define PORTS \
    PLAIN(SRCPORTSTART, U16, "srcportstart"), \
    OF(SRCPORTEND, U16, "srcportend", SRCPORTSTART), \
    PLAIN(DSTPORTSTART, U16, "dstportstart"), \
    OF(DSTPORTEND, U16, "dstportend", DSTPORTSTART)
#define RANGE(id, type, name) \
    PLAIN(id, type, name), OF(id##_HI, type, name "-hi", id)
#define COMMENT \
    PLAIN(COMMENT, COMMENT, "comment")
/* What all have that iptables decides about. */
#define INET(version) \
    PLAIN(SRCMACADDR, MAC, "srcmacaddr"), \
    ADDRESSES(version), \
    PLAIN(SRCIPFROM, IPV##version, "srcipfrom"), \
    OF(SRCIPTO, IPV##version, "srcipto", SRCIPFROM), \
    PLAIN(DSTIPFROM, IPV##version, "dstipfrom"), \
    OF(DSTIPTO, IPV##version, "dstipto", DSTIPFROM), \
    PLAIN(DSCP, DSCP, "dscp"), \
    PLAIN(CONNLIMIT_ABOVE, COUNT, "connlimit-above"), \
    PLAIN(STATE, STATE, "state"), \
    PLAIN(IPSET, IPSET, "ipset"), \
    OF(IPSETFLAGS, IPSET_FLAGS, "ipsetflags", IPSET)

/* Each table in the order in which attributes are shown. */

static const NwfilterAttribute mac_attributes[] = {
    MACS,
    PLAIN(PROTOCOLID, ETHERTYPE, "protocolid"),
    COMMENT,
};

static const NwfilterAttribute vlan_attributes[] = {
    MACS,
    PLAIN(VLANID, VLAN_ID, "vlanid"),
    PLAIN(VLAN_ENCAP, VLAN_ENCAP, "encap-protocol"),
    COMMENT,
};

static const NwfilterAttribute stp_attributes[] = {
    SOURCE_MAC,
    PLAIN(STP_TYPE, U8, "type"),
    PLAIN(STP_FLAGS, U8, "flags"),
    RANGE(ROOT_PRIORITY, U16, "root-priority"),
    PLAIN(ROOT_ADDRESS, MAC, "root-address"),
    OF(ROOT_ADDRESS_MASK, MAC_MASK, "root-address-mask", ROOT_ADDRESS),
    RANGE(ROOT_COST, U32, "root-cost"),
    RANGE(SENDER_PRIORITY, U16, "sender-priority"),
    PLAIN(SENDER_ADDRESS, MAC, "sender-address"),
    OF(SENDER_ADDRESS_MASK, MAC_MASK, "sender-address-mask", SENDER_ADDRESS),
    RANGE(STP_PORT, U16, "port"),
    RANGE(AGE, U16, "age"),
    RANGE(MAX_AGE, U16, "max-age"),
    RANGE(HELLO_TIME, U16, "hello-time"),
    RANGE(FORWARD_DELAY, U16, "forward-delay"),
    COMMENT,
};

static const NwfilterAttribute arp_attributes[] = {
    MACS,
    PLAIN(HWTYPE, U16, "hwtype"),
    PLAIN(PROTOCOLTYPE, U16, "protocoltype"),
    PLAIN(OPCODE, ARP_OPCODE, "opcode"),
    PLAIN(ARPSRCMACADDR, MAC, "arpsrcmacaddr"),
    PLAIN(ARPDSTMACADDR, MAC, "arpdstmacaddr"),
    PLAIN(ARPSRCIPADDR, IPV4, "arpsrcipaddr"),
    OF(ARPSRCIPMASK, IPV4_MASK, "arpsrcipmask", ARPSRCIPADDR),
    PLAIN(ARPDSTIPADDR, IPV4, "arpdstipaddr"),
    OF(ARPDSTIPMASK, IPV4_MASK, "arpdstipmask", ARPDSTIPADDR),
    PLAIN(GRATUITOUS, BOOLEAN, "gratuitous"),
    COMMENT,
};

static const NwfilterAttribute ip_attributes[] = {
    MACS,
    ADDRESSES(4),
    PLAIN(PROTOCOL, IP_PROTOCOL, "protocol"),
    PORTS,
    PLAIN(DSCP, DSCP, "dscp"),
    COMMENT,
};

static const NwfilterAttribute ipv6_attributes[] = {
    MACS,
    ADDRESSES(6),
    PLAIN(PROTOCOL, IP_PROTOCOL, "protocol"),
    PORTS,
    PLAIN(ICMP_TYPE, U8, "type"),
    OF(ICMP_TYPEEND, U8, "typeend", ICMP_TYPE),
    OF(ICMP_CODE, U8, "code", ICMP_TYPE),
    OF(ICMP_CODEEND, U8, "codeend", ICMP_TYPE),
    COMMENT,
};

#define INET_TABLES(version) \
    static const NwfilterAttribute plain##version[] = { INET(version), COMMENT }; \
    static const NwfilterAttribute ports##version[] = { INET(version), PORTS, COMMENT }; \
    static const NwfilterAttribute tcp##version[] = { \
        INET(version), \
        PORTS, \
        PLAIN(TCP_OPTION, U8, "option"), \
        PLAIN(TCP_FLAGS, TCP_FLAGS, "flags"), \
        COMMENT, \
    }; \
    static const NwfilterAttribute icmp##version[] = { \
        INET(version), \
        PLAIN(ICMP_TYPE, U8, "type"), \
        OF(ICMP_CODE, U8, "code", ICMP_TYPE), \
        COMMENT, \
    };
INET_TABLES(4)
INET_TABLES(6)

#define ETHERNET(name, kind, table) \
    { name, NWFILTER_PROTO_##kind, NWFILTER_LAYER_ETHERNET, NULL, table, G_N_ELEMENTS(table) }
#define IPV(version, name, iptables, table) \
    { name, NWFILTER_PROTO_INET, NWFILTER_LAYER_IPV##version, iptables, \
      table##version, G_N_ELEMENTS(table##version) }

const NwfilterProtocol nwfilter_protocols[] = {
    ETHERNET("arp", ARP, arp_attributes),
    ETHERNET("rarp", RARP, arp_attributes),
    ETHERNET("mac", MAC, mac_attributes),
    ETHERNET("vlan", VLAN, vlan_attributes),
    ETHERNET("stp", STP, stp_attributes),
    ETHERNET("ip", IP, ip_attributes),
    ETHERNET("ipv6", IPV6, ipv6_attributes),
    IPV(4, "tcp", "tcp", tcp),
    IPV(4, "udp", "udp", ports),
    IPV(4, "udplite", "udplite", plain),
    IPV(4, "esp", "esp", plain),
    IPV(4, "ah", "ah", plain),
    IPV(4, "sctp", "sctp", ports),
    IPV(4, "icmp", "icmp", icmp),
    IPV(4, "igmp", "igmp", plain),
    IPV(4, "all", "all", plain),
    IPV(6, "tcp-ipv6", "tcp", tcp),
    IPV(6, "udp-ipv6", "udp", ports),
    IPV(6, "udplite-ipv6", "udplite", plain),
    IPV(6, "esp-ipv6", "esp", plain),
    IPV(6, "ah-ipv6", "ah", plain),
    IPV(6, "sctp-ipv6", "sctp", ports),
    IPV(6, "icmpv6", "icmpv6", icmp),
    IPV(6, "all-ipv6", "all", plain),
};
/* clang-format on */
const guint nwfilter_n_protocols = G_N_ELEMENTS(nwfilter_protocols);

const NwfilterProtocol *nwfilter_protocol_find(const char *name)
{
    for (guint i = 0; i < nwfilter_n_protocols; i++)
        if (strcmp(nwfilter_protocols[i].name, name) == 0)
            return &nwfilter_protocols[i];
    return NULL;
}

const NwfilterAttribute *nwfilter_attribute_find(const NwfilterProtocol *protocol, const char *name)
{
    for (guint i = 0; i < protocol->n_attributes; i++)
        if (strcmp(protocol->attributes[i].name, name) == 0)
            return &protocol->attributes[i];
    return NULL;
}
