/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Grant tables v1 and v2 (grant_table.h): the guest's hypercalls, and mapping by hv's own back
 * ends. */
#pragma once

#include "types.h"

struct domain;
struct vcpu;

int grant_init(struct domain *d);

/* GNTTABOP_* by number. Returns 0, a positive continuation is never exposed, or -XEN_E*. */
int64_t do_grant_table_op(struct vcpu *v, uint32_t cmd, gva_t uop, uint32_t count);

/* Fills an entry hv makes itself (console and store ring, GNTTAB_RESERVED_*). */
void grant_set_reserved(struct domain *d, uint32_t ref, mfn_t mfn);

/* A back end's use of a frame granted to domain 0. write: the device will write to it.
 * Returns 0 and the frame, or GNTST_* (negative, as in grant_table.h). Each success is paired with
 * grant_end(), which clears GTF_reading/GTF_writing when the last user is gone.
 * Sub-page and transitive v2 grants give their page and the byte range allowed. */
struct grant_frame {
    mfn_t mfn;
    uint16_t offset; /* of the bytes that may be touched, 0 unless sub-page */
    uint16_t length; /* PAGE_SIZE unless sub-page */
};
int grant_begin(struct domain *d, uint32_t ref, bool write, struct grant_frame *ret);
void grant_end(struct domain *d, uint32_t ref, bool write);
/* Many at once, ret[i] for refs[i]. Returns how many were begun: when fewer than nr, the next one
 * may not be used. */
unsigned int grant_begin_many(struct domain *d, const uint32_t *refs, unsigned int nr, bool write,
                              struct grant_frame *ret);
void grant_end_many(struct domain *d, const uint32_t *refs, unsigned int nr, bool write);
