/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HYPERVISOR_grant_table_op: a row for each GNTTABOP_* (grant_table.h). An operation's elements are
 * copied once each, run, and their results written back, so that the guest finds the state of every
 * element that was done when a later one faults. Elements that hold pointers or frame numbers are
 * smaller in a 32-bit guest.
 */
#include "grant-internal.h"
#include "guest.h"
#include "printk.h"

/* Command bits that Xen uses itself to continue an interrupted call; a guest has no business
 * there. */
#define CMD_MASK 0xfffU

/* ---- elements as a 32-bit guest lays them out ---- */

struct setup_table_32 {
    domid_t dom;
    uint32_t nr_frames;
    int16_t status;
    uint32_t frame_list;
};

struct transfer_32 {
    uint32_t mfn;
    domid_t domid;
    uint32_t ref;
    int16_t status;
};

struct copy_32 {
    struct copy_ptr_32 {
        uint32_t ref_or_gmfn;
        domid_t domid;
        uint16_t offset;
    } source, dest;
    uint16_t len;
    uint16_t flags;
    int16_t status;
};

struct get_status_frames_32 {
    uint32_t nr_frames;
    domid_t dom;
    int16_t status;
    uint32_t frame_list __attribute__((aligned(4)));
};

_Static_assert(sizeof(struct setup_table_32) == 16 && sizeof(struct transfer_32) == 16 &&
                   sizeof(struct copy_32) == 24 && sizeof(struct get_status_frames_32) == 12,
               "the i386 ABI's sizes");

union element {
    gnttab_map_grant_ref_t map;
    gnttab_setup_table_t setup_table;
    gnttab_transfer_t transfer;
    gnttab_copy_t copy;
    gnttab_query_size_t query_size;
    gnttab_get_status_frames_t get_status_frames;
    gnttab_set_version_t set_version;
    gnttab_get_version_t get_version;
    gnttab_unmap_grant_ref_t unmap;
    gnttab_unmap_and_replace_t unmap_and_replace;
    gnttab_swap_grant_ref_t swap;
    gnttab_cache_flush_t cache_flush;
    struct setup_table_32 setup_table_32;
    struct transfer_32 transfer_32;
    struct copy_32 copy_32;
    struct get_status_frames_32 get_status_frames_32;
};

static void widen_setup_table(union element *e)
{
    struct setup_table_32 n = e->setup_table_32;

    e->setup_table = (gnttab_setup_table_t){ .dom = n.dom, .nr_frames = n.nr_frames };
    e->setup_table.frame_list.p = (void *)(uintptr_t)n.frame_list;
}

static void widen_transfer(union element *e)
{
    struct transfer_32 n = e->transfer_32;

    e->transfer = (gnttab_transfer_t){ .mfn = n.mfn, .domid = n.domid, .ref = n.ref };
}

static struct gnttab_copy_ptr widen_copy_ptr(struct copy_ptr_32 n)
{
    return (
        struct gnttab_copy_ptr){ .u.gmfn = n.ref_or_gmfn, .domid = n.domid, .offset = n.offset };
}

static void widen_copy(union element *e)
{
    struct copy_32 n = e->copy_32;

    e->copy = (gnttab_copy_t){ .len = n.len, .flags = n.flags };
    e->copy.source = widen_copy_ptr(n.source);
    e->copy.dest = widen_copy_ptr(n.dest);
}

static void widen_get_status_frames(union element *e)
{
    struct get_status_frames_32 n = e->get_status_frames_32;

    e->get_status_frames = (gnttab_get_status_frames_t){ .nr_frames = n.nr_frames, .dom = n.dom };
    e->get_status_frames.frame_list.p = (void *)(uintptr_t)n.frame_list;
}

/* ---- table set-up and queries ---- */

/* The status for an operation that only the guest's own table is open to. */
static int self_status(const struct domain *d, domid_t id)
{
    switch (grant_peer_or_self(d, id)) {
    case PEER_SELF:
        return GNTST_okay;
    case PEER_DOM0:
        return GNTST_permission_denied;
    default:
        return GNTST_bad_domain;
    }
}

/* Frame numbers to the guest's list, which has 64-bit elements unless the guest's are 32 bits
 * wide. */
static int put_frames(gva_t list, const mfn_t *mfns, uint32_t nr, bool narrow)
{
    uint32_t narrowed[MAX(GRANT_MAX_FRAMES, GRANT_MAX_STATUS_FRAMES)];
    int err;

    for (uint32_t i = 0; i < nr; i++)
        narrowed[i] = (uint32_t)mfns[i];
    err = narrow ? copy_to_guest(list, narrowed, nr * sizeof(narrowed[0])) :
                   copy_to_guest(list, mfns, nr * sizeof(mfns[0]));
    return err ? GNTST_bad_virt_addr : GNTST_okay;
}

static int op_setup_table(struct vcpu *v, void *arg)
{
    gnttab_setup_table_t *op = arg;
    struct domain *d = v->domain;
    int status = self_status(d, op->dom);

    LOCK_SCOPE(&d->grant->lock);
    if (!status && (op->nr_frames > GRANT_MAX_FRAMES || grant_grow(d, op->nr_frames)))
        status = GNTST_general_error;
    if (!status)
        status = put_frames(guest_handle_gva(op->frame_list), d->grant->frame_mfn, op->nr_frames,
                            d->is_32bit);
    op->status = (int16_t)status;
    return 0;
}

static int op_get_status_frames(struct vcpu *v, void *arg)
{
    gnttab_get_status_frames_t *op = arg;
    struct domain *d = v->domain;
    int status = self_status(d, op->dom);

    LOCK_SCOPE(&d->grant->lock);
    if (!status && op->nr_frames > d->grant->nr_status_frames)
        status = GNTST_general_error;
    if (!status)
        status = put_frames(guest_handle_gva(op->frame_list), d->grant->status_mfn, op->nr_frames,
                            false);
    op->status = (int16_t)status;
    return 0;
}

static int op_query_size(struct vcpu *v, void *arg)
{
    gnttab_query_size_t *op = arg;

    op->status = (int16_t)self_status(v->domain, op->dom);
    if (op->status == GNTST_okay) {
        op->nr_frames = v->domain->grant->nr_frames;
        op->max_nr_frames = GRANT_MAX_FRAMES;
    }
    return 0;
}

static int op_set_version(struct vcpu *v, void *arg)
{
    gnttab_set_version_t *op = arg;
    struct grant_state *g = v->domain->grant;
    int err;

    LOCK_SCOPE(&g->lock);
    err = grant_set_version(v->domain, op->version);
    op->version = g->version;
    return err;
}

static int op_get_version(struct vcpu *v, void *arg)
{
    gnttab_get_version_t *op = arg;

    switch (grant_peer_or_self(v->domain, op->dom)) {
    case PEER_SELF:
        op->version = v->domain->grant->version;
        return 0;
    case PEER_DOM0:
        return -XEN_EPERM;
    default:
        return -XEN_ESRCH;
    }
}

/* ---- dispatch ---- */

enum count_rule { ANY_COUNT, ONE, COUNT_IGNORED };

struct grant_op {
    grant_op_fn *fn;
    enum count_rule count;
    uint8_t size;      /* of an element */
    uint8_t out;       /* the bytes that go back: where they begin */
    uint8_t out_len;   /* and how many; 0: none */
    uint8_t size_32;   /* the same for a 32-bit guest, if widen is set */
    uint8_t out_32;
    void (*widen)(union element *e);
};

#define SIZE(type)       .size = sizeof(type)
#define OUT(type, field) .out = offsetof(type, field), .out_len = sizeof(((type *)0)->field)
#define OUT_FROM(type, field)                                                                      \
    .out = offsetof(type, field), .out_len = sizeof(type) - offsetof(type, field)
#define COMPAT(fn, type) .widen = fn, .size_32 = sizeof(type), .out_32 = offsetof(type, status)

static const struct grant_op ops[] = {
    [GNTTABOP_map_grant_ref] = { grant_op_map, ANY_COUNT, SIZE(gnttab_map_grant_ref_t),
                                 OUT_FROM(gnttab_map_grant_ref_t, status) },
    [GNTTABOP_unmap_grant_ref] = { grant_op_unmap, ANY_COUNT, SIZE(gnttab_unmap_grant_ref_t),
                                   OUT(gnttab_unmap_grant_ref_t, status) },
    [GNTTABOP_setup_table] = { op_setup_table, ONE, SIZE(gnttab_setup_table_t),
                               OUT(gnttab_setup_table_t, status),
                               COMPAT(widen_setup_table, struct setup_table_32) },
    [GNTTABOP_transfer] = { grant_op_transfer, ANY_COUNT, SIZE(gnttab_transfer_t),
                            OUT(gnttab_transfer_t, status),
                            COMPAT(widen_transfer, struct transfer_32) },
    [GNTTABOP_copy] = { grant_op_copy, ANY_COUNT, SIZE(gnttab_copy_t), OUT(gnttab_copy_t, status),
                        COMPAT(widen_copy, struct copy_32) },
    [GNTTABOP_query_size] = { op_query_size, ONE, SIZE(gnttab_query_size_t),
                              OUT_FROM(gnttab_query_size_t, nr_frames) },
    [GNTTABOP_unmap_and_replace] = { grant_op_unmap_and_replace, ANY_COUNT,
                                     SIZE(gnttab_unmap_and_replace_t),
                                     OUT(gnttab_unmap_and_replace_t, status) },
    [GNTTABOP_set_version] = { op_set_version, COUNT_IGNORED, SIZE(gnttab_set_version_t),
                               OUT(gnttab_set_version_t, version) },
    [GNTTABOP_get_status_frames] = { op_get_status_frames, ONE, SIZE(gnttab_get_status_frames_t),
                                     OUT(gnttab_get_status_frames_t, status),
                                     COMPAT(widen_get_status_frames, struct get_status_frames_32) },
    [GNTTABOP_get_version] = { op_get_version, COUNT_IGNORED, SIZE(gnttab_get_version_t),
                               OUT(gnttab_get_version_t, version) },
    [GNTTABOP_swap_grant_ref] = { grant_op_swap, ANY_COUNT, SIZE(gnttab_swap_grant_ref_t),
                                  OUT(gnttab_swap_grant_ref_t, status) },
    [GNTTABOP_cache_flush] = { grant_op_cache_flush, ANY_COUNT, SIZE(gnttab_cache_flush_t) },
};

static int run_element(struct vcpu *v, const struct grant_op *op, bool narrow, gva_t at)
{
    unsigned int out = narrow ? op->out_32 : op->out;
    union element e = { 0 };
    int err;

    if (copy_from_guest(&e, at, narrow ? op->size_32 : op->size))
        return -XEN_EFAULT;
    if (narrow)
        op->widen(&e);
    err = op->fn(v, &e);
    if (op->out_len && copy_to_guest(at + out, (char *)&e + op->out, op->out_len))
        return -XEN_EFAULT;
    return err;
}

int64_t do_grant_table_op(struct vcpu *v, uint32_t cmd, gva_t uop, uint32_t count)
{
    const struct grant_op *op;
    uint64_t size;
    bool narrow;
    gva_t at;
    int err;

    if ((int32_t)count < 0 || (cmd & ~CMD_MASK))
        return -XEN_EINVAL;
    if (cmd >= ARRAY_SIZE(ops) || !ops[cmd].fn) /* dump_table among them: for domain 0's
                                                   debugging */
        return -XEN_ENOSYS;
    op = &ops[cmd];
    if (op->count == ONE && count != 1)
        return -XEN_EINVAL;
    if (op->count == COUNT_IGNORED)
        count = 1;
    narrow = v->domain->is_32bit && op->widen;
    size = narrow ? op->size_32 : op->size;
    for (uint32_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(uop, i * size, &at))
            return -XEN_EFAULT;
        err = run_element(v, op, narrow, at);
        if (err)
            return err;
    }
    return 0;
}
