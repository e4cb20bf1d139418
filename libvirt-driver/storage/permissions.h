/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <permissions> of pools and volumes. */
#pragma once

#include <libxml/tree.h>

#include "pool-def.h"

G_BEGIN_DECLS

/* path: of the element below node, which may be absent. */
gboolean permissions_parse(xmlNodePtr node, const char *path, Permissions *ret, GError **error);
/* As in <target>; nothing when nothing is said. */
void permissions_format(GString *xml, const Permissions *permissions);

G_END_DECLS
