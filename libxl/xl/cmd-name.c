/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* domid, domname, rename */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>

int cmd_domid(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    KxlHost *host = xl_host(xl);
    int domid;

    if (!host)
        return XL_FAILED;
    domid = kxl_domain_find(host, args->args[0], &error);
    if (domid < 0) {
        xl_say(xl, "Can't get domid of domain name '%s', maybe this domain does not exist.",
               args->args[0]);
        return XL_FAILED;
    }
    printf("%d\n", domid);
    return XL_OK;
}

int cmd_domname(Xl *xl, const XlArgs *args)
{
    g_autoptr(KxlDomainInfo) info = NULL;
    KxlHost *host;
    char *end;
    long domid = strtol(args->args[0], &end, 10);

    if (*end || end == args->args[0] || domid < 0 || domid > G_MAXINT) {
        xl_say(xl, "Invalid domain id.\n");
        xl_help_command(args->command);
        return XL_FAILED;
    }
    host = xl_host(xl);
    if (!host)
        return XL_FAILED;
    info = kxl_domain_get_info(host, (int)domid, NULL);
    if (!info) {
        xl_say(xl, "Can't get domain name of domain id '%ld', maybe this domain does not exist.",
               domid);
        return XL_FAILED;
    }
    printf("%s\n", info->name);
    return XL_OK;
}

int cmd_rename(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    if (kxl_domain_rename(xl->host, domid, args->args[1], &error))
        return XL_OK;
    xl_say(xl, "Can't rename domain '%s': %s", args->args[0], error->message);
    return XL_FAILED;
}
