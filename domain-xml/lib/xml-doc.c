/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text to libxml2 document, within limits and without anything from outside the text. */
#include "xml-doc.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <string.h>

#include "domain-xml.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlParserCtxt, xmlFreeParserCtxt)

/* SAX handler of <!DOCTYPE>: stops before any entity is declared. _private carries the fact to the
 * caller. */
static void stop_at_doctype(void *user_data, const xmlChar *name, const xmlChar *external_id,
                            const xmlChar *system_id)
{
    xmlParserCtxtPtr context = user_data;

    context->_private = (void *)"a document type declaration is not allowed";
    xmlStopParser(context);
}

/* libvirt's form: the label and line, libxml2's words, the line itself and a mark below the
 * column. */
static void set_parse_error(xmlParserCtxtPtr context, const char *text, const char *label,
                            GError **error)
{
    const xmlError *last = xmlCtxtGetLastError(context);
    int line = last != NULL ? last->line : 1;
    int column = last != NULL && last->int2 > 0 ? last->int2 : 1;
    const char *begin = text;

    for (int i = 1; i < line && begin != NULL; i++) {
        begin = strchr(begin, '\n');
        if (begin != NULL)
            begin++;
    }
    const char *message =
        last != NULL && last->message != NULL ? last->message : "not an XML document";
    g_autofree char *what = g_utf8_make_valid(message, -1); /* it may quote the text */
    g_strchomp(what);
    if (begin == NULL || column > 200) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL, "%s:%d: %s", label, line,
                    what);
        return;
    }
    int length = (int)MIN(strcspn(begin, "\n"), 200);
    g_autofree char *shown = g_utf8_make_valid(begin, length);
    g_autofree char *dashes = g_strnfill((gsize)column - 1, '-');
    g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL, "%s:%d: %s\n%s\n%s^", label, line,
                what, shown, dashes);
}

/* What begins at a '<' but is no tag, and how it ends. */
static const struct {
    const char *begin, *end;
} other_markup[] = { { "<!--", "-->" }, { "<![CDATA[", "]]>" }, { "<?", "?>" } };

/* Past the markup at p if it is a comment or the like; NULL at the end of the text; p itself if it
 * is a tag. */
static const char *skip_other_markup(const char *p)
{
    for (guint i = 0; i < G_N_ELEMENTS(other_markup); i++) {
        if (!g_str_has_prefix(p, other_markup[i].begin))
            continue;
        const char *end = strstr(p + strlen(other_markup[i].begin), other_markup[i].end);
        return end != NULL ? end + strlen(other_markup[i].end) : NULL;
    }
    return p;
}

/* Past the tag at p, whose attributes are counted; NULL at the end of the text. */
static const char *skip_tag(const char *p, guint *ret_attributes)
{
    *ret_attributes = 0;
    while (*(p += strcspn(p, "=>'\"")) != '\0') {
        if (*p == '>')
            return p + 1;
        if (*p == '=') {
            (*ret_attributes)++;
            p++;
        } else {
            p = strchr(p + 1, *p); /* the closing quote */
            if (p == NULL)
                return NULL;
            p++;
        }
    }
    return NULL;
}

/* libxml2 compares each attribute of a tag with all before it: hours for a few megabytes of
 * them. */
static gboolean has_crowded_tag(const char *text)
{
    guint n;

    while (text != NULL && (text = strchr(text, '<')) != NULL) {
        const char *past = skip_other_markup(text);
        if (past != text) {
            text = past;
            continue;
        }
        text = skip_tag(text, &n);
        if (n > XML_TAG_MAX_ATTRIBUTES)
            return TRUE;
    }
    return FALSE;
}

XmlDocument *xml_document_parse(const char *text, const char *label, GError **error)
{
    gsize length = strlen(text);

    if (length > XML_DOCUMENT_MAX) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL, "%s: longer than %d bytes",
                    label, XML_DOCUMENT_MAX);
        return NULL;
    }
    if (has_crowded_tag(text)) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL,
                    "%s: more than %d attributes in one tag", label, XML_TAG_MAX_ATTRIBUTES);
        return NULL;
    }
    xmlInitParser(); /* once for all threads */
    g_autoptr(xmlParserCtxt) context = xmlNewParserCtxt();
    context->sax->internalSubset = stop_at_doctype;
    /* Without XML_PARSE_HUGE libxml2 keeps its own limits on depth, names and text. */
    xmlDocPtr doc = xmlCtxtReadMemory(context, text, (int)length, NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                          XML_PARSE_COMPACT | XML_PARSE_NOCDATA);
    if (context->_private != NULL) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL, "%s: %s", label,
                    (const char *)context->_private);
        xmlFreeDoc(doc);
        return NULL;
    }
    if (doc == NULL || xmlDocGetRootElement(doc) == NULL) {
        set_parse_error(context, text, label, error);
        xmlFreeDoc(doc);
        return NULL;
    }
    return doc;
}
