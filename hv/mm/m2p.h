/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine-to-pseudo-physical table at M2P_VA, which every PV guest reads in place. Only the
 * parts that describe RAM are backed by pages of their own; all others show one page of
 * INVALID_M2P_ENTRY.
 */
#pragma once

#include "mm/compat.h"
#include "mm/layout.h"
#include "types.h"

#define INVALID_M2P_ENTRY (~0UL)

/* One past the highest frame that the guest may look up. */
extern mfn_t m2p_size;

/* The frame that holds the table's byte at offset. */
mfn_t m2p_frame(uint64_t offset);

#ifdef KZ_HOST_TEST
extern uint64_t m2p_table[];
#else
#define m2p_table ((uint64_t *)M2P_VA)
#endif

static inline unsigned int m2p_entry_size(void)
{
    return mm_compat ? sizeof(uint32_t) : sizeof(uint64_t);
}

/* mfn must be RAM. */
static inline void m2p_set(mfn_t mfn, pfn_t pfn)
{
    if (mm_compat)
        ((uint32_t *)m2p_table)[mfn] = (uint32_t)pfn;
    else
        m2p_table[mfn] = pfn;
}

/* INVALID_M2P_ENTRY: none. */
static inline pfn_t m2p_get(mfn_t mfn)
{
    uint32_t narrow;

    if (!mm_compat)
        return m2p_table[mfn];
    narrow = ((const uint32_t *)m2p_table)[mfn];
    return narrow == ~0U ? INVALID_M2P_ENTRY : narrow;
}
