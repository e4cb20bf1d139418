/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where devices sit. */
#include <string.h>

#include "machine-args.h"

char *kxl_args_pci_address(const KxlAddress *address, const char *what, GError **error)
{
    if (address->kind == KXL_ADDRESS_NONE)
        return g_strdup("");
    if (address->kind != KXL_ADDRESS_PCI) {
        kxl_args_unsupported(error, "%s: an address that is not PCI", what);
        return NULL;
    }
    if (address->domain != 0) {
        kxl_args_unsupported(error, "%s: PCI domain %04x", what, address->domain);
        return NULL;
    }
    /* The host bridge, and the functions of the south bridge that the board has. */
    if (address->bus == 0 && (address->slot == 0 || (address->slot == 1 && address->function < 2) ||
                              (address->slot == 1 && address->function == 3))) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "%s: PCI address 00:%02x.%u is the board's", what, address->slot,
                    address->function);
        return NULL;
    }
    return g_strdup_printf(",bus=pci.%u,addr=%02x.%u%s", address->bus, address->slot,
                           address->function, address->multifunction ? ",multifunction=on" : "");
}

char *kxl_args_usb_address(const KxlDomainConfig *config, const KxlAddress *address,
                           const char *what, GError **error)
{
    if (address->kind == KXL_ADDRESS_NONE)
        return g_strdup("");
    if (address->kind != KXL_ADDRESS_USB) {
        kxl_args_unsupported(error, "%s: an address that is not USB", what);
        return NULL;
    }
    if (!kxl_controller_find(config, "usb", address->bus)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "%s: there is no USB controller %u", what,
                    address->bus);
        return NULL;
    }
    if (!address->port)
        return g_strdup_printf(",bus=usb%u.0", address->bus);
    return g_strdup_printf(",bus=usb%u.0,port=%s", address->bus, address->port);
}

/* On the board itself, so that it waits for nothing before it. */
static gboolean has_place(const char *device)
{
    return strstr(device, ",bus=pci.0,addr=") != NULL;
}

void kxl_args_sort_devices(KxlArgs *args)
{
    guint to = 0; /* where the next one of them goes; 0: no device seen */

    for (guint i = 0; i + 1 < args->len; i++) {
        char *option = args->pdata[i], *device = args->pdata[i + 1];

        if (!g_str_equal(option, "-device"))
            continue;
        if (to == 0)
            to = i;
        if (has_place(device)) {
            memmove(&args->pdata[to + 2], &args->pdata[to], (i - to) * sizeof args->pdata[0]);
            args->pdata[to] = option;
            args->pdata[to + 1] = device;
            to += 2;
        }
        i++;
    }
}
