/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/dumpinfo.h"
#include "cpu/vcpu.h"
#include "mm/frames.h"
#include "mm/m2p.h"
#include "mm/pagetable.h"
#include "alloc.h"
#include "kanzen-abi.h"
#include "string.h"

_Static_assert(KZ_DUMP_MAX_VCPUS == MAX_VCPUS, "room for all vCPUs");
_Static_assert(KZ_DUMP_FRAME_MASK == FRAME_OWNER_MASK, "the frame table's bytes");
_Static_assert(KZ_DUMP_FRAME_GUEST == FRAME_GUEST, "the frame table's bytes");
_Static_assert(sizeof(struct kz_dump_regs) == sizeof(struct cpu_regs), "the saved registers");
_Static_assert(offsetof(struct kz_dump_regs, rip) == offsetof(struct cpu_regs, rip),
               "the saved registers");

static struct kz_dump_info info __attribute__((aligned(PAGE_SIZE)));

static uint64_t image_paddr(const void *p)
{
    uintptr_t va = (uintptr_t)p;

    /* vCPU 0's stack is in the image, the others' in the direct map. */
    return va >= HV_IMAGE_VA && va < DIRECTMAP_VA ? va - HV_IMAGE_VA : virt_to_paddr(p);
}

static void fill_vcpu(const struct vcpu *v, struct kz_dump_vcpu *ret)
{
    const struct cpu_info *at = stack_info(v->arch->stack);

    *ret = (struct kz_dump_vcpu){
        .regs = image_paddr((const struct cpu_regs *)at - 1),
        .in_kernel = image_paddr(&at->in_kernel),
        .online = image_paddr(&v->online),
        .cr3_mfn = image_paddr(&v->arch->cr3_mfn),
        .kernel_ss = image_paddr(&v->arch->kernel_ss),
        .kernel_sp = image_paddr(&v->arch->kernel_sp),
    };
}

void dumpinfo_init(struct domain *d)
{
    info = (struct kz_dump_info){
        .version = KZ_DUMP_VERSION,
        .width = d->is_32bit ? 32 : 64,
        .nr_vcpus = d->max_vcpus,
        .m2p_entry_size = m2p_entry_size(),
        .frame_table = image_paddr(frame_table),
        .nr_frames = frame_table_size,
        .l4 = hv_l4_paddr(),
        .m2p_va = M2P_VA,
        .shared_info_mfn = d->shared_info_mfn,
    };
    for (uint32_t id = 0; id < d->max_vcpus; id++)
        fill_vcpu(d->vcpu[id], &info.vcpu[id]);
    memcpy(info.magic, KZ_DUMP_MAGIC, sizeof(info.magic));
}
