/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pci-assignable-add, pci-assignable-remove, pci-assignable-list */
#include "commands.h"

static int change(Xl *xl, const XlArgs *args,
                  gboolean (*make)(KxlHost *host, const KxlDevicePci *pci, GError **error))
{
    g_autoptr(GError) error = NULL;
    KxlDevicePci pci = { 0 };
    const char *rest;

    if (!kxl_pci_parse(args->args[0], &pci, &rest) || *rest != '\0') {
        xl_say(xl, "malformed BDF '%s'", args->args[0]);
        return XL_USAGE;
    }
    if (xl_host(xl) == NULL)
        return XL_FAILED;
    return make(xl->host, &pci, &error) ? XL_OK : xl_fail(xl, error);
}

int cmd_pci_assignable_add(Xl *xl, const XlArgs *args)
{
    return change(xl, args, kxl_pci_assignable_add);
}

int cmd_pci_assignable_remove(Xl *xl, const XlArgs *args)
{
    return change(xl, args, kxl_pci_assignable_remove);
}

int cmd_pci_assignable_list(Xl *xl, const XlArgs *args)
{
    g_auto(GStrv) names = kxl_pci_assignable_list();

    for (guint i = 0; names[i] != NULL; i++)
        g_print("%s\n", names[i]);
    return XL_OK;
}
