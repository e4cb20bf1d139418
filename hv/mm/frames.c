/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm/frames.h"
#include "mm/compat.h"
#include "mm/m2p.h"
#include "alloc.h"
#include "domain.h"
#include "printk.h"
#include "string.h"

uint8_t *frame_table;
mfn_t frame_table_size;

static uint64_t free_count;
static mfn_t next_fit; /* where the search for a free frame goes on */

void frames_reset(void)
{
    free_count = next_fit = 0;
}

void frames_add(mfn_t mfn)
{
    frame_set_owner(mfn, FRAME_FREE);
    free_count++;
}

uint64_t frames_free_count(void)
{
    return free_count;
}

mfn_t frames_take(void)
{
    const uint8_t *hit;

    if (free_count == 0)
        return MFN_INVALID;
    hit = memchr(frame_table + next_fit, FRAME_FREE, frame_table_size - next_fit);
    if (!hit)
        hit = memchr(frame_table, FRAME_FREE, next_fit);
    ASSERT(hit);
    next_fit = (mfn_t)(hit - frame_table);
    frame_set_owner(next_fit, FRAME_GUEST);
    free_count--;
    return next_fit;
}

static bool run_is_free(mfn_t mfn, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (frame_table[mfn + i] != FRAME_FREE)
            return false;
    return true;
}

mfn_t frames_take_order(unsigned int order, mfn_t max_mfn)
{
    uint64_t n = 1ULL << order;
    mfn_t end = MIN(max_mfn, frame_table_size);

    if (order == 0 && max_mfn >= frame_table_size)
        return frames_take();
    if (free_count < n)
        return MFN_INVALID;
    for (mfn_t mfn = 0; mfn + n <= end; mfn += n) {
        if (!run_is_free(mfn, n))
            continue;
        for (uint64_t i = 0; i < n; i++)
            frame_set_owner(mfn + i, FRAME_GUEST);
        free_count -= n;
        return mfn;
    }
    return MFN_INVALID;
}

void frames_give(mfn_t mfn)
{
    ASSERT(frame_owner(mfn) == FRAME_GUEST);
    frames_add(mfn);
    if (mfn < next_fit)
        next_fit = mfn;
}

bool mfn_is_guest_ram(struct domain *d, mfn_t mfn)
{
    return frame_owner(mfn) == FRAME_GUEST;
}

bool mfn_is_guest_writable(struct domain *d, mfn_t mfn)
{
    return frame_owner(mfn) == FRAME_GUEST && frame_level(mfn) != guest_top_level();
}

mfn_t domain_alloc_frame(struct domain *d)
{
    mfn_t mfn;

    if (d->nr_pages >= d->max_pages)
        return MFN_INVALID;
    mfn = frames_take();
    if (mfn != MFN_INVALID)
        d->nr_pages++;
    return mfn;
}

/* Cleared: whoever gets the frame next must not see what was in it. */
void domain_free_frame(struct domain *d, mfn_t mfn)
{
    memset(mfn_to_virt(mfn), 0, PAGE_SIZE);
    m2p_set(mfn, INVALID_M2P_ENTRY);
    frames_give(mfn);
    d->nr_pages--;
}

void *domain_alloc_shared(struct domain *d, mfn_t *ret_mfn)
{
    void *page = alloc_pages(0);

    if (!page)
        return NULL;
    *ret_mfn = virt_to_mfn(page);
    frame_set_owner(*ret_mfn, FRAME_SHARED);
    return page;
}
