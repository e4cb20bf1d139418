/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* hv's page pool: one run of frames, one byte of bookkeeping each. alloc.h is what others use. */
#pragma once

#include "types.h"

/* The pool is nr frames from base on; all must be in the boot-time direct map (below 4 GiB). */
void pagealloc_init(mfn_t base, uint64_t nr);

/* size bytes that are never given back, page-aligned, not zeroed, from the pool's end. Panics when
 * there are not enough: hv cannot start without. */
void *pagealloc_early(size_t size);

uint64_t pagealloc_free_count(void);

/* The heap's mark on a page of the pool (mm/heap.c): 0 for none. */
uint8_t pagealloc_get_tag(const void *va);
void pagealloc_set_tag(const void *va, uint8_t tag);
