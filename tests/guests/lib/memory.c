/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames and page tables, by the rules Xen enforces: a page table is never mapped writable. */
#include "guest.h"

#define POOL_PAGES 192

shared_info_t *shared_info;

static char pool[POOL_PAGES][4096] __attribute__((aligned(4096)));
static unsigned int pool_used;
static unsigned long spare_used;

unsigned long pfn_to_mfn(unsigned long pfn)
{
    return ((const unsigned long *)start_info->mfn_list)[pfn];
}

unsigned long va_to_mfn(const void *va)
{
    return pfn_to_mfn(((unsigned long)va - VIRT_BASE) >> PAGE_SHIFT);
}

static void *mfn_to_va(unsigned long mfn)
{
    return (void *)(VIRT_BASE + (machine_to_phys_mapping[mfn] << PAGE_SHIFT));
}

void *page_alloc(void)
{
    if (pool_used == POOL_PAGES)
        error("the test uses more than %d pages", POOL_PAGES);
    return memset(pool[pool_used++], 0, PAGE_SIZE);
}

unsigned long pfn_spare(void)
{
    return start_info->nr_pages - ++spare_used;
}

void *frame_map(unsigned long mfn)
{
    void *va = page_alloc();

    if (update_va_mapping((unsigned long)va, (uint64_t)mfn << PAGE_SHIFT | PTE_ORDINARY,
                          UVMF_INVLPG))
        error("frame 0x%lx cannot be mapped", mfn);
    return va;
}

static unsigned int slot(const void *va, unsigned int level)
{
    return (unsigned int)((unsigned long)va >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

static pte_t *entry_of(const void *va, unsigned int level)
{
    pte_t *table = (pte_t *)start_info->pt_base;

    for (unsigned int l = LEVELS; l > level; l--) {
        pte_t e = table[slot(va, l)];

        if (!(e & PTE_P))
            return NULL;
        table = mfn_to_va((unsigned long)((e & PTE_ADDR) >> PAGE_SHIFT));
    }
    return &table[slot(va, level)];
}

pte_t pte_read(const void *va, unsigned int level)
{
    const pte_t *e = entry_of(va, level);

    return e ? *e : 0;
}

uint64_t pte_address(const void *va, unsigned int level)
{
    pte_t *e = entry_of(va, level);

    if (!e)
        error("no table of level %u for 0x%p", level, va);
    return ((uint64_t)va_to_mfn((void *)((unsigned long)e & PAGE_MASK)) << PAGE_SHIFT) |
           ((unsigned long)e & ~PAGE_MASK);
}

static void table_make(const void *va, unsigned int level)
{
    void *table = page_alloc();
    uint64_t mfn = va_to_mfn(table);
    pte_t flags = LEVELS == 3 && level == 2 ? PTE_P : PTE_ORDINARY | PTE_U;

    if (update_va_mapping((unsigned long)table, mfn << PAGE_SHIFT | PTE_P | PTE_A, UVMF_INVLPG) ||
        mmu_update_one(pte_address(va, level + 1), mfn << PAGE_SHIFT | flags))
        error("no page table of level %u for 0x%p", level, va);
}

void user_map(unsigned long va, unsigned long mfn, pte_t flags)
{
    for (unsigned int level = LEVELS - 1; level >= 1; level--)
        if (!(pte_read((void *)va, level + 1) & PTE_P))
            table_make((void *)va, level);
    if (update_va_mapping(va, (uint64_t)mfn << PAGE_SHIFT | PTE_P | PTE_U | PTE_A | PTE_D | flags,
                          UVMF_INVLPG))
        error("0x%lx cannot be mapped for users", va);
}

void memory_init(void)
{
    shared_info = frame_map(start_info->shared_info >> PAGE_SHIFT);
}
