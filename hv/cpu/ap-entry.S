/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A secondary CPU's way from real mode to ap_start(): copied to AP_TRAMPOLINE, entered by a start-up IPI with CS at its
 * first byte. CPUs take vCPU numbers in the order they come; those beyond the last vCPU sleep for ever.
 */
#include "cpu/ap.h"

#define CR0_VALUE 0x80050033 /* PG, AM, WP, NE, ET, MP, PE, as boot/entry.S */
#define CR4_VALUE 0x628      /* OSXMMEXCPT, OSFXSR, PAE, DE */
#define MSR_EFER  0xc0000080
#define EFER_VALUE 0x901     /* NXE, LME, SCE */

#define LOW(sym) ((sym) - ap_trampoline)

    .section .rodata
    .balign 16
    .globl ap_trampoline, ap_trampoline_end
    .code16
ap_trampoline:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl LOW(ap_gdt_desc)
    movl $CR4_VALUE, %eax
    movl %eax, %cr4
    movl LOW(ap_cr3_here), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl $EFER_VALUE, %eax
    xorl %edx, %edx
    wrmsr
    movl $CR0_VALUE, %eax
    movl %eax, %cr0
    ljmpl $8, $(AP_TRAMPOLINE + LOW(ap_long_mode))

    .code64
ap_long_mode:
    movl $16, %eax
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movabsq $ap_high, %rax
    jmp *%rax

    .balign 8
ap_gdt:
    .quad 0
    .quad 0x00af9b000000ffff        /* 64-bit code, ring 0 */
    .quad 0x00cf93000000ffff        /* data, ring 0 */
ap_gdt_desc:
    .word . - ap_gdt - 1
    .long AP_TRAMPOLINE + LOW(ap_gdt)
    .globl ap_cr3_here
ap_cr3_here:
    .long 0
ap_trampoline_end:

    .text
ap_high:
    movl $1, %edi
    lock xaddl %edi, ap_next(%rip)
    incl %edi
    cmpl ap_last_vcpu(%rip), %edi
    ja 1f
    leaq ap_stacks(%rip), %rax
    movq (%rax, %rdi, 8), %rsp
    xorl %ebp, %ebp
    call ap_start
    ud2
1:  cli
    hlt
    jmp 1b

    .bss
    .balign 8
    .globl ap_stacks, ap_last_vcpu
ap_stacks:    .skip 8 * 128
ap_next:      .skip 4
ap_last_vcpu: .skip 4

    .section .note.GNU-stack, "", @progbits
