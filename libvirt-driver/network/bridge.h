/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridges of virtual networks, through ip(8). */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

/* An error when a network of def's is one that the host is in already. */
gboolean bridge_check_clash(const NetworkDef *def, GError **error);
/* An error when there is an interface of its name. */
gboolean bridge_check_free(const NetworkDef *def, GError **error);
gboolean bridge_exists(const char *name);
/* Makes the network's bridge with its addresses and routes, up. Nothing is left when it fails. */
gboolean bridge_add(const NetworkDef *def, GError **error);
void bridge_remove(const NetworkDef *def);
/* Lets the host forward what its networks need; it stays so. */
gboolean bridge_enable_forwarding(const NetworkDef *def, GError **error);

G_END_DECLS
