/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The XenStore tree a PV domain starts with, as records of kanzen-abi.h's store section. */
#pragma once

#include "kxl.h"

/* Where each back end's virtio function sits, in the order of config->disks and config->nics:
 * "00:03.0". */
typedef struct {
    char **disk_pci;
    char **nic_pci;
} KxlStoreFunctions;

/* What libxl writes for such a domain. config has all that was chosen for it (uuid, MACs,
 * devids). */
GByteArray *kxl_store_tree_new(const KxlDomainConfig *config, int domid,
                               const KxlStoreFunctions *functions, gint64 start_time_us);

/* The records of one device that a running domain is given. */
GByteArray *kxl_store_disk_nodes(int domid, const KxlDeviceDisk *disk, const char *pci);
GByteArray *kxl_store_nic_nodes(int domid, const KxlDeviceNic *nic, const char *pci);

/* One record after the other, for those who write them to a store themselves. */
typedef struct {
    const char *path, *perms;
    char *value; /* to be freed */
} KxlStoreNode;
/* FALSE at the end. *at begins with 0. */
gboolean kxl_store_next(const GByteArray *records, gsize *at, KxlStoreNode *ret_node);
