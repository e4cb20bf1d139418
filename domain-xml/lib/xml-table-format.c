/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Object to element by its class's rows, in libvirt's style: two spaces a level, single quotes. An
 * element is begun before it is known whether anything will be in it, and taken back when nothing
 * was.
 */
#include "xml-table.h"

#include <string.h>

#include "domain-xml.h"
#include "xml-node.h"
#include "xml-span.h"
#include "xml-value.h"

typedef struct {
    const XmlClass *class;
    gconstpointer object;
    guint flags;
    GString *out;
} Format;

static gboolean row_applies(const Format *format, const XmlRow *row)
{
    if ((row->flags & XML_LIVE) && (format->flags & DOMAIN_XML_FORMAT_INACTIVE))
        return FALSE;
    if ((row->flags & XML_SECRET) && !(format->flags & DOMAIN_XML_FORMAT_SECURE))
        return FALSE;
    if (row->flags & XML_ALIAS) {
        const char *alias = XML_CONST_FIELD(row, format->object, char *);
        if (alias != NULL && (format->flags & DOMAIN_XML_FORMAT_INACTIVE) &&
            !g_str_has_prefix(alias, "ua-"))
            return FALSE;
    }
    return row->when == NULL || row->when(format->object);
}

static void append_indent(guint indent, GString *out)
{
    static const char spaces[] = "                                ";

    for (; indent > sizeof spaces - 1; indent -= sizeof spaces - 1)
        g_string_append_len(out, spaces, sizeof spaces - 1);
    g_string_append_len(out, spaces, (gssize)indent);
}

static void append_unit(const XmlRow *row, GString *out)
{
    const char *unit = xml_value_unit(row);

    if (unit != NULL)
        g_string_append_printf(out, " unit='%s'", unit);
}

static gboolean append_attributes(const Format *format, const XmlSpan *span)
{
    gboolean any = FALSE;

    for (guint i = span->lo; i < span->hi; i++) {
        const XmlRow *row = &format->class->rows[i];
        const char *tail = xml_span_tail(span, row);

        if (*tail != '@' || !xml_value_present(row, format->object) || !row_applies(format, row))
            continue;
        g_string_append_c(format->out, ' ');
        g_string_append(format->out, tail + 1);
        g_string_append(format->out, "='");
        xml_value_append(row, format->object, TRUE, format->out);
        g_string_append_c(format->out, '\'');
        append_unit(row, format->out);
        any = TRUE;
    }
    return any;
}

/* The row of the element's own text or presence, or NULL when there is nothing to write. */
static const XmlRow *find_value(const Format *format, const XmlSpan *span)
{
    for (guint i = span->lo; i < span->hi; i++) {
        const XmlRow *row = &format->class->rows[i];

        if (xml_tail_is_value(xml_span_tail(span, row)) && xml_value_present(row, format->object) &&
            row_applies(format, row))
            return row;
    }
    return NULL;
}

static void format_children(const Format *format, const XmlSpan *span, guint indent);

static void format_element(const Format *format, const XmlSpan *span, const char *name,
                           gsize name_len, guint indent, gboolean force)
{
    GString *out = format->out;
    gsize start = out->len;

    append_indent(indent, out);
    g_string_append_c(out, '<');
    g_string_append_len(out, name, (gssize)name_len);
    gboolean any = append_attributes(format, span);
    const XmlRow *value = find_value(format, span);
    gboolean has_text = value != NULL && value->kind != XML_FLAG;
    if (value != NULL)
        append_unit(value, out);

    gsize tag_end = out->len;
    g_string_append(out, has_text ? ">" : ">\n");
    gsize content = out->len;
    if (has_text)
        xml_value_append(value, format->object, FALSE, out);
    else
        format_children(format, span, indent + 2);

    if (out->len > content || (force && format->class->open)) {
        if (!has_text)
            append_indent(indent, out);
        g_string_append(out, "</");
        g_string_append_len(out, name, (gssize)name_len);
        g_string_append(out, ">\n");
    } else if (any || value != NULL || force) {
        g_string_truncate(out, tag_end);
        g_string_append(out, "/>\n");
    } else {
        g_string_truncate(out, start);
    }
}

/* Metadata is its writers' own; other kept elements are libvirt's and look like them. */
static void format_node(const Format *format, const XmlRow *row, xmlNodePtr node, guint indent)
{
    xml_node_format(node, indent, row->flags & XML_KEPT ? '\'' : '"', format->out);
}

static void format_list(const Format *format, const XmlRow *row, const char *name, guint indent)
{
    const GPtrArray *list = XML_CONST_FIELD(row, format->object, GPtrArray *);

    for (guint i = 0; i < list->len; i++) {
        gpointer element = g_ptr_array_index(list, i);
        if (row->kind == XML_LIST)
            xml_object_format(row->item, element, name, indent, format->flags, format->out);
        else
            format_node(format, row, element, indent);
    }
}

static void format_compound(const Format *format, const XmlRow *row, const char *name, guint indent)
{
    gpointer value =
        row->kind == XML_REFUSED ? NULL : XML_CONST_FIELD(row, format->object, gpointer);

    if (value == NULL || !row_applies(format, row))
        return;
    if (row->kind == XML_LIST || row->kind == XML_NODES)
        format_list(format, row, name, indent);
    else if (row->kind == XML_OBJECT)
        xml_object_format(row->item, value, name, indent, format->flags, format->out);
    else if (row->kind == XML_NODE)
        format_node(format, row, value, indent);
}

static gboolean is_compound(const XmlRow *row)
{
    return row->kind >= XML_OBJECT;
}

/* The end of the run of rows that share row lo's first component below the span, which is n
 * characters long. */
static guint find_group_end(const Format *format, const XmlSpan *span, guint lo, const char *name,
                            gsize n)
{
    guint i = lo + 1;

    for (; i < span->hi; i++) {
        const char *tail = xml_span_tail(span, &format->class->rows[i]);
        if (strncmp(tail, name, n) != 0 || (tail[n] != '\0' && tail[n] != '/'))
            break;
    }
    return i;
}

static void format_children(const Format *format, const XmlSpan *span, guint indent)
{
    guint end;

    for (guint lo = span->lo; lo < span->hi; lo = end) {
        const XmlRow *row = &format->class->rows[lo];
        const char *name = xml_span_tail(span, row);

        end = lo + 1;
        if (*name == '@' || xml_tail_is_value(name))
            continue;
        gsize n = strcspn(name, "/");
        end = find_group_end(format, span, lo, name, n);

        XmlSpan group = { .lo = lo, .hi = end, .offset = (gsize)(name - row->path) + n };
        if (name[n] == '\0' && is_compound(row)) {
            format_compound(format, row, name, indent);
            group.lo++;
        }
        if (group.lo < group.hi)
            format_element(format, &group, name, n, indent, FALSE);
    }
}

void xml_object_format(const XmlClass *class, gconstpointer object, const char *name, guint indent,
                       guint flags, GString *out)
{
    const Format format = { .class = class, .object = object, .flags = flags, .out = out };
    const XmlSpan all = { .lo = 0, .hi = class->n_rows, .offset = 0 };

    format_element(&format, &all, name, strlen(name), indent, TRUE);
}
