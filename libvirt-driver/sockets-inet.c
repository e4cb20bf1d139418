/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sockets-inet.h"

#include <errno.h>
#include <gio/gio.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "handler-util.h"

/* -1 with errno: it cannot be. */
static int listen_at(const struct addrinfo *info)
{
    static const int on = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int saved;

    if (fd < 0)
        return -1;
    /* IPv4 has sockets of its own: the same port for both, and no mapped addresses in the log. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        (info->ai_family != AF_INET6 ||
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
        bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Adds to fds. Of an address with several meanings (all; a name), some may not be this host's: a
 * kernel without IPv6 is no error. */
static gboolean listen_at_address(const char *address, const char *port, GArray *fds,
                                  GError **error)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *infos = NULL;
    int status = getaddrinfo(address, port, &hints, &infos);
    int saved = EADDRNOTAVAIL;
    guint before = fds->len;

    for (struct addrinfo *info = infos; status == 0 && info != NULL; info = info->ai_next) {
        int fd = listen_at(info);

        if (fd >= 0)
            g_array_append_val(fds, fd);
        else if (errno != EAFNOSUPPORT || saved == EADDRNOTAVAIL)
            saved = errno;
    }
    if (status == 0)
        freeaddrinfo(infos);
    if (fds->len > before)
        return TRUE;
    g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(saved),
                "cannot listen at port %s of '%s': %s", port, address != NULL ? address : "*",
                status != 0 ? gai_strerror(status) : g_strerror(saved));
    return FALSE;
}

gboolean sockets_listen_inet(RpcServer *server, const RpcService *service, char *const *addresses,
                             guint port, GError **error)
{
    static char *const all[] = { NULL, NULL };
    g_autoptr(GArray) fds = fds_new();
    g_autofree char *port_text = g_strdup_printf("%u", port);
    char *const *next = addresses != NULL ? addresses : all;

    do {
        if (!listen_at_address(*next, port_text, fds, error))
            return FALSE;
    } while (addresses != NULL && *++next != NULL);

    for (guint i = 0; i < fds->len; i++) {
        rpc_server_listen(server, g_array_index(fds, int, i), service);
        g_array_index(fds, int, i) = -1;
    }
    return TRUE;
}
