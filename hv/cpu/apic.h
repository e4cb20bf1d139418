/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The local APIC: interrupt acceptance and the one-shot timer. */
#pragma once

#include "types.h"

/* Maps and enables it; the legacy PIC is masked for good. */
void apic_init(void);
uint32_t apic_id(void);
void apic_eoi(void);

/* The timer counts down from count once, then raises VEC_TIMER; 0 stops it. */
void apic_timer_start(uint32_t count);
uint32_t apic_timer_current(void);
