/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-core.h"
#include "mm/frames.h"
#include "mm/guest-pt.h"
#include "mm/m2p.h"
#include <glib.h>
#include <string.h>

#define ARG_PFN 10
#define ARG     harness_gva(ARG_PFN, 0)

static int64_t update(struct domain *d, uint64_t ptr, uint64_t val, uint64_t domains)
{
    struct mmu_update u = { ptr, val };

    harness_guest_write(ARG, &u, sizeof(u));
    return HYPERCALL(d, __HYPERVISOR_mmu_update, ARG, 1, 0, domains);
}

static int64_t mmuext(struct domain *d, unsigned int cmd, uint64_t arg)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.linear_addr = arg };

    harness_guest_write(ARG, &op, sizeof(op));
    return HYPERCALL(d, __HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF);
}

static uint64_t ma(pfn_t pfn, unsigned int entry)
{
    return (harness_mfn(pfn) << PAGE_SHIFT) + entry * 8;
}

static uint64_t pte(pfn_t pfn, uint64_t flags)
{
    return harness_mfn(pfn) << PAGE_SHIFT | flags;
}

static unsigned int level(pfn_t pfn)
{
    return frame_level(harness_mfn(pfn));
}

/* Pinning marks a tree and puts hv's slots into its root; unpinning takes the root's mark. */
static void test_pin(void)
{
    struct domain *d = fake_core_new(1);
    uint64_t *l4 = harness_page(FAKE_L4_PFN);

    l4[300] = 0x123; /* the guest's own slots are left alone */
    l4[HV_SLOT_FIRST] = 0x456;
    g_assert_cmpint(mmuext(d, MMUEXT_PIN_L4_TABLE, harness_mfn(FAKE_L4_PFN)), ==, 0);
    for (pfn_t pfn = FAKE_L4_PFN; pfn <= FAKE_L1_PFN; pfn++)
        g_assert_cmpuint(level(pfn), ==, 4 - (pfn - FAKE_L4_PFN));
    g_assert_cmpuint(level(0), ==, 0);
    g_assert_cmpmem(&l4[HV_SLOT_FIRST], 128, &hv_l4[HV_SLOT_FIRST], 128);
    g_assert_cmphex(l4[300], ==, 0x123);
    g_assert_cmpint(mmuext(d, MMUEXT_NEW_BASEPTR, harness_mfn(FAKE_L4_PFN)), ==, 0);
    g_assert_cmphex(fake_core.cr3, ==, harness_mfn(FAKE_L4_PFN) << PAGE_SHIFT);
    /* The loaded one keeps its mark, and hv's slots cannot be changed or wiped. */
    g_assert_cmpint(mmuext(d, MMUEXT_UNPIN_TABLE, harness_mfn(FAKE_L4_PFN)), ==, 0);
    g_assert_cmpuint(level(FAKE_L4_PFN), ==, 4);
    g_assert_cmpint(update(d, ma(FAKE_L4_PFN, HV_SLOT_LAST), 0, DOMID_SELF), ==, -XEN_EINVAL);
    g_assert_cmpint(update(d, ma(FAKE_L4_PFN, HV_SLOT_LAST + 1), 0, DOMID_SELF), ==, 0);
    g_assert_cmpint(mmuext(d, MMUEXT_CLEAR_PAGE, harness_mfn(FAKE_L4_PFN)), ==, -XEN_EINVAL);
    g_assert_cmpint(mmuext(d, MMUEXT_UNPIN_TABLE, harness_mfn(FAKE_L1_PFN)), ==, 0);
    g_assert_cmpuint(level(FAKE_L1_PFN), ==, 0);
    fake_core_free(d);
}

/* A table that is hung into a marked one is marked; a writable mapping by the guest takes the mark.
 */
static void test_marks_follow(void)
{
    struct domain *d = fake_core_new(1);

    mmuext(d, MMUEXT_NEW_BASEPTR, harness_mfn(FAKE_L4_PFN));
    ((uint64_t *)harness_page(700))[0] = pte(701, PTE_P | PTE_RW);
    g_assert_cmpint(update(d, ma(FAKE_L3_PFN, 7), pte(700, PTE_P | PTE_RW), DOMID_SELF), ==, 0);
    g_assert_cmpuint(level(700), ==, 2);
    g_assert_cmpuint(level(701), ==, 1);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 20), pte(701, PTE_P), DOMID_SELF), ==, 0);
    g_assert_cmpuint(level(701), ==, 1);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 20), pte(701, PTE_P | PTE_RW), DOMID_SELF), ==, 0);
    g_assert_cmpuint(level(701), ==, 0);
    /* Large pages and frames that are not the guest's are not followed. */
    g_assert_cmpint(update(d, ma(FAKE_L2_PFN, 9), pte(702, PTE_P | PTE_PSE), DOMID_SELF), ==, 0);
    g_assert_cmpuint(level(702), ==, 0);
    g_assert_cmpint(update(d, ma(FAKE_L2_PFN, 9), ~0ULL & ~PTE_PSE, DOMID_SELF), ==, 0);
    fake_core_free(d);
}

/* A table that contains itself, at every level. */
static void test_recursive(void)
{
    struct domain *d = fake_core_new(1);
    uint64_t *table = harness_page(800);

    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        table[i] = pte(800, PTE_P | PTE_RW);
    g_assert_cmpint(mmuext(d, MMUEXT_PIN_L4_TABLE, harness_mfn(800)), ==, 0);
    g_assert_cmpuint(level(800), ==, 4);
    fake_core_free(d);
}

static void test_update(void)
{
    struct domain *d = fake_core_new(1);
    uint64_t *l1 = harness_page(FAKE_L1_PFN);
    uint32_t done = 99;
    struct mmu_update batch[40];

    mmuext(d, MMUEXT_NEW_BASEPTR, harness_mfn(FAKE_L4_PFN));
    l1[30] = pte(30, PTE_P | PTE_A | PTE_D);
    g_assert_cmpint(
        update(d, ma(FAKE_L1_PFN, 30) | MMU_PT_UPDATE_PRESERVE_AD, pte(31, PTE_P), DOMID_SELF), ==,
        0);
    g_assert_cmphex(l1[30], ==, pte(31, PTE_P | PTE_A | PTE_D));
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), pte(31, PTE_P), DOMID_SELF), ==, 0);
    g_assert_cmphex(l1[30], ==, pte(31, PTE_P));
    g_assert_cmpint(update(d, ma(33, 0) | MMU_MACHPHYS_UPDATE, 4711, DOMID_SELF), ==, 0);
    g_assert_cmpuint(m2p_get(harness_mfn(33)), ==, 4711);
    g_assert_cmpint(
        update(d, (d->shared_info_mfn << PAGE_SHIFT) | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF), ==,
        -XEN_EINVAL);
    g_assert_cmpint(update(d, 0, 0, DOMID_SELF), ==, -XEN_EINVAL);
    g_assert_cmpint(update(d, ~7ULL, 0, DOMID_SELF), ==, -XEN_EINVAL);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30) + 4, 0, DOMID_SELF), ==, -XEN_EINVAL);
    /* Domains: itself by name or number, I/O for what is mapped, nobody else. */
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), 0, d->domid), ==, 0);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), 0, DOMID_IO), ==, 0);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), 0, DOMID_XEN), ==, -XEN_EPERM);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), 0, 9), ==, -XEN_ESRCH);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), 0, 10 << 16 | DOMID_SELF), ==, -XEN_EPERM);
    g_assert_cmpint(update(d, ma(FAKE_L1_PFN, 30), 0, (d->domid + 1) << 16 | DOMID_SELF), ==, 0);

    /* How many were done is told even when one fails. */
    for (unsigned int i = 0; i < G_N_ELEMENTS(batch); i++)
        batch[i] = (struct mmu_update){ ma(FAKE_L1_PFN, 100 + i), pte(200 + i, PTE_P) };
    batch[33].ptr = 0;
    harness_guest_write(ARG, batch, sizeof(batch));
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_mmu_update, ARG, G_N_ELEMENTS(batch),
                              harness_gva(11, 0), DOMID_SELF),
                    ==, -XEN_EINVAL);
    harness_guest_read(&done, harness_gva(11, 0), sizeof(done));
    g_assert_cmpuint(done, ==, 33);
    g_assert_cmphex(l1[132], ==, pte(232, PTE_P));
    g_assert_cmphex(l1[134], ==, pte(134, PTE_P | PTE_RW));
    fake_core_free(d);
}

static void test_va_mapping(void)
{
    struct domain *d = fake_core_new(1);
    uint64_t *l1 = harness_page(FAKE_L1_PFN), mask = 3;
    unsigned int flushes;

    mmuext(d, MMUEXT_NEW_BASEPTR, harness_mfn(FAKE_L4_PFN));
    flushes = fake_core.nr_flushes;
#define MAP(va, val, flags) HYPERCALL(d, __HYPERVISOR_update_va_mapping, va, val, flags)
    g_assert_cmpint(MAP(harness_gva(40, 123), pte(41, PTE_P), UVMF_NONE), ==, 0);
    g_assert_cmphex(l1[40], ==, pte(41, PTE_P));
    g_assert_cmpuint(fake_core.nr_flushes, ==, flushes);
    g_assert_cmpint(MAP(harness_gva(40, 0), 0, UVMF_INVLPG), ==, 0);
    g_assert_cmphex(fake_core.last_invlpg, ==, harness_gva(40, 0));
    g_assert_cmpint(MAP(harness_gva(40, 0), 0, UVMF_TLB_FLUSH | UVMF_LOCAL), ==, 0);
    g_assert_cmpuint(fake_core.nr_flushes, ==, flushes + 1);
    g_assert_cmpint(MAP(harness_gva(40, 0), 0, UVMF_TLB_FLUSH | UVMF_ALL), ==, 0);
    g_assert_cmphex(fake_core.last_flush_mask, ==, ~0ULL);
    harness_guest_write(harness_gva(12, 0), &mask, sizeof(mask));
    g_assert_cmpint(MAP(harness_gva(40, 0), 0, UVMF_INVLPG | harness_gva(12, 0)), ==, 0);
    g_assert_cmphex(fake_core.last_flush_mask, ==, mask);
    g_assert_cmpint(MAP(harness_gva(40, 0), 0, UVMF_INVLPG | 0xdead0000), ==, -XEN_EFAULT);
    g_assert_cmpint(MAP(0x7000000000, 0, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(MAP(0xffff830000000000, 0, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(
        HYPERCALL(d, __HYPERVISOR_update_va_mapping_otherdomain, harness_gva(40, 0), 0, 0, 9), ==,
        -XEN_ESRCH);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_update_va_mapping_otherdomain, harness_gva(40, 0), 0,
                              0, DOMID_SELF),
                    ==, 0);
    fake_core_free(d);
}

/* The kernel writes to a page-table page it mapped read-only: allowed from then on. To others: its
 * own fault. */
static void test_unprotect(void)
{
    struct domain *d = fake_core_new(1);
    uint64_t *l1 = harness_page(FAKE_L1_PFN);
    mfn_t root = harness_mfn(FAKE_L4_PFN);

    mmuext(d, MMUEXT_NEW_BASEPTR, root);
    l1[50] = pte(FAKE_L1_PFN, PTE_P);
    l1[51] = pte(51, PTE_P);
    l1[52] = pte(FAKE_L1_PFN, PTE_P | PTE_U);
    l1[53] = pte(FAKE_L1_PFN, 0);
    g_assert_true(guest_pt_unprotect(root, harness_gva(50, 8)));
    g_assert_cmphex(l1[50], ==, pte(FAKE_L1_PFN, PTE_P | PTE_RW));
    g_assert_false(guest_pt_unprotect(root, harness_gva(51, 0)));
    g_assert_false(guest_pt_unprotect(root, harness_gva(52, 0)));
    g_assert_false(guest_pt_unprotect(root, harness_gva(53, 0)));
    g_assert_false(guest_pt_unprotect(root, 0x12345000));
    fake_core_free(d);
}

static void test_mmuext(void)
{
    struct domain *d = fake_core_new(1);
    struct mmuext_op copy = { .cmd = MMUEXT_COPY_PAGE,
                              .arg1.mfn = harness_mfn(60),
                              .arg2.src_mfn = harness_mfn(61) };
    uint64_t mask = 5;
    unsigned int flushes;

    mmuext(d, MMUEXT_NEW_BASEPTR, harness_mfn(FAKE_L4_PFN));
    memset(harness_page(61), 0x77, PAGE_SIZE);
    harness_guest_write(ARG, &copy, sizeof(copy));
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF), ==, 0);
    g_assert_cmpmem(harness_page(60), PAGE_SIZE, harness_page(61), PAGE_SIZE);
    g_assert_cmpint(mmuext(d, MMUEXT_CLEAR_PAGE, harness_mfn(60)), ==, 0);
    g_assert_cmphex(*(uint64_t *)harness_page(60), ==, 0);
    g_assert_cmpint(mmuext(d, MMUEXT_CLEAR_PAGE, d->shared_info_mfn), ==, -XEN_EINVAL);
    flushes = fake_core.nr_flushes;
    g_assert_cmpint(mmuext(d, MMUEXT_TLB_FLUSH_LOCAL, 0), ==, 0);
    g_assert_cmpuint(fake_core.nr_flushes, ==, flushes + 1);
    g_assert_cmpint(mmuext(d, MMUEXT_TLB_FLUSH_ALL, 0), ==, 0);
    g_assert_cmphex(fake_core.last_flush_mask, ==, ~0ULL);
    harness_guest_write(harness_gva(12, 0), &mask, sizeof(mask));
    copy = (struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_MULTI };
    set_xen_guest_handle_raw(copy.arg2.vcpumask, (void *)harness_gva(12, 0));
    harness_guest_write(ARG, &copy, sizeof(copy));
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF), ==, 0);
    g_assert_cmphex(fake_core.last_flush_mask, ==, mask);
    set_xen_guest_handle_raw(copy.arg2.vcpumask, (void *)0xdead0000);
    harness_guest_write(ARG, &copy, sizeof(copy));
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF), ==, -XEN_EFAULT);
    g_assert_cmpint(mmuext(d, MMUEXT_NEW_BASEPTR, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(mmuext(d, MMUEXT_NEW_BASEPTR, ~0ULL), ==, -XEN_EINVAL);
    g_assert_cmpint(mmuext(d, MMUEXT_NEW_USER_BASEPTR, 0), ==, 0);
    g_assert_cmpint(mmuext(d, MMUEXT_NEW_USER_BASEPTR, 1), ==, -XEN_EINVAL);
    g_assert_cmpint(mmuext(d, MMUEXT_SET_LDT, 0xffff830000000000), ==, 0); /* no entries: no LDT */
    copy = (struct mmuext_op){ .cmd = MMUEXT_SET_LDT,
                               .arg1.linear_addr = 0xffff830000000000,
                               .arg2.nr_ents = 5 };
    harness_guest_write(ARG, &copy, sizeof(copy));
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_mmuext_op, ARG, 1, 0, DOMID_SELF), ==, -XEN_EINVAL);
    g_assert_cmpint(mmuext(d, MMUEXT_MARK_SUPER, 0), ==, -XEN_ENOSYS);
    g_assert_cmpint(mmuext(d, 99, 0), ==, -XEN_ENOSYS);
    g_assert_cmpint(HYPERCALL(d, __HYPERVISOR_mmuext_op, ARG, 1, 0, 9), ==, -XEN_EPERM);
    fake_core_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mmu/pin", test_pin);
    g_test_add_func("/mmu/marks-follow", test_marks_follow);
    g_test_add_func("/mmu/recursive", test_recursive);
    g_test_add_func("/mmu/update", test_update);
    g_test_add_func("/mmu/va-mapping", test_va_mapping);
    g_test_add_func("/mmu/unprotect", test_unprotect);
    g_test_add_func("/mmu/mmuext", test_mmuext);
    return g_test_run();
}
