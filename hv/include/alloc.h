/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hv's own memory. Pages come from the machine's RAM that was kept back from the guest; the heap is
 * built on them. Both return NULL when hv's share is used up: callers that serve a guest answer
 * -XEN_ENOMEM.
 */
#pragma once

#include "types.h"

/* 2^order physically contiguous zeroed pages as an hv virtual address, or NULL. */
void *alloc_pages(unsigned int order);
void free_pages(void *va, unsigned int order);

/* Heap blocks, zeroed, 16-byte aligned. kfree(NULL) is a no-op. krealloc keeps the contents. */
void *kmalloc(size_t size);
void *krealloc(void *p, size_t size);
void kfree(void *p);

/* Direct map: every RAM frame and every page hv allocates. Not for MMIO. */
void *mfn_to_virt(mfn_t mfn);
paddr_t virt_to_paddr(const void *va); /* for direct-map addresses only */
static inline void *paddr_to_virt(paddr_t addr)
{
    return (char *)mfn_to_virt(addr >> PAGE_SHIFT) + (addr & ~PAGE_MASK);
}
static inline mfn_t virt_to_mfn(const void *va)
{
    return virt_to_paddr(va) >> PAGE_SHIFT;
}

/* Maps size bytes of device memory uncached for hv; never undone. NULL: no memory for page
 * tables. */
void *ioremap(paddr_t addr, size_t size);
