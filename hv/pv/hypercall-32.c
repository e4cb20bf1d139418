/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hypercalls of a 32-bit guest: a table of its own, so that a 64-bit guest's way does not ask
 * for the width. Most rows are the same functions; those whose arguments come in other registers,
 * and the frequent ones whose structures are narrower, are here. The rest reads what the guest's
 * width asks for (abi32.h).
 */
#include "cpu/vcpu.h"
#include "pv/hypercall.h"
#include "abi32.h"
#include "guest.h"
#include "printk.h"
#include <xen/errno.h>

static uint64_t wide(uint64_t low, uint64_t high)
{
    return high << 32 | (uint32_t)low;
}

static int64_t hc32_update_va_mapping(struct vcpu *v, const uint64_t *a)
{
    return hc_update_va_mapping(v, (uint64_t[]){ a[0], wide(a[1], a[2]), a[3] });
}

static int64_t hc32_update_va_mapping_otherdomain(struct vcpu *v, const uint64_t *a)
{
    return hc_update_va_mapping_otherdomain(v, (uint64_t[]){ a[0], wide(a[1], a[2]), a[3], a[4] });
}

static int64_t hc32_update_descriptor(struct vcpu *v, const uint64_t *a)
{
    return hc_update_descriptor(v, (uint64_t[]){ wide(a[0], a[1]), wide(a[2], a[3]) });
}

static int64_t hc32_set_timer_op(struct vcpu *v, const uint64_t *a)
{
    return hc_set_timer_op(v, (uint64_t[]){ wide(a[0], a[1]) });
}

/* Each entry's own result goes into the entry; see multicall.c. */
static int64_t hc32_multicall(struct vcpu *v, const uint64_t *a)
{
    gva_t list = a[0];
    uint32_t n = (uint32_t)a[1];

    for (uint32_t i = 0; i < n; i++, list += sizeof(struct multicall_entry_32)) {
        uint64_t args[HYPERCALL_MAX_ARGS];
        struct multicall_entry_32 e;
        const struct hypercall *h;

        if (copy_from_guest(&e, list, sizeof(e)) < 0)
            return -XEN_EFAULT;
        h = hypercall_find_32(e.op);
        hypercall_count(v, e.op);
        for (unsigned int k = 0; k < HYPERCALL_MAX_ARGS; k++)
            args[k] = e.args[k];
        e.result = !h || h->handler == hc_iret || h->handler == hc32_multicall
                       ? (uint32_t)-XEN_ENOSYS
                       : (uint32_t)hypercall_call(h, v, args);
        if (copy_to_guest(list + offsetof(struct multicall_entry_32, result), &e.result,
                          sizeof(e.result)) < 0)
            return -XEN_EFAULT;
    }
    return 0;
}

#define ROW(name_, handler_)      [__HYPERVISOR_##name_] = { handler_, 0, false, #name_ }
#define LOCKLESS(name_, handler_) [__HYPERVISOR_##name_] = { handler_, 0, true, #name_ }
#define SAME(name_)               ROW(name_, hc_##name_)
#define SAME_LOCKLESS(name_)      LOCKLESS(name_, hc_##name_)
#define OWN(name_)                ROW(name_, hc32_##name_)
#define OWN_LOCKLESS(name_)       LOCKLESS(name_, hc32_##name_)

/* Not here: set_segment_base, for want of such registers. */
static const struct hypercall hypercalls_32[] = {
    SAME_LOCKLESS(set_trap_table),
    SAME_LOCKLESS(mmu_update),
    SAME_LOCKLESS(set_gdt),
    SAME_LOCKLESS(stack_switch),
    LOCKLESS(set_callbacks, hc_set_callbacks_32),
    SAME_LOCKLESS(fpu_taskswitch),
    SAME_LOCKLESS(sched_op_compat),
    SAME_LOCKLESS(set_debugreg),
    SAME_LOCKLESS(get_debugreg),
    OWN_LOCKLESS(update_descriptor),
    SAME(memory_op),
    OWN_LOCKLESS(multicall),
    OWN_LOCKLESS(update_va_mapping),
    OWN(set_timer_op),
    SAME(event_channel_op_compat),
    SAME_LOCKLESS(xen_version),
    SAME(console_io),
    SAME(physdev_op_compat),
    SAME(grant_table_op),
    SAME(vm_assist),
    OWN_LOCKLESS(update_va_mapping_otherdomain),
    SAME_LOCKLESS(iret),
    SAME_LOCKLESS(vcpu_op),
    LOCKLESS(mmuext_op, hc_mmuext_op_32),
    SAME_LOCKLESS(nmi_op),
    SAME_LOCKLESS(sched_op),
    SAME_LOCKLESS(callback_op),
    SAME_LOCKLESS(event_channel_op),
    SAME(physdev_op),
    SAME_LOCKLESS(xenpmu_op),
};

const struct hypercall *hypercall_find_32(uint64_t nr)
{
    return nr < ARRAY_SIZE(hypercalls_32) && hypercalls_32[nr].handler ? &hypercalls_32[nr] : NULL;
}

void hypercall_entry_32(struct cpu_regs *regs)
{
    uint64_t a[HYPERCALL_MAX_ARGS] = { regs->rbx, regs->rcx, regs->rdx,
                                       regs->rsi, regs->rdi, regs->rbp };
    struct vcpu *v = cpu_info()->vcpu;
    const struct hypercall *h = hypercall_find_32(regs->rax);

    hypercall_count(v, regs->rax);
    if (!h) {
        printk_guest(LOG_DEBUG, "d%uv%u: hypercall %lu is not there", v->domain->domid, v->id,
                     regs->rax);
        regs->rax = (uint32_t)-XEN_ENOSYS;
    } else if (h->handler == hc_iret) {
        hc_iret(v, a); /* loads every register, eax among them */
    } else {
        regs->rax = (uint32_t)hypercall_call(h, v, a);
    }
}
