/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Golden files (tests/data/domxml): in/X.xml is defined; out/X.xml is what dumpxml shows of it
 * then, out/X.json the config it becomes (or why it becomes none), out/X.back.xml what that config
 * looks like as XML. With DOMXML_REGENERATE=1 in the environment the expected files are written
 * anew: review them by diff.
 */
#include "fixture.h"

#include <string.h>

static void assert_file(const char *stem, const char *suffix, const char *content)
{
    g_autofree char *path = g_strdup_printf("%s/out/%s%s", TEST_DATA, stem, suffix);

    if (g_getenv("DOMXML_REGENERATE") != NULL) {
        g_assert_true(g_file_set_contents(path, content, -1, NULL));
        return;
    }
    g_autofree char *expected = test_read(path);
    g_assert_cmpstr(content, ==, expected);
}

/* As kanzend does before a start. */
static void plug_into_networks(DomainDef *def)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        if (interface->type == DOMAIN_INTERFACE_NETWORK)
            interface->bridge = g_strdup("virbr0");
    }
}

/* As "xl list -l" shows it and libkxl keeps it: the text alone says the same. */
static void check_json(const char *json, const char *xml)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_from_json(json, &error);

    g_assert_no_error(error);
    g_autofree char *again = kxl_domain_config_to_json(config);
    g_assert_cmpstr(again, ==, json);
    test_random_reset();
    g_autoptr(DomainDef) def = domain_def_from_config(config, &test_caps, &error);
    g_assert_no_error(error);
    domain_def_complete(def, &test_caps, test_random, &error);
    g_assert_no_error(error);
    g_autofree char *shown = domain_def_format(def, DOMAIN_XML_FORMAT_SECURE);
    g_assert_cmpstr(shown, ==, xml);
}

static void check_config(const char *stem, DomainDef *def)
{
    g_autoptr(GError) error = NULL;

    plug_into_networks(def);
    g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, &error);

    if (config == NULL) {
        g_autofree char *why = g_strdup_printf("%s\n", error->message);
        assert_file(stem, ".json", why);
        return;
    }
    g_autofree char *json = kxl_domain_config_to_json(config);
    g_autofree char *line = g_strconcat(json, "\n", NULL);
    assert_file(stem, ".json", line);

    g_autoptr(DomainDef) back = domain_def_from_config(config, &test_caps, &error);
    g_assert_no_error(error);
    domain_def_complete(back, &test_caps, test_random, &error);
    g_assert_no_error(error);
    g_autofree char *xml = domain_def_format(back, DOMAIN_XML_FORMAT_SECURE);
    assert_file(stem, ".back.xml", xml);
    test_assert_fixed_point(back);
    check_json(json, xml);
}

static void check_file(const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".xml"));
    g_autofree char *text = test_read(path);
    g_autoptr(GError) error = NULL;

    g_test_message("%s", name);
    g_autoptr(DomainDef) def = test_define(text, &test_caps, &error);
    g_assert_no_error(error);
    g_autofree char *xml =
        domain_def_format(def, DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE);
    assert_file(stem, ".xml", xml);
    test_assert_fixed_point(def);
    check_config(stem, def);
}

static void test_golden(void)
{
    test_each_file(TEST_DATA "/in", ".xml", check_file);
}

/* What virt-install --print-xml printed for as many option combinations (its name says which), on a
 * host that looked to it like Xen's: every one of them is defined. */
static void check_defines(const char *path)
{
    g_autofree char *text = test_read(path);
    g_autoptr(GError) error = NULL;

    g_test_message("%s", path);
    g_autoptr(DomainDef) def = test_define(text, &test_caps, &error);
    g_assert_no_error(error);
    test_assert_fixed_point(def);
    plug_into_networks(def);
    g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, &error);
    g_assert_no_error(error);
}

static void test_virt_install(void)
{
    test_each_file(TEST_DATA "/virt-install", ".xml", check_defines);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/golden", test_golden);
    g_test_add_func("/domain-xml/virt-install", test_virt_install);
    return g_test_run();
}
