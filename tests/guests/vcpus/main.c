/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All the other vCPUs: VCPUOP_initialise, up, an IPI from each to the first, down. */
#include "guest.h"

#define MAX_VCPUS 32

static volatile unsigned int alive[MAX_VCPUS], stop;
static unsigned int port_to_0[MAX_VCPUS];

static void other_main(unsigned int id)
{
    alive[id] = 1;
    evtchn_send(port_to_0[id]);
    while (!stop)
        sched_op(SCHEDOP_yield, NULL);
    vcpu_op(VCPUOP_down, id, NULL);
    alive[id] = 2; /* never */
    for (;;)
        ;
}

static void fill(struct vcpu_guest_context *c, unsigned int id)
{
    unsigned long *top = (unsigned long *)((char *)page_alloc() + PAGE_SIZE) - 4;

    memset(c, 0, sizeof(*c));
    c->flags = VGCF_IN_KERNEL;
    c->user_regs.cs = KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->user_regs.ds = c->user_regs.es = FLAT_KERNEL_DS;
    c->ctrlreg[3] = xen_pfn_to_cr3(va_to_mfn((void *)start_info->pt_base));
    top[1] = id; /* other_main()'s argument, and the place of its return address below */
#ifdef __x86_64__
    c->user_regs.rdi = id;
    c->user_regs.rip = (unsigned long)other_main;
    c->user_regs.rsp = (unsigned long)top - 8;
    c->user_regs.rflags = 0x200;
#else
    c->user_regs.eip = (unsigned long)other_main;
    c->user_regs.esp = (unsigned long)top;
    c->user_regs.eflags = 0x200;
#endif
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = (unsigned long)top;
}

static bool wait_until(volatile unsigned int *what, unsigned int value)
{
    uint64_t end = system_time() + 5000000000ULL;

    while (*what != value && system_time() < end)
        sched_op(SCHEDOP_yield, NULL);
    return *what == value;
}

static bool wait_down(unsigned int id)
{
    uint64_t end = system_time() + 5000000000ULL;

    while (vcpu_op(VCPUOP_is_up, id, NULL) == 1 && system_time() < end)
        sched_op(SCHEDOP_yield, NULL);
    return vcpu_op(VCPUOP_is_up, id, NULL) == 0;
}

static void bring_up(unsigned int id)
{
    static struct vcpu_guest_context context;

    check_eq(vcpu_op(VCPUOP_is_up, id, NULL), 0);
    check_eq(vcpu_op(VCPUOP_up, id, NULL), -XEN_EINVAL);
    port_to_0[id] = bind_ipi(0);
    port_unmask(port_to_0[id]);
    fill(&context, id);
    check_eq(vcpu_op(VCPUOP_initialise, id, &context), 0);
    check_eq(vcpu_op(VCPUOP_initialise, id, &context), -XEN_EEXIST);
    check_eq(alive[id], 0);
    check_eq(vcpu_op(VCPUOP_up, id, NULL), 0);
    check(wait_until(&alive[id], 1));
    check(event_wait(port_to_0[id], 0));
    check_eq(vcpu_op(VCPUOP_is_up, id, NULL), 1);
}

void test_main(void)
{
    unsigned int n = 1;

    for (; n < MAX_VCPUS && vcpu_op(VCPUOP_is_up, n, NULL) != -XEN_ENOENT; n++)
        bring_up(n);
    note("%u vCPUs", n);
    check(n > 1);
    stop = 1;
    for (unsigned int id = 1; id < n; id++) {
        check(wait_down(id));
        check_eq(alive[id], 1);
    }
}
