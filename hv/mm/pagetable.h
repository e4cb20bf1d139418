/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Page-table entries, and hv's own mappings. */
#pragma once

#include "mm/layout.h"
#include "types.h"

#define PTE_P    (1ULL << 0)
#define PTE_RW   (1ULL << 1)
#define PTE_U    (1ULL << 2)
#define PTE_PWT  (1ULL << 3)
#define PTE_PCD  (1ULL << 4)
#define PTE_A    (1ULL << 5)
#define PTE_D    (1ULL << 6)
#define PTE_PSE  (1ULL << 7)
#define PTE_NX   (1ULL << 63)
#define PTE_ADDR 0x000ffffffffff000ULL

#define PT_ENTRIES 512

static inline unsigned int pt_slot(uint64_t va, unsigned int level)
{
    return va >> (PAGE_SHIFT + 9 * (level - 1)) & (PT_ENTRIES - 1);
}

static inline mfn_t pte_mfn(uint64_t pte)
{
    return (pte & PTE_ADDR) >> PAGE_SHIFT;
}

/* hv's own top table; the slots HV_SLOT_FIRST..HV_SLOT_LAST are in every guest's L4 as well. They
 * are complete and never change once pagetable_init() has run. */
extern uint64_t hv_l4[PT_ENTRIES];
static inline paddr_t hv_l4_paddr(void)
{
    return (uintptr_t)hv_l4 - HV_IMAGE_VA;
}

/* Narrows the boot tables: text, constants and data get their own rights, the direct map and the
 * M2P cover exactly the RAM, and the identity mapping goes. */
struct boot_memory;
void pagetable_init(const struct boot_memory *mem);

/* Maps size bytes of physical memory at va for hv (page-aligned); flags: PTE_* besides PTE_P.
 * -XEN_ENOMEM. */
int hv_map(uint64_t va, paddr_t pa, size_t size, uint64_t flags);
/* The L1 entry of one of hv's own addresses; its tables are made when missing. NULL: no memory for
 * them. */
uint64_t *hv_pte(uint64_t va);
