/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's own descriptors: set_gdt, update_descriptor, LDT, thread-local segments. */
#include "guest.h"

/* A data segment of 4 GiB at base, byte pointer to what is there; SDM 3A 3.4.5. */
static uint64_t data_segment(unsigned long base, unsigned int dpl)
{
    uint64_t b = base;

    return 0x00cf93000000ffffULL | (uint64_t)dpl << 45 | (b & 0xffffff) << 16 |
           (b >> 24 & 0xff) << 56;
}

static unsigned char read_by(unsigned int selector, unsigned long offset)
{
    unsigned char c;

    __asm__ __volatile__("mov %1, %%es\n\t"
                         "movb %%es:(%2), %0"
                         : "=q"(c)
                         : "r"(selector), "r"(offset)
                         : "memory");
#ifdef __i386__
    __asm__ __volatile__("mov %0, %%es" : : "r"(FLAT_KERNEL_DS));
#endif
    return c;
}

static void load_es(void *selector)
{
    __asm__ __volatile__("mov %0, %%es" : : "r"(selector) : "memory");
#ifdef __i386__
    __asm__ __volatile__("mov %0, %%es" : : "r"(FLAT_KERNEL_DS));
#endif
}

static void read_only(void *page)
{
    if (update_va_mapping((unsigned long)page,
                          (uint64_t)va_to_mfn(page) << PAGE_SHIFT | PTE_P | PTE_A | PTE_D,
                          UVMF_INVLPG))
        error("page cannot be made read-only");
}

static uint64_t machine_address(void *p)
{
    return ((uint64_t)va_to_mfn(p) << PAGE_SHIFT) + ((unsigned long)p & ~PAGE_MASK);
}

static void ldt(uint64_t *table)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };
    struct trap t;

    table[0] = data_segment(0, 3);
    read_only(table);
    op.arg1.linear_addr = (unsigned long)table;
    op.arg2.nr_ents = 2;
    check_eq(HC4(mmuext_op, &op, 1, 0, DOMID_SELF), 0);
    probe(load_es, (void *)0x7, &t);
    check_eq(t.vector, TRAP_NONE);
    probe(load_es, (void *)0xf, &t);
    check(t.vector == 11 || t.vector == 13);
    probe(load_es, (void *)0x17, &t);
    check_eq(t.vector, 13);
    check_eq(t.error, 0x14);
    op.arg2.nr_ents = 0;
    check_eq(HC4(mmuext_op, &op, 1, 0, DOMID_SELF), 0);
    probe(load_es, (void *)0x7, &t);
    check_eq(t.vector, 13);
}

void test_main(void)
{
    uint64_t *gdt = page_alloc();
    char *text = page_alloc();
    unsigned long frame = va_to_mfn(gdt);
    struct trap t;

    memcpy(text, "thread", 7);
    gdt[4] = data_segment((unsigned long)text, 3);
    read_only(gdt);
    check_eq(HC2(set_gdt, &frame, 512), 0);
    check_eq(HC2(set_gdt, &frame, 9999), -XEN_EINVAL);
    check_eq(HC2(set_gdt, 0x1000, 512), -XEN_EFAULT);
    if (WIDTH == 32)
        check_eq(read_by(4 << 3 | 3, 2), 'r');
    check_eq(update_descriptor(machine_address(&gdt[4]), data_segment((unsigned long)text + 1, 3)),
             0);
    if (WIDTH == 32)
        check_eq(read_by(4 << 3 | 3, 2), 'e');
    /* A data segment of level 0 becomes the guest kernel's. */
    check_eq(update_descriptor(machine_address(&gdt[5]), data_segment((unsigned long)text, 0)), 0);
    if (WIDTH == 32)
        check_eq(read_by(5 << 3 | 1, 0), 't');
    /* Call gates are taken, tasks never. */
    check_eq(update_descriptor(machine_address(&gdt[6]), 0x0000ec0000100000ULL), 0);
    check_eq(update_descriptor(machine_address(&gdt[6]), 0x0000890000000067ULL), -XEN_EINVAL);
    check_eq(update_descriptor(~0ULL << 40, 0), -XEN_EINVAL);
    probe(load_es, (void *)(unsigned long)(7 << 3), &t);
    check(t.vector == 11 || t.vector == 13);
    ldt(page_alloc());
}
