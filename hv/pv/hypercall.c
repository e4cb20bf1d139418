/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/hypercall.h"
#include "cpu/biglock.h"
#include "cpu/vcpu.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>
#include <xen/xen.h>

#define ROW(name_, nargs_)      [__HYPERVISOR_##name_] = { hc_##name_, nargs_, false, #name_ }
#define LOCKLESS(name_, nargs_) [__HYPERVISOR_##name_] = { hc_##name_, nargs_, true, #name_ }

/* What is not here answers -XEN_ENOSYS. */
static const struct hypercall hypercalls[] = {
    LOCKLESS(set_trap_table, 1),
    LOCKLESS(mmu_update, 4),
    LOCKLESS(set_gdt, 2),
    LOCKLESS(stack_switch, 2),
    LOCKLESS(set_callbacks, 3),
    LOCKLESS(fpu_taskswitch, 1),
    LOCKLESS(sched_op_compat, 2),
    LOCKLESS(set_debugreg, 2),
    LOCKLESS(get_debugreg, 1),
    LOCKLESS(update_descriptor, 2),
    ROW(memory_op, 2),
    LOCKLESS(multicall, 2),
    LOCKLESS(update_va_mapping, 3),
    ROW(set_timer_op, 1),
    ROW(event_channel_op_compat, 1),
    LOCKLESS(xen_version, 2),
    ROW(console_io, 3),
    ROW(physdev_op_compat, 1),
    ROW(grant_table_op, 3),
    ROW(vm_assist, 2),
    LOCKLESS(update_va_mapping_otherdomain, 4),
    LOCKLESS(iret, 0),
    LOCKLESS(vcpu_op, 3),
    LOCKLESS(set_segment_base, 2),
    LOCKLESS(mmuext_op, 4),
    LOCKLESS(nmi_op, 2),
    LOCKLESS(sched_op, 2),
    LOCKLESS(callback_op, 2),
    LOCKLESS(event_channel_op, 2), /* but for sends it takes the lock itself */
    ROW(physdev_op, 2),
    LOCKLESS(xenpmu_op, 2),
};

const struct hypercall *hypercall_find(uint64_t nr)
{
    return nr < ARRAY_SIZE(hypercalls) && hypercalls[nr].handler ? &hypercalls[nr] : NULL;
}

int64_t hypercall_call(const struct hypercall *h, struct vcpu *v, const uint64_t *a)
{
    if (h->lockless)
        return h->handler(v, a);
    BIG_LOCK_SCOPE;
    return h->handler(v, a);
}

void hypercall_count(struct vcpu *v, uint64_t nr)
{
    if (nr < COUNTED_HYPERCALLS)
        v->arch->counters.hypercalls[nr]++;
}

void hypercall_entry(struct cpu_regs *regs)
{
    uint64_t a[HYPERCALL_MAX_ARGS] = { regs->rdi, regs->rsi, regs->rdx,
                                       regs->r10, regs->r8,  regs->r9 };
    struct vcpu *v = cpu_info()->vcpu;
    const struct hypercall *h = hypercall_find(regs->rax);

    hypercall_count(v, regs->rax);
    if (!h) {
        printk_guest(LOG_DEBUG, "d%uv%u: hypercall %lu is not there", v->domain->domid, v->id,
                     regs->rax);
        regs->rax = (uint64_t)-XEN_ENOSYS;
    } else if (h->handler == hc_iret) {
        hc_iret(v, a); /* loads every register, rax among them */
    } else {
        regs->rax = (uint64_t)hypercall_call(h, v, a);
    }
}

#define STUB_SIZE 32

/* mov $nr, %eax; int $0x82; ret. For iret, rax, r11 and rcx are the top of struct iret_context, or
 * eax alone that of a 32-bit guest's frame. */
void hypercall_page_fill(const struct domain *d, void *page)
{
    static const uint8_t call[] = { 0xb8, 0, 0, 0, 0, 0xcd, 0x82, 0xc3 };
    static const uint8_t iret_32[] = { 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0xcd, 0x82 };
    static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret,
                                    0,    0,    0,    0xcd, 0x82 };
    uint8_t *stub = page;

    memset(page, 0xcc, PAGE_SIZE);
    for (unsigned int nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++, stub += STUB_SIZE) {
        if (nr == __HYPERVISOR_iret) {
            memcpy(stub, d->is_32bit ? iret_32 : iret,
                   d->is_32bit ? sizeof(iret_32) : sizeof(iret));
            continue;
        }
        memcpy(stub, call, sizeof(call));
        stub[1] = (uint8_t)nr;
    }
}
