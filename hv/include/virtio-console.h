/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ports of the machine's virtio-console device (virtio 1.2 5.3, VIRTIO_CONSOLE_F_MULTIPORT;
 * which ports there are: kanzen-abi.h). The console back end takes the console port, the store
 * takes its two by name.
 */
#pragma once

#include "types.h"

struct vcon_port;

/* All are called from a softirq, never from inside a vcon_ function. Any may be NULL. */
struct vcon_ops {
    /* The host side is connected; also when it was so before the claim. */
    void (*opened)(void *opaque);
    /* It went away: what was written and not read is lost. */
    void (*closed)(void *opaque);
    /* Bytes from the host, in order. Returns how many were taken; the driver keeps the rest and
     * takes nothing more from the device until vcon_resume_input(), then offers them again. */
    size_t (*input)(void *opaque, const void *data, size_t len);
    /* There is room again after vcon_write() took less than offered. */
    void (*writable)(void *opaque);
};

/* Takes the port of that name; NULL: the console port (nr 0). May be called before the device has
 * announced its ports. ops must stay valid. Returns NULL when there is no device, no memory, or the
 * port is taken. */
struct vcon_port *vcon_claim(const char *name, const struct vcon_ops *ops, void *opaque);

/* Sends up to len bytes, copied before it returns; returns how many were taken. 0 while the host
 * side is closed. */
size_t vcon_write(struct vcon_port *port, const void *data, size_t len);
void vcon_resume_input(struct vcon_port *port);
