/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HYPERVISOR_xen_version (version.h) and the features a PV guest can count on. */
#include "guest.h"
#include <xen/features.h>

static bool contains(const char *text, const char *word)
{
    unsigned int n = (unsigned int)strlen(word);

    for (; *text; text++)
        if (memcmp(text, word, n) == 0)
            return true;
    return false;
}

static void check_features(void)
{
    struct xen_feature_info fi = { 0 };

    check_eq(xen_version(XENVER_get_features, &fi), 0);
    check(fi.submap & (1U << XENFEAT_mmu_pt_update_preserve_ad));
    check(fi.submap & (1U << XENFEAT_highmem_assist));
    check(fi.submap & (1U << XENFEAT_gnttab_map_avail_bits));
    check(!(fi.submap & (1U << XENFEAT_auto_translated_physmap)));
    check(!(fi.submap & (1U << XENFEAT_supervisor_mode_kernel)));
    check(!(fi.submap & (1U << XENFEAT_dom0)));
    fi.submap_idx = 2;
    check_eq(xen_version(XENVER_get_features, &fi), -XEN_EINVAL);
    check_eq(xen_version(XENVER_get_features, NULL), -XEN_EFAULT);
}

void test_main(void)
{
    long version = xen_version(XENVER_version, NULL);
    xen_platform_parameters_t platform = { 0 };
    xen_capabilities_info_t caps = { 0 };
    xen_extraversion_t extra = { 0 };
    xen_commandline_t line = { 0 };

    check_eq(version >> 16, 4);
    check((version & 0xffff) >= 17);
    check_eq(xen_version(XENVER_extraversion, extra), 0);
    check_eq(xen_version(XENVER_capabilities, caps), 0);
    note("%ld.%ld%s: %s", version >> 16, version & 0xffff, extra, caps);
    check(contains(caps, "xen-3.0-x86_64"));
    if (WIDTH == 32)
        check(contains(caps, "xen-3.0-x86_32p"));
    check_eq(xen_version(XENVER_platform_parameters, &platform), 0);
    check_eq(platform.virt_start, HYPERVISOR_VIRT_START);
    check_eq(xen_version(XENVER_pagesize, NULL), PAGE_SIZE);
    check(WIDTH == 32 || !in_shim());
    check_eq(xen_version(XENVER_commandline, line), 0);
    check(strcmp(line, "<denied>") == 0);
    check_eq(xen_version(XENVER_build_id, NULL), -XEN_EPERM);
    check_eq(xen_version(99, NULL), -XEN_ENOSYS);
    check_features();
}
