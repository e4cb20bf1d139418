/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The domain builder. Since machine frames may stand behind pseudo-physical ones in any order,
 * kernel and ramdisk are not copied: the frames in which QEMU put the boot file become the guest's
 * frames, page for page.
 */
#include "pv/builder.h"
#include "mm/frames.h"
#include "mm/guest-pt.h"
#include "mm/m2p.h"
#include "mm/pagetable.h"
#include "pv/elf.h"
#include "pv/hypercall.h"
#include "pv/layout.h"
#include "abi32.h"
#include "alloc.h"
#include "domain.h"
#include "evtchn.h"
#include "grant.h"
#include "printk.h"
#include "string.h"
#include <xen/grant_table.h>

struct builder {
    struct domain *domain;
    const struct kz_boot_header *header;
    mfn_t file_mfn;
    uint64_t file_pages;
    struct kernel_image kernel;
    struct pv_layout layout;
    mfn_t *p2m_frames; /* the frames of the guest's own P2M list, which is where the builder keeps
                          it */
    uint64_t pages_in_place;
};

static void *p2m_entry(struct builder *b, pfn_t pfn)
{
    unsigned int size = m2p_entry_size(), per_page = PAGE_SIZE / size;

    return (char *)mfn_to_virt(b->p2m_frames[pfn / per_page]) + pfn % per_page * size;
}

/* MFN_INVALID: none yet. */
static mfn_t p2m_get(struct builder *b, pfn_t pfn)
{
    const void *entry = p2m_entry(b, pfn);
    uint32_t narrow;

    if (!mm_compat)
        return *(const uint64_t *)entry;
    narrow = *(const uint32_t *)entry;
    return narrow == ~0U ? MFN_INVALID : narrow;
}

static void *page_of(struct builder *b, pfn_t pfn)
{
    return mfn_to_virt(p2m_get(b, pfn));
}

static void assign(struct builder *b, pfn_t pfn, mfn_t mfn)
{
    if (mm_compat)
        *(uint32_t *)p2m_entry(b, pfn) = (uint32_t)mfn;
    else
        *(uint64_t *)p2m_entry(b, pfn) = mfn;
    m2p_set(mfn, pfn);
    b->domain->nr_pages++;
}

static mfn_t take_frame(void)
{
    mfn_t mfn = frames_take();

    if (mfn == MFN_INVALID)
        panic("no frame left for the guest");
    return mfn;
}

static void assign_zeroed(struct builder *b, struct pv_area area)
{
    for (uint64_t i = 0; i < area.pages; i++) {
        assign(b, area.pfn + i, take_frame());
        memset(page_of(b, area.pfn + i), 0, PAGE_SIZE);
    }
}

/* The P2M describes its own frames, too. */
static void make_p2m(struct builder *b)
{
    struct pv_area *a = &b->layout.p2m;

    b->p2m_frames = kmalloc(a->pages * sizeof(mfn_t));
    if (!b->p2m_frames)
        panic("no memory to build the guest");
    for (uint64_t i = 0; i < a->pages; i++) {
        b->p2m_frames[i] = take_frame();
        memset(mfn_to_virt(b->p2m_frames[i]), 0xff, PAGE_SIZE);
    }
    for (uint64_t i = 0; i < a->pages; i++)
        assign(b, a->pfn + i, b->p2m_frames[i]);
}

/* The file's page at offset becomes pfn, unless it serves already. */
static bool assign_in_place(struct builder *b, pfn_t pfn, uint64_t offset)
{
    mfn_t mfn = b->file_mfn + (offset >> PAGE_SHIFT);

    if (frame_owner(mfn) != FRAME_NONE)
        return false;
    frame_set_owner(mfn, FRAME_GUEST);
    assign(b, pfn, mfn);
    b->pages_in_place++;
    return true;
}

/* One page of a segment: from is where its first byte of the page would be in the file. */
static void load_page(struct builder *b, const struct kernel_segment *s, uint64_t va,
                      const uint8_t *image)
{
    pfn_t pfn = (va - b->kernel.virt_base) >> PAGE_SHIFT;
    uint64_t start = MAX(va, s->va), file_end = MIN(va + PAGE_SIZE, s->va + s->filesz);
    bool fresh = p2m_get(b, pfn) == MFN_INVALID;
    uint64_t offset = b->header->kernel.offset + s->offset + (va - s->va);

    if (fresh && va >= s->va && file_end == va + PAGE_SIZE && offset % PAGE_SIZE == 0 &&
        assign_in_place(b, pfn, offset))
        return;
    if (fresh) {
        assign(b, pfn, take_frame());
        memset(page_of(b, pfn), 0, PAGE_SIZE);
    }
    if (start < file_end)
        memcpy((char *)page_of(b, pfn) + (start - va), image + s->offset + (start - s->va),
               file_end - start);
}

static void load_kernel(struct builder *b)
{
    const uint8_t *image = paddr_to_virt((b->file_mfn << PAGE_SHIFT) + b->header->kernel.offset);

    for (unsigned int i = 0; i < b->kernel.nr_segments; i++) {
        const struct kernel_segment *s = &b->kernel.segments[i];

        for (uint64_t va = s->va & PAGE_MASK; va < s->va + s->memsz; va += PAGE_SIZE)
            load_page(b, s, va, image);
    }
    if (b->kernel.hypercall_page)
        hypercall_page_fill(
            b->domain, page_of(b, (b->kernel.hypercall_page - b->kernel.virt_base) >> PAGE_SHIFT));
}

static void load_ramdisk(struct builder *b)
{
    struct pv_area *a = &b->layout.ramdisk;

    for (uint64_t i = 0; i < a->pages; i++)
        if (!assign_in_place(b, a->pfn + i, b->header->ramdisk.offset + i * PAGE_SIZE))
            panic("boot file: the ramdisk overlaps the kernel");
}

/* Page-table frames come from next on, one after the other. */
static uint64_t *table_for(struct builder *b, uint64_t *table, uint64_t va, unsigned int level,
                           pfn_t *next)
{
    uint64_t *entry = &table[pt_slot(va, level + 1)];

    if (!(*entry & PTE_P))
        *entry = p2m_get(b, (*next)++) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_U | PTE_A;
    return mfn_to_virt(pte_mfn(*entry));
}

static void map_pfns(struct builder *b, uint64_t va, pfn_t pfn, uint64_t pages, pfn_t *next)
{
    const struct pv_area *tables = &b->layout.tables;

    for (uint64_t i = 0; i < pages; i++, va += PAGE_SIZE, pfn++) {
        uint64_t *top = page_of(b, tables->pfn);
        uint64_t *l3 = mm_compat ? top : table_for(b, top, va, 3, next);
        uint64_t *l2 = table_for(b, l3, va, 2, next);
        uint64_t *l1 = table_for(b, l2, va, 1, next);
        bool is_table = pfn >= tables->pfn && pfn < tables->pfn + tables->pages;

        l1[pt_slot(va, 1)] =
            p2m_get(b, pfn) << PAGE_SHIFT | PTE_P | PTE_A | PTE_D | (is_table ? 0 : PTE_RW);
    }
}

static void build_tables(struct builder *b)
{
    pfn_t next = b->layout.tables.pfn + 1; /* after the L4 */
    pfn_t next_p2m = b->layout.p2m_tables.pfn;

    map_pfns(b, b->kernel.virt_base, 0, b->layout.mapped_end, &next);
    if (mm_compat) /* the L2 that hv's slots go into */
        table_for(b, page_of(b, b->layout.tables.pfn), HV_COMPAT_VA, 2, &next);
    if (b->kernel.p2m_base)
        map_pfns(b, b->kernel.p2m_base, b->layout.p2m.pfn, b->layout.p2m.pages, &next_p2m);
    guest_pt_mark(p2m_get(b, b->layout.tables.pfn), guest_top_level());
}

static gva_t va_of(const struct builder *b, struct pv_area a)
{
    return b->kernel.virt_base + (a.pfn << PAGE_SHIFT);
}

/* The page at a 32-bit guest's layout. */
static void narrow_start_info(void *page)
{
    struct start_info si;
    struct start_info_32 n = { .magic = "xen-3.0-x86_32p" };

    memcpy(&si, page, sizeof(si));
    n.nr_pages = (uint32_t)si.nr_pages;
    n.shared_info = (uint32_t)si.shared_info;
    n.flags = si.flags;
    n.store_mfn = (uint32_t)si.store_mfn;
    n.store_evtchn = si.store_evtchn;
    n.console_mfn = (uint32_t)si.console.domU.mfn;
    n.console_evtchn = si.console.domU.evtchn;
    n.pt_base = (uint32_t)si.pt_base;
    n.nr_pt_frames = (uint32_t)si.nr_pt_frames;
    n.mfn_list = (uint32_t)si.mfn_list;
    n.mod_start = (uint32_t)si.mod_start;
    n.mod_len = (uint32_t)si.mod_len;
    memcpy(n.cmd_line, si.cmd_line, sizeof(n.cmd_line));
    n.first_p2m_pfn = (uint32_t)si.first_p2m_pfn;
    n.nr_p2m_frames = (uint32_t)si.nr_p2m_frames;
    memset(page, 0, PAGE_SIZE);
    memcpy(page, &n, sizeof(n));
}

static void fill_start_info(struct builder *b, const struct pv_start *start)
{
    const struct kz_boot_header *h = b->header;
    const struct pv_layout *l = &b->layout;
    struct start_info *si = page_of(b, l->start_info.pfn);

    memcpy(si->magic, "xen-3.0-x86_64", sizeof("xen-3.0-x86_64"));
    si->nr_pages = h->nr_pages;
    si->shared_info = b->domain->shared_info_mfn << PAGE_SHIFT;
    si->flags = SIF_VIRT_P2M_4TOOLS; /* nobody outside looks for the P2M */
    si->store_mfn = p2m_get(b, l->store.pfn);
    si->store_evtchn = start->store_port;
    si->console.domU.mfn = p2m_get(b, l->console.pfn);
    si->console.domU.evtchn = start->console_port;
    si->pt_base = va_of(b, l->tables);
    si->nr_pt_frames = l->tables.pages;
    si->mfn_list = b->kernel.p2m_base ? b->kernel.p2m_base : va_of(b, l->p2m);
    if (b->kernel.p2m_base) {
        si->first_p2m_pfn = l->p2m.pfn;
        si->nr_p2m_frames = l->p2m.pages + l->p2m_tables.pages;
    }
    if (h->ramdisk.size) {
        si->mod_len = h->ramdisk.size;
        si->mod_start = b->kernel.ramdisk_unmapped ? l->ramdisk.pfn : va_of(b, l->ramdisk);
        if (b->kernel.ramdisk_unmapped)
            si->flags |= SIF_MOD_START_PFN;
    }
    memcpy(si->cmd_line, paddr_to_virt((b->file_mfn << PAGE_SHIFT) + h->cmdline.offset),
           h->cmdline.size);
    if (mm_compat)
        narrow_start_info(si);
}

static void make_ports(struct builder *b, struct pv_start *start)
{
    struct domain *d = b->domain;

    if (evtchn_alloc_for_guest(d, &start->store_port) < 0 ||
        evtchn_alloc_for_guest(d, &start->console_port) < 0)
        panic("no event channels for the store and the console");
    start->store_ring = page_of(b, b->layout.store.pfn);
    start->console_ring = page_of(b, b->layout.console.pfn);
    grant_set_reserved(d, GNTTAB_RESERVED_XENSTORE, p2m_get(b, b->layout.store.pfn));
    grant_set_reserved(d, GNTTAB_RESERVED_CONSOLE, p2m_get(b, b->layout.console.pfn));
}

/* What of the boot file did not become the guest's in place is free RAM. */
static void recycle_file(struct builder *b)
{
    for (uint64_t i = 0; i < b->file_pages; i++)
        if (frame_owner(b->file_mfn + i) == FRAME_NONE)
            frames_add(b->file_mfn + i);
}

static void assign_rest(struct builder *b, uint64_t nr_pages)
{
    for (pfn_t pfn = 0; pfn < nr_pages; pfn++)
        if (p2m_get(b, pfn) == MFN_INVALID)
            assign(b, pfn, take_frame());
}

void pv_build(struct domain *d, mfn_t file_mfn, uint64_t file_size, struct pv_start *ret)
{
    const struct kz_boot_header *h = mfn_to_virt(file_mfn);
    struct builder b = { .domain = d,
                         .header = h,
                         .file_mfn = file_mfn,
                         .file_pages = DIV_ROUND_UP(file_size, PAGE_SIZE) };
    const struct pv_layout *l = &b.layout;
    uint64_t nr_pages = h->nr_pages;
    const char *error;

    error = kernel_image_parse(paddr_to_virt((file_mfn << PAGE_SHIFT) + h->kernel.offset),
                               h->kernel.size, &b.kernel);
    if (!error)
        error = pv_layout_compute(&b.kernel, h->ramdisk.size, nr_pages, &b.layout);
    if (error)
        panic("guest kernel: %s", error);
    ASSERT(b.kernel.is_32bit == mm_compat);

    make_p2m(&b);
    load_kernel(&b);
    load_ramdisk(&b);
    assign_zeroed(&b, l->start_info);
    assign_zeroed(&b, l->store);
    assign_zeroed(&b, l->console);
    assign_zeroed(&b, l->tables);
    assign_zeroed(&b, l->stack);
    assign_zeroed(&b, l->p2m_tables);
    make_ports(&b, ret);
    fill_start_info(&b, ret);
    recycle_file(&b); /* h is gone */
    assign_rest(&b, nr_pages);
    build_tables(&b);

    ret->entry = b.kernel.entry;
    ret->start_info = va_of(&b, l->start_info);
    ret->stack_top = va_of(&b, l->stack) + PAGE_SIZE;
    ret->cr3_mfn = p2m_get(&b, l->tables.pfn);
    printk(LOG_INFO, "guest: %lu pages, %lu of them the boot file's; entry 0x%lx", nr_pages,
           b.pages_in_place, ret->entry);
    kfree(b.p2m_frames);
}
