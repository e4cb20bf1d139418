/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices that are made: mediated devices, and virtual Fibre Channel hosts (NPIV). */
#pragma once

#include "node-device.h"

G_BEGIN_DECLS

/* Makes what the document describes below the parent it names, and waits until it is there. */
NodeDevice *node_device_create(NodeDevices *devices, const char *xml, GError **error);
/* Keeps the mediated device that the document describes, and returns its name. */
char *node_device_define(NodeDevices *devices, const char *xml, GError **error);
/* VIR_ERR_OPERATION_UNSUPPORTED: it is not one that was made. */
gboolean node_device_destroy(NodeDevices *devices, const NodeDevice *device, GError **error);
/* By its names, 16 digits each; VIR_ERR_NO_NODE_DEVICE. */
NodeDevice *node_device_find_fc_host(NodeDevices *devices, const char *wwnn, const char *wwpn,
                                     GError **error);

G_END_DECLS
