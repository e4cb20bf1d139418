/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The big lock. It covers all of hv that is not one vCPU's own: interrupt handlers, softirqs,
 * timers, the store, the back ends, and the hypercalls that the table does not call lockless
 * (pv/hypercall.c). What a busy guest does all the time goes without it: sending events, and the
 * block and network queues, which are parallel softirqs (irq.h); event channels, grants, heap and
 * log have short locks of their own. It is never held while a CPU waits for an interrupt or runs
 * the guest. Whoever waits for it serves TLB flushes meanwhile, since the holder may be waiting for
 * one.
 */
#pragma once

#include "types.h"

void big_lock(void);
void big_unlock(void);

static inline void big_unlock_scope(const char *unused)
{
    (void)unused;
    big_unlock();
}

/* BIG_LOCK_SCOPE; holds it until the end of the enclosing block, however it is left. */
#define BIG_LOCK_SCOPE                                                                             \
    __attribute__((cleanup(big_unlock_scope))) const char big_lock_scope = 0;                      \
    big_lock()
