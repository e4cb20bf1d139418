/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rules of networks in the kernel, through iptables-restore(8). */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

/* Adds a network's rules, and the chains they are in; all of them or none. */
gboolean firewall_add(const NetworkDef *def, GError **error);
/* Removes them; what is not there any more is no error. */
void firewall_remove(const NetworkDef *def);

G_END_DECLS
