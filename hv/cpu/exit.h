/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

struct vcpu;

/* Takes v out of service until it is online. On v's own CPU, without the big lock. */
void vcpu_wait_online(struct vcpu *v);

/* Loads the context that VCPUOP_initialise left. On v's own CPU, before it runs the guest for the
 * first time. */
void vcpu_load_context(struct vcpu *v);

/* Does hv's work and sleeps until done(v), which is asked after every interrupt. Without the big
 * lock. */
void vcpu_wait(struct vcpu *v, bool (*done)(struct vcpu *v));
