/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-fixture.h"

void xlcfg_assert_round_trip(const KxlDomainConfig *config)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = xl_cfg_format(config, &error);
    g_autoptr(KxlDomainConfig) again = NULL;
    g_autofree char *before = kxl_domain_config_to_json(config);
    g_autofree char *after = NULL;

    g_assert_no_error(error);
    again = xl_cfg_parse(text, "formatted", NULL, &error);
    g_assert_no_error(error);
    after = kxl_domain_config_to_json(again);
    g_assert_cmpstr(before, ==, after);
}

KxlDomainConfig *xlcfg_parse_ok(const char *text)
{
    g_autoptr(GError) error = NULL;
    KxlDomainConfig *config = xl_cfg_parse(text, "t", NULL, &error);

    g_assert_no_error(error);
    return config;
}

char *xlcfg_packed_json(const KxlDomainConfig *config)
{
    g_autofree char *json = kxl_domain_config_to_json(config);
    GString *out = g_string_new(NULL);

    for (const char *c = json; *c; c++)
        if (!g_ascii_isspace(*c))
            g_string_append_c(out, *c);
    return g_string_free(out, FALSE);
}
