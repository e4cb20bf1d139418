/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What defining or creating a network adds to what a client says, and refuses besides. */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

/* UUID, bridge and its address. is_taken: whether another network has that bridge. */
gboolean network_complete(NetworkDef *def, gboolean (*is_taken)(const char *bridge, gpointer data),
                          gpointer data, GError **error);

G_END_DECLS
