/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grant tables (grant_table.h): set-up, copies through own grants, versions, errors. */
#include "guest.h"

static grant_entry_v1_t *table;

static void setup(void)
{
    xen_pfn_t frames[2] = { 0 };
    gnttab_setup_table_t op = { .dom = DOMID_SELF, .nr_frames = 1 };
    gnttab_query_size_t size = { .dom = DOMID_SELF };

    set_xen_guest_handle(op.frame_list, frames);
    check_eq(grant_op(GNTTABOP_setup_table, &op, 1), 0);
    check_eq(op.status, GNTST_okay);
    check(frames[0] != 0);
    table = frame_map(frames[0]);
    check_eq(grant_op(GNTTABOP_query_size, &size, 1), 0);
    check_eq(size.status, GNTST_okay);
    check(size.nr_frames >= 1 && size.max_nr_frames >= size.nr_frames);
    /* The toolstack has prepared these two. */
    check_eq(table[GNTTAB_RESERVED_XENSTORE].frame, start_info->store_mfn);
    check_eq(table[GNTTAB_RESERVED_CONSOLE].frame, start_info->console.domU.mfn);
    op.nr_frames = 1 << 20;
    check_eq(grant_op(GNTTABOP_setup_table, &op, 1), 0);
    check_eq(op.status, GNTST_general_error);
}

static int copy(gnttab_copy_t *op)
{
    check_eq(grant_op(GNTTABOP_copy, op, 1), 0);
    return op->status;
}

static void copies(void)
{
    char *from = page_alloc(), *to = page_alloc();
    gnttab_copy_t op = { .len = 100 };
    unsigned int ref = 20;

    memset(from, 'g', PAGE_SIZE);
    table[ref].frame = (uint32_t)va_to_mfn(from);
    table[ref].domid = 0;
    op.source.u.gmfn = va_to_mfn(from);
    op.source.domid = DOMID_SELF;
    op.source.offset = 8;
    op.dest.u.gmfn = va_to_mfn(to);
    op.dest.domid = DOMID_SELF;
    op.dest.offset = 16;
    check_eq(copy(&op), GNTST_okay);
    check_eq(to[15], 0);
    check_eq(to[16], 'g');
    check_eq(to[115], 'g');
    check_eq(to[116], 0);
    op.len = 4090;
    check(copy(&op) < 0);
    op.len = 1;
    op.source.u.gmfn = 0xfffffff;
    check(copy(&op) < 0);
}

static void errors(void)
{
    gnttab_map_grant_ref_t map = { .ref = 1 << 20, .dom = DOMID_SELF, .flags = GNTMAP_host_map };
    gnttab_unmap_grant_ref_t unmap = { .handle = 0xffffff };
    gnttab_dump_table_t dump = { .dom = DOMID_SELF };

    check_eq(grant_op(GNTTABOP_map_grant_ref, &map, 1), 0);
    check(map.status < 0);
    check_eq(grant_op(GNTTABOP_unmap_grant_ref, &unmap, 1), 0);
    check_eq(unmap.status, GNTST_bad_handle);
    check_eq(grant_op(GNTTABOP_dump_table, &dump, 1), -XEN_ENOSYS);
    check_eq(grant_op(GNTTABOP_copy, (void *)0x1000, 1), -XEN_EFAULT);
    check_eq(grant_op(99, &map, 1), -XEN_ENOSYS);
}

static void versions(void)
{
    gnttab_get_version_t get = { .dom = DOMID_SELF };
    gnttab_set_version_t set = { .version = 2 };

    check_eq(grant_op(GNTTABOP_get_version, &get, 1), 0);
    check_eq(get.version, 1);
    check_eq(grant_op(GNTTABOP_set_version, &set, 1), 0);
    check_eq(set.version, 2);
    set.version = 1;
    check_eq(grant_op(GNTTABOP_set_version, &set, 1), 0);
    check_eq(set.version, 1);
    set.version = 3;
    check_eq(grant_op(GNTTABOP_set_version, &set, 1), -XEN_EINVAL);
}

void test_main(void)
{
    if (in_shim())
        skip("the shim has grant tables of its own");
    setup();
    copies();
    errors();
    versions();
}
