/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "affinity.h"

#include <unistd.h>

#include "kxl-vcpu.h"

static const struct {
    const char *cpus;
    guint64 mask; /* 0: refused */
} rows[] = {
    { "0", 0x1 },
    { "0-3,5,^1", 0x2d },
    { "all", 0xff },
    { "^0", 0xfe },
    { "0-2", 0x7 },
    { "1, 2", 0x6 },
    { "all,^7", 0x7f },
    { "6-20", 0xc0 },
    { "8", 0 },
    { "3-1", 0 },
    { "", 0 },
    { "x", 0 },
    { "1-", 0 },
    { "-1", 0 },
    { "1,,2", 0 },
    { "0,^0", 0 },
    { "1-2x", 0 },
    { "node:999", 0 },
    { "nodes:x", 0 },
    { "0,^node:999", 0x1 },
    { "1,nodes:900-999", 0x2 },
    { "node:", 0 },
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

/* Every CPU is on some node; where the host tells of its nodes. */
static void test_nodes(void)
{
    static const char *const same[] = { "nodes:0-1023", "all,node:0", "0-1023,^nodes:1023" };
    guint nr_cpus = (guint)sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t all, set;

    if (!g_file_test("/sys/devices/system/node/node0/cpulist", G_FILE_TEST_EXISTS)) {
        g_test_skip("no NUMA nodes in /sys");
        return;
    }
    g_assert_true(kxl_affinity_parse("all", nr_cpus, &all, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        g_assert_true(kxl_affinity_parse(same[i], nr_cpus, &set, NULL));
        g_assert_true(CPU_EQUAL(&all, &set));
    }
    g_autofree char *numbers = kxl_cpus_expand(same[0], NULL);
    g_assert_true(g_ascii_isdigit(numbers[0]));
    g_assert_null(kxl_cpus_expand("node:1023", NULL));
    g_assert_false(kxl_affinity_parse("all,^nodes:0-1023", nr_cpus, &set, NULL));
    g_assert_false(kxl_affinity_parse("all,nodes:^0-1023", nr_cpus, &set, NULL));
}

static const struct {
    const char *cpus;
    guint vcpu;
    guint64 mask; /* 0: refused */
} vcpu_rows[] = {
    { "1-2", 5, 0x6 },
    { "[ \"0\", \"2-3,^2\" ]", 0, 0x1 },
    { "[ \"0\", \"2-3,^2\" ]", 1, 0x8 },
    { "[ \"0\", \"2-3,^2\" ]", 2, 0xff },
    { "['4',5]", 1, 0x20 },
    { "[ \"0\", \"x\" ]", 1, 0 },
    { "[ ]", 0, 0xff },
    { "[ \"0", 0, 0x1 },
};

static void test_parse_vcpu(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(vcpu_rows); i++) {
        g_autoptr(GError) error = NULL;
        guint64 mask = 0;
        cpu_set_t set;

        if (kxl_affinity_parse_vcpu(vcpu_rows[i].cpus, vcpu_rows[i].vcpu, 8, &set, &error))
            for (guint cpu = 0; cpu < 64; cpu++)
                mask |= CPU_ISSET(cpu, &set) ? G_GUINT64_CONSTANT(1) << cpu : 0;
        g_test_message("%s", vcpu_rows[i].cpus);
        g_assert_cmphex(mask, ==, vcpu_rows[i].mask);
    }
    g_assert_true(kxl_affinity_check("[ \"0\", \"1\" ]", 8, NULL));
    g_assert_false(kxl_affinity_check("[ \"0\", \"9\" ]", 8, NULL));
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
    g_test_add_func("/affinity/nodes", test_nodes);
    g_test_add_func("/affinity/parse-vcpu", test_parse_vcpu);
    g_test_add_func("/affinity/nice", test_nice);
    return g_test_run();
}
