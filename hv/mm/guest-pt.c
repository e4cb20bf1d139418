/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm/guest-pt.h"
#include "cpu/asm.h"
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

static bool is_hv_slot(unsigned int level, unsigned int index)
{
    return level == 4 && index >= HV_SLOT_FIRST && index <= HV_SLOT_LAST;
}

static void insert_hv_slots(uint64_t *l4)
{
    memcpy(&l4[HV_SLOT_FIRST], &hv_l4[HV_SLOT_FIRST],
           (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * sizeof(uint64_t));
}

/* Below a frame that is marked already everything is: tables are marked when they are hung into a
 * marked one. */
void guest_pt_mark(mfn_t root, unsigned int level)
{
    uint64_t *table = mfn_to_virt(root);

    if (!is_table_frame(root) || frame_level(root) >= level)
        return;
    frame_set_level(root, level);
    if (level == 4)
        insert_hv_slots(table);
    if (level == 1)
        return;
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        if ((table[i] & PTE_P) && !(table[i] & PTE_PSE) && !is_hv_slot(level, i))
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

    if (is_hv_slot(level, index))
        return -XEN_EINVAL;
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

bool guest_pt_unprotect(mfn_t root, gva_t va)
{
    uint64_t *entry = guest_pt_entry(root, va, 1);

    if (!entry || !(*entry & PTE_P) || (*entry & PTE_U) || !frame_level(pte_mfn(*entry)))
        return false;
    *entry |= PTE_RW;
    invlpg(va);
    return true;
}
