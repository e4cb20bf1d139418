/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain-xml-generator.h"

#include <string.h>

#include "def-classes.h"
#include "xml-value.h"

typedef struct {
    const guint8 *data;
    gsize left;
} Source;

static guint8 next_byte(Source *source)
{
    if (source->left == 0)
        return 0;
    source->left--;
    return *source->data++;
}

static const char *const values[] = {
    "",
    "0",
    "1",
    "-1",
    "2",
    "65536",
    "4294967296",
    "0x1f",
    "yes",
    "on",
    "/a",
    "xvda",
    "xvdb",
    "hda",
    "hdc",
    "sda",
    "vda",
    "fda",
    "00:16:3e:00:00:01",
    "192.0.2.1",
    "2001:db8::1",
    "ua-x",
    "MiB",
    "hvmloader",
    "/OVMF.fd",
    "e1000",
    "netfront",
    "0-3,^2",
    "vif1.0",
    "5901",
    "p/i:x",
    "a b",
    "é<&'\"\n\t",
    "6695eb01-f6a4-8304-79aa-97f2502e193f",
    "xenpv",
    "x86_64",
    "reset",
    "org.qemu.guest_agent.0",
    "../x",
    "/dev/input/event1",
    "/var/lib/kanzen/channel/target/domain-1-x/y",
    "h,server,nowait",
    "[::1]",
    "2030-01-02T03:04:05",
    "virtio",
    "unix",
};

/* A word of the row's when it has some, mostly. */
static const char *pick_value(const XmlRow *row, Source *source)
{
    guint8 b = next_byte(source);

    if (row->words != NULL && b % 16 != 0)
        return row->words[1 + b % (g_strv_length((char **)row->words + 1))];
    if (row->stored != NULL && b % 2 != 0)
        return row->shown;
    return values[b % G_N_ELEMENTS(values)];
}

static void generate_element(const XmlClass *class, const char *name, Source *source, guint depth,
                             GString *out);

/* The rows lo to hi below a path of `offset` characters, as the content of one element: attributes,
 * then children. */
static void generate_span(const XmlClass *class, guint lo, guint hi, gsize offset, Source *source,
                          guint depth, GString *out)
{
    for (guint i = lo; i < hi; i++) {
        const XmlRow *row = &class->rows[i];
        const char *tail = row->path + offset;
        if (*tail != '@' || next_byte(source) % 4 == 0)
            continue;
        if (strstr(out->str + out->len - MIN(out->len, 400), tail + 1) != NULL &&
            next_byte(source) % 8 != 0)
            continue; /* most repeated attributes would only make the document not well-formed */
        g_string_append_printf(out, " %s='", tail + 1);
        xml_escape(out, pick_value(row, source), TRUE);
        g_string_append_c(out, '\'');
    }
    g_string_append_c(out, '>');
    for (guint n = next_byte(source) % 8; n > 0 && depth < 6 && source->left > 0; n--) {
        const XmlRow *row = &class->rows[lo + next_byte(source) % (hi - lo)];
        const char *tail = row->path + offset;
        gsize length = strcspn(tail, "/");
        guint first = (guint)(row - class->rows), last = first;

        if (*tail == '@' || *tail == '\0' || *tail == '.')
            continue;
        g_autofree char *name = g_strndup(tail, length);
        if (tail[length] == '\0' && row->item != NULL) {
            generate_element(row->item, name, source, depth + 1, out);
            continue;
        }
        g_string_append_printf(out, "<%s", name);
        if (tail[length] == '\0') {
            g_string_append_c(out, '>');
            xml_escape(out, row->kind == XML_FLAG ? "" : pick_value(row, source), FALSE);
        } else {
            while (first > lo &&
                   strncmp(class->rows[first - 1].path, row->path, offset + length + 1) == 0)
                first--;
            while (last < hi &&
                   strncmp(class->rows[last].path, row->path, offset + length + 1) == 0)
                last++;
            generate_span(class, first, last, offset + length + 1, source, depth + 1, out);
        }
        g_string_append_printf(out, "</%s>", name);
    }
}

static void generate_element(const XmlClass *class, const char *name, Source *source, guint depth,
                             GString *out)
{
    g_string_append_printf(out, "<%s", name);
    generate_span(class, 0, class->n_rows, 0, source, depth, out);
    g_string_append_printf(out, "</%s>", name);
}

char *domain_xml_generate(const guint8 *data, gsize size)
{
    static const char *const os_types[] = { "xen", "hvm", "xenpvh" };
    Source source = { .data = data, .left = size };
    GString *out = g_string_new(NULL);

    /* The least that is a domain comes first, so that it counts. */
    g_string_printf(
        out,
        "<domain type='xen' xmlns:xen='http://libvirt.org/schemas/domain/xen/1.0'><name>n</name>"
        "<memory>65536</memory><os><type>%s</type></os><devices>",
        os_types[next_byte(&source) % G_N_ELEMENTS(os_types)]);
    for (guint i = 0; i < 12 && source.left > 0; i++) {
        const XmlRow *row = &domain_def_class.rows[next_byte(&source) % domain_def_class.n_rows];
        const char *prefix = "devices/";
        if (g_str_has_prefix(row->path, prefix) && row->item != NULL)
            generate_element(row->item, row->path + strlen(prefix), &source, 1, out);
    }
    g_string_append(out, "</devices>");
    GString *rest = g_string_new(NULL);
    generate_element(&domain_def_class, "domain", &source, 0, rest);
    const char *body = strchr(rest->str, '>') + 1;
    g_string_append(out, body);
    g_string_free(rest, TRUE);
    return g_string_free(out, FALSE);
}
