/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways into hv (IDT, SYSCALL) and the one way back to the guest. */
#define __ASSEMBLY__ /* for the public headers */
#include "cpu/regdefs.h"
#include "cpu/regs.h"
#include <xen/xen.h>

    .macro SAVE_ALL
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rax
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    cld
    .endm

    .macro RESTORE_ALL
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rax
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    .endm

    .macro EX_TABLE from, to
    .pushsection .ex_table, "a"
    .quad \from, \to
    .popsection
    .endm

    /* An access to guest memory in the short ways of SYSCALL. */
    .macro GUEST_ACCESS insn:vararg
9999: \insn
    EX_TABLE 9999b, syscall_fault
    .endm

    .text

/* One stub of 16 bytes for each vector. */
    .balign 16
    .globl vector_stubs
vector_stubs:
    vector = 0
    .rept 256
    .balign 16
    /* SDM 3A 6.3.1: vectors with an error code of their own. */
    .if (vector != 8) && (vector != 10) && (vector != 11) && (vector != 12) && (vector != 13) && (vector != 14) && (vector != 17) && (vector != 21) && (vector != 29) && (vector != 30)
    pushq $0
    .endif
    movl $vector, 4(%rsp)
    jmp vector_common
    vector = vector + 1
    .endr

vector_common:
    SAVE_ALL
    movq %rsp, %rdi
    call trap_entry
    testb $3, REGS_CS(%rsp)
    jz return_to_hv

/* %rsp: the guest's registers. */
    .globl exit_to_guest
exit_to_guest:
    cmpl $0, REGS_SIZE + INFO_WORK(%rsp)
    jne 1f
    movq REGS_SIZE + INFO_VCPU_INFO(%rsp), %rax
    cmpb $0, (%rax)                 /* evtchn_upcall_pending */
    je return_to_guest
    cmpb $0, 1(%rax)                /* evtchn_upcall_mask */
    jne return_to_guest
1:  movq %rsp, %rdi
    call guest_exit_work
return_to_guest:
    RESTORE_ALL
    addq $8, %rsp
iret_to_guest:
    iretq
    EX_TABLE iret_to_guest, iret_failed

return_to_hv:
    RESTORE_ALL
    addq $8, %rsp
    iretq

/* The guest's selectors or addresses do not load. %rsp is at its frame again. */
iret_failed:
    pushq $0
    SAVE_ALL
    movq %rsp, %rdi
    call guest_iret_failed
    jmp exit_to_guest

/*
 * SYSCALL leaves the stack pointer alone, so each vCPU has an entry that knows where its stack is:
 * syscall_slots[vCPU] = { where the guest's %rsp goes, top of the vCPU's stack }.
 */
    .macro SYSCALL_ENTRY n, cs, vector, goon
    movq %rsp, syscall_slots + \n * 16(%rip)
    movq syscall_slots + \n * 16 + 8(%rip), %rsp
    pushq $SEL_USER_DS
    pushq syscall_slots + \n * 16(%rip)
    pushq %r11
    pushq $\cs
    pushq %rcx
    pushq $0
    movl $\vector, 4(%rsp)
    jmp \goon
    .endm

    .balign 64
    .globl syscall64_stubs, syscall32_stubs
syscall64_stubs:
    n = 0
    .rept MAX_VCPUS
    .balign 64
    SYSCALL_ENTRY n, SEL_USER_CS64, VEC_SYSCALL, syscall64
    n = n + 1
    .endr
    .balign 64
syscall32_stubs:
    n = 0
    .rept MAX_VCPUS
    .balign 64
    SYSCALL_ENTRY n, SEL_USER_CS32, VEC_SYSCALL32, syscall_long_way
    n = n + 1
    .endr

/*
 * SYSENTER finds the vCPU's stack in an MSR and tells neither where it came from nor the user's stack pointer: the frame has
 * zeros there, as Xen's. TF and NT are still the user's.
 */
    .globl sysenter_entry
sysenter_entry:
    pushq $SEL_USER_DS
    pushq $0
    pushfq
    orl $RFLAGS_IF, (%rsp)
    pushq $RFLAGS_RESERVED1
    popfq
    pushq $SEL_USER_CS32
    pushq $0
    pushq $0
    movl $VEC_SYSENTER, 4(%rsp)
    SAVE_ALL
    movq %rsp, %rdi
    call syscall_bounce
    jmp exit_to_guest

/*
 * From the guest's kernel it is a hypercall, from its users a system call. System calls and the iret that ends one have
 * short ways without leaving this file; whatever is not as usual goes the long way, through C, which does the same and
 * more (cpu/bounce.c). Until then only %rcx and %r11 are used, whose values are in the frame: those of %rip and the flags.
 */
    .set FRAME_RIP, 8
    .set FRAME_CS, 16
    .set FRAME_FLAGS, 24
    .set FRAME_RSP, 32
    .set FRAME_SS, 40
    .set INFO, 48

/* Flags that SYSRET would load otherwise than IRET, or not at all. */
#define RFLAGS_NOT_BY_SYSRET                                                                       \
    (RFLAGS_TF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP)

syscall64:
    cmpb $0, INFO + INFO_IN_KERNEL(%rsp)
    jne hypercall_way
    movq INFO + INFO_SYSCALL_ENTRY(%rsp), %rcx
    testq %rcx, %rcx
    jz syscall_long_way
    cmpl $0, INFO + INFO_WORK(%rsp)
    jne syscall_long_way
    movq INFO + INFO_VCPU_INFO(%rsp), %rcx
    cmpb $0, 1(%rcx)                /* evtchn_upcall_mask: it would show in the frame */
    jne syscall_long_way

    /* The handler's frame: rcx, r11, rip, cs, rflags, rsp, ss. A stack that faults goes the long way as well. */
    movq INFO + INFO_KERNEL_SP(%rsp), %r11
    movq FRAME_RIP(%rsp), %rcx
    GUEST_ACCESS movq %rcx, -56(%r11)
    GUEST_ACCESS movq %rcx, -40(%r11)
    movq FRAME_FLAGS(%rsp), %rcx
    GUEST_ACCESS movq %rcx, -48(%r11)
    GUEST_ACCESS movq %rcx, -24(%r11)
    movq FRAME_RSP(%rsp), %rcx
    GUEST_ACCESS movq %rcx, -16(%r11)
    GUEST_ACCESS movq $SEL_USER_CS64, -32(%r11)
    GUEST_ACCESS movq $SEL_USER_DS, -8(%r11)

    cmpb $0, INFO + INFO_SYSCALL_MASKS(%rsp)
    je 1f
    movq INFO + INFO_VCPU_INFO(%rsp), %rcx
    movb $1, 1(%rcx)
1:  movb $1, INFO + INFO_IN_KERNEL(%rsp)
    incq INFO + INFO_SHORT_CALLS(%rsp)
    swapgs
    subq $56, %r11
    movq %r11, FRAME_RSP(%rsp)
    movq INFO + INFO_SYSCALL_ENTRY(%rsp), %rcx
    movq %rcx, FRAME_RIP(%rsp)
    movq $SEL_KERNEL_CS64, FRAME_CS(%rsp)
    movq $SEL_KERNEL_SS, FRAME_SS(%rsp)
    andq $~RFLAGS_DROPPED, FRAME_FLAGS(%rsp)
    addq $8, %rsp
    jmp iret_to_guest

/* iret to a user who called with SYSCALL: to Linux's selectors (see MSR_STAR), rcx and r11 as SYSRET makes them. */
hypercall_way:
    cmpl $__HYPERVISOR_iret, %eax
    jne syscall_long_way
    cmpb $0, INFO + INFO_NMI_BLOCKED(%rsp)
    jne syscall_long_way
    cmpl $0, INFO + INFO_WORK(%rsp)
    jne syscall_long_way
    movq FRAME_RSP(%rsp), %rcx      /* struct iret_context */
    GUEST_ACCESS cmpw $0x33, IRET_CS(%rcx)
    jne syscall_long_way
    GUEST_ACCESS cmpw $0x2b, IRET_SS(%rcx)
    jne syscall_long_way
    GUEST_ACCESS testl $VGCF_IN_SYSCALL, IRET_FLAGS(%rcx)
    jnz syscall_long_way
    GUEST_ACCESS movq IRET_RFLAGS(%rcx), %r11
    GUEST_ACCESS cmpq %r11, IRET_R11(%rcx)
    jne syscall_long_way
    testq $RFLAGS_NOT_BY_SYSRET, %r11
    jnz syscall_long_way
    testq $RFLAGS_IF, %r11
    jz syscall_long_way
    GUEST_ACCESS movq IRET_RIP(%rcx), %r11
    GUEST_ACCESS cmpq %r11, IRET_RCX(%rcx)
    jne syscall_long_way

    /* Unmasked first, then looked at: what becomes pending in between is not missed. */
    movq INFO + INFO_VCPU_INFO(%rsp), %r11
    movb $0, 1(%r11)
    cmpb $0, (%r11)
    jne syscall_long_way

    /* All of the guest's memory is read before its stack pointer is loaded: a fault after that would be on its stack.
     * SYSRET to an address that is not canonical faults, too, so what was read last is what is checked. */
    GUEST_ACCESS movq IRET_RSP(%rcx), %r11
    movq %r11, FRAME_SS(%rsp)
    GUEST_ACCESS movq IRET_RFLAGS(%rcx), %r11
    GUEST_ACCESS movq IRET_RIP(%rcx), %rax
    movq %rax, FRAME_CS(%rsp)
    shrq $47, %rax
    jnz 1f
    testq $RFLAGS_NOT_BY_SYSRET, %r11
    jnz 1f
    GUEST_ACCESS movq IRET_RAX(%rcx), %rax
    movq FRAME_CS(%rsp), %rcx
    movb $0, INFO + INFO_IN_KERNEL(%rsp)
    incq INFO + INFO_SHORT_IRETS(%rsp)
    swapgs
    movq FRAME_SS(%rsp), %rsp
    sysretq
1:  movl $__HYPERVISOR_iret, %eax
    jmp syscall_long_way

/* A fault in a short way. Nothing was changed but the event mask, which the long way sets again. */
syscall_fault:
    cmpb $0, INFO + INFO_IN_KERNEL(%rsp)
    jne 1b
syscall_long_way:
    movq FRAME_RIP(%rsp), %rcx
    movq FRAME_FLAGS(%rsp), %r11
    SAVE_ALL
    movq %rsp, %rdi
    cmpb $0, REGS_SIZE + INFO_IS_32BIT(%rsp)
    jne 1f                          /* such a kernel uses the gate: this is a user's system call */
    cmpb $0, REGS_SIZE + INFO_IN_KERNEL(%rsp)
    je 1f
    movq $SEL_KERNEL_CS64, REGS_CS(%rsp)
    movq $SEL_KERNEL_SS, REGS_SS(%rsp)
    call hypercall_entry
    jmp exit_to_guest
1:  call syscall_bounce
    jmp exit_to_guest

/*
 * Vectors that may strike while hv is on no stack worth trusting have stacks of their own (TSS IST). Above the
 * frame lies the top of the vCPU's ordinary stack. What interrupted the guest goes on there, since the way back to
 * the guest may fault: it had its descriptors all the while.
 */
    .macro LEAVE_IST vector
    pushq $0
    movl $\vector, 4(%rsp)
    testl $RFLAGS_VM, 24(%rsp)      /* a user's for certain, see trap_from_vm86() */
    jnz 2f
    testb $3, 16(%rsp)              /* CS */
    jz 1f
2:  pushq %rax
    pushq %rcx
    movq 64(%rsp), %rax             /* top of the vCPU's stack */
    subq $48, %rax
    .irp offset, 0, 8, 16, 24, 32, 40
    movq 16 + \offset(%rsp), %rcx
    movq %rcx, \offset(%rax)
    .endr
    movq 8(%rsp), %rcx
    movq %rcx, -8(%rax)
    popq %rcx
    leaq -8(%rax), %rsp
    popq %rax
    jmp vector_common
1:
    .endm

/* One inside hv (a watchpoint of the guest's, hit by an access on its behalf, or SYSENTER with TF set) is dropped. */
    .globl debug_entry
debug_entry:
    LEAVE_IST VEC_DEBUG
    addq $8, %rsp
    iretq

/* Inside hv it waits for the way out. */
    .globl nmi_entry
nmi_entry:
    LEAVE_IST VEC_NMI
    SAVE_ALL
    movq REGS_SIZE(%rsp), %rdi      /* the top of the vCPU's stack: its struct cpu_info */
    call nmi_in_hv
    jmp return_to_hv

    .globl fatal_entry_df, fatal_entry_mce
fatal_entry_df:
    movl $VEC_DF, 4(%rsp)
    jmp 1f
fatal_entry_mce:
    pushq $0
    movl $VEC_MCE, 4(%rsp)
1:  SAVE_ALL
    movq %rsp, %rdi
    movq REGS_SIZE(%rsp), %rsi      /* the top of the vCPU's stack, as above */
    call fatal_trap
    ud2

/* enter_guest(regs): leaves the boot path for good. */
    .globl enter_guest
enter_guest:
    movq %rdi, %rsp
    jmp exit_to_guest

    .bss
    .balign 64
    .globl syscall_slots
syscall_slots:
    .skip 16 * MAX_VCPUS

    .section .note.GNU-stack, "", @progbits
