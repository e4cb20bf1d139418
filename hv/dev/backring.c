/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared rings, see backring.h. */
#include "backring.h"

#include "alloc.h"
#include "grant.h"
#include "string.h"
#include <xen/errno.h>

/* struct NAME_sring of io/ring.h: four indices, then the entries from byte 64 on. */
struct sring {
    uint32_t req_prod, req_event;
    uint32_t rsp_prod, rsp_event;
    uint8_t pad[48];
};
_Static_assert(sizeof(struct sring) == 64, "io/ring.h DEFINE_RING_TYPES");

static volatile struct sring *shared(const struct backring *r)
{
    return (volatile struct sring *)(void *)r->page[0];
}

int backring_map(struct backring *r, struct domain *d, const uint32_t *refs, unsigned int nr,
                 uint32_t entry_size)
{
    uint32_t requests;

    if (nr == 0 || nr > BACKRING_MAX_PAGES)
        return -XEN_E2BIG;
    *r = (struct backring){ .domain = d, .entry_size = entry_size };
    for (unsigned int i = 0; i < nr; i++) {
        struct grant_frame frame;

        if (grant_begin(d, refs[i], true, &frame)) {
            backring_unmap(r);
            return -XEN_EINVAL;
        }
        r->page[i] = mfn_to_virt(frame.mfn);
        r->ref[i] = refs[i];
        r->nr_pages++;
        if (frame.length != PAGE_SIZE) {
            backring_unmap(r);
            return -XEN_EINVAL;
        }
    }
    r->nr_entries = 1;
    while (r->nr_entries * 2 * entry_size <= nr * PAGE_SIZE - sizeof(struct sring))
        r->nr_entries *= 2;
    r->rsp_shown = r->rsp_prod = r->req_cons = shared(r)->rsp_prod;
    if (backring_unconsumed(r, &requests)) {
        backring_unmap(r);
        return -XEN_EINVAL;
    }
    return 0;
}

void backring_unmap(struct backring *r)
{
    while (r->nr_pages > 0)
        grant_end(r->domain, r->ref[--r->nr_pages], true);
}

int backring_unconsumed(const struct backring *r, uint32_t *ret_nr)
{
    uint32_t prod = shared(r)->req_prod;

    /* The guest reuses an entry only when it has seen the response in it. This also bounds what it
     * can make hv look at before the next push. */
    if (prod - r->rsp_shown > r->nr_entries || prod - r->rsp_shown < r->req_cons - r->rsp_shown)
        return -XEN_EINVAL;
    rmb(); /* req_prod before the requests it shows; pairs with the front end's wmb() in
              RING_PUSH_REQUESTS */
    *ret_nr = prod - r->req_cons;
    return 0;
}

/* The piece of entry index, byte offset done, that lies in one frame. */
static uint8_t *piece(const struct backring *r, uint32_t index, size_t done, size_t *len)
{
    size_t at = sizeof(struct sring) + (size_t)(index & (r->nr_entries - 1)) * r->entry_size + done;

    *len = MIN(*len, PAGE_SIZE - at % PAGE_SIZE);
    return r->page[at / PAGE_SIZE] + at % PAGE_SIZE;
}

void backring_get(const struct backring *r, uint32_t index, void *buf, size_t len)
{
    for (size_t done = 0, n; done < len; done += n) {
        const uint8_t *from;

        n = len - done;
        from = piece(r, index, done, &n);
        memcpy((uint8_t *)buf + done, from, n);
    }
    barrier(); /* from here on only the copy counts: the compiler must not read the ring again */
}

void backring_put(struct backring *r, uint32_t index, const void *buf, size_t len)
{
    for (size_t done = 0, n; done < len; done += n) {
        uint8_t *to;

        n = len - done;
        to = piece(r, index, done, &n);
        memcpy(to, (const uint8_t *)buf + done, n);
    }
}

bool backring_push(struct backring *r)
{
    uint32_t old = r->rsp_shown, new = r->rsp_prod;

    r->rsp_shown = new;
    wmb(); /* responses before the index that shows them */
    shared(r)->rsp_prod = new;
    mb(); /* the index before reading whether the guest waits for it */
    return new - shared(r)->rsp_event < new - old;
}

bool backring_final_check(struct backring *r, uint32_t nr)
{
    if (shared(r)->req_prod - r->req_cons >= nr)
        return true;
    shared(r)->req_event = r->req_cons + nr;
    mb(); /* req_event before the last look at req_prod, or a request goes unheard */
    return shared(r)->req_prod - r->req_cons >= nr;
}
