/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gudev/gudev.h>

#include "mdev-config.h"
#include "node-device.h"

G_BEGIN_DECLS

/* virConnectListAllNodeDeviceFlags */
enum {
    NODE_CAP_SYSTEM = 1 << 0,
    NODE_CAP_PCI = 1 << 1,
    NODE_CAP_USB_DEVICE = 1 << 2,
    NODE_CAP_USB_INTERFACE = 1 << 3,
    NODE_CAP_NET = 1 << 4,
    NODE_CAP_SCSI_HOST = 1 << 5,
    NODE_CAP_SCSI_TARGET = 1 << 6,
    NODE_CAP_SCSI = 1 << 7,
    NODE_CAP_STORAGE = 1 << 8,
    NODE_CAP_FC_HOST = 1 << 9,
    NODE_CAP_VPORTS = 1 << 10,
    NODE_CAP_SCSI_GENERIC = 1 << 11,
    NODE_CAP_DRM = 1 << 12,
    NODE_CAP_MDEV_TYPES = 1 << 13,
    NODE_CAP_MDEV = 1 << 14,
    NODE_CAPS = 0x003fffff, /* those of devices that other hosts have, too */
    NODE_LIST_PERSISTENT = 1 << 28,
    NODE_LIST_TRANSIENT = 1 << 29,
    NODE_LIST_INACTIVE = 1 << 30,
};
#define NODE_LIST_ACTIVE (1u << 31)

/* One kind of device: which of udev's it is, and what its XML says. */
typedef struct {
    const char *cap; /* its name there */
    guint32 flag;
    const char *subsystem, *devtype; /* devtype NULL: any */
    void (*append)(GString *xml, GUdevDevice *device);
    guint32 (*more)(GUdevDevice *device); /* flags of what it can do besides; NULL: nothing */
} NodeKind;

/* NULL: one that is not shown. */
const NodeKind *node_kind(GUdevDevice *device);
extern const NodeKind node_kind_system;

struct NodeDevice {
    char *name, *parent;
    const NodeKind *kind;
    GUdevDevice *udev;   /* NULL: the host, or one that is only defined */
    MdevConfig *defined; /* NULL: it is not */
};

/* "mdev_UUID_PARENT", whatever characters the parent's name has. */
char *node_mdev_name(const char *uuid, const char *parent);
extern const NodeKind *const node_kind_mdev;
/* What a definition of one says, as the kind's own function does of one that is there. */
void node_append_defined_mdev(GString *xml, const MdevConfig *config);

/* The text of an attribute, which may be in a folder below the device's; NULL: none, or empty. */
char *node_attribute(GUdevDevice *device, const char *file);
gboolean node_has(GUdevDevice *device, const char *file);
/* A link's last part; NULL: no such link. */
char *node_link(GUdevDevice *device, const char *file);
/* "<element>text</element>" with that indent; nothing for NULL. */
void node_append(GString *xml, guint indent, const char *element, const char *text);

/* What a network interface can do (node-net.c): a "<feature name=.../>" each. */
void node_append_net(GString *xml, GUdevDevice *device);
void node_append_pci(GString *xml, GUdevDevice *device);
guint32 node_pci_more(GUdevDevice *device);
void node_append_scsi_host(GString *xml, GUdevDevice *device);
guint32 node_scsi_host_more(GUdevDevice *device);
/* "port:node", the names of a Fibre Channel host as its parent's vport_create and vport_delete take
 * them; NULL: it is none. */
char *node_fc_key(GUdevDevice *device);
void node_append_scsi(GString *xml, GUdevDevice *device);
void node_append_storage(GString *xml, GUdevDevice *device);
/* "disk", "cdrom" and the like; NULL: no storage of its own (loop, device mapper, RAM). */
char *node_drive_type(GUdevDevice *device);

G_END_DECLS
