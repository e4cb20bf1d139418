/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disks behind one of the host's SCSI controllers, real or iSCSI's. */
#pragma once

#include "pool-backend.h"

G_BEGIN_DECLS

/* Its disks as volumes, named "unit:BUS:TARGET:LUN", at their names in the pool's target. */
GPtrArray *scsi_luns(const PoolAccess *pool, guint host, GError **error);
/* Asks the controller what it has now. */
gboolean scsi_rescan(guint host, GError **error);
/* Sums of the volumes of list. */
gboolean luns_usage(GPtrArray *volumes, PoolUsage *ret_usage);

G_END_DECLS
