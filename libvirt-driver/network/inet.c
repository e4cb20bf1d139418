/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inet.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

gboolean inet_parse(const char *text, InetAddress *ret_address)
{
    InetAddress address = { .family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET };

    if (inet_pton(address.family, text, address.bytes) != 1)
        return FALSE;
    *ret_address = address;
    return TRUE;
}

char *inet_text(const InetAddress *address)
{
    char text[INET6_ADDRSTRLEN];

    return g_strdup(inet_ntop(address->family, address->bytes, text, sizeof text));
}

char *inet_normal(const char *text)
{
    InetAddress address;

    return inet_parse(text, &address) ? inet_text(&address) : NULL;
}

guint inet_bits(int family)
{
    return family == AF_INET6 ? 128 : 32;
}

int inet_mask_prefix(const char *netmask)
{
    InetAddress mask;
    guint32 bits;

    if (!inet_parse(netmask, &mask) || mask.family != AF_INET)
        return -1;
    memcpy(&bits, mask.bytes, sizeof bits);
    bits = ~ntohl(bits);
    if ((bits & (bits + 1)) != 0) /* the ones must stand together at the left */
        return -1;
    return 32 - (int)g_bit_storage(bits) + (bits == 0);
}

guint inet_natural_prefix(const InetAddress *address)
{
    if (address->family == AF_INET6)
        return 64;
    if (address->bytes[0] < 128)
        return 8;
    return address->bytes[0] < 192 ? 16 : 24;
}

InetAddress inet_mask(const InetAddress *address, guint prefix)
{
    InetAddress network = *address;

    for (guint bit = prefix; bit < inet_bits(address->family); bit++)
        network.bytes[bit / 8] &= (guint8) ~(0x80u >> bit % 8);
    return network;
}

static gboolean is_same(const InetAddress *a, const InetAddress *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, inet_bits(a->family) / 8) == 0;
}

gboolean inet_in_network(const InetAddress *address, const InetAddress *network, guint prefix)
{
    InetAddress a = inet_mask(address, prefix);
    InetAddress b = inet_mask(network, prefix);

    return is_same(&a, &b);
}

gboolean inet_is_network(const InetAddress *address, guint prefix)
{
    InetAddress network = inet_mask(address, prefix);

    return is_same(address, &network);
}

gboolean inet_is_broadcast(const InetAddress *address, guint prefix)
{
    InetAddress inverse = *address;

    for (guint i = 0; i < sizeof inverse.bytes; i++)
        inverse.bytes[i] = (guint8)~inverse.bytes[i];
    inverse = inet_mask(&inverse, prefix);
    for (guint i = 0; i < sizeof inverse.bytes; i++)
        inverse.bytes[i] = (guint8)~inverse.bytes[i];
    return is_same(address, &inverse);
}

char *inet_netmask_text(int family, guint prefix)
{
    InetAddress ones = { .family = family };

    memset(ones.bytes, 0xff, sizeof ones.bytes);
    ones = inet_mask(&ones, prefix);
    return inet_text(&ones);
}

gint64 inet_range_size(const InetAddress *start, const InetAddress *end, guint max)
{
    guint len = inet_bits(start->family) / 8;
    gint64 difference = 0;

    if (start->family != end->family || memcmp(start->bytes, end->bytes, len) > 0)
        return -1;
    for (guint i = 0; i < len; i++) {
        difference = difference * 256 + end->bytes[i] - start->bytes[i];
        if (difference > max) /* it can only grow: what follows adds more than -256 times 1 */
            return -1;
    }
    return difference < max ? difference + 1 : -1;
}

char *inet_mac_normal(const char *text)
{
    guint8 octets[6];

    for (guint i = 0; i < G_N_ELEMENTS(octets); i++) {
        guint value = 0, digits = 0;

        for (; g_ascii_isxdigit(*text) && digits < 2; digits++)
            value = value * 16 + (guint)g_ascii_xdigit_value(*text++);
        if (digits == 0 || *text != (i < 5 ? ':' : '\0'))
            return NULL;
        octets[i] = (guint8)value;
        text++;
    }
    if (octets[0] & 1)
        return NULL;
    return g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", octets[0], octets[1], octets[2],
                           octets[3], octets[4], octets[5]);
}

gboolean inet_is_ifname(const char *name)
{
    static const char others[] = "_.:-@"; /* no '+': it is a wildcard to iptables(8) */
    gsize len = strlen(name);

    if (len == 0 || len >= IF_NAMESIZE || *name == '-' || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        return FALSE;
    for (; *name != '\0'; name++)
        if (!g_ascii_isalnum(*name) && strchr(others, *name) == NULL)
            return FALSE;
    return TRUE;
}
