/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks and vifs on a command line, written as in xl.cfg's disk= and vif=. */
#pragma once

#include "xl.h"

/* The words of a specification, which xl lets stand apart, make one device. NULL: said why. Free
 * with kxl_device_disk_free(). */
KxlDeviceDisk *xl_parse_disk(Xl *xl, char *const *words);
KxlDeviceNic *xl_parse_nic(Xl *xl, char *const *words);
