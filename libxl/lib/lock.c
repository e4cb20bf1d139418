/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "file.h"

KxlFd kxl_lock_take(const char *path, KxlLockMode mode, GError **error)
{
    g_auto(KxlFd) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    if (fd < 0 || TEMP_FAILURE_RETRY(
                      fcntl(fd, mode == KXL_LOCK_WAIT ? F_OFD_SETLKW : F_OFD_SETLK, &lock)) < 0) {
        kxl_error_set_errno(error, errno == EAGAIN || errno == EACCES ? EBUSY : errno, "lock '%s'",
                            path);
        return -1;
    }
    return kxl_fd_steal(&fd);
}

gboolean kxl_lock_is_held(const char *path)
{
    g_auto(KxlFd) fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

    return fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

gboolean kxl_lock_is_current(KxlFd fd, const char *path)
{
    struct stat ours, there;

    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}
