/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ways into hv (IDT, SYSCALL) and the one way back to the guest. */
#include "cpu/regs.h"

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
    .macro SYSCALL_ENTRY n, cs, vector
    movq %rsp, syscall_slots + \n * 16(%rip)
    movq syscall_slots + \n * 16 + 8(%rip), %rsp
    pushq $SEL_USER_DS
    pushq syscall_slots + \n * 16(%rip)
    pushq %r11
    pushq $\cs
    pushq %rcx
    pushq $0
    movl $\vector, 4(%rsp)
    jmp syscall_common
    .endm

    .balign 64
    .globl syscall64_stubs, syscall32_stubs
syscall64_stubs:
    n = 0
    .rept MAX_VCPUS
    .balign 64
    SYSCALL_ENTRY n, SEL_USER_CS64, VEC_SYSCALL
    n = n + 1
    .endr
    .balign 64
syscall32_stubs:
    n = 0
    .rept MAX_VCPUS
    .balign 64
    SYSCALL_ENTRY n, SEL_USER_CS32, VEC_SYSCALL32
    n = n + 1
    .endr

/* From the guest's kernel it is a hypercall, from its users a system call. */
syscall_common:
    SAVE_ALL
    movq %rsp, %rdi
    cmpb $0, REGS_SIZE + INFO_IN_KERNEL(%rsp)
    je 1f
    movl $SEL_KERNEL_CS64, REGS_CS(%rsp)
    movl $SEL_KERNEL_SS, REGS_SS(%rsp)
    call hypercall_entry
    jmp exit_to_guest
1:  call syscall_bounce
    jmp exit_to_guest

/*
 * Vectors that may strike while hv is on no stack worth trusting have stacks of their own (TSS IST). Above the
 * frame lies the top of the vCPU's ordinary stack. A debug exception of the guest goes on there; one inside
 * hv (a watchpoint of the guest's, hit by an access on its behalf) is dropped.
 */
    .globl debug_entry
debug_entry:
    pushq $0
    movl $VEC_DEBUG, 4(%rsp)
    testb $3, 16(%rsp)              /* CS */
    jz 1f
    pushq %rax
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
1:  addq $8, %rsp
    iretq

    .globl nmi_entry
nmi_entry:
    pushq $0
    movl $VEC_NMI, 4(%rsp)
    SAVE_ALL
    movq REGS_SIZE(%rsp), %rdi
    call nmi_handler                /* with the top of the vCPU's stack: its struct cpu_info */
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
