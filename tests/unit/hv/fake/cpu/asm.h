/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for hv/cpu/asm.h in host tests: privileged instructions leave their mark in struct
 * fake_core. */
#pragma once

#include "cpu/regdefs.h"
#include "fake-core.h"

static inline uint64_t read_cr3(void)
{
    return fake_core.cr3;
}

static inline void write_cr3(uint64_t v)
{
    fake_core.cr3 = v;
    fake_core.nr_flushes++;
}

static inline void invlpg(uint64_t va)
{
    fake_core.last_invlpg = va;
}

static inline void wbinvd(void)
{
}

static inline void cpu_relax(void)
{
}

static inline void swapgs(void)
{
    fake_core.nr_swapgs++;
}

static inline void wrmsr(uint32_t msr, uint64_t v)
{
    fake_core.last_msr = msr;
    fake_core.last_msr_value = v;
}
