/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One byte for each machine frame: who has it, and whether the guest uses it as a page table. hv
 * does not validate page tables (the guest owns its machine); the level is kept so that hv knows
 * which frames the guest expects to write through it (mm/guest-pt.h) and where its own L4 slots
 * must be.
 */
#pragma once

#include "types.h"

struct domain;

enum frame_owner {
    FRAME_NONE,   /* no RAM, or the firmware's */
    FRAME_HV,     /* hv's own */
    FRAME_SHARED, /* hv's, and the guest may map it: shared_info, grant table */
    FRAME_FREE,   /* set apart for the guest, which does not hold it now */
    FRAME_GUEST,  /* the guest's */
};

#define FRAME_OWNER_MASK  0x07
#define FRAME_LEVEL_SHIFT 4 /* 0: no page table, 1 to 4, or FRAME_L2_TOP */
#define FRAME_L2_TOP      5 /* a 32-bit guest's L2 of the last GiB: hv's slots are in it */

extern uint8_t *frame_table;
extern mfn_t frame_table_size; /* frames above it are FRAME_NONE */

static inline enum frame_owner frame_owner(mfn_t mfn)
{
    return mfn < frame_table_size ? (enum frame_owner)(frame_table[mfn] & FRAME_OWNER_MASK)
                                  : FRAME_NONE;
}

/* Page-table level of one of the guest's frames, or 0. */
static inline unsigned int frame_level(mfn_t mfn)
{
    unsigned int level = mfn < frame_table_size ? frame_table[mfn] >> FRAME_LEVEL_SHIFT : 0;

    return level == FRAME_L2_TOP ? 2 : level;
}

static inline bool frame_is_l2_top(mfn_t mfn)
{
    return mfn < frame_table_size && frame_table[mfn] >> FRAME_LEVEL_SHIFT == FRAME_L2_TOP;
}

/* Nothing happens to frames that are not the guest's (any more). */
static inline void frame_set_level(mfn_t mfn, unsigned int level)
{
    uint8_t old = __atomic_load_n(&frame_table[mfn], __ATOMIC_RELAXED), new;

    /* Without the big lock: another CPU may be giving the frame away. */
    do
        new = (uint8_t)((old & FRAME_OWNER_MASK) | level << FRAME_LEVEL_SHIFT);
    while ((old & FRAME_OWNER_MASK) == FRAME_GUEST &&
           !__atomic_compare_exchange_n(&frame_table[mfn], &old, new, false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
}

/* Sets the owner, and that it is no page table. mfn must be below frame_table_size. */
static inline void frame_set_owner(mfn_t mfn, enum frame_owner owner)
{
    frame_table[mfn] = (uint8_t)owner;
}

/* ---- the frames set apart for the guest ---- */

/* A free frame, lowest first from where the last one was found; MFN_INVALID: none left. */
mfn_t frames_take(void);
/* 2^order contiguous free frames aligned to their size, all below max_mfn; MFN_INVALID: none. */
mfn_t frames_take_order(unsigned int order, mfn_t max_mfn);
void frames_give(mfn_t mfn);
uint64_t frames_free_count(void);
/* At boot: there are none; mfn becomes one. */
void frames_reset(void);
void frames_add(mfn_t mfn);
