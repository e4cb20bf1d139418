/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A console of the guest's: a ring (io/console.h) on one side, a port of the virtio-serial device
 * on the other. As with xenconsoled the guest never waits for a reader: QEMU takes what it is
 * given, whether or not somebody is connected. What it is given of the first console goes at a
 * pace, see consback.c.
 */
#pragma once

#include "irq.h"
#include "time.h"

struct domain;
struct vcon_port;
struct xencons_interface;

struct consback {
    struct domain *domain;
    struct xencons_interface *ring; /* shared with the guest: every index is read once and checked;
                                       NULL: not connected */
    uint32_t port;
    struct vcon_port *host; /* NULL: the machine has no such port, output goes nowhere */
    struct softirq work;
    bool garbage; /* the indices were wrong, and it was said */
    bool input_waits; /* the host has more than the ring takes */
    bool is_paced;
    uint64_t read_ns;       /* when a reader at the pace has all that was sent */
    struct hv_timer resume; /* output that waits goes on */
};

/* Takes the host's port of that name, which must stay, for good: NULL is the first console's. */
void consback_init(struct consback *cb, struct domain *d, const char *name);
/* Serves the ring, by that port of the guest's, until consback_disconnect(). 0 or -XEN_EINVAL. */
int consback_connect(struct consback *cb, struct xencons_interface *ring, uint32_t port);
void consback_disconnect(struct consback *cb);
