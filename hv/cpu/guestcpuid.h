/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CPU as a PV guest sees it by Xen's forced CPUID. Its users execute the plain instruction. */
#pragma once

#include "cpu/asm.h"

struct vcpu;

/* Once, before any guest_cpuid(). */
void guest_cpuid_init(void);
struct cpuid_regs guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf);

/* CR4 bits (FSGSBASE, OSXSAVE) and XCR0 states that go with what guest_cpuid() offers. */
uint64_t guest_cpuid_cr4(void);
uint64_t guest_cpuid_xcr0(void);
