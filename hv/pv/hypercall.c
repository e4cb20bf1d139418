/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/hypercall.h"
#include "cpu/vcpu.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>
#include <xen/xen.h>

#define ROW(name_, nargs_) [__HYPERVISOR_##name_] = { hc_##name_, nargs_, #name_ }

/* What is not here answers -XEN_ENOSYS. */
static const struct hypercall hypercalls[] = {
    ROW(set_trap_table, 1),
    ROW(mmu_update, 4),
    ROW(set_gdt, 2),
    ROW(stack_switch, 2),
    ROW(set_callbacks, 3),
    ROW(fpu_taskswitch, 1),
    ROW(sched_op_compat, 2),
    ROW(set_debugreg, 2),
    ROW(get_debugreg, 1),
    ROW(update_descriptor, 2),
    ROW(memory_op, 2),
    ROW(multicall, 2),
    ROW(update_va_mapping, 3),
    ROW(set_timer_op, 1),
    ROW(event_channel_op_compat, 1),
    ROW(xen_version, 2),
    ROW(console_io, 3),
    ROW(physdev_op_compat, 1),
    ROW(grant_table_op, 3),
    ROW(vm_assist, 2),
    ROW(update_va_mapping_otherdomain, 4),
    ROW(iret, 0),
    ROW(vcpu_op, 3),
    ROW(set_segment_base, 2),
    ROW(mmuext_op, 4),
    ROW(nmi_op, 2),
    ROW(sched_op, 2),
    ROW(callback_op, 2),
    ROW(event_channel_op, 2),
    ROW(physdev_op, 2),
    ROW(xenpmu_op, 2),
};

const struct hypercall *hypercall_find(uint64_t nr)
{
    return nr < ARRAY_SIZE(hypercalls) && hypercalls[nr].handler ? &hypercalls[nr] : NULL;
}

void hypercall_entry(struct cpu_regs *regs)
{
    uint64_t a[HYPERCALL_MAX_ARGS] = { regs->rdi, regs->rsi, regs->rdx,
                                       regs->r10, regs->r8,  regs->r9 };
    struct vcpu *v = cpu_info()->vcpu;
    const struct hypercall *h = hypercall_find(regs->rax);

    if (!h) {
        printk_guest(LOG_DEBUG, "d%uv%u: hypercall %lu is not there", v->domain->domid, v->id,
                     regs->rax);
        regs->rax = (uint64_t)-XEN_ENOSYS;
    } else if (h->handler == hc_iret) {
        hc_iret(v, a); /* loads every register, rax among them */
    } else {
        regs->rax = (uint64_t)h->handler(v, a);
    }
}

#define STUB_SIZE 32

/* mov $nr, %eax; int $0x82; ret. For iret, rax, r11 and rcx are the top of struct iret_context. */
void hypercall_page_fill(void *page)
{
    static const uint8_t call[] = { 0xb8, 0, 0, 0, 0, 0xcd, 0x82, 0xc3 };
    static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret,
                                    0,    0,    0,    0xcd, 0x82 };
    uint8_t *stub = page;

    memset(page, 0xcc, PAGE_SIZE);
    for (unsigned int nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++, stub += STUB_SIZE) {
        if (nr == __HYPERVISOR_iret) {
            memcpy(stub, iret, sizeof(iret));
            continue;
        }
        memcpy(stub, call, sizeof(call));
        stub[1] = (uint8_t)nr;
    }
}
