/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-core.h"
#include "mm/frames.h"
#include "mm/m2p.h"
#include <glib.h>
#include <string.h>
#include <xen/memory.h>

#define ARG_PFN  10
#define LIST_PFN 11 /* two pages; the next is absent */
#define LIST_MAX 1024U
#define NOWHERE  0xdead0000

static struct domain *set_up(void)
{
    struct domain *d = fake_core_new(1);

    harness_set_access(LIST_PFN + 2, HARNESS_ABSENT);
    return d;
}

static uint64_t *list(void)
{
    return harness_page(LIST_PFN);
}

static int64_t memory_op(struct domain *d, unsigned int cmd, const void *arg, size_t size)
{
    harness_guest_write(harness_gva(ARG_PFN, 0), arg, size);
    return HYPERCALL(d, __HYPERVISOR_memory_op, cmd, harness_gva(ARG_PFN, 0));
}

static struct xen_memory_reservation reservation(uint64_t nr, unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = nr,
                                        .extent_order = order,
                                        .domid = DOMID_SELF };

    set_xen_guest_handle_raw(r.extent_start, (void *)harness_gva(LIST_PFN, 0));
    return r;
}

static int64_t reserve(struct domain *d, unsigned int cmd, uint64_t nr, unsigned int order)
{
    struct xen_memory_reservation r = reservation(nr, order);

    return memory_op(d, cmd, &r, sizeof(r));
}

/* Balloon down, and up again: the pages come back, empty, and the M2P follows. */
static void test_balloon(void)
{
    struct domain *d = set_up();

    memset(harness_page(200), 0xaa, PAGE_SIZE);
    for (unsigned int i = 0; i < 100; i++)
        list()[i] = harness_mfn(200 + i);
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 100, 0), ==, 100);
    g_assert_cmpuint(d->nr_pages, ==, HARNESS_GUEST_PAGES - 100);
    g_assert_cmphex(m2p_get(harness_mfn(200)), ==, INVALID_M2P_ENTRY);
    g_assert_true(frame_owner(harness_mfn(200)) == FRAME_FREE);
    for (unsigned int i = 0; i < 100; i++)
        list()[i] = 200 + i;
    g_assert_cmpint(reserve(d, XENMEM_populate_physmap, 100, 0), ==, 100);
    g_assert_cmpuint(d->nr_pages, ==, HARNESS_GUEST_PAGES);
    for (unsigned int i = 0; i < 100; i++) {
        const uint8_t *page = mfn_to_virt(list()[i]);

        g_assert_cmpuint(m2p_get(list()[i]), ==, 200 + i);
        for (unsigned int b = 0; b < PAGE_SIZE; b++)
            g_assert_cmphex(page[b], ==, 0);
    }
    fake_core_free(d);
}

/* No more than max_pages: a partial success is a count. */
static void test_limit(void)
{
    struct domain *d = set_up();

    d->max_pages = d->nr_pages + 10;
    for (unsigned int i = 0; i < 20; i++)
        list()[i] = 2000 + i;
    g_assert_cmpint(reserve(d, XENMEM_populate_physmap, 20, 0), ==, 10);
    g_assert_cmpuint(d->nr_pages, ==, d->max_pages);
    g_assert_cmpuint(list()[10], ==, 2010); /* the others are untouched */
    g_assert_cmpint(reserve(d, XENMEM_increase_reservation, 1, 0), ==, 0);
    fake_core_free(d);
}

static void test_orders(void)
{
    struct domain *d = set_up();
    mfn_t mfn;

    list()[0] = 4096;
    g_assert_cmpint(reserve(d, XENMEM_populate_physmap, 1, 4), ==, 1);
    mfn = list()[0];
    g_assert_cmpuint(mfn % 16, ==, 0);
    for (unsigned int i = 0; i < 16; i++)
        g_assert_cmpuint(m2p_get(mfn + i), ==, 4096 + i);
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 1, 4), ==, 1);
    g_assert_cmpuint(d->nr_pages, ==, HARNESS_GUEST_PAGES);
    g_assert_cmpint(reserve(d, XENMEM_populate_physmap, 1, 9), ==, 0); /* there are but 256 */
    g_assert_cmpint(reserve(d, XENMEM_populate_physmap, 1, 10), ==, 0);
    g_assert_cmpint(reserve(d, XENMEM_populate_physmap, 1, 63), ==, 0);
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 1, 0xffffffff), ==, 0);
    fake_core_free(d);
}

static void test_bad_extents(void)
{
    struct domain *d = set_up();
    struct xen_memory_reservation r = reservation(5, 0);

    /* Stops at the first that is not the guest's. */
    for (unsigned int i = 0; i < 5; i++)
        list()[i] = harness_mfn(300 + i);
    list()[3] = 1;
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 5, 0), ==, 3);
    list()[0] = harness_mfn(300); /* given back already */
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 5, 0), ==, 0);
    list()[0] = d->shared_info_mfn;
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 1, 0), ==, 0);
    list()[0] = harness_mfn(400);
    frame_set_level(list()[0], 4);
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 1, 0), ==, 0);
    list()[0] = ~0ULL;
    g_assert_cmpint(reserve(d, XENMEM_decrease_reservation, 1, 9), ==, 0);

    r.domid = 9;
    g_assert_cmpint(memory_op(d, XENMEM_decrease_reservation, &r, sizeof(r)), ==, 0);
    r.domid = d->domid;
    set_xen_guest_handle_raw(r.extent_start, (void *)NOWHERE);
    g_assert_cmpint(memory_op(d, XENMEM_decrease_reservation, &r, sizeof(r)), ==, 0);
    g_assert_cmpint(memory_op(d, XENMEM_populate_physmap, &r, sizeof(r)), ==, 0);
    g_assert_cmpuint(d->nr_pages, ==, HARNESS_GUEST_PAGES - 3);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_memory_op, XENMEM_populate_physmap, NOWHERE), ==, 0);
    fake_core_free(d);
}

static int64_t exchange(struct domain *d, struct xen_memory_exchange *x)
{
    int64_t rc = memory_op(d, XENMEM_exchange, x, sizeof(*x));

    harness_guest_read(x, harness_gva(ARG_PFN, 0), sizeof(*x));
    return rc;
}

/* 16 single pages for one run of 16 below a limit, as a driver with a picky device asks for. */
static void test_exchange(void)
{
    struct domain *d = set_up();
    struct xen_memory_exchange x = { .in = reservation(16, 0), .out = reservation(1, 4) };
    uint64_t *out = list() + 100;

    set_xen_guest_handle_raw(x.out.extent_start, (void *)harness_gva(LIST_PFN, 800));
    for (unsigned int i = 0; i < 16; i++)
        list()[i] = harness_mfn(500 + 3 * i);
    *out = 500;
    g_assert_cmpint(exchange(d, &x), ==, 0);
    g_assert_cmpuint(x.nr_exchanged, ==, 16);
    g_assert_cmpuint(*out % 16, ==, 0);
    g_assert_cmpuint(m2p_get(*out + 5), ==, 505);
    g_assert_cmpuint(d->nr_pages, ==, HARNESS_GUEST_PAGES);
    g_assert_true(frame_owner(harness_mfn(503)) == FRAME_FREE);

    x.nr_exchanged = 17;
    g_assert_cmpint(exchange(d, &x), ==, -XEN_EINVAL);
    x.nr_exchanged = 0;
    x.out.nr_extents = 2;
    g_assert_cmpint(exchange(d, &x), ==, -XEN_EINVAL);
    x.out.nr_extents = 1;
    x.out.domid = 9;
    g_assert_cmpint(exchange(d, &x), ==, -XEN_EPERM);
    x.out.domid = DOMID_SELF;
    x.out.extent_order = 40;
    g_assert_cmpint(exchange(d, &x), ==, -XEN_EPERM);
    x.out.extent_order = 4;
    x.in.nr_extents = x.out.nr_extents = ~0ULL;
    g_assert_cmpint(exchange(d, &x), ==, -XEN_EINVAL);
    fake_core_free(d);
}

/* The harness's table lies in one piece; it is smaller than 2 MiB. */
static void test_machphys_list(void)
{
    struct domain *d = set_up();
    struct xen_machphys_mfn_list l = { .max_extents = 0 };

    set_xen_guest_handle_raw(l.extent_start, (void *)harness_gva(LIST_PFN, 0));
    list()[0] = list()[1] = 7;
    g_assert_cmpint(memory_op(d, XENMEM_machphys_mfn_list, &l, sizeof(l)), ==, 0);
    harness_guest_read(&l, harness_gva(ARG_PFN, 0), sizeof(l));
    g_assert_cmpuint(l.nr_extents, ==, 0);
    g_assert_cmpuint(list()[0], ==, 7);
    l.max_extents = 100;
    g_assert_cmpint(memory_op(d, XENMEM_machphys_mfn_list, &l, sizeof(l)), ==, 0);
    harness_guest_read(&l, harness_gva(ARG_PFN, 0), sizeof(l));
    g_assert_cmpuint(l.nr_extents, ==, 1);
    g_assert_cmpuint(list()[0], ==, FAKE_M2P_MFN);
    g_assert_cmpuint(list()[1], ==, 7);
    l.extent_start.p = (void *)NOWHERE;
    g_assert_cmpint(memory_op(d, XENMEM_machphys_mfn_list, &l, sizeof(l)), ==, -XEN_EFAULT);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, NOWHERE), ==,
                    -XEN_EFAULT);
    fake_core_free(d);
}

static void test_questions(void)
{
    struct domain *d = set_up();
    struct xen_memory_domain self = { DOMID_SELF }, other = { 9 };
    struct xen_machphys_mapping m;
    struct xen_memory_map map = { .nr_entries = 5 };
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) e820;

    d->shared_info->arch.max_pfn = 1234;
    g_assert_cmpint(memory_op(d, XENMEM_current_reservation, &self, 2), ==, d->nr_pages);
    g_assert_cmpint(memory_op(d, XENMEM_maximum_reservation, &self, 2), ==, d->max_pages);
    g_assert_cmpint(memory_op(d, XENMEM_maximum_gpfn, &self, 2), ==, 1233);
    g_assert_cmpint(memory_op(d, XENMEM_current_reservation, &other, 2), ==, -XEN_EPERM);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_memory_op, XENMEM_maximum_ram_page, 0), ==,
                    frame_table_size - 1);
    g_assert_cmpint(
        HYPERCALL(d, __HYPERVISOR_memory_op, XENMEM_machphys_mapping, harness_gva(ARG_PFN, 0)), ==,
        0);
    harness_guest_read(&m, harness_gva(ARG_PFN, 0), sizeof(m));
    g_assert_cmphex(m.v_start, ==, 0xffff800000000000);
    g_assert_cmpuint(m.max_mfn + 1, ==, (m.v_end - m.v_start) / 8);

    set_xen_guest_handle_raw(map.buffer, (void *)harness_gva(LIST_PFN, 0));
    g_assert_cmpint(memory_op(d, XENMEM_memory_map, &map, sizeof(map)), ==, 0);
    harness_guest_read(&map, harness_gva(ARG_PFN, 0), sizeof(map));
    g_assert_cmpuint(map.nr_entries, ==, 1);
    harness_guest_read(&e820, harness_gva(LIST_PFN, 0), sizeof(e820));
    g_assert_cmpuint(e820.size, ==, d->max_pages * PAGE_SIZE);
    map.nr_entries = 0;
    g_assert_cmpint(memory_op(d, XENMEM_memory_map, &map, sizeof(map)), ==, -XEN_EINVAL);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_memory_op, XENMEM_set_memory_map, 0), ==, -XEN_EPERM);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_memory_op, 63, 0), ==, -XEN_ENOSYS);
    fake_core_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/balloon", test_balloon);
    g_test_add_func("/memory/limit", test_limit);
    g_test_add_func("/memory/orders", test_orders);
    g_test_add_func("/memory/bad-extents", test_bad_extents);
    g_test_add_func("/memory/exchange", test_exchange);
    g_test_add_func("/memory/machphys-list", test_machphys_list);
    g_test_add_func("/memory/questions", test_questions);
    return g_test_run();
}
