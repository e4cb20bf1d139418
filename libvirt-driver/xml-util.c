/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xml-util.h"

#include <string.h>

#include "handler-util.h"

/* Whose documents are neither of the domain nor of a call's own subsystem. */
static VirErrorFrom from_of(const char *root)
{
    static const struct {
        const char *root;
        VirErrorFrom from;
    } rows[] = {
        { "domainsnapshot", VIR_FROM_DOMAIN_SNAPSHOT },
        { "domaincheckpoint", VIR_FROM_DOMAIN_CHECKPOINT },
        { "cpu", VIR_FROM_CPU },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (strcmp(rows[i].root, root) == 0)
            return rows[i].from;
    }
    return VIR_FROM_NONE;
}

xmlDocPtr xml_parse(const char *text, const char *root, GError **error)
{
    g_autoptr(xmlDoc) doc =
        xmlReadMemory(text, (int)strlen(text), NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    xmlNodePtr top = doc != NULL ? xmlDocGetRootElement(doc) : NULL;

    if (top == NULL) {
        const xmlError *last = xmlGetLastError();

        fail_from(error, from_of(root), VIR_ERR_XML_DETAIL, "(%s_definition):%d: %s", root,
                  last != NULL ? last->line : 1,
                  last != NULL && last->message != NULL ? last->message : "no element");
        return NULL;
    }
    /* Entities would be its only use, and reading a node's text replaces them, however they
     * multiply. */
    if (doc->intSubset != NULL || doc->extSubset != NULL) {
        fail_from(error, from_of(root), VIR_ERR_XML_ERROR,
                  "a document type declaration is not allowed");
        return NULL;
    }
    if (!xmlStrEqual(top->name, BAD_CAST root)) {
        fail_from(error, from_of(root), VIR_ERR_XML_ERROR,
                  "unexpected root element <%s>, expecting <%s>", top->name, root);
        return NULL;
    }
    return g_steal_pointer(&doc);
}

static xmlNodePtr find_child(xmlNodePtr node, const char *name, gsize len)
{
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE && strlen((const char *)child->name) == len &&
            strncmp((const char *)child->name, name, len) == 0)
            return child;
    }
    return NULL;
}

xmlNodePtr xml_find(xmlNodePtr node, const char *path)
{
    while (node != NULL && *path != '\0') {
        gsize len = strcspn(path, "/");

        node = find_child(node, path, len);
        path += len;
        path += *path == '/';
    }
    return node;
}

xmlNodePtr xml_next(xmlNodePtr node)
{
    const xmlChar *name = node->name;

    do
        node = node->next;
    while (node != NULL && (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, name)));
    return node;
}

static char *steal_text(xmlChar *text)
{
    char *copy = text != NULL ? g_strstrip(g_strdup((const char *)text)) : NULL;

    xmlFree(text);
    if (copy != NULL && *copy == '\0')
        g_clear_pointer(&copy, g_free);
    return copy;
}

char *xml_text(xmlNodePtr node, const char *path)
{
    node = xml_find(node, path);
    return node != NULL ? steal_text(xmlNodeGetContent(node)) : NULL;
}

char *xml_attribute(xmlNodePtr node, const char *path, const char *name)
{
    node = xml_find(node, path);
    return node != NULL ? steal_text(xmlGetNoNsProp(node, BAD_CAST name)) : NULL;
}

/* ---- numbers ---- */

/* libvirt's units: "KiB", "K" and "k" are 1024, "KB" is 1000, and so on. */
static guint64 unit_factor(const char *unit)
{
    static const char prefixes[] = "KMGTPE";
    const char *prefix;
    guint64 factor = 1, base;

    if (unit == NULL || g_ascii_strcasecmp(unit, "b") == 0 ||
        g_ascii_strcasecmp(unit, "bytes") == 0 || g_ascii_strcasecmp(unit, "byte") == 0)
        return 1;
    prefix = strchr(prefixes, g_ascii_toupper(*unit));
    if (prefix == NULL || *unit == '\0')
        return 0;
    if (unit[1] == '\0' || g_ascii_strcasecmp(unit + 1, "iB") == 0)
        base = 1024;
    else if (g_ascii_strcasecmp(unit + 1, "B") == 0)
        base = 1000;
    else
        return 0;
    for (const char *p = prefixes; p <= prefix; p++)
        factor *= base;
    return factor;
}

gboolean xml_size(xmlNodePtr node, const char *path, guint64 *ret_bytes, GError **error)
{
    g_autofree char *text = xml_text(node, path);
    g_autofree char *unit = xml_attribute(node, path, "unit");
    guint64 number, factor = unit_factor(unit);

    if (text == NULL)
        return TRUE;
    if (factor == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "unknown suffix '%s'", unit);
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &number, NULL))
        return fail(error, VIR_ERR_XML_ERROR, "malformed size '%s' in <%s>", text, path);
    if (number > G_MAXINT64 / factor)
        return fail(error, VIR_ERR_OVERFLOW, "size value too large: %s in <%s>", text, path);
    *ret_bytes = number * factor;
    return TRUE;
}

gboolean xml_number(xmlNodePtr node, const char *path, guint base, gint64 *ret, GError **error)
{
    g_autofree char *text = xml_text(node, path);

    if (text == NULL)
        return TRUE;
    return g_ascii_string_to_signed(text, base, -1, G_MAXINT32, ret, NULL) ||
           fail(error, VIR_ERR_XML_ERROR, "malformed number '%s' in <%s>", text, path);
}

/* ---- writing ---- */

void xml_append(GString *xml, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_markup_vprintf_escaped(format, args);
    va_end(args);
    g_string_append(xml, text);
}
