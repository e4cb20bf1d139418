/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptor tables of the CPU: hv's part of each vCPU's GDT, its TSS, the IDT. */
#pragma once

#include "types.h"

struct vcpu;

/* Fills the IDT, once. */
void idt_init(void);

/* v's GDT area, TSS and exception stacks; -XEN_ENOMEM. */
int desc_init_vcpu(struct vcpu *v);
/* Loads v's GDT, TSS and the IDT on this CPU, and sets its SYSCALL entries. */
void desc_load(struct vcpu *v);

/* Puts the guest's GDT pages (v->arch->gdt_frames) into its area. */
void desc_map_guest_gdt(struct vcpu *v);
/* Loads v->arch->ldt_base/entries. */
void desc_load_ldt(struct vcpu *v);

/*
 * Makes a descriptor of the guest's fit to stand in a GDT or LDT: code and data segments of levels
 * 0 to 2 become the kernel's (level 1); gates and system segments would lead into hv, so they lose
 * their present bit unless they are not present anyway; so do 64-bit code segments of a 32-bit
 * guest. Returns false if the descriptor had to lose it.
 */
bool desc_fix(uint64_t *desc, bool is_32bit);

/* Loads the users' %gs while the kernel's base is active. false: it faults, the null selector was
 * loaded. */
bool load_user_gs(uint64_t selector);
