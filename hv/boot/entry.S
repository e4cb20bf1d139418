/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PVH entry (xen/arch-x86/hvm/start_info.h): 32-bit protected mode, flat segments, paging off, %ebx is the
 * physical address of struct hvm_start_info. Builds the first page tables and goes on in hv_start().
 *
 * mm/pagetable.c keeps these tables as hv's own and narrows what they map.
 */
#include "cpu/regs.h"

/* The boot stack becomes vCPU 0's: the place of its registers and struct cpu_info is left free. */
#define BOOT_STACK_KEPT (INFO_SIZE + REGS_SIZE + 8)

#define PHYS(sym) ((sym) - HV_IMAGE_VA)

#define PTE_P   0x01
#define PTE_RW  0x02
#define PTE_PSE 0x80

#define CR0_PE  0x00000001
#define CR0_MP  0x00000002
#define CR0_ET  0x00000010
#define CR0_NE  0x00000020
#define CR0_WP  0x00010000
#define CR0_AM  0x00040000
#define CR0_PG  0x80000000

#define CR4_DE         0x008
#define CR4_PAE        0x020
#define CR4_OSFXSR     0x200
#define CR4_OSXMMEXCPT 0x400

#define MSR_EFER 0xc0000080
#define EFER_SCE 0x001
#define EFER_LME 0x100
#define EFER_NXE 0x800

/* Slot of the address in its table of the given level's shift. */
#define SLOT(va, shift) (((va) >> (shift)) & 511)

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18                  /* name size, size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad pvh_entry

    .section .boot, "ax"
    .code32
    .globl pvh_entry
pvh_entry:
    cld
    cli
    xorl %eax, %eax
    movl $PHYS(hv_bss_start), %edi
    movl $PHYS(hv_image_end), %ecx
    subl %edi, %ecx
    shrl $2, %ecx
    rep stosl

    /* The first 4 GiB in 2 MiB pages: identity for now, and the start of the direct map. */
    movl $PHYS(hv_directmap_l2), %edi
    movl $(PTE_PSE | PTE_RW | PTE_P), %eax
    movl $2048, %ecx
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $0x200000, %eax
    loop 1b

    movl $PHYS(hv_directmap_l3), %edi
    movl $(PHYS(hv_directmap_l2) + (PTE_RW | PTE_P)), %eax
    movl $4, %ecx
1:  movl %eax, (%edi)
    addl $8, %edi
    addl $0x1000, %eax
    loop 1b

    movl $(PHYS(hv_directmap_l3) + (PTE_RW | PTE_P)), PHYS(hv_l4)
    movl $(PHYS(hv_directmap_l3) + (PTE_RW | PTE_P)), PHYS(hv_l4) + 8 * SLOT(DIRECTMAP_VA, 39)
    movl $(PHYS(hv_image_l3) + (PTE_RW | PTE_P)), PHYS(hv_l4) + 8 * SLOT(HV_IMAGE_VA, 39)
    movl $(PHYS(hv_image_l2) + (PTE_RW | PTE_P)), PHYS(hv_image_l3) + 8 * SLOT(HV_IMAGE_VA, 30)
    movl $(PTE_PSE | PTE_RW | PTE_P), PHYS(hv_image_l2)
    movl $(0x200000 + (PTE_PSE | PTE_RW | PTE_P)), PHYS(hv_image_l2) + 8

    movl $(CR4_DE | CR4_PAE | CR4_OSFXSR | CR4_OSXMMEXCPT), %eax
    movl %eax, %cr4
    movl $PHYS(hv_l4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    movl $(EFER_SCE | EFER_LME | EFER_NXE), %eax
    xorl %edx, %edx
    wrmsr
    movl $(CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG), %eax
    movl %eax, %cr0

    lgdt boot_gdt_desc
    ljmp $8, $1f

    .code64
1:  movl $16, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    xorl %eax, %eax
    movl %eax, %fs
    movl %eax, %gs
    movabsq $boot_high, %rax
    jmp *%rax

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff        /* 64-bit code, ring 0 */
    .quad 0x00cf93000000ffff        /* data, ring 0 */
boot_gdt_desc:
    .word . - boot_gdt - 1
    .long boot_gdt

    .text
boot_high:
    leaq hv_boot_stack + HV_STACK_SIZE - BOOT_STACK_KEPT(%rip), %rsp
    movl %ebx, %edi
    xorl %ebp, %ebp
    call hv_start
    ud2

    .section .bss.page_aligned, "aw", @nobits
    .globl hv_l4, hv_directmap_l3, hv_directmap_l2, hv_image_l3, hv_image_l2, hv_image_l1
    .globl hv_boot_stack
    .balign HV_STACK_SIZE
hv_boot_stack:   .skip HV_STACK_SIZE /* vCPU 0's */
hv_l4:           .skip 0x1000
hv_directmap_l3: .skip 0x1000
hv_directmap_l2: .skip 0x4000
hv_image_l3:     .skip 0x1000
hv_image_l2:     .skip 0x1000
hv_image_l1:     .skip 0x1000

    .section .note.GNU-stack, "", @progbits
