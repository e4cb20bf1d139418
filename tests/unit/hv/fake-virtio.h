/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The device's side of virtqueues, in the test's hands: it takes chains, looks at them, gives them back, or misbehaves.
 * The queues are hv's own virtq.c; instead of the PCI transport there is one device here that virtio_open() finds.
 */
#pragma once

#include "virtio.h"

#define FAKE_BDF      0x0028 /* 00:05.0 */
#define FAKE_MAX_SEGS 300U
#define FAKE_QUEUES   18U /* a virtio-console of eight ports */

struct fake_seg {
    uint8_t *p;
    uint32_t len;
    bool writable; /* by the device */
};

struct fake_chain {
    uint16_t head;
    unsigned int nr;
    struct fake_seg seg[FAKE_MAX_SEGS];
};

/* The device's memory of where it is in a queue. */
struct fake_queue {
    struct virtq *vq;
    uint16_t last_avail;
    unsigned int nr_kicks;
};

/* The next chain the driver made available; false: none. Checks that it is well-formed. */
bool fake_queue_take(struct fake_queue *q, struct fake_chain *ret);
/* Puts an entry into the used ring, whatever it says. */
void fake_queue_return(struct fake_queue *q, uint32_t id, uint32_t len);
/* Total length of the chain's parts. */
uint32_t fake_chain_len(const struct fake_chain *c, bool writable);
/* Copies between the chain's parts of that kind, from byte at on, and buf. */
void fake_chain_read(const struct fake_chain *c, uint32_t at, void *buf, uint32_t len);
void fake_chain_write(const struct fake_chain *c, uint32_t at, const void *buf, uint32_t len);

/* ---- the device ---- */

struct fake_virtio {
    uint16_t device_id;
    uint64_t offered;
    unsigned int queue_size;
    uint8_t config[64];
    bool event_idx;
    /* What the driver did. */
    uint64_t agreed;
    bool open, started, broken;
    unsigned int nr_resets;
    struct fake_queue queue[FAKE_QUEUES];
    const struct vcpu *vcpu[FAKE_QUEUES]; /* where a parallel queue's interrupt goes */
};
extern struct fake_virtio fake_virtio;

void fake_virtio_init(uint16_t device_id, uint64_t offered);
/* The interrupt: runs the users of queues with something in them, and what they put off. */
void fake_virtio_interrupt(void);
void fake_virtio_config_change(void);
