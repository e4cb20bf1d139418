/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

struct vcpu;

/* Does hv's work and sleeps until done(v), which is asked after every interrupt. */
void vcpu_wait(struct vcpu *v, bool (*done)(struct vcpu *v));
