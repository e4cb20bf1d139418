/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Elements that are kept as they were written: metadata and the like. */
#include "xml-node.h"

#include <string.h>

#include "xml-value.h"

static const struct {
    const char *prefix, *uri;
} namespaces[] = {
    { "xen", "http://libvirt.org/schemas/domain/xen/1.0" },
    { "qemu", "http://libvirt.org/schemas/domain/qemu/1.0" },
    { "dnsmasq", "http://libvirt.org/schemas/network/dnsmasq/1.0" },
};

gboolean xml_node_get_key(xmlNodePtr node, XmlNodeKey *ret_key)
{
    ret_key->prefix = NULL;
    ret_key->name = (const char *)node->name;
    if (node->ns == NULL)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++) {
        if (strcmp((const char *)node->ns->href, namespaces[i].uri) == 0) {
            ret_key->prefix = namespaces[i].prefix;
            return TRUE;
        }
    }
    return FALSE;
}

const char *xml_node_prefix_uri(const char *prefix)
{
    for (guint i = 0; i < G_N_ELEMENTS(namespaces); i++)
        if (strcmp(prefix, namespaces[i].prefix) == 0)
            return namespaces[i].uri;
    g_assert_not_reached();
}

static gboolean is_blank(xmlNodePtr node)
{
    return node->type == XML_TEXT_NODE && xmlIsBlankNode(node);
}

/* Whether an element's white space only separates its child elements. */
static gboolean is_structured(xmlNodePtr node)
{
    gboolean has_element = FALSE;

    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            has_element = TRUE;
        else if ((child->type == XML_TEXT_NODE && !is_blank(child)) ||
                 child->type == XML_CDATA_SECTION_NODE)
            return FALSE;
    }
    return has_element;
}

static void tidy(xmlNodePtr node)
{
    gboolean structured = is_structured(node);
    xmlNodePtr next;

    for (xmlNodePtr child = node->children; child != NULL; child = next) {
        next = child->next;
        if (child->type == XML_ELEMENT_NODE) {
            tidy(child);
        } else if ((structured && is_blank(child)) || child->type == XML_COMMENT_NODE ||
                   child->type == XML_PI_NODE) {
            xmlUnlinkNode(child);
            xmlFreeNode(child);
        }
    }
}

xmlNodePtr xml_node_dup(xmlNodePtr node)
{
    if (node == NULL)
        return NULL;
    xmlNodePtr copy = xmlDocCopyNode(node, NULL, 1);
    g_assert(copy != NULL);
    tidy(copy);
    return copy;
}

void xml_node_free(gpointer node)
{
    if (node != NULL)
        xmlFreeNode(node);
}

/* ---- formatting ---- */

typedef struct {
    GString *out;
    char quote;
} NodeFormat;

static void append_qname(const NodeFormat *format, const xmlNs *ns, const xmlChar *name)
{
    if (ns != NULL && ns->prefix != NULL)
        g_string_append_printf(format->out, "%s:", (const char *)ns->prefix);
    g_string_append(format->out, (const char *)name);
}

static void append_attribute_value(const NodeFormat *format, const xmlChar *value)
{
    g_string_append_c(format->out, '=');
    g_string_append_c(format->out, format->quote);
    xml_escape(format->out, value != NULL ? (const char *)value : "", TRUE);
    g_string_append_c(format->out, format->quote);
}

static void append_start_tag(const NodeFormat *format, xmlNodePtr node)
{
    g_string_append_c(format->out, '<');
    append_qname(format, node->ns, node->name);
    for (xmlNsPtr ns = node->nsDef; ns != NULL; ns = ns->next) {
        g_string_append(format->out, " xmlns");
        if (ns->prefix != NULL)
            g_string_append_printf(format->out, ":%s", (const char *)ns->prefix);
        append_attribute_value(format, ns->href);
    }
    for (xmlAttrPtr attr = node->properties; attr != NULL; attr = attr->next) {
        xmlChar *value = xmlNodeListGetString(NULL, attr->children, 1);
        g_string_append_c(format->out, ' ');
        append_qname(format, attr->ns, attr->name);
        append_attribute_value(format, value);
        xmlFree(value);
    }
}

static void format_element(const NodeFormat *format, xmlNodePtr node, guint indent,
                           gboolean pretty);

static void format_children(const NodeFormat *format, xmlNodePtr node, guint indent,
                            gboolean pretty)
{
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            format_element(format, child, indent, pretty);
        else if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
            xml_escape(format->out, (const char *)child->content, FALSE);
    }
}

/* pretty: on lines of its own; else in the middle of text, where every space counts. */
static void format_element(const NodeFormat *format, xmlNodePtr node, guint indent, gboolean pretty)
{
    GString *out = format->out;
    gboolean structured = pretty && is_structured(node);

    if (pretty)
        g_string_append_printf(out, "%*s", (int)indent, "");
    append_start_tag(format, node);
    if (node->children == NULL) {
        g_string_append(out, "/>");
    } else {
        g_string_append(out, structured ? ">\n" : ">");
        format_children(format, node, indent + 2, structured);
        if (structured)
            g_string_append_printf(out, "%*s", (int)indent, "");
        g_string_append(out, "</");
        append_qname(format, node->ns, node->name);
        g_string_append_c(out, '>');
    }
    if (pretty)
        g_string_append_c(out, '\n');
}

void xml_node_format(xmlNodePtr node, guint indent, char quote, GString *out)
{
    const NodeFormat format = { .out = out, .quote = quote };

    format_element(&format, node, indent, TRUE);
}
