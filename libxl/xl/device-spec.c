/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device-spec.h"

#include <domain-xml.h>
#include <string.h>

/* The specification as the only device of a configuration: there is one parser for both. */
static KxlDomainConfig *parse(Xl *xl, const char *option, char *const *words)
{
    g_autofree char *spec = g_strjoinv(",", (char **)words);
    char quote = strchr(spec, '\'') ? '"' : '\'';
    g_autofree char *text = g_strdup_printf(
        "name = 'x'\nkernel = '/x'\nmemory = 1\n%s = [ %c%s%c ]\n", option, quote, spec, quote);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    KxlDomainConfig *config;

    if (strchr(spec, quote) || strpbrk(spec, "\n\\")) {
        xl_say(xl, "%s '%s': quotes, backslashes and newlines cannot stand here", option, spec);
        return NULL;
    }
    config = xl_cfg_parse(text, spec, warnings, &error);
    if (!config)
        xl_say(xl, "%s: %s", option, error->message);
    for (guint i = 0; config && i < warnings->len; i++)
        xl_say(xl, "%s", (const char *)warnings->pdata[i]);
    return config;
}

KxlDeviceDisk *xl_parse_disk(Xl *xl, char *const *words)
{
    g_autoptr(KxlDomainConfig) config = parse(xl, "disk", words);

    return config && config->disks->len == 1 ? g_ptr_array_steal_index(config->disks, 0) : NULL;
}

KxlDeviceNic *xl_parse_nic(Xl *xl, char *const *words)
{
    g_autoptr(KxlDomainConfig) config = parse(xl, "vif", words);

    return config && config->nics->len == 1 ? g_ptr_array_steal_index(config->nics, 0) : NULL;
}
