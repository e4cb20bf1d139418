/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a configuration against this host and the domains that run on it. */
#pragma once

#include "host.h"

/* Kernel, ramdisk, disks, bridges, emulator and hv image are there and may be used. */
gboolean kxl_host_check_files(const KxlHost *host, const KxlDomainConfig *config, GError **error);

/* The same for one disk, and for nic number i. */
gboolean kxl_host_check_disk(const KxlDeviceDisk *disk, GError **error);
gboolean kxl_host_check_nic(const KxlDomainConfig *config, guint i, GError **error);

/* Name, UUID, MACs, interface names and disks are no other domain's than domid's (-1: it has none
 * yet). Under the run directory's lock. */
gboolean kxl_host_check_unique(const KxlHost *host, const KxlDomainConfig *config, int domid,
                               GError **error);

/* The host has the memory, with what running domains have not yet touched of theirs set aside. */
gboolean kxl_host_check_memory(const KxlHost *host, const KxlDomainConfig *config, GError **error);

/* A line of /proc/meminfo in KiB, 0: not there. */
guint64 kxl_host_meminfo_kb(const char *key);

/* host-check-device.c: what an HVM guest's small devices lead to. Part of
 * kxl_host_check_files(). */
gboolean kxl_host_check_devices(const KxlDomainConfig *config, GError **error);
