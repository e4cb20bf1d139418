/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The back end's half of a shared ring (io/ring.h), with what its macros lack: rings of several
 * frames that need not be contiguous, entry sizes known only at run time (the x86-32 and x86-64
 * layouts), and indices checked. Entries are copied, so that the guest cannot change what was
 * looked at.
 */
#pragma once

#include "types.h"

struct domain;

#define BACKRING_MAX_PAGES 16

struct backring {
    struct domain *domain;
    uint8_t *page[BACKRING_MAX_PAGES];
    uint32_t ref[BACKRING_MAX_PAGES];
    unsigned int nr_pages; /* 0: not mapped */
    uint32_t entry_size;
    uint32_t nr_entries; /* a power of two */
    uint32_t req_cons, rsp_prod;
    uint32_t rsp_shown; /* rsp_prod at the last backring_push() */
};

/* Takes the frames granted by refs. A ring that is in use already goes on where its responses end.
 * 0, -XEN_EINVAL (no such grant) or -XEN_E2BIG. */
int backring_map(struct backring *r, struct domain *d, const uint32_t *refs, unsigned int nr,
                 uint32_t entry_size);
/* Gives them back. Harmless when not mapped. */
void backring_unmap(struct backring *r);

/* Requests that may be looked at: those from req_cons on. -XEN_EINVAL: the guest's index is
 * nonsense. */
int backring_unconsumed(const struct backring *r, uint32_t *ret_nr);
/* Copies the first len bytes of the request at index. */
void backring_get(const struct backring *r, uint32_t index, void *buf, size_t len);
/* Fills the response at index, which the guest sees after backring_push(). */
void backring_put(struct backring *r, uint32_t index, const void *buf, size_t len);
/* Shows the guest the responses up to rsp_prod; true: it wants an event. */
bool backring_push(struct backring *r);
/* Asks for an event when there are nr requests (1: the next one). True: they are there already. */
bool backring_final_check(struct backring *r, uint32_t nr);
