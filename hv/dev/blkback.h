/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of the block back end: blkback.c is the front end's nodes and rings, blkback-disk.c the
 * machine's disk, blkback-io.c the requests, blkback-segs.c their pages.
 */
#pragma once

#include "backend.h"
#include "backring.h"
#include "blkif-abi.h"
#include "irq.h"
#include "virtio/virtio-blk.h"
#include "virtio.h"

struct domain;

/* A request takes at most this many pages; what blkif.h calls indirect segments. */
#define BLK_MAX_SEGMENTS   256U
#define BLK_MAX_RING_ORDER 2U
/* Linux's front end asks for 4 unless it is told otherwise. */
#define BLK_MAX_QUEUES 4U

/* What a request has the device do, one after the other. */
enum {
    STEP_PRE_FLUSH = 1 << 0,
    STEP_DATA = 1 << 1,
    STEP_DISCARD = 1 << 2, /* repeated until all of a long range is done */
    STEP_POST_FLUSH = 1 << 3,
};

/* One for each ring entry. The first three are read and written by the device. */
struct blk_request {
    struct virtio_blk_header header;
    struct virtio_blk_discard discard;
    uint8_t status;

    bool busy;
    bool to_guest; /* the device writes to the guest's pages */
    uint8_t operation;
    uint8_t steps; /* still to do; the lowest bit is with the device */
    uint64_t id;
    uint64_t sector, nr_sectors; /* in 512 bytes; of a discard: what is left */
    uint32_t *refs;              /* grants in use */
    unsigned int nr_refs, max_refs;
    struct blk_request *next; /* free list */
};

/* Facts about the disk, from the device and the store. */
struct blk_disk {
    uint64_t capacity; /* in 512 bytes */
    uint32_t sector_size, physical_sector_size;
    uint32_t discard_granularity, max_discard; /* in bytes; in 512 bytes */
    unsigned int max_segments;
    bool read_only, cdrom, removable, can_flush, can_discard;
};

struct blkback;

/* One ring of the front end on one queue of the device. Served by its own softirq, beside all else:
 * what is in here only that touches while the front end is connected. */
struct blk_queue {
    struct blkback *bb;
    struct virtq *vq;
    struct backring ring;
    uint32_t port;
    bool bound;
    struct softirq work;
    const struct vcpu *vcpu; /* where the device's interrupt comes to */
    struct blk_request *requests, *free;
    unsigned int in_flight;
    struct blk_request *exclusive; /* nothing is taken from the ring until this one is done */
    unsigned int nr_data;          /* entries of sg the request being built has, the header's not
                                      counted */
    uint64_t nr_done, nr_errors;
    struct ring_counters counted; /* but for what the device's queue counts */

    /* Scratch of the request being built, too big for the stack. sg: header, data, status. */
    struct virtio_sg sg[BLK_MAX_SEGMENTS + 2];
    struct blkif_request_segment segs[BLK_MAX_SEGMENTS];
};

struct blkback {
    struct backend_dev *dev;
    struct domain *domain;
    struct virtio_dev *vd;
    struct blk_disk disk;
    unsigned int max_queues;

    /* While connected. */
    bool connected;
    const struct blkif_abi *abi;
    unsigned int nr_queues;
    struct blk_queue *queue[BLK_MAX_QUEUES]; /* the first one is there from probe() on */

    const char *trouble; /* why a queue stopped; trouble_work sees to it under the big lock */
    struct softirq trouble_work;
};

/* blkback-disk.c; errors have been said. */
/* Starts the machine's disk with that many queues, whose interrupts are spread over the vCPUs. 0 or
 * -XEN_E*; undone by blk_disk_stop() in any case. */
int blk_disk_start(struct blkback *bb, unsigned int nr_queues, uint64_t *ret_features);
/* From here on it touches no page of the guest, and no queue runs. */
void blk_disk_stop(struct blkback *bb);
/* Fills bb->disk from a started device. 0 or -XEN_ENODEV. */
int blk_disk_read(struct blkback *bb, uint64_t features);
void blk_disk_read_capacity(struct blkback *bb);
int blk_disk_write_features(struct blkback *bb);
int blk_disk_write_properties(struct blkback *bb);
/* The image grew or shrank under the guest, or is another. opaque: bb. */
void blk_disk_changed(void *opaque);

/* blkback-io.c */
int blk_io_start(struct blk_queue *q); /* -XEN_ENOMEM */
/* Gives every grant back; the device must have been reset. */
void blk_io_stop(struct blk_queue *q);
/* Both directions: what the device finished and what the guest asks for. */
void blk_io_run(void *opaque);

/* blkback-segs.c */
/* Grants the pages of op and fills q->sg[1..nr_data], neighbours merged. BLKIF_RSP_*; after an
 * error nothing is held. */
int blk_map_segments(struct blk_queue *q, struct blk_request *req, const struct blkif_op *op);
void blk_unmap_segments(struct blk_queue *q, struct blk_request *req);
