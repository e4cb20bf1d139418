/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

struct vcpu;
struct domain;

/* Enters a runstate (vcpu.h RUNSTATE_*): keeps the books and the guest's copy. */
void runstate_change(struct vcpu *v, int state);
/* The books up to now. */
struct vcpu_runstate_info;
void runstate_get(struct vcpu *v, struct vcpu_runstate_info *ret);
/* Into the guest's memory, as its width has it. -XEN_EFAULT. */
int runstate_put(struct vcpu *v, gva_t area, const struct vcpu_runstate_info *rs);

/* The guest is done, for Xen's reason (sched.h SHUTDOWN_*) or another of 8 bits. With the big lock.
 * Does not return on hardware. */
int64_t domain_shutdown(struct vcpu *v, uint32_t reason);

/* Timers of a vCPU. */
void vcpu_timers_init(struct vcpu *v);
