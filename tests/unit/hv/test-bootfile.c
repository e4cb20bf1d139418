/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot/bootfile.h"
#include <glib.h>

#define FILE_SIZE 0x10000

static const struct kz_boot_header good = {
    .magic = KZ_BOOT_MAGIC,
    .version = KZ_BOOT_VERSION,
    .header_size = sizeof(struct kz_boot_header),
    .nr_pages = 1000,
    .max_pages = 2000,
    .nr_vcpus = 1,
    .max_vcpus = 4,
    .kernel = { 0x1000, 0x2345 },
    .ramdisk = { 0x4000, 0x1000 },
    .cmdline = { 0x5000, 1023 },
    .store = { 0x6000, 0xa000 },
};

static void test_good(void)
{
    struct kz_boot_header h = good;

    g_assert_null(bootfile_check(&h, FILE_SIZE));
    h.ramdisk.size = h.cmdline.size = h.store.size = 0;
    g_assert_null(bootfile_check(&h, FILE_SIZE));
}

#define BAD(change, text)                                                                          \
    do {                                                                                           \
        struct kz_boot_header h = good;                                                            \
        h.change;                                                                                  \
        g_assert_cmpstr(bootfile_check(&h, FILE_SIZE), ==, text);                                  \
    } while (0)

static void test_bad(void)
{
    BAD(magic = 1, "not a boot file");
    BAD(version = 2, "boot file of another version");
    BAD(header_size = 152, "boot file of another version");
    BAD(kernel.size = 0, "boot file without a kernel");
    BAD(kernel.offset = 0x1001, "boot file section outside of the file");
    BAD(store.size = 0xa001, "boot file section outside of the file");
    BAD(ramdisk.offset = ~0xfffULL, "boot file section outside of the file");
    BAD(ramdisk.size = ~0ULL, "boot file section outside of the file");
    BAD(cmdline.size = 1024, "command line is too long");
    BAD(nr_pages = 0, "boot file with a wrong memory size");
    BAD(max_pages = 999, "boot file with a wrong memory size");
    BAD(nr_vcpus = 0, "boot file with a wrong number of vCPUs");
    BAD(max_vcpus = 0, "boot file with a wrong number of vCPUs");
    g_assert_cmpstr(bootfile_check(&good, 100), ==, "not a boot file");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootfile/good", test_good);
    g_test_add_func("/bootfile/bad", test_bad);
    return g_test_run();
}
