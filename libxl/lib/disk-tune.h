/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast a disk may be. Set by the monitor, on the device, as later changes of it are. */
#pragma once

#include "qmp.h"

/* Arguments of block_set_io_throttle for a device of QEMU's; NULL: the disk has no limits. */
JsonObject *kxl_disk_tune_arguments(const KxlDeviceDisk *disk, const char *device);
/* Sets a new device's limits, if it has any. */
gboolean kxl_disk_tune_apply(KxlQmp *qmp, const KxlDeviceDisk *disk, const char *device,
                             GError **error);
