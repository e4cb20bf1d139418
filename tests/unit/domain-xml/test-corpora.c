/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libvirt's own test data, where the project's shared folder is ($KANZEN_SHARED or ../shared):
 * domain documents are fixed points; xlconfigdata and xmconfigdata convert as corpora-xen-cases.tsv
 * says; libxlxml2domconfigdata becomes the config its JSON says.
 */
#include "fixture.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "xlcfg-syntax.h"

static char *shared;

static char *corpus(const char *name)
{
    return g_build_filename(shared, "corpora", name, NULL);
}

static gboolean have_shared(void)
{
    if (shared == NULL)
        g_test_skip("no shared folder");
    return shared != NULL;
}

/* ---- fixed points ---- */

static void check_fixed_point(const char *path)
{
    g_autofree char *text = test_read(path);
    g_autoptr(GError) error = NULL;

    g_test_message("%s", path);
    g_autoptr(DomainDef) plain = domain_def_parse(text, DOMAIN_XML_PARSE_INACTIVE, &error);
    g_assert_no_error(error);
    test_assert_fixed_point(plain);
    g_autoptr(DomainDef) def = test_define(text, &test_xen_caps, &error);
    g_assert_no_error(error);
    test_assert_fixed_point(def);
}

static void test_fixed_points(void)
{
    static const char *const folders[] = { "xlconfigdata", "xmconfigdata",
                                           "libxlxml2domconfigdata" };

    if (!have_shared())
        return;
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *dir = corpus(folders[i]);
        test_each_file(dir, ".xml", check_fixed_point);
    }
}

/* ---- conversions ---- */

/* The text for a file of the corpus; libvirt's placeholder stands for where Xen keeps its firmware.
 */
static char *read_case(const char *folder, const char *name, const char *suffix)
{
    g_autofree char *dir = corpus(folder);
    g_autofree char *path = g_strdup_printf("%s/test-%s.%s", dir, name, suffix);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    g_auto(GStrv) parts = g_strsplit(text, "/LIBXL_FIRMWARE_DIR", -1);
    return g_strjoinv("/usr/lib/xen/boot", parts);
}

static void check_from_native(const char *format, const char *cfg, const char *xml)
{
    g_autoptr(GError) error = NULL;

    test_random_reset();
    g_autoptr(DomainDef) def =
        domain_def_from_native(format, cfg, &test_xen_caps, test_random, &error);
    g_assert_no_error(error);
    g_autofree char *got =
        domain_def_format(def, DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE);
    g_assert_cmpstr(got, ==, xml);
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The keys and values of a file, whatever their order. */
static char *sorted_settings(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) settings = xlcfg_syntax_parse(text, "cfg", &error);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

    g_assert_no_error(error);
    for (guint i = 0; i < settings->len; i++) {
        const XlSetting *setting = g_ptr_array_index(settings, i);
        g_autofree char *value = xlcfg_value_to_text(setting->value);
        g_ptr_array_add(lines, g_strdup_printf("%s = %s", setting->key, value));
    }
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    return g_strjoinv("\n", (char **)lines->pdata);
}

static void check_to_native(const char *format, const char *xml, const char *cfg)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = test_define(xml, &test_xen_caps, &error);

    g_assert_no_error(error);
    g_autofree char *got = domain_def_to_native(def, format, &error);
    g_assert_no_error(error);
    g_autofree char *got_settings = sorted_settings(got);
    g_autofree char *settings = sorted_settings(cfg);
    g_assert_cmpstr(got_settings, ==, settings);
}

/* One line of the table of cases: directory, case, direction, ... */
static guint check_case(char **fields)
{
    gboolean is_xl = strcmp(fields[0], "xlconfigdata") == 0;

    if (!is_xl && strcmp(fields[0], "xmconfigdata") != 0)
        return 0;
    g_autofree char *cfg = read_case(fields[0], fields[1], "cfg");
    g_autofree char *xml = read_case(fields[0], fields[1], "xml");
    const char *direction = fields[2];
    if (cfg == NULL || xml == NULL || g_str_has_prefix(direction, "unused"))
        return 0;
    g_test_message("%s %s: %s", fields[0], fields[1], direction);
    gboolean both = g_str_has_prefix(direction, "both");
    if (both || g_str_has_prefix(direction, "cfg->xml"))
        check_from_native(is_xl ? "xen-xl" : "xen-xm", cfg, xml);
    if (both || g_str_has_prefix(direction, "xml->cfg"))
        check_to_native(is_xl ? "xen-xl" : "xen-xm", xml, cfg);
    return 1;
}

static void test_conversions(void)
{
    guint n = 0;

    if (!have_shared())
        return;
    g_autofree char *path = g_build_filename(shared, "libvirt-rpc", "corpora-xen-cases.tsv", NULL);
    g_autofree char *table = test_read(path);
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], "\t", -1);
        if (g_strv_length(fields) >= 3)
            n += check_case(fields);
    }
    g_test_message("%u cases", n);
    g_assert_cmpuint(n, >, 0);
}

/* ---- configs ---- */

/* What both say, in the same words. Our config leaves out what libxl's says only because libxl has
 * no default for it (shadow memory, the arch's empty struct), and says the CPUID policy in libxl's
 * text form, not as register bits. */
static const char *const compared[] = {
    "c_info/type",
    "c_info/name",
    "c_info/uuid",
    "b_info/max_vcpus",
    "b_info/avail_vcpus",
    "b_info/max_memkb",
    "b_info/target_memkb",
    "b_info/device_model",
    "b_info/kernel",
    "b_info/ramdisk",
    "b_info/cmdline",
    "b_info/apic",
    "b_info/nested_hvm",
    "b_info/rtc_timeoffset",
    "b_info/sched_params/weight",
    "b_info/type.hvm/boot",
    "b_info/type.hvm/pae",
    "b_info/type.hvm/soundhw",
    "b_info/type.hvm/usbdevice_list",
    "b_info/type.hvm/nographic",
    "b_info/type.hvm/vnc/listen",
    "b_info/type.hvm/vnc/passwd",
    "b_info/type.hvm/keymap",
    "disks/0/pdev_path",
    "disks/0/vdev",
    "disks/0/backend",
    "disks/0/format",
    "disks/1/pdev_path",
    "disks/1/vdev",
    "disks/1/backend",
    "disks/1/format",
    "nics/0/mac",
    "nics/0/bridge",
    "nics/0/script",
    "nics/0/ip",
    "vfbs/0/vnc/listen",
    "vfbs/0/vnc/enable",
};

/* The value at "a/b/0/c" as text, NULL when there is none or it says no more than its absence. */
static char *json_text_at(JsonNode *root, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    JsonNode *node = root;

    for (guint i = 0; parts[i] != NULL && node != NULL; i++) {
        if (JSON_NODE_HOLDS_ARRAY(node)) {
            JsonArray *array = json_node_get_array(node);
            guint n = (guint)g_ascii_strtoull(parts[i], NULL, 10);
            node = n < json_array_get_length(array) ? json_array_get_element(array, n) : NULL;
        } else {
            node = JSON_NODE_HOLDS_OBJECT(node)
                       ? json_object_get_member(json_node_get_object(node), parts[i])
                       : NULL;
        }
    }
    return node != NULL ? json_to_string(node, FALSE) : NULL;
}

static void check_config(const char *path)
{
    g_autofree char *xml = test_read(path);
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".xml"));
    g_autofree char *json_path = g_strconcat(stem, ".json", NULL);
    g_autofree char *json = test_read(json_path);
    g_autoptr(GError) error = NULL;

    g_test_message("%s", path);
    g_autoptr(DomainDef) def = test_define(xml, &test_xen_caps, &error);
    g_assert_no_error(error);
    g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, &error);
    g_assert_no_error(error);
    g_autofree char *own_json = kxl_domain_config_to_json(config);
    g_autoptr(JsonNode) own = json_from_string(own_json, &error);
    g_assert_no_error(error);
    g_autoptr(JsonNode) theirs = json_from_string(json, &error);
    g_assert_no_error(error);

    for (guint i = 0; i < G_N_ELEMENTS(compared); i++) {
        g_autofree char *expected = json_text_at(theirs, compared[i]);
        g_autofree char *got = json_text_at(own, compared[i]);
        /* libxl gives an HVM guest's display also as a PV framebuffer; here only a PV guest has
         * those. */
        gboolean is_double = config->type == KXL_TYPE_HVM && g_str_has_prefix(compared[i], "vfbs/");
        if (expected == NULL || is_double)
            continue;
        g_test_message("%s", compared[i]);
        g_assert_cmpstr(got, ==, expected);
    }
    /* libxl 4.17 writes it where its older JSON had it: with the PV guest's own. */
    g_autofree char *loader = json_text_at(theirs, "b_info/type.pv/bootloader");
    g_autofree char *own_loader = json_text_at(own, "b_info/bootloader");
    g_assert_cmpstr(own_loader, ==, loader);
    g_assert_cmpstr(kxl_action_to_string(config->on_poweroff), ==, def->on_poweroff);
    g_assert_cmpstr(kxl_action_to_string(config->on_reboot), ==, def->on_reboot);
    g_assert_cmpstr(kxl_action_to_string(config->on_crash), ==, def->on_crash);
}

static void test_configs(void)
{
    if (!have_shared())
        return;
    g_autofree char *dir = corpus("libxlxml2domconfigdata");
    test_each_file(dir, ".xml", check_config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    shared = test_shared_dir();
    g_test_add_func("/domain-xml/corpora/fixed-points", test_fixed_points);
    g_test_add_func("/domain-xml/corpora/conversions", test_conversions);
    g_test_add_func("/domain-xml/corpora/configs", test_configs);
    int failed = g_test_run();
    g_free(shared);
    return failed;
}
