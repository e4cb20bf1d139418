/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domxml-from-native and domxml-to-native: tests/data/xlcfg/native/xl-*.cfg and xm-*.cfg give
 * X.xml, that gives X.native, and that gives X.xml again. With XLCFG_REGENERATE=1 in the
 * environment the expected files are written anew: review them by diff.
 */
#include <string.h>

#include "fixture.h"

#define FOLDER XLCFG_DATA "/native"

static char *path_of(const char *cfg, const char *suffix)
{
    return g_strdup_printf("%.*s%s", (int)(strlen(cfg) - strlen(".cfg")), cfg, suffix);
}

static void assert_file(const char *path, const char *content)
{
    g_autofree char *expected = NULL;

    if (g_getenv("XLCFG_REGENERATE"))
        g_assert_true(g_file_set_contents(path, content, -1, NULL));
    expected = test_read(path);
    g_test_message("%s", path);
    g_assert_cmpstr(content, ==, expected);
}

static char *to_xml(const char *format, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = NULL;

    test_random_reset();
    def = domain_def_from_native(format, text, &test_xen_caps, test_random, &error);
    g_assert_no_error(error);
    return domain_def_format(def, DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE);
}

static char *to_native(const char *format, const char *xml)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = test_define(xml, &test_xen_caps, &error);
    char *text;

    g_assert_no_error(error);
    text = domain_def_to_native(def, format, &error);
    g_assert_no_error(error);
    return text;
}

static void check_file(const char *path)
{
    g_autofree char *base = g_path_get_basename(path);
    const char *format = g_str_has_prefix(base, "xm-") ? "xen-xm" : "xen-xl";
    g_autofree char *cfg = test_read(path);
    g_autofree char *xml_path = path_of(path, ".xml"), *native_path = path_of(path, ".native");
    g_autofree char *xml = to_xml(format, cfg);
    g_autofree char *native = to_native(format, xml);
    g_autofree char *again = to_xml(format, native);

    assert_file(xml_path, xml);
    assert_file(native_path, native);
    g_assert_cmpstr(again, ==, xml);
}

static void test_native(void)
{
    test_each_file(FOLDER, ".cfg", check_file);
}

/* The label of Xen's own security driver is xl's seclabel; nothing would say another's. */
static void test_seclabel(void)
{
    static const struct {
        const char *labels;
        const char *line; /* in the file; NULL: refused */
        DomainXmlErrorCode code;
        const char *message;
    } cases[] = {
        { "<seclabel type='static' "
          "model='flask'><label>system_u:system_r:domU_t</label></seclabel>",
          "seclabel = \"system_u:system_r:domU_t\"\n", 0, NULL },
        { "<seclabel type='none'/><seclabel type='static'><label> [ 'a' ] </label></seclabel>",
          "seclabel = \"[ 'a' ]\"\n", 0, NULL },
        { "<seclabel type='dynamic' model='selinux'/><seclabel type='static' model='none'/>", "", 0,
          NULL },
        { "<seclabel type='static' model='xsm'><label>a</label></seclabel>"
          "<seclabel type='static' model='selinux'><label>b</label></seclabel>",
          NULL, DOMAIN_XML_ERROR_UNSUPPORTED,
          "Unable to find security driver for model selinux (/domain/seclabel[2])" },
        { "<seclabel type='static' model='flask'><label/></seclabel>", NULL,
          DOMAIN_XML_ERROR_SYNTAX, "security label is missing (/domain/seclabel[1])" },
        { "<seclabel type='static' model='flask'><label>a</label></seclabel>"
          "<seclabel type='static' model='xsm'><label>b</label></seclabel>",
          NULL, DOMAIN_XML_ERROR_UNSUPPORTED,
          "a domain of Xen's has one security label (/domain/seclabel[2])" },
    };
    static const char *const formats[] = { "xen-xl", "xen-xm" };
    DomainXmlCaps caps = test_xen_caps;

    caps.for_conversion = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(cases) * G_N_ELEMENTS(formats); i++) {
        guint n = i / G_N_ELEMENTS(formats);
        g_autofree char *xml =
            g_strdup_printf("<domain type='xen'><name>n</name><memory>65536</memory><os><type>linux"
                            "</type><kernel>/k</kernel></os>%s</domain>",
                            cases[n].labels);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = test_define(xml, &caps, &error);

        g_assert_no_error(error);
        g_autofree char *text =
            domain_def_to_native(def, formats[i % G_N_ELEMENTS(formats)], &error);
        if (cases[n].line != NULL) {
            g_assert_no_error(error);
            g_assert_nonnull(strstr(text, cases[n].line));
            g_assert_true(*cases[n].line != '\0' || strstr(text, "seclabel") == NULL);
        } else {
            g_assert_null(text);
            g_assert_error(error, DOMAIN_XML_ERROR, (int)cases[n].code);
            g_assert_cmpstr(error->message, ==, cases[n].message);
        }
    }
}

/* A host of eight CPUs in two nodes. */
static char *expand_cpus(const char *cpus, GError **error)
{
    static const char *const rows[][2] = {
        { "node:1", "4-7" }, { "nodes:0-1", "0-7" }, { "all,^nodes:1", "0-3" }, { "^0", "1-7" }
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(cpus, rows[i][0]) == 0)
            return g_strdup(rows[i][1]);
    g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_INVALID_ARG, "none of the host's");
    return NULL;
}

/* xl's words for CPUs become their numbers; what the host has not is no set. */
static void test_cpus(void)
{
    static const struct {
        const char *cpus, *line;
    } cases[] = {
        { "'node:1'", "<vcpu placement='static' cpuset='4-7'>2</vcpu>" },
        { "'all,^nodes:1'", "<vcpu placement='static' cpuset='0-3'>2</vcpu>" },
        { "'^0'", "<vcpu placement='static' cpuset='1-7'>2</vcpu>" },
        { "'0-3,^1'", "<vcpu placement='static' cpuset='0,2-3'>2</vcpu>" },
        { "[ 'node:1', '2' ]", "<vcpupin vcpu='0' cpuset='4-7'/>" },
        { "[ '2', 'all' ]", "<vcpupin vcpu='0' cpuset='2'/>" },
        { "'all'", "<vcpu placement='static'>2</vcpu>" },
        { "'node:7'", NULL },
        { "'nonsense'", NULL },
    };
    DomainXmlCaps caps = test_xen_caps;

    caps.expand_cpus = expand_cpus;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("name = 'n'\nkernel = '/k'\nvcpus = 2\ncpus = %s\n", cases[i].cpus);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def =
            domain_def_from_native("xen-xl", text, &caps, test_random, &error);

        if (cases[i].line == NULL) {
            g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_INVALID_ARG);
            continue;
        }
        g_assert_no_error(error);
        g_autofree char *xml = domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
        if (strstr(xml, cases[i].line) == NULL)
            g_error("%s: %s", cases[i].cpus, xml);
    }
}

/* libvirt has three codes for what is wrong in a file; all of ours tell the place. */
static void test_codes(void)
{
    static const struct {
        const char *line, *message;
        DomainXmlErrorCode code;
    } cases[] = {
        { "vcpus =", "(config):3:8: ", DOMAIN_XML_ERROR_CONF_SYNTAX },
        { "vcpus = 'x'", "(config):3:9: option 'vcpus': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "vif = 'mac='", "(config):3:7: option 'vif': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "vif = [ 'mac=zz' ]", "(config):3:9: option 'vif': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "vif = [ 'rate=zz' ]", "(config):3:9: option 'vif': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "pci = [ 'zz' ]", "(config):3:9: option 'pci': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "on_crash = 'zz'", "(config):3:12: option 'on_crash': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "uuid = 'zz'", "(config):3:8: option 'uuid': ", DOMAIN_XML_ERROR_CONF_SYNTAX },
        { "passthrough = 'zz'",
          "(config):3:15: option 'passthrough': ", DOMAIN_XML_ERROR_CONF_SYNTAX },
        { "type = 'hvm'\ncpuid = 'zz'",
          "(config):4:9: option 'cpuid': ", DOMAIN_XML_ERROR_CONF_SYNTAX },
        { "type = 'zz'", "(config):3:8: option 'type': ", DOMAIN_XML_ERROR_UNSUPPORTED },
        { "disk = [ '/a,zip,xvda,w' ]",
          "(config):3:10: option 'disk': ", DOMAIN_XML_ERROR_UNSUPPORTED },
        { "disk = [ 'backendtype=zz,vdev=xvda,target=/a' ]",
          "(config):3:10: option 'disk': ", DOMAIN_XML_ERROR_UNSUPPORTED },
        { "type = 'hvm'\nvnuma = [ [ 'zz=1' ] ]",
          "(config):4:13: option 'vnuma': ", DOMAIN_XML_ERROR_CONF_VALUE },
        { "type = 'hvm'\nvnuma = [ [ 'pnode=0' ] ]",
          "(config):4:11: option 'vnuma': ", DOMAIN_XML_ERROR_CONF_SYNTAX },
        { "if a:\n    vcpus = 2", "(config):", DOMAIN_XML_ERROR_CONF_SYNTAX },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf("name = 'n'\nkernel = '/k'\n%s\n", cases[i].line);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def =
            domain_def_from_native("xen-xl", text, &test_xen_caps, test_random, &error);

        g_assert_null(def);
        g_assert_error(error, DOMAIN_XML_ERROR, (int)cases[i].code);
        if (!g_str_has_prefix(error->message, cases[i].message))
            g_error("%s: %s", cases[i].line, error->message);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/xlcfg/native", test_native);
    g_test_add_func("/xlcfg/native/seclabel", test_seclabel);
    g_test_add_func("/xlcfg/native/cpus", test_cpus);
    g_test_add_func("/xlcfg/native/codes", test_codes);
    return g_test_run();
}
