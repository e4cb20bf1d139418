/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The architecture's part of a vCPU. */
#pragma once

#include "abi32.h"
#include "cpu/counters.h"
#include "cpu/regs.h"
#include "domain.h"
#include "time.h"
#include <xen/callback.h>
#include <xen/vcpu.h>

#define NR_CALLBACKS 8 /* CALLBACKTYPE_* */

struct guest_callback {
    gva_t address; /* 0: none */
    bool mask_events;
    uint16_t cs; /* of a 32-bit guest */
};

/* How often the guest came back from its event callback without getting on (cpu/upcall.c). */
struct upcall_pace {
    gva_t rip, rsp; /* where to */
    unsigned int repeats;
    bool resting; /* the callback waits for the timer */
    struct hv_timer timer;
};

struct vcpu_arch {
    void *stack;      /* HV_STACK_SIZE bytes; NULL before the vCPU is initialised */
    bool initialised; /* has a context: vCPU 0, or after VCPUOP_initialise */

    struct trap_info *traps; /* 256, by vector; address 0: none */
    struct guest_callback callbacks[NR_CALLBACKS];

    gva_t kernel_sp; /* stack_switch */
    uint64_t kernel_ss;
    uint64_t gdt_frames[FIRST_RESERVED_GDT_PAGE];
    unsigned int gdt_entries;
    gva_t ldt_base;
    unsigned int ldt_entries;

    uint32_t apic_id; /* of the CPU it runs on */
    /* What VCPUOP_initialise gave, for the vCPU's own CPU to load. */
    uint64_t start_fs_base, start_gs_kernel, start_gs_user;
    uint16_t start_selectors[4]; /* a 32-bit guest's DS, ES, FS, GS */
    void *start_fpu;             /* FXSAVE area, or NULL */

    mfn_t cr3_mfn;        /* the guest's (kernel) page table */
    mfn_t root_mfn;       /* what CR3 really holds: the same, or a 32-bit guest's compat_l4 */
    uint64_t *compat_l4;  /* hv's, with the guest's L3 in slot 0; NULL in a 64-bit guest */
    mfn_t user_cr3_mfn;   /* MMUEXT_NEW_USER_BASEPTR; 0: none */
    uint64_t cr0_ts;      /* CR0.TS or 0, as the guest sees it */
    uint64_t cr4;         /* as the guest sees it */
    uint64_t cr4_allowed; /* FSGSBASE, OSXSAVE: what CPUID offers the guest */
    uint64_t xcr0_allowed;
    uint64_t dr[8];
    unsigned int iopl; /* of the guest's users, PHYSDEVOP_set_iopl */
    gva_t io_bitmap;   /* PHYSDEVOP_set_iobitmap: a clear bit lets the users at the port */
    unsigned int io_bitmap_ports;
    bool nmi_pending;

    struct upcall_pace pace;
    struct hv_timer singleshot, periodic, poll_timer;
    uint64_t period_ns;

    bool polling;       /* in SCHEDOP_poll */
    uint32_t poll_port; /* or POLL_MANY */

    struct vcpu_runstate_info runstate;
    gva_t runstate_area; /* 0: none */
    gva_t time_area;     /* 0: none */
    mfn_t vcpu_info_mfn; /* MFN_INVALID: still in shared_info */

    struct vcpu_counters counters;
};

#define POLL_MANY (~0U)

static inline bool vcpu_in_kernel(const struct vcpu *v)
{
    return stack_info(v->arch->stack)->in_kernel;
}

/* Where the guest finds the address of a page fault. */
static inline void vcpu_set_cr2(struct vcpu *v, uint64_t va)
{
    if (v->domain->is_32bit)
        ((struct vcpu_info_32 *)v->vcpu_info)->cr2 = (uint32_t)va;
    else
        v->vcpu_info->arch.cr2 = va;
}
static inline uint64_t vcpu_get_cr2(const struct vcpu *v)
{
    return v->domain->is_32bit ? ((const struct vcpu_info_32 *)v->vcpu_info)->cr2
                               : v->vcpu_info->arch.cr2;
}

/* v's vcpu_info is at this address from now on. */
static inline void vcpu_set_info(struct vcpu *v, vcpu_info_t *info)
{
    v->vcpu_info = info;
    if (v->arch->stack)
        stack_info(v->arch->stack)->vcpu_info = info;
}

/* After kernel_sp or the system call's callback changed: tells the short ways, or bars them when
 * the stack is not one that a guest may name. */
static inline void vcpu_update_short_ways(struct vcpu *v)
{
    struct cpu_info *info = stack_info(v->arch->stack);
    const struct guest_callback *cb = &v->arch->callbacks[CALLBACKTYPE_syscall];
    gva_t sp = v->arch->kernel_sp & ~15UL;
    bool stack_ok = sp > HV_VA_END + PAGE_SIZE || (sp > PAGE_SIZE && sp < 0x0000800000000000);

    info->kernel_sp = sp;
    info->syscall_masks = cb->mask_events;
    info->syscall_entry = stack_ok ? cb->address : 0;
}
