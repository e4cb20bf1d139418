/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The compressions Linux uses for its kernel images, written to a file as they unpack. */
#pragma once

#include <glib.h>

typedef struct KxlCompression KxlCompression;

/* By the magic number at the beginning; NULL: none that is known. */
const KxlCompression *kxl_compression_detect(const guint8 *data, gsize len);
const char *kxl_compression_name(const KxlCompression *compression);

/* Unpacks the first stream in data to fd; what follows it (Linux appends the size) is ignored. More
 * than limit bytes of output is an error. */
gboolean kxl_decompress(const KxlCompression *compression, const guint8 *data, gsize len, int fd,
                        guint64 limit, guint64 *ret_size, GError **error);
