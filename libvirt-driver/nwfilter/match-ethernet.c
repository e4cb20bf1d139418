/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rules that the bridge decides about, for ebtables(8). */
#include "match.h"

#include "handler-util.h"

#define BRIDGE_GROUP_ADDRESS "01:80:c2:00:00:00" /* IEEE 802.1D, 7.12.3 */

typedef enum {
    VALUE,
    VALUE_HEX,
    VALUE_TOS,  /* a code point of RFC 2474 as the byte it is in */
    FLAG,       /* an option without value, when it is true */
    LITERAL,    /* an option that all have; swapped is its value */
    ICMP6,
} Kind;

typedef struct {
    NwfilterAttributeId attribute;
    const char *option, *swapped; /* swapped: when source and destination change places */
    NwfilterAttributeId other;    /* its mask or the end of its range */
    char separator;
    Kind kind;
    const char *without; /* what stands for other when it is not there */
} Match;

/* clang-format off */
#define ONE(id, option, how) { NWFILTER_##id, option, option, NWFILTER_N_ATTRIBUTES, 0, how, NULL }
#define SAID(option, value) { NWFILTER_N_ATTRIBUTES, option, value, NWFILTER_N_ATTRIBUTES, 0, LITERAL, NULL }
#define ENDS(id, option, swapped) { NWFILTER_##id, option, swapped, NWFILTER_N_ATTRIBUTES, 0, VALUE, NULL }
#define TWO(id, option, swapped, other, separator) { NWFILTER_##id, option, swapped, NWFILTER_##other, separator, VALUE, NULL }
#define RANGE(id, option) TWO(id, option, option, id##_HI, ':')
#define MASKED(id, option) TWO(id, option, option, id##_MASK, '/')
#define SOURCE TWO(SRCMACADDR, "-s", "-d", SRCMACMASK, '/')
#define MACS SOURCE, TWO(DSTMACADDR, "-d", "-s", DSTMACMASK, '/')

static const Match mac_matches[] = {
    MACS,
    ONE(PROTOCOLID, "-p", VALUE_HEX),
};

static const Match vlan_matches[] = {
    MACS,
    SAID("-p", "0x8100"),
    ONE(VLANID, "--vlan-id", VALUE),
    ONE(VLAN_ENCAP, "--vlan-encap", VALUE_HEX),
};

static const Match stp_matches[] = {
    SOURCE,
    SAID("-d", BRIDGE_GROUP_ADDRESS),
    ONE(STP_TYPE, "--stp-type", VALUE),
    ONE(STP_FLAGS, "--stp-flags", VALUE),
    RANGE(ROOT_PRIORITY, "--stp-root-prio"),
    MASKED(ROOT_ADDRESS, "--stp-root-addr"),
    RANGE(ROOT_COST, "--stp-root-cost"),
    RANGE(SENDER_PRIORITY, "--stp-sender-prio"),
    MASKED(SENDER_ADDRESS, "--stp-sender-addr"),
    RANGE(STP_PORT, "--stp-port"),
    RANGE(AGE, "--stp-msg-age"),
    RANGE(MAX_AGE, "--stp-max-age"),
    RANGE(HELLO_TIME, "--stp-hello-time"),
    RANGE(FORWARD_DELAY, "--stp-forward-delay"),
};

#define ARP_MATCHES(ethertype) \
    MACS, \
    SAID("-p", ethertype), \
    ONE(HWTYPE, "--arp-htype", VALUE), \
    ONE(OPCODE, "--arp-opcode", VALUE), \
    ONE(PROTOCOLTYPE, "--arp-ptype", VALUE_HEX), \
    { NWFILTER_ARPSRCIPADDR, "--arp-ip-src", "--arp-ip-dst", NWFILTER_ARPSRCIPMASK, '/', VALUE, "32" }, \
    { NWFILTER_ARPDSTIPADDR, "--arp-ip-dst", "--arp-ip-src", NWFILTER_ARPDSTIPMASK, '/', VALUE, "32" }, \
    ENDS(ARPSRCMACADDR, "--arp-mac-src", "--arp-mac-dst"), \
    ENDS(ARPDSTMACADDR, "--arp-mac-dst", "--arp-mac-src"), \
    ONE(GRATUITOUS, "--arp-gratuitous", FLAG)

static const Match arp_matches[] = { ARP_MATCHES("0x806") };
static const Match rarp_matches[] = { ARP_MATCHES("0x8035") };

static const Match ip_matches[] = {
    MACS,
    SAID("-p", "ipv4"),
    TWO(SRCIPADDR, "--ip-source", "--ip-destination", SRCIPMASK, '/'),
    TWO(DSTIPADDR, "--ip-destination", "--ip-source", DSTIPMASK, '/'),
    ONE(PROTOCOL, "--ip-protocol", VALUE),
    TWO(SRCPORTSTART, "--ip-source-port", "--ip-destination-port", SRCPORTEND, ':'),
    TWO(DSTPORTSTART, "--ip-destination-port", "--ip-source-port", DSTPORTEND, ':'),
    ONE(DSCP, "--ip-tos", VALUE_TOS),
};

static const Match ipv6_matches[] = {
    MACS,
    SAID("-p", "ipv6"),
    TWO(SRCIPADDR, "--ip6-source", "--ip6-destination", SRCIPMASK, '/'),
    TWO(DSTIPADDR, "--ip6-destination", "--ip6-source", DSTIPMASK, '/'),
    ONE(PROTOCOL, "--ip6-protocol", VALUE),
    TWO(SRCPORTSTART, "--ip6-source-port", "--ip6-destination-port", SRCPORTEND, ':'),
    TWO(DSTPORTSTART, "--ip6-destination-port", "--ip6-source-port", DSTPORTEND, ':'),
    ONE(ICMP_TYPE, "--ip6-icmp-type", ICMP6),
    ONE(ICMP_CODE, "--ip6-icmp-type", ICMP6),
};

static const struct {
    const Match *matches;
    guint n_matches;
} protocols[NWFILTER_PROTO_INET] = {
    [NWFILTER_PROTO_ARP] = { arp_matches, G_N_ELEMENTS(arp_matches) },
    [NWFILTER_PROTO_RARP] = { rarp_matches, G_N_ELEMENTS(rarp_matches) },
    [NWFILTER_PROTO_MAC] = { mac_matches, G_N_ELEMENTS(mac_matches) },
    [NWFILTER_PROTO_VLAN] = { vlan_matches, G_N_ELEMENTS(vlan_matches) },
    [NWFILTER_PROTO_STP] = { stp_matches, G_N_ELEMENTS(stp_matches) },
    [NWFILTER_PROTO_IP] = { ip_matches, G_N_ELEMENTS(ip_matches) },
    [NWFILTER_PROTO_IPV6] = { ipv6_matches, G_N_ELEMENTS(ipv6_matches) },
};
/* clang-format on */

/* The bridge has no REJECT. */
static const char *const targets[] = {
    [NWFILTER_DROP] = "DROP",     [NWFILTER_ACCEPT] = "ACCEPT",     [NWFILTER_REJECT] = "DROP",
    [NWFILTER_RETURN] = "RETURN", [NWFILTER_CONTINUE] = "CONTINUE",
};

void nwfilter_append_value(GString *line, const NwfilterItem *item, gboolean hex)
{
    if (nwfilter_item_is_number(item))
        g_string_append_printf(line, hex ? "0x%x" : "%u", item->number);
    else
        g_string_append(line, item->text);
}

/* "TYPE:TYPE/CODE:CODE", in which each half has its own end or none. */
static void append_icmp6(GString *line, const NwfilterItem *items)
{
    const NwfilterItem *type = &items[NWFILTER_ICMP_TYPE];
    const NwfilterItem *type_end = &items[NWFILTER_ICMP_TYPEEND];
    const NwfilterItem *code = &items[NWFILTER_ICMP_CODE];
    const NwfilterItem *code_end = &items[NWFILTER_ICMP_CODEEND];

    g_string_append_printf(line, "%u:%u", type->present ? type->number : 0,
                           type_end->present ? type_end->number
                           : type->present   ? type->number
                                             : 0xff);
    if (code->present)
        g_string_append_printf(line, "/%u:%u", code->number,
                               code_end->present ? code_end->number : code->number);
}

static void append_operand(GString *line, const Match *match, const NwfilterItem *items)
{
    const NwfilterItem *item = &items[match->attribute];

    if (match->kind == ICMP6)
        append_icmp6(line, items);
    else if (match->kind == VALUE_TOS)
        g_string_append_printf(line, "0x%x", item->number << 2);
    else
        nwfilter_append_value(line, item, match->kind == VALUE_HEX);
    if (match->other == NWFILTER_N_ATTRIBUTES)
        return;
    if (items[match->other].present) {
        g_string_append_c(line, match->separator);
        nwfilter_append_value(line, &items[match->other], FALSE);
    } else if (match->without != NULL) {
        g_string_append_printf(line, "%c%s", match->separator, match->without);
    }
}

static void append_match(GString *line, const Match *match, const NwfilterItem *items,
                         gboolean reversed)
{
    const char *option = reversed ? match->swapped : match->option;

    if (match->kind == LITERAL) {
        g_string_append_printf(line, " %s %s", match->option, match->swapped);
        return;
    }
    const NwfilterItem *item = &items[match->attribute];
    /* A code without a type is said with the code's row, one with a type by the type's. */
    if (!item->present || (match->attribute == NWFILTER_ICMP_CODE &&
                           items[NWFILTER_ICMP_TYPE].present))
        return;
    if (match->kind == FLAG) {
        if (item->number)
            g_string_append_printf(line, item->negated ? " ! %s" : " %s", option);
        return;
    }
    g_string_append_printf(line, item->negated ? " %s ! " : " %s ", option);
    append_operand(line, match, items);
}

gboolean nwfilter_match_ethernet(const NwfilterRule *rule, const char *chain, gboolean reversed,
                                 GPtrArray *lines, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);

    /* The source would be the destination, which is the bridge group's already. */
    if (reversed && rule->protocol != NULL && rule->protocol->kind == NWFILTER_PROTO_STP &&
        rule->items[NWFILTER_SRCMACADDR].present)
        return fail(error, VIR_ERR_INTERNAL_ERROR,
                    "STP filtering in inout direction with source MAC address set is not "
                    "supported");
    g_string_append_printf(line, "-A %s", chain);
    for (guint i = 0; rule->protocol != NULL && i < protocols[rule->protocol->kind].n_matches; i++)
        append_match(line, &protocols[rule->protocol->kind].matches[i], rule->items, reversed);
    g_string_append_printf(line, " -j %s", targets[rule->action]);
    g_ptr_array_add(lines, g_string_free(g_steal_pointer(&line), FALSE));
    return TRUE;
}
