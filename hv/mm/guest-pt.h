/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's page tables. They are its own: hv walks them, keeps its slots in their top tables,
 * and knows which frames serve as tables, since a PV kernel maps those read-only and yet writes to
 * some of them directly, trusting its hypervisor to let it happen.
 */
#pragma once

#include "mm/frames.h"
#include "mm/pagetable.h"
#include "types.h"

/* The entry that maps va at the given level of the table root; NULL: a level above is absent, a
 * large page, or no frame of the guest's. */
uint64_t *guest_pt_entry(mfn_t root, gva_t va, unsigned int level);

/* root and what hangs below becomes known as page tables; root is of the given level. An L4 gets
 * hv's slots, a 32-bit guest's L3 its rights, and the L2 of its last GiB hv's slots. */
void guest_pt_mark(mfn_t root, unsigned int level);
/* root alone is no page table any more. */
void guest_pt_unmark(mfn_t root);

/* A write to entry index of the guest's frame mfn: keeps the marks in step. 0, or -XEN_EINVAL for
 * one of hv's slots. */
int guest_pt_write(mfn_t mfn, unsigned int index, uint64_t val, bool preserve_ad);

/* After a page fault at va: true when an entry that hv must have in a 32-bit guest's top tables was
 * missing and is there again, so that the instruction is to be tried once more. */
bool guest_pt_repair(mfn_t root, gva_t va);

/* The kernel's write to va faulted on a read-only page. If that is a page table the write is
 * allowed from now on: true, and the instruction is to be tried again. */
bool guest_pt_unprotect(mfn_t root, gva_t va);
