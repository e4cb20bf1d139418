/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the kernel: files of sysfs, /proc/sys and control groups. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "/sys"; tests have another folder in its place, $KANZEN_SYSFS_DIR. */
const char *kxl_sysfs_dir(void);
/* Such a file takes a value by one write(2), and says with it what is wrong. 0, or the errno. The
 * file is not made. */
int kxl_sysfs_write(const char *path, const char *value);

G_END_DECLS
