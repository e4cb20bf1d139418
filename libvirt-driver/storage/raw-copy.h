/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies of plain bytes. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Copies what is in from to the new file to; holes stay holes. name: the copy's. */
gboolean raw_copy(int from, int to, const char *name, GError **error);
/* The same with zeroes for holes: what is in to is not known. */
gboolean raw_copy_all(int from, int to, const char *name, GError **error);
/* Makes the new file to share from's blocks, which not every file system can. */
gboolean raw_reflink(int from, int to, const char *name, GError **error);

/* FALSE with VIR_ERR_RESOURCE_BUSY: a QEMU has the image open, which would not know what became of
 * it. */
gboolean image_check_unused(int fd, const char *name, GError **error);

G_END_DECLS
