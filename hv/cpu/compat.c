/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A 32-bit guest's frames (xen-x86_32.h). Its segments are assumed flat where hv writes to its
 * stack or reads its code: kernels that run on Xen have them so. The guest changes rings by itself,
 * too (far return, iret), so its mode is found in CS each time it comes in.
 */
#include "cpu/compat.h"
#include "cpu/regdefs.h"
#include "cpu/vcpu.h"
#include "abi32.h"
#include "guest.h"
#include "printk.h"

#define FRAME_MAX 10 /* words */

/* In compatibility mode the registers' upper halves are undefined (APM 1 3.1.2). */
static void narrow_regs(struct cpu_regs *regs)
{
    uint64_t *const all[] = { &regs->rax, &regs->rbx, &regs->rcx, &regs->rdx, &regs->rsi,
                              &regs->rdi, &regs->rbp, &regs->rsp, &regs->rip };

    for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
        *all[i] = (uint32_t)*all[i];
}

void compat_enter(struct cpu_info *info, struct cpu_regs *regs)
{
    info->in_kernel = (regs->cs & 3) == 1;
    narrow_regs(regs);
}

void compat_syscall(struct cpu_info *info, struct cpu_regs *regs)
{
    info->in_kernel = false;
    regs->cs = SEL_COMPAT_USER_CS;
    regs->ss = SEL_COMPAT_USER_DS;
    narrow_regs(regs);
}

/* Selectors that a guest names for its kernel are of ring 1 at least, as Xen makes them. */
static uint16_t kernel_selector(uint64_t selector)
{
    return (uint16_t)(selector & 3 ? selector : selector | 1);
}

/* Error code, EIP, CS with the event mask beside it (struct cpu_user_regs saved_upcall_mask),
 * EFLAGS, and on the way from an outer ring ESP and SS. The failsafe callback has the data
 * selectors in front. */
static unsigned int build_frame(uint32_t *frame, const struct vcpu *v, const struct cpu_regs *regs,
                                const struct bounce *b)
{
    uint32_t masked = v->vcpu_info->evtchn_upcall_mask != 0;
    uint16_t selectors[DATA_SELECTORS];
    unsigned int n = 0;

    if (b->selectors) {
        read_data_selectors(selectors);
        for (unsigned int i = 0; i < DATA_SELECTORS; i++)
            frame[n++] = selectors[i];
    }
    if (b->has_error)
        frame[n++] = b->error;
    frame[n++] = (uint32_t)regs->rip;
    frame[n++] = (uint32_t)(regs->cs & 0xffff) | masked << 16;
    frame[n++] = (uint32_t)(regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF);
    if (!cpu_info()->in_kernel) {
        frame[n++] = (uint32_t)regs->rsp;
        frame[n++] = (uint32_t)(regs->ss & 0xffff);
    }
    return n;
}

void compat_bounce(struct vcpu *v, struct cpu_regs *regs, const struct bounce *b)
{
    struct cpu_info *info = cpu_info();
    uint32_t frame[FRAME_MAX], sp;
    unsigned int n = build_frame(frame, v, regs, b);

    sp = (uint32_t)(info->in_kernel ? regs->rsp : v->arch->kernel_sp) -
         n * (uint32_t)sizeof(frame[0]);
    if (copy_to_guest(sp, frame, n * sizeof(frame[0])) < 0) {
        domain_crash(v->domain, "vCPU %u: kernel stack 0x%x cannot be written for %s at eip 0x%lx",
                     v->id, sp, b->what, regs->rip);
        return;
    }
    if (b->mask_events)
        v->vcpu_info->evtchn_upcall_mask = 1;
    if (!info->in_kernel)
        regs->ss = kernel_selector(v->arch->kernel_ss & 0xffff);
    info->in_kernel = true;
    regs->rip = (uint32_t)b->address;
    regs->cs = kernel_selector(b->cs);
    regs->rsp = sp;
    regs->rflags = (regs->rflags & ~RFLAGS_DROPPED) | RFLAGS_IF;
}

void compat_iret(struct vcpu *v, struct cpu_regs *regs)
{
    struct cpu_info *info = cpu_info();
    size_t inner = offsetof(struct iret_frame_32, esp);
    struct iret_frame_32 f = { 0 };
    bool outward = false;
    int rc = copy_from_guest(&f, regs->rsp, inner);

    if (rc == 0 && (f.cs & 3) >= 2) {
        outward = true;
        rc = copy_from_guest(&f, regs->rsp, sizeof(f));
    }
    if (rc < 0) {
        domain_crash(v->domain, "vCPU %u: iret frame at 0x%lx cannot be read", v->id, regs->rsp);
        return;
    }
    if ((f.cs & 3) == 0 || (f.eflags & RFLAGS_VM)) {
        domain_crash(v->domain, "vCPU %u: iret to cs 0x%x with eflags 0x%x", v->id, f.cs, f.eflags);
        return;
    }
    regs->rax = f.eax;
    regs->rip = f.eip;
    regs->cs = f.cs & 0xffff;
    regs->rflags =
        (f.eflags & ~(RFLAGS_IOPL | RFLAGS_VIF | RFLAGS_VIP)) | RFLAGS_IF | RFLAGS_RESERVED1;
    regs->rsp = outward ? f.esp : (uint32_t)(regs->rsp + inner);
    if (outward)
        regs->ss = f.ss & 0xffff;
    info->in_kernel = (f.cs & 3) == 1;
    v->vcpu_info->evtchn_upcall_mask = !(f.eflags & RFLAGS_IF);
    info->nmi_blocked = false;
}
