/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's disk behind a vbd: starting it, and what the front end is told of it. */
#include "blkback.h"

#include "alloc.h"
#include "backend.h"
#include "domain.h"
#include "string.h"
#include <xen/errno.h>

#define QUEUE_SIZE 1024U /* at most; the device's own limit is usually less */
#define FEATURES                                                                                   \
    (VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_RO | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_FLUSH |         \
     VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_MQ | VIRTIO_BLK_F_DISCARD)

/* ---- the machine's device ---- */

void blk_disk_stop(struct blkback *bb)
{
    virtio_reset(bb->vd); /* from here on the device touches no page of the guest, and no queue
                             runs */
    for (unsigned int i = 0; i < BLK_MAX_QUEUES; i++)
        if (bb->queue[i])
            bb->queue[i]->vq = NULL;
}

/* With that many queues, whose interrupts are spread over the vCPUs. Undone by blk_disk_stop(). */
int blk_disk_start(struct blkback *bb, unsigned int nr_queues, uint64_t *ret_features)
{
    const struct domain *d = bb->domain;

    *ret_features = virtio_negotiate(bb->vd, FEATURES);
    if (*ret_features == 0)
        return backend_error(bb->dev, -XEN_ENODEV, "the machine's disk refuses the driver");
    for (unsigned int i = 0; i < nr_queues; i++) {
        struct blk_queue *q = bb->queue[i];

        q->vcpu = d->vcpu[i % d->max_vcpus];
        q->vq = virtio_queue_parallel(bb->vd, i, QUEUE_SIZE, &q->work, q->vcpu);
        if (!q->vq)
            return backend_error(bb->dev, -XEN_ENOMEM, "no memory for the disk's queue %u", i);
    }
    virtio_start(bb->vd);
    return 0;
}

/* How many front ends may ask for: one for each vCPU, as Linux's back end has it, as far as the
 * machine's disk goes. */
static unsigned int most_queues(struct blkback *bb, uint64_t features)
{
    uint16_t nr = 1;

    if (features & VIRTIO_BLK_F_MQ)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_NUM_QUEUES, &nr, sizeof(nr));
    return MIN(MIN(MAX(nr, 1), bb->domain->max_vcpus), BLK_MAX_QUEUES);
}

void blk_disk_read_capacity(struct blkback *bb)
{
    virtio_read_config(bb->vd, VIRTIO_BLK_CFG_CAPACITY, &bb->disk.capacity,
                       sizeof(bb->disk.capacity));
}

static void read_geometry(struct blkback *bb, uint64_t features)
{
    struct blk_disk *disk = &bb->disk;
    uint32_t queue_size = virtq_size(bb->queue[0]->vq), seg_max = queue_size - 2;
    uint8_t physical_exp = 0;

    blk_disk_read_capacity(bb);
    disk->sector_size = 1U << VIRTIO_BLK_SECTOR_SHIFT;
    if (features & VIRTIO_BLK_F_BLK_SIZE)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_BLK_SIZE, &disk->sector_size, 4);
    if (features & VIRTIO_BLK_F_TOPOLOGY)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_PHYSICAL_BLOCK_EXP, &physical_exp, 1);
    disk->physical_sector_size = disk->sector_size << MIN(physical_exp, 12);
    if (features & VIRTIO_BLK_F_SEG_MAX)
        virtio_read_config(bb->vd, VIRTIO_BLK_CFG_SEG_MAX, &seg_max, 4);
    disk->max_segments = MIN(BLK_MAX_SEGMENTS, MIN(seg_max, queue_size - 2));
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

int blk_disk_read(struct blkback *bb, uint64_t features)
{
    struct blk_disk *disk = &bb->disk;
    uint64_t removable = 0;

    disk->read_only = (features & VIRTIO_BLK_F_RO) || node_starts_with(bb->dev, "mode", "r");
    disk->cdrom = node_starts_with(bb->dev, "device-type", "cdrom");
    backend_read_u64(bb->dev, "removable", &removable);
    disk->removable = removable != 0;
    disk->can_flush = features & VIRTIO_BLK_F_FLUSH;
    bb->max_queues = most_queues(bb, features);
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

int blk_disk_write_features(struct blkback *bb)
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
        { "multi-queue-max-queues", bb->max_queues, false },
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

int blk_disk_write_properties(struct blkback *bb)
{
    const struct blk_disk *disk = &bb->disk;
    unsigned int info = (disk->cdrom ? VDISK_CDROM : 0) | (disk->removable ? VDISK_REMOVABLE : 0) |
                        (disk->read_only ? VDISK_READONLY : 0);
    int err = write_size(bb);

    err = err ? err : backend_write(bb->dev, "info", "%u", info);
    err = err ? err : backend_write(bb->dev, "sector-size", "%u", disk->sector_size);
    err = err ? err
              : backend_write(bb->dev, "physical-sector-size", "%u", disk->physical_sector_size);
    return err ? backend_error(bb->dev, err, "cannot write the disk's properties") : 0;
}

/* The image grew or shrank under the guest, or is another. */
void blk_disk_changed(void *opaque)
{
    struct blkback *bb = opaque;
    uint64_t old = bb->disk.capacity;

    blk_disk_read_capacity(bb);
    if (!bb->connected || bb->disk.capacity == old)
        return;
    if (write_size(bb) == 0)
        backend_touch_state(bb->dev);
}
