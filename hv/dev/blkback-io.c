/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Block requests: from the guest's ring to the virtio device and back. */
#include "blkback.h"

#include "alloc.h"
#include "backend.h"
#include "evtchn.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

/* What an operation of the ring means to the device. */
struct op_row {
    bool known;
    bool to_guest;      /* data goes from the disk to the guest */
    bool writes;        /* not on a read-only disk */
    bool needs_data;    /* no segments: an error, not a no-op */
    bool drains;        /* waits for all earlier requests, and later ones wait for it (blkif.h) */
    bool may_be_indirect;
    uint8_t steps;
};

static const struct op_row op_rows[] = {
    [BLKIF_OP_READ] = {
        .known = true,
        .to_guest = true,
        .needs_data = true,
        .may_be_indirect = true,
        .steps = STEP_DATA,
    },
    [BLKIF_OP_WRITE] = {
        .known = true,
        .writes = true,
        .needs_data = true,
        .may_be_indirect = true,
        .steps = STEP_DATA,
    },
    [BLKIF_OP_WRITE_BARRIER] = {
        .known = true,
        .writes = true,
        .drains = true,
        .steps = STEP_PRE_FLUSH | STEP_DATA | STEP_POST_FLUSH,
    },
    [BLKIF_OP_FLUSH_DISKCACHE] = {
        .known = true,
        .steps = STEP_PRE_FLUSH | STEP_DATA,
    },
    [BLKIF_OP_DISCARD] = {
        .known = true,
        .writes = true,
        .steps = STEP_DISCARD,
    },
};

static const struct op_row *op_row(uint8_t operation)
{
    static const struct op_row unknown;

    return operation < ARRAY_SIZE(op_rows) ? &op_rows[operation] : &unknown;
}

/* ---- answering ---- */

static void respond(struct blk_queue *q, uint64_t id, uint8_t operation, int status)
{
    uint8_t entry[16];

    blkif_encode_response(entry, id, operation, status);
    backring_put(&q->ring, q->ring.rsp_prod, entry, q->bb->abi->response_size);
    q->ring.rsp_prod++;
    q->nr_done++;
    if (status != BLKIF_RSP_OKAY)
        q->nr_errors++;
}

static void finish(struct blk_queue *q, struct blk_request *req, int status)
{
    blk_unmap_segments(q, req);
    respond(q, req->id, req->operation, status);
    if (q->exclusive == req)
        q->exclusive = NULL;
    req->busy = false;
    req->next = q->free;
    q->free = req;
}

/* ---- to the device ---- */

static struct virtio_sg sg_of(const void *p, uint32_t len)
{
    return (struct virtio_sg){ .addr = virt_to_paddr(p), .len = len };
}

/* The caller made sure that there is room. */
static void add(struct blk_queue *q, struct blk_request *req, const struct virtio_sg *sg,
                unsigned int nr_out, unsigned int nr_in)
{
    int err;

    req->status = VIRTIO_BLK_S_IOERR; /* unless the device says otherwise */
    err = virtq_add(q->vq, sg, nr_out, sg + nr_out, nr_in, req);
    ASSERT(err == 0);
    q->in_flight++;
}

/* q->sg holds the pages, with room around them. */
static void submit_data(struct blk_queue *q, struct blk_request *req)
{
    unsigned int nr = q->nr_data;

    req->header = (struct virtio_blk_header){
        .type = req->to_guest ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT, .sector = req->sector
    };
    q->sg[0] = sg_of(&req->header, sizeof(req->header));
    q->sg[1 + nr] = sg_of(&req->status, sizeof(req->status));
    if (req->to_guest)
        add(q, req, q->sg, 1, nr + 1);
    else
        add(q, req, q->sg, 1 + nr, 1);
}

static void submit_discard(struct blk_queue *q, struct blk_request *req)
{
    struct virtio_sg sg[] = {
        sg_of(&req->header, sizeof(req->header)),
        sg_of(&req->discard, sizeof(req->discard)),
        sg_of(&req->status, sizeof(req->status)),
    };

    req->header = (struct virtio_blk_header){ .type = VIRTIO_BLK_T_DISCARD };
    req->discard = (struct virtio_blk_discard){
        .sector = req->sector, .num_sectors = MIN(req->nr_sectors, q->bb->disk.max_discard)
    };
    add(q, req, sg, 2, 1);
}

static void submit_flush(struct blk_queue *q, struct blk_request *req)
{
    struct virtio_sg sg[] = {
        sg_of(&req->header, sizeof(req->header)),
        sg_of(&req->status, sizeof(req->status)),
    };

    req->header = (struct virtio_blk_header){ .type = VIRTIO_BLK_T_FLUSH };
    add(q, req, sg, 1, 1);
}

static uint8_t current_step(const struct blk_request *req)
{
    return req->steps & -req->steps;
}

static void submit(struct blk_queue *q, struct blk_request *req)
{
    switch (current_step(req)) {
    case STEP_DATA:
        submit_data(q, req);
        break;
    case STEP_DISCARD:
        submit_discard(q, req);
        break;
    default:
        submit_flush(q, req);
        break;
    }
}

/* The device has done the request's current step. */
static void step_done(struct blk_queue *q, struct blk_request *req)
{
    uint8_t status = READ_ONCE(req->status), step = current_step(req);

    q->in_flight--;
    if (status != VIRTIO_BLK_S_OK) {
        finish(q, req, status == VIRTIO_BLK_S_UNSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
        return;
    }
    if (step == STEP_DISCARD) {
        req->sector += req->discard.num_sectors;
        req->nr_sectors -= req->discard.num_sectors;
    }
    if (step != STEP_DISCARD || req->nr_sectors == 0)
        req->steps &= ~step;
    /* What follows fits: it is as long as what came back, or the request has the queue to
     * itself. */
    if (req->steps != 0)
        submit(q, req);
    else
        finish(q, req, BLKIF_RSP_OKAY);
}

/* ---- from the guest ---- */

/* Does it start on an empty queue and keep it for itself? Then q->sg holds its pages until a later
 * step. */
static bool is_exclusive(const struct blkif_op *op)
{
    return op_row(op->operation)->drains ||
           (op->operation == BLKIF_OP_FLUSH_DISKCACHE && op->nr_segments > 0);
}

/* Could the request, whatever comes of it, be queued now? */
static bool has_room(const struct blk_queue *q, const struct blkif_op *op)
{
    unsigned int nr = MIN(op->nr_segments, q->bb->disk.max_segments);

    if (is_exclusive(op))
        return q->in_flight == 0;
    return virtq_free_slots(q->vq) >= MAX(nr, 1U) + 2;
}

/* Checks of what does not depend on the pages. BLKIF_RSP_*. */
static int check_op(const struct blk_queue *q, const struct blkif_op *op)
{
    const struct op_row *row = op_row(op->operation);

    if (!row->known)
        return BLKIF_RSP_EOPNOTSUPP;
    if (op->operation == BLKIF_OP_DISCARD &&
        (!q->bb->disk.can_discard || (op->flag & BLKIF_DISCARD_SECURE)))
        return BLKIF_RSP_EOPNOTSUPP;
    if (op->operation == BLKIF_OP_FLUSH_DISKCACHE && !q->bb->disk.can_flush)
        return BLKIF_RSP_EOPNOTSUPP;
    if ((row->writes || (op->operation == BLKIF_OP_FLUSH_DISKCACHE && op->nr_segments > 0)) &&
        q->bb->disk.read_only)
        return BLKIF_RSP_ERROR;
    if ((row->needs_data && op->nr_segments == 0) || (op->indirect && !row->may_be_indirect))
        return BLKIF_RSP_ERROR;
    return BLKIF_RSP_OKAY;
}

/* The range of a discard; nothing of it is mapped. */
static int check_discard(const struct blk_queue *q, struct blk_request *req,
                         const struct blkif_op *op)
{
    unsigned int shift = __builtin_ctz(q->bb->disk.sector_size) - VIRTIO_BLK_SECTOR_SHIFT;
    uint64_t nr = op->nr_sectors << shift;

    if (nr == 0 || nr >> shift != op->nr_sectors || req->sector > q->bb->disk.capacity ||
        nr > q->bb->disk.capacity - req->sector)
        return BLKIF_RSP_ERROR;
    req->nr_sectors = nr;
    return BLKIF_RSP_OKAY;
}

static int prepare(struct blk_queue *q, struct blk_request *req, const struct blkif_op *op)
{
    const struct op_row *row = op_row(op->operation);
    unsigned int shift = __builtin_ctz(q->bb->disk.sector_size) - VIRTIO_BLK_SECTOR_SHIFT;

    req->to_guest = row->to_guest;
    req->steps = row->steps;
    if (!q->bb->disk.can_flush)
        req->steps &= ~(STEP_PRE_FLUSH | STEP_POST_FLUSH);
    if (op->nr_segments == 0 && (req->steps & STEP_DATA)) {
        req->steps &= ~STEP_DATA; /* the sector means nothing; Linux says -1 */
        return BLKIF_RSP_OKAY;
    }
    if (op->sector >> (64 - VIRTIO_BLK_SECTOR_SHIFT)) /* its byte position would not fit 64 bits */
        return BLKIF_RSP_ERROR;
    req->sector = op->sector << shift;
    if (op->operation == BLKIF_OP_DISCARD)
        return check_discard(q, req, op);
    return blk_map_segments(q, req, op);
}

static void start(struct blk_queue *q, const struct blkif_op *op)
{
    struct blk_request *req = q->free;
    int status = check_op(q, op);

    q->counted.requests++;
    if (status != BLKIF_RSP_OKAY) {
        respond(q, op->id, op->operation, status);
        return;
    }
    ASSERT(req); /* there is one for each entry of the ring */
    q->free = req->next;
    req->busy = true;
    req->id = op->id;
    req->operation = op->operation;
    status = prepare(q, req, op);
    if (status != BLKIF_RSP_OKAY || req->steps == 0) {
        finish(q, req, status);
        return;
    }
    if (is_exclusive(op))
        q->exclusive = req;
    submit(q, req);
}

/* Takes requests while there is room for them; ret_waits: some must wait for what is in flight.
 * -XEN_EINVAL: the ring holds garbage. */
static int consume(struct blk_queue *q, bool *ret_waits)
{
    uint8_t entry[BLKIF_MAX_ENTRY_SIZE];
    struct blkif_op op;
    uint32_t nr;
    int err = backring_unconsumed(&q->ring, &nr);

    if (err)
        return err;
    *ret_waits = false;
    for (; nr > 0; nr--) {
        backring_get(&q->ring, q->ring.req_cons, entry, q->bb->abi->entry_size);
        blkif_decode(q->bb->abi, entry, &op);
        if (q->exclusive || !has_room(q, &op)) {
            *ret_waits = true; /* it is looked at again when something came back */
            break;
        }
        q->ring.req_cons++;
        start(q, &op);
    }
    return 0;
}

static void reap(struct blk_queue *q)
{
    struct blk_request *req;
    uint32_t len;

    while ((req = virtq_pop(q->vq, &len)))
        step_done(q, req);
}

static void give_up(struct blk_queue *q, const char *why)
{
    WRITE_ONCE(q->bb->trouble, why);
    softirq_raise(&q->bb->trouble_work);
}

void blk_io_run(void *opaque)
{
    struct blk_queue *q = opaque;
    bool waits;

    if (!q->bound || READ_ONCE(q->bb->trouble))
        return;
    do {
        reap(q);
        if (virtio_broken(q->bb->vd)) {
            give_up(q, "the machine's disk failed");
            return;
        }
        if (consume(q, &waits)) {
            give_up(q, "the front end's ring indices are wrong");
            return;
        }
        virtq_kick(q->vq);
    } while (!waits && backring_final_check(&q->ring, 1));
    if (q->ring.rsp_prod != q->ring.rsp_shown && backring_push(&q->ring)) {
        q->counted.events_out++;
        evtchn_notify_guest(q->bb->domain, q->port);
    }
}

int blk_io_start(struct blk_queue *q)
{
    unsigned int nr_requests = q->ring.nr_entries;

    q->requests = kmalloc(nr_requests * sizeof(*q->requests));
    if (!q->requests)
        return -XEN_ENOMEM;
    q->free = NULL;
    for (unsigned int i = 0; i < nr_requests; i++) {
        q->requests[i].next = q->free;
        q->free = &q->requests[i];
    }
    q->in_flight = 0;
    q->exclusive = NULL;
    q->nr_done = q->nr_errors = 0;
    q->counted = (struct ring_counters){ 0 };
    q->work.nr_interrupts = 0;
    return 0;
}

void blk_io_stop(struct blk_queue *q)
{
    for (unsigned int i = 0; i < q->ring.nr_entries && q->requests; i++) {
        blk_unmap_segments(q, &q->requests[i]);
        kfree(q->requests[i].refs);
    }
    kfree(q->requests);
    q->requests = q->free = q->exclusive = NULL;
    q->in_flight = 0;
}
