/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exceptions of the kernel: vector, error code, frame, event mask; software interrupts. */
#include "guest.h"

static struct regs seen;
static unsigned int hits;

/* Steps over the instruction, whose length is in user_rax. */
static bool step_over(struct regs *regs)
{
    if (regs->vector >= TRAP_EVENT)
        return false;
    seen = *regs;
    hits++;
    regs->ip += user_rax;
    return true;
}

static void frame(void)
{
    unsigned long here;

    trap_hook = step_over;
    user_rax = 2;
    __asm__ __volatile__("1: ud2\n\t" : : : "memory");
    check_eq(hits, 1);
    check_eq(seen.vector, 6);
    check_eq(seen.error, 0);
    if (WIDTH == 64)
        check_eq(seen.cs & 0xffff, 0xe030); /* Xen shows RPL 0 */
    else
        check_eq(seen.cs & 0xffff, FLAT_KERNEL_CS);
    check(seen.flags & 0x200);
    check_eq(seen.flags & 0x3000, 0);
    user_rax = 0;
    __asm__ __volatile__("int3" : : : "memory");
    check_eq(seen.vector, 3);
    here = seen.ip;
    check_eq(*(unsigned char *)(here - 1), 0xcc);
    /* Masked events show in the frame as cleared IF, and come back with it. */
    events_mask();
    __asm__ __volatile__("int3" : : : "memory");
    check_eq(seen.flags & 0x200, 0);
    check_eq(vcpu_info()->evtchn_upcall_mask, 1);
    events_unmask();
    __asm__ __volatile__("int3" : : : "memory");
    check_eq(vcpu_info()->evtchn_upcall_mask, 0);
    __asm__ __volatile__("int $0x80" : : : "memory");
    check_eq(seen.vector, 0x80);
    /* Level 0: nobody may. #GP with the gate's number. */
    user_rax = 2;
    __asm__ __volatile__("int $0x81" : : : "memory");
    check_eq(seen.vector, 13);
    check(is_int_error(seen.error, 0x81));
    trap_hook = NULL;
}

static void touch(void *p)
{
    *(volatile int *)p;
}

static void store(void *p)
{
    *(volatile int *)p = 1;
}

static void divide(void *p)
{
    __asm__ __volatile__("divl %1" : : "a"(1), "r"(*(int *)p), "d"(0) : "cc");
}

static void page_faults(void)
{
    char *page = page_alloc();
    struct trap t;
    int zero = 0;

    probe(touch, (void *)0x20000010, &t);
    check_eq(t.vector, 14);
    check_eq(t.error & 0x1b, 0);
    check_eq(t.cr2, 0x20000010);
    probe(store, (void *)0x20000010, &t);
    check_eq(t.error & 0x1b, 2);
    update_va_mapping((unsigned long)page, (uint64_t)va_to_mfn(page) << PAGE_SHIFT | PTE_P,
                      UVMF_INVLPG);
    probe(store, page, &t);
    check_eq(t.vector, 14);
    check_eq(t.error & 0x1b, 3);
    check_eq(t.cr2, (unsigned long)page);
    probe(divide, &zero, &t);
    check_eq(t.vector, 0);
}

static void privileged(void *unused)
{
    __asm__ __volatile__("ltr %w0" : : "r"(0) : "memory");
}

static void bad_selector(void *unused)
{
    __asm__ __volatile__("mov %0, %%es" : : "r"(0x1f8) : "memory");
}

static void faults(void)
{
    struct trap t;

    probe(privileged, NULL, &t);
    check_eq(t.vector, 13);
    check_eq(t.error, 0);
    probe(bad_selector, NULL, &t);
    check_eq(t.vector, 13);
    check_eq(t.error, 0x1f8);
}

static void table(void)
{
    trap_info_t bad[2] = { { 0x90, 0, KERNEL_CS, 0x1000 }, { 0 } };

    check_eq(HC1(set_trap_table, bad), 0);
    check_eq(HC1(set_trap_table, 0x1000), -XEN_EFAULT);
}

/* Without a hypercall, to the selectors that Xen's documents give the kernel. */
static void native_iret(void)
{
    static volatile int data = 1;
    char *page = page_alloc();

#ifdef __x86_64__
    __asm__ __volatile__("movq %%rsp, %%rax\n\t"
                         "pushq %[ss]\n\t"
                         "pushq %%rax\n\t"
                         "pushfq\n\t"
                         "pushq %[cs]\n\t"
                         "leaq 1f(%%rip), %%rax\n\t"
                         "pushq %%rax\n\t"
                         "iretq\n"
                         "1:"
                         :
                         : [ss] "i"(FLAT_KERNEL_SS), [cs] "i"(FLAT_KERNEL_CS)
                         : "rax", "memory");
#else
    __asm__ __volatile__("pushfl\n\t"
                         "pushl %[cs]\n\t"
                         "pushl $1f\n\t"
                         "iret\n"
                         "1:"
                         :
                         : [cs] "i"(FLAT_KERNEL_CS)
                         : "memory");
#endif
    data++;
    check_eq(data, 2);
    check_eq(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
    page[0] = 1;
    check_eq(page[0], 1);
}

void test_main(void)
{
    native_iret();
    frame();
    page_faults();
    faults();
    table();
}
