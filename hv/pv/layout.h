/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the parts of a new guest go in its pseudo-physical memory (xen.h "Start-of-day memory
 * layout"). Pure arithmetic, tested on the host.
 */
#pragma once

#include "types.h"

struct kernel_image;

struct pv_area {
    pfn_t pfn;
    uint64_t pages;
};

struct pv_layout {
    struct pv_area kernel, ramdisk, p2m, p2m_tables, start_info, store, console, tables, stack;
    pfn_t
        mapped_end; /* pfns 0 .. mapped_end-1 are mapped from virt_base on; 4 MiB aligned address */
    pfn_t end;      /* first pfn with nothing of the builder's in it */
};

/* Returns NULL, or why there is no room. */
const char *pv_layout_compute(const struct kernel_image *k, uint64_t ramdisk_bytes,
                              uint64_t nr_pages, struct pv_layout *ret);
