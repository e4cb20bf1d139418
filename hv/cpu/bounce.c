/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu/bounce.h"
#include "cpu/asm.h"
#include "cpu/compat.h"
#include "cpu/vcpu.h"
#include "guest.h"
#include "printk.h"
#include "string.h"

#define FRAME_MAX 12 /* words */

/* The guest's view of its CS and flags: kernel mode is RPL 0, IF is the inverse of the event mask,
 * whose value also stands beside CS (struct cpu_user_regs saved_upcall_mask). */
static unsigned int build_frame(uint64_t *frame, const struct vcpu *v, const struct cpu_regs *regs,
                                const struct bounce *b, bool from_kernel)
{
    uint64_t masked = v->vcpu_info->evtchn_upcall_mask != 0;
    unsigned int n = 0;

    frame[n++] = regs->rcx;
    frame[n++] = regs->r11;
    if (b->selectors) {
        uint16_t selectors[DATA_SELECTORS];

        read_data_selectors(selectors);
        for (unsigned int i = 0; i < DATA_SELECTORS; i++)
            frame[n++] = selectors[i];
    }
    if (b->has_error)
        frame[n++] = b->error;
    frame[n++] = regs->rip;
    frame[n++] = (from_kernel ? SEL_KERNEL_CS_SHOWN : regs->cs & 0xffff) | masked << 32;
    frame[n++] = (regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF);
    frame[n++] = regs->rsp;
    frame[n++] = from_kernel ? SEL_USER_DS : regs->ss & 0xffff;
    return n;
}

static void bounce_64(struct vcpu *v, struct cpu_regs *regs, const struct bounce *b)
{
    struct cpu_info *info = cpu_info();
    bool from_kernel = info->in_kernel;
    uint64_t frame[FRAME_MAX];
    unsigned int n;
    gva_t sp;

    n = build_frame(frame, v, regs, b, from_kernel);
    sp = ((from_kernel ? regs->rsp : v->arch->kernel_sp) & ~15UL) - n * sizeof(uint64_t);
    if (copy_to_guest(sp, frame, n * sizeof(uint64_t)) < 0) {
        domain_crash(v->domain, "vCPU %u: kernel stack 0x%lx cannot be written for %s at rip 0x%lx",
                     v->id, sp, b->what, regs->rip);
        return;
    }
    if (b->mask_events)
        v->vcpu_info->evtchn_upcall_mask = 1;
    if (!from_kernel) {
        info->in_kernel = true;
        swapgs();
    }
    regs->rip = b->address;
    regs->cs = SEL_KERNEL_CS64;
    regs->ss = SEL_KERNEL_SS;
    regs->rsp = sp;
    regs->rflags = (regs->rflags & ~RFLAGS_DROPPED) | RFLAGS_IF;
}

static void bounce(struct vcpu *v, struct cpu_regs *regs, const struct bounce *b)
{
    if (!b->address)
        domain_crash(v->domain, "vCPU %u: no handler for %s (error 0x%x) at rip 0x%lx, rsp 0x%lx",
                     v->id, b->what, b->error, regs->rip, regs->rsp);
    else if (cpu_info()->is_32bit)
        compat_bounce(v, regs, b);
    else
        bounce_64(v, regs, b);
}

static const char *const trap_names[32] = {
    [0] = "divide error",
    [1] = "debug exception",
    [2] = "NMI",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exception",
    [6] = "invalid opcode",
    [7] = "device not available",
    [8] = "double fault",
    [10] = "invalid TSS",
    [11] = "segment not present",
    [12] = "stack fault",
    [13] = "general protection fault",
    [14] = "page fault",
    [16] = "x87 error",
    [17] = "alignment check",
    [18] = "machine check",
    [19] = "SIMD error",
};

const char *trap_name(unsigned int vector)
{
    return vector < ARRAY_SIZE(trap_names) && trap_names[vector] ? trap_names[vector]
                                                                 : "software interrupt";
}

static void bounce_trap(struct vcpu *v, struct cpu_regs *regs, unsigned int vector, bool has_error,
                        uint32_t error)
{
    const struct trap_info *t = &v->arch->traps[vector];
    struct bounce b = {
        .address = t->address,
        .cs = t->cs,
        .mask_events = TI_GET_IF(t),
        .has_error = has_error,
        .error = error,
        .what = trap_name(vector),
    };

    bounce(v, regs, &b);
}

void inject_trap(struct vcpu *v, struct cpu_regs *regs, unsigned int vector)
{
    bounce_trap(v, regs, vector, false, 0);
}

void inject_trap_error(struct vcpu *v, struct cpu_regs *regs, unsigned int vector, uint32_t error)
{
    bounce_trap(v, regs, vector, true, error);
}

void inject_page_fault(struct vcpu *v, struct cpu_regs *regs, gva_t va, uint32_t error)
{
    vcpu_set_cr2(v, va);
    bounce_trap(v, regs, VEC_PF, true, error);
}

void inject_callback(struct vcpu *v, struct cpu_regs *regs, unsigned int type)
{
    static const char *const names[NR_CALLBACKS] = {
        [CALLBACKTYPE_event] = "event callback",
        [CALLBACKTYPE_failsafe] = "failsafe callback",
        [CALLBACKTYPE_syscall] = "syscall callback",
        [CALLBACKTYPE_nmi] = "NMI callback",
        [CALLBACKTYPE_sysenter] = "sysenter callback",
        [CALLBACKTYPE_syscall32] = "syscall32 callback",
    };
    struct bounce b = {
        .address = v->arch->callbacks[type].address,
        .cs = v->arch->callbacks[type].cs,
        .mask_events = v->arch->callbacks[type].mask_events,
        .selectors = type == CALLBACKTYPE_failsafe,
        .what = names[type],
    };

    bounce(v, regs, &b);
}

void guest_iret(struct vcpu *v, struct cpu_regs *regs)
{
    struct cpu_info *info = cpu_info();
    struct iret_context f;

    if (info->is_32bit) {
        compat_iret(v, regs);
        return;
    }
    if (copy_from_guest(&f, regs->rsp, sizeof(f)) < 0) {
        domain_crash(v->domain, "vCPU %u: iret frame at 0x%lx cannot be read", v->id, regs->rsp);
        return;
    }
    if ((f.cs & 3) == 3) {
        regs->cs = f.cs & 0xffff;
        regs->ss = (f.ss & 0xffff) | 3;
        info->in_kernel = false;
        swapgs();
    } else {
        regs->cs = SEL_KERNEL_CS64;
        regs->ss = SEL_KERNEL_SS;
    }
    regs->rip = f.rip;
    regs->rsp = f.rsp;
    regs->rax = f.rax;
    regs->rflags = (f.rflags & ~(RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP)) | RFLAGS_IF |
                   RFLAGS_RESERVED1;
    if (!(f.flags & VGCF_in_syscall)) {
        regs->r11 = f.r11;
        regs->rcx = f.rcx;
    }
    v->vcpu_info->evtchn_upcall_mask = !(f.rflags & RFLAGS_IF);
    info->nmi_blocked = false;
}
