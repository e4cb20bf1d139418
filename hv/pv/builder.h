/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes the guest's memory image from the boot file. */
#pragma once

#include "kanzen-abi.h"
#include "types.h"

struct domain;

struct pv_start {
    gva_t entry, start_info, stack_top;
    mfn_t cr3_mfn;
    void *store_ring, *console_ring;
    uint32_t store_port, console_port;
};

/* The boot file's frames become the guest's: in place where they can be, free otherwise; nothing of
 * the file may be used afterwards. Panics when the guest cannot be built: there is nothing else to
 * do. */
void pv_build(struct domain *d, mfn_t file_mfn, uint64_t file_size, struct pv_start *ret);
