/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Domain XML: the bytes as they are ('x' in front), or a document that the parser's tables make of
 * them. What parses must be a fixed point; what can be defined must survive the way to a config and
 * back, and to xl's and xm's files.
 */
#include <domain-xml.h>
#include <stdint.h>
#include <string.h>

#include "domain-xml-generator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const DomainXmlCaps caps = { .emulator = "/usr/bin/qemu-system-x86_64",
                                    .allow_arguments = TRUE };

static void fill(guint8 *buf, gsize len)
{
    for (gsize i = 0; i < len; i++)
        buf[i] = (guint8)(i * 7 + len);
}

static void check_error(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
}

/* Shows the first line that differs: whole documents are too long to look at. */
static void assert_same(const char *first, const char *second)
{
    while (*first == *second && *first != '\0') {
        const char *a = strchrnul(first, '\n'), *b = strchrnul(second, '\n');
        if (a - first != b - second || memcmp(first, second, (size_t)(a - first)) != 0)
            break;
        first = *a != '\0' ? a + 1 : a;
        second = *b != '\0' ? b + 1 : b;
    }
    if (strcmp(first, second) != 0)
        g_error("not a fixed point: '%.*s' became '%.*s'", (int)strcspn(first, "\n"), first,
                (int)strcspn(second, "\n"), second);
}

static void check_fixed_point(const DomainDef *def, DomainXmlFormatFlags flags)
{
    DomainXmlParseFlags parse =
        flags & DOMAIN_XML_FORMAT_INACTIVE ? DOMAIN_XML_PARSE_INACTIVE : DOMAIN_XML_PARSE_NONE;
    g_autoptr(GError) error = NULL;
    g_autofree char *first = domain_def_format(def, flags);
    g_autoptr(DomainDef) again = domain_def_parse(first, parse, &error);

    g_assert_no_error(error);
    g_autoptr(DomainDef) copy = domain_def_dup(again);
    g_autofree char *second = domain_def_format(copy, flags);
    assert_same(first, second);
}

static void check_config(const DomainDef *def)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = domain_def_to_config(def, &error);

    if (config == NULL) {
        check_error(error);
        return;
    }
    g_autoptr(DomainDef) back = domain_def_from_config(config, &caps, &error);
    if (back == NULL || !domain_def_complete(back, &caps, fill, &error))
        check_error(error);
    else
        check_fixed_point(back, DOMAIN_XML_FORMAT_SECURE);
}

/* The file that another becomes by way of XML. */
static char *convert_again(const char *format, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = domain_def_from_native(format, text, &caps, fill, &error);

    g_assert_no_error(error);
    char *again = domain_def_to_native(def, format, &error);
    g_assert_no_error(error);
    return again;
}

/* A file that is not refused can be read. The second may name firmware and have its disks in
 * another order; from then on nothing changes. */
static void check_native(const DomainDef *def, const char *format)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *first = domain_def_to_native(def, format, &error);

    if (first == NULL) {
        check_error(error);
        return;
    }
    g_autofree char *second = convert_again(format, first);
    g_autofree char *third = convert_again(format, second);
    assert_same(second, third);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const ttys[] = { "/dev/pts/2", "", "/dev/pts/3", NULL };
    static const char *const paths[] = { "", "/c/channel/target/domain-3-n/p", NULL };
    const DomainLive live = { .domid = 3, .console_ttys = ttys, .serial_ttys = ttys,
                              .parallel_ttys = ttys, .port_ttys = ttys, .port_paths = paths,
                              .vnc_port = 5905, .vnc_websocket = 5705, .vnc_socket = "/v.sock",
                              .spice_port = 5906, .vsock_cid = 4 };
    g_autofree char *xml = size > 0 && data[0] == 'x' ? g_strndup((const char *)data + 1, size - 1)
                                                      : domain_xml_generate(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(DomainDef) def = domain_def_parse(xml, DOMAIN_XML_PARSE_NONE, &error);

    if (def == NULL) {
        check_error(error);
        return 0;
    }
    check_fixed_point(def, DOMAIN_XML_FORMAT_SECURE);
    g_clear_pointer(&def, domain_def_free);
    def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);
    g_assert_no_error(error);
    if (!domain_def_complete(def, &caps, fill, &error)) {
        check_error(error);
        return 0;
    }
    check_fixed_point(def, DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE);
    check_config(def);
    check_native(def, "xen-xl");
    check_native(def, "xen-xm");
    domain_def_set_live(def, &live);
    check_fixed_point(def, DOMAIN_XML_FORMAT_SECURE);
    return 0;
}
