/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kind of disk image a file is, from its first bytes. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    const char *format;   /* "raw", "qcow2", "iso" ...: static */
    guint64 capacity;     /* what a guest sees, bytes */
    char *backing_path;   /* as written in the image; NULL: none */
    char *backing_format; /* NULL: not said */
    /* of qcow2 */
    const char *compat; /* "0.10", "1.1"; NULL: another format */
    guint cluster_size; /* bytes */
    gboolean lazy_refcounts, extended_l2;
    gboolean encrypted; /* LUKS, in qcow2 or alone */
} ImageInfo;

/* size: of the file. Unknown bytes are raw. FALSE: fd cannot be read. */
gboolean image_probe(int fd, guint64 size, ImageInfo *ret_info);
void image_info_clear(ImageInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ImageInfo, image_info_clear)

G_END_DECLS
