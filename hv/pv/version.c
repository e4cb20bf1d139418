/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/version.h"
#include "cpu/vcpu.h"
#include "mm/layout.h"
#include "pv/hypercall.h"
#include "guest.h"
#include "string.h"
#include <xen/errno.h>
#include <xen/version.h>

#define BIT(n) (1U << (n))

/* Page tables need no write protection, and hv does not care whether descriptor tables have it. */
#define PV_FEATURES                                                                                \
    (BIT(XENFEAT_writable_page_tables) | BIT(XENFEAT_writable_descriptor_tables) |                 \
     BIT(XENFEAT_mmu_pt_update_preserve_ad) | BIT(XENFEAT_highmem_assist) |                        \
     BIT(XENFEAT_gnttab_map_avail_bits) | BIT(XENFEAT_not_direct_mapped))

static int64_t get_features(struct vcpu *v, gva_t arg)
{
    struct xen_feature_info fi;

    if (copy_from_guest(&fi, arg, sizeof(fi)) < 0)
        return -XEN_EFAULT;
    if (fi.submap_idx >= XENFEAT_NR_SUBMAPS)
        return -XEN_EINVAL;
    fi.submap = PV_FEATURES;
    if (v->domain->vm_assist & BIT(VMASST_TYPE_pae_extended_cr3))
        fi.submap |= BIT(XENFEAT_pae_pgdir_above_4gb);
    return copy_to_guest(arg, &fi, sizeof(fi));
}

static int64_t compile_info(gva_t arg)
{
    static const struct xen_compile_info info = {
        .compiler = "gcc " __VERSION__,
        .compile_by = "kanzen",
        .compile_domain = "",
        .compile_date = "",
    };

    return copy_to_guest(arg, &info, sizeof(info));
}

static int64_t put_text(gva_t arg, const char *text, size_t size)
{
    char buf[sizeof(xen_capabilities_info_t)];

    memset(buf, 0, sizeof(buf));
    memcpy(buf, text, strlen(text));
    return copy_to_guest(arg, buf, size);
}

int64_t hc_xen_version(struct vcpu *v, const uint64_t *a)
{
    gva_t arg = a[1];
    uint32_t virt_start_32 = HV_COMPAT_VA;
    xen_ulong_t virt_start = M2P_VA;

    switch ((uint32_t)a[0]) {
    case XENVER_version:
        return HV_XEN_MAJOR << 16 | HV_XEN_MINOR;
    case XENVER_extraversion:
        return put_text(arg, HV_XEN_EXTRA, sizeof(xen_extraversion_t));
    case XENVER_compile_info:
        return compile_info(arg);
    case XENVER_capabilities:
        return put_text(arg, "xen-3.0-x86_64 xen-3.0-x86_32p ", sizeof(xen_capabilities_info_t));
    case XENVER_changeset:
        return put_text(arg, "unavailable", sizeof(xen_changeset_info_t));
    case XENVER_platform_parameters:
        return v->domain->is_32bit ? copy_to_guest(arg, &virt_start_32, sizeof(virt_start_32))
                                   : copy_to_guest(arg, &virt_start, sizeof(virt_start));
    case XENVER_get_features:
        return get_features(v, arg);
    case XENVER_pagesize:
        return (int64_t)PAGE_SIZE;
    case XENVER_guest_handle:
        return copy_to_guest(arg, v->domain->uuid, sizeof(v->domain->uuid));
    case XENVER_commandline: /* not for guests; Xen says so in these words */
        return put_text(arg, "<denied>", sizeof(xen_commandline_t));
    case XENVER_build_id:
        return -XEN_EPERM;
    default:
        return -XEN_ENOSYS;
    }
}
