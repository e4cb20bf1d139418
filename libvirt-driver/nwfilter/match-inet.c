/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rules about IPv4 and IPv6, for iptables(8) and ip6tables(8). A rule of one direction stands for
 * the whole of a connection: what it accepts is accepted with its answers, which go the other way.
 * So it has a line in the chains of both directions, with source and destination swapped in one,
 * and each line looks at the connection's state and at who began it, unless the rule says
 * otherwise.
 */
#include "match.h"

typedef struct {
    NwfilterAttributeId attribute;
    const char *option, *swapped;
    NwfilterAttributeId other;
    char separator;
    const char *module;
    NwfilterAttributeId unless; /* not looked at when that one is there */
} Match;

/* clang-format off */
#define NONE NWFILTER_N_ATTRIBUTES
static const Match matches[] = {
    { NWFILTER_SRCIPADDR, "--source", "--destination", NWFILTER_SRCIPMASK, '/', NULL, NONE },
    { NWFILTER_SRCIPFROM, "--src-range", "--dst-range", NWFILTER_SRCIPTO, '-', "iprange", NWFILTER_SRCIPADDR },
    { NWFILTER_DSTIPADDR, "--destination", "--source", NWFILTER_DSTIPMASK, '/', NULL, NONE },
    { NWFILTER_DSTIPFROM, "--dst-range", "--src-range", NWFILTER_DSTIPTO, '-', "iprange", NWFILTER_DSTIPADDR },
    { NWFILTER_DSCP, "--dscp", "--dscp", NONE, 0, "dscp", NONE },
    { NWFILTER_TCP_FLAGS, "--tcp-flags", "--tcp-flags", NONE, 0, NULL, NONE },
    { NWFILTER_SRCPORTSTART, "--sport", "--dport", NWFILTER_SRCPORTEND, ':', NULL, NONE },
    { NWFILTER_DSTPORTSTART, "--dport", "--sport", NWFILTER_DSTPORTEND, ':', NULL, NONE },
    { NWFILTER_TCP_OPTION, "--tcp-option", "--tcp-option", NONE, 0, NULL, NONE },
    { NWFILTER_ICMP_TYPE, "--icmp-type", "--icmp-type", NWFILTER_ICMP_CODE, '/', NULL, NONE },
};
/* clang-format on */

static const char *const targets[] = {
    [NWFILTER_DROP] = "DROP",     [NWFILTER_REJECT] = "REJECT",
    [NWFILTER_RETURN] = "RETURN", [NWFILTER_CONTINUE] = NULL, /* it only counts */
};

/* How a rule stands in one of the chains. */
typedef struct {
    const char *chain;
    gboolean swapped; /* the chain is not of the rule's direction: what it sees there are answers */
    const char *accept; /* where accepted packets go */
} Place;

static void append_flags(GString *line, const char *text)
{
    for (; *text != '\0'; text++) /* "MASK/FLAGS" */
        g_string_append_c(line, *text == '/' ? ' ' : *text);
}

static void append_match(GString *line, const Match *match, const NwfilterRule *rule,
                         gboolean swapped)
{
    const NwfilterItem *item = &rule->items[match->attribute];
    const char *option = swapped ? match->swapped : match->option;

    if (!item->present || (match->unless != NONE && rule->items[match->unless].present))
        return;
    if (match->attribute == NWFILTER_ICMP_TYPE && rule->protocol->layer == NWFILTER_LAYER_IPV6)
        option = "--icmpv6-type";
    if (match->module != NULL)
        g_string_append_printf(line, " -m %s", match->module);
    g_string_append_printf(line, item->negated ? " ! %s " : " %s ", option);
    if (match->attribute == NWFILTER_TCP_FLAGS)
        append_flags(line, item->text);
    else
        nwfilter_append_value(line, item, FALSE);
    if (match->other != NONE && rule->items[match->other].present) {
        g_string_append_c(line, match->separator);
        nwfilter_append_value(line, &rule->items[match->other], FALSE);
    }
}

/* ---- the connection ---- */

static gboolean has_states(const NwfilterRule *rule)
{
    return !rule->stateless && rule->items[NWFILTER_STATE].present;
}

/* Which states the rule is about in that place; NULL: it does not matter. */
static const char *states_of(const NwfilterRule *rule, const Place *place)
{
    gboolean accepts = rule->action == NWFILTER_ACCEPT;
    /* The number of connections is looked at when one begins, and whatever their state. */
    gboolean counts = accepts && rule->items[NWFILTER_CONNLIMIT_ABOVE].present;

    if (counts)
        return NULL;
    if (has_states(rule)) {
        const NwfilterItem *state = &rule->items[NWFILTER_STATE];
        return state->number == NWFILTER_STATE_NONE ? NULL : state->text;
    }
    if (!accepts || rule->stateless || rule->direction == NWFILTER_INOUT)
        return NULL;
    return place->swapped ? "ESTABLISHED" : "NEW,ESTABLISHED";
}

static void append_connection(GString *line, const NwfilterRule *rule, const Place *place)
{
    const char *states = states_of(rule, place);

    if (states == NULL)
        return;
    g_string_append_printf(line, " -m conntrack --ctstate %s", states);
    /* An ICMP message of a type is its own direction. */
    if (!has_states(rule) && !rule->items[NWFILTER_ICMP_TYPE].present)
        g_string_append_printf(line, " -m conntrack --ctdir %s",
                               place->swapped ? "Reply" : "Original");
}

/* ---- the rest of a line ---- */

static void append_ipset(GString *line, const NwfilterRule *rule, gboolean swapped)
{
    if (!rule->items[NWFILTER_IPSET].present)
        return;
    g_auto(GStrv) ends = g_strsplit(rule->items[NWFILTER_IPSETFLAGS].text, ",", -1);

    g_string_append(line, " -m set");
    if (rule->items[NWFILTER_IPSET].negated)
        g_string_append(line, " !");
    g_string_append_printf(line, " --match-set %s ", rule->items[NWFILTER_IPSET].text);
    for (guint i = 0; ends[i] != NULL; i++) {
        gboolean is_source = (ends[i][0] == 's') != swapped;
        g_string_append_printf(line, "%s%s", i > 0 ? "," : "", is_source ? "src" : "dst");
    }
}

static void append_connlimit(GString *line, const NwfilterItem *limit)
{
    if (limit->present)
        g_string_append_printf(line, " -m connlimit%s --connlimit-above %u",
                               limit->negated ? " !" : "", limit->number);
}

/* In quotes, as iptables-restore(8) reads them. */
static void append_comment(GString *line, const NwfilterItem *comment)
{
    if (!comment->present || *comment->text == '\0')
        return;
    g_string_append(line, " -m comment --comment \"");
    for (const char *p = comment->text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            g_string_append_c(line, '\\');
        g_string_append_c(line, *p);
    }
    g_string_append_c(line, '"');
}

/* Whether an ICMP message of one type has no place among the answers, which are of others; nor has
 * a limit of connections. */
static gboolean is_only_forward(const NwfilterRule *rule)
{
    return (rule->items[NWFILTER_ICMP_TYPE].present && rule->direction != NWFILTER_INOUT) ||
           rule->items[NWFILTER_CONNLIMIT_ABOVE].present;
}

/* Only what comes from the rule's own side has the MAC address that it names. */
static void append_mac(GString *line, const NwfilterItem *mac)
{
    if (mac->present)
        g_string_append_printf(line, " -m mac%s --mac-source %s", mac->negated ? " !" : "",
                               mac->text);
}

static void add_line(const NwfilterRule *rule, const Place *place, GPtrArray *lines)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *target =
        rule->action == NWFILTER_ACCEPT ? place->accept : targets[rule->action];

    if (place->swapped && is_only_forward(rule))
        return;
    g_string_append_printf(line, "-A %s -p %s", place->chain, rule->protocol->iptables);
    gsize protocol_end = line->len;
    if (!place->swapped)
        append_mac(line, &rule->items[NWFILTER_SRCMACADDR]);
    for (guint i = 0; i < G_N_ELEMENTS(matches); i++)
        append_match(line, &matches[i], rule, place->swapped);
    /* A rule that is about a MAC address only has nothing to say about the other side. */
    if (place->swapped && rule->items[NWFILTER_SRCMACADDR].present && line->len == protocol_end)
        return;
    append_connection(line, rule, place);
    append_ipset(line, rule, place->swapped);
    append_connlimit(line, &rule->items[NWFILTER_CONNLIMIT_ABOVE]);
    append_comment(line, &rule->items[NWFILTER_COMMENT]);
    if (target != NULL)
        g_string_append_printf(line, " -j %s", target);
    g_ptr_array_add(lines, g_string_free(g_steal_pointer(&line), FALSE));
}

void nwfilter_match_inet(const NwfilterRule *rule, const char *from_guest, const char *to_guest,
                         const char *to_host, GPtrArray *lines)
{
    gboolean is_out = rule->direction == NWFILTER_OUT;
    const struct {
        Place place;
        gboolean wanted;
    } places[] = {
        { { from_guest, !is_out, "RETURN" }, rule->direction != NWFILTER_IN },
        { { to_guest, is_out, "ACCEPT" }, !is_out },
        { { to_host, !is_out, "RETURN" }, rule->direction != NWFILTER_IN },
    };

    /* A rule that names states is about its own direction alone. */
    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        if (!has_states(rule) || places[i].wanted)
            add_line(rule, &places[i].place, lines);
}
