/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The machine-to-pseudo-physical table at M2P_VA, which every PV guest reads in place. Only the
 * parts that describe RAM are backed by pages of their own; all others show one page of
 * INVALID_M2P_ENTRY.
 */
#pragma once

#include "mm/layout.h"
#include "types.h"

#define INVALID_M2P_ENTRY (~0UL)

/* One past the highest frame that the guest may look up. */
extern mfn_t m2p_size;

#ifdef KZ_HOST_TEST
extern uint64_t m2p_table[];
#else
#define m2p_table ((uint64_t *)M2P_VA)
#endif

/* mfn must be RAM. */
static inline void m2p_set(mfn_t mfn, pfn_t pfn)
{
    m2p_table[mfn] = pfn;
}

static inline pfn_t m2p_get(mfn_t mfn)
{
    return m2p_table[mfn];
}
