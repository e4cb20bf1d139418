/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/desc.h"
#include <glib.h>

static const struct {
    const char *what;
    uint64_t in, out;
    bool ok;
} rows[] = {
    { "empty", 0, 0, true },
    { "not present", 0x00af1b000000ffff, 0x00af1b000000ffff, true },
    { "kernel code, level 0", 0x00af9b000000ffff, 0x00afbb000000ffff, true },
    { "kernel data, level 0", 0x00cf93000000ffff, 0x00cfb3000000ffff, true },
    { "level 1 stays", 0x00cfb3000000ffff, 0x00cfb3000000ffff, true },
    { "level 2 stays", 0x00cfd3000000ffff, 0x00cfd3000000ffff, true },
    { "user code", 0x00affb000000ffff, 0x00affb000000ffff, true },
    { "call gate", 0x0000ec0000081234, 0x00006c0000081234, false },
    { "TSS", 0x0000890000000067, 0x0000090000000067, false },
    { "LDT", 0x000082000000ffff, 0x000002000000ffff, false },
    { "gate not present", 0x00006c0000081234, 0x00006c0000081234, true },
};

/* A 32-bit guest's: no way into 64-bit mode. */
static void test_32bit(void)
{
    uint64_t code64 = 0x00affb000000ffff, code32 = 0x00cffb000000ffff, data = 0x00cf93000000ffff;

    g_assert_false(desc_fix(&code64, true));
    g_assert_cmphex(code64, ==, 0x00af7b000000ffff);
    g_assert_true(desc_fix(&code32, true));
    g_assert_cmphex(code32, ==, 0x00cffb000000ffff);
    g_assert_true(desc_fix(&data, true));
    g_assert_cmphex(data, ==, 0x00cfb3000000ffff);
}

static void test_rows(void)
{
    for (unsigned int i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint64_t d = rows[i].in;

        g_test_message("%s", rows[i].what);
        g_assert_true(desc_fix(&d, false) == rows[i].ok);
        g_assert_cmphex(d, ==, rows[i].out);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/descfix/rows", test_rows);
    g_test_add_func("/descfix/32-bit", test_32bit);
    return g_test_run();
}
