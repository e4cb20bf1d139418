/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of the host that a guest gets: finding them, and PCI devices' change of driver. */
#pragma once

#include "kxl.h"

#define KXL_VFIO_DRIVER "vfio-pci"

/* Everything here looks below sysfs, kxl_sysfs_dir(). */

/* One of its attributes or links. New string. */
char *kxl_host_pci_file(const char *sysfs, const KxlDevicePci *pci, const char *file);

/* There, and with VFIO's driver or to be given it (managed). */
gboolean kxl_host_pci_check(const char *sysfs, const KxlDevicePci *pci, GError **error);
/* Managed, and another's than vfio-pci's: it has to be taken before QEMU can have it. */
gboolean kxl_host_pci_is_to_take(const char *sysfs, const KxlDevicePci *pci);
gboolean kxl_host_pci_take(const char *sysfs, const KxlDevicePci *pci, GError **error);
/* Gives it back to whichever driver is for it. */
gboolean kxl_host_pci_return(const char *sysfs, const KxlDevicePci *pci, GError **error);
gboolean kxl_host_pci_reset(const char *sysfs, const KxlDevicePci *pci, GError **error);
/* NULL: it has none. */
char *kxl_host_pci_driver(const char *sysfs, const KxlDevicePci *pci);

/* All that a domain gets of the host's PCI, nics' functions too: const KxlDevicePci, the
 * configuration's. */
GPtrArray *kxl_host_pci_list(const KxlDomainConfig *config);
gboolean kxl_host_pci_is_listed(const GPtrArray *list, const KxlDevicePci *pci);

/* Sets the node of a SCSI device, NULL: there is no such device. Others are left alone. */
void kxl_host_scsi_find(const char *sysfs, KxlDeviceHost *device);

/* Fills in bus and device of the one that is meant. KXL_ERROR_NOT_FOUND: none; KXL_ERROR_INVALID:
 * several. */
gboolean kxl_host_usb_find(const char *sysfs, KxlDeviceUsb *usb, GError **error);
