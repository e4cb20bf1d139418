/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "activation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

static void passed_socket_free(gpointer data)
{
    PassedSocket *passed = data;

    if (passed->fd >= 0)
        close(passed->fd);
    g_free(passed->name);
    g_free(passed->path);
    g_free(passed);
}

static gboolean get_option(int fd, int option, int *ret_value)
{
    socklen_t len = sizeof *ret_value;

    return getsockopt(fd, SOL_SOCKET, option, ret_value, &len) == 0;
}

static gboolean is_listening(int fd)
{
    int type, listening;

    return get_option(fd, SO_TYPE, &type) && type == SOCK_STREAM &&
           get_option(fd, SO_ACCEPTCONN, &listening) && listening;
}

static char *unix_path(int fd)
{
    struct sockaddr_un address = { 0 };
    socklen_t len = sizeof address;

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0 || address.sun_family != AF_UNIX)
        return NULL;
    return g_strndup(address.sun_path, sizeof address.sun_path);
}

static void take_socket(GPtrArray *sockets, int fd, const char *name)
{
    int flags = fcntl(fd, F_GETFL);
    PassedSocket *passed;

    if (!is_listening(fd) || flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        g_warning("kanzend: the service manager's descriptor %d ('%s') is no listening socket, "
                  "ignoring it",
                  fd, name);
        close(fd);
        return;
    }
    passed = g_new0(PassedSocket, 1);
    passed->fd = fd;
    passed->name = g_strdup(name);
    passed->path = unix_path(fd);
    g_ptr_array_add(sockets, passed);
}

/* The number of descriptors for this very process; a child of one that had some has none. */
static guint n_passed(void)
{
    const char *pid = g_getenv("LISTEN_PID");
    const char *n = g_getenv("LISTEN_FDS");
    guint64 number, us;

    if (pid == NULL || n == NULL || !g_ascii_string_to_unsigned(pid, 10, 1, G_MAXINT, &us, NULL) ||
        (pid_t)us != getpid() || !g_ascii_string_to_unsigned(n, 10, 0, 1000, &number, NULL))
        return 0;
    return (guint)number;
}

GPtrArray *activation_take_sockets(void)
{
    GPtrArray *sockets = g_ptr_array_new_with_free_func(passed_socket_free);
    const char *names_text = g_getenv("LISTEN_FDNAMES");
    g_auto(GStrv) names = g_strsplit(names_text != NULL ? names_text : "", ":", -1);
    guint n = n_passed(), n_names = g_strv_length(names);

    for (guint i = 0; i < n; i++)
        take_socket(sockets, FIRST_FD + (int)i, i < n_names ? names[i] : "");
    g_unsetenv("LISTEN_PID");
    g_unsetenv("LISTEN_FDS");
    g_unsetenv("LISTEN_FDNAMES");
    return sockets;
}

void activation_notify(const char *state)
{
    const char *path = g_getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    gsize len = path != NULL ? strlen(path) : 0;
    int fd;

    if (len < 2 || len >= sizeof address.sun_path)
        return;
    memcpy(address.sun_path, path, len);
    if (path[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
                         (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
        g_warning("kanzend: cannot tell the service manager '%s': %s", state, g_strerror(errno));
    if (fd >= 0)
        close(fd);
}
