/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is common to all hypercalls, and those with little of their own: multicall, console_io,
 * sched_op, physdev_op, vm_assist, debug registers, fpu_taskswitch, xenpmu. */
#include "guest.h"

static void multicall(void)
{
    struct multicall_entry list[3] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
        { .op = 54, .args = { 1 } },
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
    };

    check_eq(HC2(multicall, list, 3), 0);
    check_eq(list[0].result >> 16, 4);
    check_eq((long)list[1].result, -XEN_ENOSYS);
    check_eq(list[2].result, PAGE_SIZE);
    check_eq(HC2(multicall, 0x1000, 1), -XEN_EFAULT);
    check_eq(HC2(multicall, list, 0), 0);
}

static void unknown(void)
{
    check_eq(hypercall(54, 0, 0, 0, 0, 0), -XEN_ENOSYS);
    check_eq(hypercall(__HYPERVISOR_arch_7, 0, 0, 0, 0, 0), -XEN_ENOSYS);
    check_eq(hypercall(__HYPERVISOR_hvm_op, 99, 0, 0, 0, 0), -XEN_ENOSYS);
}

static void sched(void)
{
    struct sched_watchdog dog = { .id = 0, .timeout = 30 };
    struct sched_shutdown how = { .reason = 99 };

    check_eq(sched_op(SCHEDOP_yield, NULL), 0);
    check_eq(sched_op(99, NULL), -XEN_ENOSYS);
    check_eq(sched_op(SCHEDOP_shutdown, (void *)0x1000), -XEN_EFAULT);
    /* Xen's errors have 32 bits here. */
    check_eq((int)sched_op(SCHEDOP_watchdog, &dog), 1);
    check_eq((int)sched_op(SCHEDOP_watchdog, &dog), 2);
    check_eq((int)sched_op(SCHEDOP_watchdog, &dog), -XEN_ENOSPC);
    for (dog.id = 1; dog.id <= 2; dog.id++) {
        dog.timeout = 0;
        check_eq((int)sched_op(SCHEDOP_watchdog, &dog), 0);
    }
    check_eq((int)sched_op(SCHEDOP_watchdog, &dog), -XEN_EINVAL);
    check_eq(sched_op(SCHEDOP_shutdown_code, &how), 0);
}

static void physdev(void)
{
    struct physdev_set_iopl iopl = { .iopl = 4 };
    struct physdev_irq_status_query irq = { .irq = 9999 };
    struct physdev_set_iobitmap bitmap = { .nr_ports = 1 << 20 };

    check_eq(HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL);
    iopl.iopl = 1;
    check_eq(HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl), 0);
    check_eq(HC2(physdev_op, PHYSDEVOP_set_iobitmap, &bitmap), -XEN_EINVAL);
    check(HC2(physdev_op, PHYSDEVOP_irq_status_query, &irq) < 0);
    check_eq(HC2(physdev_op, 99, &iopl), -XEN_ENOSYS);
    check_eq(HC2(physdev_op, PHYSDEVOP_set_iopl, 0x1000), -XEN_EFAULT);
}

static void assists(void)
{
    check_eq(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    check_eq(HC2(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables), 0);
    check_eq(HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0);
    check_eq(HC2(vm_assist, VMASST_CMD_enable, 40), -XEN_EINVAL);
    check_eq(HC2(vm_assist, 9, VMASST_TYPE_writable_pagetables), -XEN_ENOSYS);
}

static void registers(void)
{
    unsigned long cr0;

    check_eq(HC2(set_debugreg, 0, 0x12345678), 0);
    check_eq(HC1(get_debugreg, 0), 0x12345678);
    check_eq(HC2(set_debugreg, 0, 0), 0);
    check_eq(HC2(set_debugreg, 9, 0), -XEN_ENODEV);
    check_eq(HC2(set_debugreg, 0, HYPERVISOR_VIRT_START), WIDTH == 64 ? -XEN_EPERM : 0);
    check_eq(HC2(set_debugreg, 0, 0), 0);
    check_eq(HC1(fpu_taskswitch, 1), 0);
    __asm__ __volatile__("mov %%cr0, %0" : "=r"(cr0));
    check_eq(cr0 & 0x80000009, 0x80000009);
    __asm__ __volatile__("clts");
    __asm__ __volatile__("mov %%cr0, %0" : "=r"(cr0));
    check_eq(cr0 & 8, 0);
}

static void vcpus(void)
{
    check_eq(vcpu_op(VCPUOP_is_up, 0, NULL), 1);
    check_eq(vcpu_op(VCPUOP_is_up, 4000, NULL), -XEN_ENOENT);
    check_eq(vcpu_op(99, 0, NULL), -XEN_ENOSYS);
    check_eq(vcpu_op(VCPUOP_initialise, 0, (void *)0x1000), -XEN_EFAULT);
}

void test_main(void)
{
    multicall();
    unknown();
    sched();
    physdev();
    assists();
    registers();
    vcpus();
}
