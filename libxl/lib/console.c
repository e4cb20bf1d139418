/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a domain's consoles, logs and display are. */
#include <string.h>

#include "file.h"
#include "rundir.h"
#include "supervise.h"

static KxlState *load(KxlHost *host, int domid, GError **error)
{
    return kxl_supervise_ensure(host, domid, error) ? kxl_rundir_load_state(host, domid, error)
                                                    : NULL;
}

char *kxl_domain_console_tty(KxlHost *host, int domid, const char *kind, guint num, GError **error)
{
    g_autoptr(KxlState) state = load(host, domid, error);
    /* QEMU knows the PV console as console0; the others by the name of their kind. */
    g_autofree char *label =
        g_strdup_printf("%s%u=", g_str_equal(kind, "pv") ? "console" : kind, num);

    if (!state)
        return NULL;
    for (char **tty = state->ttys; tty && *tty; tty++)
        if (g_str_has_prefix(*tty, label))
            return g_strdup(*tty + strlen(label));
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                "domain %d has no %s console %u on a terminal", domid, kind, num);
    return NULL;
}

char *kxl_domain_console_log_path(KxlHost *host, int domid)
{
    g_autoptr(KxlDomainConfig) config = kxl_rundir_load_config(host, domid, NULL);

    return config ? g_strdup_printf("%s/console-%s.log", kxl_host_log_dir(host), config->name)
                  : NULL;
}

static void append_log(KxlHost *host, int domid, GString *text)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "hv.log");
    g_autofree char *log = kxl_file_read(path, NULL);

    if (log)
        g_string_append(text, log);
}

char *kxl_domain_hv_log(KxlHost *host, int domid, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GArray) domids = kxl_rundir_list(host);
    gboolean found = domid == 0;

    for (guint i = 0; i < domids->len; i++) {
        int each = g_array_index(domids, int, i);

        if (domid != 0 && each != domid)
            continue;
        append_log(host, each, text);
        found = TRUE;
    }
    if (!found) {
        kxl_rundir_no_domain(error, domid);
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

KxlDisplayInfo *kxl_domain_get_displays(KxlHost *host, int domid, GError **error)
{
    g_autoptr(KxlState) state = load(host, domid, error);
    KxlDisplayInfo *info;

    if (!state)
        return NULL;
    info = g_new0(KxlDisplayInfo, 1);
    info->vnc_address = g_steal_pointer(&state->vnc_address);
    info->vnc_socket = g_steal_pointer(&state->vnc_socket);
    info->vnc_port = state->vnc_port;
    info->vnc_websocket = state->vnc_websocket;
    info->spice_address = g_steal_pointer(&state->spice_address);
    info->spice_port = state->spice_port;
    info->spice_tls_port = state->spice_tls_port;
    return info;
}

void kxl_display_info_free(KxlDisplayInfo *info)
{
    if (!info)
        return;
    g_free(info->vnc_address);
    g_free(info->vnc_socket);
    g_free(info->spice_address);
    g_free(info);
}

gboolean kxl_domain_vnc_address(KxlHost *host, int domid, char **ret_address, guint *ret_port,
                                GError **error)
{
    g_autoptr(KxlState) state = load(host, domid, error);

    if (!state)
        return FALSE;
    *ret_address = g_strdup(state->vnc_address);
    *ret_port = state->vnc_port;
    return TRUE;
}
