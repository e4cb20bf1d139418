/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts of the machine's devices, and work put off until the way back to the guest. */
#pragma once

#include "types.h"

struct softirq;
struct vcpu;

/* hv runs with interrupts off; handlers run from the interrupt entry, on the vCPU that took it,
 * with interrupts off, and must be short. */
typedef void irq_handler_fn(void *opaque);

/* Reserves an interrupt vector for handler. Returns the vector (>= 0x30) or -XEN_ENOSPC. The caller
 * programs it into an MSI-X entry with msi_address()/msi_data(). */
int irq_alloc(irq_handler_fn *handler, void *opaque);
/* The same for an interrupt that only raises s, a parallel one: it does not wait for the big
 * lock. */
int irq_alloc_softirq(struct softirq *s);
/* Returns when no CPU is in the vector's handler any more. */
void irq_free(int vector);
uint64_t msi_address(void); /* of this CPU */
uint64_t msi_address_of(const struct vcpu *v);
uint32_t msi_data(int vector);

/*
 * A piece of work run once after softirq_raise(), on the CPU that raised it, before its guest runs
 * again, interrupts off. Most run under the big lock, which is the back ends' lock: no two of those
 * run at the same time, whichever CPUs raised them. A parallel one runs beside everything but
 * itself, so it touches what is its own, or has a lock: grants, events, the heap, the log. It never
 * frees itself.
 */
struct softirq {
    void (*fn)(void *opaque);
    void *opaque;
    bool parallel;
    struct softirq *next; /* these three private */
    uint8_t state;
    uint8_t cpu;
    uint64_t nr_interrupts; /* how often an interrupt raised it, see irq_alloc_softirq() */
};
/* From anywhere. */
void softirq_raise(struct softirq *s);
/* Of a parallel one, for a hypercall that tells of work: it runs when the vCPU is in hv the next
 * time, not at the end of this hypercall, so that a guest which hands over several pieces in a row
 * has them seen to at once. Blocking counts, and interrupts do. A guest that has no timer due soon
 * does not wait. */
void softirq_raise_soon(struct softirq *s);
/* Takes a raise back, if there is one, and waits for the end of one that runs on another CPU: the
 * memory of s may go. From a softirq under the big lock, or at boot. */
void softirq_cancel(struct softirq *s);
