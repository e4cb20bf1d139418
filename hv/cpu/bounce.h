/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entering the guest's kernel at one of its handlers, with the stack frame that Xen's ABI promises
 * it. */
#pragma once

#include "cpu/regs.h"

struct vcpu;
struct guest_callback;

/* What the vector is called in the log. */
const char *trap_name(unsigned int vector);

/* An exception: through the guest's trap table. has_error: error goes on the stack. */
void inject_trap(struct vcpu *v, struct cpu_regs *regs, unsigned int vector);
void inject_trap_error(struct vcpu *v, struct cpu_regs *regs, unsigned int vector, uint32_t error);
/* A page fault at va; error as the CPU reports it. */
void inject_page_fault(struct vcpu *v, struct cpu_regs *regs, gva_t va, uint32_t error);

/* A callback (callback.h CALLBACKTYPE_*); the failsafe callback's frame has the data selectors,
 * too. */
void inject_callback(struct vcpu *v, struct cpu_regs *regs, unsigned int type);

/* HYPERVISOR_iret: takes the guest's state from its stack. Crashes the domain when that cannot be
 * read. */
void guest_iret(struct vcpu *v, struct cpu_regs *regs);
