/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk, nic or piece of memory that comes to, or goes from, a running domain: in QEMU, on the
 * host, and in the XenStore of a PV domain.
 *
 * What is going on is kept in a file of the domain's folder from before the first change to after
 * the last one, and the device is in the domain's configuration as long as anything of it may be
 * there. So whoever operates on the domain next can finish what a killed program began, or a guest
 * let go of late (kxl_hot_recover()).
 */
#pragma once

#include "hot-qmp.h"
#include "ops.h"

typedef enum {
    KXL_HOT_DISK,
    KXL_HOT_NIC,
    KXL_HOT_DIMM, /* memory's models, each of which has numbers of its own */
    KXL_HOT_NVDIMM,
    KXL_HOT_VIRTIO_MEM,
    KXL_HOT_VIRTIO_PMEM,
    KXL_HOT_KIND_COUNT
} KxlHotKind;

typedef struct {
    KxlOp *op;
    KxlHotKind kind;
    int devid;
    char *title;         /* "disk 'xvdb'", for messages */
    char *device;        /* QEMU's id of the device */
    char *netdev;        /* nic: of its host side, or NULL */
    GPtrArray *objects;  /* ids of what the block nodes need */
    GPtrArray *nodes;    /* disk: names of its block nodes, the topmost last */
    KxlArgs *args;       /* QEMU's options for it */
    KxlDeviceDisk *disk; /* one of the three, a copy */
    KxlDeviceNic *nic;
    KxlDeviceMemory *memory;
    KxlQmp *qmp;
    KxlXs *xs; /* PV: connected when first needed */
} KxlHotDevice;

/* A device of op->config, or one that shall be; copies it. NULL: what QEMU would not have. */
KxlHotDevice *kxl_hot_disk_new(KxlOp *op, const KxlDeviceDisk *disk, GError **error);
KxlHotDevice *kxl_hot_nic_new(KxlOp *op, const KxlDeviceNic *nic, GError **error);
KxlHotDevice *kxl_hot_memory_new(KxlOp *op, const KxlDeviceMemory *memory, GError **error);
void kxl_hot_device_free(KxlHotDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlHotDevice, kxl_hot_device_free)

/* Opens the monitor, and the store of a domain that has one. */
gboolean kxl_hot_connect(KxlHotDevice *device, GError **error);
/* Plugs it in. config: the domain's with it as the last of its kind, checked; its place goes there.
 * Returns when a front end can have it; after an error nothing of it is left. */
gboolean kxl_hot_attach(KxlHotDevice *device, KxlDomainConfig *config, GError **error);
/* Takes it away with the guest's consent, which is waited for a while: KXL_ERROR_TIMEOUT, and it
 * goes when the guest lets go of it. force: without asking, as far as that is possible. */
gboolean kxl_hot_detach(KxlHotDevice *device, gboolean force, GError **error);

/* hot-disk.c: adds the names of the block nodes that a medium put in later may have. */
void kxl_hot_add_media(const KxlHotDevice *device, GPtrArray *nodes);

/* Finishes what was left half done. Called with the domain's lock held. */
void kxl_hot_recover(KxlOp *op);

/* The domain's next life begins without the devices that were half attached or half detached. */
void kxl_hot_drop_unfinished(const KxlHost *host, int domid, KxlDomainConfig *config);

/* hot-memory.c: what the domain has of memory is more, or less, by a device. */
void kxl_config_add_memory(KxlDomainConfig *config, KxlDeviceMemory *memory); /* takes it */
void kxl_config_remove_memory(KxlDomainConfig *config, guint index);
