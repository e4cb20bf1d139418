/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vnc.h"

#include <string.h>
#include <unistd.h>

enum { VNC_BASE_PORT = 5900 };

static char *password_of(Xl *xl, int domid)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(xl->host, domid, NULL);

    if (!config)
        return NULL;
    if (config->vfbs->len)
        return g_strdup(((const KxlDeviceVfb *)config->vfbs->pdata[0])->vnc.passwd);
    return g_strdup(config->vnc.passwd);
}

/* The viewer reads the password from its standard input (-autopass), so that no process list shows
 * it. */
static gboolean start_viewer(const char *program, const char *display, const char *password,
                             GError **error)
{
    const char *argv[] = { program, display, password ? "-autopass" : NULL, NULL };
    int in;

    if (!g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                  password ? 0 : G_SPAWN_STDIN_FROM_DEV_NULL, NULL, NULL, NULL,
                                  password ? &in : NULL, NULL, NULL, error))
        return FALSE;
    if (password) {
        if (write(in, password, strlen(password)) < 0 || write(in, "\n", 1) < 0)
            g_debug("vncviewer took no password");
        close(in);
    }
    return TRUE;
}

int xl_vnc_view(Xl *xl, int domid, gboolean autopass)
{
    g_autofree char *program = g_find_program_in_path("vncviewer");
    g_autofree char *address = NULL;
    g_autofree char *display = NULL;
    g_autofree char *password = autopass ? password_of(xl, domid) : NULL;
    g_autoptr(GError) error = NULL;
    guint port;

    if (!program) {
        xl_say(xl, "xl: vncviewer: not supported: no program 'vncviewer' in the PATH");
        return XL_FAILED;
    }
    if (!kxl_domain_vnc_address(xl->host, domid, &address, &port, &error))
        return xl_fail(xl, error);
    if (port < VNC_BASE_PORT) {
        xl_say(xl, "xl: vncviewer: domain %d has no VNC display", domid);
        return XL_FAILED;
    }
    display = g_strdup_printf("%s:%u", strcmp(address, "0.0.0.0") ? address : "localhost",
                              port - VNC_BASE_PORT);
    return start_viewer(program, display, password, &error) ? XL_OK : xl_fail(xl, error);
}
