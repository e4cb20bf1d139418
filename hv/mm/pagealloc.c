/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mm/pagealloc.h"
#include "mm/frames.h"
#include "alloc.h"
#include "lock.h"
#include "printk.h"
#include "string.h"

/* A page's byte: free, or in use with the heap's tag in the low bits. */
#define PAGE_FREE   0
#define PAGE_IN_USE 0x80

static struct {
    struct spinlock lock; /* once other CPUs run; a page's tag is its owner's */
    mfn_t base;
    uint64_t nr;
    uint64_t nr_free;
    uint64_t next_fit; /* first-fit search starts here: pages below are in use */
    uint8_t *state;
} pool;

void *pagealloc_early(size_t size)
{
    uint64_t pages = DIV_ROUND_UP(size, PAGE_SIZE);

    if (pages > pool.nr_free)
        panic("hv's share of memory is too small: %lu pages wanted, %lu left", pages, pool.nr_free);
    pool.nr -= pages;
    pool.nr_free -= pages;
    return mfn_to_virt(pool.base + pool.nr);
}

void pagealloc_init(mfn_t base, uint64_t nr)
{
    pool.base = base;
    pool.nr = pool.nr_free = nr;
    pool.next_fit = 0;
    pool.state = pagealloc_early(nr);
    memset(pool.state, PAGE_FREE, pool.nr);
}

uint64_t pagealloc_free_count(void)
{
    return pool.nr_free;
}

static bool run_is_free(uint64_t at, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (pool.state[at + i] != PAGE_FREE)
            return false;
    return true;
}

/* A run of n pages, as a number; pool.nr: there is none. */
static uint64_t take_run(uint64_t n)
{
    /* Aligned as physical addresses are: devices ask for it. */
    uint64_t at;

    LOCK_SCOPE(&pool.lock);
    at = ROUND_UP(pool.base + pool.next_fit, n) - pool.base;
    while (at + n <= pool.nr && !run_is_free(at, n))
        at += n;
    if (at + n > pool.nr)
        return pool.nr;
    memset(pool.state + at, PAGE_IN_USE, n);
    pool.nr_free -= n;
    if (n == 1)
        pool.next_fit = at + 1;
    return at;
}

void *alloc_pages(unsigned int order)
{
    uint64_t n = 1ULL << order, at = take_run(n);
    void *va;

    if (at == pool.nr)
        return NULL;
    va = mfn_to_virt(pool.base + at);
    memset(va, 0, n * PAGE_SIZE);
    return va;
}

void free_pages(void *va, unsigned int order)
{
    uint64_t at = virt_to_mfn(va) - pool.base, n = 1ULL << order;

    LOCK_SCOPE(&pool.lock);
    ASSERT(at + n <= pool.nr && pool.state[at] != PAGE_FREE);
    for (uint64_t i = 0; i < n; i++)
        frame_set_owner(pool.base + at + i, FRAME_HV);
    memset(pool.state + at, PAGE_FREE, n);
    pool.nr_free += n;
    pool.next_fit = MIN(pool.next_fit, at);
}

uint8_t pagealloc_get_tag(const void *va)
{
    return pool.state[virt_to_mfn(va) - pool.base] & (PAGE_IN_USE - 1);
}

void pagealloc_set_tag(const void *va, uint8_t tag)
{
    pool.state[virt_to_mfn(va) - pool.base] = PAGE_IN_USE | tag;
}
