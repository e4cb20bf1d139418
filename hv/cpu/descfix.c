/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled on the host for its test. */
#include "cpu/desc.h"

/* SDM 3A 3.4.5, bits of the whole descriptor. */
#define DESC_S         (1ULL << 44) /* code or data */
#define DESC_DPL_SHIFT 45
#define DESC_DPL       (3ULL << DESC_DPL_SHIFT)
#define DESC_P         (1ULL << 47)
#define DESC_L         (1ULL << 53)

#define GUEST_KERNEL_LEVEL 1ULL

bool desc_fix(uint64_t *desc, bool is_32bit)
{
    if (!(*desc & DESC_P))
        return true;
    if (!(*desc & DESC_S) || (is_32bit && (*desc & DESC_L))) {
        *desc &= ~DESC_P;
        return false;
    }
    /* A conforming segment of level 1 could be entered by users without leaving their level:
     * harmless. */
    if ((*desc & DESC_DPL) >> DESC_DPL_SHIFT < GUEST_KERNEL_LEVEL)
        *desc = (*desc & ~DESC_DPL) | GUEST_KERNEL_LEVEL << DESC_DPL_SHIFT;
    return true;
}
