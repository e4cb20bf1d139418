/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a port is plugged in: at a bridge, on one of the network's devices, or into a function of a
 * device. */
#pragma once

#include "port-def.h"

G_BEGIN_DECLS

/*
 * Takes from the network, and from the port's group in it, what the port does not say itself, and
 * where it is to be plugged. ports: those the network has already, NetworkPort by UUID.
 */
gboolean network_port_plug(NetworkPort *port, const NetworkDef *def, GHashTable *ports,
                           GError **error);
/* How many of ports are on each of the network's devices. */
void network_count_connections(NetworkDef *def, GHashTable *ports);

G_END_DECLS
