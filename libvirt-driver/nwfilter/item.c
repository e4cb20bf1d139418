/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "item.h"

#include <stdio.h>
#include <string.h>

#include "network/inet.h"

#define COMMENT_MAX  256
#define ITERATOR_MAX 1000
#define IPSET_MAX    31 /* IPSET_MAXNAMELEN without its NUL: linux/netfilter/ipset/ip_set.h */

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

typedef struct {
    guint32 number;
    const char *word;
} Word;

/* linux/if_ether.h */
static const Word ethertypes[] = {
    { 0x0806, "arp" },  { 0x8035, "rarp" }, { 0x0800, "ipv4" },
    { 0x86dd, "ipv6" }, { 0x8100, "vlan" }, { 0, NULL },
};

/* The names that ebtables has for them. */
static const Word arp_opcodes[] = {
    { 1, "Request" },       { 2, "Reply" },       { 3, "Request_Reverse" },
    { 4, "Reply_Reverse" }, { 5, "DRARP_Request" }, { 6, "DRARP_Reply" },
    { 7, "DRARP_Error" },   { 8, "InARP_Request" }, { 9, "ARP_NAK" },
    { 0, NULL },
};

/* IANA's protocol numbers */
static const Word ip_protocols[] = {
    { 6, "tcp" },  { 17, "udp" },  { 136, "udplite" }, { 50, "esp" },    { 51, "ah" },
    { 1, "icmp" }, { 2, "igmp" },  { 132, "sctp" },    { 58, "icmpv6" }, { 0, NULL },
};

static const Word states[] = {
    { NWFILTER_STATE_NEW, "NEW" },
    { NWFILTER_STATE_ESTABLISHED, "ESTABLISHED" },
    { NWFILTER_STATE_RELATED, "RELATED" },
    { NWFILTER_STATE_INVALID, "INVALID" },
    { NWFILTER_STATE_NONE, "NONE" },
    { 0, NULL },
};

#define TCP_ALL 0x3f /* RFC 9293, 3.1 */
static const Word tcp_flags[] = {
    { 0x01, "FIN" }, { 0x02, "SYN" }, { 0x04, "RST" },      { 0x08, "PSH" },
    { 0x10, "ACK" }, { 0x20, "URG" }, { TCP_ALL, "ALL" }, { 0, NULL },
};

typedef struct Type Type;
struct Type {
    gboolean (*parse)(const Type *type, const char *text, NwfilterItem *item);
    guint32 min, max;
    const Word *words;
    gboolean decimal_only, shown_decimal, never_variable;
};

static gboolean take(NwfilterItem *item, guint32 number, char *text)
{
    item->number = number;
    g_free(item->text);
    item->text = text;
    return text != NULL;
}

/* ---- addresses ---- */

static char *normal_mac(const char *text, guint8 *ret_bytes)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", 7);
    GString *mac = g_string_new(NULL);
    guint n = 0;

    for (; parts[n] != NULL; n++) {
        guint64 octet;
        if (strlen(parts[n]) > 2 ||
            !g_ascii_string_to_unsigned(parts[n], 16, 0, 0xff, &octet, NULL) || n == 6)
            break;
        ret_bytes[n] = (guint8)octet;
        g_string_append_printf(mac, "%s%02x", n > 0 ? ":" : "", (guint)octet);
    }
    return g_string_free(mac, n != 6 || parts[n] != NULL);
}

static gboolean parse_mac(const Type *type, const char *text, NwfilterItem *item)
{
    guint8 bytes[6];

    return take(item, 0, normal_mac(text, bytes));
}

/* Ones, and then zeros. */
static gboolean parse_mac_mask(const Type *type, const char *text, NwfilterItem *item)
{
    guint8 bytes[6];
    g_autofree char *mac = normal_mac(text, bytes);
    guint64 mask = 0;

    for (guint i = 0; mac != NULL && i < sizeof bytes; i++)
        mask = mask << 8 | bytes[i];
    guint64 zeros = ~mask & 0xffffffffffff;
    return mac != NULL && (zeros & (zeros + 1)) == 0 && take(item, 0, g_steal_pointer(&mac));
}

static gboolean parse_address(const char *text, int family, NwfilterItem *item)
{
    InetAddress address;

    return inet_parse(text, &address) && address.family == family &&
           take(item, 0, inet_text(&address));
}

static gboolean parse_ipv4(const Type *type, const char *text, NwfilterItem *item)
{
    return parse_address(text, AF_INET, item);
}

static gboolean parse_ipv6(const Type *type, const char *text, NwfilterItem *item)
{
    return parse_address(text, AF_INET6, item);
}

/* -1: not a mask. */
static int mask_length(const InetAddress *mask)
{
    guint length = 0, bits = inet_bits(mask->family);

    while (length < bits && (mask->bytes[length / 8] & (0x80u >> length % 8)))
        length++;
    InetAddress ones = inet_mask(mask, length);
    return memcmp(ones.bytes, mask->bytes, bits / 8) == 0 ? (int)length : -1;
}

static gboolean parse_mask(const char *text, int family, NwfilterItem *item)
{
    InetAddress mask;
    guint64 number;
    int length = -1;

    if (g_ascii_string_to_unsigned(text, 10, 0, inet_bits(family), &number, NULL))
        length = (int)number;
    else if (inet_parse(text, &mask) && mask.family == family)
        length = mask_length(&mask);
    return length >= 0 && take(item, (guint32)length, g_strdup_printf("%d", length));
}

static gboolean parse_ipv4_mask(const Type *type, const char *text, NwfilterItem *item)
{
    return parse_mask(text, AF_INET, item);
}

static gboolean parse_ipv6_mask(const Type *type, const char *text, NwfilterItem *item)
{
    return parse_mask(text, AF_INET6, item);
}

/* ---- numbers and words ---- */

static const Word *find_word(const Word *words, const char *text)
{
    for (; words->word != NULL; words++)
        if (g_ascii_strcasecmp(words->word, text) == 0)
            return words;
    return NULL;
}

static const Word *find_number(const Word *words, guint32 number)
{
    for (; words != NULL && words->word != NULL; words++)
        if (words->number == number)
            return words;
    return NULL;
}

/* What is no decimal number is tried as a hexadecimal one, with 0x or without. */
static gboolean parse_number(const Type *type, const char *text, NwfilterItem *item)
{
    const Word *word = type->words != NULL ? find_word(type->words, text) : NULL;
    const char *digits = g_ascii_strncasecmp(text, "0x", 2) == 0 ? text + 2 : text;
    gboolean is_hex = FALSE;
    guint64 number;

    if (word != NULL)
        return take(item, word->number, g_strdup(word->word));
    if (!g_ascii_string_to_unsigned(text, 10, type->min, type->max, &number, NULL)) {
        is_hex = TRUE;
        if (type->decimal_only ||
            !g_ascii_string_to_unsigned(digits, 16, type->min, type->max, &number, NULL))
            return FALSE;
    }
    word = find_number(type->words, (guint32)number);
    return take(item, (guint32)number,
                word != NULL ? g_strdup(word->word)
                             : g_strdup_printf(is_hex && !type->shown_decimal ? "0x%x" : "%u",
                                               (guint)number));
}

static gboolean parse_words(const Word *words, const char *text, guint32 *ret_bits)
{
    g_auto(GStrv) parts = g_strsplit_set(text, ", \t", -1);
    guint32 bits = 0;

    for (guint i = 0; parts[i] != NULL; i++) {
        const Word *word = find_word(words, parts[i]);
        if (word == NULL && *parts[i] != '\0')
            return FALSE;
        bits |= word != NULL ? word->number : 0;
    }
    *ret_bits = bits;
    return TRUE;
}

static char *words_text(const Word *words, guint32 bits)
{
    GString *text = g_string_new(NULL);

    for (; words->word != NULL; words++)
        if ((words->number & (words->number - 1)) == 0 && (bits & words->number))
            g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", words->word);
    return g_string_free(text, FALSE);
}

static gboolean parse_state(const Type *type, const char *text, NwfilterItem *item)
{
    guint32 bits;

    if (!parse_words(states, text, &bits) || bits == 0)
        return FALSE;
    if (bits & NWFILTER_STATE_NONE)
        bits = NWFILTER_STATE_NONE;
    return take(item, bits, words_text(states, bits));
}

static char *tcp_flags_text(guint32 bits)
{
    if (bits == 0)
        return g_strdup("NONE");
    return bits == TCP_ALL ? g_strdup("ALL") : words_text(tcp_flags, bits);
}

static gboolean parse_tcp_set(const char *text, guint32 *ret_bits)
{
    if (g_ascii_strcasecmp(text, "NONE") == 0) {
        *ret_bits = 0;
        return TRUE;
    }
    return parse_words(tcp_flags, text, ret_bits);
}

static gboolean parse_tcp_flags(const Type *type, const char *text, NwfilterItem *item)
{
    g_auto(GStrv) sets = g_strsplit(text, "/", 3);
    guint32 mask, flags;

    if (g_strv_length(sets) != 2 || !parse_tcp_set(sets[0], &mask) ||
        !parse_tcp_set(sets[1], &flags))
        return FALSE;
    g_autofree char *mask_text = tcp_flags_text(mask);
    g_autofree char *flags_text = tcp_flags_text(flags);
    return take(item, 0, g_strconcat(mask_text, "/", flags_text, NULL));
}

/* ---- the rest ---- */

static gboolean is_made_of(const char *text, const char *characters)
{
    return *text != '\0' && text[strspn(text, characters)] == '\0';
}

static gboolean parse_ipset(const Type *type, const char *text, NwfilterItem *item)
{
    return strlen(text) <= IPSET_MAX && is_made_of(text, LETTERS_AND_DIGITS "_.:-+") &&
           take(item, 0, g_strdup(text));
}

/* ipset(8) knows sets of up to six dimensions. */
static gboolean parse_ipset_flags(const Type *type, const char *text, NwfilterItem *item)
{
    g_autofree char *lower = g_ascii_strdown(text, -1);
    g_auto(GStrv) parts = g_strsplit(lower, ",", -1);
    guint n = g_strv_length(parts);

    for (guint i = 0; i < n; i++)
        if (strcmp(parts[i], "src") != 0 && strcmp(parts[i], "dst") != 0)
            return FALSE;
    return n > 0 && n <= 6 && take(item, 0, g_steal_pointer(&lower));
}

static gboolean parse_boolean(const Type *type, const char *text, NwfilterItem *item)
{
    gboolean is_true =
        strcmp(text, "true") == 0 || strcmp(text, "1") == 0 || strcmp(text, "yes") == 0;

    return take(item, is_true, g_strdup(is_true ? "true" : "false"));
}

static gboolean parse_comment(const Type *type, const char *text, NwfilterItem *item)
{
    const char *end = text;

    for (; *end != '\0' && g_utf8_next_char(end) - text <= COMMENT_MAX; end = g_utf8_next_char(end))
        if ((guchar)*end < ' ') /* iptables takes one line for one rule */
            return FALSE;
    return take(item, 0, g_strndup(text, (gsize)(end - text)));
}

static const Type types[NWFILTER_N_TYPES] = {
    [NWFILTER_TYPE_MAC] = { parse_mac },
    [NWFILTER_TYPE_MAC_MASK] = { parse_mac_mask },
    [NWFILTER_TYPE_IPV4] = { parse_ipv4 },
    [NWFILTER_TYPE_IPV4_MASK] = { parse_ipv4_mask },
    [NWFILTER_TYPE_IPV6] = { parse_ipv6 },
    [NWFILTER_TYPE_IPV6_MASK] = { parse_ipv6_mask },
    [NWFILTER_TYPE_U8] = { parse_number, .max = 0xff },
    [NWFILTER_TYPE_U16] = { parse_number, .max = 0xffff },
    [NWFILTER_TYPE_U32] = { parse_number, .max = 0xffffffff },
    [NWFILTER_TYPE_COUNT] = { parse_number, .max = 0xffff, .decimal_only = TRUE },
    [NWFILTER_TYPE_DSCP] = { parse_number, .max = 63 },
    /* Below 0x600 it is a length: IEEE 802.3, 3.2.6. */
    [NWFILTER_TYPE_ETHERTYPE] = { parse_number, .min = 0x600, .max = 0xffff, .words = ethertypes },
    [NWFILTER_TYPE_VLAN_ID] = { parse_number, .max = 4095 },
    [NWFILTER_TYPE_VLAN_ENCAP] = { parse_number, .min = 0x3c, .max = 0xffff, .words = ethertypes },
    [NWFILTER_TYPE_ARP_OPCODE] = { parse_number, .max = 0xffff, .words = arp_opcodes,
                                   .shown_decimal = TRUE },
    [NWFILTER_TYPE_IP_PROTOCOL] = { parse_number, .max = 0xff, .words = ip_protocols },
    [NWFILTER_TYPE_STATE] = { parse_state, .never_variable = TRUE },
    [NWFILTER_TYPE_TCP_FLAGS] = { parse_tcp_flags, .never_variable = TRUE },
    [NWFILTER_TYPE_IPSET] = { parse_ipset },
    [NWFILTER_TYPE_IPSET_FLAGS] = { parse_ipset_flags, .never_variable = TRUE },
    [NWFILTER_TYPE_BOOLEAN] = { parse_boolean, .never_variable = TRUE },
    [NWFILTER_TYPE_COMMENT] = { parse_comment, .never_variable = TRUE },
};

/* ---- variables ---- */

/* "NAME", "NAME[3]", "NAME[@3]", with blanks within the brackets. */
static gboolean parse_variable(const char *text, NwfilterVariable *ret_variable)
{
    gsize n = strspn(text, LETTERS_AND_DIGITS "_");
    const char *rest = text + n;
    guint64 number = 0;
    gboolean is_index = FALSE;

    if (n == 0)
        return FALSE;
    if (*rest == '[') {
        const char *close = strchr(rest, ']');
        if (close == NULL || close[1] != '\0')
            return FALSE;
        g_autofree char *inner = g_strndup(rest + 1, (gsize)(close - rest - 1));
        char *digits = g_strstrip(inner);
        is_index = *digits != '@';
        if (!is_index)
            digits = g_strchug(digits + 1);
        if (!g_ascii_string_to_unsigned(digits, 10, 0, ITERATOR_MAX, &number, NULL))
            return FALSE;
    } else if (*rest != '\0') {
        return FALSE;
    }
    *ret_variable = (NwfilterVariable){ g_strndup(text, n), is_index, (guint)number };
    return TRUE;
}

static char *variable_text(const NwfilterVariable *variable)
{
    if (!variable->is_index && variable->number == 0)
        return g_strconcat("$", variable->name, NULL);
    return g_strdup_printf("$%s[%s%u]", variable->name, variable->is_index ? "" : "@",
                           variable->number);
}

gboolean nwfilter_item_parse(NwfilterItem *item, NwfilterType type, const char *text)
{
    NwfilterItem parsed = { .present = TRUE, .negated = item->negated, .type = type };
    gboolean ok;

    if (*text == '$' && !types[type].never_variable) {
        ok = parse_variable(text + 1, &parsed.variable);
        if (ok)
            parsed.text = variable_text(&parsed.variable);
    } else {
        ok = types[type].parse(&types[type], text, &parsed);
    }
    if (!ok)
        return FALSE;
    nwfilter_item_clear(item);
    *item = parsed;
    return TRUE;
}

gboolean nwfilter_item_is_number(const NwfilterItem *item)
{
    return types[item->type].parse == parse_number;
}

void nwfilter_item_copy(NwfilterItem *to, const NwfilterItem *from)
{
    *to = *from;
    to->text = g_strdup(from->text);
    to->variable.name = g_strdup(from->variable.name);
}

void nwfilter_item_clear(NwfilterItem *item)
{
    g_clear_pointer(&item->text, g_free);
    g_clear_pointer(&item->variable.name, g_free);
    item->present = FALSE;
}
