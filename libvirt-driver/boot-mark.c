/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "boot-mark.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

gboolean boot_mark_set(const char *run_dir, const char *name)
{
    g_autofree char *path = g_build_filename(run_dir, name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        return TRUE;
    }
    if (errno != EEXIST)
        g_warning("kanzend: cannot make '%s', starting nothing by itself: %s", path,
                  g_strerror(errno));
    return FALSE;
}
