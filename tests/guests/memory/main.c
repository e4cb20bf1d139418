/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HYPERVISOR_memory_op (memory.h): pages go to Xen and come back, maps, limits. */
#include "guest.h"

static long reserve(unsigned int cmd, xen_pfn_t *list, unsigned long n, unsigned int order)
{
    struct xen_memory_reservation r = { .nr_extents = n,
                                        .extent_order = order,
                                        .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, list);
    return memory_op(cmd, &r);
}

static unsigned long current(void)
{
    struct xen_memory_domain self = { DOMID_SELF };

    return (unsigned long)memory_op(XENMEM_current_reservation, &self);
}

static void balloon_down_and_up(void)
{
    unsigned long before = current();
    xen_pfn_t pfns[3] = { pfn_spare(), pfn_spare(), pfn_spare() }, list[3];
    struct xen_memory_reservation foreign = { .domid = 0, .nr_extents = 1 };

    for (unsigned int i = 0; i < 3; i++)
        list[i] = pfn_to_mfn(pfns[i]);
    check_eq(reserve(XENMEM_decrease_reservation, list, 3, 0), 3);
    check_eq(current(), before - 3);
    /* They are not ours any more. */
    check_eq(reserve(XENMEM_decrease_reservation, list, 3, 0), 0);
    memcpy(list, pfns, sizeof(list));
    check_eq(reserve(XENMEM_populate_physmap, list, 3, 0), 3);
    check_eq(current(), before);
    for (unsigned int i = 0; i < 3; i++)
        check_eq(machine_to_phys_mapping[list[i]], pfns[i]);
    /* Another domain's, and what cannot be read: nothing done is the answer, not an error. */
    check_eq(memory_op(XENMEM_decrease_reservation, &foreign), 0);
}

static void extents(void)
{
    xen_pfn_t pfn = pfn_spare(), mfn = pfn_to_mfn(pfn), bad[2];

    check_eq(reserve(XENMEM_decrease_reservation, &mfn, 1, 0), 1);
    mfn = 0;
    check_eq(reserve(XENMEM_increase_reservation, &mfn, 1, 0), 1);
    check(mfn != 0);
    check_eq(mmu_update_one((uint64_t)mfn << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn), 0);
    check_eq(machine_to_phys_mapping[mfn], pfn);
    /* What cannot be read ends the list. */
    bad[0] = pfn_to_mfn(pfn_spare());
    bad[1] = ~0UL;
    check_eq(reserve(XENMEM_decrease_reservation, bad, 2, 0), 1);
    check_eq(reserve(XENMEM_decrease_reservation, (xen_pfn_t *)0x1000, 1, 0), 0);
    check_eq(memory_op(XENMEM_decrease_reservation, (void *)0x1000), 0);
}

static void exchange(void)
{
    xen_pfn_t in = pfn_to_mfn(pfn_spare()), out = machine_to_phys_mapping[in], pfn = out;
    struct xen_memory_exchange x = {
        .in = { .nr_extents = 1, .domid = DOMID_SELF },
        .out = { .nr_extents = 1, .domid = DOMID_SELF },
    };

    set_xen_guest_handle(x.in.extent_start, &in);
    set_xen_guest_handle(x.out.extent_start, &out);
    check_eq(memory_op(XENMEM_exchange, &x), 0);
    check_eq(x.nr_exchanged, 1);
    check_eq(machine_to_phys_mapping[out], pfn);
    x.nr_exchanged = 0;
    x.out.extent_order = 1;
    check_eq(memory_op(XENMEM_exchange, &x), -XEN_EINVAL);
}

static void maps(void)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) entries[8];
    struct xen_memory_map map = { .nr_entries = ARRAY_SIZE(entries) };
    struct xen_machphys_mapping m = { 0 };
    struct xen_memory_domain self = { DOMID_SELF };
    xen_pfn_t frames[2] = { 0 };
    struct xen_machphys_mfn_list list = { .max_extents = 1 };

    set_xen_guest_handle(map.buffer, (void *)entries);
    if (!in_shim()) {
        check_eq(memory_op(XENMEM_memory_map, &map), 0);
        check_eq(map.nr_entries, 1);
        check_eq(entries[0].addr, 0);
        check_eq(entries[0].type, 1);
        check(entries[0].size >> PAGE_SHIFT >= start_info->nr_pages);
    }
    check_eq(memory_op(XENMEM_machphys_mapping, &m), 0);
    check_eq(m.v_start, (unsigned long)machine_to_phys_mapping);
    check(m.v_end > m.v_start && m.max_mfn >= pfn_to_mfn(0));
    set_xen_guest_handle(list.extent_start, frames);
    check_eq(memory_op(XENMEM_machphys_mfn_list, &list), 0);
    check(list.nr_extents == 1 && frames[0] != 0 && frames[1] == 0);
    check_eq(memory_op(XENMEM_machine_memory_map, &map), -XEN_EPERM);
    check(memory_op(XENMEM_maximum_ram_page, NULL) > 0);
    check((unsigned long)memory_op(XENMEM_maximum_reservation, &self) >= start_info->nr_pages);
}

void test_main(void)
{
    balloon_down_and_up();
    extents();
    exchange();
    maps();
    check_eq(memory_op(60, NULL), -XEN_ENOSYS);
}
