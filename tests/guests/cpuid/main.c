/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU as a PV kernel is told of it. No guest gets at a local APIC, but CPUID and its MSR say
 * that there is one: kernels take that for whether CPUs can interrupt each other and themselves,
 * which they do by events.
 */
#include "guest.h"
#include "cpu.h"

/* SDM 2A CPUID, leaf 1 */
#define EDX_FPU        (1U << 0)
#define EDX_PSE        (1U << 3)
#define EDX_TSC        (1U << 4)
#define EDX_MSR        (1U << 5)
#define EDX_PAE        (1U << 6)
#define EDX_CX8        (1U << 8)
#define EDX_APIC       (1U << 9)
#define EDX_MTRR       (1U << 12)
#define EDX_PGE        (1U << 13)
#define ECX_MONITOR    (1U << 3)
#define ECX_X2APIC     (1U << 21)
#define ECX_HYPERVISOR (1U << 31)

/* SDM 3A 11.4.4 */
#define MSR_APIC_BASE    0x1b
#define APIC_BASE_BSP    (1U << 8)
#define APIC_BASE_ENABLE (1U << 11)
#define APIC_DEFAULT     0xfee00000U

#define MSR_NOBODYS 0x4711
#define VEC_GP      13

static void read_nobodys_msr(void *arg)
{
    rdmsr(MSR_NOBODYS);
}

void test_main(void)
{
    const uint32_t wanted = EDX_FPU | EDX_TSC | EDX_MSR | EDX_PAE | EDX_CX8 | EDX_APIC;
    struct cpuid_regs one = xen_cpuid(1);
    struct trap t;

    note("leaf 1: ecx 0x%x, edx 0x%x", one.ecx, one.edx);
    check_eq(one.edx & wanted, wanted);
    check_eq(one.edx & (EDX_PSE | EDX_MTRR | EDX_PGE), 0);
    check_eq(one.ecx & (ECX_MONITOR | ECX_X2APIC), 0);
    check(one.ecx & ECX_HYPERVISOR);

    check_eq(rdmsr(MSR_APIC_BASE), APIC_DEFAULT | APIC_BASE_ENABLE | APIC_BASE_BSP);
    probe(read_nobodys_msr, NULL, &t);
    check_eq(t.vector, VEC_GP);
}
