/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network XML: what parses is a fixed point, and dnsmasq and the firewall can be told of it. */
#include <stdint.h>
#include <string.h>

#include "network/dnsmasq-conf.h"
#include "network/firewall-rules.h"
#include "network/leases.h"
#include "network/network-def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_services(const NetworkDef *def)
{
    g_autofree char *conf = dnsmasq_conf(def, "/dir", NULL, NULL);
    g_autofree char *hosts = dnsmasq_hostsfile(def);
    g_autofree char *names = dnsmasq_addnhosts(def);
    g_autoptr(GPtrArray) rules = firewall_rules_new(def);

    for (guint i = 0; i < rules->len; i++)
        g_strfreev(firewall_rule_argv(rules->pdata[i], "--insert"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup(size > 0 ? (const char *)data : "", size);
    g_autoptr(NetworkDef) def = network_def_parse(text, DOMAIN_XML_PARSE_INACTIVE, NULL);

    if (def == NULL)
        return 0;
    g_autofree char *first = network_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
    g_autoptr(NetworkDef) again = network_def_parse(first, DOMAIN_XML_PARSE_INACTIVE, NULL);
    g_assert_nonnull(again);
    g_autofree char *second = network_def_format(again, DOMAIN_XML_FORMAT_INACTIVE);
    g_assert_cmpstr(first, ==, second);
    g_ptr_array_unref(leases_parse(text, def, 0));
    if (def->bridge != NULL)
        check_services(def);
    return 0;
}
