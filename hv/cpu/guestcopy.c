/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"
#include "mm/layout.h"
#include <xen/errno.h>

size_t guest_copy(void *dst, const void *src, size_t n);
size_t guest_clear(void *dst, size_t n);

#define LOWER_HALF_END 0x0000800000000000

/* Canonical and not hv's own: what the guest's page tables may describe. */
static bool range_ok(gva_t va, size_t n)
{
    gva_t end = va + n;

    if (end < va && end != 0)
        return false;
    return va >= HV_VA_END || (va < LOWER_HALF_END && n <= LOWER_HALF_END - va);
}

int copy_from_guest(void *dst, gva_t src, size_t n)
{
    return range_ok(src, n) && guest_copy(dst, (const void *)src, n) == 0 ? 0 : -XEN_EFAULT;
}

int copy_to_guest(gva_t dst, const void *src, size_t n)
{
    return range_ok(dst, n) && guest_copy((void *)dst, src, n) == 0 ? 0 : -XEN_EFAULT;
}

int clear_guest(gva_t dst, size_t n)
{
    return range_ok(dst, n) && guest_clear((void *)dst, n) == 0 ? 0 : -XEN_EFAULT;
}
