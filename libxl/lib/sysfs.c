/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kxl-sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fd.h"

const char *kxl_sysfs_dir(void)
{
    const char *dir = g_getenv("KANZEN_SYSFS_DIR");

    return dir ? dir : "/sys";
}

int kxl_sysfs_write(const char *path, const char *value)
{
    g_auto(KxlFd) fd = open(path, O_WRONLY | O_CLOEXEC);
    gsize len = strlen(value);
    ssize_t n = fd >= 0 ? TEMP_FAILURE_RETRY(write(fd, value, len)) : -1;

    if (n < 0)
        return errno;
    return (gsize)n == len ? 0 : EIO; /* half a value is none */
}
