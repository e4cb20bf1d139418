/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The protocols that rules can match, and the attributes of each. */
#pragma once

#include "item.h"

G_BEGIN_DECLS

typedef enum {
    NWFILTER_SRCMACADDR,
    NWFILTER_SRCMACMASK,
    NWFILTER_DSTMACADDR,
    NWFILTER_DSTMACMASK,
    NWFILTER_PROTOCOLID,
    NWFILTER_VLANID,
    NWFILTER_VLAN_ENCAP,
    NWFILTER_STP_TYPE,
    NWFILTER_STP_FLAGS,
    NWFILTER_ROOT_PRIORITY,
    NWFILTER_ROOT_PRIORITY_HI,
    NWFILTER_ROOT_ADDRESS,
    NWFILTER_ROOT_ADDRESS_MASK,
    NWFILTER_ROOT_COST,
    NWFILTER_ROOT_COST_HI,
    NWFILTER_SENDER_PRIORITY,
    NWFILTER_SENDER_PRIORITY_HI,
    NWFILTER_SENDER_ADDRESS,
    NWFILTER_SENDER_ADDRESS_MASK,
    NWFILTER_STP_PORT,
    NWFILTER_STP_PORT_HI,
    NWFILTER_AGE,
    NWFILTER_AGE_HI,
    NWFILTER_MAX_AGE,
    NWFILTER_MAX_AGE_HI,
    NWFILTER_HELLO_TIME,
    NWFILTER_HELLO_TIME_HI,
    NWFILTER_FORWARD_DELAY,
    NWFILTER_FORWARD_DELAY_HI,
    NWFILTER_HWTYPE,
    NWFILTER_PROTOCOLTYPE,
    NWFILTER_OPCODE,
    NWFILTER_ARPSRCMACADDR,
    NWFILTER_ARPDSTMACADDR,
    NWFILTER_ARPSRCIPADDR,
    NWFILTER_ARPSRCIPMASK,
    NWFILTER_ARPDSTIPADDR,
    NWFILTER_ARPDSTIPMASK,
    NWFILTER_GRATUITOUS,
    NWFILTER_SRCIPADDR,
    NWFILTER_SRCIPMASK,
    NWFILTER_DSTIPADDR,
    NWFILTER_DSTIPMASK,
    NWFILTER_SRCIPFROM,
    NWFILTER_SRCIPTO,
    NWFILTER_DSTIPFROM,
    NWFILTER_DSTIPTO,
    NWFILTER_PROTOCOL,
    NWFILTER_SRCPORTSTART,
    NWFILTER_SRCPORTEND,
    NWFILTER_DSTPORTSTART,
    NWFILTER_DSTPORTEND,
    NWFILTER_DSCP,
    NWFILTER_CONNLIMIT_ABOVE,
    NWFILTER_STATE,
    NWFILTER_IPSET,
    NWFILTER_IPSETFLAGS,
    NWFILTER_TCP_OPTION,
    NWFILTER_TCP_FLAGS,
    NWFILTER_ICMP_TYPE,
    NWFILTER_ICMP_TYPEEND,
    NWFILTER_ICMP_CODE,
    NWFILTER_ICMP_CODEEND,
    NWFILTER_COMMENT,
    NWFILTER_N_ATTRIBUTES, /* also: none */
} NwfilterAttributeId;

typedef struct {
    NwfilterAttributeId id;
    NwfilterType type;
    const char *name;
    /* The attribute that this one belongs to, as a mask or the end of a range; it is negated with
     * it. N_ATTRIBUTES: none. */
    NwfilterAttributeId of;
} NwfilterAttribute;

/* Whose rules decide about a protocol: the bridge's, or those of IPv4 or IPv6. */
typedef enum {
    NWFILTER_LAYER_ETHERNET,
    NWFILTER_LAYER_IPV4,
    NWFILTER_LAYER_IPV6,
    NWFILTER_N_LAYERS,
} NwfilterLayer;

typedef enum {
    NWFILTER_PROTO_ARP,
    NWFILTER_PROTO_RARP,
    NWFILTER_PROTO_MAC,
    NWFILTER_PROTO_VLAN,
    NWFILTER_PROTO_STP,
    NWFILTER_PROTO_IP,
    NWFILTER_PROTO_IPV6,
    NWFILTER_PROTO_INET, /* and what follows has a layer and a name for iptables */
} NwfilterProtocolKind;

typedef struct {
    const char *name;
    NwfilterProtocolKind kind;
    NwfilterLayer layer;
    const char *iptables; /* its name there */
    const NwfilterAttribute *attributes;
    guint n_attributes;
} NwfilterProtocol;

extern const NwfilterProtocol nwfilter_protocols[];
extern const guint nwfilter_n_protocols;

/* NULL: there is none of that name. */
const NwfilterProtocol *nwfilter_protocol_find(const char *name);
const NwfilterAttribute *nwfilter_attribute_find(const NwfilterProtocol *protocol,
                                                 const char *name);

G_END_DECLS
