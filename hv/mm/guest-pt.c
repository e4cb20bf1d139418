/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm/guest-pt.h"
#include "cpu/asm.h"
#include "mm/compat.h"
#include "alloc.h"
#include "string.h"
#include <xen/errno.h>

static bool is_table_frame(mfn_t mfn)
{
    return frame_owner(mfn) == FRAME_GUEST;
}

uint64_t *guest_pt_entry(mfn_t root, gva_t va, unsigned int level)
{
    mfn_t mfn = root;

    for (unsigned int l = 4;; l--) {
        uint64_t *entry;

        if (!is_table_frame(mfn) && mfn != root)
            return NULL;
        entry = (uint64_t *)mfn_to_virt(mfn) + pt_slot(va, l);
        if (l == level)
            return entry;
        if (!(*entry & PTE_P) || (l <= 3 && (*entry & PTE_PSE)))
            return NULL;
        mfn = pte_mfn(*entry);
    }
}

#define PAE_SLOTS 4 /* entries of a 32-bit guest's L3 */

static bool is_hv_slot(mfn_t mfn, unsigned int level, unsigned int index)
{
    if (!mm_compat)
        return level == 4 && index >= HV_SLOT_FIRST && index <= HV_SLOT_LAST;
    /* The last GiB's table has hv's slots, so it cannot be exchanged; xen does not let it,
     * either. */
    return (level == 3 && index >= HV_COMPAT_L3_SLOT) ||
           (index >= HV_COMPAT_SLOT_FIRST && frame_is_l2_top(mfn));
}

static void insert_hv_slots(uint64_t *l4)
{
    memcpy(&l4[HV_SLOT_FIRST], &hv_l4[HV_SLOT_FIRST],
           (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * sizeof(uint64_t));
}

static void insert_compat_slots(uint64_t *l2)
{
    memcpy(&l2[HV_COMPAT_SLOT_FIRST], mm_compat_l2e, sizeof(mm_compat_l2e));
}

/* The L2 of the last GiB, which may be known as an L2 already. */
static void mark_l2_top(mfn_t mfn)
{
    if (!is_table_frame(mfn) || frame_is_l2_top(mfn))
        return;
    insert_compat_slots(mfn_to_virt(mfn));
    guest_pt_mark(mfn, 2);
    frame_set_level(mfn, FRAME_L2_TOP);
}

/* PAE's top entries have no rights in them; as an L3 of the 4-level tables they must give all. The
 * rest of the page is not the guest's to fill: it need not be 0, but is read by the CPU. */
static uint64_t widen_l3e(uint64_t entry)
{
    return entry & PTE_P ? entry | PTE_RW | PTE_U : entry;
}

static void mark_l3_compat(uint64_t *table)
{
    for (unsigned int i = 0; i < PAE_SLOTS; i++) {
        if (!(table[i] & PTE_P))
            continue;
        table[i] = widen_l3e(table[i]);
        if (i == HV_COMPAT_L3_SLOT)
            mark_l2_top(pte_mfn(table[i]));
        else
            guest_pt_mark(pte_mfn(table[i]), 2);
    }
    memset(&table[PAE_SLOTS], 0, PAGE_SIZE - PAE_SLOTS * sizeof(table[0]));
}

/* Below a frame that is marked already everything is: tables are marked when they are hung into a
 * marked one. */
void guest_pt_mark(mfn_t root, unsigned int level)
{
    uint64_t *table = mfn_to_virt(root);

    if (!is_table_frame(root) || frame_level(root) >= level)
        return;
    frame_set_level(root, level);
    if (mm_compat && level == 3) {
        mark_l3_compat(table);
        return;
    }
    if (level == 4)
        insert_hv_slots(table);
    if (level == 1)
        return;
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        if ((table[i] & PTE_P) && !(table[i] & PTE_PSE) && !is_hv_slot(root, level, i))
            guest_pt_mark(pte_mfn(table[i]), level - 1);
}

void guest_pt_unmark(mfn_t root)
{
    if (is_table_frame(root))
        frame_set_level(root, 0);
}

int guest_pt_write(mfn_t mfn, unsigned int index, uint64_t val, bool preserve_ad)
{
    uint64_t *entry = (uint64_t *)mfn_to_virt(mfn) + index;
    unsigned int level = frame_level(mfn);

    if (is_hv_slot(mfn, level, index))
        return -XEN_EINVAL;
    if (mm_compat && level == 3)
        val = widen_l3e(val);
    if (val & PTE_P) {
        mfn_t target = pte_mfn(val);

        if (level >= 2 && !(val & PTE_PSE))
            guest_pt_mark(target, level - 1);
        else if ((val & PTE_RW) && frame_level(target) && is_table_frame(target))
            guest_pt_unmark(target); /* what may be written freely is no page table */
    }
    if (preserve_ad)
        val |= *entry & (PTE_A | PTE_D);
    WRITE_ONCE(*entry, val);
    return 0;
}

/* Repairs what a 32-bit guest did to its top tables behind hv's back. */
bool guest_pt_repair(mfn_t root, gva_t va)
{
    uint64_t *l3e = guest_pt_entry(root, va, 3), *l2e;

    if (!mm_compat || !l3e || !(*l3e & PTE_P))
        return false;
    if ((*l3e & (PTE_RW | PTE_U)) != (PTE_RW | PTE_U)) {
        *l3e = widen_l3e(*l3e);
        return true;
    }
    l2e = guest_pt_entry(root, va, 2);
    if (va < HV_COMPAT_VA || !l2e || *l2e == mm_compat_l2e[pt_slot(va, 2) - HV_COMPAT_SLOT_FIRST])
        return false;
    insert_compat_slots((uint64_t *)((uintptr_t)l2e & PAGE_MASK));
    mark_l2_top(pte_mfn(*l3e));
    return true;
}

bool guest_pt_unprotect(mfn_t root, gva_t va)
{
    uint64_t *entry = guest_pt_entry(root, va, 1);

    if (!entry || !(*entry & PTE_P) || (*entry & PTE_U) || !frame_level(pte_mfn(*entry)))
        return false;
    *entry |= PTE_RW;
    invlpg(va);
    return true;
}
