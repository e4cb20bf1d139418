/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kmalloc: blocks of a few sizes, many to a page; bigger ones take whole pages. A page's tag in the
 * page allocator says which size its blocks have, so blocks need no header.
 *
 * A page of blocks keeps its bookkeeping in its own first block-sized part.
 */
#include "mm/pagealloc.h"
#include "alloc.h"
#include "lock.h"
#include "printk.h"
#include "string.h"

static const uint16_t class_size[] = { 16,  32,  48,  64,  96,   128,  192,
                                       256, 336, 448, 672, 1008, 1344, 2032 };

#define NR_CLASSES ARRAY_SIZE(class_size)

/* Tags of the page allocator: class + 1, or for whole pages TAG_PAGES + order on the first of
 * them. */
#define TAG_PAGES 0x40

struct free_block {
    struct free_block *next;
};

/* At the start of a page of blocks; the blocks follow, aligned to 16. */
struct slab {
    struct slab *next, *prev; /* pages of the class that have free blocks */
    struct free_block *free;
    uint16_t nr_used, nr_blocks;
};

#define SLAB_HEADER ROUND_UP(sizeof(struct slab), 16)

_Static_assert(SLAB_HEADER == 32, "two blocks of 2032 bytes fit behind the header");

static struct spinlock lock; /* of the pages of blocks */
static struct slab *partial[NR_CLASSES];

static void list_add(unsigned int class, struct slab *s)
{
    s->prev = NULL;
    s->next = partial[class];
    if (s->next)
        s->next->prev = s;
    partial[class] = s;
}

static void list_remove(unsigned int class, struct slab *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        partial[class] = s->next;
    if (s->next)
        s->next->prev = s->prev;
}

static struct slab *slab_new(unsigned int class)
{
    struct slab *s = alloc_pages(0);
    char *block;

    if (!s)
        return NULL;
    pagealloc_set_tag(s, (uint8_t)(class + 1));
    s->nr_blocks = (uint16_t)((PAGE_SIZE - SLAB_HEADER) / class_size[class]);
    block = (char *)s + SLAB_HEADER;
    for (unsigned int i = 0; i < s->nr_blocks; i++, block += class_size[class]) {
        struct free_block *f = (struct free_block *)(void *)block;

        f->next = s->free;
        s->free = f;
    }
    list_add(class, s);
    return s;
}

static void *alloc_block(unsigned int class)
{
    struct free_block *f;
    struct slab *s;

    LOCK_SCOPE(&lock);
    s = partial[class] ? partial[class] : slab_new(class);
    if (!s)
        return NULL;
    f = s->free;
    s->free = f->next;
    s->nr_used++;
    if (!s->free)
        list_remove(class, s);
    return memset(f, 0, class_size[class]);
}

static unsigned int order_of(size_t size)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < size)
        order++;
    return order;
}

void *kmalloc(size_t size)
{
    void *p;

    for (unsigned int class = 0; class < NR_CLASSES; class ++)
        if (size <= class_size[class])
            return alloc_block(class);
    if (size > 1UL << 30)
        return NULL;
    p = alloc_pages(order_of(size));
    if (p)
        pagealloc_set_tag(p, (uint8_t)(TAG_PAGES + order_of(size)));
    return p;
}

/* How many bytes p has room for. */
static size_t block_room(const void *p)
{
    uint8_t tag = pagealloc_get_tag(p);

    ASSERT(tag != 0);
    return tag < TAG_PAGES ? class_size[tag - 1] : PAGE_SIZE << (tag - TAG_PAGES);
}

void kfree(void *p)
{
    struct slab *s = (struct slab *)((uintptr_t)p & PAGE_MASK);
    struct free_block *f = p;
    uint8_t tag;

    if (!p)
        return;
    tag = pagealloc_get_tag(p);
    ASSERT(tag != 0);
    if (tag >= TAG_PAGES) {
        free_pages(p, tag - TAG_PAGES);
        return;
    }
    LOCK_SCOPE(&lock);
    if (!s->free)
        list_add(tag - 1, s);
    f->next = s->free;
    s->free = f;
    if (--s->nr_used == 0) {
        list_remove(tag - 1, s);
        free_pages(s, 0);
    }
}

void *krealloc(void *p, size_t size)
{
    size_t room = p ? block_room(p) : 0;
    void *bigger;

    if (p && size <= room && (size > room / 2 || room == class_size[0]))
        return p;
    bigger = kmalloc(size);
    if (!bigger)
        return NULL;
    if (p) {
        memcpy(bigger, p, MIN(room, size));
        kfree(p);
    }
    return bigger;
}
