/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the entry code and C share: a vCPU's stack, the saved registers at its top, the selectors.
 *
 * A vCPU's stack ends with struct cpu_info. The CPU starts pushing right below it when it comes
 * from the guest, so the guest's registers are always at the same place and cpu_info is found from
 * any stack pointer.
 */
#pragma once

#include "mm/layout.h"

/* Offsets for assembly, checked below. */
#define REGS_SIZE   0xa8
#define REGS_RAX    0x50
#define REGS_VECTOR 0x7c
#define REGS_RIP    0x80
#define REGS_CS     0x88
#define REGS_RFLAGS 0x90
#define REGS_SS     0xa0

#define INFO_VCPU_INFO     0x08
#define INFO_WORK          0x10
#define INFO_IN_KERNEL     0x14
#define INFO_SYSCALL_MASKS 0x15
#define INFO_NMI_BLOCKED   0x16
#define INFO_IS_32BIT      0x17
#define INFO_SYSCALL_ENTRY 0x18
#define INFO_KERNEL_SP     0x20
#define INFO_SHORT_CALLS   0x30
#define INFO_SHORT_IRETS   0x38
#define INFO_SIZE          0x40

/* struct iret_context (xen-x86_64.h). */
#define IRET_RAX    0x00
#define IRET_R11    0x08
#define IRET_RCX    0x10
#define IRET_FLAGS  0x18
#define IRET_RIP    0x20
#define IRET_CS     0x28
#define IRET_RFLAGS 0x30
#define IRET_RSP    0x38
#define IRET_SS     0x40

/*
 * The part of every GDT that is ours (xen.h FIRST_RESERVED_GDT_PAGE): Xen's flat selectors where
 * Xen has them, then those the 64-bit guest kernel runs on in ring 1, then the system descriptors.
 */
#define SEL_HV_CS       0xe008
#define SEL_HV_DS       0xe010
#define SEL_USER_CS32   0xe023 /* FLAT_RING3_CS32 */
#define SEL_USER_DS     0xe02b /* FLAT_RING3_SS64 */
#define SEL_USER_CS64   0xe033 /* FLAT_RING3_CS64 */
#define SEL_TSS         0xe040 /* 16 bytes */
#define SEL_LDT         0xe050 /* 16 bytes */
#define SEL_KERNEL_CS64 0xe061
#define SEL_KERNEL_SS   0xe069

/* A 32-bit guest's instead, where Xen has them (xen-x86_32.h FLAT_RING1_CS ...). */
#define SEL_COMPAT_KERNEL_CS 0xe019
#define SEL_COMPAT_KERNEL_DS 0xe021
#define SEL_COMPAT_USER_CS   0xe02b
#define SEL_COMPAT_USER_DS   0xe033

/* What a guest sees as the CS of its 64-bit kernel: Xen's selector with RPL 0, whatever ring it
 * runs in. */
#define SEL_KERNEL_CS_SHOWN 0xe030

/* Vectors. 0x82 is the hypercall instruction's, from ring 1 only; VEC_SYSCALL and what
 * follows mark frames built by the SYSCALL and SYSENTER entries, which do not come through the
 * IDT. */
#define VEC_DEBUG     1
#define VEC_NMI       2
#define VEC_INT3      3
#define VEC_OVERFLOW  4
#define VEC_UD        6
#define VEC_NM        7
#define VEC_DF        8
#define VEC_GP        13
#define VEC_PF        14
#define VEC_MCE       18
#define VEC_IRQ_FIRST 0x30
#define VEC_INT80     0x80
#define VEC_HYPERCALL 0x82
#define VEC_IRQ_LAST  0xef
#define VEC_TIMER     0xf0
#define VEC_KICK      0xf1 /* between CPUs: see to your work */
#define VEC_FLUSH     0xf2 /* between CPUs: flush your TLB */
#define VEC_SPURIOUS  0xff
#define VEC_SYSCALL   0x100
#define VEC_SYSCALL32 0x101
#define VEC_SYSENTER  0x102

#define MAX_VCPUS 128

#ifndef __ASSEMBLER__

#include "types.h"
#include <xen/xen.h>

struct cpu_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint32_t error_code, vector;
    uint64_t rip, cs, rflags, rsp, ss;
};

struct vcpu;

/* Things to do before the guest runs again. */
#define WORK_SOFTIRQ  (1U << 0)
#define WORK_TIMER    (1U << 1)
#define WORK_NMI      (1U << 2)
#define WORK_OFFLINE  (1U << 3) /* the vCPU was taken down */
#define WORK_DUMP     (1U << 4) /* the guest's registers go to the log */
#define WORK_PARALLEL (1U << 5) /* softirqs that need no big lock */

struct cpu_info {
    struct vcpu *vcpu;
    vcpu_info_t *vcpu_info; /* vcpu->vcpu_info, for the exit path */
    uint32_t work;          /* WORK_*; changed with atomic operations: an NMI may come between */
    bool in_kernel; /* the guest is in its kernel: which GS base is loaded, what SYSCALL means */
    /* For the short ways of entry.S, see vcpu_update_short_ways(). */
    bool syscall_masks;     /* the system call's handler starts with events masked */
    bool nmi_blocked;       /* an NMI is being handled; iret ends it */
    bool is_32bit;          /* the domain is: in_kernel follows CS, see compat_enter() */
    uint64_t syscall_entry; /* its address; 0: take the long way */
    uint64_t kernel_sp;     /* the top of its stack */
    /* TLB flushes: asked for by other CPUs, and done up to (smp.c). */
    uint32_t flush_wanted, flush_done;
    uint64_t short_syscalls, short_irets; /* those of entry.S, see cpu/counters.h */
};

_Static_assert(offsetof(struct iret_context, rax) == IRET_RAX, "asm offset");
_Static_assert(offsetof(struct iret_context, r11) == IRET_R11, "asm offset");
_Static_assert(offsetof(struct iret_context, rcx) == IRET_RCX, "asm offset");
_Static_assert(offsetof(struct iret_context, flags) == IRET_FLAGS, "asm offset");
_Static_assert(offsetof(struct iret_context, rip) == IRET_RIP, "asm offset");
_Static_assert(offsetof(struct iret_context, cs) == IRET_CS, "asm offset");
_Static_assert(offsetof(struct iret_context, rflags) == IRET_RFLAGS, "asm offset");
_Static_assert(offsetof(struct iret_context, rsp) == IRET_RSP, "asm offset");
_Static_assert(offsetof(struct iret_context, ss) == IRET_SS, "asm offset");
_Static_assert(sizeof(struct cpu_regs) == REGS_SIZE, "asm offset");
_Static_assert(offsetof(struct cpu_regs, rax) == REGS_RAX, "asm offset");
_Static_assert(offsetof(struct cpu_regs, vector) == REGS_VECTOR, "asm offset");
_Static_assert(offsetof(struct cpu_regs, rip) == REGS_RIP, "asm offset");
_Static_assert(offsetof(struct cpu_regs, cs) == REGS_CS, "asm offset");
_Static_assert(offsetof(struct cpu_regs, rflags) == REGS_RFLAGS, "asm offset");
_Static_assert(offsetof(struct cpu_regs, ss) == REGS_SS, "asm offset");
_Static_assert(sizeof(struct cpu_info) == INFO_SIZE, "asm offset");
_Static_assert(offsetof(struct cpu_info, vcpu_info) == INFO_VCPU_INFO, "asm offset");
_Static_assert(offsetof(struct cpu_info, work) == INFO_WORK, "asm offset");
_Static_assert(offsetof(struct cpu_info, in_kernel) == INFO_IN_KERNEL, "asm offset");
_Static_assert(offsetof(struct cpu_info, syscall_masks) == INFO_SYSCALL_MASKS, "asm offset");
_Static_assert(offsetof(struct cpu_info, nmi_blocked) == INFO_NMI_BLOCKED, "asm offset");
_Static_assert(offsetof(struct cpu_info, is_32bit) == INFO_IS_32BIT, "asm offset");
_Static_assert(offsetof(struct cpu_info, syscall_entry) == INFO_SYSCALL_ENTRY, "asm offset");
_Static_assert(offsetof(struct cpu_info, kernel_sp) == INFO_KERNEL_SP, "asm offset");
_Static_assert(offsetof(struct cpu_info, short_syscalls) == INFO_SHORT_CALLS, "asm offset");
_Static_assert(offsetof(struct cpu_info, short_irets) == INFO_SHORT_IRETS, "asm offset");

#ifdef KZ_HOST_TEST
struct cpu_info *cpu_info(void); /* a test's stack is nobody's */
#else
static inline struct cpu_info *cpu_info(void)
{
    uintptr_t sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (HV_STACK_SIZE - 1)) + 1) - 1;
}
#endif

static inline struct cpu_info *stack_info(void *stack)
{
    return (struct cpu_info *)((char *)stack + HV_STACK_SIZE) - 1;
}

/* Where the guest's registers are saved on the current vCPU's stack. */
static inline struct cpu_regs *guest_regs(void)
{
    return (struct cpu_regs *)cpu_info() - 1;
}

static inline void work_raise(struct cpu_info *info, uint32_t work)
{
    __atomic_or_fetch(&info->work, work, __ATOMIC_RELAXED);
}

static inline bool work_take(struct cpu_info *info, uint32_t work)
{
    return __atomic_fetch_and(&info->work, ~work, __ATOMIC_RELAXED) & work;
}

/* The frame is of the guest, not of hv itself. */
static inline bool regs_from_guest(const struct cpu_regs *regs)
{
    return regs->cs & 3;
}

#endif
