/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local APIC: interrupt acceptance and the one-shot timer. */
#pragma once

#include "types.h"

/* Maps and enables it; the legacy PIC is masked for good. */
void apic_init(void);
/* The same for a secondary CPU. */
void apic_init_secondary(void);
uint32_t apic_id(void);
void apic_eoi(void);

/* To the CPU of that APIC id. */
void apic_send_ipi(uint32_t destination, unsigned int vector);
/* All other CPUs begin in real mode at this page of low memory. */
void apic_start_others(unsigned int page);

/* The timer counts down from count once, then raises VEC_TIMER; 0 stops it. */
void apic_timer_start(uint32_t count);
uint32_t apic_timer_current(void);
