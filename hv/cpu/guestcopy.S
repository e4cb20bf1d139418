/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Accesses that may fault. size_t guest_copy(dst, src, n) and guest_clear(dst, n): return how many bytes were
 * left undone. bool load_user_gs(selector): loads %gs for the users, whose base is not the active one now; a
 * selector that faults gives the null selector and false. load_data_selectors(s): DS, ES, FS, GS, likewise. bool fpu_load(area): FXRSTOR; false: it faults.
 */
    .macro EX_TABLE from, to
    .pushsection .ex_table, "a"
    .quad \from, \to
    .popsection
    .endm

    .text
    .globl guest_copy, guest_clear
guest_copy:
    movq %rdx, %rcx
    andl $7, %edx
    shrq $3, %rcx
1:  rep movsq
    movl %edx, %ecx
2:  rep movsb
    xorl %eax, %eax
    ret
3:  leaq (%rdx, %rcx, 8), %rax
    ret
4:  movq %rcx, %rax
    ret
    EX_TABLE 1b, 3b
    EX_TABLE 2b, 4b

guest_clear:
    xorl %eax, %eax
    movq %rsi, %rcx
    andl $7, %esi
    shrq $3, %rcx
1:  rep stosq
    movl %esi, %ecx
2:  rep stosb
    ret
3:  leaq (%rsi, %rcx, 8), %rax
    ret
4:  movq %rcx, %rax
    ret
    EX_TABLE 1b, 3b
    EX_TABLE 2b, 4b

    .globl fpu_load
fpu_load:
    movl $1, %eax
1:  fxrstor (%rdi)
    ret
2:  xorl %eax, %eax
    ret
    EX_TABLE 1b, 2b

    .globl load_data_selectors
load_data_selectors:
    .macro LOAD offset, reg
    movzwl \offset(%rdi), %eax
1:  movl %eax, %\reg
    .pushsection .text.unlikely, "ax"
2:  xorl %eax, %eax
    jmp 1b
    .popsection
    EX_TABLE 1b, 2b
    .endm
    LOAD 0, ds
    LOAD 2, es
    LOAD 4, fs
    LOAD 6, gs
    ret

    .globl load_user_gs
load_user_gs:
    movl $1, %eax
    swapgs
1:  movl %edi, %gs
    swapgs
    ret
2:  xorl %edi, %edi
    xorl %eax, %eax
    jmp 1b
    EX_TABLE 1b, 2b

    .section .note.GNU-stack, "", @progbits
