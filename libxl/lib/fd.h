/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file descriptor that closes itself: g_auto(KxlFd) fd = -1; (GLib has g_autofd only from
 * 2.76). */
#pragma once

#include <glib.h>
#include <unistd.h>

typedef int KxlFd;

static inline void kxl_fd_close(KxlFd fd)
{
    if (fd >= 0)
        close(fd);
}
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(KxlFd, kxl_fd_close, -1)

static inline int kxl_fd_steal(KxlFd *fd)
{
    int stolen = *fd;

    *fd = -1;
    return stolen;
}
