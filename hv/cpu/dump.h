/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a CPU was at, into hv's log. */
#pragma once

struct cpu_info;
struct cpu_regs;

void dump_regs(const struct cpu_regs *regs);
/* Registers and stack of hv itself on the CPU whose stack ends with info. */
void dump_hv(const struct cpu_regs *regs, const struct cpu_info *info);
/* Registers and stack of the guest on this CPU, when it has run. */
void dump_guest(void);
