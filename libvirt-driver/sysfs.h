/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Attributes as the kernel shows them: one short text in a file (Documentation/filesystems/sysfs). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The text of dir/file without white space around it. NULL: there is no such file, it cannot be read
 * (as of an interface that is down), it is empty or not UTF-8. */
char *sysfs_text(const char *dir, const char *file);
/* One that is a decimal number and nothing else. */
gboolean sysfs_number(const char *dir, const char *file, guint64 *ret);

G_END_DECLS
