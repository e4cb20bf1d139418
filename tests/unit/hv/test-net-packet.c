/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding and computing TCP and UDP checksums. */
#include "dev/net-packet.h"
#include "harness.h"
#include <glib.h>

struct header_case {
    const char *path;
    const char *hex; /* blanks allowed; padded with zeroes to len */
    size_t len;
    bool found;
    struct net_csum want;
};

#define MACS "525400000001 525400000002 "
#define IP4(ihl, frag, proto) "4" ihl "00 0028 0000 " frag " 40" proto " 0000 0a000001 0a000002 "
#define IP6(next) "60000000 0014 " next "40 " \
                  "fe800000000000000000000000000001 fe800000000000000000000000000002 "
#define TCP(off) "0016 1000 00000000 00000000 " off "0 10 0000 0000 0000 "

static const struct header_case header_cases[] = {
    { "/net-packet/ipv4-tcp", MACS "0800 " IP4("5", "0000", "06") TCP("5"), 54, true, { 34, 16, 54, false } },
    { "/net-packet/ipv4-tcp-df", MACS "0800 " IP4("5", "4000", "06") TCP("8"), 66, true, { 34, 16, 66, false } },
    { "/net-packet/ipv4-options-udp", MACS "0800 " IP4("6", "0000", "11") "00000000", 60, true, { 38, 6, 46, true } },
    { "/net-packet/ipv4-icmp", MACS "0800 " IP4("5", "0000", "01"), 60, false, { 0 } },
    { "/net-packet/ipv4-fragment", MACS "0800 " IP4("5", "2000", "06"), 60, false, { 0 } },
    { "/net-packet/ipv4-later-fragment", MACS "0800 " IP4("5", "0001", "06"), 60, false, { 0 } },
    { "/net-packet/ipv4-ihl-short", MACS "0800 " IP4("4", "0000", "06") TCP("5"), 60, false, { 0 } },
    { "/net-packet/ipv4-ihl-beyond", MACS "0800 " IP4("f", "0000", "06"), 60, false, { 0 } },
    { "/net-packet/ipv4-short", MACS "0800 45", 30, false, { 0 } },
    { "/net-packet/ipv4-wrong-version", MACS "0800 65", 60, false, { 0 } },
    { "/net-packet/tcp-short", MACS "0800 " IP4("5", "0000", "06"), 53, false, { 0 } },
    { "/net-packet/tcp-offset-short", MACS "0800 " IP4("5", "0000", "06") TCP("4"), 54, false, { 0 } },
    { "/net-packet/udp-short", MACS "0800 " IP4("5", "0000", "11"), 41, false, { 0 } },
    { "/net-packet/vlan", MACS "8100 0005 0800 " IP4("5", "0000", "06") TCP("5"), 58, true, { 38, 16, 58, false } },
    { "/net-packet/qinq", MACS "88a8 0005 8100 0006 0800 " IP4("5", "0000", "11"), 60, true, { 42, 6, 50, true } },
    { "/net-packet/vlan-short", MACS "8100 0005", 17, false, { 0 } },
    { "/net-packet/ipv6-tcp", MACS "86dd " IP6("06") TCP("5"), 74, true, { 54, 16, 74, false } },
    { "/net-packet/ipv6-hop-by-hop-udp", MACS "86dd " IP6("00") "1101 0000 00000000 0000000000000000", 90, true,
      { 70, 6, 78, true } },
    { "/net-packet/ipv6-auth-tcp", MACS "86dd " IP6("33") "0604 0000", 128, true, { 78, 16, 98, false } },
    { "/net-packet/ipv6-fragment", MACS "86dd " IP6("2c") "0600", 90, false, { 0 } },
    { "/net-packet/ipv6-headers-beyond", MACS "86dd " IP6("00") "06ff", 128, false, { 0 } },
    { "/net-packet/arp", MACS "0806", 60, false, { 0 } },
    { "/net-packet/runt", "5254", 13, false, { 0 } },
};

static void parse_hex(const char *hex, uint8_t *buf)
{
    unsigned int n = 0;

    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        buf[n / 2] = (uint8_t)(buf[n / 2] << 4 | g_ascii_xdigit_value(*hex));
        n++;
    }
}

static void test_header(gconstpointer data)
{
    const struct header_case *c = data;
    uint8_t whole[NET_HEAD_MAX] = { 0 };
    g_autofree uint8_t *head = g_malloc(c->len); /* so that a read beyond len is seen */
    struct net_csum got = { 0 };

    parse_hex(c->hex, whole);
    memcpy(head, whole, c->len);
    if (c->found && !c->want.is_udp) /* TCP's data offset: the rows with extension headers end before it */
        head[c->want.start + 12] = (uint8_t)((c->want.header_len - c->want.start) / 4 << 4);
    g_assert_true(net_find_csum(head, c->len, &got) == c->found);
    if (!c->found)
        return;
    g_assert_cmpuint(got.start, ==, c->want.start);
    g_assert_cmpuint(got.offset, ==, c->want.offset);
    g_assert_cmpuint(got.header_len, ==, c->want.header_len);
    g_assert_true(got.is_udp == c->want.is_udp);
}

static uint16_t sum_of(const uint8_t *p, size_t n, bool is_udp)
{
    struct net_sum s = { 0 };

    net_sum_add(&s, p, n);
    return net_sum_finish(&s, is_udp);
}

/* RFC 1071 3's example, in network byte order. */
static void test_sum(void)
{
    static const uint8_t rfc[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
    static const uint8_t zero[] = { 0xff, 0xff, 0x00, 0x00 };
    uint16_t got = sum_of(rfc, sizeof(rfc), false);

    g_assert_cmpuint(GUINT16_FROM_BE(got), ==, (uint16_t)~0xddf2);
    g_assert_cmpuint(sum_of(zero, sizeof(zero), false), ==, 0);
    g_assert_cmpuint(sum_of(zero, sizeof(zero), true), ==, 0xffff);
}

/* However it is cut, the sum is the same. */
static void test_sum_pieces(void)
{
    uint8_t buf[4096];

    for (unsigned int round = 0; round < 2000; round++) {
        size_t len = (size_t)g_random_int_range(1, sizeof(buf)), at = 0;
        struct net_sum s = { 0 };

        for (size_t i = 0; i < len; i++)
            buf[i] = (uint8_t)g_random_int();
        while (at < len) {
            size_t n = (size_t)g_random_int_range(1, (int)(len - at) + 1);

            net_sum_add(&s, buf + at, n);
            at += n;
        }
        g_assert_cmpuint(net_sum_finish(&s, false), ==, sum_of(buf, len, false));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned int i = 0; i < G_N_ELEMENTS(header_cases); i++)
        g_test_add_data_func(header_cases[i].path, &header_cases[i], test_header);
    g_test_add_func("/net-packet/sum", test_sum);
    g_test_add_func("/net-packet/sum-pieces", test_sum_pieces);
    return g_test_run();
}
