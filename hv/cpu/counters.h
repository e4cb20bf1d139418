/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a vCPU has had of hv, counted since its start. Each is changed by the vCPU's own CPU alone
 * and without a lock; who reads another's may miss the last few. Two more, which entry.S changes,
 * are in struct cpu_info.
 */
#pragma once

#include "types.h"

#define COUNTED_HYPERCALLS 48
#define COUNTED_EXCEPTIONS 32

struct vcpu_counters {
    uint64_t hypercalls[COUNTED_HYPERCALLS]; /* by number, those inside a multicall too */
    uint64_t exceptions[COUNTED_EXCEPTIONS]; /* by vector */
    uint64_t soft_interrupts;
    uint64_t emulated;      /* privileged instructions */
    uint64_t tables_opened; /* writes to page tables that the guest had protected */
    uint64_t irq_device, irq_timer, irq_ipi;
    uint64_t events; /* calls of the event callback */
    uint64_t rests;  /* times the callback was made to wait (cpu/upcall.c) */
    uint64_t nmis;
    uint64_t base_loads;     /* of a page table's base */
    uint64_t flushes;        /* of its own TLB, by hypercall */
    uint64_t remote_flushes; /* of other vCPUs' */
    uint64_t blocked;        /* times it waited for an event */
};
