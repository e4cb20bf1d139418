/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"

#include <kxl-guest.h>

typedef gboolean (*SetMemory)(KxlHost *host, int domid, guint64 kib, GError **error);

static int set_memory(Xl *xl, const XlArgs *args, SetMemory set, const char *what)
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
    if (set(xl->host, domid, kib, &error))
        return XL_OK;
    xl_say(xl, "cannot set domid %d %s to : %s: %s", domid, what, args->args[1], error->message);
    return XL_FAILED;
}

int cmd_mem_set(Xl *xl, const XlArgs *args)
{
    return set_memory(xl, args, kxl_domain_set_memory_target, "dynamic max memory");
}

int cmd_mem_max(Xl *xl, const XlArgs *args)
{
    return set_memory(xl, args, kxl_domain_set_max_memory, "static max memory");
}
