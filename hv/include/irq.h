/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupts of the machine's devices, and work put off until the way back to the guest. */
#pragma once

#include "types.h"

/* hv runs with interrupts off; handlers run from the interrupt entry, on the vCPU that took it, with
 * interrupts off, and must be short. */
typedef void irq_handler_fn(void *opaque);

/* Reserves an interrupt vector for handler. Returns the vector (>= 0x30) or -XEN_ENOSPC. The caller
 * programs it into an MSI-X entry with msi_address()/msi_data(). */
int irq_alloc(irq_handler_fn *handler, void *opaque);
void irq_free(int vector);
uint64_t msi_address(void);
uint32_t msi_data(int vector);

/* A piece of work run once after softirq_raise(), before the guest runs again, interrupts off. No two of them
 * run at the same time, whichever CPUs raised them: they are the back ends' lock. */
struct softirq {
    void (*fn)(void *opaque);
    void *opaque;
    struct softirq *next; /* private */
    bool pending;         /* private */
};
void softirq_raise(struct softirq *s);
/* Takes a raise back, if there is one: the memory of s may go. From a softirq or at boot. */
void softirq_cancel(struct softirq *s);
