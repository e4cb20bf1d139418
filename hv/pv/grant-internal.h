/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the grant table code share: the table, uses of its entries, mappings. */
#pragma once

#include "domain.h"
#include "grant.h"
#include "lock.h"
#include "types.h"
#include <xen/errno.h>
#include <xen/grant_table.h>

/* xl.cfg max_grant_frames as xl sets it by default. */
#define GRANT_MAX_FRAMES 64U

#define GRANT_V1_PER_FRAME      (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define GRANT_V2_PER_FRAME      (PAGE_SIZE / sizeof(grant_entry_v2_t))
#define GRANT_STATUS_PER_FRAME  (PAGE_SIZE / sizeof(grant_status_t))
#define GRANT_MAX_STATUS_FRAMES (GRANT_MAX_FRAMES * GRANT_V2_PER_FRAME / GRANT_STATUS_PER_FRAME)

/* How an entry is used now. The guest's flags GTF_reading and GTF_writing say the same in short. */
struct grant_use {
    uint16_t readers;
    uint16_t writers;
    domid_t grantee; /* valid while there are users */
    bool sub_page;
};
_Static_assert(sizeof(struct grant_use) * GRANT_V1_PER_FRAME == PAGE_SIZE,
               "a page of uses for each frame of entries");

struct maptrack;

struct grant_state {
    struct spinlock lock;
    uint32_t version;
    uint32_t nr_frames;
    uint32_t nr_status_frames; /* shown to the guest; 0 in version 1 */
    uint32_t nr_status_pages;  /* allocated; kept when the version changes back */
    uint32_t nr_sub_page;      /* uses that only version 2 can express */
    void *frame[GRANT_MAX_FRAMES];
    mfn_t frame_mfn[GRANT_MAX_FRAMES];
    grant_status_t *status[GRANT_MAX_STATUS_FRAMES];
    mfn_t status_mfn[GRANT_MAX_STATUS_FRAMES];
    struct grant_use *use[GRANT_MAX_FRAMES];
    struct maptrack *maptrack;
    uint32_t nr_maptrack;
    uint32_t free_maptrack; /* first of the free list, or MAPTRACK_NONE */
};

/* Whom a domid names, from the guest's view. */
enum grant_peer { PEER_SELF, PEER_DOM0, PEER_NONE };
static inline enum grant_peer grant_peer(const struct domain *d, domid_t id)
{
    return id == d->domid ? PEER_SELF : id == 0 ? PEER_DOM0 : PEER_NONE;
}
/* The same for operations that also take DOMID_SELF. */
static inline enum grant_peer grant_peer_or_self(const struct domain *d, domid_t id)
{
    return id == DOMID_SELF ? PEER_SELF : grant_peer(d, id);
}

/* grant.c, all with the lock held. */
uint32_t grant_nr_entries(const struct grant_state *g);
static inline grant_entry_v1_t *grant_v1(const struct grant_state *g, uint32_t ref)
{
    return (grant_entry_v1_t *)g->frame[ref / GRANT_V1_PER_FRAME] + ref % GRANT_V1_PER_FRAME;
}
static inline grant_entry_v2_t *grant_v2(const struct grant_state *g, uint32_t ref)
{
    return (grant_entry_v2_t *)g->frame[ref / GRANT_V2_PER_FRAME] + ref % GRANT_V2_PER_FRAME;
}
static inline grant_status_t *grant_status(const struct grant_state *g, uint32_t ref)
{
    return &g->status[ref / GRANT_STATUS_PER_FRAME][ref % GRANT_STATUS_PER_FRAME];
}
static inline struct grant_use *grant_use(const struct grant_state *g, uint32_t ref)
{
    return &g->use[ref / GRANT_V1_PER_FRAME][ref % GRANT_V1_PER_FRAME];
}
static inline bool grant_in_use(const struct grant_state *g, uint32_t ref)
{
    return grant_use(g, ref)->readers || grant_use(g, ref)->writers;
}

/* Takes a use of one of d's entries for grantee; map: a mapping, which must be of the whole page.
 * Returns GNTST_okay and the frame, or the status to answer with. Undone by grant_release(). */
int grant_acquire(struct domain *d, uint32_t ref, domid_t grantee, bool write, bool map,
                  struct grant_frame *ret);
void grant_release(struct domain *d, uint32_t ref, bool write);

/* At least nr_frames of entries, and in version 2 their status frames. -XEN_ENOMEM. */
int grant_grow(struct domain *d, uint32_t nr_frames);
/* GNTTABOP_set_version's errors. */
int grant_set_version(struct domain *d, uint32_t version);

/* One element of GNTTABOP_*: a copy of the guest's, results are written into it. Each returns 0, or
 * an errno that ends the whole call. */
typedef int grant_op_fn(struct vcpu *v, void *arg);
grant_op_fn grant_op_copy, grant_op_transfer, grant_op_swap,
    grant_op_cache_flush;                                                         /* grant-copy.c */
grant_op_fn grant_op_map, grant_op_unmap, grant_op_unmap_and_replace;             /* grant-map.c */
