/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control, debug and extended-control registers as the guest sees and sets them. */
#include "cpu/asm.h"
#include "cpu/emulate.h"
#include "cpu/vcpu.h"
#include "mm/layout.h"
#include "pv/mmu.h"
#include "printk.h"

/* The rest of CR0 is fixed while the guest runs. */
#define CR0_SHOWN (CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG)

/* CR4 bits that work for the guest's users; the rest is hv's, shown as it is and not changed. */
#define CR4_GUEST (CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE)

/* DR7: fixed bits, and those that make no sense here (SDM 3B 17.2.4): GD would trap hv's own
 * accesses. */
#define DR7_FIXED  0x400UL
#define DR7_GD     (1UL << 13)
#define DR6_FIXED  0xffff0ff0UL
#define DR7_ENABLE 0xffUL

void guest_set_ts(struct vcpu *v, bool ts)
{
    v->arch->cr0_ts = ts ? CR0_TS : 0;
    if (ts)
        write_cr0(read_cr0() | CR0_TS);
    else
        clts();
}

bool guest_read_cr(struct vcpu *v, unsigned int nr, uint64_t *ret)
{
    switch (nr) {
    case 0:
        *ret = CR0_SHOWN | v->arch->cr0_ts;
        return true;
    case 2:
        *ret = vcpu_get_cr2(v);
        return true;
    case 3:
        *ret = v->domain->is_32bit ? abi32_mfn_to_cr3(v->arch->cr3_mfn)
                                   : xen_pfn_to_cr3(v->arch->cr3_mfn);
        return true;
    case 4:
        *ret = v->arch->cr4;
        return true;
    default:
        return false;
    }
}

void guest_load_cr4(struct vcpu *v)
{
    uint64_t real = (read_cr4() & ~CR4_GUEST) | (v->arch->cr4 & CR4_GUEST);

    write_cr4(real | (v->domain->tsc_emulated ? CR4_TSD : 0));
}

static bool write_cr4_guest(struct vcpu *v, uint64_t val)
{
    uint64_t changed = (val ^ v->arch->cr4) & ~CR4_GUEST;

    if (changed)
        printk_guest(LOG_DEBUG, "d%uv%u: CR4 bits 0x%lx are fixed, ignoring the change",
                     v->domain->domid, v->id, changed);
    /* FSGSBASE stays as it is in the real register until the guest asks for it, and only if CPUID
     * offers it. */
    val = (v->arch->cr4 & ~CR4_GUEST) | (val & CR4_GUEST);
    if (!(v->arch->cr4_allowed & CR4_FSGSBASE))
        val &= ~CR4_FSGSBASE;
    if (!(v->arch->cr4_allowed & CR4_OSXSAVE))
        val &= ~CR4_OSXSAVE;
    v->arch->cr4 = val;
    guest_load_cr4(v);
    return true;
}

bool guest_write_cr(struct vcpu *v, unsigned int nr, uint64_t val)
{
    switch (nr) {
    case 0:
        if ((val ^ CR0_SHOWN) & ~(CR0_TS | CR0_AM))
            printk_guest(LOG_DEBUG, "d%uv%u: CR0 0x%lx: only TS changes", v->domain->domid, v->id,
                         val);
        guest_set_ts(v, val & CR0_TS);
        return true;
    case 2:
        vcpu_set_cr2(v, val);
        return true;
    case 3:
        return mmu_new_baseptr(v, v->domain->is_32bit ? abi32_cr3_to_mfn(val)
                                                      : xen_cr3_to_pfn(val)) == 0;
    case 4:
        return write_cr4_guest(v, val);
    default:
        return false;
    }
}

static void load_dr(unsigned int nr, uint64_t val)
{
    switch (nr) {
    case 0:
        write_dr0(val);
        break;
    case 1:
        write_dr1(val);
        break;
    case 2:
        write_dr2(val);
        break;
    case 3:
        write_dr3(val);
        break;
    case 6:
        write_dr6(val);
        break;
    case 7:
        write_dr7(val);
        break;
    }
}

/* 4 and 5 are other names of 6 and 7 (CR4.DE is on, so the instructions fault; the hypercalls do
 * not). */
bool guest_read_dr(struct vcpu *v, unsigned int nr, uint64_t *ret)
{
    if (nr > 7 || nr == 4 || nr == 5)
        return false;
    *ret = nr == 6 ? read_dr6() : v->arch->dr[nr];
    return true;
}

bool guest_write_dr(struct vcpu *v, unsigned int nr, uint64_t val)
{
    if (nr > 7 || nr == 4 || nr == 5)
        return false;
    if (nr <= 3 && val >= M2P_VA && val < HV_VA_END)
        return false; /* no watching hv */
    if (nr >= 6 && val >> 32)
        return false;
    if (nr == 6)
        val = (val & 0xe00f) | DR6_FIXED;
    if (nr == 7)
        val = (val & ~DR7_GD & ~0xd000UL) | DR7_FIXED;
    v->arch->dr[nr] = val;
    load_dr(nr, val);
    return true;
}

/* SDM 1 13.3: x87 is always on, AVX needs SSE; what is beyond is not offered to the guest. */
#define XCR0_X87 (1UL << 0)
#define XCR0_SSE (1UL << 1)
#define XCR0_AVX (1UL << 2)

bool guest_write_xcr(struct vcpu *v, uint32_t index, uint64_t val)
{
    if (index != 0 || !(read_cr4() & CR4_OSXSAVE) || !(val & XCR0_X87) ||
        (val & ~v->arch->xcr0_allowed) || ((val & XCR0_AVX) && !(val & XCR0_SSE)))
        return false;
    xsetbv(0, val);
    return true;
}
