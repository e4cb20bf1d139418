/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the memory code does otherwise for a 32-bit guest. Set once, before the page tables are
 * made. */
#pragma once

#include "mm/layout.h"
#include "types.h"

/* The guest is 32-bit: the M2P has 4-byte entries, and the guest's top table is an L3 of four. */
extern bool mm_compat;

/* The L2 entries that show the M2P to the guest, from slot HV_COMPAT_SLOT_FIRST of the last GiB's
 * L2 on. */
extern uint64_t mm_compat_l2e[HV_COMPAT_SLOTS];

static inline unsigned int guest_top_level(void)
{
    return mm_compat ? 3 : 4;
}
