/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The core's side of irq.h. */
#pragma once

#include "types.h"

/* Called from the interrupt entry for every vector from VEC_IRQ_FIRST on. */
void irq_dispatch(unsigned int vector);

/* Runs the softirqs that are raised on this CPU now: those that need the big lock, which the caller
 * holds, and those that do not. */
void softirq_run(void);
void softirq_run_parallel(void);

/* Did softirq_raise_soon() put off parallel ones to the next time in hv? Told once. */
bool softirq_take_put_off(void);
