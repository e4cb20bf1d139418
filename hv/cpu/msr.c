/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The MSRs that a PV kernel may read or write; all others fault, as they do under Xen. */
#include "cpu/asm.h"
#include "cpu/clock.h"
#include "cpu/emulate.h"
#include "cpu/vcpu.h"
#include "mm/layout.h"
#include "printk.h"

#define MSR_MISC_ENABLE     0x1a0
#define MSR_PLATFORM_INFO   0x0ce
#define MSR_AMD_HWCR        0xc0010015
#define MSR_AMD_INT_PENDING 0xc0010055
#define MSR_AMD_DE_CFG      0xc0011029

/* SDM 3A 11.4.4 */
#define APIC_BASE_BSP     (1UL << 8)
#define APIC_BASE_ENABLE  (1UL << 11)
#define APIC_DEFAULT_BASE 0xfee00000UL

/* A base must be canonical, or WRMSR would fault in hv; that it is not hv's own is for politeness
 * only. */
static bool base_ok(uint64_t base)
{
    return (int64_t)(base << 16) >> 16 == (int64_t)base;
}

bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *ret)
{
    switch (msr) {
    case MSR_TSC:
        *ret = clock_guest_tsc(v->domain);
        return true;
    case MSR_FS_BASE:
    case MSR_GS_BASE: /* in the kernel the kernel's base is loaded */
    case MSR_KERNEL_GS_BASE:
    case MSR_PAT:
        *ret = rdmsr(msr);
        return true;
    case MSR_EFER: /* a PV kernel has no business with SVME; SCE, LME, LMA and NXE are as they
                      are */
        *ret = rdmsr(msr) & (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
        return true;
    case MSR_UCODE_REV:
    case MSR_PLATFORM_INFO:
    case MSR_AMD_HWCR:
    case MSR_AMD_INT_PENDING:
    case MSR_AMD_DE_CFG:
        *ret = 0;
        return true;
    case MSR_APIC_BASE: /* as Xen: CPUID has one, so it is there, though not for the guest */
        *ret = APIC_DEFAULT_BASE | APIC_BASE_ENABLE | (v->id == 0 ? APIC_BASE_BSP : 0);
        return true;
    case MSR_MISC_ENABLE:
        *ret = 0x1801; /* fast strings; BTS and PEBS not there (SDM 4) */
        return true;
    default:
        return false;
    }
}

bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t val)
{
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        if (!base_ok(val))
            return false;
        wrmsr(msr, val);
        return true;
    case MSR_EFER: /* the same value again */
    case MSR_PAT:
        return val == rdmsr(msr);
    case MSR_UCODE_REV: /* written 0 before CPUID 1, to read the revision (SDM 3A 9.11.7) */
    case MSR_AMD_HWCR:
    case MSR_MISC_ENABLE:
    case MSR_AMD_DE_CFG:
        return true; /* dropped, as Xen does */
    default:
        printk_guest(LOG_DEBUG, "d%uv%u: wrmsr 0x%x faults", v->domain->domid, v->id, msr);
        return false;
    }
}
