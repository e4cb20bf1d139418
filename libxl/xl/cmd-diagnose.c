/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* debug-keys, hv-stats */
#include "commands.h"

#include <kxl-guest.h>
#include <stdio.h>
#include <stdlib.h>

static int press_everywhere(Xl *xl, const char *keys)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) domains = kxl_domain_list(xl->host, FALSE, &error);
    guint pressed = 0;

    if (!domains)
        return xl_fail(xl, error);
    for (guint i = 0; i < domains->len; i++) {
        const KxlDomainInfo *info = domains->pdata[i];

        if (info->type != KXL_TYPE_PV || info->paused)
            continue;
        if (!kxl_domain_debug_keys(xl->host, info->domid, keys, &error))
            return xl_fail(xl, error);
        pressed++;
    }
    if (pressed == 0) {
        xl_say(xl, "debug-keys: no PV domain is running");
        return XL_FAILED;
    }
    return XL_OK;
}

int cmd_debug_keys(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_host(xl))
        return XL_FAILED;
    if (args->n_args == 1)
        return press_everywhere(xl, args->args[0]);
    if (!xl_find_domain(xl, args->args[1], &domid))
        return XL_FAILED;
    return kxl_domain_debug_keys(xl->host, domid, args->args[0], &error) ? XL_OK
                                                                         : xl_fail(xl, error);
}

/* "NAME COUNT" lines in two columns. */
static void print_stats(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    printf("%-36s %16s\n", "Name", "Count");
    for (char **line = lines; *line && **line; line++) {
        char *count = strrchr(*line, ' ');

        if (!count)
            continue;
        *count++ = '\0';
        printf("%-36s %16s\n", *line, count);
    }
}

int cmd_hv_stats(Xl *xl, const XlArgs *args)
{
    const char *vcpu = xl_opt_value(args, "vcpu");
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    guint64 number = 0;
    int domid;

    if (vcpu && !g_ascii_string_to_unsigned(vcpu, 10, 0, G_MAXINT, &number, NULL)) {
        xl_say(xl, "vcpu: '%s' is not a number", vcpu);
        return XL_FAILED;
    }
    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    text = kxl_domain_hv_stats(xl->host, domid, vcpu ? (int)number : -1, &error);
    if (!text)
        return xl_fail(xl, error);
    print_stats(text);
    return XL_OK;
}
