/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image files that running machines get besides their disks': copies, backups. */
#pragma once

#include "kxl-config.h"
#include "qmp.h"

/* backing: the image below it, of backing_format; NULL: none. */
gboolean kxl_block_file_make(const char *path, KxlDiskFormat format, guint64 size,
                             const char *backing, const char *backing_format, GError **error);
/* Opens it as a node of that name. backing_node: the node that is to be below it instead of what
 * the file says; NULL: what the file says. */
gboolean kxl_block_file_open(KxlQmp *qmp, const char *path, KxlDiskFormat format, const char *node,
                             const char *backing_node, GError **error);
/* Closes it. Nodes that are no disk's stay open, and their files locked, until they are told to
 * go; what still has a use refuses. */
void kxl_block_file_close(KxlQmp *qmp, const char *node);
