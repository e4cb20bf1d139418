/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Documents meant to hurt: large, deep, many of a thing, numbers out of range, entities. Each is an
 * error that says why, or is read without delay. */
#include "fixture.h"

#include <string.h>
#include <time.h>

#include "def-classes.h"
#include "xml-doc.h"

#define HEAD                                                                                       \
    "<domain "                                                                                     \
    "type='xen'><name>x</name><memory>1048576</memory><vcpu>%s</vcpu><os><type>%s</type></os>"

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- many of a thing ---- */

typedef struct {
    const char *name, *vcpus, *os_type;
    const char *before, *item, *after; /* %u in item: the number */
} Crowd;

static const Crowd crowds[] = {
    { "disks", "1", "xen", "<devices>",
      "<disk type='file'><source file='/d%u'/><target dev='xvd%s'/></disk>", "</devices>" },
    { "scsi disks", "1", "hvm", "<devices>",
      "<disk type='file'><source file='/d%u'/><target dev='sd%s' bus='scsi'/></disk>",
      "</devices>" },
    { "interfaces", "1", "xen", "<devices>",
      "<interface type='bridge'><source bridge='br%u'/></interface>", "</devices>" },
    { "serial ports", "1", "hvm", "<devices>", "<serial type='file'><source path='/s%u'/></serial>",
      "</devices>" },
    { "channels", "1", "hvm", "<devices>",
      "<channel type='pty'><target type='virtio' name='c%u'/></channel>", "</devices>" },
    { "controllers", "1", "hvm", "<devices>", "<controller type='scsi' index='%u'/>",
      "</devices>" },
    { "inputs", "1", "hvm", "<devices>", "<input type='mouse' bus='usb'/><!-- %u -->",
      "</devices>" },
    { "pins", "10000", "xen", "<cputune>", "<vcpupin vcpu='%u' cpuset='0'/>", "</cputune>" },
    { "iothread pins", "1", "xen", "<iothreads>1</iothreads><cputune>",
      "<iothreadpin iothread='1' cpuset='0-3'/><!-- %u -->", "</cputune>" },
    { "boot order", "1", "hvm", "<os>", "<boot dev='hd'/><!-- %u -->", "</os>" },
    { "features", "1", "hvm", "<cpu mode='host-model'>", "<feature name='f%u' policy='require'/>",
      "</cpu>" },
    { "strings", "1", "hvm", "<sysinfo type='smbios'><oemStrings>", "<entry>s%u</entry>",
      "</oemStrings></sysinfo>" },
    { "metadata", "1", "xen", "<metadata><k:a xmlns:k='urn:k'>", "<k:b>%u</k:b>",
      "</k:a></metadata>" },
    { "what nobody knows", "1", "xen", "", "<x%u/>", "" },
    { "repetitions", "1", "xen", "", "<title>t%u</title>", "" },
};

/* a, b, ..., z, aa, ... */
static char *letters(guint n)
{
    GString *text = g_string_new(NULL);

    for (n++; n > 0; n = (n - 1) / 26)
        g_string_prepend_c(text, (char)('a' + (n - 1) % 26));
    return g_string_free(text, FALSE);
}

static char *crowd_document(const Crowd *crowd, guint n)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, HEAD, crowd->vcpus, crowd->os_type);
    g_string_append(text, crowd->before);
    for (guint i = 0; i < n; i++) {
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autofree char *name = letters(i);
        g_auto(GStrv) parts = g_strsplit(crowd->item, "%u", 2);
        g_auto(GStrv) rest = g_strsplit(parts[1], "%s", 2);

        g_string_append_printf(text, "%s%s%s%s%s", parts[0], number, rest[0],
                               rest[1] != NULL ? name : "", rest[1] != NULL ? rest[1] : "");
    }
    g_string_append(text, crowd->after);
    g_string_append(text, "</domain>");
    return g_string_free(text, FALSE);
}

/* Defined, shown, and made a config; refusing it is an answer as well. */
static double time_of(const Crowd *crowd, guint n)
{
    g_autofree char *xml = crowd_document(crowd, n);
    double begin = cpu_seconds();
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = test_define(xml, &test_caps, &error);

    if (def != NULL) {
        g_autofree char *text = domain_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
        g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, NULL);
        g_assert_cmpuint(strlen(text), >, 0);
    } else {
        g_assert_cmpint(error->domain, ==, DOMAIN_XML_ERROR);
    }
    double seconds = cpu_seconds() - begin;
    g_test_message("%s: %u in %.1f ms%s%s", crowd->name, n, seconds * 1e3,
                   error != NULL ? ": " : "", error != NULL ? error->message : "");
    return seconds;
}

#define MANY 10000

static void test_crowds(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(crowds); i++) {
        double whole = time_of(&crowds[i], MANY);

        /* Not a measure: a bound that only what grows much faster than the document misses. */
        g_assert_cmpfloat(whole, <, 10);
    }
}

/* ---- size and depth ---- */

static DomainDef *parse_with(const char *part, GError **error)
{
    g_autofree char *xml = g_strdup_printf(HEAD "%s</domain>", "1", "xen", part);

    return domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);
}

static char *repeat(const char *text, guint n)
{
    GString *out = g_string_new(NULL);

    while (n-- > 0)
        g_string_append(out, text);
    return g_string_free(out, FALSE);
}

static void test_size(void)
{
    g_autofree char *blanks = g_strnfill(XML_DOCUMENT_MAX - 4096, ' ');
    g_autofree char *text = g_strnfill(3 << 20, 'a');
    g_autofree char *description = g_strdup_printf("<description>%s</description>", text);
    g_autofree char *more = g_strnfill(XML_DOCUMENT_MAX, ' ');
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(XML_DOCUMENT_MAX, >=, 4 << 20);
    double begin = cpu_seconds();
    g_autoptr(DomainDef) wide = parse_with(blanks, &error);
    g_assert_no_error(error);
    g_autoptr(DomainDef) wordy = parse_with(description, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(strlen(wordy->description), ==, 3 << 20);
    g_assert_cmpfloat(cpu_seconds() - begin, <, 2);

    g_autoptr(DomainDef) large = parse_with(more, &error);
    g_assert_null(large);
    g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL);
    g_assert_nonnull(strstr(error->message, "longer than"));
}

static void test_depth(void)
{
    static const struct {
        guint depth;
        gboolean fits;
    } rows[] = { { 200, TRUE }, { 300, FALSE }, { 200000, FALSE } };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *begin = repeat("<a>", rows[i].depth);
        g_autofree char *end = repeat("</a>", rows[i].depth);
        g_autofree char *part = g_strdup_printf("<metadata>%s%s</metadata>", begin, end);
        g_autoptr(GError) error = NULL;
        g_autoptr(DomainDef) def = parse_with(part, &error);

        g_assert_true((def != NULL) == rows[i].fits);
        if (!rows[i].fits) {
            g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL);
            g_assert_nonnull(strstr(error->message, "depth"));
            continue;
        }
        g_autofree char *text = domain_def_format(def, DOMAIN_XML_FORMAT_NONE);
        g_assert_nonnull(strstr(text, "<a/>"));
    }
}

/* ---- nothing from outside, nothing multiplied ---- */

static void test_entities(void)
{
    static const char *const heads[] = {
        "<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>",
        "<!DOCTYPE d PUBLIC 'x' 'http://127.0.0.1:9/d.dtd'>",
        "<!DOCTYPE d [<!ATTLIST name x CDATA 'y'>]>",
    };
    g_autofree char *domain = g_strdup_printf(HEAD "</domain>", "1", "xen");

    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autofree char *xml = g_strconcat(heads[i], domain, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_null(domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error));
        g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL);
        g_assert_nonnull(strstr(error->message, "document type declaration"));
    }
}

/* An inclusion is an element that nobody knows; it is not followed. */
static void test_inclusions(void)
{
    static const char inclusion[] =
        "<description><i:include xmlns:i='http://www.w3.org/2001/XInclude' parse='text' "
        "href='/etc/passwd'/></description>";
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = parse_with(inclusion, &error);

    g_assert_no_error(error);
    g_autofree char *text = domain_def_format(def, DOMAIN_XML_FORMAT_NONE);
    g_assert_null(strstr(text, "root"));
    g_assert_null(strstr(text, "include"));
}

static void test_characters(void)
{
    static const char *const bad[] = {
        "\xff",         "\xc3",   "\xc0\x80",         "\xed\xa0\x80", "\xf5\x80\x80\x80",
        "\xef\xbf\xbe", "&#0;",   "&#x1f;",           "&#xd800;",     "&#x110000;",
        "&#99999999;",  "&nbsp;", "<![CDATA[\x01]]>", "\x08",         "&",
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *part = g_strdup_printf("<title>%s</title>", bad[i]);
        g_autoptr(GError) error = NULL;

        g_test_message("%u", i);
        g_assert_null(parse_with(part, &error));
        g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL);
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
    }
}

/* ---- numbers ---- */

static gboolean is_number(const XmlRow *row)
{
    return row->kind == XML_UINT || row->kind == XML_INT || row->kind == XML_ULONG ||
           row->kind == XML_HEX || row->kind == XML_KIB ||
           (row->kind == XML_STRING && (row->flags & XML_DECIMAL));
}

/* The document in which the thing at path ("a/b/@c") has a value. */
static char *document_with(const char *path, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(path + 1, "/", -1);
    GString *text = g_string_new("<domain type='xen'"
                                 " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"
                                 " xmlns:xen='http://libvirt.org/schemas/domain/xen/1.0'");
    GString *end = g_string_new("</domain>");
    guint n = g_strv_length(parts);

    for (guint i = 0; i < n; i++) {
        if (*parts[i] == '@') {
            g_string_append_printf(text, " %s='%s'>", parts[i] + 1, value);
            break;
        }
        g_string_append(text, ">");
        if (strcmp(parts[i], ".") != 0) {
            g_autofree char *close = g_strdup_printf("</%s>", parts[i]);
            g_string_append_printf(text, "<%s", parts[i]);
            g_string_prepend(end, close);
        }
        if (i == n - 1)
            g_string_append_printf(text, ">%s", value);
    }
    g_string_append(text, end->str);
    g_string_free(end, TRUE);
    return g_string_free(text, FALSE);
}

typedef struct {
    guint rows, named; /* numbers, and those whose error quoted what is wrong */
} Count;

static void check_numbers(const XmlClass *class, const char *prefix, guint depth, Count *count)
{
    static const char *const values[] = {
        "99999999999999999999999", "-99999999999999999999999", "1e3", "0x", "--1", "½"
    };

    for (guint i = 0; i < class->n_rows; i++) {
        const XmlRow *row = &class->rows[i];
        g_autofree char *path = g_strdup_printf("%s/%s", prefix, row->path);

        if (row->item != NULL && depth < 8)
            check_numbers(row->item, path, depth + 1, count);
        if (!is_number(row) || row->when != NULL)
            continue;
        gboolean named = TRUE;
        for (guint j = 0; j < G_N_ELEMENTS(values); j++) {
            g_autofree char *xml = document_with(path, values[j]);
            g_autoptr(GError) error = NULL;
            g_autoptr(DomainDef) def = domain_def_parse(xml, DOMAIN_XML_PARSE_NONE, &error);

            g_test_message("%s", xml);
            g_assert_null(def);
            g_assert_cmpint(error->domain, ==, DOMAIN_XML_ERROR);
            named = named && strstr(error->message, values[j]) != NULL;
        }
        count->rows++;
        count->named += named;
    }
}

/* Every number of the tables. Some stand behind an attribute that is required as well: the error is
 * of that. */
static void test_numbers(void)
{
    Count count = { 0 };

    check_numbers(&domain_def_class, "", 0, &count);
    g_test_message("%u numbers, %u of them named", count.rows, count.named);
    g_assert_cmpuint(count.rows, >, 150);
    g_assert_cmpuint(count.named, >, count.rows / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/domain-xml/limits/crowds", test_crowds);
    g_test_add_func("/domain-xml/limits/size", test_size);
    g_test_add_func("/domain-xml/limits/depth", test_depth);
    g_test_add_func("/domain-xml/limits/entities", test_entities);
    g_test_add_func("/domain-xml/limits/inclusions", test_inclusions);
    g_test_add_func("/domain-xml/limits/characters", test_characters);
    g_test_add_func("/domain-xml/limits/numbers", test_numbers);
    return g_test_run();
}
