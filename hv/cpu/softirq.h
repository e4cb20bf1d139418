/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The core's side of irq.h. */
#pragma once

/* Called from the interrupt entry for every vector from VEC_IRQ_FIRST on. */
void irq_dispatch(unsigned int vector);

/* Runs the softirqs that are raised now. */
void softirq_run(void);
