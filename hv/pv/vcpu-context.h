/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

struct vcpu;

/* VCPUOP_initialise: v takes the struct vcpu_guest_context at context for its start. */
int64_t vcpu_initialise(struct vcpu *v, gva_t context);
