/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Page-table hypercalls. hv does what is asked without validating it: the guest owns its machine
 * (mm/guest-pt.h).
 */
#include "pv/mmu.h"
#include "cpu/asm.h"
#include "cpu/desc.h"
#include "cpu/smp.h"
#include "cpu/vcpu.h"
#include "mm/compat.h"
#include "mm/guest-pt.h"
#include "mm/m2p.h"
#include "pv/hypercall.h"
#include "abi32.h"
#include "alloc.h"
#include "guest.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

/* The count's top bit is Xen's mark of a continued hypercall; some guests leave it in. */
#define MMU_UPDATE_PREEMPTED 0x80000000U

static void flush_tlb(struct vcpu *v)
{
    v->arch->counters.flushes++;
    write_cr3(read_cr3());
}

void guest_flush_tlb(struct vcpu *v)
{
    smp_flush_tlb(v->domain, NULL);
}

/* The vCPUs of the guest's bitmap at mask. */
static int flush_mask(struct vcpu *v, gva_t mask)
{
    uint64_t bits[DIV_ROUND_UP(MAX_VCPUS, 64)] = { 0 };
    unsigned int n = DIV_ROUND_UP(v->domain->max_vcpus, 64);

    if (copy_from_guest(bits, mask, n * sizeof(bits[0])) < 0)
        return -XEN_EFAULT;
    smp_flush_tlb(v->domain, bits);
    return 0;
}

uint64_t *guest_l1e(struct vcpu *v, gva_t va)
{
    if ((va >= M2P_VA && va < HV_VA_END) || (mm_compat && va >= HV_COMPAT_VA))
        return NULL;
    return guest_pt_entry(v->arch->root_mfn, va, 1);
}

/* Guests name themselves, by DOMID_SELF or by number. */
static bool is_self(const struct vcpu *v, domid_t domid)
{
    return domid == DOMID_SELF || domid == v->domain->domid;
}

int mmu_new_baseptr(struct vcpu *v, mfn_t mfn)
{
    if (frame_owner(mfn) != FRAME_GUEST)
        return -XEN_EINVAL;
    if (frame_level(mfn) != guest_top_level())
        guest_pt_mark(mfn, guest_top_level());
    v->arch->cr3_mfn = mfn;
    v->arch->counters.base_loads++;
    if (mm_compat)
        v->arch->compat_l4[0] = mfn << PAGE_SHIFT | PTE_P | PTE_RW | PTE_U | PTE_A;
    else
        v->arch->root_mfn = mfn;
    write_cr3(v->arch->root_mfn << PAGE_SHIFT);
    return 0;
}

static int update_one(struct vcpu *v, const struct mmu_update *u, domid_t page_owner)
{
    mfn_t mfn = u->ptr >> PAGE_SHIFT;

    switch (u->ptr & 3) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
        if (frame_owner(mfn) != FRAME_GUEST || (u->ptr & 4))
            return -XEN_EINVAL;
        return guest_pt_write(mfn, (u->ptr & ~PAGE_MASK) >> 3, u->val,
                              (u->ptr & 3) == MMU_PT_UPDATE_PRESERVE_AD);
    case MMU_MACHPHYS_UPDATE:
        if (!is_self(v, page_owner))
            return -XEN_EPERM;
        if (frame_owner(mfn) != FRAME_GUEST)
            return -XEN_EINVAL;
        m2p_set(mfn, u->val);
        return 0;
    default:
        return -XEN_ENOSYS;
    }
}

/* The domain argument names the owner of the page tables in its upper half (plus one, 0: the
 * caller) and the owner of what they map in its lower half; xen.h HYPERVISOR_mmu_update. */
static int check_domains(struct vcpu *v, uint32_t arg)
{
    uint32_t table_owner = arg >> 16;
    domid_t page_owner = (domid_t)arg;

    if (table_owner && !is_self(v, (domid_t)(table_owner - 1)))
        return -XEN_EPERM;
    if (!is_self(v, page_owner) && page_owner != DOMID_IO)
        return page_owner >= DOMID_FIRST_RESERVED ? -XEN_EPERM : -XEN_ESRCH;
    return 0;
}

#define UPDATES_AT_ONCE 16

int64_t hc_mmu_update(struct vcpu *v, const uint64_t *a)
{
    struct mmu_update batch[UPDATES_AT_ONCE];
    uint32_t count = (uint32_t)a[1] & ~MMU_UPDATE_PREEMPTED, done = 0;
    gva_t ureqs = a[0], pdone = a[2];
    int rc = check_domains(v, (uint32_t)a[3]);

    while (rc == 0 && done < count) {
        uint32_t n = MIN(count - done, UPDATES_AT_ONCE);

        if (copy_from_guest(batch, ureqs + done * sizeof(batch[0]), n * sizeof(batch[0])) < 0) {
            rc = -XEN_EFAULT;
            break;
        }
        for (uint32_t i = 0; i < n && rc == 0; i++) {
            rc = update_one(v, &batch[i], (domid_t)a[3]);
            done += rc == 0;
        }
    }
    if (pdone && copy_to_guest(pdone, &done, sizeof(done)) < 0)
        return -XEN_EFAULT;
    return rc;
}

static int pin(struct vcpu *v, const struct mmuext_op *op)
{
    if (frame_owner(op->arg1.mfn) != FRAME_GUEST ||
        op->cmd - MMUEXT_PIN_L1_TABLE >= guest_top_level())
        return -XEN_EINVAL;
    guest_pt_mark(op->arg1.mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
    return 0;
}

static int unpin(struct vcpu *v, const struct mmuext_op *op)
{
    if (frame_owner(op->arg1.mfn) != FRAME_GUEST)
        return -XEN_EINVAL;
    if (op->arg1.mfn != v->arch->cr3_mfn)
        guest_pt_unmark(op->arg1.mfn);
    return 0;
}

static int new_baseptr(struct vcpu *v, const struct mmuext_op *op)
{
    return mmu_new_baseptr(v, op->arg1.mfn);
}

/* One page table serves kernel and users; the users' own is never loaded (docs/hv-abi.md). */
static int new_user_baseptr(struct vcpu *v, const struct mmuext_op *op)
{
    if (op->arg1.mfn != 0 && frame_owner(op->arg1.mfn) != FRAME_GUEST)
        return -XEN_EINVAL;
    if (op->arg1.mfn != 0 && frame_level(op->arg1.mfn) != 4)
        guest_pt_mark(op->arg1.mfn, 4);
    v->arch->user_cr3_mfn = op->arg1.mfn;
    return 0;
}

static int flush(struct vcpu *v, const struct mmuext_op *op)
{
    flush_tlb(v);
    return 0;
}

static int flush_multi(struct vcpu *v, const struct mmuext_op *op)
{
    return flush_mask(v, guest_handle_gva(op->arg2.vcpumask));
}

static int flush_all(struct vcpu *v, const struct mmuext_op *op)
{
    smp_flush_tlb(v->domain, NULL);
    return 0;
}

static int flush_page(struct vcpu *v, const struct mmuext_op *op)
{
    invlpg(op->arg1.linear_addr);
    return 0;
}

static int flush_cache(struct vcpu *v, const struct mmuext_op *op)
{
    wbinvd();
    return 0;
}

static int set_ldt(struct vcpu *v, const struct mmuext_op *op)
{
    gva_t base = op->arg1.linear_addr;
    unsigned int n = op->arg2.nr_ents;

    if (n > 8192 || (base & ~PAGE_MASK) || (n && base >= M2P_VA && base < HV_VA_END))
        return -XEN_EINVAL;
    v->arch->ldt_base = base;
    v->arch->ldt_entries = n;
    desc_load_ldt(v);
    return 0;
}

/* A frame that may be overwritten whole: not a page table in use, hv's slots may be in it. */
static bool is_plain_page(mfn_t mfn)
{
    return frame_owner(mfn) == FRAME_GUEST && frame_level(mfn) == 0;
}

static int clear_page(struct vcpu *v, const struct mmuext_op *op)
{
    if (!is_plain_page(op->arg1.mfn))
        return -XEN_EINVAL;
    memset(mfn_to_virt(op->arg1.mfn), 0, PAGE_SIZE);
    return 0;
}

static int copy_page(struct vcpu *v, const struct mmuext_op *op)
{
    if (!is_plain_page(op->arg1.mfn) || frame_owner(op->arg2.src_mfn) != FRAME_GUEST)
        return -XEN_EINVAL;
    memmove(mfn_to_virt(op->arg1.mfn), mfn_to_virt(op->arg2.src_mfn), PAGE_SIZE);
    return 0;
}

static int (*const mmuext_ops[])(struct vcpu *v, const struct mmuext_op *op) = {
    [MMUEXT_PIN_L1_TABLE] = pin,
    [MMUEXT_PIN_L2_TABLE] = pin,
    [MMUEXT_PIN_L3_TABLE] = pin,
    [MMUEXT_PIN_L4_TABLE] = pin,
    [MMUEXT_UNPIN_TABLE] = unpin,
    [MMUEXT_NEW_BASEPTR] = new_baseptr,
    [MMUEXT_TLB_FLUSH_LOCAL] = flush,
    [MMUEXT_INVLPG_LOCAL] = flush_page,
    [MMUEXT_TLB_FLUSH_MULTI] = flush_multi,
    [MMUEXT_INVLPG_MULTI] = flush_multi, /* all of the TLB is a page more than enough */
    [MMUEXT_TLB_FLUSH_ALL] = flush_all,
    [MMUEXT_INVLPG_ALL] = flush_all,
    [MMUEXT_FLUSH_CACHE] = flush_cache,
    [MMUEXT_SET_LDT] = set_ldt,
    [MMUEXT_NEW_USER_BASEPTR] = new_user_baseptr,
    [MMUEXT_CLEAR_PAGE] = clear_page,
    [MMUEXT_COPY_PAGE] = copy_page,
};

static int mmuext_one(struct vcpu *v, const struct mmuext_op *op)
{
    if (op->cmd >= ARRAY_SIZE(mmuext_ops) || !mmuext_ops[op->cmd])
        return -XEN_ENOSYS;
    return mmuext_ops[op->cmd](v, op);
}

static int read_mmuext(gva_t ops, uint32_t i, struct mmuext_op *ret)
{
    return copy_from_guest(ret, ops + i * sizeof(*ret), sizeof(*ret));
}

static int read_mmuext_32(gva_t ops, uint32_t i, struct mmuext_op *ret)
{
    struct mmuext_op_32 n;

    if (copy_from_guest(&n, ops + i * sizeof(n), sizeof(n)) < 0)
        return -XEN_EFAULT;
    /* The widest members of the unions: what they hold depends on the command. */
    *ret = (struct mmuext_op){ .cmd = n.cmd, .arg1.mfn = n.arg1, .arg2.src_mfn = n.arg2 };
    return n.cmd == MMUEXT_NEW_USER_BASEPTR ? -XEN_EOPNOTSUPP : 0;
}

/* Made for each width by the compiler. */
static inline __attribute__((always_inline)) int64_t
mmuext(struct vcpu *v, const uint64_t *a, int (*read)(gva_t, uint32_t, struct mmuext_op *))
{
    uint32_t count = (uint32_t)a[1] & ~MMU_UPDATE_PREEMPTED, done = 0;
    gva_t pdone = a[2];
    int rc = is_self(v, (domid_t)a[3]) ? 0 : -XEN_EPERM;

    for (; rc == 0 && done < count; done += rc == 0) {
        struct mmuext_op op;

        rc = read(a[0], done, &op);
        if (rc == 0)
            rc = mmuext_one(v, &op);
    }
    if (pdone && copy_to_guest(pdone, &done, sizeof(done)) < 0)
        return -XEN_EFAULT;
    return rc;
}

int64_t hc_mmuext_op(struct vcpu *v, const uint64_t *a)
{
    return mmuext(v, a, read_mmuext);
}

int64_t hc_mmuext_op_32(struct vcpu *v, const uint64_t *a)
{
    return mmuext(v, a, read_mmuext_32);
}

/* Above the type of flush: 0 for this vCPU, UVMF_ALL, or a pointer to a bitmap of vCPUs. */
static int flush_as_told(struct vcpu *v, gva_t va, uint64_t flags)
{
    uint64_t whom = flags & ~UVMF_FLUSHTYPE_MASK;

    if (!(flags & UVMF_FLUSHTYPE_MASK))
        return 0;
    if (whom == UVMF_LOCAL && (flags & UVMF_FLUSHTYPE_MASK) == UVMF_INVLPG)
        invlpg(va);
    else if (whom == UVMF_LOCAL)
        flush_tlb(v);
    else if (whom == UVMF_ALL)
        smp_flush_tlb(v->domain, NULL);
    else
        return flush_mask(v, whom);
    return 0;
}

static int update_va_mapping(struct vcpu *v, gva_t va, uint64_t val, uint64_t flags)
{
    uint64_t *entry = guest_l1e(v, va);
    int rc;

    if (!entry)
        return -XEN_EINVAL;
    rc = guest_pt_write(virt_to_mfn(entry), ((uintptr_t)entry & ~PAGE_MASK) >> 3, val, false);
    return rc < 0 ? rc : flush_as_told(v, va, flags);
}

int64_t hc_update_va_mapping(struct vcpu *v, const uint64_t *a)
{
    return update_va_mapping(v, a[0], a[1], a[2]);
}

int64_t hc_update_va_mapping_otherdomain(struct vcpu *v, const uint64_t *a)
{
    int rc = check_domains(v, (domid_t)a[3]);

    return rc < 0 ? rc : update_va_mapping(v, a[0], a[1], a[2]);
}
