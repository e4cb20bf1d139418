/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entry and exit of a 32-bit guest: its kernel in ring 1, its users in ring 3, both in
 * compatibility mode. */
#pragma once

#include "cpu/regs.h"

struct vcpu;

/* How the kernel is to be entered. */
struct bounce {
    gva_t address;
    uint16_t cs; /* of a 32-bit guest */
    bool mask_events;
    bool has_error;
    uint32_t error;
    bool selectors; /* the failsafe callback's four */
    const char *what;
};

/* DS, ES, FS and GS, which hv leaves alone, into frame. */
#define DATA_SELECTORS 4
static inline void read_data_selectors(uint16_t ret[DATA_SELECTORS])
{
    __asm__ __volatile__("mov %%ds, %0\n\t"
                         "mov %%es, %1\n\t"
                         "mov %%fs, %2\n\t"
                         "mov %%gs, %3"
                         : "=m"(ret[0]), "=m"(ret[1]), "=m"(ret[2]), "=m"(ret[3]));
}

/* Loads them; what faults becomes the null selector. */
void load_data_selectors(const uint16_t selectors[DATA_SELECTORS]);

/* The registers of such a guest, as they were saved: what mode it was in, and the halves of them
 * that it has. */
void compat_enter(struct cpu_info *info, struct cpu_regs *regs);
/* The same after SYSCALL, which does not tell. */
void compat_syscall(struct cpu_info *info, struct cpu_regs *regs);

/* Makes the frame on the kernel's stack and enters it there. */
void compat_bounce(struct vcpu *v, struct cpu_regs *regs, const struct bounce *b);

/* HYPERVISOR_iret. */
void compat_iret(struct vcpu *v, struct cpu_regs *regs);
