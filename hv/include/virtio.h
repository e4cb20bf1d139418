/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virtio 1.x devices on PCI, driven by hv for its back ends. Buffers are physical addresses, so a
 * guest's own pages go to the device uncopied.
 */
#pragma once

#include "types.h"

struct softirq;
struct vcpu;
struct virtio_dev;
struct virtq;

/* Parallel users that a device may have, each with an interrupt; further ones share that of the
 * configuration. */
#define VIRTIO_MAX_PARALLEL 8U

struct virtio_sg {
    paddr_t addr;
    uint32_t len;
};

/* Device ids, virtio 1.2 5. */
enum virtio_device_id {
    VIRTIO_ID_NET = 1,
    VIRTIO_ID_BLOCK = 2,
    VIRTIO_ID_CONSOLE = 3,
    VIRTIO_ID_GPU = 16,
    VIRTIO_ID_INPUT = 18,
};

#define VIRTIO_BIT(n) (1ULL << (n))

/* Finds and resets the function at "BB:DD.F" (KZ_BACKEND_PCI_KEY's form, 8:5:3 bits in bdf), checks
 * that it is a modern virtio device of the given virtio device id. -XEN_ENODEV when there is
 * none. */
int virtio_open(uint16_t bdf, uint16_t device_id, struct virtio_dev **ret);
/* The first function of that id, for devices the ABI gives no address of. */
int virtio_open_first(uint16_t device_id, struct virtio_dev **ret);
/* Resets and releases it; its queues are gone. NULL is a no-op. */
void virtio_close(struct virtio_dev *vd);
/* Stops all DMA and frees the queues; virtio_negotiate() starts afresh. */
void virtio_reset(struct virtio_dev *vd);

/* What the device offers. */
uint64_t virtio_features(struct virtio_dev *vd);
/* Resets the device and agrees on wanted & offered; VIRTIO_F_VERSION_1 is always asked for. Returns
 * the agreed set, 0: refused. */
uint64_t virtio_negotiate(struct virtio_dev *vd, uint64_t wanted);
/* Reads the device's configuration; a field that changes meanwhile is read again (4.1.4.3.2). */
void virtio_read_config(struct virtio_dev *vd, unsigned int offset, void *buf, size_t len);
/* fn runs from a softirq when the device changed its configuration. Survives virtio_reset(). */
void virtio_on_config(struct virtio_dev *vd, void (*fn)(void *), void *opaque);

/* Sets up queue index with at most max_size entries; used() runs from a softirq when buffers came
 * back, or when the device broke; without used() the queue has no interrupt. NULL: no such queue or
 * no memory. */
struct virtq *virtio_queue(struct virtio_dev *vd, unsigned int index, unsigned int max_size,
                           void (*used)(void *), void *opaque);
/* The same for a user that serves its queue beside others: work is a parallel softirq, raised where
 * used() would be called. Its interrupt, which all queues of one work share, goes to the CPU of
 * v. */
struct virtq *virtio_queue_parallel(struct virtio_dev *vd, unsigned int index,
                                    unsigned int max_size, struct softirq *work,
                                    const struct vcpu *v);
void virtio_start(struct virtio_dev *vd); /* DRIVER_OK */
/* The device broke the protocol or asks for a reset: said once in the log, nothing comes back any
 * more. */
bool virtio_broken(const struct virtio_dev *vd);

/* Queues out (device reads) then in (device writes) segments as one chain; cookie (not NULL) comes
 * back from virtq_pop(). -XEN_ENOSPC when full. Nothing is told to the device before
 * virtq_kick(). */
int virtq_add(struct virtq *q, const struct virtio_sg *out, unsigned int nr_out,
              const struct virtio_sg *in, unsigned int nr_in, void *cookie);
void virtq_kick(struct virtq *q);
/* How often the device was told. */
uint64_t virtq_kicks(const struct virtq *q);
/* The next finished chain's cookie, or NULL; ret_len: bytes the device wrote. */
void *virtq_pop(struct virtq *q, uint32_t *ret_len);
unsigned int virtq_free_slots(const struct virtq *q);
unsigned int virtq_size(const struct virtq *q);
/* Suspends/resumes used() callbacks (as the driver sees fit, e.g. when polling). */
void virtq_disable_cb(struct virtq *q);
bool virtq_enable_cb(struct virtq *q); /* false: more is already there */
