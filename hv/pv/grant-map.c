/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings of grants by the guest. It can only map its own: domain 0 grants nothing. Each mapping
 * has a handle, an index into the maptrack array; a mapping for devices and one for the CPU under
 * the same handle are two uses of the entry, and go one by one.
 */
#include "grant-internal.h"
#include "alloc.h"
#include "guest.h"
#include "string.h"

#define MAPTRACK_NONE  (~0U)
#define MAPTRACK_CHUNK 64U
#define MAPTRACK_MAX   4096U

#define MAP_KINDS (GNTMAP_device_map | GNTMAP_host_map)

/* x86 page-table bits (SDM 3A 4.5.5); bits 9 to 11 are the guest's. */
#define L1E_P           (1ULL << 0)
#define L1E_RW          (1ULL << 1)
#define L1E_USER        (1ULL << 2)
#define L1E_A           (1ULL << 5)
#define L1E_D           (1ULL << 6)
#define L1E_AVAIL_SHIFT 9
#define L1E_AVAIL       (7ULL << L1E_AVAIL_SHIFT)
#define L1E_FRAME       0x000ffffffffff000ULL

struct maptrack {
    mfn_t mfn;
    uint32_t ref;   /* in the free list: the next free handle */
    uint16_t kinds; /* of MAP_KINDS those that are left; 0: free */
    uint16_t flags; /* GNTMAP_readonly, GNTMAP_contains_pte */
};

static int grow_maptrack(struct grant_state *g)
{
    struct maptrack *m;

    if (g->nr_maptrack >= MAPTRACK_MAX)
        return GNTST_no_space;
    m = krealloc(g->maptrack, (g->nr_maptrack + MAPTRACK_CHUNK) * sizeof(*m));
    if (!m)
        return GNTST_no_space;
    g->maptrack = m;
    for (uint32_t i = g->nr_maptrack; i < g->nr_maptrack + MAPTRACK_CHUNK; i++)
        m[i] = (struct maptrack){ .ref = i + 1 };
    m[g->nr_maptrack + MAPTRACK_CHUNK - 1].ref = MAPTRACK_NONE;
    g->free_maptrack = g->nr_maptrack;
    g->nr_maptrack += MAPTRACK_CHUNK;
    return GNTST_okay;
}

static int take_handle(struct grant_state *g, uint32_t *ret_handle)
{
    /* An empty state has free_maptrack 0 and nr_maptrack 0. */
    if (g->free_maptrack == MAPTRACK_NONE || g->nr_maptrack == 0) {
        int status = grow_maptrack(g);

        if (status)
            return status;
    }
    *ret_handle = g->free_maptrack;
    g->free_maptrack = g->maptrack[*ret_handle].ref;
    return GNTST_okay;
}

static void put_handle(struct grant_state *g, uint32_t handle)
{
    g->maptrack[handle] = (struct maptrack){ .ref = g->free_maptrack };
    g->free_maptrack = handle;
}

/* The L1 entry that host_addr names: of a linear address, or by its own machine address. */
/* A page-table page may be written here: an entry is what is wanted. But the entries of a top-level
 * one are no L1 entries. */
static uint64_t *find_l1e(struct vcpu *v, uint64_t host_addr, uint32_t flags)
{
    if (!(flags & GNTMAP_contains_pte))
        return guest_l1e(v, host_addr);
    if (host_addr % sizeof(uint64_t) != 0 ||
        !mfn_is_guest_writable(v->domain, host_addr >> PAGE_SHIFT))
        return NULL;
    return (uint64_t *)((char *)mfn_to_virt(host_addr >> PAGE_SHIFT) + (host_addr & ~PAGE_MASK));
}

static int write_mapping(struct vcpu *v, const gnttab_map_grant_ref_t *op, mfn_t mfn)
{
    uint64_t *l1e = find_l1e(v, op->host_addr, op->flags);
    uint64_t e = mfn << PAGE_SHIFT | L1E_P | L1E_A;

    if (!l1e)
        return GNTST_general_error;
    if (!(op->flags & GNTMAP_readonly))
        e |= L1E_RW | L1E_D;
    if (op->flags & GNTMAP_application_map)
        e |= L1E_USER;
    e |= (uint64_t)(op->flags >> _GNTMAP_guest_avail0) << L1E_AVAIL_SHIFT & L1E_AVAIL;
    __atomic_store_n(l1e, e, __ATOMIC_SEQ_CST);
    guest_flush_tlb(v);
    return GNTST_okay;
}

static int kinds_of(uint32_t flags)
{
    return ((flags & GNTMAP_device_map) != 0) + ((flags & GNTMAP_host_map) != 0);
}

/* As many uses as kinds of mapping, or none. */
static int acquire_kinds(struct domain *d, const gnttab_map_grant_ref_t *op,
                         struct grant_frame *frame)
{
    bool write = !(op->flags & GNTMAP_readonly);
    int status = GNTST_okay, n;

    for (n = 0; n < kinds_of(op->flags); n++) {
        status = grant_acquire(d, op->ref, d->domid, write, true, frame);
        if (status)
            break;
    }
    while (status && n-- > 0)
        grant_release(d, op->ref, write);
    return status;
}

static int map(struct vcpu *v, gnttab_map_grant_ref_t *op)
{
    struct domain *d = v->domain;
    struct grant_state *g = d->grant;
    struct grant_frame frame;
    uint32_t handle;
    int status;

    if (!(op->flags & MAP_KINDS))
        return GNTST_bad_gntref;
    switch (grant_peer(d, op->dom)) {
    case PEER_SELF:
        break;
    case PEER_DOM0:
        return GNTST_bad_gntref;
    default:
        return GNTST_bad_domain;
    }
    status = take_handle(g, &handle);
    if (status)
        return status;
    status = acquire_kinds(d, op, &frame);
    if (!status && (op->flags & GNTMAP_host_map)) {
        status = write_mapping(v, op, frame.mfn);
        for (int n = status ? kinds_of(op->flags) : 0; n > 0; n--)
            grant_release(d, op->ref, !(op->flags & GNTMAP_readonly));
    }
    if (status) {
        put_handle(g, handle);
        return status;
    }
    g->maptrack[handle] = (struct maptrack){
        .mfn = frame.mfn,
        .ref = op->ref,
        .kinds = op->flags & MAP_KINDS,
        .flags = op->flags & (GNTMAP_readonly | GNTMAP_contains_pte),
    };
    op->handle = handle;
    op->dev_bus_addr = frame.mfn << PAGE_SHIFT;
    return GNTST_okay;
}

int grant_op_map(struct vcpu *v, void *arg)
{
    gnttab_map_grant_ref_t *op = arg;

    LOCK_SCOPE(&v->domain->grant->lock);
    op->status = (int16_t)map(v, op);
    return 0;
}

/* Takes the mapping out of its L1 entry; new_addr, if not 0, is a linear address whose entry moves
 * there. */
static int clear_mapping(struct vcpu *v, const struct maptrack *m, uint64_t host_addr,
                         uint64_t new_addr)
{
    uint64_t *l1e = find_l1e(v, host_addr, m->flags), *moved = NULL;

    if (!l1e || !(*l1e & L1E_P) || (*l1e & L1E_FRAME) != m->mfn << PAGE_SHIFT)
        return GNTST_general_error;
    if (new_addr) {
        moved = m->flags & GNTMAP_contains_pte ? NULL : guest_l1e(v, new_addr);
        if (!moved)
            return GNTST_general_error;
    }
    __atomic_store_n(l1e, moved ? *moved : 0, __ATOMIC_SEQ_CST);
    if (moved && moved != l1e)
        __atomic_store_n(moved, 0, __ATOMIC_SEQ_CST);
    guest_flush_tlb(v);
    return GNTST_okay;
}

static void drop_kind(struct domain *d, uint32_t handle, uint16_t kind)
{
    struct maptrack *m = &d->grant->maptrack[handle];

    grant_release(d, m->ref, !(m->flags & GNTMAP_readonly));
    m->kinds &= ~kind;
    if (!m->kinds)
        put_handle(d->grant, handle);
}

static int unmap(struct vcpu *v, uint32_t handle, uint64_t host_addr, uint64_t dev_bus_addr,
                 uint64_t new_addr)
{
    struct domain *d = v->domain;
    struct grant_state *g = d->grant;
    struct maptrack m;
    bool device, host;
    int status;

    if (handle >= g->nr_maptrack || !g->maptrack[handle].kinds)
        return GNTST_bad_handle;
    m = g->maptrack[handle];
    device = dev_bus_addr && (m.kinds & GNTMAP_device_map);
    host = host_addr && (m.kinds & GNTMAP_host_map);
    if (device && dev_bus_addr != m.mfn << PAGE_SHIFT)
        return GNTST_bad_dev_addr;
    if (host) {
        status = clear_mapping(v, &m, host_addr, new_addr);
        if (status)
            return status;
        drop_kind(d, handle, GNTMAP_host_map);
    }
    if (device)
        drop_kind(d, handle, GNTMAP_device_map);
    return GNTST_okay;
}

int grant_op_unmap(struct vcpu *v, void *arg)
{
    gnttab_unmap_grant_ref_t *op = arg;

    LOCK_SCOPE(&v->domain->grant->lock);
    op->status = (int16_t)unmap(v, op->handle, op->host_addr, op->dev_bus_addr, 0);
    return 0;
}

int grant_op_unmap_and_replace(struct vcpu *v, void *arg)
{
    gnttab_unmap_and_replace_t *op = arg;

    LOCK_SCOPE(&v->domain->grant->lock);
    op->status = (int16_t)unmap(v, op->handle, op->host_addr, 0, op->new_addr);
    return 0;
}
