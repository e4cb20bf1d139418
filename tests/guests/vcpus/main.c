/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A second vCPU: VCPUOP_initialise, up, an IPI between the two, down. vcpus=2 */
#include "guest.h"

static volatile unsigned int alive, stop;
static char stack[4096] __attribute__((aligned(16)));
static unsigned int port_to_0;

static void second_main(void)
{
    alive = 1;
    evtchn_send(port_to_0);
    while (!stop)
        sched_op(SCHEDOP_yield, NULL);
    vcpu_op(VCPUOP_down, 1, NULL);
    alive = 2; /* never */
    for (;;)
        ;
}

static void fill(struct vcpu_guest_context *c)
{
    memset(c, 0, sizeof(*c));
    c->flags = VGCF_IN_KERNEL;
    c->user_regs.cs = KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->user_regs.ds = c->user_regs.es = FLAT_KERNEL_DS;
    c->ctrlreg[3] = xen_pfn_to_cr3(va_to_mfn((void *)start_info->pt_base));
#ifdef __x86_64__
    c->user_regs.rip = (unsigned long)second_main;
    c->user_regs.rsp = (unsigned long)stack + sizeof(stack) - 8;
    c->user_regs.rflags = 0x200;
#else
    c->user_regs.eip = (unsigned long)second_main;
    c->user_regs.esp = (unsigned long)stack + sizeof(stack) - 4;
    c->user_regs.eflags = 0x200;
#endif
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = (unsigned long)stack + sizeof(stack);
}

static bool wait_until(volatile unsigned int *what, unsigned int value)
{
    uint64_t end = system_time() + 5000000000ULL;

    while (*what != value && system_time() < end)
        sched_op(SCHEDOP_yield, NULL);
    return *what == value;
}

static bool wait_down(void)
{
    uint64_t end = system_time() + 5000000000ULL;

    while (vcpu_op(VCPUOP_is_up, 1, NULL) == 1 && system_time() < end)
        sched_op(SCHEDOP_yield, NULL);
    return vcpu_op(VCPUOP_is_up, 1, NULL) == 0;
}

void test_main(void)
{
    static struct vcpu_guest_context context;

    check_eq(vcpu_op(VCPUOP_is_up, 1, NULL), 0);
    check_eq(vcpu_op(VCPUOP_up, 1, NULL), -XEN_EINVAL);
    port_to_0 = bind_ipi(0);
    port_unmask(port_to_0);
    fill(&context);
    check_eq(vcpu_op(VCPUOP_initialise, 1, &context), 0);
    check_eq(vcpu_op(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
    check_eq(alive, 0);
    check_eq(vcpu_op(VCPUOP_up, 1, NULL), 0);
    check(wait_until(&alive, 1));
    check(event_wait(port_to_0, 0));
    check_eq(vcpu_op(VCPUOP_is_up, 1, NULL), 1);
    stop = 1;
    check(wait_down());
    check_eq(alive, 1);
}
