/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The virtual functions of a network card, as the devices of a network that names only the card. */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

/* Fills in the devices of a network with <pf>: they belong to it while it is active. Others stay as
 * they are. */
gboolean pool_fill(NetworkDef *def, GError **error);

G_END_DECLS
