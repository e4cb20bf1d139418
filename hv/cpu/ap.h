/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How secondary CPUs come up (ap-entry.S). Shared with assembly. */
#pragma once

/* The frame of low memory where they start in real mode: boot/memory.c keeps it. */
#define AP_TRAMPOLINE 0x1000

#ifndef __ASSEMBLER__
#include "types.h"

extern const char ap_trampoline[], ap_trampoline_end[];
extern uint64_t ap_stacks[]; /* by vCPU */
extern uint32_t ap_last_vcpu;
/* In the trampoline's copy goes here a page table that maps it one to one; below 4 GiB. */
extern const char ap_cr3_here[];

_Noreturn void ap_start(uint32_t vcpu_id);
#endif
