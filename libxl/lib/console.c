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
    char **ttys;

    if (!state)
        return NULL;
    ttys = g_str_equal(kind, "pv") ? state->pv_ttys : state->serial_ttys;
    if (ttys && num < g_strv_length(ttys) && *ttys[num])
        return g_strdup(ttys[num]);
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
