/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports of a running q35 machine: the root of PCI Express takes no device while it runs. */
#include <string.h>

#include "hot-device.h"
#include "hot-qmp.h"

/* The ids of ports that may take a device: the configuration's, or those that were made for it. */
static char **port_names(const KxlDomainConfig *config)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    gboolean own = FALSE;

    for (guint i = 0; i < config->controllers->len; i++) {
        const KxlDeviceController *c = config->controllers->pdata[i];
        g_autofree char *name = g_strdup_printf("pci.%u", c->index);

        if (!g_str_equal(c->type, "pci") || c->index == 0)
            continue;
        own = TRUE;
        if (c->model && g_str_has_suffix(c->model, "-port") &&
            !g_str_equal(c->model, "pcie-switch-upstream-port") && c->hotplug != KXL_NO)
            g_strv_builder_add(names, name);
    }
    for (guint i = 0; !own && i < KXL_SPARE_PORTS; i++) {
        g_autofree char *name = g_strdup_printf(KXL_SPARE_PORT "%u", i);

        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

/* A device on PCI that may sit anywhere. */
static gboolean needs_port(const char *option, const char *value)
{
    return g_str_equal(option, "-device") && !strstr(value, ",bus=") &&
           !g_str_has_prefix(value, "usb-");
}

gboolean kxl_hot_choose_ports(KxlQmp *qmp, const KxlDomainConfig *config, KxlArgs *args,
                              GError **error)
{
    g_auto(GStrv) ports = kxl_board_is_q35(config) ? port_names(config) : NULL;
    char **next = ports;

    for (guint i = 0; ports && i + 1 < args->len; i += 2) {
        char *value = args->pdata[i + 1];

        if (!needs_port(args->pdata[i], value))
            continue;
        while (*next && !kxl_hot_port_is_free(qmp, *next))
            next++;
        if (!*next)
            return kxl_args_unsupported(
                error, "one more device: no port of the machine's PCI Express is free, which");
        args->pdata[i + 1] = g_strconcat(value, ",bus=", *next++, NULL);
        g_free(value);
    }
    return TRUE;
}
