/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Title, description, and the XML that applications keep with a domain, one element per
 * namespace. */
#define ERRORS_FROM VIR_FROM_DOMAIN
#include "handler.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

#include "rpc/event.h"

enum { METADATA_DESCRIPTION = 0, METADATA_TITLE = 1, METADATA_ELEMENT = 2 };

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlBuffer, xmlBufferFree)

/* The application's element: the child of <metadata> in its namespace. */
static xmlNodePtr find_element(xmlNodePtr metadata, const char *uri)
{
    for (xmlNodePtr node = metadata != NULL ? metadata->children : NULL; node != NULL;
         node = node->next) {
        if (node->type == XML_ELEMENT_NODE && node->ns != NULL &&
            xmlStrEqual(node->ns->href, BAD_CAST uri))
            return node;
    }
    return NULL;
}

/* ---- reading ---- */

static void strip_namespace(xmlNodePtr node, const char *uri)
{
    if (node->ns != NULL && xmlStrEqual(node->ns->href, BAD_CAST uri))
        node->ns = NULL;
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            strip_namespace(child, uri);
    }
}

static void drop_declaration(xmlNodePtr node, const char *uri)
{
    for (xmlNsPtr *link = &node->nsDef; *link != NULL; link = &(*link)->next) {
        xmlNsPtr ns = *link;

        if (xmlStrEqual(ns->href, BAD_CAST uri)) {
            *link = ns->next;
            xmlFreeNs(ns);
            return;
        }
    }
}

/* As the application wrote it, without the namespace. */
static char *element_text(xmlNodePtr element, const char *uri)
{
    g_autoptr(xmlDoc) doc = xmlNewDoc(BAD_CAST "1.0");
    g_autoptr(xmlBuffer) buffer = xmlBufferCreate();
    xmlNodePtr copy = xmlDocCopyNode(element, doc, 1);

    xmlDocSetRootElement(doc, copy);
    strip_namespace(copy, uri);
    drop_declaration(copy, uri);
    xmlNodeDump(buffer, doc, copy, 0, 0);
    return g_strdup((const char *)xmlBufferContent(buffer));
}

gboolean on_domain_get_metadata(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    guint32 flags = call->args[3].u;
    const char *uri = call->args[2].str;
    g_autofree char *text = NULL;
    const DomainDef *def;
    xmlNodePtr element;

    def = call_affected_def(call, &flags, &view, error);
    if (def == NULL)
        return FALSE;
    switch (call->args[1].i) {
    case METADATA_DESCRIPTION:
        text = g_strdup(def->description);
        break;
    case METADATA_TITLE:
        text = g_strdup(def->title);
        break;
    case METADATA_ELEMENT:
        element = uri != NULL ? find_element(def->metadata, uri) : NULL;
        text = element != NULL ? element_text(element, uri) : NULL;
        break;
    default:
        return fail(error, VIR_ERR_INVALID_ARG, "unknown metadata type %d", call->args[1].i);
    }
    if (text == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_METADATA, "Requested metadata element is not present");
    xdr_put_string(call->ret, text);
    return TRUE;
}

/* ---- changing ---- */

typedef struct {
    int type;
    const char *text; /* NULL: remove */
    const char *key, *uri;
    xmlDocPtr doc; /* text, parsed */
} Change;

static void set_string(char **slot, const char *text)
{
    g_free(*slot);
    *slot = text != NULL && *text != '\0' ? g_strdup(text) : NULL;
}

/* Elements without a namespace get the application's. */
static void apply_namespace(xmlNodePtr node, xmlNsPtr ns)
{
    if (node->ns == NULL)
        node->ns = ns;
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (child->type == XML_ELEMENT_NODE)
            apply_namespace(child, ns);
    }
}

static void set_element(DomainDef *def, const Change *change)
{
    xmlNodePtr old = find_element(def->metadata, change->uri);
    xmlNodePtr element;
    xmlNsPtr ns;

    if (old != NULL) {
        xmlUnlinkNode(old);
        xmlFreeNode(old);
    }
    if (change->doc != NULL) {
        element = xmlDocCopyNode(xmlDocGetRootElement(change->doc), NULL, 1);
        ns = xmlNewNs(element, BAD_CAST change->uri, BAD_CAST change->key);
        if (ns != NULL)
            apply_namespace(element, ns);
        if (def->metadata == NULL)
            def->metadata = xmlNewNode(NULL, BAD_CAST "metadata");
        xmlAddChild(def->metadata, element);
    } else if (def->metadata != NULL && xmlChildElementCount(def->metadata) == 0) {
        xmlFreeNode(def->metadata);
        def->metadata = NULL;
    }
}

static void apply(DomainDef *def, gpointer data)
{
    const Change *change = data;

    switch (change->type) {
    case METADATA_DESCRIPTION:
        set_string(&def->description, change->text);
        break;
    case METADATA_TITLE:
        set_string(&def->title, change->text);
        break;
    case METADATA_ELEMENT:
        set_element(def, change);
        break;
    }
}

static gboolean check_change(Change *change, GError **error)
{
    switch (change->type) {
    case METADATA_DESCRIPTION:
        return TRUE;
    case METADATA_TITLE:
        return change->text == NULL || strchr(change->text, '\n') == NULL ||
               fail(error, VIR_ERR_INVALID_ARG, "metadata title can't contain newlines");
    case METADATA_ELEMENT:
        break;
    default:
        return fail(error, VIR_ERR_INVALID_ARG, "unknown metadata type %d", change->type);
    }
    if (change->uri == NULL || (change->text != NULL && change->key == NULL))
        return fail(error, VIR_ERR_INVALID_ARG, "metadata elements need a key and a namespace");
    if (change->text == NULL)
        return TRUE;
    change->doc = xmlReadMemory(change->text, (int)strlen(change->text), "metadata", NULL,
                                XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
                                    XML_PARSE_NOBLANKS);
    return change->doc != NULL || fail(error, VIR_ERR_XML_ERROR, "(metadata_xml) not well-formed");
}

static void send_change(const Kanzend *kanzend, Domain *domain, const Change *change)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_i32(body, change->type);
    xdr_put_optional_string(body, change->type == METADATA_ELEMENT ? change->uri : NULL);
    domain_send_event(kanzend->domains, domain, VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, body);
}

gboolean on_domain_set_metadata(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    guint32 flags = call->args[5].u;
    Change change = { .type = call->args[1].i,
                      .text = call->args[2].str,
                      .key = call->args[3].str,
                      .uri = call->args[4].str };
    g_autoptr(xmlDoc) doc = NULL;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !check_change(&change, error))
        return FALSE;
    doc = change.doc;
    if (!call_job(call, "described", &view, error) || !resolve_impact(&view, &flags, error) ||
        !change_definitions(kanzend->domains, view.domain, flags, apply, &change, error))
        return FALSE;
    send_change(kanzend, view.domain, &change);
    return TRUE;
}
