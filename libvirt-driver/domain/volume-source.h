/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <source pool= volume=> of disks. */
#pragma once

#include <domain-def.h>

#include "kanzend.h"

G_BEGIN_DECLS

/* Makes each disk that is a volume of a pool the file or folder it is now. */
gboolean resolve_volumes(PoolRegistry *pools, DomainDef *def, GError **error);
/* Where the host has the volume of such a disk; NULL with an error: nowhere. New string. */
char *volume_disk_path(PoolRegistry *pools, const DomainDisk *disk, GError **error);

G_END_DECLS
