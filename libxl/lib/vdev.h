/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "kxl-config.h"

typedef enum { KXL_VDEV_XVD, KXL_VDEV_HD, KXL_VDEV_SD, KXL_VDEV_FD } KxlVdevClass;

/* "xvda1" -> class, disk from 0, partition (0: the whole disk). */
gboolean kxl_vdev_parse(const char *vdev, KxlVdevClass *ret_class, int *ret_disk,
                        int *ret_partition);

/* A new address under Xen's OUI. */
char *kxl_mac_random(void);
