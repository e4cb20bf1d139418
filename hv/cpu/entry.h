/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The C functions that entry.S calls, and the one it offers. */
#pragma once

#include "cpu/regs.h"

void trap_entry(struct cpu_regs *regs);
void syscall_bounce(struct cpu_regs *regs);
/* An NMI that struck while hv ran on the stack that info ends. */
void nmi_in_hv(struct cpu_info *info);
_Noreturn void fatal_trap(struct cpu_regs *regs, struct cpu_info *info);

/* Work, NMI and events before the guest runs on with regs. */
void guest_exit_work(struct cpu_regs *regs);
/* IRET with regs faulted. */
void guest_iret_failed(struct cpu_regs *regs);

/* Runs the guest with regs, which stand right below a struct cpu_info. */
_Noreturn void enter_guest(struct cpu_regs *regs);
