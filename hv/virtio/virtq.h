/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Split virtqueues (virtio 1.2 2.7), driver side. Knows nothing of PCI, so it is tested on the
 * host. What the device writes is checked: a wrong one costs its owner the device, never hv.
 */
#pragma once

#include "virtio.h"

#define VIRTQ_MAX_SIZE 32768 /* 2.7 */

/* What the three areas look like in memory: 2.7.5, 2.7.6, 2.7.8. */
struct virtq_desc {
    uint64_t addr;
    uint32_t len;
    uint16_t flags;
    uint16_t next;
};
#define VIRTQ_DESC_F_NEXT  1
#define VIRTQ_DESC_F_WRITE 2

struct virtq_avail {
    uint16_t flags;
    uint16_t idx;
    uint16_t ring[]; /* then used_event */
};
#define VIRTQ_AVAIL_F_NO_INTERRUPT 1

struct virtq_used_elem {
    uint32_t id;
    uint32_t len;
};

struct virtq_used {
    uint16_t flags;
    uint16_t idx;
    struct virtq_used_elem ring[]; /* then avail_event */
};
#define VIRTQ_USED_F_NO_NOTIFY 1

_Static_assert(sizeof(struct virtq_desc) == 16, "2.7.5");
_Static_assert(offsetof(struct virtq_avail, ring) == 4, "2.7.6");
_Static_assert(offsetof(struct virtq_used, ring) == 4, "2.7.8");
_Static_assert(sizeof(struct virtq_used_elem) == 8, "2.7.8");

struct virtq_owner {
    void (*notify)(void *opaque); /* tells the device to look */
    /* The device broke the protocol; called once. */
    void (*broken)(void *opaque, const char *why);
    void *opaque;
};

struct virtq *virtq_new(unsigned int size, bool event_idx, const struct virtq_owner *owner);
void virtq_free(struct virtq *q);

/* The areas, for the transport to tell the device. */
struct virtq_desc *virtq_desc_area(struct virtq *q);
struct virtq_avail *virtq_avail_area(struct virtq *q);
struct virtq_used *virtq_used_area(struct virtq *q);

/* Has the device put something there that virtq_pop() has not returned yet? */
bool virtq_pending(const struct virtq *q);
