/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_op. Frames the guest gives up go to the machine's pool of free frames and come from there
 * again; the machine has max_pages of them in all.
 */
#include "cpu/vcpu.h"
#include "mm/frames.h"
#include "mm/compat.h"
#include "mm/m2p.h"
#include "pv/hypercall.h"
#include "abi32.h"
#include "alloc.h"
#include "guest.h"
#include "string.h"
#include <xen/errno.h>
#include <xen/memory.h>

/* Xen lets a domU ask for extents of this order at most (common/memory.c). */
#define MAX_ORDER 9

/* The bits above the operation are where a continued call of Xen begins again; guests leave them
 * 0. */
#define MEMOP_CMD_MASK 0x3f

typedef int64_t memory_fn(struct domain *d, gva_t arg);

static bool is_self(const struct domain *d, domid_t domid)
{
    return domid == DOMID_SELF || domid == d->domid;
}

/* The i-th frame number of the list, whose elements are as wide as the guest is. */
static int read_extent(const struct domain *d, const struct xen_memory_reservation *r, uint64_t i,
                       xen_pfn_t *ret)
{
    gva_t list = guest_handle_gva(r->extent_start);
    uint32_t narrow;

    if (!d->is_32bit)
        return copy_from_guest(ret, list + i * sizeof(*ret), sizeof(*ret));
    if (copy_from_guest(&narrow, list + i * sizeof(narrow), sizeof(narrow)) < 0)
        return -XEN_EFAULT;
    *ret = narrow;
    return 0;
}

static int write_extent(const struct domain *d, const struct xen_memory_reservation *r, uint64_t i,
                        xen_pfn_t mfn)
{
    gva_t list = guest_handle_gva(r->extent_start);
    uint32_t narrow = (uint32_t)mfn;

    return d->is_32bit ? copy_to_guest(list + i * sizeof(narrow), &narrow, sizeof(narrow))
                       : copy_to_guest(list + i * sizeof(mfn), &mfn, sizeof(mfn));
}

static void widen_reservation(const struct memory_reservation_32 *n,
                              struct xen_memory_reservation *ret)
{
    *ret = (struct xen_memory_reservation){ .nr_extents = n->nr_extents,
                                            .extent_order = n->extent_order,
                                            .mem_flags = n->mem_flags,
                                            .domid = n->domid };
    ret->extent_start.p = (void *)(uintptr_t)n->extent_start;
}

/* false: it cannot be read, or is another domain's. Xen's answer to both is that no extent was
 * done. */
static bool read_reservation(struct domain *d, gva_t arg, struct xen_memory_reservation *r)
{
    struct memory_reservation_32 n;

    if (d->is_32bit ? copy_from_guest(&n, arg, sizeof(n)) : copy_from_guest(r, arg, sizeof(*r)))
        return false;
    if (d->is_32bit)
        widen_reservation(&n, r);
    return is_self(d, r->domid);
}

static mfn_t address_limit(unsigned int mem_flags)
{
    unsigned int bits = XENMEMF_get_address_bits(mem_flags);

    return bits == 0 || bits >= 64 ? MFN_INVALID
           : bits <= PAGE_SHIFT    ? 0
                                   : 1ULL << (bits - PAGE_SHIFT);
}

static mfn_t take_extent(struct domain *d, unsigned int order, mfn_t limit)
{
    mfn_t mfn;

    if (d->max_pages - d->nr_pages < 1ULL << order)
        return MFN_INVALID;
    mfn = frames_take_order(order, limit);
    if (mfn != MFN_INVALID)
        d->nr_pages += 1ULL << order;
    return mfn;
}

/* All of an extent, or nothing: false when a frame is not the guest's, or a top page table, which a
 * CPU may be using and hv with it. */
static bool give_extent(struct domain *d, mfn_t mfn, unsigned int order)
{
    uint64_t n = 1ULL << order;

    for (uint64_t i = 0; i < n; i++)
        if (frame_owner(mfn + i) != FRAME_GUEST || frame_level(mfn + i) == guest_top_level())
            return false;
    for (uint64_t i = 0; i < n; i++)
        domain_free_frame(d, mfn + i);
    return true;
}

/* Gives an extent of r's to the guest and names it in the list: at pfn, or for increase_reservation
 * (NO_PFN) without one. */
#define NO_PFN (~0UL)
static int new_extent(struct domain *d, const struct xen_memory_reservation *r, uint64_t i,
                      xen_pfn_t pfn)
{
    mfn_t mfn = take_extent(d, r->extent_order, address_limit(r->mem_flags));

    if (mfn == MFN_INVALID)
        return -XEN_ENOMEM;
    if ((pfn != NO_PFN || guest_handle_gva(r->extent_start)) && write_extent(d, r, i, mfn) < 0) {
        give_extent(d, mfn, r->extent_order);
        return -XEN_EFAULT;
    }
    for (uint64_t n = 0; pfn != NO_PFN && n < 1ULL << r->extent_order; n++)
        m2p_set(mfn + n, pfn + n);
    return 0;
}

/* What is done with the i-th extent of a reservation. */
typedef int extent_fn(struct domain *d, const struct xen_memory_reservation *r, uint64_t i);

static int increase_extent(struct domain *d, const struct xen_memory_reservation *r, uint64_t i)
{
    return new_extent(d, r, i, NO_PFN);
}

static int populate_extent(struct domain *d, const struct xen_memory_reservation *r, uint64_t i)
{
    xen_pfn_t pfn;

    return read_extent(d, r, i, &pfn) < 0 ? -XEN_EFAULT : new_extent(d, r, i, pfn);
}

static int decrease_extent(struct domain *d, const struct xen_memory_reservation *r, uint64_t i)
{
    xen_pfn_t mfn;

    if (read_extent(d, r, i, &mfn) < 0)
        return -XEN_EFAULT;
    return give_extent(d, mfn, r->extent_order) ? 0 : -XEN_EINVAL;
}

/* fn for n extents from the first on, until it fails. Returns what the last one did. */
static int walk_extents(struct domain *d, const struct xen_memory_reservation *r, uint64_t first,
                        uint64_t n, extent_fn *fn, uint64_t *ret_done)
{
    int rc = 0;

    for (*ret_done = 0; *ret_done < n && rc == 0; *ret_done += rc == 0)
        rc = fn(d, r, first + *ret_done);
    return rc;
}

/* Extents done before one that fails count: the result is how many. */
static int64_t change_reservation(struct domain *d, gva_t arg, extent_fn *fn)
{
    struct xen_memory_reservation r;
    uint64_t done;

    if (!read_reservation(d, arg, &r) || r.extent_order > MAX_ORDER)
        return 0;
    walk_extents(d, &r, 0, r.nr_extents, fn, &done);
    return (int64_t)done;
}

static int64_t increase_reservation(struct domain *d, gva_t arg)
{
    return change_reservation(d, arg, increase_extent);
}

static int64_t populate_physmap(struct domain *d, gva_t arg)
{
    return change_reservation(d, arg, populate_extent);
}

static int64_t decrease_reservation(struct domain *d, gva_t arg)
{
    return change_reservation(d, arg, decrease_extent);
}

/* In chunks of one extent of the larger order: its frames go, the new ones come. */
static int exchange_chunk(struct domain *d, const struct xen_memory_exchange *x, uint64_t chunk,
                          unsigned int chunk_order)
{
    uint64_t nr_in = 1ULL << (chunk_order - x->in.extent_order);
    uint64_t nr_out = 1ULL << (chunk_order - x->out.extent_order), done;
    int rc = walk_extents(d, &x->in, chunk * nr_in, nr_in, decrease_extent, &done);

    if (rc < 0)
        return rc;
    return walk_extents(d, &x->out, chunk * nr_out, nr_out, populate_extent, &done);
}

static int check_exchange(struct domain *d, const struct xen_memory_exchange *x)
{
    if (!is_self(d, x->in.domid) || x->in.domid != x->out.domid)
        return -XEN_EPERM;
    if (x->in.extent_order > MAX_ORDER || x->out.extent_order > MAX_ORDER)
        return -XEN_EPERM;
    if (x->nr_exchanged > x->in.nr_extents || x->in.nr_extents > ~0ULL >> MAX_ORDER ||
        x->out.nr_extents > ~0ULL >> MAX_ORDER ||
        x->in.nr_extents << x->in.extent_order != x->out.nr_extents << x->out.extent_order)
        return -XEN_EINVAL;
    return 0;
}

static int read_exchange(struct domain *d, gva_t arg, struct xen_memory_exchange *ret)
{
    struct memory_exchange_32 n;

    if (!d->is_32bit)
        return copy_from_guest(ret, arg, sizeof(*ret));
    if (copy_from_guest(&n, arg, sizeof(n)) < 0)
        return -XEN_EFAULT;
    widen_reservation(&n.in, &ret->in);
    widen_reservation(&n.out, &ret->out);
    ret->nr_exchanged = n.nr_exchanged;
    return 0;
}

static int write_nr_exchanged(struct domain *d, gva_t arg, xen_ulong_t nr)
{
    uint32_t narrow = (uint32_t)nr;

    return d->is_32bit ? copy_to_guest(arg + offsetof(struct memory_exchange_32, nr_exchanged),
                                       &narrow, sizeof(narrow))
                       : copy_to_guest(arg + offsetof(struct xen_memory_exchange, nr_exchanged),
                                       &nr, sizeof(nr));
}

static int64_t exchange(struct domain *d, gva_t arg)
{
    struct xen_memory_exchange x;
    unsigned int order;
    uint64_t chunks, done, in_per_chunk;
    int rc;

    if (read_exchange(d, arg, &x) < 0)
        return -XEN_EFAULT;
    rc = check_exchange(d, &x);
    if (rc < 0)
        return rc;
    order = MAX(x.in.extent_order, x.out.extent_order);
    in_per_chunk = 1ULL << (order - x.in.extent_order);
    if (x.nr_exchanged % in_per_chunk || x.in.nr_extents % in_per_chunk)
        return -XEN_EINVAL;
    chunks = x.in.nr_extents / in_per_chunk;
    for (done = x.nr_exchanged / in_per_chunk; done < chunks && rc == 0; done += rc == 0)
        rc = exchange_chunk(d, &x, done, order);
    if (write_nr_exchanged(d, arg, done * in_per_chunk) < 0)
        return -XEN_EFAULT;
    return rc;
}

static int64_t maximum_ram_page(struct domain *d, gva_t arg)
{
    return (int64_t)frame_table_size - 1;
}

static int read_domid(struct domain *d, gva_t arg)
{
    struct xen_memory_domain md;

    if (copy_from_guest(&md, arg, sizeof(md)) < 0)
        return -XEN_EFAULT;
    return is_self(d, md.domid) ? 0 : -XEN_EPERM;
}

static int64_t current_reservation(struct domain *d, gva_t arg)
{
    int rc = read_domid(d, arg);

    return rc < 0 ? rc : (int64_t)d->nr_pages;
}

static int64_t maximum_reservation(struct domain *d, gva_t arg)
{
    int rc = read_domid(d, arg);

    return rc < 0 ? rc : (int64_t)d->max_pages;
}

static int64_t maximum_gpfn(struct domain *d, gva_t arg)
{
    const struct shared_info_32 *narrow = (const void *)d->shared_info;
    int rc = read_domid(d, arg);

    if (rc < 0)
        return rc;
    return (int64_t)(d->is_32bit ? narrow->arch.max_pfn : d->shared_info->arch.max_pfn) - 1;
}

/* The E820 map that Xen's toolstack gives a PV domain: RAM from 0 to maxmem, so there is room to
 * balloon up. */
static int64_t memory_map(struct domain *d, gva_t arg)
{
    struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) ram = { 0, d->max_pages << PAGE_SHIFT, 1 };
    struct memory_map_32 narrow;
    struct xen_memory_map map;

    if (d->is_32bit ? copy_from_guest(&narrow, arg, sizeof(narrow))
                    : copy_from_guest(&map, arg, sizeof(map)))
        return -XEN_EFAULT;
    if (d->is_32bit) {
        map.nr_entries = narrow.nr_entries;
        map.buffer.p = (void *)(uintptr_t)narrow.buffer;
    }
    if (map.nr_entries < 1)
        return -XEN_EINVAL;
    map.nr_entries = 1;
    if (copy_to_guest(guest_handle_gva(map.buffer), &ram, sizeof(ram)) < 0)
        return -XEN_EFAULT;
    return copy_to_guest(arg, &map.nr_entries,
                         sizeof(map.nr_entries)); /* which comes first in both */
}

static int64_t machphys_mapping(struct domain *d, gva_t arg)
{
    struct xen_machphys_mapping m = {
        .v_start = M2P_VA,
        .v_end = M2P_VA + m2p_size * sizeof(uint64_t),
        .max_mfn = m2p_size - 1,
    };
    uint64_t shown =
        MIN(m2p_size, (uint64_t)HV_COMPAT_SLOTS << (21 - 2)); /* 4-byte entries in 2 MiB slots */
    struct machphys_mapping_32 narrow = {
        .v_start = HV_COMPAT_VA,
        .v_end = (uint32_t)(HV_COMPAT_VA + shown * sizeof(uint32_t) - 1) + 1,
        .max_mfn = (uint32_t)shown - 1,
    };

    return d->is_32bit ? copy_to_guest(arg, &narrow, sizeof(narrow))
                       : copy_to_guest(arg, &m, sizeof(m));
}

/* The first frame of each 2 MiB of the M2P. Only a privileged domain could map it, so it is for
 * those who want to know its size. */
static int64_t machphys_mfn_list(struct domain *d, gva_t arg)
{
    struct machphys_mfn_list_32 narrow;
    struct xen_machphys_mfn_list l;
    struct xen_memory_reservation to = { 0 };
    uint64_t chunks = DIV_ROUND_UP(m2p_size * m2p_entry_size(), 1UL << 21);

    if (d->is_32bit ? copy_from_guest(&narrow, arg, sizeof(narrow))
                    : copy_from_guest(&l, arg, sizeof(l)))
        return -XEN_EFAULT;
    if (d->is_32bit) {
        l.max_extents = narrow.max_extents;
        l.extent_start.p = (void *)(uintptr_t)narrow.extent_start;
    }
    to.extent_start = l.extent_start;
    l.nr_extents = (unsigned int)MIN(chunks, l.max_extents);
    for (unsigned int i = 0; i < l.nr_extents; i++)
        if (write_extent(d, &to, i, m2p_frame((uint64_t)i << 21)) < 0)
            return -XEN_EFAULT;
    narrow.nr_extents = l.nr_extents;
    return d->is_32bit ? copy_to_guest(arg, &narrow, sizeof(narrow))
                       : copy_to_guest(arg, &l, sizeof(l));
}

static int64_t not_permitted(struct domain *d, gva_t arg)
{
    return -XEN_EPERM;
}

static memory_fn *const memory_ops[] = {
    [XENMEM_increase_reservation] = increase_reservation,
    [XENMEM_decrease_reservation] = decrease_reservation,
    [XENMEM_populate_physmap] = populate_physmap,
    [XENMEM_maximum_ram_page] = maximum_ram_page,
    [XENMEM_current_reservation] = current_reservation,
    [XENMEM_maximum_reservation] = maximum_reservation,
    [XENMEM_maximum_gpfn] = maximum_gpfn,
    [XENMEM_memory_map] = memory_map,
    [XENMEM_machine_memory_map] = not_permitted,
    [XENMEM_exchange] = exchange,
    [XENMEM_machphys_mapping] = machphys_mapping,
    [XENMEM_machphys_mfn_list] = machphys_mfn_list,
    [XENMEM_set_memory_map] = not_permitted,
    [XENMEM_set_pod_target] = not_permitted,
    [XENMEM_get_pod_target] = not_permitted,
};

int64_t hc_memory_op(struct vcpu *v, const uint64_t *a)
{
    uint64_t op = (uint32_t)a[0] & MEMOP_CMD_MASK;

    if (op >= ARRAY_SIZE(memory_ops) || !memory_ops[op])
        return -XEN_ENOSYS;
    return memory_ops[op](v->domain, a[1]);
}
