/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "types.h"

struct vcpu;

/* Takes the frames as v's GDT, each descriptor made safe; desc_map_guest_gdt() makes them the
 * CPU's. 0, or -XEN_EINVAL: too many entries, or not the guest's frames. */
int gdt_set(struct vcpu *v, const uint64_t *frames, unsigned int entries);
