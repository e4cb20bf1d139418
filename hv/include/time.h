/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time: nanoseconds of system time since hv started, from the TSC; one-shot timers on the local
 * APIC. */
#pragma once

#include "types.h"

uint64_t now_ns(void);

struct hv_timer {
    void (*fn)(void *opaque);
    void *opaque;
    uint64_t deadline_ns;   /* private */
    struct hv_timer *next;  /* private */
    uint32_t cpu;           /* private */
    bool armed;             /* private */
};
/* (Re)arms t for the absolute time deadline_ns; in the past: fires before the guest runs again. */
void hv_timer_set(struct hv_timer *t, uint64_t deadline_ns);
void hv_timer_cancel(struct hv_timer *t);
/* Will this CPU's timer interrupt the guest within the next so many nanoseconds? */
bool timer_interrupts_within(uint64_t ns);
