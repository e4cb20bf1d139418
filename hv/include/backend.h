/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Split-driver back ends: one row per device type; xenbus/backend.c runs their state machine. */
#pragma once

#include "types.h"

struct domain;
struct backend_dev;

/* Called once all of hv is up and the store is loaded, before the guest runs. Watches
 * /local/domain/0/backend and drives each device through XenbusState. */
int backend_init(struct domain *d);

/* The guest's first console: ring frame and port are start_info's. */
int console_backend_init(struct domain *d, void *ring_page, uint32_t port);

/* Store ports of the virtio-serial device (KZ_PORT_STORE_*) and the guest's own ring. */
int store_ports_init(struct domain *d);
int store_ring_init(struct domain *d, void *ring_page, uint32_t port);
