/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside of the virtio-console driver. A channel is the device's side of a port, known by number
 * once the device announced it; a vcon_port is its user's side, known by name. They are joined when
 * both are there.
 */
#pragma once

#include "irq.h"
#include "virtio-console.h"
#include "virtio.h"

#define VCON_MAX_CHANNELS 8
#define VCON_NAME_MAX     48
#define VCON_NR_BUFS      8 /* per direction of a channel; together one page */
#define VCON_BUF_SIZE     (PAGE_SIZE / VCON_NR_BUFS)

struct vcon;

struct vcon_port {
    struct vcon_port *next;
    const char *name; /* NULL: the console */
    const struct vcon_ops *ops;
    void *opaque;
    struct vcon_channel *channel; /* NULL: not announced yet, or gone */
    bool told_open;      /* opened() was called, closed() not since */
    bool want_writable;  /* vcon_write() took less than it was given */
};

struct vcon_channel {
    struct vcon *vc;
    unsigned int nr;
    struct virtq *rx, *tx;
    struct vcon_port *port;
    char name[VCON_NAME_MAX];
    bool present, is_console, host_open;
    uint8_t owed; /* control messages that wait to be sent: OWE_* in virtio-console.c */

    uint8_t *rx_page, *tx_page; /* from the first claim on */
    uint8_t *rx_buf;            /* received and not all taken yet */
    uint32_t rx_off, rx_len;
    uint8_t *tx_free[VCON_NR_BUFS];
    unsigned int nr_tx_free;
};

/* virtio-console-port.c: the data queues. They leave alone what is not joined. */
int vcon_channel_init_queues(struct vcon_channel *ch, struct virtio_dev *vd);
/* Gives the device buffers. False: no memory. */
bool vcon_channel_start(struct vcon_channel *ch);
/* Offers what came in to the port's user until it takes no more. */
void vcon_channel_deliver(struct vcon_channel *ch);
/* Throws away what came in and was not taken. */
void vcon_channel_drop_input(struct vcon_channel *ch);
/* Lets the user know when host_open is not what it was last told. */
void vcon_channel_tell_state(struct vcon_channel *ch);

/* virtio-console.c: runs deliver and tell_state of every channel from a softirq. */
void vcon_schedule(struct vcon *vc);
bool vcon_is_broken(const struct vcon *vc);
