/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the run directory. */
#pragma once

#include <glib.h>
#include "kxl.h"

/* errno as a KxlError code. */
KxlError kxl_error_from_errno(int error_number);
/* Sets "<text>: <strerror>" with the code that fits error_number. Returns FALSE. */
gboolean kxl_error_set_errno(GError **error, int error_number, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* Contents, NUL-terminated. NULL on error; KXL_ERROR_NOT_FOUND when there is no such file. */
char *kxl_file_read(const char *path, GError **error);
/* What a link leads to, without the folders. NULL: it is none. */
char *kxl_file_link_name(const char *path);
/* At most the last max_bytes of it, cut at a line; NULL when there is no file or nothing in it. */
char *kxl_file_tail(const char *path, gsize max_bytes);
/* Readers see the old or the new contents, never a part. Mode 0600. */
gboolean kxl_file_write(const char *path, const char *text, GError **error);
gboolean kxl_fd_write_all(int fd, const void *data, gsize len, GError **error);
/* Best effort; follows no symbolic link. */
void kxl_remove_tree(const char *path);
