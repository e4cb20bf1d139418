/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Displays: ports that QEMU does not find by itself, passwords and when they end. */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "machine.h"
#include "session.h"

#define MONITOR_TIMEOUT_MS 20000

/* --- ports ------------------------------------------------------------------------------------ */

/* Where VNC and SPICE look for ports, as libvirt's drivers do. */
#define FIRST_PORT 5900
#define LAST_PORT  65535

static gboolean port_is_free(const struct addrinfo *at, guint port)
{
    g_auto(KxlFd) fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_storage address = { 0 };
    in_port_t *field = at->ai_family == AF_INET6 ? &((struct sockaddr_in6 *)&address)->sin6_port
                                                 : &((struct sockaddr_in *)&address)->sin_port;
    int on = 1;

    memcpy(&address, at->ai_addr, at->ai_addrlen);
    *field = htons((in_port_t)port);
    /* As QEMU binds it: what only lingers is free. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return fd >= 0 && bind(fd, (const struct sockaddr *)&address, at->ai_addrlen) == 0 &&
           listen(fd, 1) == 0;
}

gboolean displays_find_port(const char *address, guint *ret_port, GError **error)
{
    const struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(address ? address : "127.0.0.1", NULL, &hints, &found);
    guint port = FIRST_PORT;

    if (failed) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "display: address '%s': %s", address,
                    gai_strerror(failed));
        return FALSE;
    }
    while (port <= LAST_PORT && !port_is_free(found, port))
        port++;
    freeaddrinfo(found);
    if (port > LAST_PORT) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE, "display: no port is free on '%s'",
                    address ? address : "127.0.0.1");
        return FALSE;
    }
    *ret_port = port;
    return TRUE;
}

/* --- passwords -------------------------------------------------------------------------------- */

/* expire_password's "time": seconds since 1970, or a word. */
static char *expiry_text(const char *valid_to)
{
    g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
    g_autoptr(GDateTime) time =
        valid_to ? g_date_time_new_from_iso8601(valid_to, utc) : NULL;

    return time ? g_strdup_printf("%" G_GINT64_FORMAT, g_date_time_to_unix(time))
                : g_strdup("never");
}

static gboolean set_password(Session *s, const char *protocol, const char *password,
                             const char *connected, const char *valid_to, GError **error)
{
    g_autofree char *expiry = expiry_text(valid_to);

    if (!password)
        return TRUE;
    return kxl_qmp_run(s->qmp, "set_password",
                       kxl_qmp_args("s:protocol", protocol, "s:password", password, "s:connected",
                                    connected, NULL),
                       MONITOR_TIMEOUT_MS, error) &&
           kxl_qmp_run(s->qmp, "expire_password",
                       kxl_qmp_args("s:protocol", protocol, "s:time", expiry, NULL),
                       MONITOR_TIMEOUT_MS, error);
}

gboolean displays_set_up(Session *s, GError **error)
{
    const KxlSpice *spice = &s->config->spice;
    const KxlVnc *vnc = kxl_machine_vnc(s->config);
    gboolean has_spice = spice->enable && !s->config->nographic &&
                         s->config->type == KXL_TYPE_HVM && !spice->disable_ticketing;

    if (vnc && !set_password(s, "vnc", vnc->passwd, NULL, vnc->passwd_valid_to, error))
        return FALSE;
    return !has_spice || set_password(s, "spice", spice->passwd, spice->connected,
                                      spice->passwd_valid_to, error);
}
