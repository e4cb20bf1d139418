/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Grant operations on contents and entries: copy, transfer, swap, cache flush. The domains a guest
 * can name are itself and domain 0, and domain 0 grants nothing: references into its table are bad
 * ones.
 */
#include "grant-internal.h"
#include "alloc.h"
#include "string.h"

/* One end of a copy: the bytes of a page that it may touch, and the grant to give back. */
struct copy_end {
    struct grant_frame frame;
    bool granted;
    bool write;
    uint32_t ref;
};

/* Which domain an end names; a frame by its number must be the guest's own. */
static int check_domain(struct domain *d, const struct gnttab_copy_ptr *p, bool by_ref)
{
    if (!by_ref && p->domid != DOMID_SELF)
        return GNTST_permission_denied;
    return grant_peer_or_self(d, p->domid) == PEER_NONE ? GNTST_bad_domain : GNTST_okay;
}

static int claim(struct domain *d, const struct gnttab_copy_ptr *p, bool by_ref, struct copy_end *e)
{
    int status;

    if (!by_ref) {
        e->frame = (struct grant_frame){ .mfn = p->u.gmfn, .length = PAGE_SIZE };
        if (!mfn_is_guest_ram(d, p->u.gmfn))
            return GNTST_bad_page;
        return !e->write || mfn_is_guest_writable(d, p->u.gmfn) ? GNTST_okay : GNTST_general_error;
    }
    if (grant_peer_or_self(d, p->domid) == PEER_DOM0)
        return GNTST_bad_gntref;
    e->ref = p->u.ref;
    LOCK_SCOPE(&d->grant->lock);
    status = grant_acquire(d, e->ref, d->domid, e->write, false, &e->frame);
    e->granted = status == GNTST_okay;
    return status;
}

static void unclaim(struct domain *d, struct copy_end *e)
{
    if (!e->granted)
        return;
    LOCK_SCOPE(&d->grant->lock);
    grant_release(d, e->ref, e->write);
}

/* The sums cannot wrap: all three are 16 bits wide. */
static bool within(uint32_t offset, uint32_t len, const struct grant_frame *f)
{
    return offset >= f->offset && offset + len <= (uint32_t)f->offset + f->length;
}

static int copy_bytes(const gnttab_copy_t *op, const struct grant_frame *src,
                      const struct grant_frame *dst)
{
    if ((uint32_t)op->source.offset + op->len > PAGE_SIZE ||
        (uint32_t)op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    if (!within(op->source.offset, op->len, src) || !within(op->dest.offset, op->len, dst))
        return GNTST_general_error;
    memmove((char *)mfn_to_virt(dst->mfn) + op->dest.offset, /* both may be the same page */
            (const char *)mfn_to_virt(src->mfn) + op->source.offset, op->len);
    return GNTST_okay;
}

static int copy(struct domain *d, const gnttab_copy_t *op)
{
    bool src_by_ref = op->flags & GNTCOPY_source_gref, dst_by_ref = op->flags & GNTCOPY_dest_gref;
    struct copy_end src = { .write = false }, dst = { .write = true };
    int status;

    if (op->len == 0)
        return GNTST_okay;
    status = check_domain(d, &op->source, src_by_ref) ?: check_domain(d, &op->dest, dst_by_ref);
    if (status)
        return status;
    status = claim(d, &op->source, src_by_ref, &src) ?: claim(d, &op->dest, dst_by_ref, &dst);
    if (!status)
        status = copy_bytes(op, &src.frame, &dst.frame);
    unclaim(d, &dst);
    unclaim(d, &src);
    return status;
}

int grant_op_copy(struct vcpu *v, void *arg)
{
    gnttab_copy_t *op = arg;

    op->status = (int16_t)copy(v->domain, op);
    return 0;
}

/* Hands mfn over to the entry of the guest's own table that waits for it. */
static bool give_frame(struct domain *d, uint32_t ref, mfn_t mfn)
{
    struct grant_state *g = d->grant;
    uint32_t expect = GTF_accept_transfer | (uint32_t)d->domid << 16, *word;
    uint16_t *flags;

    LOCK_SCOPE(&g->lock);
    if (ref >= grant_nr_entries(g) || (g->version == 1 && mfn > UINT32_MAX))
        return false;
    word = g->version == 1 ? (uint32_t *)grant_v1(g, ref) : (uint32_t *)grant_v2(g, ref);
    if (!__atomic_compare_exchange_n(word, &expect, expect | GTF_transfer_committed, false,
                                     __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        return false;
    if (g->version == 1)
        WRITE_ONCE(grant_v1(g, ref)->frame, (uint32_t)mfn);
    else
        WRITE_ONCE(grant_v2(g, ref)->full_page.frame, mfn);
    flags = (uint16_t *)word;
    __atomic_or_fetch(flags, GTF_transfer_completed, __ATOMIC_SEQ_CST); /* after the frame */
    return true;
}

/* Unless the page itself is bad the guest has lost it even when the transfer fails
 * (grant_table.h). */
int grant_op_transfer(struct vcpu *v, void *arg)
{
    gnttab_transfer_t *op = arg;
    struct domain *d = v->domain;
    enum grant_peer to = grant_peer(d, op->domid);

    if (!mfn_is_guest_ram(d, op->mfn)) {
        op->status = GNTST_bad_page;
        return 0;
    }
    if (to == PEER_SELF && give_frame(d, op->ref, op->mfn)) {
        op->status = GNTST_okay;
        return 0;
    }
    domain_free_frame(d, op->mfn);
    op->status = to == PEER_NONE ? GNTST_bad_domain : GNTST_general_error;
    return 0;
}

static int swap(struct grant_state *g, uint32_t a, uint32_t b)
{
    uint32_t nr = grant_nr_entries(g);

    if (a >= nr || b >= nr)
        return GNTST_bad_gntref;
    if (a == b)
        return GNTST_okay;
    if (grant_in_use(g, a) || grant_in_use(g, b))
        return GNTST_eagain;
    if (g->version == 1) {
        grant_entry_v1_t e = *grant_v1(g, a);

        *grant_v1(g, a) = *grant_v1(g, b);
        *grant_v1(g, b) = e;
    } else {
        grant_entry_v2_t e = *grant_v2(g, a); /* status words are 0 in both: not in use */

        *grant_v2(g, a) = *grant_v2(g, b);
        *grant_v2(g, b) = e;
    }
    return GNTST_okay;
}

int grant_op_swap(struct vcpu *v, void *arg)
{
    gnttab_swap_grant_ref_t *op = arg;

    LOCK_SCOPE(&v->domain->grant->lock);
    op->status = (int16_t)swap(v->domain->grant, op->ref_a, op->ref_b);
    return 0;
}

/* The machine's memory is coherent, so there is nothing to write back; dropping lines without doing
 * so is not offered, as on any x86 (INVD would lose other data). */
int grant_op_cache_flush(struct vcpu *v, void *arg)
{
    const gnttab_cache_flush_t *op = arg;

    if (op->offset >= PAGE_SIZE || (uint32_t)op->offset + op->length > PAGE_SIZE ||
        (op->op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL)))
        return -XEN_EINVAL;
    if (op->length == 0 || op->op == 0)
        return 0;
    if (!mfn_is_guest_ram(v->domain, op->a.dev_bus_addr >> PAGE_SHIFT))
        return -XEN_EPERM;
    return op->op == GNTTAB_CACHE_INVAL ? -XEN_EOPNOTSUPP : 0;
}
