/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Element to object by its class's rows. Each child element is looked up once among the rows below
 * its parent, so the time is linear in the document. What no row knows is dropped, as libvirt does.
 */
#include "xml-table.h"

#include <string.h>

#include "domain-xml.h"
#include "xml-node.h"
#include "xml-span.h"
#include "xml-value.h"

typedef struct {
    const XmlClass *class;
    gpointer object;
    guint flags;
    GError **error;
} Parse;

void xml_error(GError **error, int code, xmlNodePtr node, const char *attribute, const char *format,
               ...)
{
    va_list args;
    xmlChar *path = xmlGetNodePath(node);

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, DOMAIN_XML_ERROR, code, "%s (%s%s%s, line %ld)", what, (const char *)path,
                attribute != NULL ? "/@" : "", attribute != NULL ? attribute : "",
                xmlGetLineNo(node));
    xmlFree(path);
}

static gboolean row_applies(const Parse *parse, const XmlRow *row)
{
    if ((row->flags & XML_LIVE) && (parse->flags & DOMAIN_XML_PARSE_INACTIVE))
        return FALSE;
    return row->when == NULL || row->when(parse->object);
}

/* The length of a path's first component when it is the key's name, else 0. */
static gsize match_component(const char *tail, const XmlNodeKey *key)
{
    const char *p = tail;

    if (key->prefix != NULL) {
        gsize n = strlen(key->prefix);
        if (strncmp(p, key->prefix, n) != 0 || p[n] != ':')
            return 0;
        p += n + 1;
    }
    for (const char *name = key->name; *name != '\0'; name++, p++)
        if (*p != *name)
            return 0;
    return *p == '\0' || *p == '/' ? (gsize)(p - tail) : 0;
}

static gboolean find_child_span(const Parse *parse, const XmlSpan *span, xmlNodePtr child,
                                XmlSpan *ret_child)
{
    XmlNodeKey key;

    if (!xml_node_get_key(child, &key))
        return FALSE;
    for (guint i = span->lo; i < span->hi; i++) {
        const char *tail = xml_span_tail(span, &parse->class->rows[i]);
        gsize n = match_component(tail, &key);
        if (n == 0)
            continue;
        ret_child->lo = i;
        ret_child->offset = (gsize)(tail - parse->class->rows[i].path) + n;
        while (++i < span->hi &&
               match_component(xml_span_tail(span, &parse->class->rows[i]), &key) != 0)
            ;
        ret_child->hi = i;
        return TRUE;
    }
    return FALSE;
}

/* ---- scalar values ---- */

/* Text below a node or attribute. *ret_owned is what to free, if anything. */
static const char *get_text(xmlNodePtr children, xmlChar **ret_owned)
{
    *ret_owned = NULL;
    if (children == NULL)
        return "";
    if (children->next == NULL && children->type == XML_TEXT_NODE)
        return (const char *)children->content;
    *ret_owned = xmlNodeListGetString(children->doc, children, 1);
    return *ret_owned != NULL ? (const char *)*ret_owned : "";
}

static gboolean set_failed(const Parse *parse, xmlNodePtr node, const char *attribute,
                           const char *text, const char *why)
{
    const char *gap = *why != '\0' ? ". " : "";

    if (attribute != NULL)
        xml_error(parse->error, DOMAIN_XML_ERROR_SYNTAX, node, attribute,
                  "Invalid value for attribute '%s' in element '%s': '%s'%s%s", attribute,
                  (const char *)node->name, text, gap, why);
    else
        xml_error(parse->error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "Invalid value for element '%s': '%s'%s%s", (const char *)node->name, text, gap,
                  why);
    return FALSE;
}

static gboolean is_refused_word(const XmlRow *row, const char *text)
{
    return row->refused != NULL && g_strv_contains(row->refused, text);
}

static gboolean set_value(const Parse *parse, const XmlRow *row, xmlNodePtr node,
                          const char *attribute, const char *text)
{
    const char *why;

    if ((row->flags & XML_ALIAS) && (parse->flags & DOMAIN_XML_PARSE_INACTIVE) &&
        !g_str_has_prefix(text, "ua-"))
        return TRUE;
    if (xml_value_unit(row) != NULL) {
        xmlChar *unit = xmlGetNoNsProp(node, BAD_CAST "unit");
        why = (row->kind == XML_KIB ? xml_size_parse : xml_bytes_parse)(
            text, (const char *)unit, &XML_FIELD(row, parse->object, guint64));
        xmlFree(unit);
        if (why == NULL && (row->flags & XML_NONZERO) &&
            XML_FIELD(row, parse->object, guint64) == 0)
            why = "Zero is not permitted";
    } else {
        why = xml_value_set(row, parse->object, text);
    }
    if (why == NULL)
        return TRUE;
    if (is_refused_word(row, text)) {
        xml_error(parse->error, DOMAIN_XML_ERROR_UNSUPPORTED, node, attribute,
                  "'%s' is not supported", text);
        return FALSE;
    }
    return set_failed(parse, node, attribute, text, why);
}

static gboolean refuse(const Parse *parse, xmlNodePtr node, const char *attribute)
{
    xmlChar *path = xmlGetNodePath(node);

    g_set_error(parse->error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                "%s%s%s is not supported (line %ld)", (const char *)path,
                attribute != NULL ? "/@" : "", attribute != NULL ? attribute : "",
                xmlGetLineNo(node));
    xmlFree(path);
    return FALSE;
}

/* ---- one element ---- */

static gboolean parse_attribute(const Parse *parse, const XmlRow *row, xmlNodePtr node,
                                const char *name)
{
    xmlAttrPtr attr = xmlHasNsProp(node, BAD_CAST name, NULL);
    xmlChar *owned;

    if (attr == NULL) {
        if (row->flags & XML_REQUIRED) {
            xml_error(parse->error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                      "Missing required attribute '%s' in element '%s'", name,
                      (const char *)node->name);
            return FALSE;
        }
        return !(row->flags & XML_IMPLIED) || set_value(parse, row, node, name, row->def);
    }
    if (row->kind == XML_REFUSED)
        return refuse(parse, node, name);
    const char *text = get_text(attr->children, &owned);
    gboolean ok = set_value(parse, row, node, name, text);
    xmlFree(owned);
    return ok;
}

static gboolean parse_text(const Parse *parse, const XmlRow *row, xmlNodePtr node)
{
    xmlChar *owned = NULL;
    const char *text = "";

    if (row->kind != XML_FLAG)
        text = get_text(node->children, &owned);
    /* An empty element says nothing, as for libvirt. */
    gboolean skip = *text == '\0' && row->kind != XML_FLAG && !(row->flags & XML_REQUIRED);
    gboolean ok = skip || set_value(parse, row, node, NULL, text);
    xmlFree(owned);
    return ok;
}

static gboolean parse_into_list(const Parse *parse, const XmlRow *row, xmlNodePtr node)
{
    GPtrArray *list = XML_FIELD(row, parse->object, GPtrArray *);
    gpointer element = xml_object_new(row->item);

    g_ptr_array_add(list, element);
    return xml_object_parse(row->item, element, node, parse->flags, parse->error);
}

static gboolean parse_own_value(const Parse *parse, const XmlRow *row, xmlNodePtr node)
{
    switch (row->kind) {
    case XML_LIST:
        return parse_into_list(parse, row, node);
    case XML_OBJECT:
        XML_FIELD(row, parse->object, gpointer) = xml_object_new(row->item);
        return xml_object_parse(row->item, XML_FIELD(row, parse->object, gpointer), node,
                                parse->flags, parse->error);
    case XML_NODE:
        XML_FIELD(row, parse->object, xmlNodePtr) = xml_node_dup(node);
        return TRUE;
    case XML_NODES:
        g_ptr_array_add(XML_FIELD(row, parse->object, GPtrArray *), xml_node_dup(node));
        return TRUE;
    case XML_REFUSED:
        return refuse(parse, node, NULL);
    default:
        return parse_text(parse, row, node);
    }
}

static gboolean is_list(const XmlRow *row)
{
    return row->kind == XML_LIST || row->kind == XML_NODES;
}

/* With PARSE_VALIDATE a part that no row knows is an error; it is dropped otherwise. */
static gboolean unknown(const Parse *parse, xmlNodePtr node, const char *attribute)
{
    if (!(parse->flags & DOMAIN_XML_PARSE_VALIDATE))
        return TRUE;
    if (attribute != NULL)
        xml_error(parse->error, DOMAIN_XML_ERROR_SCHEMA, node, attribute,
                  "Invalid attribute %s for element %s", attribute, (const char *)node->name);
    else
        xml_error(parse->error, DOMAIN_XML_ERROR_SCHEMA, node, NULL,
                  "Did not expect element %s there", (const char *)node->name);
    return FALSE;
}

/* unit= needs no row of its own: it belongs to the size beside it. */
static gboolean knows_attribute(const Parse *parse, const XmlSpan *span, const char *name)
{
    gboolean is_unit = strcmp(name, "unit") == 0;

    for (guint i = span->lo; i < span->hi; i++) {
        const XmlRow *row = &parse->class->rows[i];
        const char *tail = xml_span_tail(span, row);
        if (*tail == '@' && strcmp(tail + 1, name) == 0)
            return TRUE;
        if (is_unit && xml_value_unit(row) != NULL && (*tail == '@' || xml_tail_is_value(tail)))
            return TRUE;
    }
    return FALSE;
}

static gboolean check_attributes(const Parse *parse, const XmlSpan *span, xmlNodePtr node)
{
    for (xmlAttrPtr attr = node->properties; attr != NULL; attr = attr->next)
        if (attr->ns == NULL && !knows_attribute(parse, span, (const char *)attr->name) &&
            !unknown(parse, node, (const char *)attr->name))
            return FALSE;
    return TRUE;
}

/* Whether the element is another object's, or kept whole: what is in it is looked at there, or not
 * at all. */
static gboolean is_opaque(const Parse *parse, const XmlSpan *span)
{
    for (guint i = span->lo; i < span->hi; i++)
        if (parse->class->rows[i].kind >= XML_OBJECT &&
            xml_tail_is_value(xml_span_tail(span, &parse->class->rows[i])))
            return TRUE;
    return FALSE;
}

static gboolean parse_children(const Parse *parse, const XmlSpan *span, xmlNodePtr node,
                               gboolean again);

/* Attributes first and in the rows' order, whatever the document's: children's rows may depend on
 * them. */
static gboolean parse_element(const Parse *parse, const XmlSpan *span, xmlNodePtr node,
                              gboolean first)
{
    Parse inside = *parse;

    if (is_opaque(parse, span))
        inside.flags &= ~(guint)DOMAIN_XML_PARSE_VALIDATE;
    else if ((parse->flags & DOMAIN_XML_PARSE_VALIDATE) && !check_attributes(parse, span, node))
        return FALSE;
    for (guint i = span->lo; i < span->hi; i++) {
        const XmlRow *row = &parse->class->rows[i];
        const char *tail = xml_span_tail(span, row);

        if (*tail == '@' && first && row_applies(parse, row) &&
            !parse_attribute(parse, row, node, tail + 1))
            return FALSE;
    }
    for (guint i = span->lo; i < span->hi; i++) {
        const XmlRow *row = &parse->class->rows[i];

        if (xml_tail_is_value(xml_span_tail(span, row)) && (first || is_list(row)) &&
            row_applies(parse, row) && !parse_own_value(parse, row, node))
            return FALSE;
    }
    gboolean only_value = span->hi - span->lo == 1 &&
                          xml_tail_is_value(xml_span_tail(span, &parse->class->rows[span->lo]));
    return only_value || (!first && !parse->class->merges) ||
           parse_children(&inside, span, node, !first);
}

/* Of an element that may stand once, the first counts. again: the whole of node is another one. */
static gboolean parse_children(const Parse *parse, const XmlSpan *span, xmlNodePtr node,
                               gboolean again)
{
    guint8 seen[XML_MAX_ROWS / 8] = { 0 };

    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        XmlSpan below;
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (!find_child_span(parse, span, child, &below)) {
            if (!unknown(parse, child, NULL))
                return FALSE;
            continue;
        }
        guint8 bit = (guint8)(1 << (below.lo % 8));
        gboolean first = !again && !(seen[below.lo / 8] & bit);
        seen[below.lo / 8] |= bit;
        if (!parse_element(parse, &below, child, first))
            return FALSE;
    }
    return TRUE;
}

gboolean xml_object_parse(const XmlClass *class, gpointer object, xmlNodePtr node, guint flags,
                          GError **error)
{
    const Parse parse = { .class = class, .object = object, .flags = flags, .error = error };
    const XmlSpan all = { .lo = 0, .hi = class->n_rows, .offset = 0 };

    if (!parse_element(&parse, &all, node, TRUE))
        return FALSE;
    return class->check == NULL || class->check(object, node, error);
}
