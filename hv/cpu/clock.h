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

/* System time is ns further from now on; the guest is told that it was stopped. */
void clock_jump(struct domain *d, uint64_t ns);
/* The host's clock says so now: a machine that stood still makes up for it, in system time too, as
 * Xen's goes on while a domain is paused. Never backwards. */
void clock_catch_up(struct domain *d, uint64_t epoch_ns);
/* Follows KZ_STORE_CLOCK. 0, or -XEN_ENOMEM. */
int clock_watch_host(struct domain *d);

/* System time has jumped: every CPU looks at its timers again. */
void timers_look_again(struct domain *d);
/* Fires what is due and sets the APIC timer for the rest. */
void timers_run(void);

/* Publishes the clock in v's vcpu_info and its secondary time area. */
void clock_update_vcpu(struct vcpu *v);
uint32_t clock_tsc_khz(void);

/* What RDTSC reads in the guest, and how fast it goes: the machine's own TSC, or with
 * KZ_BOOT_EMULATE_TSC one of 1 GHz that is system time and always goes on. */
uint64_t clock_guest_tsc(const struct domain *d);
uint32_t clock_guest_tsc_khz(const struct domain *d);
