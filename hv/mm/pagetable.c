/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm/pagetable.h"
#include "boot/memory.h"
#include "cpu/asm.h"
#include "mm/compat.h"
#include "mm/m2p.h"
#include "mm/pagealloc.h"
#include "alloc.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

#define LARGE_PAGE (1UL << 21)

extern const char hv_text_start[], hv_rodata_start[], hv_data_start[], hv_image_end[];
extern uint64_t hv_directmap_l2[4 * PT_ENTRIES];

mfn_t m2p_size;
bool mm_compat;
uint64_t mm_compat_l2e[HV_COMPAT_SLOTS];

/* The table that entry points to, a new one if there is none yet; NULL: no memory. */
static uint64_t *table_below(uint64_t *entry)
{
    if (!(*entry & PTE_P)) {
        uint64_t *t = alloc_pages(0);

        if (!t)
            return NULL;
        *entry = virt_to_paddr(t) | PTE_P | PTE_RW;
    }
    ASSERT(!(*entry & PTE_PSE));
    return mfn_to_virt(pte_mfn(*entry));
}

static uint64_t *entry_at_level(uint64_t va, unsigned int level)
{
    uint64_t *t = hv_l4;

    for (unsigned int l = 4; t && l > level; l--)
        t = table_below(&t[pt_slot(va, l)]);
    return t ? &t[pt_slot(va, level)] : NULL;
}

/* At boot there is nothing to go back to. */
static void *must_have(void *p)
{
    if (!p)
        panic("no memory for hv's page tables");
    return p;
}

uint64_t *hv_pte(uint64_t va)
{
    return entry_at_level(va, 1);
}

int hv_map(uint64_t va, paddr_t pa, size_t size, uint64_t flags)
{
    for (size_t done = 0; done < size; done += PAGE_SIZE) {
        uint64_t *pte = hv_pte(va + done);

        if (!pte)
            return -XEN_ENOMEM;
        *pte = (pa + done) | flags | PTE_P;
    }
    return 0;
}

/* The image by 4 KiB pages, each part with its own rights. The L2 entry is replaced last, in one
 * go, since the code that does it runs there. */
static void map_image(void)
{
    static const struct {
        const char *start, *end;
        uint64_t flags;
    } parts[] = {
        { hv_text_start, hv_rodata_start, 0 },
        { hv_rodata_start, hv_data_start, PTE_NX },
        { hv_data_start, hv_image_end, PTE_RW | PTE_NX },
    };
    extern uint64_t hv_image_l1[PT_ENTRIES], hv_image_l2[PT_ENTRIES];

    if ((uintptr_t)hv_image_end - HV_IMAGE_VA > LARGE_PAGE)
        panic("hv's image is larger than its page table");
    for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
        for (const char *p = parts[i].start; p < parts[i].end; p += PAGE_SIZE)
            hv_image_l1[pt_slot((uintptr_t)p, 1)] =
                ((uintptr_t)p - HV_IMAGE_VA) | parts[i].flags | PTE_P;
    hv_image_l2[1] = 0;
    hv_image_l2[0] = ((uintptr_t)hv_image_l1 - HV_IMAGE_VA) | PTE_P | PTE_RW;
}

static bool range_has_ram(const struct boot_memory *mem, paddr_t start, paddr_t end)
{
    for (unsigned int i = 0; i < mem->nr_ram; i++)
        if (mem->ram[i].start << PAGE_SHIFT < end && mem->ram[i].end << PAGE_SHIFT > start)
            return true;
    return false;
}

static void map_directmap(const struct boot_memory *mem)
{
    paddr_t end = mem->ram[mem->nr_ram - 1].end << PAGE_SHIFT;

    if (end > HV_VA_END - DIRECTMAP_VA)
        panic("RAM beyond what the direct map can hold");
    for (paddr_t pa = 0; pa < MAX(end, 1UL << 32); pa += LARGE_PAGE) {
        bool ram = range_has_ram(mem, pa, pa + LARGE_PAGE);

        if (pa >> 32 && !ram)
            continue;
        *(uint64_t *)must_have(entry_at_level(DIRECTMAP_VA + pa, 2)) =
            ram ? pa | PTE_PSE | PTE_RW | PTE_NX | PTE_P : 0;
    }
}

/* A 64-bit guest's page of the M2P describes 2 MiB of machine memory, a 32-bit guest's 4 MiB. */
static void map_m2p(const struct boot_memory *mem)
{
    mfn_t per_page = PAGE_SIZE / m2p_entry_size();
    uint64_t *none = must_have(alloc_pages(0));

    memset(none, 0xff, PAGE_SIZE);
    m2p_size = ROUND_UP(mem->ram[mem->nr_ram - 1].end, per_page);
    for (mfn_t mfn = 0; mfn < m2p_size; mfn += per_page) {
        bool ram = range_has_ram(mem, mfn << PAGE_SHIFT, (mfn + per_page) << PAGE_SHIFT);
        uint64_t *page = none;

        if (ram) {
            page = pagealloc_early(PAGE_SIZE);
            memset(page, 0xff, PAGE_SIZE);
        }
        if (hv_map(M2P_VA + mfn * m2p_entry_size(), virt_to_paddr(page), PAGE_SIZE,
                   PTE_NX | (ram ? PTE_RW : 0)))
            panic("no memory for the machine-to-physical table");
    }
}

mfn_t m2p_frame(uint64_t offset)
{
    return pte_mfn(*hv_pte(M2P_VA + offset));
}

/* The same tables, read-only, in the L2 slots that a 32-bit guest leaves to hv. RAM beyond what
 * they can describe stays invisible there. */
static void fill_compat_slots(void)
{
    uint64_t used = DIV_ROUND_UP(m2p_size * m2p_entry_size(), LARGE_PAGE);

    for (unsigned int i = 0; i < MIN(used, HV_COMPAT_SLOTS); i++)
        mm_compat_l2e[i] = (*entry_at_level(M2P_VA + i * LARGE_PAGE, 2) & ~PTE_RW) | PTE_A;
}

/* Guests' L4 tables hold copies of hv's entries, so what is used later must have its table now. */
static void fill_slots(void)
{
    static const uint64_t areas[] = { M2P_VA, GDT_AREA_VA, IOREMAP_VA, HV_IMAGE_VA };

    for (unsigned int i = 0; i < ARRAY_SIZE(areas); i++)
        must_have(table_below(&hv_l4[pt_slot(areas[i], 4)]));
}

void pagetable_init(const struct boot_memory *mem)
{
    map_image();
    map_directmap(mem);
    fill_slots();
    map_m2p(mem);
    if (mm_compat)
        fill_compat_slots();
    hv_l4[0] = 0;
    write_cr3(read_cr3());
}

void *ioremap(paddr_t addr, size_t size)
{
    static uint64_t next_va = IOREMAP_VA;
    paddr_t start = addr & PAGE_MASK;
    size_t span = ROUND_UP(addr + size, PAGE_SIZE) - start;
    uint64_t va = next_va;

    next_va += span + PAGE_SIZE; /* a hole after each, to catch overruns */
    if (hv_map(va, start, span, PTE_RW | PTE_NX | PTE_PCD | PTE_PWT))
        return NULL; /* what was mapped stays unused */
    return (void *)(va + (addr - start));
}
