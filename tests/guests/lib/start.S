/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's first instructions, its Xen ELF notes (xen/elfnote.h), stack and hypercall page. */
#define __ASSEMBLY__
#include "layout.h"
#include <xen/elfnote.h>

    .macro NOTE type, desc:vararg
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 4, 2f - 1f, \type
    .asciz "Xen"
1:  \desc
2:  .balign 4
    .popsection
    .endm

#ifdef __x86_64__
#define PTR .quad
#else
#define PTR .long
    NOTE XEN_ELFNOTE_PAE_MODE, .asciz "yes"
    NOTE XEN_ELFNOTE_L1_MFN_VALID, .quad 1, 1
#endif
    NOTE XEN_ELFNOTE_GUEST_OS, .asciz "kanzen-test"
    NOTE XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
    NOTE XEN_ELFNOTE_LOADER, .asciz "generic"
    NOTE XEN_ELFNOTE_FEATURES, .asciz ""
    NOTE XEN_ELFNOTE_VIRT_BASE, PTR VIRT_BASE
    NOTE XEN_ELFNOTE_PADDR_OFFSET, PTR VIRT_BASE
    NOTE XEN_ELFNOTE_ENTRY, PTR start
    NOTE XEN_ELFNOTE_HYPERCALL_PAGE, PTR hypercall_page

    .text
    .globl start
start:
    cld
#ifdef __x86_64__
    movq %rsp, first_sp(%rip)
    movq %rsi, start_info(%rip)
    leaq stack_top(%rip), %rsp
    xorl %ebp, %ebp
    call guest_start
#else
    movl %esp, first_sp
    movl %esi, start_info
    movl $stack_top, %esp
    xorl %ebp, %ebp
    call guest_start
#endif
    ud2

    .section .text.hypercall_page, "ax", @progbits
    .globl hypercall_page
    .balign 4096
hypercall_page:
    .skip 4096

    .data
    .balign 8
    .globl start_info, first_sp
start_info: PTR 0
first_sp:   PTR 0

    .bss
    .balign 4096
    .skip STACK_SIZE
    .globl stack_top
stack_top:

    .section .note.GNU-stack, "", @progbits
