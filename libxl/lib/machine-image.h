/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk's image as QEMU's block nodes. `node` is the name of the one that knows the image's format
 * (whom snapshots, resizing and the like are asked of); filters stand above it.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "machine-args.h"

/* machine-uri.c: the node that speaks the protocol of disk->path. */
JsonObject *kxl_image_uri_node(const KxlDeviceDisk *disk, const char *node, GError **error);

/* All of the disk's nodes, in the order in which they are added; of JsonObject (freed with the
 * array), as -blockdev and blockdev-add take them. */
GPtrArray *kxl_image_nodes(const KxlDeviceDisk *disk, const char *node, GError **error);
/* The node that the device in front gets. New string. */
char *kxl_image_top(const KxlDeviceDisk *disk, const char *node);

/* QEMU's name of a format. */
const char *kxl_image_driver(KxlDiskFormat format);

gboolean kxl_disk_is_empty(const KxlDeviceDisk *disk);
/* For the guest. */
gboolean kxl_disk_is_writable(const KxlDeviceDisk *disk);
/* The image itself is written to: not by what goes to a transient disk's overlay. */
gboolean kxl_disk_writes_image(const KxlDeviceDisk *disk);
/* By librbd, and not by QEMU's own layer over the image. */
gboolean kxl_disk_is_encrypted_by_server(const KxlDeviceDisk *disk);
/* Each write goes to the medium before it is done. */
gboolean kxl_disk_is_write_through(const KxlDeviceDisk *disk);
