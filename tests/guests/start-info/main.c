/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state a kernel starts in: xen.h struct start_info and "Start-of-day memory layout". */
#include "guest.h"

extern unsigned long first_sp;
extern char kernel_end[];

static void check_p2m(void)
{
    const unsigned long *p2m = (const unsigned long *)start_info->mfn_list;
    unsigned int wrong = 0;

    for (unsigned long pfn = 0; pfn < start_info->nr_pages; pfn++)
        wrong += machine_to_phys_mapping[p2m[pfn]] != pfn;
    check_eq(wrong, 0);
}

/* Packed in this order, each on a page of its own. */
static void check_layout(void)
{
    unsigned long p2m_end = start_info->mfn_list + start_info->nr_pages * sizeof(unsigned long);
    unsigned long info = (unsigned long)start_info;
    unsigned long stack = first_sp - 1,
                  tables_end = start_info->pt_base + start_info->nr_pt_frames * PAGE_SIZE;
    const char *last;
    unsigned long end;

    check(start_info->mfn_list >= (unsigned long)kernel_end);
    check_eq(start_info->mfn_list & ~PAGE_MASK, 0);
    check_eq(info, (p2m_end + PAGE_SIZE - 1) & PAGE_MASK);
    check(start_info->pt_base > info);
    check_eq(stack & PAGE_MASK, tables_end);
    /* At least 512 KiB are mapped behind the last element, up to a multiple of 4 MiB. */
    end = (tables_end + PAGE_SIZE + (512 << 10) + (4UL << 20) - 1) & ~((4UL << 20) - 1);
    last = (const char *)end - PAGE_SIZE;
    check(pte_read(last, 1) & PTE_P);
    check(!(pte_read(last + PAGE_SIZE, 1) & PTE_P));
    check_eq(machine_to_phys_mapping[(pte_read(last, 1) & PTE_ADDR) >> PAGE_SHIFT],
             ((unsigned long)last - VIRT_BASE) >> PAGE_SHIFT);
}

static void check_tables(void)
{
    const char *tables = (const char *)start_info->pt_base;

    for (unsigned long i = 0; i < start_info->nr_pt_frames; i++)
        check_eq(pte_read(tables + i * PAGE_SIZE, 1) & (PTE_P | PTE_RW), PTE_P);
    check_eq(pte_read(start_info, 1) & (PTE_P | PTE_RW), PTE_P | PTE_RW);
}

static void check_selectors(void)
{
#ifdef __i386__
    unsigned int cs, ds, es, ss;

    __asm__("mov %%cs, %0" : "=r"(cs));
    __asm__("mov %%ds, %0" : "=r"(ds));
    __asm__("mov %%es, %0" : "=r"(es));
    __asm__("mov %%ss, %0" : "=r"(ss));
    check_eq(cs & 0xffff, FLAT_KERNEL_CS);
    check_eq(ds & 0xffff, FLAT_KERNEL_DS);
    check_eq(es & 0xffff, FLAT_KERNEL_DS);
    check_eq(ss & 0xffff, FLAT_KERNEL_SS);
#endif
}

void test_main(void)
{
    char magic[32];
    struct xen_memory_domain self = { DOMID_SELF };

    memcpy(magic, start_info->magic, sizeof(magic));
    note("magic '%s', %lu pages", magic, start_info->nr_pages);
    check(strcmp(magic, WIDTH == 64 ? "xen-3.0-x86_64" : "xen-3.0-x86_32p") == 0);
    check_eq(memory_op(XENMEM_current_reservation, &self), start_info->nr_pages);
    check_eq(start_info->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN | SIF_MULTIBOOT_MOD), 0);
    check_eq(start_info->shared_info & ~PAGE_MASK, 0);
    check(start_info->store_mfn != 0 && start_info->console.domU.mfn != 0);
    check(start_info->store_evtchn != 0 && start_info->console.domU.evtchn != 0);
    check_eq(start_info->mod_len, 0);
    check(strcmp((const char *)start_info->cmd_line, "word=value") == 0);
    check_p2m();
    check_layout();
    check_tables();
    check_selectors();
    for (unsigned int i = 1; i < XEN_LEGACY_MAX_VCPUS; i++)
        check_eq(shared_info->vcpu_info[i].evtchn_upcall_mask, 1);
}
