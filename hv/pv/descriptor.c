/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guest's descriptor tables and segment bases. */
#include "cpu/asm.h"
#include "cpu/desc.h"
#include "cpu/vcpu.h"
#include "pv/descriptor.h"
#include "pv/hypercall.h"
#include "alloc.h"
#include "guest.h"
#include "printk.h"
#include <xen/errno.h>

#define DESCRIPTORS_PER_PAGE (PAGE_SIZE / sizeof(uint64_t))

int gdt_set(struct vcpu *v, const uint64_t *frames, unsigned int entries)
{
    unsigned int pages = DIV_ROUND_UP(entries, DESCRIPTORS_PER_PAGE);

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -XEN_EINVAL;
    for (unsigned int i = 0; i < pages; i++)
        if (!mfn_is_guest_writable(v->domain, frames[i]))
            return -XEN_EINVAL;
    for (unsigned int i = 0; i < pages; i++) {
        uint64_t *desc = mfn_to_virt(frames[i]);

        /* The whole page, as Xen: what stands behind the limit may come into use with the next
         * call. */
        for (unsigned int n = 0; n < DESCRIPTORS_PER_PAGE; n++)
            if (!desc_fix(&desc[n], v->domain->is_32bit))
                printk_guest(LOG_WARNING,
                             "d%uv%u: GDT entry %lu is a gate or system segment, made not present",
                             v->domain->domid, v->id, i * DESCRIPTORS_PER_PAGE + n);
        v->arch->gdt_frames[i] = frames[i];
    }
    v->arch->gdt_entries = entries;
    return 0;
}

static int read_frames(struct vcpu *v, gva_t list, unsigned int n, uint64_t *ret)
{
    uint32_t narrow[FIRST_RESERVED_GDT_PAGE];

    if (!v->domain->is_32bit)
        return copy_from_guest(ret, list, n * sizeof(ret[0]));
    if (copy_from_guest(narrow, list, n * sizeof(narrow[0])) < 0)
        return -XEN_EFAULT;
    for (unsigned int i = 0; i < n; i++)
        ret[i] = narrow[i];
    return 0;
}

int64_t hc_set_gdt(struct vcpu *v, const uint64_t *a)
{
    uint64_t frames[FIRST_RESERVED_GDT_PAGE];
    uint32_t entries = (uint32_t)a[1];
    int rc;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -XEN_EINVAL;
    if (read_frames(v, a[0], DIV_ROUND_UP(entries, DESCRIPTORS_PER_PAGE), frames) < 0)
        return -XEN_EFAULT;
    rc = gdt_set(v, frames, entries);
    if (rc == 0)
        desc_map_guest_gdt(v);
    return rc;
}

/* SDM 3A table 3-2. */
static bool is_call_gate(uint64_t desc)
{
    return (desc >> 40 & 0x1f) == 0xc;
}

int64_t hc_update_descriptor(struct vcpu *v, const uint64_t *a)
{
    uint64_t ma = a[0], desc = a[1];

    if ((ma & 7) || !mfn_is_guest_writable(v->domain, ma >> PAGE_SHIFT))
        return -XEN_EINVAL;
    /* Xen takes call gates, too, and emulates them; here they fault. */
    if (!desc_fix(&desc, v->domain->is_32bit) && !is_call_gate(desc))
        return -XEN_EINVAL;
    WRITE_ONCE(*(uint64_t *)paddr_to_virt(ma), desc);
    return 0;
}

static bool canonical(uint64_t va)
{
    return (int64_t)(va << 16) >> 16 == (int64_t)va;
}

int64_t hc_set_segment_base(struct vcpu *v, const uint64_t *a)
{
    uint64_t base = a[1];

    switch ((uint32_t)a[0]) {
    case SEGBASE_FS:
    case SEGBASE_GS_USER:
    case SEGBASE_GS_KERNEL:
        if (!canonical(base))
            return -XEN_EINVAL;
        /* Hypercalls come from the kernel: its GS base is the loaded one, the users' the other. */
        wrmsr(a[0] == SEGBASE_FS        ? MSR_FS_BASE
              : a[0] == SEGBASE_GS_USER ? MSR_KERNEL_GS_BASE
                                        : MSR_GS_BASE,
              base);
        return 0;
    case SEGBASE_GS_USER_SEL:
        /* A selector that does not load counts as the null selector, as under Xen. */
        load_user_gs(base & 0xffff);
        return 0;
    default:
        return -XEN_EINVAL;
    }
}
