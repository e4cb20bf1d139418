/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Back end "vbd": blkfront's nodes and rings (io/blkif.h) on a virtio-blk device of the machine. */
#include "blkback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "evtchn.h"
#include "printk.h"
#include "string.h"
#include <xen/errno.h>

#define QUEUE_SIZE 1024U /* at most; the device's own limit is usually less */
#define FEATURES                                                                                   \
    (VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |         \
     VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_DISCARD)

/* ---- the machine's device ---- */

/* Also what undoes a reset, so that a second front end finds it as the first did. */
static int start_device(struct blkback *bb, uint64_t *ret_features)
{
    *ret_features = virtio_negotiate(bb->vd, FEATURES);
    if (*ret_features == 0)
        return backend_error(bb->dev, -XEN_ENODEV, "the machine's disk refuses the driver");
    bb->vq = virtio_queue(bb->vd, 0, QUEUE_SIZE, blk_io_run, bb);
    if (!bb->vq)
        return backend_error(bb->dev, -XEN_ENOMEM, "no memory for the disk's queue");
    virtio_start(bb->vd);
    return 0;
}

static void read_capacity(struct blkback *bb)
{
    virtio_read_config(bb->vd, VIRTIO_BLK_CFG_CAPACITY, &bb->disk.capacity, sizeof(bb->disk.capacity));
}

static void read_geometry(struct blkback *bb, uint64_t features)
{
    struct blk_disk *disk = &bb->disk;
    uint32_t seg_max = virtq_size(bb->vq) - 2;
    uint8_t physical_exp = 0;

    read_capacity(bb);
    disk->sector_size = 1U << VIRTIO_BLK_SECTOR_SHIFT;
    if (features & VIRTIO_BLK_F_BLK_SIZE)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_BLK_SIZE, &disk->sector_size, 4);
    if (features & VIRTIO_BLK_F_TOPOLOGY)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_PHYSICAL_BLOCK_EXP, &physical_exp, 1);
    disk->physical_sector_size = disk->sector_size << MIN(physical_exp, 12);
    if (features & VIRTIO_BLK_F_SEG_MAX)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_SEG_MAX, &seg_max, 4);
    disk->max_segments = MIN(BLK_MAX_SEGMENTS, MIN(seg_max, virtq_size(bb->vq) - 2));
}

static void read_discard(struct blkback *bb, uint64_t features)
{
    struct blk_disk *disk = &bb->disk;
    uint32_t align = 0;
    uint64_t enabled;

    disk->can_discard = (features & VIRTIO_BLK_F_DISCARD) && !disk->read_only &&
                        (!backend_read_u64(bb->dev, "discard-enable", &enabled) || enabled);
    if (!disk->can_discard)
        return;
    virtio_read_config(bb->vd, VIRTIO_BLK_CFG_MAX_DISCARD_SECTORS, &disk->max_discard, 4);
    virtio_read_config(bb->vd, VIRTIO_BLK_CFG_DISCARD_ALIGNMENT, &align, 4);
    disk->max_discard &= ~(disk->sector_size / 512 - 1);
    disk->discard_granularity = MAX(align << VIRTIO_BLK_SECTOR_SHIFT, disk->sector_size);
    disk->can_discard = disk->max_discard != 0;
}

static bool node_starts_with(struct backend_dev *dev, const char *key, const char *start)
{
    char *value = backend_read(dev, key);
    bool starts = value && strncmp(value, start, strlen(start)) == 0;

    kfree(value);
    return starts;
}

static int read_disk(struct blkback *bb, uint64_t features)
{
    struct blk_disk *disk = &bb->disk;
    uint64_t removable = 0;

    disk->read_only = (features & VIRTIO_BLK_F_RO) || node_starts_with(bb->dev, "mode", "r");
    disk->cdrom = node_starts_with(bb->dev, "device-type", "cdrom");
    backend_read_u64(bb->dev, "removable", &removable);
    disk->removable = removable != 0;
    disk->can_flush = features & VIRTIO_BLK_F_FLUSH;
    read_geometry(bb, features);
    read_discard(bb, features);
    if (disk->max_segments < BLKIF_MAX_SEGMENTS_PER_REQUEST)
        return backend_error(bb->dev, -XEN_ENODEV, "the machine's disk takes only %u segments",
                             disk->max_segments);
    if (disk->sector_size < 512 || disk->sector_size > PAGE_SIZE ||
        (disk->sector_size & (disk->sector_size - 1)))
        return backend_error(bb->dev, -XEN_ENODEV, "the machine's disk has sectors of %u bytes",
                             disk->sector_size);
    return 0;
}

/* ---- nodes ---- */

static int write_features(struct blkback *bb)
{
    const struct blk_disk *disk = &bb->disk;
    const struct {
        const char *key;
        unsigned int value;
        bool discard_only;
    } nodes[] = {
        { "feature-flush-cache", disk->can_flush, false },
        { "feature-max-indirect-segments", disk->max_segments, false },
        { "max-ring-page-order", BLK_MAX_RING_ORDER, false },
        { "feature-discard", disk->can_discard, false },
        { "discard-granularity", disk->discard_granularity, true },
        { "discard-alignment", 0, true },
        { "discard-secure", 0, true },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(nodes); i++) {
        int err = !nodes[i].discard_only || disk->can_discard
                      ? backend_write(bb->dev, nodes[i].key, "%u", nodes[i].value)
                      : 0;

        if (err)
            return backend_error(bb->dev, err, "cannot write %s", nodes[i].key);
    }
    return 0;
}

static int write_size(struct blkback *bb)
{
    uint64_t per_sector = bb->disk.sector_size >> VIRTIO_BLK_SECTOR_SHIFT;

    return backend_write(bb->dev, "sectors", "%llu",
                         (unsigned long long)(bb->disk.capacity / per_sector));
}

static int write_properties(struct blkback *bb)
{
    const struct blk_disk *disk = &bb->disk;
    unsigned int info = (disk->cdrom ? VDISK_CDROM : 0) | (disk->removable ? VDISK_REMOVABLE : 0) |
                        (disk->read_only ? VDISK_READONLY : 0);
    int err = write_size(bb);

    err = err ? err : backend_write(bb->dev, "info", "%u", info);
    err = err ? err : backend_write(bb->dev, "sector-size", "%u", disk->sector_size);
    err = err ? err : backend_write(bb->dev, "physical-sector-size", "%u", disk->physical_sector_size);
    return err ? backend_error(bb->dev, err, "cannot write the disk's properties") : 0;
}

/* The image grew or shrank under the guest, or is another. */
static void config_changed(void *opaque)
{
    struct blkback *bb = opaque;
    uint64_t old = bb->disk.capacity;

    read_capacity(bb);
    if (!bb->connected || bb->disk.capacity == old)
        return;
    if (write_size(bb) == 0)
        backend_touch_state(bb->dev);
}

/* The machine's disk does not tell of another medium; the toolstack does, by its path. */
static void blkback_changed(struct backend_dev *dev, bool in_frontend, const char *key)
{
    if (!in_frontend && strcmp(key, "params") == 0)
        config_changed(dev->priv);
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

static int read_ring_refs(struct blkback *bb, uint32_t refs[], unsigned int *ret_nr)
{
    uint64_t order = 0, ref;
    char key[16];

    backend_read_frontend_u64(bb->dev, "ring-page-order", &order);
    if (order > BLK_MAX_RING_ORDER)
        return backend_error(bb->dev, -XEN_EINVAL, "ring-page-order %llu is more than %u",
                             (unsigned long long)order, BLK_MAX_RING_ORDER);
    *ret_nr = 1U << order;
    for (unsigned int i = 0; i < *ret_nr; i++) {
        bool found = false;

        snprintk(key, sizeof(key), "ring-ref%u", i);
        if (order == 0)
            found = backend_read_frontend_u64(bb->dev, "ring-ref", &ref);
        if (!found && !backend_read_frontend_u64(bb->dev, key, &ref))
            return backend_error(bb->dev, -XEN_EINVAL, "no %s", order ? key : "ring-ref");
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
    struct blkback *bb = opaque;

    softirq_raise(&bb->work);
}

static int map_ring(struct blkback *bb)
{
    uint32_t refs[1U << BLK_MAX_RING_ORDER];
    unsigned int nr = 0;
    int err = read_ring_refs(bb, refs, &nr);

    if (err)
        return err;
    err = backring_map(&bb->ring, bb->domain, refs, nr, bb->abi->entry_size);
    if (err)
        return backend_error(bb->dev, err, "cannot map the ring of %u pages at grant %u", nr, refs[0]);
    err = blk_io_start(bb, bb->ring.nr_entries);
    return err ? backend_error(bb->dev, err, "no memory for %u requests", bb->ring.nr_entries) : 0;
}

static int bind_port(struct blkback *bb)
{
    uint64_t port;
    int err;

    if (!backend_read_frontend_u64(bb->dev, "event-channel", &port))
        return backend_error(bb->dev, -XEN_EINVAL, "no event-channel");
    bb->port = (uint32_t)port;
    bb->connected = true; /* the handler may run before the call returns */
    err = evtchn_bind_hv(bb->domain, bb->port, guest_event, bb);
    if (!err)
        return 0;
    bb->connected = false;
    return backend_error(bb->dev, err, "cannot bind event channel %u", bb->port);
}

static void release(struct blkback *bb)
{
    if (bb->connected)
        evtchn_unbind_hv(bb->domain, bb->port, guest_event, bb);
    bb->connected = false;
    softirq_cancel(&bb->work);
    virtio_reset(bb->vd); /* from here on the device touches no page of the guest */
    bb->vq = NULL;
    blk_io_stop(bb);
    backring_unmap(&bb->ring);
}

static int blkback_connect(struct backend_dev *dev)
{
    struct blkback *bb = dev->priv;
    uint64_t features;
    int err = read_protocol(bb);

    err = err ? err : check_sector_size(bb);
    if (!err && !bb->vq)
        err = start_device(bb, &features);
    err = err ? err : map_ring(bb);
    if (!err)
        read_capacity(bb); /* the medium may be another than at the last connection */
    err = err ? err : write_properties(bb);
    err = err ? err : bind_port(bb);
    if (err)
        release(bb);
    return err;
}

static bool blkback_disconnect(struct backend_dev *dev)
{
    struct blkback *bb = dev->priv;

    printk(LOG_DEBUG, "vbd/%u: disconnected after %llu requests, %llu failed", dev->devid,
           (unsigned long long)bb->nr_done, (unsigned long long)bb->nr_errors);
    release(bb);
    return true;
}

static void blkback_remove(struct backend_dev *dev)
{
    struct blkback *bb = dev->priv;

    virtio_close(bb->vd);
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
    bb->work = (struct softirq){ .fn = blk_io_run, .opaque = bb };
    err = virtio_open(dev->bdf, VIRTIO_ID_BLOCK, &bb->vd);
    if (err) {
        kfree(bb);
        return backend_error(dev, err, "no virtio disk at the machine's PCI address");
    }
    dev->priv = bb;
    virtio_on_config(bb->vd, config_changed, bb);
    err = start_device(bb, &features);
    err = err ? err : read_disk(bb, features);
    err = err ? err : write_features(bb);
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
};
