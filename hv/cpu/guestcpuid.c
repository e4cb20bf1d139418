/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list of what a PV guest may have, from xen/arch-x86/cpufeatureset.h, cut to what the machine's
 * CPU has. Not in it: what belongs to the owner of ring 0 or of the real page tables (PSE, PGE,
 * PCID, SMEP, SMAP, MONITOR, MCE, MTRR ...), what needs MSRs that we do not pass on
 * (speculation control), and FSGSBASE, whose kernel side costs a PV guest two trapped MSR accesses
 * in each context switch. The APIC is hv's own, but stands there as under Xen: kernels take it for
 * whether CPUs can interrupt each other and themselves, which they do by events. Linux without it
 * leaves its irq_work to the next tick, which that of its RCU does not survive (PREEMPT_RT).
 */
#include "cpu/guestcpuid.h"
#include "cpu/clock.h"
#include "cpu/vcpu.h"
#include "pv/version.h"
#include <xen/arch-x86/cpufeatureset.h>
#include <xen/arch-x86/cpuid.h>

#define F(name) XEN_X86_FEATURE_##name

static const uint16_t pv_features[] = {
    F(FPU),         F(DE),
    F(TSC),         F(MSR),
    F(PAE),         F(CX8),
    F(APIC),        F(SEP),
    F(CMOV),        F(PAT),
    F(CLFLUSH),     F(MMX),
    F(FXSR),        F(SSE),
    F(SSE2),        F(SS),

    F(SSE3),        F(PCLMULQDQ),
    F(SSSE3),       F(FMA),
    F(CX16),        F(SSE4_1),
    F(SSE4_2),      F(MOVBE),
    F(POPCNT),      F(AESNI),
    F(XSAVE),       F(AVX),
    F(F16C),        F(RDRAND),
    F(HYPERVISOR),

    F(SYSCALL),     F(NX),
    F(MMXEXT),      F(FFXSR),
    F(LM),          F(3DNOWEXT),
    F(3DNOW),

    F(LAHF_LM),     F(CMP_LEGACY),
    F(ABM),         F(SSE4A),
    F(MISALIGNSSE), F(3DNOWPREFETCH),
    F(XOP),         F(FMA4),
    F(TBM),

    F(XSAVEOPT),    F(XSAVEC),
    F(XGETBV1),

    F(BMI1),        F(AVX2),
    F(BMI2),        F(ERMS),
    F(RDSEED),      F(ADX),
    F(CLFLUSHOPT),  F(CLWB),
    F(SHA),         F(FDP_EXCP_ONLY),
    F(NO_FPU_SEL),

    F(PREFETCHWT1), F(GFNI),
    F(VAES),        F(VPCLMULQDQ),

    F(ITSC),

    F(CLZERO),      F(RSTR_FP_ERR_PTRS),
    F(SSB_NO),      F(BTC_NO),

    F(FSRM),        F(MD_CLEAR),
    F(SERIALIZE),   F(FZRM),
    F(FSRS),        F(FSRCS),
    F(AVX_VNNI),
};

/* Where each 32-bit word of the feature set comes from (cpufeatureset.h), and what of it we
 * offer. */
static struct feature_word {
    uint32_t leaf, subleaf;
    uint8_t reg; /* index into struct cpuid_regs */
    uint32_t offered;
} words[] = {
    { 0x00000001, 0, 3, 0 }, { 0x00000001, 0, 2, 0 }, { 0x80000001, 0, 3, 0 },
    { 0x80000001, 0, 2, 0 }, { 0x0000000d, 1, 0, 0 }, { 0x00000007, 0, 1, 0 },
    { 0x00000007, 0, 2, 0 }, { 0x80000007, 0, 3, 0 }, { 0x80000008, 0, 1, 0 },
    { 0x00000007, 0, 3, 0 }, { 0x00000007, 1, 0, 0 },
};

static bool compat_syscall_exists;
/* Without the word of it, Linux on AMD's CPUs loads the users' GS twice in each context switch, by
 * a hypercall each. */
static bool null_selector_clears_base;

#define MAX_BASIC    0x0000000d
#define MAX_EXTENDED 0x80000008
#define LEAF_NSCB    0x80000021 /* APM 3 E.4.19; none in between */

#define CPUID1_ECX_OSXSAVE (1U << 27)

/* XCR0: x87, SSE, AVX. */
#define XCR0_OFFERED 0x7U

static uint32_t *reg_of(struct cpuid_regs *r, unsigned int index)
{
    uint32_t *const regs[4] = { &r->eax, &r->ebx, &r->ecx, &r->edx };

    return regs[index];
}

static bool leaf_exists(uint32_t leaf)
{
    return leaf <= cpuid(leaf & 0x80000000, 0).eax;
}

/* CPUID leaf 0 of AMD's CPUs and Hygon's: they have no SYSENTER in long mode, but SYSCALL in
 * compatibility mode (APM 3 SYSCALL, SYSENTER). The others have it the other way about. */
static bool vendor_is_amd(void)
{
    uint32_t ebx = cpuid(0, 0).ebx;

    return ebx == 0x68747541 /* "Auth" */ || ebx == 0x6f677948 /* "Hygo" */;
}

/* Whatever CPUID says: a hypervisor below may be too old to pass the bit on. No guest runs yet, FS
 * is nobody's. */
static bool find_null_selector_clears_base(void)
{
    uint64_t base;

    wrmsr(MSR_FS_BASE, PAGE_SIZE);
    __asm__ __volatile__("movl %0, %%fs" : : "r"(0) : "memory");
    base = rdmsr(MSR_FS_BASE);
    wrmsr(MSR_FS_BASE, 0);
    return base == 0;
}

void guest_cpuid_init(void)
{
    compat_syscall_exists = vendor_is_amd();
    null_selector_clears_base = find_null_selector_clears_base();
    for (unsigned int i = 0; i < ARRAY_SIZE(pv_features); i++) {
        unsigned int word = pv_features[i] / 32;

        words[word].offered |= 1U << pv_features[i] % 32;
    }
    for (struct feature_word *w = words; w < words + ARRAY_SIZE(words); w++) {
        struct cpuid_regs r = { 0 };

        if (leaf_exists(w->leaf))
            r = cpuid(w->leaf, w->subleaf);
        w->offered &= *reg_of(&r, w->reg);
    }
    words[1].offered |= 1U << F(HYPERVISOR) % 32;
    if (compat_syscall_exists)
        words[0].offered &= ~(1U << F(SEP) % 32);
}

static bool offered(unsigned int feature)
{
    return words[feature / 32].offered >> feature % 32 & 1;
}

uint64_t guest_cpuid_cr4(void)
{
    return (offered(F(XSAVE)) ? CR4_OSXSAVE : 0) | (offered(F(FSGSBASE)) ? CR4_FSGSBASE : 0);
}

uint64_t guest_cpuid_xcr0(void)
{
    return offered(F(XSAVE)) ? cpuid(0xd, 0).eax & XCR0_OFFERED : 0;
}

/* SDM 1 13.2. Sizes follow from the states: legacy area and header, then AVX at its own offset. */
static struct cpuid_regs cpuid_xsave(uint32_t subleaf)
{
    struct cpuid_regs r = { 0 }, avx = cpuid(0xd, 2);
    uint32_t size = 576, states = (uint32_t)guest_cpuid_xcr0();

    if (!states)
        return r;
    if (states & 4)
        size = avx.eax + avx.ebx;
    switch (subleaf) {
    case 0:
        r = cpuid(0xd, 0);
        r.eax = states;
        r.ebx = MIN(r.ebx, size);
        r.ecx = size;
        r.edx = 0;
        break;
    case 1:
        r.eax = words[F(XSAVEOPT) / 32].offered;
        break;
    case 2:
        if (states & 4)
            r = avx;
        break;
    default:
        break;
    }
    return r;
}

/* arch-x86/cpuid.h, leaf 0x40000x03. An emulated TSC is system time, without an offset. */
#define TSC_EMULATED      (1U << 0)
#define TSC_RELIABLE      (1U << 1)
#define TSC_MODE_EMULATED 1
#define TSC_MODE_NATIVE   2

static struct cpuid_regs cpuid_xen_tsc(const struct domain *d, uint32_t subleaf)
{
    switch (subleaf) {
    case 0:
        return (struct cpuid_regs){ .eax = TSC_RELIABLE | (d->tsc_emulated ? TSC_EMULATED : 0),
                                    .ebx = d->tsc_emulated ? TSC_MODE_EMULATED : TSC_MODE_NATIVE,
                                    .ecx = clock_guest_tsc_khz(d) };
    case 1:
        if (d->tsc_emulated)
            return (struct cpuid_regs){ .ecx = 1U << 31, .edx = 1 };
        break;
    case 2:
        return (struct cpuid_regs){ .eax = clock_tsc_khz() };
    default:
        break;
    }
    return (struct cpuid_regs){ 0 };
}

static struct cpuid_regs cpuid_xen(const struct domain *d, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r = { 0 };

    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        r.eax = XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES);
        r.ebx = XEN_CPUID_SIGNATURE_EBX;
        r.ecx = XEN_CPUID_SIGNATURE_ECX;
        r.edx = XEN_CPUID_SIGNATURE_EDX;
        break;
    case 1:
        r.eax = HV_XEN_MAJOR << 16 | HV_XEN_MINOR;
        break;
    case 2: /* one hypercall page; the MSR that would fill it is for HVM guests */
        r.eax = 1;
        r.ebx = 0x40000000;
        r.ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
        break;
    case 3:
        return cpuid_xen_tsc(d, subleaf);
    case 5:
        r.ebx = subleaf == 0 ? cpuid(0x80000008, 0).eax & XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK : 0;
        break;
    default:
        break;
    }
    return r;
}

static bool leaf_hidden(uint32_t leaf)
{
    switch (leaf) {
    case 0x3: /* serial number */
    case 0x5: /* monitor/mwait */
    case 0x6: /* thermal and power */
    case 0x9: /* direct cache access */
    case 0xa: /* performance counters */
    case 0xb: /* x2APIC topology */
    case 0xc:
        return true;
    default:
        return false;
    }
}

struct cpuid_regs guest_cpuid(struct vcpu *v, uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_regs r = { 0 };

    if (leaf >= XEN_CPUID_FIRST_LEAF && leaf <= XEN_CPUID_LEAF(0xff))
        return cpuid_xen(v->domain, leaf, subleaf);
    if (leaf == LEAF_NSCB) {
        r.eax = null_selector_clears_base ? 1U << F(NSCB) % 32 : 0;
        return r;
    }
    if (leaf > (leaf & 0x80000000 ? MAX_EXTENDED : MAX_BASIC) || !leaf_exists(leaf) ||
        leaf_hidden(leaf))
        return r;
    if (leaf == 0xd)
        return cpuid_xsave(subleaf);

    r = cpuid(leaf, subleaf);
    for (const struct feature_word *w = words; w < words + ARRAY_SIZE(words); w++)
        if (w->leaf == leaf && w->subleaf == subleaf)
            *reg_of(&r, w->reg) &= w->offered;
    switch (leaf) {
    case 0:
        r.eax = MIN(r.eax, (uint32_t)MAX_BASIC);
        break;
    case 0x80000001: /* a 32-bit guest has no long mode to go to */
        if (v->domain->is_32bit) {
            r.edx &= ~(1U << F(LM) % 32);
            if (!compat_syscall_exists)
                r.edx &= ~(1U << F(SYSCALL) % 32);
            r.ecx &= ~(1U << F(LAHF_LM) % 32);
        }
        break;
    case 0x80000000:
        r.eax = null_selector_clears_base ? LEAF_NSCB : MIN(r.eax, (uint32_t)MAX_EXTENDED);
        break;
    case 1:
        r.ecx |= words[1].offered & (1U << F(HYPERVISOR) % 32);
        if (v->arch->cr4 & CR4_OSXSAVE)
            r.ecx |= CPUID1_ECX_OSXSAVE;
        break;
    case 7: /* one more subleaf at most */
        r.eax = subleaf == 0 ? MIN(r.eax, 1U) : r.eax;
        break;
    default:
        break;
    }
    return r;
}
