/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"
#include "mm/frames.h"
#include "mm/pagealloc.h"
#include <glib.h>
#include <string.h>

/* The pool is the harness's pages for hv. */
#define POOL_BASE  (HARNESS_FIRST_MFN + HARNESS_GUEST_PAGES + HARNESS_FREE_PAGES)
#define POOL_PAGES 512U

uint8_t *frame_table;
mfn_t frame_table_size = POOL_BASE + POOL_PAGES;

/* The harness makes its domain before the pool is there. */
void *domain_alloc_shared(struct domain *d, mfn_t *ret_mfn)
{
    static uint64_t page[PAGE_SIZE / 8];

    *ret_mfn = 0;
    return page;
}

static struct domain *set_up(void)
{
    struct domain *d = harness_domain_new(1, false);

    frame_table = g_malloc0(frame_table_size);
    harness_open_hv_pages();
    pagealloc_init(POOL_BASE, POOL_PAGES);
    return d;
}

static void tear_down(struct domain *d)
{
    g_clear_pointer(&frame_table, g_free);
    harness_domain_free(d);
}

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i])
            return false;
    return true;
}

static void test_pages(void)
{
    struct domain *d = set_up();
    uint64_t all = pagealloc_free_count();
    void *p[12];

    for (unsigned int order = 0; order < 8; order++) {
        p[order] = alloc_pages(order);
        g_assert_nonnull(p[order]);
        g_assert_cmpuint(virt_to_mfn(p[order]) % (1U << order), ==, 0);
        g_assert_true(is_zero(p[order], PAGE_SIZE << order));
        memset(p[order], 0xa5, PAGE_SIZE << order);
    }
    g_assert_cmpuint(pagealloc_free_count(), ==, all - 255);
    for (unsigned int order = 0; order < 8; order++)
        free_pages(p[order], order);
    g_assert_cmpuint(pagealloc_free_count(), ==, all);
    g_assert_null(alloc_pages(10));
    p[0] = alloc_pages(0);
    g_assert_true(is_zero(p[0], PAGE_SIZE));
    tear_down(d);
}

static void test_exhausted(void)
{
    struct domain *d = set_up();
    GPtrArray *pages = g_ptr_array_new();
    uint64_t all = pagealloc_free_count();
    void *p;

    while ((p = alloc_pages(0)))
        g_ptr_array_add(pages, p);
    g_assert_cmpuint(pages->len, ==, all);
    g_assert_null(kmalloc(16));
    g_assert_null(kmalloc(100000));
    free_pages(pages->pdata[77], 0);
    p = kmalloc(16);
    g_assert_nonnull(p);
    kfree(p);
    g_assert_true(alloc_pages(0) == pages->pdata[77]);
    g_ptr_array_unref(pages);
    tear_down(d);
}

static void test_blocks(void)
{
    struct domain *d = set_up();
    uint64_t all = pagealloc_free_count();

    for (size_t size = 0; size < 3 * PAGE_SIZE; size += size < 64 ? 1 : 61) {
        uint8_t *a = kmalloc(size), *b = kmalloc(size);

        g_assert_cmpuint((uintptr_t)a % 16, ==, 0);
        g_assert_true(is_zero(a, size) && is_zero(b, size));
        memset(a, 0x11, size);
        memset(b, 0x22, size);
        for (size_t i = 0; i < size; i++)
            g_assert_cmphex(a[i], ==, 0x11);
        kfree(a);
        for (size_t i = 0; i < size; i++)
            g_assert_cmphex(b[i], ==, 0x22);
        kfree(b);
    }
    kfree(NULL);
    g_assert_cmpuint(pagealloc_free_count(), ==, all);
    tear_down(d);
}

static void test_realloc(void)
{
    struct domain *d = set_up();
    uint64_t all = pagealloc_free_count();
    uint8_t *p = NULL;
    size_t size = 0;

    for (unsigned int n = 0; n < 2000; n++) {
        size_t wanted = (size_t)g_test_rand_int_range(1, 20000), kept = MIN(size, wanted);
        uint8_t *q = krealloc(p, wanted);

        g_assert_nonnull(q);
        for (size_t i = 0; i < kept; i++)
            g_assert_cmphex(q[i], ==, (uint8_t)i);
        for (size_t i = 0; i < wanted; i++)
            q[i] = (uint8_t)i;
        p = q;
        size = wanted;
    }
    kfree(p);
    g_assert_cmpuint(pagealloc_free_count(), ==, all);
    tear_down(d);
}

/* Many blocks of all sizes, freed in any order; each keeps its contents, and nothing is lost. */
static void test_random(void)
{
    struct domain *d = set_up();
    uint64_t all = pagealloc_free_count();
    struct {
        uint8_t *p;
        size_t size;
        uint8_t fill;
    } slots[200] = { 0 };

    for (unsigned int n = 0; n < 50000; n++) {
        unsigned int s = (unsigned int)g_test_rand_int_range(0, G_N_ELEMENTS(slots));

        if (slots[s].p) {
            for (size_t i = 0; i < slots[s].size; i++)
                g_assert_cmphex(slots[s].p[i], ==, slots[s].fill);
            kfree(slots[s].p);
            slots[s].p = NULL;
            continue;
        }
        slots[s].size = (size_t)g_test_rand_int_range(1, n % 50 ? 600 : 9000);
        slots[s].fill = (uint8_t)n;
        slots[s].p = kmalloc(slots[s].size);
        if (slots[s].p)
            memset(slots[s].p, slots[s].fill, slots[s].size);
    }
    for (unsigned int s = 0; s < G_N_ELEMENTS(slots); s++)
        kfree(slots[s].p);
    g_assert_cmpuint(pagealloc_free_count(), ==, all);
    tear_down(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/heap/pages", test_pages);
    g_test_add_func("/heap/exhausted", test_exhausted);
    g_test_add_func("/heap/blocks", test_blocks);
    g_test_add_func("/heap/realloc", test_realloc);
    g_test_add_func("/heap/random", test_random);
    return g_test_run();
}
