/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What arrives through the IDT: interrupts, the guest's exceptions, and hv's own. */
#include "cpu/asm.h"
#include "cpu/bounce.h"
#include "cpu/compat.h"
#include "cpu/dump.h"
#include "cpu/emulate.h"
#include "cpu/entry.h"
#include "cpu/extable.h"
#include "cpu/softirq.h"
#include "cpu/vcpu.h"
#include "mm/guest-pt.h"
#include "pv/hypercall.h"
#include "guest.h"
#include "printk.h"

/* Page-fault error code, SDM 3A 4.7. */
#define PF_PRESENT (1U << 0)
#define PF_WRITE   (1U << 1)
#define PF_USER    (1U << 2)
#define PF_RSVD    (1U << 3)

/* Selector error code, SDM 3A 6.13. */
#define SEL_ERROR_EXT (1U << 0)
#define SEL_ERROR_IDT (1U << 1)

typedef void trap_handler_fn(struct vcpu *v, struct cpu_regs *regs);

static void trap_plain(struct vcpu *v, struct cpu_regs *regs)
{
    inject_trap(v, regs, regs->vector);
}

static void trap_with_error(struct vcpu *v, struct cpu_regs *regs)
{
    inject_trap_error(v, regs, regs->vector, regs->error_code);
}

static void trap_debug(struct vcpu *v, struct cpu_regs *regs)
{
    v->arch->dr[6] = read_dr6();
    inject_trap(v, regs, VEC_DEBUG);
}

static void trap_nmi(struct vcpu *v, struct cpu_regs *regs)
{
    work_raise(cpu_info(), WORK_NMI);
}

static void trap_invalid_opcode(struct vcpu *v, struct cpu_regs *regs)
{
    if (!emulate_forced_cpuid(v, regs))
        inject_trap(v, regs, VEC_UD);
}

/* The guest's view of TS goes away with the fault, as Xen has it: its handler need not clear it. */
static void trap_device_not_available(struct vcpu *v, struct cpu_regs *regs)
{
    clts();
    v->arch->cr0_ts = 0;
    inject_trap(v, regs, VEC_NM);
}

/* xen.h TI_GET_DPL: from level 1 on the kernel may, from 3 its users. */
static bool users_or_kernel_may(const struct vcpu *v, const struct trap_info *t)
{
    return t->address && TI_GET_DPL(t) >= (vcpu_in_kernel(v) ? 1 : 3);
}

/*
 * INT n by a gate that the IDT does not open: allowed if the guest's trap table says so. The vector
 * comes from the instruction, since QEMU before 8.0 scales it wrongly in the error code; a prefix
 * before INT is not looked for.
 */
static bool soft_interrupt(struct vcpu *v, struct cpu_regs *regs)
{
    const struct trap_info *t;
    uint8_t code[2];

    if (!(regs->error_code & SEL_ERROR_IDT) || (regs->error_code & SEL_ERROR_EXT) ||
        copy_from_guest(code, regs->rip, sizeof(code)) < 0 || code[0] != 0xcd)
        return false;
    t = &v->arch->traps[code[1]];
    if (!users_or_kernel_may(v, t)) {
        regs->error_code = (uint32_t)code[1] << 3 | SEL_ERROR_IDT;
        return false;
    }
    v->arch->counters.soft_interrupts++;
    regs->rip += sizeof(code);
    inject_trap(v, regs, code[1]);
    return true;
}

static void trap_general_protection(struct vcpu *v, struct cpu_regs *regs)
{
    if (regs->error_code == 0 ? emulate_privileged(v, regs) : soft_interrupt(v, regs))
        return;
    trap_with_error(v, regs);
}

static void trap_page_fault(struct vcpu *v, struct cpu_regs *regs)
{
    gva_t va = read_cr2();
    uint32_t error = regs->error_code;

    if ((error & (PF_PRESENT | PF_WRITE | PF_USER | PF_RSVD)) == (PF_PRESENT | PF_WRITE) &&
        guest_pt_unprotect(v->arch->root_mfn, va)) {
        v->arch->counters.tables_opened++;
        return;
    }
    if (v->domain->is_32bit && guest_pt_repair(v->arch->root_mfn, va))
        return;
    inject_page_fault(v, regs, va, error);
}

static void trap_int80(struct vcpu *v, struct cpu_regs *regs)
{
    const struct trap_info *t = &v->arch->traps[VEC_INT80];

    if (!users_or_kernel_may(v, t)) {
        regs->rip -= 2;
        inject_trap_error(v, regs, VEC_GP, VEC_INT80 << 3 | SEL_ERROR_IDT);
        return;
    }
    inject_trap(v, regs, VEC_INT80);
}

static void trap_hypercall(struct vcpu *v, struct cpu_regs *regs)
{
    if (v->domain->is_32bit)
        hypercall_entry_32(regs);
    else
        hypercall_entry(regs);
}

static trap_handler_fn *const trap_handlers[VEC_HYPERCALL + 1] = {
    [0] = trap_plain,
    [VEC_DEBUG] = trap_debug,
    [VEC_NMI] = trap_nmi,
    [VEC_INT3] = trap_plain,
    [VEC_OVERFLOW] = trap_plain,
    [5] = trap_plain,
    [VEC_UD] = trap_invalid_opcode,
    [VEC_NM] = trap_device_not_available,
    [10] = trap_with_error,
    [11] = trap_with_error,
    [12] = trap_with_error,
    [VEC_GP] = trap_general_protection,
    [VEC_PF] = trap_page_fault,
    [16] = trap_plain,
    [17] = trap_with_error,
    [19] = trap_plain,
    [VEC_INT80] = trap_int80,
    [VEC_HYPERCALL] = trap_hypercall,
};

void fatal_trap(struct cpu_regs *regs, struct cpu_info *info)
{
    dump_hv(regs, info);
    panic("exception %u (error 0x%x) at rip 0x%lx", regs->vector, regs->error_code, regs->rip);
}

static void trap_in_hv(struct cpu_regs *regs)
{
    uint64_t fixup = extable_find(regs->rip);

    if (!fixup)
        fatal_trap(regs, cpu_info());
    regs->rip = fixup;
}

/*
 * A 64-bit kernel runs in ring 3 under Xen and may go to one of its selectors of that ring without
 * asking anybody: by iret, far jump or return. Here that leaves it in the users' ring, where it
 * soon faults. It is still the kernel, no hypercall made it anything else: put back into ring 1.
 * true: the fault was of that, the instruction is to be tried again.
 */
static bool put_kernel_back(struct cpu_regs *regs)
{
    regs->cs = SEL_KERNEL_CS64;
    regs->ss = SEL_KERNEL_SS;
    switch (regs->vector) {
    case VEC_GP:
        return regs->error_code != 0; /* 0: a privileged instruction, emulated all the same */
    case VEC_PF:
        return regs->error_code & PF_USER;
    default:
        return false;
    }
}

static bool kernel_is_outside(const struct cpu_regs *regs)
{
    return (regs->cs & 3) == 3 && cpu_info()->in_kernel;
}

static bool is_irq(uint32_t vector)
{
    return vector >= VEC_IRQ_FIRST && vector != VEC_INT80 && vector != VEC_HYPERCALL;
}

/*
 * A CPU in long mode has no virtual-8086 mode (SDM 3B 20.2), but under QEMU's TCG iret in a 32-bit
 * segment enters it at any level, with IOPL and IF of the user's choice. CS is then any 16 bits and
 * says nothing of rings. Whatever it did there ends in a fault of an ordinary user's.
 */
static void trap_from_vm86(struct cpu_regs *regs)
{
    struct cpu_info *info = cpu_info();

    regs->cs = info->is_32bit ? SEL_COMPAT_USER_CS : SEL_USER_CS32;
    regs->ss = info->is_32bit ? SEL_COMPAT_USER_DS : SEL_USER_DS;
    regs->rflags &= ~(RFLAGS_DROPPED | RFLAGS_VIF | RFLAGS_VIP);
    regs->rflags |= RFLAGS_IF;
    if (info->is_32bit)
        compat_enter(info, regs);
    if (is_irq(regs->vector))
        irq_dispatch(regs->vector);
    else if (regs->vector == VEC_NMI)
        work_raise(info, WORK_NMI);
    inject_trap_error(info->vcpu, regs, VEC_GP, 0);
}

static void count_trap(struct vcpu *v, uint32_t vector)
{
    if (vector < COUNTED_EXCEPTIONS)
        v->arch->counters.exceptions[vector]++;
    else if (vector == VEC_INT80)
        v->arch->counters.soft_interrupts++;
}

void trap_entry(struct cpu_regs *regs)
{
    trap_handler_fn *handler;

    if (unlikely(regs->rflags & RFLAGS_VM)) {
        trap_from_vm86(regs);
        return;
    }
    if (cpu_info()->is_32bit && regs_from_guest(regs))
        compat_enter(cpu_info(), regs);
    else if (unlikely(kernel_is_outside(regs)) && put_kernel_back(regs))
        return;
    if (is_irq(regs->vector)) {
        irq_dispatch(regs->vector);
        return;
    }
    if (!regs_from_guest(regs)) {
        trap_in_hv(regs);
        return;
    }
    handler = trap_handlers[regs->vector];
    if (!handler)
        fatal_trap(regs, cpu_info());
    count_trap(cpu_info()->vcpu, regs->vector);
    handler(cpu_info()->vcpu, regs);
}

static unsigned int syscall_type(uint32_t vector)
{
    return vector == VEC_SYSCALL     ? CALLBACKTYPE_syscall
           : vector == VEC_SYSCALL32 ? CALLBACKTYPE_syscall32
                                     : CALLBACKTYPE_sysenter;
}

void syscall_bounce(struct cpu_regs *regs)
{
    unsigned int type = syscall_type(regs->vector);
    struct vcpu *v = cpu_info()->vcpu;

    regs->rflags &= ~(RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP); /* see trap_from_vm86() */
    if (cpu_info()->is_32bit)
        compat_syscall(cpu_info(), regs);
    if (v->arch->callbacks[type].address) {
        inject_callback(v, regs, type);
        return;
    }
    /* As Xen answers where nobody has set it up. SYSENTER does not tell where it was. */
    if (type != CALLBACKTYPE_sysenter)
        regs->rip -= 2;
    inject_trap_error(v, regs, VEC_GP, 0);
}

void nmi_in_hv(struct cpu_info *info)
{
    work_raise(info, WORK_NMI);
}
