/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back end "vbd": blkfront's nodes and rings (io/blkif.h) on a virtio-blk device of the machine. */
#include "blkback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "evtchn.h"
#include "printk.h"
#include "queue-dir.h"
#include "string.h"
#include <xen/errno.h>

/* ---- queues ---- */

static int add_queue(struct blkback *bb)
{
    struct blk_queue *q = kmalloc(sizeof(*q));

    if (!q)
        return -XEN_ENOMEM;
    q->bb = bb;
    q->work = (struct softirq){ .fn = blk_io_run, .opaque = q, .parallel = true };
    bb->queue[bb->nr_queues++] = q;
    return 0;
}

/* Makes them more or fewer; the device must be stopped. */
static int set_nr_queues(struct blkback *bb, unsigned int nr)
{
    while (bb->nr_queues > nr) {
        kfree(bb->queue[--bb->nr_queues]);
        bb->queue[bb->nr_queues] = NULL;
    }
    while (bb->nr_queues < nr)
        if (add_queue(bb))
            return backend_error(bb->dev, -XEN_ENOMEM, "no memory for %u queues", nr);
    return 0;
}

/* The machine's disk does not tell of another medium; the toolstack does, by its path. */
static void blkback_changed(struct backend_dev *dev, bool in_frontend, const char *key)
{
    if (!in_frontend && strcmp(key, "params") == 0)
        blk_disk_changed(dev->priv);
}

/* ---- the front end ---- */

static int read_protocol(struct blkback *bb)
{
    char *protocol = backend_read_frontend(bb->dev, "protocol");

    /* blkif.h: without the node it is the guest's native layout. */
    if (!protocol)
        bb->abi = bb->domain->is_32bit ? &blkif_abi_x86_32 : &blkif_abi_x86_64;
    else
        bb->abi = blkif_abi_find(protocol);
    if (!bb->abi)
        backend_error(bb->dev, -XEN_EINVAL, "unknown protocol '%s'", protocol);
    kfree(protocol);
    return bb->abi ? 0 : -XEN_EINVAL;
}

static int read_ring_refs(struct blkback *bb, const struct queue_dir *dir, uint32_t refs[],
                          unsigned int *ret_nr)
{
    uint64_t order = 0, ref;
    char name[16];

    backend_read_frontend_u64(bb->dev, "ring-page-order", &order);
    if (order > BLK_MAX_RING_ORDER)
        return backend_error(bb->dev, -XEN_EINVAL, "ring-page-order %llu is more than %u",
                             (unsigned long long)order, BLK_MAX_RING_ORDER);
    *ret_nr = 1U << order;
    for (unsigned int i = 0; i < *ret_nr; i++) {
        bool found = false;

        snprintk(name, sizeof(name), "ring-ref%u", i);
        if (order == 0)
            found = queue_dir_read_u64(dir, "ring-ref", &ref);
        if (!found && !queue_dir_read_u64(dir, name, &ref))
            return backend_error(bb->dev, -XEN_EINVAL, "no %s%s", dir->prefix,
                                 order ? name : "ring-ref");
        refs[i] = (uint32_t)ref;
    }
    return 0;
}

/* Sectors of another size than 512 need a front end that reckons in them (blkif.h, sector-size). */
static int check_sector_size(struct blkback *bb)
{
    uint64_t large = 0;

    if (bb->disk.sector_size == 512)
        return 0;
    backend_read_frontend_u64(bb->dev, "feature-large-sector-size", &large);
    return large ? 0
                 : backend_error(bb->dev, -XEN_EINVAL,
                                 "the disk has sectors of %u bytes, the front end knows only 512",
                                 bb->disk.sector_size);
}

static void guest_event(void *opaque)
{
    struct blk_queue *q = opaque;

    q->counted.events_in++;
    /* Linux shows the parts of a large request one by one. Only where the device's interrupt comes
     * to: another CPU would have to wait for this one. */
    if (q->vcpu == current_vcpu())
        softirq_raise_soon(&q->work);
    else
        softirq_raise(&q->work);
}

static int map_ring(struct blk_queue *q, const struct queue_dir *dir)
{
    struct blkback *bb = q->bb;
    uint32_t refs[1U << BLK_MAX_RING_ORDER];
    unsigned int nr = 0;
    int err = read_ring_refs(bb, dir, refs, &nr);

    if (err)
        return err;
    err = backring_map(&q->ring, bb->domain, refs, nr, bb->abi->entry_size);
    if (err)
        return backend_error(bb->dev, err, "cannot map the ring of %u pages at grant %u", nr,
                             refs[0]);
    err = blk_io_start(q);
    return err ? backend_error(bb->dev, err, "no memory for %u requests", q->ring.nr_entries) : 0;
}

static int bind_port(struct blk_queue *q, const struct queue_dir *dir)
{
    struct blkback *bb = q->bb;
    uint64_t port;
    int err;

    if (!queue_dir_read_u64(dir, "event-channel", &port))
        return backend_error(bb->dev, -XEN_EINVAL, "no %sevent-channel", dir->prefix);
    q->port = (uint32_t)port;
    q->bound = true; /* it may run before the call returns */
    err = evtchn_bind_hv(bb->domain, q->port, guest_event, q);
    if (!err)
        return 0;
    q->bound = false;
    return backend_error(bb->dev, err, "cannot bind event channel %u", q->port);
}

/* Every queue's ring is there before the first of them runs. */
static int connect_queues(struct blkback *bb)
{
    int err = 0;

    for (unsigned int i = 0; !err && i < bb->nr_queues; i++) {
        struct queue_dir dir = queue_dir(bb->dev, i, bb->nr_queues);

        err = map_ring(bb->queue[i], &dir);
    }
    for (unsigned int i = 0; !err && i < bb->nr_queues; i++) {
        struct queue_dir dir = queue_dir(bb->dev, i, bb->nr_queues);

        err = bind_port(bb->queue[i], &dir);
    }
    return err;
}

/* Also undoes half a connect. The first queue stays, for the next front end. */
static void release(struct blkback *bb)
{
    bb->connected = false;
    for (unsigned int i = 0; i < bb->nr_queues; i++)
        if (bb->queue[i]->bound)
            evtchn_unbind_hv(bb->domain, bb->queue[i]->port, guest_event, bb->queue[i]);
    blk_disk_stop(bb);
    for (unsigned int i = 0; i < bb->nr_queues; i++) {
        struct blk_queue *q = bb->queue[i];

        q->bound = false;
        softirq_cancel(&q->work);
        blk_io_stop(q);
        backring_unmap(&q->ring);
    }
    softirq_cancel(&bb->trouble_work);
    bb->trouble = NULL;
    set_nr_queues(bb, 1);
}

static int blkback_connect(struct backend_dev *dev)
{
    struct blkback *bb = dev->priv;
    unsigned int nr_queues = 1;
    uint64_t features;
    int err = read_protocol(bb);

    err = err ? err : check_sector_size(bb);
    err = err ? err : queue_dir_count(bb->dev, bb->max_queues, &nr_queues);
    if (!err) {
        blk_disk_stop(bb);
        err = set_nr_queues(bb, nr_queues);
    }
    err = err ? err : blk_disk_start(bb, nr_queues, &features);
    if (!err)
        blk_disk_read_capacity(bb); /* the medium may be another than at the last connection */
    err = err ? err : blk_disk_write_properties(bb);
    err = err ? err : connect_queues(bb);
    if (err)
        release(bb);
    else
        bb->connected = true;
    return err;
}

static bool blkback_disconnect(struct backend_dev *dev)
{
    struct blkback *bb = dev->priv;
    uint64_t nr_done = 0, nr_errors = 0;

    for (unsigned int i = 0; i < bb->nr_queues; i++) {
        nr_done += bb->queue[i]->nr_done;
        nr_errors += bb->queue[i]->nr_errors;
    }
    printk(LOG_DEBUG, "vbd/%u: disconnected after %llu requests, %llu failed", dev->devid,
           (unsigned long long)nr_done, (unsigned long long)nr_errors);
    release(bb);
    return true;
}

static void blkback_count(const struct backend_dev *dev, struct ring_counters *ret)
{
    const struct blkback *bb = dev->priv;

    for (unsigned int i = 0; i < bb->nr_queues; i++) {
        const struct blk_queue *q = bb->queue[i];

        backend_add_counters(ret, &q->counted);
        ret->kicks += virtq_kicks(q->vq);
        ret->interrupts += q->work.nr_interrupts;
    }
}

static void see_to_trouble(void *opaque)
{
    struct blkback *bb = opaque;

    backend_fail(bb->dev, "%s", bb->trouble);
}

static void blkback_remove(struct backend_dev *dev)
{
    struct blkback *bb = dev->priv;

    virtio_close(bb->vd);
    softirq_cancel(&bb->trouble_work);
    set_nr_queues(bb, 0);
    kfree(bb);
    dev->priv = NULL;
}

static int blkback_probe(struct backend_dev *dev)
{
    struct blkback *bb = kmalloc(sizeof(*bb));
    uint64_t features;
    int err;

    if (!bb)
        return backend_error(dev, -XEN_ENOMEM, "no memory");
    bb->dev = dev;
    bb->domain = dev->domain;
    bb->trouble_work = (struct softirq){ .fn = see_to_trouble, .opaque = bb };
    err = virtio_open(dev->bdf, VIRTIO_ID_BLOCK, &bb->vd);
    if (err) {
        kfree(bb);
        return backend_error(dev, err, "no virtio disk at the machine's PCI address");
    }
    dev->priv = bb;
    virtio_on_config(bb->vd, blk_disk_changed, bb);
    err = set_nr_queues(bb, 1);
    err = err ? err : blk_disk_start(bb, 1, &features);
    err = err ? err : blk_disk_read(bb, features);
    err = err ? err : blk_disk_write_features(bb);
    if (err)
        blkback_remove(dev);
    return err;
}

static const struct backend_node blkback_features[] = {
    { "feature-barrier", "1" },
    { NULL, NULL },
};

const struct backend_type blkback_type = {
    .name = "vbd",
    .features = blkback_features,
    .probe = blkback_probe,
    .connect = blkback_connect,
    .disconnect = blkback_disconnect,
    .remove = blkback_remove,
    .changed = blkback_changed,
    .count = blkback_count,
};
