/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv's image lies at 1 MiB, its page pool right behind it; the guest gets all other RAM. The pool
 * is what the machine has beyond max_pages, so it is libkxl that decides how much hv may use
 * (docs/hv-memory-layout.md).
 */
#include "boot/memory.h"
#include "mm/frames.h"
#include "mm/m2p.h"
#include "mm/pagealloc.h"
#include "mm/pagetable.h"
#include "alloc.h"
#include "printk.h"
#include "string.h"
#include <xen/arch-x86/hvm/start_info.h>

/* Low memory that hv keeps: frame 0, because an mfn of 0 means "none" in many places of the ABI,
 * and one page where secondary CPUs can start. */
#define LOW_RESERVED_FRAMES 2
#define LOW_MEMORY_FRAMES   (0x100000 >> PAGE_SHIFT)

extern const char hv_image_end[];

static mfn_t image_end_mfn(void)
{
    return ((uintptr_t)hv_image_end - HV_IMAGE_VA) >> PAGE_SHIFT;
}

static void add_range(struct boot_memory *mem, mfn_t start, mfn_t end)
{
    unsigned int at = mem->nr_ram;

    if (start >= end)
        return;
    if (mem->nr_ram == BOOT_MAX_RANGES)
        panic("the memory map has more than %u RAM ranges", BOOT_MAX_RANGES);
    for (; at > 0 && mem->ram[at - 1].start > start; at--)
        mem->ram[at] = mem->ram[at - 1];
    mem->ram[at] = (struct boot_range){ .start = start, .end = end };
    mem->nr_ram++;
}

void boot_memory_read(struct boot_memory *mem, const struct hvm_start_info *si)
{
    const struct hvm_memmap_table_entry *map = paddr_to_virt(si->memmap_paddr);

    if (si->version < 1 || si->memmap_entries == 0)
        panic("PVH start info has no memory map");
    for (uint32_t i = 0; i < si->memmap_entries; i++)
        if (map[i].type == XEN_HVM_MEMMAP_TYPE_RAM)
            add_range(mem, (map[i].addr + PAGE_SIZE - 1) >> PAGE_SHIFT,
                      (map[i].addr + map[i].size) >> PAGE_SHIFT);
    if (mem->nr_ram == 0)
        panic("PVH memory map has no RAM");
}

uint64_t boot_memory_frames(const struct boot_memory *mem)
{
    uint64_t n = 0;

    for (unsigned int i = 0; i < mem->nr_ram; i++)
        n += mem->ram[i].end - mem->ram[i].start;
    return n;
}

/* The range that hv's image is in. */
static const struct boot_range *image_range(const struct boot_memory *mem)
{
    for (unsigned int i = 0; i < mem->nr_ram; i++)
        if (mem->ram[i].start <= LOW_MEMORY_FRAMES && mem->ram[i].end > image_end_mfn())
            return &mem->ram[i];
    panic("no RAM at hv's own place");
}

static uint64_t pool_frames(const struct boot_memory *mem, uint64_t max_pages)
{
    uint64_t total = boot_memory_frames(mem);
    uint64_t kept = LOW_RESERVED_FRAMES + image_end_mfn() - LOW_MEMORY_FRAMES;
    mfn_t limit = image_range(mem)->end;

    if (mem->file.start >= image_end_mfn() && mem->file.start < limit)
        limit = mem->file.start;
    if (total < max_pages + kept)
        panic("machine of %lu pages is too small for a guest of %lu", total, max_pages);
    return MIN(total - max_pages - kept, limit - image_end_mfn());
}

static void share_out(const struct boot_memory *mem, mfn_t pool_end)
{
    for (unsigned int i = 0; i < mem->nr_ram; i++)
        for (mfn_t mfn = mem->ram[i].start; mfn < mem->ram[i].end; mfn++) {
            if (mfn < LOW_RESERVED_FRAMES || (mfn >= LOW_MEMORY_FRAMES && mfn < pool_end))
                frame_set_owner(mfn, FRAME_HV);
            else if (mfn < mem->file.start || mfn >= mem->file.end)
                frames_add(mfn);
        }
}

void boot_memory_init(const struct boot_memory *mem, uint64_t max_pages)
{
    uint64_t pool = pool_frames(mem, max_pages);
    mfn_t pool_end = image_end_mfn() + pool;

    pagealloc_init(image_end_mfn(), pool);
    frame_table_size = mem->ram[mem->nr_ram - 1].end;
    frame_table = pagealloc_early(frame_table_size);
    memset(frame_table, FRAME_NONE, frame_table_size);
    frames_reset();
    pagetable_init(mem);
    share_out(mem, pool_end);
    printk(LOG_INFO, "memory: %lu KiB of RAM, %lu KiB hv's, %lu KiB of these free",
           boot_memory_frames(mem) * 4, pool_end * 4 - LOW_MEMORY_FRAMES * 4,
           pagealloc_free_count() * 4);
}
