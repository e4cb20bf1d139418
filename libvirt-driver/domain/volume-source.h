/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <source pool= volume=> of disks. */
#pragma once

#include <domain-def.h>

#include "kanzend.h"

G_BEGIN_DECLS

/* Makes each disk that is a volume of a pool the file or folder it is now. */
gboolean resolve_volumes(PoolRegistry *pools, DomainDef *def, GError **error);

G_END_DECLS
