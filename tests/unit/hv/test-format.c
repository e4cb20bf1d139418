/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "printk.h"
#include <glib.h>
#include <limits.h>
#include <string.h>

/* hv's text must be the C library's, for every conversion that printk.h promises. */
#define SAME(...)                                                                                  \
    do {                                                                                           \
        char ours[128], theirs[128];                                                               \
        int n = snprintk(ours, sizeof(ours), __VA_ARGS__);                                         \
        g_assert_cmpint(n, ==, g_snprintf(theirs, sizeof(theirs), __VA_ARGS__));                   \
        g_assert_cmpstr(ours, ==, theirs);                                                         \
    } while (0)

static void test_numbers(void)
{
    SAME("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    SAME("%u %x %X", UINT_MAX, 0xdeadbeefU, 0xdeadbeefU);
    SAME("%ld %lu %lx", LONG_MIN, ULONG_MAX, ULONG_MAX);
    SAME("%lld %llu %llx", LLONG_MIN, ULLONG_MAX, 0x123456789abcdefULL);
    SAME("%zu %zd %zx", (size_t)77, (ssize_t)-77, (size_t)0xff);
    SAME("[%5d] [%-5d] [%05d] [%+d] [% d]", 42, 42, 42, 42, 42);
    SAME("[%05d] [%-5d] [%5d]", -42, -42, -42);
    SAME("[%02x] [%016lx] [%#x] [%#010x] [%#x]", 7, 0x1234UL, 0x1f, 0x1f, 0);
    SAME("[%.3d] [%.0d] [%8.3d]", 7, 0, 7);
    SAME("[%*d] [%*d]", 6, 42, -6, 42);
    SAME("%p", (void *)0x1234);
}

static void test_text(void)
{
    SAME("%s|%10s|%-10s|%.2s|%.*s", "abc", "abc", "abc", "abc", 1, "abc");
    SAME("%c%c %%", 'x', 'y');
    SAME("nothing");
    SAME("%s", "");
}

/* .%* reads no further than the precision allows. */
static void test_unterminated(void)
{
    char *text = g_malloc(3), out[8];

    memcpy(text, "abc", 3);
    g_assert_cmpint(snprintk(out, sizeof(out), "%.*s", 3, text), ==, 3);
    g_assert_cmpstr(out, ==, "abc");
    g_free(text);
}

static void test_truncation(void)
{
    char out[4] = "xyz";

    g_assert_cmpint(snprintk(out, 0, "hello"), ==, 5);
    g_assert_cmpstr(out, ==, "xyz");
    g_assert_cmpint(snprintk(out, 1, "hello"), ==, 5);
    g_assert_cmpstr(out, ==, "");
    g_assert_cmpint(snprintk(out, sizeof(out), "%d", 123456), ==, 6);
    g_assert_cmpstr(out, ==, "123");
}

static void test_odd(void)
{
    char out[16];
    const char *volatile null = NULL, *volatile cut = "50%";

    snprintk(out, sizeof(out), "%s", null);
    g_assert_cmpstr(out, ==, "(null)");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
    snprintk(out, sizeof(out), cut);
#pragma GCC diagnostic pop
    g_assert_cmpstr(out, ==, "50");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/format/numbers", test_numbers);
    g_test_add_func("/format/text", test_text);
    g_test_add_func("/format/unterminated", test_unterminated);
    g_test_add_func("/format/truncation", test_truncation);
    g_test_add_func("/format/odd", test_odd);
    return g_test_run();
}
