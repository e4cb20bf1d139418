/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page tables: update_va_mapping, mmu_update, mmuext_op. */
#include "guest.h"

static void mapping(void)
{
    volatile char *a = page_alloc(), *b = page_alloc();
    uint64_t mfn_a = va_to_mfn((void *)a), mfn_b = va_to_mfn((void *)b);

    *a = 'a';
    *b = 'b';
    check_eq(update_va_mapping((unsigned long)a, mfn_b << PAGE_SHIFT | PTE_ORDINARY, UVMF_INVLPG),
             0);
    check_eq(*a, 'b');
    check_eq(update_va_mapping((unsigned long)a, mfn_a << PAGE_SHIFT | PTE_ORDINARY,
                               UVMF_TLB_FLUSH | UVMF_ALL),
             0);
    check_eq(*a, 'a');
    /* The same by the entry's machine address. */
    check_eq(mmu_update_one(pte_address((void *)a, 1) | MMU_NORMAL_PT_UPDATE,
                            mfn_b << PAGE_SHIFT | PTE_ORDINARY),
             0);
    check_eq(mmuext_mfn(MMUEXT_TLB_FLUSH_LOCAL, 0), 0);
    check_eq(*a, 'b');
    check_eq(mmu_update_one(pte_address((void *)a, 1) | MMU_PT_UPDATE_PRESERVE_AD,
                            mfn_a << PAGE_SHIFT | PTE_P | PTE_RW),
             0);
    check(pte_read((void *)a, 1) & PTE_A);
    check_eq(mmuext_mfn(MMUEXT_TLB_FLUSH_ALL, 0), 0);
    check_eq(*a, 'a');
    check_eq(update_va_mapping(HYPERVISOR_VIRT_START, 0, 0) < 0, true);
}

static void errors(void)
{
    struct mmu_update u[2] = { { MMU_MACHPHYS_UPDATE, 0 }, { MMU_MACHPHYS_UPDATE, 0 } };
    unsigned long pfn = pfn_spare(), mfn = pfn_to_mfn(pfn);
    unsigned int done = 99;
    struct mmuext_op op = { .cmd = 99 };

    u[0].ptr |= (uint64_t)mfn << PAGE_SHIFT;
    u[0].val = pfn;
    u[1].ptr |= ~0ULL << 40;
    check(HC4(mmu_update, u, 2, &done, DOMID_SELF) < 0);
    check_eq(done, 1);
    check_eq(HC4(mmu_update, 0x1000, 1, 0, DOMID_SELF), -XEN_EFAULT);
    check_eq(HC4(mmuext_op, &op, 1, 0, DOMID_SELF), -XEN_ENOSYS);
    check_eq(HC4(mmuext_op, 0x1000, 1, 0, DOMID_SELF), -XEN_EFAULT);
    check_eq(HC4(mmuext_op, &op, 0, &done, DOMID_SELF), 0);
    check_eq(done, WIDTH == 64 || !in_shim() ? 0 : 1); /* Xen leaves a 32-bit guest's alone */
}

static void read_only(void *page)
{
    if (update_va_mapping((unsigned long)page,
                          (uint64_t)va_to_mfn(page) << PAGE_SHIFT | PTE_P | PTE_A, UVMF_INVLPG))
        error("page cannot be made read-only");
}

/* A copy of the top page table serves as well as the first one. */
static void new_base(void)
{
    pte_t *top = page_alloc();
    unsigned long mfn = va_to_mfn(top), old = va_to_mfn((void *)start_info->pt_base);
    unsigned int cmd = WIDTH == 64 ? MMUEXT_PIN_L4_TABLE : MMUEXT_PIN_L3_TABLE;
    volatile int alive = 1;

    if (WIDTH == 32) {
        /* The table of the last GiB is Xen's as well and cannot be in two places. */
        note("one L3 table only");
        check_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, old), 0);
        return;
    }
    memcpy(top, (void *)start_info->pt_base, PAGE_SIZE);
    for (unsigned int i = 256; i < 272; i++)
        top[i] = 0;
    read_only(top);
    check_eq(mmuext_mfn(cmd, mfn), 0);
    check_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, mfn), 0);
    check_eq(alive, 1);
    check_eq(machine_to_phys_mapping[mfn], ((unsigned long)top - VIRT_BASE) >> PAGE_SHIFT);
    check_eq(mmuext_mfn(MMUEXT_NEW_BASEPTR, old), 0);
    check_eq(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn), 0);
}

static void pages(void)
{
    char *a = page_alloc(), *b = page_alloc();
    struct mmuext_op op = { .cmd = MMUEXT_COPY_PAGE };
    void *table = page_alloc();

    memset(a, 'x', PAGE_SIZE);
    op.arg1.mfn = va_to_mfn(b);
    op.arg2.src_mfn = va_to_mfn(a);
    check_eq(HC4(mmuext_op, &op, 1, 0, DOMID_SELF), 0);
    check_eq(memcmp(a, b, PAGE_SIZE), 0);
    check_eq(mmuext_mfn(MMUEXT_CLEAR_PAGE, va_to_mfn(b)), 0);
    check_eq(b[0] | b[4095], 0);
    /* An empty page is a good L1 table. */
    read_only(table);
    check_eq(mmuext_mfn(MMUEXT_PIN_L1_TABLE, va_to_mfn(table)), 0);
    check_eq(mmuext_mfn(MMUEXT_UNPIN_TABLE, va_to_mfn(table)), 0);
    check(mmuext_mfn(MMUEXT_PIN_L1_TABLE, 0xfffffff) < 0);
    check(mmuext_mfn(MMUEXT_NEW_BASEPTR, 0xfffffff) < 0);
}

static void write_to(void *p)
{
    *(volatile char *)p = 1;
}

/* A mapping for users in an area of its own: the tables above it come one by one. */
static void tables(void)
{
    volatile char *page = page_alloc(), *alias = (char *)0x80000000;
    struct trap t;

    *page = 'u';
    user_map((unsigned long)alias, va_to_mfn((void *)page), PTE_RW);
    check_eq(*alias, 'u');
    *alias = 'v';
    check_eq(*page, 'v');
    check_eq(update_va_mapping((unsigned long)alias, 0, UVMF_INVLPG), 0);
    probe(write_to, (void *)alias, &t);
    check_eq(t.vector, 14);
    check_eq(t.cr2, (unsigned long)alias);
}

void test_main(void)
{
    mapping();
    errors();
    pages();
    tables();
    new_base();
}
