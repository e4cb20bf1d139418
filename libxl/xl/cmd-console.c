/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* console, vncviewer */
#include "commands.h"
#include "console.h"
#include "vnc.h"

#include <string.h>

int cmd_console(Xl *xl, const XlArgs *args)
{
    const char *kind = xl_opt_value(args, "t");
    const char *number = xl_opt_value(args, "n");
    guint64 num = 0;
    int domid, fd;

    if (kind && strcmp(kind, "pv") != 0 && strcmp(kind, "serial") != 0) {
        xl_say(xl, "console type supported are: pv, serial");
        return XL_USAGE;
    }
    if (number && !g_ascii_string_to_unsigned(number, 10, 0, G_MAXINT, &num, NULL)) {
        xl_say(xl, "'%s' is no console number", number);
        return XL_USAGE;
    }
    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    fd = xl_console_open(xl, domid, kind, (guint)num);
    return fd < 0 ? XL_FAILED : xl_console_run(xl, fd);
}

int cmd_vncviewer(Xl *xl, const XlArgs *args)
{
    gboolean autopass = xl_opt_given(args, "autopass") || xl_opt_given(args, "vncviewer-autopass");
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    return xl_vnc_view(xl, domid, autopass);
}
