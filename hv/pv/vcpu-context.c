/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state that a vCPU starts with: taken in by the hypercall of another vCPU, loaded on the new
 * one's own CPU.
 */
#include "pv/vcpu-context.h"
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "cpu/desc.h"
#include "cpu/emulate.h"
#include "cpu/exit.h"
#include "cpu/vcpu.h"
#include "mm/frames.h"
#include "mm/layout.h"
#include "pv/descriptor.h"
#include "pv/mmu.h"
#include "pv/sched.h"
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
    cb[CALLBACKTYPE_event] = (struct guest_callback){ c->event_callback_eip, true };
    cb[CALLBACKTYPE_failsafe] = (struct guest_callback){ c->failsafe_callback_eip,
                                                         c->flags & VGCF_failsafe_disables_events };
    cb[CALLBACKTYPE_syscall] =
        (struct guest_callback){ c->syscall_callback_eip, c->flags & VGCF_syscall_disables_events };
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

int64_t vcpu_initialise(struct vcpu *v, gva_t context)
{
    struct vcpu_guest_context *c;
    int64_t rc;

    c = kmalloc(sizeof(*c));
    if (!c)
        return -XEN_ENOMEM;
    rc = copy_from_guest(c, context, sizeof(*c));
    if (rc == 0)
        rc = v->arch->initialised ? -XEN_EEXIST : take(v, c);
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
    wrmsr(MSR_FS_BASE, a->start_fs_base);
    wrmsr(MSR_GS_BASE, in_kernel ? a->start_gs_kernel : a->start_gs_user);
    wrmsr(MSR_KERNEL_GS_BASE, in_kernel ? a->start_gs_user : a->start_gs_kernel);
    for (unsigned int i = 0; i < ARRAY_SIZE(a->dr); i++)
        guest_write_dr(v, i, a->dr[i]); /* those it would refuse stay as they are */
    if (a->start_fpu)
        fpu_load(a->start_fpu);
    guest_set_ts(v, a->cr0_ts);
    runstate_change(v, RUNSTATE_running);
}
