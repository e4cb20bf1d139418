/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where Xen enters the kernel: frames as xen-x86_64.h and xen-x86_32.h have them, made into struct regs. */
#define __ASSEMBLY__
#include "layout.h"
#define __XEN_INTERFACE_VERSION__ 0x00040e00
#include <xen/xen.h>

#define IRET_STUB (hypercall_page + __HYPERVISOR_iret * 32)

#ifdef __x86_64__

    .macro ENTRY_HEAD
    popq %rcx
    popq %r11
    .endm

    .macro ENTRY name, vector, has_error, skip=0
    .globl \name
\name:
    ENTRY_HEAD
    .if \skip
    addq $32, %rsp
    .endif
    .if !\has_error
    pushq $0
    .endif
    pushq $\vector
    jmp entry_common
    .endm

    .text
entry_common:
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
    movq %rsp, %rdi
    andq $-16, %rsp
    call trap_dispatch
    movq %rax, %rsp
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
    addq $16, %rsp
    pushq $0                        /* struct iret_context flags */
    jmp IRET_STUB

/* void probe_call(fn, arg): until probe_over() ends it. */
    .globl probe_call, probe_over
probe_call:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rsp, probe_sp(%rip)
    movq %rdi, %rax
    movq %rsi, %rdi
    call *%rax
probe_over:
    movq probe_sp(%rip), %rsp
    movq $0, probe_sp(%rip)
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

/* void user_enter(struct user_state *): ip, sp, flags, cs, ss. */
    .globl user_enter
user_enter:
    pushq 32(%rdi)
    pushq 8(%rdi)
    pushq 16(%rdi)
    pushq 24(%rdi)
    pushq 0(%rdi)
    pushq $0
    movq user_rax(%rip), %rax
    movq user_rdi(%rip), %rdi
    jmp IRET_STUB

#define PTR .quad
#else

    .macro ENTRY name, vector, has_error, skip=0
    .globl \name
\name:
    .if \skip
    addl $16, %esp
    .endif
    .if !\has_error
    pushl $0
    .endif
    pushl $\vector
    jmp entry_common
    .endm

    .text
entry_common:
    pushl %eax
    pushl %ebx
    pushl %ecx
    pushl %edx
    pushl %esi
    pushl %edi
    pushl %ebp
    pushl %es
    pushl %ds
    cld
    movl $FLAT_KERNEL_DS, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %esp, %eax
    andl $-16, %esp
    subl $12, %esp
    pushl %eax
    call trap_dispatch
    movl %eax, %esp
    popl %ds
    popl %es
    popl %ebp
    popl %edi
    popl %esi
    popl %edx
    popl %ecx
    popl %ebx
    popl %eax
    addl $8, %esp
    jmp IRET_STUB

    .globl probe_call, probe_over
probe_call:
    pushl %ebx
    pushl %ebp
    pushl %esi
    pushl %edi
    movl %esp, probe_sp
    pushl 24(%esp)
    call *24(%esp)
probe_over:
    movl probe_sp, %esp
    movl $0, probe_sp
    popl %edi
    popl %esi
    popl %ebp
    popl %ebx
    ret

    .globl user_enter
user_enter:
    movl 4(%esp), %ecx
    pushl 16(%ecx)
    pushl 4(%ecx)
    pushl 8(%ecx)
    pushl 12(%ecx)
    pushl 0(%ecx)
    movl user_rax, %eax
    movl user_rdi, %edi
    movl $FLAT_USER_DS, %edx
    movl %edx, %ds
    movl %edx, %es
    jmp IRET_STUB

#define PTR .long
#endif

    .data
    .balign 8
    .globl probe_sp
probe_sp: PTR 0

    .text
    /* Exceptions with an error code: SDM 3A 6.3.1. */
    .altmacro
    .macro VECTOR n
    .if (\n == 8) || (\n == 10) || (\n == 11) || (\n == 12) || (\n == 13) || (\n == 14) || (\n == 17)
    ENTRY vector_\n, \n, 1
    .else
    ENTRY vector_\n, \n, 0
    .endif
    .pushsection .rodata
    PTR vector_\n
    .popsection
    .endm

    .section .rodata
    .balign 8
    .globl vector_entries
vector_entries:
    .text
    n = 0
    .rept 32
    VECTOR %n
    n = n + 1
    .endr
    ENTRY vector_128, 128, 0
    ENTRY vector_129, 129, 0
    ENTRY event_entry, 0x100, 0
    ENTRY failsafe_entry, 0x101, 0, 1
    ENTRY syscall_entry, 0x102, 0

    .section .note.GNU-stack, "", @progbits
