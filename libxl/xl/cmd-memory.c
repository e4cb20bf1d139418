/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"

int cmd_mem_set(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    guint64 kib;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    if (!xl_parse_memory(args->args[1], &kib)) {
        xl_say(xl, "invalid memory size: %s", args->args[1]);
        return XL_FAILED;
    }
    if (kxl_domain_set_memory_target(xl->host, domid, kib, &error))
        return XL_OK;
    xl_say(xl, "cannot set domid %d dynamic max memory to : %s: %s", domid, args->args[1],
           error->message);
    return XL_FAILED;
}
