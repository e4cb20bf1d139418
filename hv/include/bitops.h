/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Atomic bit operations for memory shared with the guest. Bits are numbered from bit 0 of the first
 * 32-bit word, which on a little-endian machine is the same bit in arrays of 32-bit and of 64-bit
 * words. Every operation is a full barrier (a LOCKed instruction).
 */
#pragma once

#include "types.h"

/* Both return the bit's value from before. */
static inline bool bit_test_and_set(void *base, unsigned int bit)
{
    uint32_t mask = 1U << (bit % 32);

    return __atomic_fetch_or((uint32_t *)base + bit / 32, mask, __ATOMIC_SEQ_CST) & mask;
}

static inline bool bit_test_and_clear(void *base, unsigned int bit)
{
    uint32_t mask = 1U << (bit % 32);

    return __atomic_fetch_and((uint32_t *)base + bit / 32, ~mask, __ATOMIC_SEQ_CST) & mask;
}

static inline void bit_set(void *base, unsigned int bit)
{
    __atomic_or_fetch((uint32_t *)base + bit / 32, 1U << (bit % 32), __ATOMIC_SEQ_CST);
}

static inline void bit_clear(void *base, unsigned int bit)
{
    __atomic_and_fetch((uint32_t *)base + bit / 32, ~(1U << (bit % 32)), __ATOMIC_SEQ_CST);
}

static inline bool bit_test(const void *base, unsigned int bit)
{
    return READ_ONCE(((const uint32_t *)base)[bit / 32]) >> (bit % 32) & 1;
}
