/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions that ask the CPU something, for tests of the answers. */
#pragma once

#include <stdint.h>
#include <xen/xen.h>

struct cpuid_regs {
    uint32_t eax, ebx, ecx, edx;
};

/* xen.h XEN_CPUID: as the hypervisor has it for the kernel. Sub-leaf 0. */
static inline struct cpuid_regs xen_cpuid(uint32_t leaf)
{
    struct cpuid_regs r;

    __asm__ __volatile__(XEN_CPUID
                         : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                         : "0"(leaf), "2"(0));
    return r;
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t rdtscp(void)
{
    uint32_t low, high;

    __asm__ __volatile__("rdtscp" : "=a"(low), "=d"(high) : : "ecx");
    return (uint64_t)high << 32 | low;
}
