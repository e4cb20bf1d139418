/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spin locks. hv runs with interrupts off, so a lock is held for a few hundred instructions at
 * most. */
#pragma once

#include "types.h"

struct spinlock {
    bool held;
};

/* What a CPU does while it waits for another: serves TLB flushes, since the other may be waiting
 * for one (cpu/smp.c). */
void spin_wait(void);

static inline void spin_lock(struct spinlock *l)
{
    while (__atomic_exchange_n(&l->held, true, __ATOMIC_ACQUIRE))
        while (__atomic_load_n(&l->held, __ATOMIC_RELAXED))
            spin_wait();
}

static inline void spin_unlock(struct spinlock *l)
{
    __atomic_store_n(&l->held, false, __ATOMIC_RELEASE);
}

/* LOCK_SCOPE(&x->lock); holds the lock until the end of the enclosing block, however it is left. */
static inline void spin_unlock_scope(struct spinlock **l)
{
    spin_unlock(*l);
}
#define LOCK_SCOPE(l)                                                                              \
    __attribute__((cleanup(spin_unlock_scope))) struct spinlock *scope_lock = (l);                 \
    spin_lock(scope_lock)
