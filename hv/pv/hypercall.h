/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hypercall table. docs/hv-abi.md lists what each call can do; a test compares the two. */
#pragma once

#include "types.h"

struct domain;
struct vcpu;
struct cpu_regs;

#define HYPERCALL_MAX_ARGS 6

/* a: the arguments, unused ones undefined. Returns the guest's result: >= 0 or -XEN_E*. */
typedef int64_t hypercall_fn(struct vcpu *v, const uint64_t *a);

struct hypercall {
    hypercall_fn *handler;
    unsigned int nargs;
    bool lockless; /* touches only the vCPU's own state and the guest's page tables, or locks where
                      it must */
    const char *name;
};

/* Calls h with the big lock held if it needs it. */
int64_t hypercall_call(const struct hypercall *h, struct vcpu *v, const uint64_t *a);

/* For v's counters. */
void hypercall_count(struct vcpu *v, uint64_t nr);

/* NULL: no such hypercall. */
const struct hypercall *hypercall_find(uint64_t nr);

/* The guest's kernel executed int $0x82 or SYSCALL: number in rax, arguments in rdi, rsi, rdx, r10,
 * r8, r9. */
void hypercall_entry(struct cpu_regs *regs);

/* The same for a 32-bit guest: number in eax, arguments in ebx, ecx, edx, esi, edi, ebp. */
const struct hypercall *hypercall_find_32(uint64_t nr);
void hypercall_entry_32(struct cpu_regs *regs);

/* Fills the page that XEN_ELFNOTE_HYPERCALL_PAGE names. */
void hypercall_page_fill(const struct domain *d, void *page);

/* Handlers, by the file they are in. */
/* mmu.c */
hypercall_fn hc_mmu_update, hc_mmuext_op, hc_mmuext_op_32, hc_update_va_mapping,
    hc_update_va_mapping_otherdomain;
/* descriptor.c */
hypercall_fn hc_set_gdt, hc_update_descriptor, hc_set_segment_base;
/* traps.c */
hypercall_fn hc_set_trap_table, hc_set_callbacks, hc_set_callbacks_32, hc_callback_op,
    hc_stack_switch, hc_iret, hc_nmi_op;
/* cpuctl.c */
hypercall_fn hc_fpu_taskswitch, hc_set_debugreg, hc_get_debugreg, hc_vm_assist;
/* sched.c */
hypercall_fn hc_sched_op, hc_sched_op_compat, hc_set_timer_op;
/* vcpu_op.c */
hypercall_fn hc_vcpu_op;
/* memory.c */
hypercall_fn hc_memory_op;
/* version.c */
hypercall_fn hc_xen_version;
/* misc.c */
hypercall_fn hc_console_io, hc_physdev_op, hc_physdev_op_compat, hc_event_channel_op,
    hc_event_channel_op_compat, hc_grant_table_op, hc_xenpmu_op;
/* multicall.c */
hypercall_fn hc_multicall;
