/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's devices, as udev and sysfs have them. Nothing about them is kept but which name is
 * whose: each call looks at what is there.
 */
#pragma once

#include <glib.h>

#include "kanzend.h"
#include "mdev-config.h"

G_BEGIN_DECLS

/* Sends events about the host's devices from the calling thread's main context, as soon as they are
 * known. */
NodeDevices *node_devices_new(RpcServer *server);
/* Looks at all devices once, so that who goes has a name: before the first client is told of
 * events. It takes as long as a list does, so a start does not do it. */
void node_devices_know(NodeDevices *devices);
gboolean node_devices_are_known(NodeDevices *devices);
void node_devices_free(NodeDevices *devices);

typedef struct NodeDevice NodeDevice;

/* virNodeDeviceEventLifecycleType */
enum { NODE_CREATED = 0, NODE_DELETED, NODE_DEFINED, NODE_UNDEFINED };
void node_devices_send(NodeDevices *devices, const char *name, int kind);

/* Every device, by name: of NodeDevice, with a function that frees them. */
GPtrArray *node_device_list(NodeDevices *devices);
/* NULL with VIR_ERR_NO_NODE_DEVICE. */
NodeDevice *node_device_find(NodeDevices *devices, const char *name, GError **error);
void node_device_free(NodeDevice *device); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeDevice, node_device_free)

const char *node_device_name(const NodeDevice *device);
/* NULL: it is the host itself. */
const char *node_device_parent(const NodeDevice *device);
/* What it is, and what it can do besides: names as in its XML, and
 * virConnectListAllNodeDeviceFlags. */
char **node_device_caps(const NodeDevice *device);
guint32 node_device_flags(const NodeDevice *device);
/* defined: as it is kept, if it is. */
char *node_device_xml(const NodeDevice *device, gboolean defined);
/* FALSE: it is kept by mdevctl and not there. */
gboolean node_device_is_active(const NodeDevice *device);
/* What is kept of it; NULL: nothing. */
const MdevConfig *node_device_defined(const NodeDevice *device);
/* Its folder below /sys. */
const char *node_device_path(const NodeDevice *device);

G_END_DECLS
