/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Completes the harness for tests of hv's core: frame table and M2P, the architecture's part of
 * each vCPU, page tables that describe the harness's guest memory, and what cpu/ would do.
 */
#pragma once

#include "cpu/vcpu.h"
#include "harness.h"
#include <setjmp.h>

struct fake_core {
    uint64_t cr3, last_invlpg, last_msr_value;
    uint32_t last_msr;
    unsigned int nr_flushes, nr_swapgs;
    bool ts;
    unsigned int nr_kicks, nr_remote_flushes;
    uint64_t last_flush_mask; /* smp_flush_tlb(): ~0 for all */
    bool locked;              /* the big lock */
    unsigned int nr_gdt_loads, nr_ldt_loads, nr_waits;
    char status[64];  /* machine_stop(): "word text" */
    jmp_buf *stopped; /* where it goes on */
};
extern struct fake_core fake_core;

/* As harness_domain_new(); vCPU 0 runs on page tables of its own. */
struct domain *fake_core_new(unsigned int max_vcpus);
void fake_core_free(struct domain *d);

/* pfns of the page tables that map harness_gva(0) on: L4, L3, L2, L1. */
enum { FAKE_L4_PFN = 1000, FAKE_L3_PFN, FAKE_L2_PFN, FAKE_L1_PFN };

/* Where m2p_frame() says that the M2P begins. */
#define FAKE_M2P_MFN 0x4711

/* Hypercall nr of vCPU 0; args ended by the caller's own count. The machine stopped: INT64_MIN. */
#define FAKE_STOPPED INT64_MIN
int64_t fake_hypercall(struct domain *d, unsigned int nr, const uint64_t *args, unsigned int nargs);
#define HYPERCALL(d, nr, ...)                                                                      \
    fake_hypercall(d, nr, (const uint64_t[]){ __VA_ARGS__ },                                       \
                   sizeof((const uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t))
