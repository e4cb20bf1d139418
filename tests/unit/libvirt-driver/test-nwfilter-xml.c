/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network filters as XML: own golden files (tests/data/nwfilter), what is refused, and libvirt's
 * corpora where the shared folder is ($KANZEN_SHARED or ../shared). With NWFILTER_REGENERATE=1 in
 * the environment the expected files are written anew: review them by diff.
 */
#include <string.h>

#include "nwfilter/filter-def.h"
#include "rpc/error.h"

static char *shared; /* NULL: not there */

typedef void (*CaseFunc)(const char *dir, const char *file);

/* Calls func for each XML file there. */
static void each_case(const char *path, CaseFunc func)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_suffix(name, ".xml"))
            continue;
        g_test_message("%s/%s", path, name);
        func(path, name);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

static char *read_file(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

static char *formatted(const char *xml)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(NwfilterDef) def = nwfilter_def_parse(xml, &error);

    g_assert_no_error(error);
    return nwfilter_def_format(def);
}

/* ---- golden files ---- */

static void check_golden(const char *dir, const char *name)
{
    g_autofree char *in = read_file(dir, name);
    g_autofree char *out_path = g_build_filename(TEST_DATA, "out", name, NULL);
    g_autofree char *actual = formatted(in);
    g_autofree char *again = formatted(actual);
    g_autofree char *expected = NULL;

    if (g_getenv("NWFILTER_REGENERATE") != NULL)
        g_assert_true(g_file_set_contents(out_path, actual, -1, NULL));
    g_assert_true(g_file_get_contents(out_path, &expected, NULL, NULL));
    g_assert_cmpstr(actual, ==, expected);
    g_assert_cmpstr(again, ==, expected);
}

static void test_golden(void)
{
    each_case(TEST_DATA "/in", check_golden);
}

/* ---- libvirt's corpora ---- */

/* What libvirt calls invalid it refuses, for one illegal value or other. */
static void check_corpus(const char *dir, const char *name)
{
    g_autofree char *in = read_file(dir, name);

    if (g_str_has_suffix(name, "-invalid.xml")) {
        g_autoptr(GError) error = NULL;
        g_assert_null(nwfilter_def_parse(in, &error));
        g_assert_error(error, VIR_ERROR, VIR_ERR_INTERNAL_ERROR);
        g_assert_nonnull(strstr(error->message, "has illegal value"));
        return;
    }
    g_autofree char *out_dir = g_build_filename(shared, "corpora", "nwfilterxml2xmlout", NULL);
    g_autofree char *expected = read_file(out_dir, name);
    g_autofree char *actual = formatted(in);
    g_assert_cmpstr(actual, ==, expected);
}

/* What libvirt writes is read, and comes out the same when it is read again. */
static void check_corpus_output(const char *dir, const char *name)
{
    g_autofree char *in = read_file(dir, name);
    g_autofree char *once = formatted(in);
    g_autofree char *twice = formatted(once);

    g_assert_cmpstr(once, ==, twice);
}

static void test_corpora(void)
{
    if (shared == NULL) {
        g_test_skip("no shared folder");
        return;
    }
    g_autofree char *in = g_build_filename(shared, "corpora", "nwfilterxml2xmlin", NULL);
    g_autofree char *out = g_build_filename(shared, "corpora", "nwfilterxml2xmlout", NULL);
    each_case(in, check_corpus);
    each_case(out, check_corpus_output);
}

/* ---- what is refused ---- */

#define FILTER(inner) "<filter name='f'>" inner "</filter>"
#define RULE(inner)   FILTER("<rule action='drop' direction='out'>" inner "</rule>")

static const struct {
    const char *xml;
    int code;
    const char *says;
} refused[] = {
    { "<filters name='f'/>", VIR_ERR_XML_ERROR, "expecting root element of 'filter'" },
    { "<filter/>", VIR_ERR_INTERNAL_ERROR, "filter has no name" },
    { "<filter name=''/>", VIR_ERR_INTERNAL_ERROR, "filter has no name" },
    { "<filter name='f' chain='foo'/>", VIR_ERR_INVALID_ARG, "Invalid chain name 'foo'" },
    { "<filter name='f' chain='rootx'/>", VIR_ERR_INVALID_ARG, "Invalid chain name 'rootx'" },
    { "<filter name='f' chain='arp-123456789'/>", VIR_ERR_INVALID_ARG, "longer than 12" },
    { "<filter name='f' chain='arp x'/>", VIR_ERR_INVALID_ARG, "invalid characters" },
    { "<filter name='f' chain='arp' priority='-1001'/>", VIR_ERR_INVALID_ARG, "[-1000,1000]" },
    { "<filter name='f' chain='arp' priority='low'/>", VIR_ERR_INVALID_ARG, "priority 'low'" },
    { FILTER("<uuid>zz</uuid>"), VIR_ERR_XML_ERROR, "malformed uuid" },
    { FILTER("<rules/>"), VIR_ERR_XML_ERROR, "unknown element 'rules'" },
    { FILTER("<rule direction='out'/>"), VIR_ERR_INTERNAL_ERROR, "requires action" },
    { FILTER("<rule action='drop'/>"), VIR_ERR_INTERNAL_ERROR, "requires direction" },
    { FILTER("<rule action='deny' direction='out'/>"), VIR_ERR_CONFIG_UNSUPPORTED, "'deny'" },
    { FILTER("<rule action='drop' direction='up'/>"), VIR_ERR_CONFIG_UNSUPPORTED, "'up'" },
    { FILTER("<rule action='drop' direction='in' priority='1001'/>"), VIR_ERR_INVALID_ARG,
      "'1001'" },
    { RULE("<tpc/>"), VIR_ERR_XML_ERROR, "unknown protocol 'tpc'" },
    { RULE("<tcp/><udp/>"), VIR_ERR_XML_ERROR, "both 'tcp' and 'udp'" },
    { RULE("<tcp dstport='22'/>"), VIR_ERR_XML_ERROR, "'dstport' is no attribute of a 'tcp'" },
    { RULE("<mac srcmacaddr='1:2:3:4:5'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 1:2:3:4:5" },
    { RULE("<mac srcmacaddr='1:2:3:4:5:6:7'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value" },
    { RULE("<mac srcmacaddr='1:2:3:4:5:123'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value" },
    { RULE("<mac srcmacmask='ff:00:ff:00:00:00'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value" },
    { RULE("<mac protocolid='0x5ff'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 0x5ff" },
    { RULE("<mac protocolid='-1'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value -1" },
    { RULE("<vlan vlanid='4096'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 4096" },
    { RULE("<ip srcipaddr='1.2.3.400'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 1.2.3.400" },
    { RULE("<ip srcipaddr='::1'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value ::1" },
    { RULE("<ip srcipmask='33'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 33" },
    { RULE("<ip srcipmask='255.0.255.0'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 255.0" },
    { RULE("<ip dscp='64'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 64" },
    { RULE("<ip protocol='tpc'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value tpc" },
    { RULE("<ip srcportstart='1'/>"), VIR_ERR_INTERNAL_ERROR, "requires protocol" },
    { RULE("<ipv6 protocol='icmpv6' dstportend='1'/>"), VIR_ERR_INTERNAL_ERROR, "IPv6 rule with" },
    { RULE("<tcp state='NEW,OLD'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value NEW,OLD" },
    { RULE("<tcp state='$S'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value $S" },
    { RULE("<tcp flags='SYN'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value SYN" },
    { RULE("<tcp connlimit-above='0x10'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value 0x10" },
    { RULE("<tcp ipset='a b'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value a b" },
    { RULE("<tcp ipset='a' ipsetflags='src,up'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value src,up" },
    { RULE("<tcp dstportstart='$'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value $" },
    { RULE("<tcp dstportstart='$A-B'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value $A-B" },
    { RULE("<tcp dstportstart='$A[@]'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value $A[@]" },
    { RULE("<tcp dstportstart='$A[1]x'/>"), VIR_ERR_INTERNAL_ERROR, "illegal value $A[1]x" },
    { RULE("<tcp comment='one&#10;two'/>"), VIR_ERR_INTERNAL_ERROR, "comment has illegal" },
};

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;

        g_test_message("%s", refused[i].xml);
        g_assert_null(nwfilter_def_parse(refused[i].xml, &error));
        g_assert_error(error, VIR_ERROR, refused[i].code);
        g_assert_nonnull(strstr(error->message, refused[i].says));
    }
}

static void test_bad_references(void)
{
    static const char *const bad[] = {
        FILTER("<filterref/>"),
        FILTER("<filterref filter='g'><parameter name='A-B' value='1'/></filterref>"),
        FILTER("<filterref filter='g'><parameter name='A' value='1; reboot'/></filterref>"),
        FILTER("<filterref filter='g'><parameter name='A'/></filterref>"),
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(nwfilter_def_parse(bad[i], &error));
        g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_SYNTAX);
    }
}

static void find_shared(void)
{
    const char *given = g_getenv("KANZEN_SHARED");

    shared = given != NULL ? g_strdup(given) : g_build_filename(TEST_ROOT, "..", "shared", NULL);
    g_autofree char *corpora = g_build_filename(shared, "corpora", NULL);
    if (!g_file_test(corpora, G_FILE_TEST_IS_DIR))
        g_clear_pointer(&shared, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    find_shared();
    g_test_add_func("/nwfilter-xml/golden", test_golden);
    g_test_add_func("/nwfilter-xml/corpora", test_corpora);
    g_test_add_func("/nwfilter-xml/refused", test_refused);
    g_test_add_func("/nwfilter-xml/bad-references", test_bad_references);
    int status = g_test_run();
    g_free(shared);
    return status;
}
