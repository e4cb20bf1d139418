/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one way to the guest's memory by its linear address: checked for range, wrap and presence, so
 * a bad pointer costs the guest an -XEN_EFAULT. Copy once, then validate the copy (no double
 * fetch).
 */
#pragma once

#include "types.h"

/* Return 0 or -XEN_EFAULT. n may be 0. Uses the current page table; hv's own area is refused. */
int copy_from_guest(void *dst, gva_t src, size_t n);
int copy_to_guest(gva_t dst, const void *src, size_t n);
int clear_guest(gva_t dst, size_t n);

/* The L1 entry of a linear address in v's page table, in the direct map; NULL: there is no L1 table
 * for it, a large page, or hv's own area. Whoever writes to it flushes. */
struct vcpu;
uint64_t *guest_l1e(struct vcpu *v, gva_t va);
/* After entries were changed or removed: the TLBs that v's domain uses. */
void guest_flush_tlb(struct vcpu *v);

/* For XEN_GUEST_HANDLE(type) members of hypercall structs. */
#define guest_handle_gva(h)       ((gva_t)(uintptr_t)(h).p)
