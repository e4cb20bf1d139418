/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state that a vCPU starts with: taken in by the hypercall of another vCPU, loaded on the new
 * one's own CPU.
 */
#include "pv/vcpu-context.h"
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "cpu/compat.h"
#include "cpu/desc.h"
#include "cpu/emulate.h"
#include "cpu/exit.h"
#include "cpu/vcpu.h"
#include "mm/frames.h"
#include "mm/layout.h"
#include "pv/descriptor.h"
#include "pv/mmu.h"
#include "pv/sched.h"
#include "abi32.h"
#include "alloc.h"
#include "guest.h"
#include "string.h"
#include <xen/errno.h>

#define FXSAVE_SIZE 512

static bool canonical(uint64_t va)
{
    return (int64_t)(va << 16) >> 16 == (int64_t)va;
}

static bool code_ok(gva_t va)
{
    return canonical(va) && !(va >= M2P_VA && va < HV_VA_END);
}

/* What a register would refuse on the new CPU, where nobody could be told. */
static int check(const struct vcpu_guest_context *c)
{
    if (!code_ok(c->user_regs.rip) || !code_ok(c->event_callback_eip) ||
        !code_ok(c->failsafe_callback_eip) || !code_ok(c->syscall_callback_eip) ||
        !canonical(c->fs_base) || !canonical(c->gs_base_kernel) || !canonical(c->gs_base_user))
        return -XEN_EINVAL;
    for (unsigned int i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
        if (!code_ok(c->trap_ctxt[i].address))
            return -XEN_EINVAL;
    if (c->ldt_ents > 8192 || (c->ldt_base & ~PAGE_MASK) ||
        (c->ldt_ents && c->ldt_base >= M2P_VA && c->ldt_base < HV_VA_END))
        return -XEN_EINVAL;
    if (frame_owner(xen_cr3_to_pfn(c->ctrlreg[3])) != FRAME_GUEST ||
        (c->ctrlreg[1] && frame_owner(xen_cr3_to_pfn(c->ctrlreg[1])) != FRAME_GUEST))
        return -XEN_EINVAL;
    return 0;
}

static void take_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
    const struct cpu_user_regs *u = &c->user_regs;
    struct cpu_info *info = stack_info(v->arch->stack);
    struct cpu_regs *regs = (struct cpu_regs *)info - 1;

    info->in_kernel = c->flags & VGCF_IN_KERNEL;
    *regs = (struct cpu_regs){
        .r15 = u->r15,
        .r14 = u->r14,
        .r13 = u->r13,
        .r12 = u->r12,
        .rbp = u->rbp,
        .rbx = u->rbx,
        .r11 = u->r11,
        .r10 = u->r10,
        .r9 = u->r9,
        .r8 = u->r8,
        .rax = u->rax,
        .rcx = u->rcx,
        .rdx = u->rdx,
        .rsi = u->rsi,
        .rdi = u->rdi,
        .rip = u->rip,
        .rsp = u->rsp,
        .cs = info->in_kernel ? SEL_KERNEL_CS64 : u->cs | 3U,
        .ss = info->in_kernel ? SEL_KERNEL_SS : u->ss | 3U,
        .rflags = (u->rflags & ~(uint64_t)(RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP)) |
                  RFLAGS_IF | RFLAGS_RESERVED1,
    };
}

static void take_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct guest_callback *cb = v->arch->callbacks;

    memcpy(v->arch->traps, c->trap_ctxt, sizeof(c->trap_ctxt));
    cb[CALLBACKTYPE_event] = (struct guest_callback){ c->event_callback_eip, true, 0 };
    cb[CALLBACKTYPE_failsafe] =
        (struct guest_callback){ c->failsafe_callback_eip, c->flags & VGCF_failsafe_disables_events,
                                 0 };
    cb[CALLBACKTYPE_syscall] =
        (struct guest_callback){ c->syscall_callback_eip, c->flags & VGCF_syscall_disables_events,
                                 0 };
    v->arch->kernel_ss = c->kernel_ss;
    v->arch->kernel_sp = c->kernel_sp;
    vcpu_update_short_ways(v);
}

static int take(struct vcpu *v, const struct vcpu_guest_context *c)
{
    struct vcpu_arch *a = v->arch;
    int rc = check(c);

    if (rc == 0)
        rc = gdt_set(v, c->gdt_frames,
                     (unsigned int)MIN(c->gdt_ents, FIRST_RESERVED_GDT_ENTRY + 1UL));
    if (rc < 0)
        return rc;
    if (c->flags & VGCF_I387_VALID) {
        a->start_fpu = kmalloc(FXSAVE_SIZE);
        if (!a->start_fpu)
            return -XEN_ENOMEM;
        memcpy(a->start_fpu, &c->fpu_ctxt, FXSAVE_SIZE);
    }
    take_registers(v, c);
    take_callbacks(v, c);
    a->ldt_base = c->ldt_base;
    a->ldt_entries = (unsigned int)c->ldt_ents;
    a->cr3_mfn = xen_cr3_to_pfn(c->ctrlreg[3]);
    a->user_cr3_mfn = xen_cr3_to_pfn(c->ctrlreg[1]);
    a->cr0_ts = c->ctrlreg[0] & CR0_TS;
    for (unsigned int i = 0; i < ARRAY_SIZE(a->dr); i++)
        a->dr[i] = c->debugreg[i];
    a->start_fs_base = c->fs_base;
    a->start_gs_kernel = c->gs_base_kernel;
    a->start_gs_user = c->gs_base_user;
    a->initialised = true;
    clock_update_vcpu(v);
    return 0;
}

static void widen(const struct vcpu_guest_context_32 *n, struct vcpu_guest_context *c)
{
    memcpy(&c->fpu_ctxt, n->fpu_ctxt, sizeof(n->fpu_ctxt));
    c->flags = n->flags;
    c->user_regs = (struct cpu_user_regs){ .rbx = n->user_regs.ebx,
                                           .rcx = n->user_regs.ecx,
                                           .rdx = n->user_regs.edx,
                                           .rsi = n->user_regs.esi,
                                           .rdi = n->user_regs.edi,
                                           .rbp = n->user_regs.ebp,
                                           .rax = n->user_regs.eax,
                                           .rip = n->user_regs.eip,
                                           .rflags = n->user_regs.eflags,
                                           .rsp = n->user_regs.esp };
    for (unsigned int i = 0; i < ARRAY_SIZE(n->trap_ctxt); i++) {
        const struct trap_info_32 *t = &n->trap_ctxt[i];

        c->trap_ctxt[i] = (struct trap_info){ t->vector, t->flags, t->cs, t->address };
    }
    c->ldt_base = n->ldt_base;
    c->ldt_ents = n->ldt_ents;
    for (unsigned int i = 0; i < ARRAY_SIZE(n->gdt_frames); i++)
        c->gdt_frames[i] = n->gdt_frames[i];
    c->gdt_ents = n->gdt_ents;
    c->kernel_ss = n->kernel_ss;
    c->kernel_sp = n->kernel_sp;
    for (unsigned int i = 0; i < ARRAY_SIZE(n->ctrlreg); i++) {
        c->ctrlreg[i] = n->ctrlreg[i];
        c->debugreg[i] = n->debugreg[i];
    }
    c->ctrlreg[1] = 0;
    c->ctrlreg[3] = xen_pfn_to_cr3(abi32_cr3_to_mfn(n->ctrlreg[3]));
    c->event_callback_eip = n->event_callback_eip;
    c->failsafe_callback_eip = n->failsafe_callback_eip;
}

/* The selectors, which a 64-bit guest's vCPU does not choose. Those of level 0 become the
 * kernel's. */
static void take_selectors(struct vcpu *v, const struct vcpu_guest_context_32 *n)
{
    struct cpu_info *info = stack_info(v->arch->stack);
    struct cpu_regs *regs = (struct cpu_regs *)info - 1;
    const struct cpu_user_regs_32 *u = &n->user_regs;

    regs->cs = u->cs & 3 ? u->cs : u->cs | 1;
    regs->ss = u->ss & 3 ? u->ss : u->ss | 1;
    info->in_kernel = (regs->cs & 3) == 1;
    v->arch->start_selectors[0] = u->ds;
    v->arch->start_selectors[1] = u->es;
    v->arch->start_selectors[2] = u->fs;
    v->arch->start_selectors[3] = u->gs;
    v->arch->callbacks[CALLBACKTYPE_event].cs = (uint16_t)n->event_callback_cs;
    v->arch->callbacks[CALLBACKTYPE_failsafe].cs = (uint16_t)n->failsafe_callback_cs;
}

static int64_t initialise_64(struct vcpu *v, gva_t context, struct vcpu_guest_context *c)
{
    if (copy_from_guest(c, context, sizeof(*c)) < 0)
        return -XEN_EFAULT;
    return v->arch->initialised ? -XEN_EEXIST : take(v, c);
}

static int64_t initialise_32(struct vcpu *v, gva_t context, struct vcpu_guest_context *c)
{
    struct vcpu_guest_context_32 *n = kmalloc(sizeof(*n));
    int64_t rc;

    if (!n)
        return -XEN_ENOMEM;
    rc = copy_from_guest(n, context, sizeof(*n));
    if (rc == 0 && v->arch->initialised)
        rc = -XEN_EEXIST;
    if (rc == 0) {
        widen(n, c);
        rc = take(v, c);
    }
    if (rc == 0)
        take_selectors(v, n);
    kfree(n);
    return rc;
}

int64_t vcpu_initialise(struct vcpu *v, gva_t context)
{
    struct vcpu_guest_context *c = kmalloc(sizeof(*c));
    int64_t rc;

    if (!c)
        return -XEN_ENOMEM;
    rc = v->domain->is_32bit ? initialise_32(v, context, c) : initialise_64(v, context, c);
    kfree(c);
    return rc;
}

void vcpu_load_context(struct vcpu *v)
{
    struct vcpu_arch *a = v->arch;
    bool in_kernel = cpu_info()->in_kernel;

    mmu_new_baseptr(v, a->cr3_mfn);
    desc_map_guest_gdt(v);
    desc_load_ldt(v);
    if (v->domain->is_32bit) {
        load_data_selectors(a->start_selectors);
    } else {
        wrmsr(MSR_FS_BASE, a->start_fs_base);
        wrmsr(MSR_GS_BASE, in_kernel ? a->start_gs_kernel : a->start_gs_user);
        wrmsr(MSR_KERNEL_GS_BASE, in_kernel ? a->start_gs_user : a->start_gs_kernel);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(a->dr); i++)
        guest_write_dr(v, i, a->dr[i]); /* those it would refuse stay as they are */
    if (a->start_fpu)
        fpu_load(a->start_fpu);
    guest_set_ts(v, a->cr0_ts);
    runstate_change(v, RUNSTATE_running);
}
