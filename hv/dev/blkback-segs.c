/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the segments of a block request to the guest frames the device works on. */
#include "blkback.h"

#include "alloc.h"
#include "grant.h"
#include "string.h"

static bool reserve_refs(struct blk_request *req, unsigned int nr)
{
    uint32_t *refs;

    if (nr <= req->max_refs)
        return true;
    /* Most front ends never go beyond the direct segments. */
    nr = MAX(nr, (unsigned int)BLKIF_MAX_SEGMENTS_PER_REQUEST);
    refs = krealloc(req->refs, nr * sizeof(*refs));
    if (!refs)
        return false;
    req->refs = refs;
    req->max_refs = nr;
    return true;
}

/* Copies the segments out of the pages an indirect request names, so that they cannot change any
 * more. */
static bool copy_indirect(struct blk_queue *q, const struct blkif_op *op)
{
    for (unsigned int done = 0, page = 0, n; done < op->nr_segments; done += n, page++) {
        struct grant_frame frame;
        size_t size;
        bool fits;

        n = MIN(op->nr_segments - done, (unsigned int)BLKIF_SEGS_PER_PAGE);
        size = n * sizeof(q->segs[0]);
        if (grant_begin(q->bb->domain, op->indirect_gref[page], false, &frame))
            return false;
        fits = frame.offset == 0 && size <= frame.length;
        if (fits)
            memcpy(q->segs + done, mfn_to_virt(frame.mfn), size);
        grant_end(q->bb->domain, op->indirect_gref[page], false);
        if (!fits)
            return false;
    }
    return true;
}

static bool copy_segments(struct blk_queue *q, const struct blkif_op *op)
{
    if (op->indirect)
        return copy_indirect(q, op);
    memcpy(q->segs, op->seg, op->nr_segments * sizeof(op->seg[0]));
    return true;
}

/* Are the segments within their pages and all of them on the disk? */
static bool check_range(const struct blk_queue *q, struct blk_request *req, unsigned int nr)
{
    unsigned int sectors_per_page = PAGE_SIZE / q->bb->disk.sector_size;
    unsigned int shift = __builtin_ctz(q->bb->disk.sector_size) - VIRTIO_BLK_SECTOR_SHIFT;
    uint64_t sectors = 0;

    for (unsigned int i = 0; i < nr; i++) {
        const struct blkif_request_segment *seg = &q->segs[i];

        if (seg->first_sect > seg->last_sect || seg->last_sect >= sectors_per_page)
            return false;
        sectors += seg->last_sect - seg->first_sect + 1U;
    }
    req->nr_sectors = sectors << shift;
    return req->sector <= q->bb->disk.capacity &&
           req->nr_sectors <= q->bb->disk.capacity - req->sector;
}

/* The next piece of memory; joined to the one before when it follows it. */
static void add_sg(struct blk_queue *q, paddr_t addr, uint32_t len)
{
    struct virtio_sg *last = &q->sg[q->nr_data];

    if (q->nr_data > 0 && last->addr + last->len == addr) {
        last->len += len;
        return;
    }
    q->sg[++q->nr_data] = (struct virtio_sg){ .addr = addr, .len = len };
}

/* Grants at a time: what fits the stack. */
#define BATCH 32U

/* Segments first to first + nr - 1 of the request. */
static bool map_batch(struct blk_queue *q, struct blk_request *req, unsigned int first,
                      unsigned int nr)
{
    struct grant_frame frames[BATCH];
    uint32_t *refs = req->refs + first;
    unsigned int got;

    for (unsigned int i = 0; i < nr; i++)
        refs[i] = q->segs[first + i].gref;
    got = grant_begin_many(q->bb->domain, refs, nr, req->to_guest, frames);
    req->nr_refs += got;
    for (unsigned int i = 0; i < got; i++) {
        const struct blkif_request_segment *seg = &q->segs[first + i];
        uint32_t start = seg->first_sect * q->bb->disk.sector_size;
        uint32_t end = (seg->last_sect + 1U) * q->bb->disk.sector_size;

        if (start < frames[i].offset || end > (uint32_t)frames[i].offset + frames[i].length)
            return false;
        add_sg(q, (frames[i].mfn << PAGE_SHIFT) + start, end - start);
    }
    return got == nr;
}

void blk_unmap_segments(struct blk_queue *q, struct blk_request *req)
{
    grant_end_many(q->bb->domain, req->refs, req->nr_refs, req->to_guest);
    req->nr_refs = 0;
}

int blk_map_segments(struct blk_queue *q, struct blk_request *req, const struct blkif_op *op)
{
    unsigned int max = op->indirect ? q->bb->disk.max_segments : BLKIF_MAX_SEGMENTS_PER_REQUEST;

    q->nr_data = 0;
    if (op->nr_segments > max || !reserve_refs(req, op->nr_segments) || !copy_segments(q, op) ||
        !check_range(q, req, op->nr_segments))
        return BLKIF_RSP_ERROR;
    for (unsigned int i = 0; i < op->nr_segments; i += BATCH)
        if (!map_batch(q, req, i, MIN(op->nr_segments - i, BATCH))) {
            blk_unmap_segments(q, req);
            return BLKIF_RSP_ERROR;
        }
    q->counted.segments += op->nr_segments;
    return BLKIF_RSP_OKAY;
}
