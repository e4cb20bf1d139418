/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "affinity.h"

static const struct {
    const char *cpus;
    guint64 mask; /* 0: refused */
} rows[] = {
    { "0", 0x1 },      { "0-3,5,^1", 0x2d }, { "all", 0xff },   { "^0", 0xfe },  { "0-2", 0x7 },
    { "1, 2", 0x6 },   { "all,^7", 0x7f },   { "6-20", 0xc0 },  { "8", 0 },      { "3-1", 0 },
    { "", 0 },         { "x", 0 },           { "1-", 0 },       { "-1", 0 },     { "1,,2", 0 },
    { "0,^0", 0 },     { "1-2x", 0 },        { "node:0", 0 },
};

static void test_parse(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        guint64 mask = 0;
        cpu_set_t set;

        if (kxl_affinity_parse(rows[i].cpus, 8, &set, &error))
            for (guint cpu = 0; cpu < 64; cpu++)
                mask |= CPU_ISSET(cpu, &set) ? G_GUINT64_CONSTANT(1) << cpu : 0;
        else
            g_assert_error(error, KXL_ERROR, KXL_ERROR_INVALID);
        g_test_message("%s", rows[i].cpus);
        g_assert_cmphex(mask, ==, rows[i].mask);
    }
}

static void test_nice(void)
{
    g_assert_cmpint(kxl_affinity_nice(0), ==, 0);
    g_assert_cmpint(kxl_affinity_nice(256), ==, 0);
    g_assert_cmpint(kxl_affinity_nice(512), ==, -3);
    g_assert_cmpint(kxl_affinity_nice(128), ==, 3);
    g_assert_cmpint(kxl_affinity_nice(1), ==, 19);
    g_assert_cmpint(kxl_affinity_nice(65535), ==, -20);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/affinity/parse", test_parse);
    g_test_add_func("/affinity/nice", test_nice);
    return g_test_run();
}
