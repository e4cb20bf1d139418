/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GNTTABOP_* and the back ends' use of grants, versions 1 and 2, 64-bit and 32-bit guests. */
#include <glib.h>

#include "grant.h"
#include "harness.h"
#include <xen/grant_table.h>

#define ARG    harness_gva(3, 40)
#define LIST   harness_gva(4, 0)
#define SELF   7 /* the harness's domain */
#define MFN(p) (HARNESS_FIRST_MFN + (p))

struct table {
    struct domain *d;
    mfn_t frame[64], status[8];
};

static int64_t op(struct domain *d, uint32_t cmd, void *arg, size_t size)
{
    int64_t ret;

    harness_guest_write(ARG, arg, size);
    ret = do_grant_table_op(d->vcpu[0], cmd, ARG, 1);
    harness_guest_read(arg, ARG, size);
    return ret;
}

static int set_version(struct domain *d, uint32_t version)
{
    struct gnttab_set_version s = { .version = version };

    return (int)op(d, GNTTABOP_set_version, &s, sizeof(s));
}

/* nr_frames of a table of that version, as the guest would map them. */
static struct table table_new(unsigned int version, uint32_t nr_frames)
{
    struct table t = { .d = harness_domain_new(1, false) };
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = nr_frames };
    struct gnttab_get_status_frames st = { .dom = DOMID_SELF, .nr_frames = (nr_frames + 7) / 8 };

    s.frame_list.p = (void *)LIST;
    st.frame_list.p = (void *)LIST;
    g_assert_cmpint(grant_init(t.d), ==, 0);
    g_assert_cmpint(set_version(t.d, version), ==, 0);
    g_assert_cmpint(op(t.d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_okay);
    harness_guest_read(t.frame, LIST, nr_frames * 8);
    if (version == 2) {
        g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &st, sizeof(st)), ==, 0);
        g_assert_cmpint(st.status, ==, GNTST_okay);
        harness_guest_read(t.status, LIST, st.nr_frames * 8);
    }
    return t;
}

static grant_entry_v1_t *v1(struct table *t, uint32_t ref)
{
    return (grant_entry_v1_t *)mfn_to_virt(t->frame[ref / 512]) + ref % 512;
}

static grant_entry_v2_t *v2(struct table *t, uint32_t ref)
{
    return (grant_entry_v2_t *)mfn_to_virt(t->frame[ref / 256]) + ref % 256;
}

static grant_status_t *status_word(struct table *t, uint32_t ref)
{
    return (grant_status_t *)mfn_to_virt(t->status[ref / 2048]) + ref % 2048;
}

static void grant(struct table *t, uint32_t ref, uint16_t flags, domid_t domid, mfn_t mfn)
{
    *v1(t, ref) = (grant_entry_v1_t){ .flags = flags, .domid = domid, .frame = (uint32_t)mfn };
}

static void grant_2(struct table *t, uint32_t ref, uint16_t flags, domid_t domid, mfn_t mfn)
{
    v2(t, ref)->full_page.hdr = (grant_entry_header_t){ .flags = flags, .domid = domid };
    v2(t, ref)->full_page.frame = mfn;
}

/* ---- back ends ---- */

static void test_begin_end(gconstpointer version)
{
    struct table t = table_new(GPOINTER_TO_UINT(version), 2);
    bool two = GPOINTER_TO_UINT(version) == 2;
    struct grant_frame f;
    uint16_t *used;

    if (two)
        grant_2(&t, 300, GTF_permit_access, 0, MFN(5));
    else
        grant(&t, 300, GTF_permit_access, 0, MFN(5));
    used = two ? status_word(&t, 300) : &v1(&t, 300)->flags;
#define USED() (*used & (GTF_reading | GTF_writing))

    g_assert_cmpint(grant_begin(t.d, 300, false, &f), ==, 0);
    g_assert_cmpuint(f.mfn, ==, MFN(5));
    g_assert_cmpuint(f.offset, ==, 0);
    g_assert_cmpuint(f.length, ==, 4096);
    g_assert_cmphex(USED(), ==, GTF_reading);
    g_assert_cmpint(grant_begin(t.d, 300, true, &f), ==, 0);
    g_assert_cmphex(USED(), ==, GTF_reading | GTF_writing);
    g_assert_cmpint(grant_begin(t.d, 300, true, &f), ==, 0);
    grant_end(t.d, 300, true);
    g_assert_cmphex(USED(), ==, GTF_reading | GTF_writing);
    grant_end(t.d, 300, false); /* a writer reads as well */
    g_assert_cmphex(USED(), ==, GTF_reading | GTF_writing);
    g_assert_cmpint(grant_begin(t.d, 300, false, &f), ==, 0);
    grant_end(t.d, 300, true);
    g_assert_cmphex(USED(), ==, GTF_reading);
    grant_end(t.d, 300, false);
    g_assert_cmphex(USED(), ==, 0);
#undef USED

    /* The guest made the entry read-only while hv writes: the running use goes on, a new one does not. */
    g_assert_cmpint(grant_begin(t.d, 300, true, &f), ==, 0);
    if (two)
        v2(&t, 300)->hdr.flags |= GTF_readonly;
    else
        v1(&t, 300)->flags |= GTF_readonly;
    g_assert_cmpint(grant_begin(t.d, 300, true, &f), ==, GNTST_general_error);
    g_assert_cmpint(grant_begin(t.d, 300, false, &f), ==, 0);
    grant_end(t.d, 300, true);
    grant_end(t.d, 300, false);
    g_assert_cmphex(*used & (GTF_reading | GTF_writing), ==, 0);
    harness_domain_free(t.d);
}

static void test_begin_refused_v1(void)
{
    static const struct {
        uint16_t flags;
        domid_t domid;
        uint32_t mfn;
        bool write;
        int expect;
    } rows[] = {
        { GTF_invalid, 0, MFN(5), false, GNTST_general_error },
        { GTF_accept_transfer, 0, MFN(5), false, GNTST_general_error },
        { GTF_transitive, 0, MFN(5), false, GNTST_general_error },
        { GTF_permit_access, 1, MFN(5), false, GNTST_general_error },
        { GTF_permit_access, DOMID_SELF, MFN(5), false, GNTST_general_error },
        { GTF_permit_access | GTF_readonly, 0, MFN(5), true, GNTST_general_error },
        { GTF_permit_access | GTF_readonly, 0, MFN(5), false, GNTST_okay },
        { GTF_permit_access | GTF_sub_page, 0, MFN(5), true, GNTST_okay }, /* no such flag in version 1 */
        { GTF_permit_access, 0, 0, false, GNTST_bad_page },
        { GTF_permit_access, 0, ~0U, true, GNTST_bad_page },
        { GTF_permit_access, 0, MFN(HARNESS_GUEST_PAGES), false, GNTST_bad_page },
    };
    struct table t = table_new(1, 1);
    struct grant_frame f;

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        grant(&t, 20, rows[i].flags, rows[i].domid, rows[i].mfn);
        g_assert_cmpint(grant_begin(t.d, 20, rows[i].write, &f), ==, rows[i].expect);
        if (rows[i].expect == GNTST_okay)
            grant_end(t.d, 20, rows[i].write);
        g_assert_cmphex(v1(&t, 20)->flags, ==, rows[i].flags); /* nothing left behind */
    }
    g_assert_cmpint(grant_begin(t.d, 512, false, &f), ==, GNTST_bad_gntref);
    g_assert_cmpint(grant_begin(t.d, ~0U, false, &f), ==, GNTST_bad_gntref);
    harness_domain_free(t.d);
}

static void test_begin_v2(void)
{
    struct table t = table_new(2, 1);
    struct grant_frame f;

    grant_2(&t, 9, GTF_permit_access | GTF_sub_page, 0, MFN(8));
    v2(&t, 9)->sub_page.page_off = 100;
    v2(&t, 9)->sub_page.length = 500;
    g_assert_cmpint(grant_begin(t.d, 9, true, &f), ==, 0);
    g_assert_cmpuint(f.mfn, ==, MFN(8));
    g_assert_cmpuint(f.offset, ==, 100);
    g_assert_cmpuint(f.length, ==, 500);
    v2(&t, 9)->hdr.flags = GTF_permit_access; /* must not change its kind while in use */
    g_assert_cmpint(grant_begin(t.d, 9, false, &f), ==, GNTST_general_error);
    g_assert_cmphex(*status_word(&t, 9), ==, GTF_reading | GTF_writing);
    grant_end(t.d, 9, true);

    v2(&t, 9)->hdr.flags |= GTF_sub_page;
    v2(&t, 9)->sub_page.length = 4096 - 99;
    g_assert_cmpint(grant_begin(t.d, 9, true, &f), ==, GNTST_general_error);
    v2(&t, 9)->sub_page.page_off = 0xffff;
    v2(&t, 9)->sub_page.length = 0xffff;
    g_assert_cmpint(grant_begin(t.d, 9, true, &f), ==, GNTST_general_error);
    g_assert_cmphex(*status_word(&t, 9), ==, 0);

    grant_2(&t, 10, GTF_transitive, 0, 0);
    v2(&t, 10)->transitive.trans_domid = 0;
    g_assert_cmpint(grant_begin(t.d, 10, false, &f), ==, GNTST_bad_gntref);
    v2(&t, 10)->transitive.trans_domid = SELF;
    g_assert_cmpint(grant_begin(t.d, 10, false, &f), ==, GNTST_general_error);
    v2(&t, 10)->transitive.trans_domid = 4;
    g_assert_cmpint(grant_begin(t.d, 10, false, &f), ==, GNTST_general_error);
    v2(&t, 10)->hdr.domid = 3;
    g_assert_cmpint(grant_begin(t.d, 10, false, &f), ==, GNTST_general_error);

    grant_2(&t, 11, GTF_permit_access, 0, 1ULL << 50);
    g_assert_cmpint(grant_begin(t.d, 11, false, &f), ==, GNTST_bad_page);
    g_assert_cmphex(*status_word(&t, 11), ==, 0);
    g_assert_cmpint(grant_begin(t.d, 256, false, &f), ==, GNTST_bad_gntref);
    harness_domain_free(t.d);
}

static void test_use_count_limit(void)
{
    struct table t = table_new(1, 1);
    struct grant_frame f;

    grant(&t, 20, GTF_permit_access, 0, MFN(1));
    for (int i = 0; i < 0xffff; i++)
        g_assert_cmpint(grant_begin(t.d, 20, false, &f), ==, 0);
    g_assert_cmpint(grant_begin(t.d, 20, false, &f), ==, GNTST_general_error);
    for (int i = 0; i < 0xffff; i++)
        grant_end(t.d, 20, false);
    g_assert_cmphex(v1(&t, 20)->flags, ==, GTF_permit_access);
    harness_domain_free(t.d);
}

/* ---- table size and version ---- */

static void test_setup(void)
{
    struct domain *d = harness_domain_new(1, false);
    struct gnttab_setup_table s = { .dom = DOMID_SELF };
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    uint64_t frames[65] = { 0 };

    g_assert_cmpint(grant_init(d), ==, 0);
    s.frame_list.p = (void *)LIST;
    for (uint32_t n = 0; n <= 65; n++) {
        s.nr_frames = n;
        g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
        g_assert_cmpint(s.status, ==, n <= 64 ? GNTST_okay : GNTST_general_error);
        g_assert_cmpint(op(d, GNTTABOP_query_size, &q, sizeof(q)), ==, 0);
        g_assert_cmpint(q.status, ==, GNTST_okay);
        g_assert_cmpuint(q.nr_frames, ==, CLAMP(n, 1, 64));
        g_assert_cmpuint(q.max_nr_frames, ==, 64);
    }
    s.nr_frames = ~0U;
    g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_general_error);
    harness_guest_read(frames, LIST, sizeof(frames));
    for (int i = 0; i < 64; i++)
        for (int j = 0; j < i; j++)
            g_assert_cmpuint(frames[i], !=, frames[j]);
    g_assert_cmpuint(frames[64], ==, 0);

    s.nr_frames = 2;
    s.frame_list.p = NULL;
    g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_bad_virt_addr);
    s.frame_list.p = (void *)(uintptr_t)-8;
    g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_bad_virt_addr);
    harness_domain_free(d);
}

static void test_domids(void)
{
    static const struct {
        domid_t dom;
        int status;
        int64_t version_err;
    } rows[] = {
        { DOMID_SELF, GNTST_okay, 0 },
        { SELF, GNTST_okay, 0 },
        { 0, GNTST_permission_denied, -XEN_EPERM },
        { 8, GNTST_bad_domain, -XEN_ESRCH },
        { DOMID_XEN, GNTST_bad_domain, -XEN_ESRCH },
    };
    struct table t = table_new(1, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct gnttab_setup_table s = { .dom = rows[i].dom };
        struct gnttab_query_size q = { .dom = rows[i].dom };
        struct gnttab_get_status_frames f = { .dom = rows[i].dom };
        struct gnttab_get_version v = { .dom = rows[i].dom };

        g_assert_cmpint(op(t.d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
        g_assert_cmpint(s.status, ==, rows[i].status);
        g_assert_cmpint(op(t.d, GNTTABOP_query_size, &q, sizeof(q)), ==, 0);
        g_assert_cmpint(q.status, ==, rows[i].status);
        g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &f, sizeof(f)), ==, 0);
        g_assert_cmpint(f.status, ==, rows[i].status);
        g_assert_cmpint(op(t.d, GNTTABOP_get_version, &v, sizeof(v)), ==, rows[i].version_err);
        g_assert_cmpuint(v.version, ==, rows[i].version_err ? 0 : 1);
    }
    harness_domain_free(t.d);
}

static void test_status_frames(void)
{
    struct table t = table_new(1, 9);
    struct gnttab_get_status_frames f = { .dom = DOMID_SELF, .nr_frames = 1 };

    f.frame_list.p = (void *)LIST;
    g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &f, sizeof(f)), ==, 0);
    g_assert_cmpint(f.status, ==, GNTST_general_error); /* none in version 1 */
    g_assert_cmpint(set_version(t.d, 2), ==, 0);
    f.nr_frames = 2; /* 9 frames of 256 entries, 2048 status words a frame */
    g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &f, sizeof(f)), ==, 0);
    g_assert_cmpint(f.status, ==, GNTST_okay);
    f.nr_frames = 3;
    g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &f, sizeof(f)), ==, 0);
    g_assert_cmpint(f.status, ==, GNTST_general_error);
    f.nr_frames = 2;
    harness_set_access(4, HARNESS_READ_ONLY);
    g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &f, sizeof(f)), ==, 0);
    g_assert_cmpint(f.status, ==, GNTST_bad_virt_addr);
    harness_domain_free(t.d);
}

static void test_versions(void)
{
    struct table t = table_new(1, 3);
    struct gnttab_set_version s = { .version = 3 };
    struct gnttab_get_status_frames f = { .dom = DOMID_SELF, .nr_frames = 1 };
    struct grant_frame gf;

    g_assert_cmpint(op(t.d, GNTTABOP_set_version, &s, sizeof(s)), ==, -XEN_EINVAL);
    g_assert_cmpuint(s.version, ==, 1);
    g_assert_cmpint(set_version(t.d, 0), ==, -XEN_EINVAL);

    /* An ordinary entry in use is in the way, a reserved one is carried over with its state. */
    grant_set_reserved(t.d, GNTTAB_RESERVED_XENSTORE, MFN(2));
    g_assert_cmphex(v1(&t, 1)->flags, ==, GTF_permit_access);
    g_assert_cmpuint(v1(&t, 1)->frame, ==, MFN(2));
    g_assert_cmpint(grant_begin(t.d, GNTTAB_RESERVED_XENSTORE, true, &gf), ==, 0);
    grant(&t, 30, GTF_permit_access, 0, MFN(5));
    g_assert_cmpint(grant_begin(t.d, 30, false, &gf), ==, 0);
    g_assert_cmpint(set_version(t.d, 2), ==, -XEN_EBUSY);
    g_assert_cmpint(set_version(t.d, 1), ==, 0); /* no change */
    grant_end(t.d, 30, false);
    g_assert_cmpint(set_version(t.d, 2), ==, 0);

    f.frame_list.p = (void *)LIST;
    g_assert_cmpint(op(t.d, GNTTABOP_get_status_frames, &f, sizeof(f)), ==, 0);
    harness_guest_read(t.status, LIST, 8);
    g_assert_cmphex(v2(&t, 1)->hdr.flags, ==, GTF_permit_access);
    g_assert_cmpuint(v2(&t, 1)->hdr.domid, ==, 0);
    g_assert_cmpuint(v2(&t, 1)->full_page.frame, ==, MFN(2));
    g_assert_cmphex(*status_word(&t, 1), ==, GTF_reading | GTF_writing);
    for (uint32_t ref = 8; ref < 3 * 256; ref++)
        g_assert_cmphex(v2(&t, ref)->hdr.flags, ==, 0);

    grant_2(&t, 2, GTF_permit_access, 0, 1ULL << 32);
    g_assert_cmpint(set_version(t.d, 1), ==, -XEN_ERANGE);
    grant_2(&t, 2, GTF_transitive, 0, 0);
    g_assert_cmpint(set_version(t.d, 1), ==, -XEN_ERANGE);
    grant_2(&t, 2, GTF_permit_access | GTF_sub_page, 0, MFN(5));
    v2(&t, 2)->sub_page.length = 10;
    g_assert_cmpint(grant_begin(t.d, 2, false, &gf), ==, 0);
    g_assert_cmpint(set_version(t.d, 1), ==, -XEN_EAGAIN);
    grant_end(t.d, 2, false);
    grant_2(&t, 2, GTF_accept_transfer, 0, 5);
    g_assert_cmpint(set_version(t.d, 1), ==, 0);
    g_assert_cmphex(v1(&t, 2)->flags, ==, 0);
    g_assert_cmphex(v1(&t, 1)->flags, ==, GTF_permit_access | GTF_reading | GTF_writing);
    grant_end(t.d, 1, true);
    g_assert_cmphex(v1(&t, 1)->flags, ==, GTF_permit_access);
    harness_domain_free(t.d);
}

static void test_no_memory(void)
{
    struct domain *d = harness_domain_new(1, false);
    struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 40 };

    s.frame_list.p = (void *)LIST;
    for (int n = 0; n < 3; n++) {
        harness.fail_alloc_after = n;
        g_assert_cmpint(grant_init(d), ==, -XEN_ENOMEM);
        g_assert_cmpuint(harness_live_blocks(), ==, 0);
        g_assert_cmpuint(harness_live_pages(), ==, 0);
    }
    harness.fail_alloc_after = 3;
    g_assert_cmpint(grant_init(d), ==, 0);
    for (int n = 0; n <= 39; n += 13) { /* 39 frames and their uses: 78 allocations, over four tries */
        harness.fail_alloc_after = n;
        g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
        g_assert_cmpint(s.status, ==, n < 39 ? GNTST_general_error : GNTST_okay);
        if (s.status == GNTST_okay)
            break;
    }
    for (int n = 0; n < 6; n++) {
        harness.fail_alloc_after = 0;
        g_assert_cmpint(set_version(d, 2), ==, -XEN_ENOMEM);
    }
    harness.fail_alloc_after = 5;
    g_assert_cmpint(set_version(d, 2), ==, 0);
    s.nr_frames = 41;
    harness.fail_alloc_after = 2; /* the frame, but not its status frame */
    g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_general_error);
    harness.fail_alloc_after = -1;
    g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_okay);
    harness_domain_free(d);
}

/* ---- copy ---- */

#define REF(r, dom_, off)  { .u.ref = (r), .domid = (dom_), .offset = (off) }
#define GMFN(m, dom_, off) { .u.gmfn = (m), .domid = (dom_), .offset = (off) }

static void test_copy(void)
{
    enum { RO = 20, RW = 21, DOM0 = 22, BAD_PAGE = 23, TABLE = 24 };
    static const struct {
        gnttab_copy_t op;
        int expect;
    } rows[] = {
#define S GNTCOPY_source_gref
#define D GNTCOPY_dest_gref
        { { GMFN(MFN(10), DOMID_SELF, 5), GMFN(MFN(11), DOMID_SELF, 7), 100, 0 }, GNTST_okay },
        { { REF(RO, SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 4096, S }, GNTST_okay },
        { { REF(RO, DOMID_SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 4096, S }, GNTST_okay },
        { { GMFN(MFN(10), DOMID_SELF, 1), REF(RW, SELF, 4), 4092, D }, GNTST_okay },
        { { REF(RW, SELF, 0), REF(RW, SELF, 2048), 2048, S | D }, GNTST_okay },
        { { REF(RW, SELF, 10), REF(RW, SELF, 0), 4000, S | D }, GNTST_okay }, /* overlap */
        { { GMFN(MFN(10), DOMID_SELF, 0), REF(RO, SELF, 0), 1, D }, GNTST_general_error },
        { { REF(DOM0, SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, S }, GNTST_general_error },
        { { REF(BAD_PAGE, SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, S }, GNTST_bad_page },
        { { REF(512, SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, S }, GNTST_bad_gntref },
        { { REF(RO, 0, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, S }, GNTST_bad_gntref },
        { { REF(RO, 5, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, S }, GNTST_bad_domain },
        { { GMFN(MFN(10), SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, 0 }, GNTST_permission_denied },
        { { GMFN(MFN(10), DOMID_SELF, 0), GMFN(MFN(11), 0, 0), 1, 0 }, GNTST_permission_denied },
        { { GMFN(3, DOMID_SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 1, 0 }, GNTST_bad_page },
        { { GMFN(MFN(10), DOMID_SELF, 0), GMFN(~0UL, DOMID_SELF, 0), 1, 0 }, GNTST_bad_page },
        { { GMFN(MFN(10), DOMID_SELF, 4000), GMFN(MFN(11), DOMID_SELF, 0), 97, 0 }, GNTST_bad_copy_arg },
        { { GMFN(MFN(10), DOMID_SELF, 0), GMFN(MFN(11), DOMID_SELF, 1), 4096, 0 }, GNTST_bad_copy_arg },
        { { GMFN(MFN(10), DOMID_SELF, 0xffff), GMFN(MFN(11), DOMID_SELF, 0xffff), 0xffff, 0 }, GNTST_bad_copy_arg },
        { { GMFN(MFN(10), DOMID_SELF, 4096), GMFN(MFN(11), DOMID_SELF, 0), 1, 0 }, GNTST_bad_copy_arg },
        { { GMFN(MFN(10), DOMID_SELF, 0), GMFN(MFN(14), DOMID_SELF, 0), 1, 0 }, GNTST_general_error },
        { { GMFN(MFN(10), DOMID_SELF, 0), REF(TABLE, SELF, 0), 1, D }, GNTST_general_error },
        { { GMFN(3, 99, 4096), GMFN(3, 99, 4096), 0, 0 }, GNTST_okay }, /* no bytes, no questions */
#undef S
#undef D
    };
    struct table t = table_new(1, 1);

    grant(&t, RO, GTF_permit_access | GTF_readonly, SELF, MFN(12));
    grant(&t, RW, GTF_permit_access, SELF, MFN(13));
    grant(&t, DOM0, GTF_permit_access, 0, MFN(13));
    grant(&t, BAD_PAGE, GTF_permit_access, SELF, 1);
    grant(&t, TABLE, GTF_permit_access, SELF, MFN(14));
    harness.top_table_mfn = MFN(14);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        gnttab_copy_t c = rows[i].op;
        uint8_t before[4][PAGE_SIZE], expected[4][PAGE_SIZE];
        uint32_t src = c.flags & GNTCOPY_source_gref ? (c.source.u.ref == RO ? 2 : 3) : 0;
        uint32_t dst = c.flags & GNTCOPY_dest_gref ? 3 : 1;

        for (int p = 0; p < 4; p++) {
            for (size_t b = 0; b < PAGE_SIZE; b++)
                before[p][b] = g_test_rand_int_range(0, 256);
            memcpy(harness_page(10 + p), before[p], PAGE_SIZE);
        }
        memcpy(expected, before, sizeof(before));
        if (rows[i].expect == GNTST_okay)
            memcpy(expected[dst] + c.dest.offset, before[src] + c.source.offset, c.len);
        g_assert_cmpint(op(t.d, GNTTABOP_copy, &c, sizeof(c)), ==, 0);
        if (c.status != rows[i].expect)
            g_test_message("row %zu", i);
        g_assert_cmpint(c.status, ==, rows[i].expect);
        for (int p = 0; p < 4; p++)
            g_assert_cmpmem(harness_page(10 + p), PAGE_SIZE, expected[p], PAGE_SIZE);
        for (uint32_t ref = RO; ref <= TABLE; ref++)
            g_assert_cmphex(v1(&t, ref)->flags & (GTF_reading | GTF_writing), ==, 0);
    }
    harness_domain_free(t.d);
}

static void test_copy_sub_page(void)
{
    struct table t = table_new(2, 1);
    gnttab_copy_t c = { GMFN(MFN(10), DOMID_SELF, 0), REF(40, SELF, 100), 50, GNTCOPY_dest_gref };

    grant_2(&t, 40, GTF_permit_access | GTF_sub_page, SELF, MFN(11));
    v2(&t, 40)->sub_page.page_off = 100;
    v2(&t, 40)->sub_page.length = 50;
    g_assert_cmpint(op(t.d, GNTTABOP_copy, &c, sizeof(c)), ==, 0);
    g_assert_cmpint(c.status, ==, GNTST_okay);
    c.len = 51;
    g_assert_cmpint(op(t.d, GNTTABOP_copy, &c, sizeof(c)), ==, 0);
    g_assert_cmpint(c.status, ==, GNTST_general_error);
    c.len = 50;
    c.dest.offset = 99;
    g_assert_cmpint(op(t.d, GNTTABOP_copy, &c, sizeof(c)), ==, 0);
    g_assert_cmpint(c.status, ==, GNTST_general_error);
    harness_domain_free(t.d);
}

/* ---- batches, faults, 32-bit guests ---- */

static void test_batch(void)
{
    struct table t = table_new(1, 1);
    gnttab_copy_t c[3] = {
        { GMFN(MFN(10), DOMID_SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 8, 0, 99 },
        { GMFN(1, DOMID_SELF, 0), GMFN(MFN(11), DOMID_SELF, 0), 8, 0, 99 },
        { GMFN(MFN(10), DOMID_SELF, 0), GMFN(MFN(11), DOMID_SELF, 8), 8, 0, 99 },
    };
    gva_t at = harness_gva(6, 4096 - 2 * sizeof(c[0])); /* the third is in the next page */

    memset(harness_page(10), 'x', PAGE_SIZE);
    harness_guest_write(at, c, sizeof(c));
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_copy, at, 3), ==, 0);
    harness_guest_read(c, at, sizeof(c));
    g_assert_cmpint(c[0].status, ==, GNTST_okay);
    g_assert_cmpint(c[1].status, ==, GNTST_bad_page);
    g_assert_cmpint(c[2].status, ==, GNTST_okay);
    g_assert_cmpmem(harness_page(11), 17, "xxxxxxxxxxxxxxxx", 17);

    /* A fault ends the call; what came before it has its status. */
    c[0].status = 99;
    harness_guest_write(at, c, sizeof(c));
    harness_set_access(7, HARNESS_ABSENT);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_copy, at, 3), ==, -XEN_EFAULT);
    harness_guest_read(c, at, sizeof(c));
    g_assert_cmpint(c[0].status, ==, GNTST_okay);

    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_copy, 0, 0), ==, 0);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_copy, at, ~0U), ==, -XEN_EINVAL);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_copy, -64ULL, 0x7fffffff), ==, -XEN_EFAULT);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_setup_table, at, 2), ==, -XEN_EINVAL);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_query_size, at, 0), ==, -XEN_EINVAL);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_get_status_frames, at, 2), ==, -XEN_EINVAL);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], GNTTABOP_dump_table, at, 1), ==, -XEN_ENOSYS);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], 13, at, 1), ==, -XEN_ENOSYS);
    g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], 0x1005, at, 1), ==, -XEN_EINVAL);
    for (uint32_t cmd = 0; cmd <= GNTTABOP_cache_flush; cmd++)
        if (cmd != GNTTABOP_dump_table)
            g_assert_cmpint(do_grant_table_op(t.d->vcpu[0], cmd, 8, 1), ==, -XEN_EFAULT);
    harness_domain_free(t.d);
}

static void test_32bit(void)
{
    struct domain *d = harness_domain_new(1, true);
    struct {
        uint16_t dom, pad;
        uint32_t nr_frames;
        int16_t status, pad2;
        uint32_t frame_list;
    } s = { DOMID_SELF, 0, 3, 99, 0, (uint32_t)LIST };
    struct {
        uint32_t src_mfn;
        uint16_t src_dom, src_off;
        uint32_t dst_ref;
        uint16_t dst_dom, dst_off, len, flags;
        int16_t status, pad;
    } c[2] = { { MFN(10), DOMID_SELF, 3, 30, SELF, 1, 5, GNTCOPY_dest_gref, 99, 0 },
               { MFN(10), DOMID_SELF, 3, 30, 0, 1, 5, GNTCOPY_dest_gref, 99, 0 } };
    struct {
        uint32_t nr_frames;
        uint16_t dom;
        int16_t status;
        uint32_t frame_list;
    } st = { 1, DOMID_SELF, 99, (uint32_t)LIST };
    struct {
        uint32_t mfn;
        uint16_t domid, pad;
        uint32_t ref;
        int16_t status, pad2;
    } tr = { MFN(50), SELF, 0, 31, 99, 0 };
    uint32_t frames[4] = { 0, 0, 0, 0xdead };
    struct table t = { .d = d };
    uint64_t status_frame;

    harness_guest_write(LIST, frames, sizeof(frames));
    g_assert_cmpint(grant_init(d), ==, 0);
    g_assert_cmpint(op(d, GNTTABOP_setup_table, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_okay);
    harness_guest_read(frames, LIST, sizeof(frames));
    g_assert_cmphex(frames[3], ==, 0xdead);
    for (int i = 0; i < 3; i++)
        t.frame[i] = frames[i];

    grant(&t, 30, GTF_permit_access, SELF, MFN(11));
    memcpy(harness_page(10), "abcdefgh", 8);
    harness_guest_write(ARG, c, sizeof(c));
    g_assert_cmpint(do_grant_table_op(d->vcpu[0], GNTTABOP_copy, ARG, 2), ==, 0);
    harness_guest_read(c, ARG, sizeof(c));
    g_assert_cmpint(c[0].status, ==, GNTST_okay);
    g_assert_cmpint(c[1].status, ==, GNTST_bad_gntref);
    g_assert_cmpmem(harness_page(11), 6, "\0defgh", 6);

    grant(&t, 31, GTF_accept_transfer, SELF, 0);
    g_assert_cmpint(op(d, GNTTABOP_transfer, &tr, sizeof(tr)), ==, 0);
    g_assert_cmpint(tr.status, ==, GNTST_okay);
    g_assert_cmpuint(v1(&t, 31)->frame, ==, MFN(50));

    g_assert_cmpint(set_version(d, 2), ==, 0);
    g_assert_cmpint(op(d, GNTTABOP_get_status_frames, &st, sizeof(st)), ==, 0);
    g_assert_cmpint(st.status, ==, GNTST_okay);
    harness_guest_read(&status_frame, LIST, 8);
    g_assert_cmpuint(status_frame, <, 1U << 20);
    harness_domain_free(d);
}

/* ---- mapping ---- */

static void test_map(void)
{
    static const struct {
        uint32_t flags, ref;
        domid_t dom;
        uint64_t host_addr;
        int expect;
    } rows[] = {
        { 0, 20, SELF, 0, GNTST_bad_gntref },
        { GNTMAP_readonly, 20, SELF, 0, GNTST_bad_gntref },
        { GNTMAP_device_map, 20, 0, 0, GNTST_bad_gntref },
        { GNTMAP_device_map, 20, 5, 0, GNTST_bad_domain },
        { GNTMAP_device_map, 20, DOMID_SELF, 0, GNTST_bad_domain },
        { GNTMAP_device_map, 512, SELF, 0, GNTST_bad_gntref },
        { GNTMAP_device_map, 21, SELF, 0, GNTST_general_error },                   /* read-only */
        { GNTMAP_device_map, 22, SELF, 0, GNTST_general_error },                   /* sub-page */
        { GNTMAP_device_map, 23, SELF, 0, GNTST_general_error },                   /* granted to domain 0 */
        { GNTMAP_host_map, 20, SELF, 0, GNTST_general_error },                     /* no such address */
        { GNTMAP_host_map | GNTMAP_contains_pte, 20, SELF, 8, GNTST_general_error }, /* not the guest's */
        { GNTMAP_host_map | GNTMAP_contains_pte, 20, SELF, MFN(3) << 12 | 4, GNTST_general_error },
        { GNTMAP_host_map | GNTMAP_device_map, 20, SELF, HARNESS_GVA, GNTST_okay },
        { GNTMAP_host_map | GNTMAP_readonly, 21, SELF, HARNESS_GVA, GNTST_okay },
        { GNTMAP_host_map | GNTMAP_contains_pte, 20, SELF, MFN(3) << 12 | 8, GNTST_okay },
    };
    struct table t = table_new(1, 1);

    grant(&t, 20, GTF_permit_access, SELF, MFN(12));
    grant(&t, 21, GTF_permit_access | GTF_readonly, SELF, MFN(12));
    grant(&t, 22, GTF_permit_access | GTF_sub_page, SELF, MFN(12));
    grant(&t, 23, GTF_permit_access, 0, MFN(12));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct gnttab_map_grant_ref m = {
            .flags = rows[i].flags, .ref = rows[i].ref, .dom = rows[i].dom, .host_addr = rows[i].host_addr
        };
        struct gnttab_unmap_grant_ref u = { .host_addr = rows[i].host_addr };

        g_assert_cmpint(op(t.d, GNTTABOP_map_grant_ref, &m, sizeof(m)), ==, 0);
        if (m.status != rows[i].expect)
            g_test_message("row %zu", i);
        g_assert_cmpint(m.status, ==, rows[i].expect);
        if (m.status == GNTST_okay) {
            g_assert_cmpuint(m.handle, ==, 0); /* failures kept none */
            g_assert_cmpuint(m.dev_bus_addr, ==, MFN(12) << 12);
            u.handle = m.handle;
            u.dev_bus_addr = m.dev_bus_addr;
            g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
            g_assert_cmpint(u.status, ==, GNTST_okay);
            g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
            g_assert_cmpint(u.status, ==, GNTST_bad_handle);
        }
        for (uint32_t ref = 20; ref < 24; ref++)
            g_assert_cmphex(v1(&t, ref)->flags & (GTF_reading | GTF_writing), ==, 0);
    }
    harness_domain_free(t.d);
}

static void test_unmap(void)
{
    struct table t = table_new(1, 1);
    struct gnttab_map_grant_ref m = { .flags = GNTMAP_device_map | GNTMAP_host_map | GNTMAP_application_map | 5U << 16,
                                      .ref = 20, .dom = SELF, .host_addr = harness_gva(9, 0) };
    struct gnttab_unmap_grant_ref u = { 0 };
    struct gnttab_unmap_and_replace r = { 0 };
    uint64_t *l1e = guest_l1e(t.d->vcpu[0], harness_gva(9, 0)), *other = guest_l1e(t.d->vcpu[0], harness_gva(8, 0));

    grant(&t, 20, GTF_permit_access, SELF, MFN(12));
    g_assert_cmpint(op(t.d, GNTTABOP_map_grant_ref, &m, sizeof(m)), ==, 0);
    g_assert_cmpint(m.status, ==, GNTST_okay);
    g_assert_cmphex(*l1e, ==, (MFN(12) << 12) | 0x67 | 5 << 9); /* P RW U A D and the guest's bits */
    g_assert_cmpuint(harness.nr_tlb_flushes, ==, 1);
    g_assert_cmphex(v1(&t, 20)->flags, ==, GTF_permit_access | GTF_reading | GTF_writing);

    u.handle = m.handle;
    u.dev_bus_addr = MFN(13) << 12;
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
    g_assert_cmpint(u.status, ==, GNTST_bad_dev_addr);
    u.dev_bus_addr = MFN(12) << 12;
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
    g_assert_cmpint(u.status, ==, GNTST_okay);
    g_assert_cmphex(v1(&t, 20)->flags, ==, GTF_permit_access | GTF_reading | GTF_writing);
    u = (struct gnttab_unmap_grant_ref){ .handle = m.handle, .host_addr = harness_gva(8, 0) };
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
    g_assert_cmpint(u.status, ==, GNTST_general_error); /* mapped elsewhere */

    *other = 0x1234067;
    r = (struct gnttab_unmap_and_replace){ .handle = m.handle, .host_addr = m.host_addr, .new_addr = 5 };
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_and_replace, &r, sizeof(r)), ==, 0);
    g_assert_cmpint(r.status, ==, GNTST_general_error);
    r.new_addr = harness_gva(8, 0);
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_and_replace, &r, sizeof(r)), ==, 0);
    g_assert_cmpint(r.status, ==, GNTST_okay);
    g_assert_cmphex(*l1e, ==, 0x1234067);
    g_assert_cmphex(*other, ==, 0);
    g_assert_cmphex(v1(&t, 20)->flags, ==, GTF_permit_access);
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_and_replace, &r, sizeof(r)), ==, 0);
    g_assert_cmpint(r.status, ==, GNTST_bad_handle);
    u.handle = ~0U;
    g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
    g_assert_cmpint(u.status, ==, GNTST_bad_handle);
    harness_domain_free(t.d);
}

static void test_map_handles(void)
{
    struct table t = table_new(1, 1);
    struct gnttab_map_grant_ref m = { .flags = GNTMAP_device_map, .ref = 20, .dom = SELF };
    struct gnttab_unmap_grant_ref u = { .dev_bus_addr = MFN(12) << 12 };
    uint32_t n = 0;

    grant(&t, 20, GTF_permit_access, SELF, MFN(12));
    for (;;) {
        g_assert_cmpint(op(t.d, GNTTABOP_map_grant_ref, &m, sizeof(m)), ==, 0);
        if (m.status)
            break;
        n++;
    }
    g_assert_cmpint(m.status, ==, GNTST_no_space);
    g_assert_cmpuint(n, ==, 4096);
    for (u.handle = 0; u.handle < n; u.handle++) {
        g_assert_cmpint(op(t.d, GNTTABOP_unmap_grant_ref, &u, sizeof(u)), ==, 0);
        g_assert_cmpint(u.status, ==, GNTST_okay);
    }
    g_assert_cmphex(v1(&t, 20)->flags, ==, GTF_permit_access);
    harness_domain_free(t.d);

    t = table_new(1, 1);
    grant(&t, 20, GTF_permit_access, SELF, MFN(12));
    harness.fail_alloc_after = 0;
    g_assert_cmpint(op(t.d, GNTTABOP_map_grant_ref, &m, sizeof(m)), ==, 0);
    g_assert_cmpint(m.status, ==, GNTST_no_space);
    harness_domain_free(t.d);
}

/* ---- the rest ---- */

static void test_transfer(gconstpointer version)
{
    struct table t = table_new(GPOINTER_TO_UINT(version), 1);
    bool two = GPOINTER_TO_UINT(version) == 2;
    uint64_t pages = t.d->nr_pages;
    gnttab_transfer_t x = { .mfn = 3, .domid = SELF, .ref = 20 };
    static const struct {
        domid_t to;
        uint16_t flags;
        domid_t from;
        uint32_t ref;
        int expect;
    } rows[] = {
        { 0, GTF_accept_transfer, SELF, 20, GNTST_general_error },
        { 4, GTF_accept_transfer, SELF, 20, GNTST_bad_domain },
        { DOMID_SELF, GTF_accept_transfer, SELF, 20, GNTST_bad_domain },
        { SELF, GTF_permit_access, SELF, 20, GNTST_general_error },
        { SELF, GTF_accept_transfer, 0, 20, GNTST_general_error },
        { SELF, GTF_accept_transfer | GTF_transfer_committed, SELF, 20, GNTST_general_error },
        { SELF, GTF_accept_transfer, SELF, 20000, GNTST_general_error },
    };

    g_assert_cmpint(op(t.d, GNTTABOP_transfer, &x, sizeof(x)), ==, 0);
    g_assert_cmpint(x.status, ==, GNTST_bad_page);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) { /* each costs the page */
        x = (gnttab_transfer_t){ .mfn = MFN(60 + i), .domid = rows[i].to, .ref = rows[i].ref };
        if (two)
            grant_2(&t, 20, rows[i].flags, rows[i].from, 0);
        else
            grant(&t, 20, rows[i].flags, rows[i].from, 0);
        g_assert_cmpint(op(t.d, GNTTABOP_transfer, &x, sizeof(x)), ==, 0);
        g_assert_cmpint(x.status, ==, rows[i].expect);
        g_assert_false(mfn_is_guest_ram(t.d, MFN(60 + i)));
        g_assert_cmpuint(t.d->nr_pages, ==, --pages);
    }

    x = (gnttab_transfer_t){ .mfn = MFN(50), .domid = SELF, .ref = 20 };
    if (two)
        grant_2(&t, 20, GTF_accept_transfer, SELF, 0);
    else
        grant(&t, 20, GTF_accept_transfer, SELF, 0);
    g_assert_cmpint(op(t.d, GNTTABOP_transfer, &x, sizeof(x)), ==, 0);
    g_assert_cmpint(x.status, ==, GNTST_okay);
    g_assert_cmphex(two ? v2(&t, 20)->hdr.flags : v1(&t, 20)->flags, ==,
                    GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed);
    g_assert_cmpuint(two ? v2(&t, 20)->full_page.frame : v1(&t, 20)->frame, ==, MFN(50));
    g_assert_cmpuint(t.d->nr_pages, ==, pages);
    harness_domain_free(t.d);
}

static void test_swap(gconstpointer version)
{
    struct table t = table_new(GPOINTER_TO_UINT(version), 1);
    bool two = GPOINTER_TO_UINT(version) == 2;
    gnttab_swap_grant_ref_t s = { .ref_a = 20, .ref_b = 21 };
    struct grant_frame f;

    (two ? grant_2 : grant)(&t, 20, GTF_permit_access, 0, MFN(12));
    (two ? grant_2 : grant)(&t, 21, GTF_permit_access | GTF_readonly, 3, MFN(13));
    g_assert_cmpint(op(t.d, GNTTABOP_swap_grant_ref, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_okay);
    g_assert_cmpint(grant_begin(t.d, 21, true, &f), ==, 0);
    g_assert_cmpuint(f.mfn, ==, MFN(12));
    for (int i = 0; i < 2; i++) {
        s = (gnttab_swap_grant_ref_t){ .ref_a = 20 + i, .ref_b = 21 - i };
        g_assert_cmpint(op(t.d, GNTTABOP_swap_grant_ref, &s, sizeof(s)), ==, 0);
        g_assert_cmpint(s.status, ==, GNTST_eagain);
    }
    grant_end(t.d, 21, true);
    s = (gnttab_swap_grant_ref_t){ .ref_a = 20, .ref_b = 20 };
    g_assert_cmpint(op(t.d, GNTTABOP_swap_grant_ref, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_okay);
    s = (gnttab_swap_grant_ref_t){ .ref_a = 20, .ref_b = 512 };
    g_assert_cmpint(op(t.d, GNTTABOP_swap_grant_ref, &s, sizeof(s)), ==, 0);
    g_assert_cmpint(s.status, ==, GNTST_bad_gntref);
    harness_domain_free(t.d);
}

static void test_cache_flush(void)
{
    static const struct {
        uint64_t addr;
        uint16_t offset, length;
        uint32_t op;
        int64_t expect;
    } rows[] = {
        { MFN(5) << 12, 0, 4096, GNTTAB_CACHE_CLEAN, 0 },
        { MFN(5) << 12, 8, 64, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL, 0 },
        { MFN(5) << 12, 0, 64, GNTTAB_CACHE_INVAL, -XEN_EOPNOTSUPP },
        { MFN(5) << 12, 4096, 0, GNTTAB_CACHE_CLEAN, -XEN_EINVAL },
        { MFN(5) << 12, 1, 4096, GNTTAB_CACHE_CLEAN, -XEN_EINVAL },
        { MFN(5) << 12, 0, 64, GNTTAB_CACHE_SOURCE_GREF | GNTTAB_CACHE_CLEAN, -XEN_EINVAL },
        { 0, 0, 0, GNTTAB_CACHE_CLEAN, 0 },
        { 0, 0, 64, 0, 0 },
        { 0, 0, 64, GNTTAB_CACHE_CLEAN, -XEN_EPERM },
    };
    struct table t = table_new(1, 1);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        gnttab_cache_flush_t f = {
            .a.dev_bus_addr = rows[i].addr, .offset = rows[i].offset, .length = rows[i].length, .op = rows[i].op
        };

        g_assert_cmpint(op(t.d, GNTTABOP_cache_flush, &f, sizeof(f)), ==, rows[i].expect);
    }
    harness_domain_free(t.d);
}

/* The guest invalidates entries as grant_table.h asks while hv uses them: never both at once. */
struct race {
    struct table t;
    bool stop;
    unsigned int revoked;
};

static void *revoker(void *opaque)
{
    struct race *r = opaque;
    grant_entry_v1_t *e = v1(&r->t, 20);

    while (!__atomic_load_n(&r->stop, __ATOMIC_SEQ_CST)) {
        uint16_t flags = __atomic_load_n(&e->flags, __ATOMIC_SEQ_CST);

        if (flags & (GTF_reading | GTF_writing))
            continue;
        if (!__atomic_compare_exchange_n(&e->flags, &flags, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            continue;
        r->revoked++;
        __atomic_store_n(&e->frame, 1, __ATOMIC_SEQ_CST); /* a frame hv must not see */
        __atomic_store_n(&e->frame, (uint32_t)MFN(12), __ATOMIC_SEQ_CST);
        __atomic_store_n(&e->flags, GTF_permit_access, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static void test_race(void)
{
    struct race r = { .t = table_new(1, 1) };
    GThread *thread;
    unsigned int begun = 0;

    grant(&r.t, 20, GTF_permit_access, 0, MFN(12));
    thread = g_thread_new("guest", revoker, &r);
    for (int i = 0; i < 200000; i++) {
        struct grant_frame f;
        int status = grant_begin(r.t.d, 20, i % 2, &f);

        g_assert_true(status == GNTST_okay || status == GNTST_general_error);
        if (status)
            continue;
        begun++;
        g_assert_cmpuint(f.mfn, ==, MFN(12));
        grant_end(r.t.d, 20, i % 2);
    }
    __atomic_store_n(&r.stop, true, __ATOMIC_SEQ_CST);
    g_thread_join(thread);
    g_test_message("%u uses, %u revocations", begun, r.revoked);
    g_assert_cmpuint(begun, >, 0);
    harness_domain_free(r.t.d);
}

/* Several grants at once, up to the first that may not be used. */
static void test_many(gconstpointer version)
{
    struct table t = table_new(GPOINTER_TO_UINT(version), 2);
    bool two = GPOINTER_TO_UINT(version) == 2;
    const uint32_t refs[] = { 20, 300, 21, 22 };
    struct grant_frame frames[G_N_ELEMENTS(refs)];

    for (unsigned int i = 0; i < G_N_ELEMENTS(refs); i++)
        (two ? grant_2 : grant)(&t, refs[i], GTF_permit_access, 0, MFN(5 + i));
    g_assert_cmpuint(grant_begin_many(t.d, refs, 4, true, frames), ==, 4);
    for (unsigned int i = 0; i < G_N_ELEMENTS(refs); i++) {
        g_assert_cmpuint(frames[i].mfn, ==, MFN(5 + i));
        g_assert_cmpuint(frames[i].length, ==, 4096);
    }
    grant_end_many(t.d, refs, 4, true);
    for (unsigned int i = 0; i < G_N_ELEMENTS(refs); i++)
        g_assert_cmphex((two ? *status_word(&t, refs[i]) : v1(&t, refs[i])->flags) & (GTF_reading | GTF_writing), ==, 0);

    (two ? grant_2 : grant)(&t, 21, GTF_permit_access | GTF_readonly, 0, MFN(7));
    g_assert_cmpuint(grant_begin_many(t.d, refs, 4, true, frames), ==, 2);
    grant_end_many(t.d, refs, 2, true);
    g_assert_cmpuint(grant_begin_many(t.d, refs, 4, false, frames), ==, 4);
    grant_end_many(t.d, refs, 4, false);
    g_assert_cmpuint(grant_begin_many(t.d, refs, 0, true, frames), ==, 0);
    harness_domain_free(t.d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define BOTH(path, fn)                                                                             \
    g_test_add_data_func("/grant/" path "/v1", GUINT_TO_POINTER(1), fn);                           \
    g_test_add_data_func("/grant/" path "/v2", GUINT_TO_POINTER(2), fn)
    BOTH("begin-end", test_begin_end);
    BOTH("many", test_many);
    g_test_add_func("/grant/begin-refused-v1", test_begin_refused_v1);
    g_test_add_func("/grant/begin-v2", test_begin_v2);
    g_test_add_func("/grant/use-count-limit", test_use_count_limit);
    g_test_add_func("/grant/setup", test_setup);
    g_test_add_func("/grant/domids", test_domids);
    g_test_add_func("/grant/status-frames", test_status_frames);
    g_test_add_func("/grant/versions", test_versions);
    g_test_add_func("/grant/no-memory", test_no_memory);
    g_test_add_func("/grant/copy", test_copy);
    g_test_add_func("/grant/copy-sub-page", test_copy_sub_page);
    g_test_add_func("/grant/batch", test_batch);
    g_test_add_func("/grant/32bit", test_32bit);
    g_test_add_func("/grant/map", test_map);
    g_test_add_func("/grant/unmap", test_unmap);
    g_test_add_func("/grant/map-handles", test_map_handles);
    BOTH("transfer", test_transfer);
    BOTH("swap", test_swap);
    g_test_add_func("/grant/cache-flush", test_cache_flush);
    g_test_add_func("/grant/race", test_race);
    return g_test_run();
}
