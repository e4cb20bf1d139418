/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * virtio 1.x devices on PCI, driven by hv for its back ends. Buffers are physical addresses, so a guest's
 * own pages go to the device uncopied.
 */
#pragma once

#include "types.h"

struct virtio_dev;
struct virtq;

struct virtio_sg {
    paddr_t addr;
    uint32_t len;
};

/* Finds and resets the function at "BB:DD.F" (KZ_BACKEND_PCI_KEY's form, 8:5:3 bits in bdf), checks that it is
 * a modern virtio device of the given virtio device id. -XEN_ENODEV when there is none. */
int virtio_open(uint16_t bdf, uint16_t device_id, struct virtio_dev **ret);
/* Resets and releases it; its queues are gone. */
void virtio_close(struct virtio_dev *vd);

/* Offers wanted & device features; VIRTIO_F_VERSION_1 is always asked for. Returns the agreed set, 0: refused. */
uint64_t virtio_negotiate(struct virtio_dev *vd, uint64_t wanted);
void virtio_read_config(struct virtio_dev *vd, unsigned int offset, void *buf, size_t len);
/* Called when the device changed its configuration. */
void virtio_on_config(struct virtio_dev *vd, void (*fn)(void *), void *opaque);

/* Sets up queue index; used() runs from a softirq when buffers came back. NULL: no such queue or no memory. */
struct virtq *virtio_queue(struct virtio_dev *vd, unsigned int index, void (*used)(void *), void *opaque);
void virtio_start(struct virtio_dev *vd); /* DRIVER_OK */

/* Queues out (device reads) then in (device writes) segments as one chain; cookie comes back from
 * virtq_pop(). -XEN_ENOSPC when full. Nothing is told to the device before virtq_kick(). */
int virtq_add(struct virtq *q, const struct virtio_sg *out, unsigned int nr_out,
              const struct virtio_sg *in, unsigned int nr_in, void *cookie);
void virtq_kick(struct virtq *q);
/* The next finished chain's cookie, or NULL; ret_len: bytes the device wrote. */
void *virtq_pop(struct virtq *q, uint32_t *ret_len);
unsigned int virtq_free_slots(const struct virtq *q);
/* Suspends/resumes used() callbacks (as the driver sees fit, e.g. when polling). */
void virtq_disable_cb(struct virtq *q);
bool virtq_enable_cb(struct virtq *q); /* false: more is already there */
