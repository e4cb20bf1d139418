/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Split virtqueues, see virtq.h. Section numbers are those of virtio 1.2. */
#include "virtq.h"

#include "alloc.h"
#include "printk.h"
#include <xen/errno.h>

/* hv's own view of a descriptor. The table in shared memory is written and never read back. */
struct slot {
    void *cookie;  /* of the chain that starts here and is with the device; else NULL */
    uint16_t next; /* in the free list or in the chain */
    uint16_t nr;   /* descriptors in the chain that starts here */
};

struct virtq {
    struct virtq_desc *desc;
    struct virtq_avail *avail;
    struct virtq_used *used;
    uint16_t *used_event;        /* 2.7.10: interrupt me when used.idx passes this */
    const uint16_t *avail_event; /* 2.7.10: the device wants a kick when avail.idx passes this */
    struct slot *slots;
    uint16_t size;
    uint16_t nr_free, free_head;
    uint16_t nr_chains;  /* with the device */
    uint16_t avail_idx;  /* next to use; ahead of avail->idx until the kick */
    uint16_t last_used;  /* next of the used ring to look at */
    bool event_idx, cb_off, broken;
    uint64_t nr_kicks;
    struct virtq_owner owner;
    void *area; /* the shared memory's allocation */
};

static void mark_broken(struct virtq *q, const char *why)
{
    q->broken = true;
    q->owner.broken(q->owner.opaque, why);
}

/* Lays out the three areas in one block; alignments 16, 2 and 4 (2.7). */
static bool alloc_areas(struct virtq *q)
{
    size_t desc_size = sizeof(struct virtq_desc) * q->size;
    size_t avail_size = ROUND_UP(sizeof(struct virtq_avail) + 2 * (q->size + 1UL), 4);
    size_t used_size =
        sizeof(struct virtq_used) + sizeof(struct virtq_used_elem) * q->size + sizeof(uint16_t);
    uint8_t *p = kmalloc(desc_size + avail_size + used_size);

    if (!p)
        return false;
    q->area = p;
    q->desc = (void *)p;
    q->avail = (void *)(p + desc_size);
    q->used = (void *)(p + desc_size + avail_size);
    q->used_event = &q->avail->ring[q->size];
    q->avail_event = (const uint16_t *)(const void *)&q->used->ring[q->size];
    return true;
}

struct virtq *virtq_new(unsigned int size, bool event_idx, const struct virtq_owner *owner)
{
    struct virtq *q;

    ASSERT(size != 0 && size <= VIRTQ_MAX_SIZE && (size & (size - 1)) == 0);
    q = kmalloc(sizeof(*q));
    if (!q)
        return NULL;
    q->size = q->nr_free = size;
    q->event_idx = event_idx;
    q->owner = *owner;
    q->slots = kmalloc(sizeof(*q->slots) * size);
    if (!q->slots || !alloc_areas(q)) {
        virtq_free(q);
        return NULL;
    }
    for (unsigned int i = 0; i < size; i++)
        q->slots[i].next = i + 1; /* the last one's is never followed: nr_free says when to stop */
    return q;
}

void virtq_free(struct virtq *q)
{
    if (!q)
        return;
    kfree(q->area);
    kfree(q->slots);
    kfree(q);
}

struct virtq_desc *virtq_desc_area(struct virtq *q)
{
    return q->desc;
}

struct virtq_avail *virtq_avail_area(struct virtq *q)
{
    return q->avail;
}

struct virtq_used *virtq_used_area(struct virtq *q)
{
    return q->used;
}

unsigned int virtq_free_slots(const struct virtq *q)
{
    return q->nr_free;
}

unsigned int virtq_size(const struct virtq *q)
{
    return q->size;
}

/* Takes the next free descriptor for sg; returns its number. */
static uint16_t put_desc(struct virtq *q, const struct virtio_sg *sg, uint16_t flags)
{
    uint16_t i = q->free_head;

    q->desc[i] = (struct virtq_desc){
        .addr = sg->addr, .len = sg->len, .flags = flags, .next = q->slots[i].next
    };
    q->free_head = q->slots[i].next;
    return i;
}

int virtq_add(struct virtq *q, const struct virtio_sg *out, unsigned int nr_out,
              const struct virtio_sg *in, unsigned int nr_in, void *cookie)
{
    unsigned int nr = nr_out + nr_in;
    uint16_t head = q->free_head, last = head;

    ASSERT(nr != 0 && cookie);
    if (nr > q->nr_free)
        return -XEN_ENOSPC;
    /* 2.7.4.2: all that the device reads comes before all that it writes. */
    for (unsigned int i = 0; i < nr_out; i++)
        last = put_desc(q, &out[i], VIRTQ_DESC_F_NEXT);
    for (unsigned int i = 0; i < nr_in; i++)
        last = put_desc(q, &in[i], VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE);
    q->desc[last].flags &= ~VIRTQ_DESC_F_NEXT;

    q->nr_free -= nr;
    q->nr_chains++;
    q->slots[head].cookie = cookie;
    q->slots[head].nr = nr;
    q->avail->ring[q->avail_idx & (q->size - 1)] = head;
    q->avail_idx++;
    return 0;
}

void virtq_kick(struct virtq *q)
{
    uint16_t old = q->avail->idx, new = q->avail_idx;
    bool notify;

    if (old == new || q->broken)
        return;
    wmb(); /* 2.7.13.3: descriptors and ring entries before the index that shows them */
    WRITE_ONCE(q->avail->idx, new);
    mb(); /* 2.7.13.4.1: the index before reading whether the device wants to hear of it */
    if (q->event_idx)
        notify = (uint16_t)(new - READ_ONCE(*q->avail_event) - 1) < (uint16_t)(new - old);
    else
        notify = !(READ_ONCE(q->used->flags) & VIRTQ_USED_F_NO_NOTIFY);
    if (!notify)
        return;
    q->nr_kicks++;
    q->owner.notify(q->owner.opaque);
}

uint64_t virtq_kicks(const struct virtq *q)
{
    return q->nr_kicks;
}

bool virtq_pending(const struct virtq *q)
{
    return !q->broken && READ_ONCE(q->used->idx) != q->last_used;
}

/* Puts the descriptors of the chain at head back on the free list. */
static void free_chain(struct virtq *q, uint16_t head)
{
    uint16_t nr = q->slots[head].nr, last = head;

    for (uint16_t i = 1; i < nr; i++)
        last = q->slots[last].next;
    q->slots[last].next = q->free_head;
    q->slots[head].cookie = NULL;
    q->free_head = head;
    q->nr_free += nr;
    q->nr_chains--;
}

/* Asks for an interrupt at the next used entry. False: there is one already. */
static bool rearm(struct virtq *q)
{
    if (q->event_idx) {
        WRITE_ONCE(*q->used_event, q->last_used);
        mb(); /* 2.7.10.1: used_event before the last look at used.idx, or an entry goes unheard */
    }
    return !virtq_pending(q);
}

void *virtq_pop(struct virtq *q, uint32_t *ret_len)
{
    const struct virtq_used_elem *elem;
    uint32_t id;
    uint16_t ahead;
    void *cookie;

    if (q->broken || (!virtq_pending(q) && (q->cb_off || rearm(q))))
        return NULL;
    ahead = READ_ONCE(q->used->idx) - q->last_used;
    rmb(); /* 2.7.14: the index before the entry it shows */
    if (ahead > q->nr_chains) {
        mark_broken(q, "used index runs ahead");
        return NULL;
    }
    elem = &q->used->ring[q->last_used & (q->size - 1)];
    id = READ_ONCE(elem->id);
    if (id >= q->size || !q->slots[id].cookie) {
        mark_broken(q, "used entry names no chain");
        return NULL;
    }
    *ret_len = READ_ONCE(elem->len);
    cookie = q->slots[id].cookie;
    free_chain(q, id);
    q->last_used++;
    return cookie;
}

void virtq_disable_cb(struct virtq *q)
{
    q->cb_off = true;
    /* With event_idx an old used_event is as good as off: the index has passed it (2.7.7.1). */
    if (!q->event_idx)
        WRITE_ONCE(q->avail->flags, VIRTQ_AVAIL_F_NO_INTERRUPT);
}

bool virtq_enable_cb(struct virtq *q)
{
    q->cb_off = false;
    if (!q->event_idx) {
        WRITE_ONCE(q->avail->flags, 0);
        mb(); /* flags before the last look at used.idx */
    }
    return rearm(q);
}
