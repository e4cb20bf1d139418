/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/layout.h"
#include "mm/layout.h"
#include "pv/elf.h"

#define MAPPED_ALIGN (4UL << 20)   /* the region ends on a 4 MiB boundary */
#define MIN_PADDING  (512UL << 10) /* and has this much to spare after the last element */

#define MAX_TABLES                                                                                 \
    (64UL << 20) /* more than the tables that map a region of 16 GiB, and alignment */

#define MAX_TABLES_32 (12UL << 20) /* the same for 4 GiB */

#define LOWER_HALF_END 0x0000800000000000UL

#define TABLE_SPAN(level) (PAGE_SIZE << 9 * (level)) /* bytes a table of that level maps */

static uint64_t pages_of(uint64_t bytes)
{
    return DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* Tables below the top one that map [from, to). */
static uint64_t tables_for(const struct kernel_image *k, uint64_t from, uint64_t to)
{
    unsigned int top = k->is_32bit ? 3 : 4;
    uint64_t n = 0;

    for (unsigned int level = 1; level < top; level++)
        n += (to - 1) / TABLE_SPAN(level) - from / TABLE_SPAN(level) + 1;
    /* A 32-bit guest's last GiB has an L2 in any case: hv's slots are in it. */
    if (k->is_32bit && to <= HV_COMPAT_L3_SLOT * TABLE_SPAN(2))
        n++;
    return n;
}

static struct pv_area take(pfn_t *next, uint64_t pages)
{
    struct pv_area a = { *next, pages };

    *next += pages;
    return a;
}

/* More tables may push the end over a boundary and need more tables: until it fits. */
static void place_tables(const struct kernel_image *k, pfn_t *next, struct pv_layout *l)
{
    uint64_t pages = 1, end;

    for (;;) {
        uint64_t need = (*next + pages + 1) * PAGE_SIZE + MIN_PADDING;
        uint64_t tables;

        end = ROUND_UP(k->virt_base + need, MAPPED_ALIGN);
        tables = 1 + tables_for(k, k->virt_base, end);
        if (tables <= pages)
            break;
        pages = tables;
    }
    l->tables = take(next, pages);
    l->stack = take(next, 1);
    l->mapped_end = (end - k->virt_base) / PAGE_SIZE;
}

/* Is [va, va + size) in one of the ranges that guests have? */
static bool fits(const struct kernel_image *k, uint64_t va, uint64_t size)
{
    uint64_t end = k->is_32bit           ? HV_COMPAT_VA
                   : va < LOWER_HALF_END ? LOWER_HALF_END
                                         : 0; /* 0: 2^64 */

    return size <= end - va;
}

const char *pv_layout_compute(const struct kernel_image *k, uint64_t ramdisk_bytes,
                              uint64_t nr_pages, struct pv_layout *ret)
{
    uint64_t p2m_bytes = nr_pages * (k->is_32bit ? sizeof(uint32_t) : sizeof(uint64_t));
    struct pv_layout l = { 0 };
    pfn_t next;

    if (ramdisk_bytes / PAGE_SIZE > nr_pages || (k->virt_end - k->virt_base) / PAGE_SIZE > nr_pages)
        return "memory is too small for the kernel and its ramdisk";
    l.kernel.pfn = (k->virt_start - k->virt_base) / PAGE_SIZE;
    l.kernel.pages = pages_of(k->virt_end - k->virt_base) - l.kernel.pfn;
    next = l.kernel.pfn + l.kernel.pages;
    if (!k->ramdisk_unmapped)
        l.ramdisk = take(&next, pages_of(ramdisk_bytes));
    if (!k->p2m_base)
        l.p2m = take(&next, pages_of(p2m_bytes));
    l.start_info = take(&next, 1);
    l.store = take(&next, 1);
    l.console = take(&next, 1);
    if (!fits(k, k->virt_base, next * PAGE_SIZE + (k->is_32bit ? MAX_TABLES_32 : MAX_TABLES)))
        return "the kernel's address range is too small for what it is given there";
    if (k->p2m_base && !fits(k, k->p2m_base, p2m_bytes))
        return "the P2M does not fit where the kernel wants it";
    place_tables(k, &next, &l);
    next = l.mapped_end;
    if (k->p2m_base) {
        l.p2m = take(&next, pages_of(p2m_bytes));
        l.p2m_tables = take(&next, tables_for(k, k->p2m_base, k->p2m_base + p2m_bytes));
    }
    if (k->ramdisk_unmapped)
        l.ramdisk = take(&next, pages_of(ramdisk_bytes));
    l.end = next;
    if (l.end > nr_pages)
        return "memory is too small for the kernel and its ramdisk";
    *ret = l;
    return NULL;
}
