/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The value of one attribute of a filter's rule: checked and brought into its usual spelling, or a
 * variable that an interface gives a value.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
    NWFILTER_TYPE_MAC,
    NWFILTER_TYPE_MAC_MASK,
    NWFILTER_TYPE_IPV4,
    NWFILTER_TYPE_IPV4_MASK, /* 24 or 255.255.255.0; shown as the former */
    NWFILTER_TYPE_IPV6,
    NWFILTER_TYPE_IPV6_MASK,
    NWFILTER_TYPE_U8,
    NWFILTER_TYPE_U16,
    NWFILTER_TYPE_U32,
    NWFILTER_TYPE_COUNT, /* as U16, but never hexadecimal */
    NWFILTER_TYPE_DSCP,
    NWFILTER_TYPE_ETHERTYPE,
    NWFILTER_TYPE_VLAN_ID,
    NWFILTER_TYPE_VLAN_ENCAP,
    NWFILTER_TYPE_ARP_OPCODE,
    NWFILTER_TYPE_IP_PROTOCOL,
    NWFILTER_TYPE_STATE,
    NWFILTER_TYPE_TCP_FLAGS, /* "SYN,ACK/SYN": those looked at, those set */
    NWFILTER_TYPE_IPSET,
    NWFILTER_TYPE_IPSET_FLAGS,
    NWFILTER_TYPE_BOOLEAN,
    NWFILTER_TYPE_COMMENT,
    NWFILTER_N_TYPES
} NwfilterType;

/* Bits of the number of a TYPE_STATE. */
enum {
    NWFILTER_STATE_NEW = 1 << 0,
    NWFILTER_STATE_ESTABLISHED = 1 << 1,
    NWFILTER_STATE_RELATED = 1 << 2,
    NWFILTER_STATE_INVALID = 1 << 3,
    NWFILTER_STATE_NONE = 1 << 4, /* no look at the state at all; alone */
};

/* "$NAME[2]": the third value of a list; "$NAME[@2]": every value, along with those of other lists
 * under the same iterator; "$NAME" is "$NAME[@0]". */
typedef struct {
    char *name; /* NULL: no variable */
    gboolean is_index;
    guint number;
} NwfilterVariable;

typedef struct {
    gboolean present, negated; /* negated: match='no' */
    NwfilterType type;
    char *text;                /* as shown */
    guint32 number;            /* of types that are numbers or have words for some */
    NwfilterVariable variable;
} NwfilterItem;

/* Sets all but negated. FALSE: text is none of that type's; item is as it was. */
gboolean nwfilter_item_parse(NwfilterItem *item, NwfilterType type, const char *text);
/* Of types that are numbers, although some of them may be shown as words. */
gboolean nwfilter_item_is_number(const NwfilterItem *item);
void nwfilter_item_copy(NwfilterItem *to, const NwfilterItem *from);
void nwfilter_item_clear(NwfilterItem *item);

G_END_DECLS
