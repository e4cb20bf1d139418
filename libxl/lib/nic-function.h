/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A virtual function of a network card (SR-IOV) as a guest's nic: its card gives it the guest's MAC
 * address and VLAN, its driver gives it to VFIO, and both get it back. */
#pragma once

#include "kxl.h"

/* Everything here looks below sysfs, kxl_sysfs_dir(). */

/* A function that can be taken, of a card whose interface is the host's. `others`: of
 * const KxlDevicePci, what else the domain gets; of other devices in its IOMMU group the host must
 * use none. */
gboolean kxl_nic_function_check(const char *sysfs, const KxlDeviceNic *nic, const GPtrArray *others,
                                GError **error);
/* Sets nic->pci aside for the guest. What was before is in the file `before`, which is written
 * before the first change; after an error too, kxl_nic_function_return() has to be called. */
gboolean kxl_nic_function_take(const char *sysfs, const KxlDeviceNic *nic, const char *before,
                               GError **error);
/* As it was before; without that file nothing is done. What fails is logged, and the rest is
 * done. */
void kxl_nic_function_return(const char *sysfs, const KxlDeviceNic *nic, const char *before);
