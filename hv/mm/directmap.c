/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm/layout.h"
#include "alloc.h"

void *mfn_to_virt(mfn_t mfn)
{
    return (void *)(DIRECTMAP_VA + (mfn << PAGE_SHIFT));
}

paddr_t virt_to_paddr(const void *va)
{
    return (uintptr_t)va - DIRECTMAP_VA;
}
