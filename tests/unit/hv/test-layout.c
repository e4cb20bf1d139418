/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/elf.h"
#include "pv/layout.h"
#include <glib.h>

#define MIB (1UL << 20)

/* Debian's cloud kernel: 64 MiB of image from 16 MiB on. */
static const struct kernel_image linux_kernel = {
    .virt_base = 0xffffffff80000000,
    .virt_start = 0xffffffff81000000,
    .virt_end = 0xffffffff83e00000,
    .entry = 0xffffffff8304e1c0,
    .p2m_base = 0x8000000000,
    .ramdisk_unmapped = true,
};

/* A small kernel without the newer notes. */
static const struct kernel_image small_kernel = {
    .virt_base = 0,
    .virt_start = 0,
    .virt_end = 0x23456,
    .entry = 0,
};

/* Tables to map [0, bytes) at va, counted one by one. */
static uint64_t count_tables(uint64_t va, uint64_t bytes)
{
    uint64_t n = 1, seen[3] = { ~0ULL, ~0ULL, ~0ULL };

    for (uint64_t at = va; at < va + bytes || (at == va && bytes); at += PAGE_SIZE)
        for (unsigned int level = 1; level <= 3; level++)
            if (seen[level - 1] != at >> (12 + 9 * level)) {
                seen[level - 1] = at >> (12 + 9 * level);
                n++;
            }
    return n;
}

static void check(const struct kernel_image *k, uint64_t ramdisk, uint64_t nr_pages)
{
    struct pv_layout l;
    const struct pv_area *order[8];
    unsigned int n = 0;
    uint64_t bytes;

    g_assert_null(pv_layout_compute(k, ramdisk, nr_pages, &l));
    g_assert_cmpuint(l.kernel.pfn, ==, (k->virt_start - k->virt_base) / PAGE_SIZE);
    order[n++] = &l.kernel;
    if (!k->ramdisk_unmapped)
        order[n++] = &l.ramdisk;
    if (!k->p2m_base)
        order[n++] = &l.p2m;
    order[n++] = &l.start_info;
    order[n++] = &l.store;
    order[n++] = &l.console;
    order[n++] = &l.tables;
    order[n++] = &l.stack;
    /* In Xen's order and packed (xen.h start-of-day memory layout, 3 and 4). */
    for (unsigned int i = 1; i < n; i++)
        g_assert_cmpuint(order[i]->pfn, ==, order[i - 1]->pfn + order[i - 1]->pages);
    /* 4 MiB aligned end (2), 512 KiB of padding (7), and exactly the tables it takes. */
    bytes = l.mapped_end * PAGE_SIZE;
    g_assert_cmpuint((k->virt_base + bytes) % (4 * MIB), ==, 0);
    g_assert_cmpuint(bytes - (l.stack.pfn + 1) * PAGE_SIZE, >=, 512 << 10);
    g_assert_cmpuint(bytes - (l.stack.pfn + 1) * PAGE_SIZE, <,
                     (4 << 20) + (512 << 10) + 16 * PAGE_SIZE);
    g_assert_cmpuint(l.tables.pages, ==, count_tables(k->virt_base, bytes));
    if (k->p2m_base) {
        g_assert_cmpuint(l.p2m.pfn, ==, l.mapped_end);
        g_assert_cmpuint(l.p2m_tables.pages + 1, ==, count_tables(k->p2m_base, nr_pages * 8));
    }
    g_assert_cmpuint(l.p2m.pages, ==, (nr_pages * 8 + PAGE_SIZE - 1) / PAGE_SIZE);
    g_assert_cmpuint(l.ramdisk.pages, ==, (ramdisk + PAGE_SIZE - 1) / PAGE_SIZE);
    g_assert_cmpuint(l.end, <=, nr_pages);
}

static void test_sizes(void)
{
    static const uint64_t mib[] = { 128, 129, 256, 1000, 1024, 6144, 65536 };

    for (unsigned int i = 0; i < G_N_ELEMENTS(mib); i++)
        for (uint64_t ramdisk = 0; ramdisk <= 32 * MIB; ramdisk += 8 * MIB - 4095) {
            check(&linux_kernel, ramdisk, mib[i] * 256);
            check(&small_kernel, ramdisk, mib[i] * 256);
        }
}

/* The kernel's end moved page by page over a 4 MiB boundary: one step must not break another. */
static void test_steps(void)
{
    struct kernel_image k = small_kernel;

    for (k.virt_end = 2 * MIB; k.virt_end < 7 * MIB; k.virt_end += PAGE_SIZE)
        check(&k, 12345, 64 * 256);
}

static void test_too_small(void)
{
    static const char text[] = "memory is too small for the kernel and its ramdisk";
    struct pv_layout l;

    g_assert_cmpstr(pv_layout_compute(&linux_kernel, 0, 32 * 256, &l), ==, text);
    g_assert_cmpstr(pv_layout_compute(&linux_kernel, 100 * MIB, 128 * 256, &l), ==, text);
    g_assert_cmpstr(pv_layout_compute(&linux_kernel, ~0ULL, 128 * 256, &l), ==, text);
    g_assert_cmpstr(pv_layout_compute(&small_kernel, 0, 1, &l), ==, text);
    g_assert_cmpstr(pv_layout_compute(&small_kernel, 0, 1023, &l), ==, text);
    g_assert_null(pv_layout_compute(&small_kernel, 0, 1024, &l));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/layout/sizes", test_sizes);
    g_test_add_func("/layout/steps", test_steps);
    g_test_add_func("/layout/too-small", test_too_small);
    return g_test_run();
}
