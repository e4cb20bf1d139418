/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The core's side of time.h: the clock's calibration and what a guest is told of it. */
#pragma once

#include "types.h"
#include <xen/xen.h>

struct vcpu;
struct domain;

/* Takes the first sample of the calibration; now_ns() counts from here. As early as possible. */
void clock_start(void);
/* Ends the calibration: TSC and APIC timer against the ACPI timer. The longer after clock_start()
 * the better; waits only if that was a moment ago. */
void clock_calibrate(void);
/* ns by the TSC since the machine was started, if its TSC started at 0. */
uint64_t clock_tsc_ns(void);
/* Measures the TSC again, more precisely, after a while; the guest is told. */
void clock_start_refining(struct domain *d);
uint64_t clock_apic_hz(void);
/* System time at a value of the TSC. */
uint64_t clock_ns_at(uint64_t tsc);

/* Unix time at system time 0, ns. */
void clock_set_wall(struct domain *d, uint64_t epoch_ns, int64_t offset_s);

/* Fires what is due and sets the APIC timer for the rest. */
void timers_run(void);

/* Publishes the clock in v's vcpu_info and its secondary time area. */
void clock_update_vcpu(struct vcpu *v);
uint32_t clock_tsc_khz(void);
