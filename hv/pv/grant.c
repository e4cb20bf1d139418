/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The grant table (grant_table.h): entries the guest writes and hv reads, in frames both see. An
 * entry in use has GTF_reading and GTF_writing set by hv, in the entry itself (version 1) or in the
 * status frames (version 2). The guest takes an entry back by exchanging its flags for 0 while
 * neither is set; so in version 1 hv sets them with a compare-exchange that covers the checked
 * flags and domid, and in version 2 it sets the status first and checks the entry after it.
 */
#include "grant-internal.h"
#include "alloc.h"
#include "printk.h"
#include "string.h"

/* The guest may change GTF_readonly under our feet, but not for ever. */
#define MAX_CMPXCHG_TRIES 5

#define IN_USE_FLAGS (GTF_reading | GTF_writing)

/* flags and domid of an entry, read and exchanged as one word. */
union header {
    uint32_t word;
    struct {
        uint16_t flags;
        domid_t domid;
    };
};
_Static_assert(sizeof(union header) == sizeof(uint32_t) && offsetof(grant_entry_v1_t, domid) == 2 &&
                   offsetof(grant_entry_v2_t, hdr.domid) == 2,
               "flags and domid are one word in both versions");

uint32_t grant_nr_entries(const struct grant_state *g)
{
    return g->nr_frames * (g->version == 1 ? GRANT_V1_PER_FRAME : GRANT_V2_PER_FRAME);
}

static uint32_t *header_word(const struct grant_state *g, uint32_t ref)
{
    return g->version == 1 ? (uint32_t *)grant_v1(g, ref) : (uint32_t *)grant_v2(g, ref);
}

/* What the guest permits by h. */
static inline bool permits(union header h, domid_t grantee, bool write, bool map)
{
    uint16_t mask = GTF_type_mask | (map ? GTF_sub_page : 0) | (write ? GTF_readonly : 0);

    return (h.flags & mask) == GTF_permit_access && h.domid == grantee;
}

/* Takes back what GTF_reading and GTF_writing say beyond the uses there are. */
static void reduce_flags(struct grant_state *g, uint32_t ref)
{
    const struct grant_use *use = grant_use(g, ref);
    uint16_t *flags = g->version == 1 ? &grant_v1(g, ref)->flags : grant_status(g, ref);
    uint16_t keep = (uint16_t)~(use->writers ? 0 : use->readers ? GTF_writing : IN_USE_FLAGS);

    if (keep != 0xffff)
        __atomic_and_fetch(flags, keep, __ATOMIC_SEQ_CST);
}

static inline int mark_v1(struct grant_state *g, uint32_t ref, domid_t grantee, bool write,
                          bool map)
{
    uint32_t *word = header_word(g, ref);
    union header h = { .word = READ_ONCE(*word) };

    for (int i = 0; i < MAX_CMPXCHG_TRIES; i++) {
        union header marked = h;

        if (!permits(h, grantee, write, map))
            return GNTST_general_error;
        marked.flags |= GTF_reading | (write ? GTF_writing : 0);
        if (__atomic_compare_exchange_n(word, &h.word, marked.word, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return GNTST_okay;
    }
    return GNTST_general_error;
}

static int mark_v2(struct grant_state *g, uint32_t ref, domid_t grantee, bool write, bool map)
{
    uint32_t *word = header_word(g, ref);

    if (!permits((union header){ .word = READ_ONCE(*word) }, grantee, write, map))
        return GNTST_general_error;
    __atomic_or_fetch(grant_status(g, ref), GTF_reading | (write ? GTF_writing : 0),
                      __ATOMIC_SEQ_CST);
    /* The guest invalidates the entry and then looks at the status: one of the two sees the
     * other. */
    if (permits((union header){ .word = READ_ONCE(*word) }, grantee, write, map))
        return GNTST_okay;
    reduce_flags(g, ref);
    return GNTST_general_error;
}

/* A grant of another domain's grant. That domain could only be domain 0, which grants nothing, or
 * the guest itself, which the ABI excludes; so these never come to anything. */
static int transitive_status(struct domain *d, const grant_entry_v2_t *e, domid_t grantee)
{
    union header h = { .word = READ_ONCE(*(const uint32_t *)e) };

    if (h.domid != grantee)
        return GNTST_general_error;
    return READ_ONCE(e->transitive.trans_domid) == 0 ? GNTST_bad_gntref : GNTST_general_error;
}

/* The frame of an entry that was marked as in use. */
static inline int read_frame(struct domain *d, uint32_t ref, bool write, struct grant_frame *f,
                             bool *sub_page)
{
    const struct grant_state *g = d->grant;
    const grant_entry_v2_t *e;

    *sub_page = false;
    *f = (struct grant_frame){ .length = PAGE_SIZE };
    if (g->version == 1) {
        f->mfn = READ_ONCE(grant_v1(g, ref)->frame);
    } else {
        e = grant_v2(g, ref);
        *sub_page = READ_ONCE(e->hdr.flags) & GTF_sub_page;
        f->mfn = READ_ONCE(e->full_page.frame); /* at the same place as sub_page.frame */
        if (*sub_page) {
            f->offset = READ_ONCE(e->sub_page.page_off);
            f->length = READ_ONCE(e->sub_page.length);
            if ((uint32_t)f->offset + f->length > PAGE_SIZE)
                return GNTST_general_error;
        }
    }
    if (write && mfn_is_guest_writable(d, f->mfn))
        return GNTST_okay;
    if (!mfn_is_guest_ram(d, f->mfn))
        return GNTST_bad_page;
    return write ? GNTST_general_error : GNTST_okay;
}
_Static_assert(offsetof(grant_entry_v2_t, full_page.frame) ==
                   offsetof(grant_entry_v2_t, sub_page.frame),
               "one place for the frame");

/* Inline: the back ends' way, of a page for each 4 KiB a guest reads or writes, is made without
 * what only mappings need. */
static inline __attribute__((always_inline)) int acquire(struct domain *d, uint32_t ref,
                                                         domid_t grantee, bool write, bool map,
                                                         struct grant_frame *ret)
{
    struct grant_state *g = d->grant;
    struct grant_use *use;
    struct grant_frame f;
    bool in_use, sub_page;
    int status;

    if (ref >= grant_nr_entries(g))
        return GNTST_bad_gntref;
    use = grant_use(g, ref);
    in_use = grant_in_use(g, ref);
    if (in_use &&
        (use->grantee != grantee || use->readers == UINT16_MAX || use->writers == UINT16_MAX))
        return GNTST_general_error;

    if (!map && g->version == 2 &&
        (READ_ONCE(grant_v2(g, ref)->hdr.flags) & GTF_type_mask) == GTF_transitive)
        return transitive_status(d, grant_v2(g, ref), grantee);
    status = g->version == 1 ? mark_v1(g, ref, grantee, write, map)
                             : mark_v2(g, ref, grantee, write, map);
    if (status)
        return status;
    status = read_frame(d, ref, write, &f, &sub_page);
    if (!status && (map ? sub_page : in_use && use->sub_page != sub_page))
        status = GNTST_general_error; /* the guest changed the entry while it was in use */
    if (status) {
        reduce_flags(g, ref);
        return status;
    }

    use->grantee = grantee;
    use->sub_page = sub_page;
    g->nr_sub_page += sub_page;
    if (write)
        use->writers++;
    else
        use->readers++;
    *ret = f;
    return GNTST_okay;
}

int grant_acquire(struct domain *d, uint32_t ref, domid_t grantee, bool write, bool map,
                  struct grant_frame *ret)
{
    return acquire(d, ref, grantee, write, map, ret);
}

static inline void release(struct domain *d, uint32_t ref, bool write)
{
    struct grant_state *g = d->grant;
    struct grant_use *use = grant_use(g, ref);

    ASSERT(write ? use->writers : use->readers);
    if (write)
        use->writers--;
    else
        use->readers--;
    g->nr_sub_page -= use->sub_page;
    reduce_flags(g, ref);
}

void grant_release(struct domain *d, uint32_t ref, bool write)
{
    release(d, ref, write);
}

unsigned int grant_begin_many(struct domain *d, const uint32_t *refs, unsigned int nr, bool write,
                              struct grant_frame *ret)
{
    unsigned int i = 0;

    LOCK_SCOPE(&d->grant->lock);
    while (i < nr && acquire(d, refs[i], 0, write, false, &ret[i]) == GNTST_okay)
        i++;
    return i;
}

void grant_end_many(struct domain *d, const uint32_t *refs, unsigned int nr, bool write)
{
    LOCK_SCOPE(&d->grant->lock);
    while (nr > 0)
        release(d, refs[--nr], write);
}

int grant_begin(struct domain *d, uint32_t ref, bool write, struct grant_frame *ret)
{
    LOCK_SCOPE(&d->grant->lock);
    return grant_acquire(d, ref, 0, write, false, ret);
}

void grant_end(struct domain *d, uint32_t ref, bool write)
{
    LOCK_SCOPE(&d->grant->lock);
    release(d, ref, write);
}

/* Status frames for all frames of entries there are. Their pages are never freed, the guest may map
 * them. */
static int grow_status(struct domain *d)
{
    struct grant_state *g = d->grant;
    uint32_t needed = DIV_ROUND_UP(g->nr_frames * GRANT_V2_PER_FRAME, GRANT_STATUS_PER_FRAME);

    for (; g->nr_status_pages < needed; g->nr_status_pages++) {
        uint32_t i = g->nr_status_pages;

        g->status[i] = domain_alloc_shared(d, &g->status_mfn[i]);
        if (!g->status[i])
            return -XEN_ENOMEM;
    }
    g->nr_status_frames = needed;
    return 0;
}

int grant_grow(struct domain *d, uint32_t nr_frames)
{
    struct grant_state *g = d->grant;

    ASSERT(nr_frames <= GRANT_MAX_FRAMES);
    while (g->nr_frames < nr_frames) {
        uint32_t i = g->nr_frames;

        /* What was got before a failure is kept for the next try. */
        if (!g->use[i])
            g->use[i] = alloc_pages(0);
        if (g->use[i] && !g->frame[i])
            g->frame[i] = domain_alloc_shared(d, &g->frame_mfn[i]);
        if (!g->frame[i])
            return -XEN_ENOMEM;
        g->nr_frames++;
    }
    return g->version == 2 ? grow_status(d) : 0;
}

/* An entry of the reserved ones as version 1 has it, flags of its use included. -XEN_ERANGE: it
 * cannot be. */
static int to_v1(struct grant_state *g, uint32_t ref, grant_entry_v1_t *ret)
{
    const grant_entry_v2_t *e = grant_v2(g, ref);
    uint16_t flags = READ_ONCE(e->hdr.flags);

    *ret = (grant_entry_v1_t){ 0 };
    if (g->version == 1) {
        *ret = *grant_v1(g, ref);
        return 0;
    }
    switch (flags & GTF_type_mask) {
    case GTF_permit_access:
        if (READ_ONCE(e->full_page.frame) >> 32)
            return -XEN_ERANGE;
        ret->flags = flags | READ_ONCE(*grant_status(g, ref));
        ret->domid = READ_ONCE(e->hdr.domid);
        ret->frame = (uint32_t)READ_ONCE(e->full_page.frame);
        return 0;
    case GTF_transitive:
        return -XEN_ERANGE;
    default:
        return 0;
    }
}

static void write_reserved(struct grant_state *g, uint32_t ref, const grant_entry_v1_t *e)
{
    if (g->version == 1) {
        *grant_v1(g, ref) = *e;
    } else {
        *grant_status(g, ref) = e->flags & IN_USE_FLAGS;
        grant_v2(g, ref)->full_page.hdr =
            (grant_entry_header_t){ .flags = e->flags & ~IN_USE_FLAGS, .domid = e->domid };
        grant_v2(g, ref)->full_page.frame = e->frame;
    }
}

/* Clears the table but for the reserved entries, which the console and the store may be using. */
int grant_set_version(struct domain *d, uint32_t version)
{
    grant_entry_v1_t reserved[GNTTAB_NR_RESERVED_ENTRIES];
    struct grant_state *g = d->grant;
    int err;

    if (version != 1 && version != 2)
        return -XEN_EINVAL;
    if (version == g->version)
        return 0;
    for (uint32_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < grant_nr_entries(g); ref++)
        if (grant_in_use(g, ref))
            return -XEN_EBUSY;
    if (g->nr_sub_page)
        return -XEN_EAGAIN;
    for (uint32_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++) {
        err = to_v1(g, ref, &reserved[ref]);
        if (err)
            return err;
    }
    if (version == 2) {
        err = grow_status(d);
        if (err)
            return err;
    }

    for (uint32_t i = 0; i < g->nr_frames; i++)
        memset(g->frame[i], 0, PAGE_SIZE);
    for (uint32_t i = 0; i < g->nr_status_pages; i++)
        memset(g->status[i], 0, PAGE_SIZE);
    g->version = version;
    if (version == 1)
        g->nr_status_frames = 0;
    for (uint32_t ref = 0; ref < GNTTAB_NR_RESERVED_ENTRIES; ref++)
        write_reserved(g, ref, &reserved[ref]);
    return 0;
}

void grant_set_reserved(struct domain *d, uint32_t ref, mfn_t mfn)
{
    grant_entry_v1_t e = { .flags = GTF_permit_access, .domid = 0, .frame = (uint32_t)mfn };

    ASSERT(ref < GNTTAB_NR_RESERVED_ENTRIES && mfn <= UINT32_MAX);
    LOCK_SCOPE(&d->grant->lock);
    write_reserved(d->grant, ref, &e);
}

int grant_init(struct domain *d)
{
    struct grant_state *g = kmalloc(sizeof(*g));

    if (!g)
        return -XEN_ENOMEM;
    g->version = 1;
    d->grant = g;
    if (grant_grow(d, 1)) {
        d->grant = NULL;
        if (g->use[0])
            free_pages(g->use[0], 0);
        kfree(g);
        return -XEN_ENOMEM;
    }
    return 0;
}
