/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random hypercalls with random arguments. */
#include "fuzz.h"

#define NR_BUFFER 4
#define NR_VICTIM 16

static unsigned long *buffer[NR_BUFFER];
static void *victim[NR_VICTIM];

void calls_init(void)
{
    for (unsigned int i = 0; i < NR_BUFFER; i++)
        buffer[i] = page_alloc();
    for (unsigned int i = 0; i < NR_VICTIM; i++)
        victim[i] = page_alloc();
}

unsigned long victim_mfn(void)
{
    return va_to_mfn(victim[below(NR_VICTIM)]);
}

/* Numbers, frames, pointers: most of them plausible. */
unsigned long value(void)
{
    static const unsigned long odd[] = { 0,
                                         1,
                                         ~0UL,
                                         ~0UL << 12,
                                         0x7fffffff,
                                         0x80000000,
                                         DOMID_SELF,
                                         DOMID_IO,
                                         0xfff,
                                         4096,
                                         HYPERVISOR_VIRT_START,
                                         HYPERVISOR_VIRT_START - 1 };

    switch (below(10)) {
    case 0:
        return odd[below(ARRAY_SIZE(odd))];
    case 1:
        return (unsigned long)rnd();
    case 2:
        return victim_mfn();
    case 3:
        return victim_mfn() << PAGE_SHIFT | below(4096);
    case 4:
        return (unsigned long)victim[below(NR_VICTIM)] + below(4096);
    case 5:
        return (unsigned long)buffer[below(NR_BUFFER)] + 4096 - below(64); /* the end of a page */
    case 6:
    case 7:
        return (unsigned long)buffer[below(NR_BUFFER)] + below(512) * 8;
    default:
        return below(40);
    }
}

void fill(void)
{
    unsigned long *b = buffer[below(NR_BUFFER)];
    unsigned int from = below(PAGE_SIZE / sizeof(long)), n = below(64);

    for (unsigned int i = from; i < from + n && i < PAGE_SIZE / sizeof(long); i++)
        b[i] = value();
}

/* What ends or stops the guest at once, and teaches nothing. */
static bool leave_out(unsigned int nr, unsigned long op)
{
    switch (nr) {
    case __HYPERVISOR_iret:
        return true;
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_sched_op_compat:
        return op != SCHEDOP_yield && op < 8;
    case __HYPERVISOR_vcpu_op:
        return op == VCPUOP_down || op == VCPUOP_initialise;
    case __HYPERVISOR_mmuext_op: /* by itself, with operations that are whole */
        return below(4) != 0;
    default:
        return false;
    }
}

void random_mmuext(void)
{
    struct mmuext_op op = { .cmd = below(24) };

    if (op.cmd == MMUEXT_NEW_BASEPTR || op.cmd == MMUEXT_NEW_USER_BASEPTR)
        return;
    op.arg1.mfn = op.cmd == MMUEXT_SET_LDT ? (unsigned long)victim[0]
                  : below(2)               ? victim_mfn()
                                           : value();
    op.arg2.src_mfn = below(2) ? victim_mfn() : value();
    HC4(mmuext_op, &op, 1, 0, DOMID_SELF);
}

void random_call(void)
{
    unsigned long a[5];
    unsigned int nr = below(44);

    for (unsigned int i = 0; i < 5; i++)
        a[i] = value();
    if (below(2))
        a[0] = below(48); /* sub-operations */
    if (leave_out(nr, a[0]))
        return;
    hypercall(nr, a[0], a[1], a[2], a[3], a[4]);
    if (nr == __HYPERVISOR_multicall || nr == __HYPERVISOR_set_trap_table ||
        nr == __HYPERVISOR_stack_switch || nr == __HYPERVISOR_set_callbacks ||
        nr == __HYPERVISOR_callback_op)
        vcpu_handlers();
}
