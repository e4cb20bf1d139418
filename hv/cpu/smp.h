/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's other CPUs. vCPU n runs on the machine's CPU n and nowhere else. */
#pragma once

#include "types.h"

struct domain;
struct vcpu;

/* Starts the CPUs of all vCPUs but the first, and waits until they are there. Panics if they do not
 * come. */
void smp_start(struct domain *d);

/* Makes v's CPU look at its work and its events: leaves the guest for a moment, or wakes from
 * waiting. */
void smp_kick(struct vcpu *v);

/* Flushes the TLBs of the online vCPUs in the mask (bit n % 64 of word n / 64 for vCPU n; NULL: all
 * of them), and returns when it is done. */
void smp_flush_tlb(struct domain *d, const uint64_t *mask);
/* Does what another CPU's smp_flush_tlb() waits for. To be called while waiting with interrupts
 * off. */
void smp_serve_flush(void);

/* For irq.c. */
void smp_flush_interrupt(void);
