/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "fd.h"
#include "file.h"

/* How often to try a socket with too many others waiting on it. */
#define RETRY_US 2000

gboolean kxl_fd_wait(int fd, short events, gint64 deadline_us)
{
    for (;;) {
        struct pollfd p = { .fd = fd, .events = events };
        gint64 left = deadline_us - g_get_monotonic_time();
        int n;

        if (left <= 0)
            left = 0;
        n = poll(&p, 1, (int)((left + 999) / 1000));
        if (n > 0)
            return TRUE;
        if (n == 0 || errno != EINTR)
            return FALSE;
    }
}

/* sun_path is short, run directories need not be: connect through an open descriptor of the
 * folder. */
static gboolean make_address(const char *path, struct sockaddr_un *ret_address, KxlFd *ret_dir)
{
    g_autofree char *dir = NULL, *base = NULL;

    *ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) < sizeof ret_address->sun_path) {
        strcpy(ret_address->sun_path, path);
        return TRUE;
    }
    dir = g_path_get_dirname(path);
    base = g_path_get_basename(path);
    *ret_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *ret_dir >= 0 &&
           g_snprintf(ret_address->sun_path, sizeof ret_address->sun_path, "/proc/self/fd/%d/%s",
                      *ret_dir, base) < (int)sizeof ret_address->sun_path;
}

int kxl_sock_connect(const char *path, gint64 deadline_us, GError **error)
{
    g_auto(KxlFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_auto(KxlFd) dir = -1;
    struct sockaddr_un address;

    if (fd < 0 || !make_address(path, &address, &dir)) {
        kxl_error_set_errno(error, errno ? errno : ENAMETOOLONG, "socket '%s'", path);
        return -1;
    }
    /* EAGAIN: the listener's queue is full for the moment. */
    while (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        if ((errno != EAGAIN && errno != EINTR) || g_get_monotonic_time() >= deadline_us) {
            kxl_error_set_errno(error, errno, "socket '%s'", path);
            return -1;
        }
        g_usleep(RETRY_US);
    }
    return kxl_fd_steal(&fd);
}

gboolean kxl_sock_send(int fd, const void *data, gsize len, gint64 deadline_us, GError **error)
{
    for (const char *at = data; len > 0;) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            at += n;
            len -= (gsize)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            return kxl_error_set_errno(error, errno, "socket");
        } else if (!kxl_fd_wait(fd, POLLOUT, deadline_us)) {
            return kxl_error_set_errno(error, ETIMEDOUT, "socket");
        }
    }
    return TRUE;
}

gboolean kxl_sock_recv(int fd, void *data, gsize len, gint64 deadline_us, GError **error)
{
    for (char *at = data; len > 0;) {
        ssize_t n = recv(fd, at, len, MSG_DONTWAIT);

        if (n > 0) {
            at += n;
            len -= (gsize)n;
        } else if (n == 0) {
            return kxl_error_set_errno(error, ECONNRESET, "socket");
        } else if (errno != EAGAIN && errno != EINTR) {
            return kxl_error_set_errno(error, errno, "socket");
        } else if (!kxl_fd_wait(fd, POLLIN, deadline_us)) {
            return kxl_error_set_errno(error, ETIMEDOUT, "socket");
        }
    }
    return TRUE;
}
