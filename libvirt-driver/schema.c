/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema.h"

#include <libxml/relaxng.h>
#include <string.h>

#include "handler-util.h"
#include "xml-util.h"

#define SCHEMA_DIR "/usr/share/libvirt/schemas"

/* libxml2 goes on naming every element around the wrong one. */
#define MAX_MESSAGES 8

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNGParserCtxt, xmlRelaxNGFreeParserCtxt)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlRelaxNGValidCtxt, xmlRelaxNGFreeValidCtxt)

/* Held while a schema is loaded, and while one is used: libxml2 does not say that a schema may be
 * used by several threads at once. */
static GMutex lock;
/* By file name; NULL: not there. Kept to the process's end. */
static GHashTable *schemas;

static char *schema_path(const char *file)
{
    const char *dir = g_getenv("KANZEN_SCHEMA_DIR");

    return g_build_filename(dir != NULL ? dir : SCHEMA_DIR, file, NULL);
}

static void ignore(void *user_data, xmlErrorPtr why)
{
}

static xmlRelaxNGPtr load_locked(const char *file)
{
    g_autofree char *path = schema_path(file);
    gpointer schema = NULL;

    if (schemas == NULL)
        schemas = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (g_hash_table_lookup_extended(schemas, file, NULL, &schema))
        return schema;
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_autoptr(xmlRelaxNGParserCtxt) parser = xmlRelaxNGNewParserCtxt(path);

        xmlRelaxNGSetParserStructuredErrors(parser, ignore, NULL);
        schema = xmlRelaxNGParse(parser);
        if (schema == NULL)
            g_warning("schema: '%s' cannot be used: validating by our own tables", path);
    }
    g_hash_table_insert(schemas, g_strdup(file), schema);
    return schema;
}

gboolean schema_is_there(const char *file)
{
    g_mutex_lock(&lock);
    gboolean there = load_locked(file) != NULL;
    g_mutex_unlock(&lock);
    return there;
}

typedef struct {
    GString *text;
    guint messages;
} Complaint;

static void complain(void *user_data, xmlErrorPtr why)
{
    Complaint *complaint = user_data;
    xmlNodePtr node = why->node;

    if (why->message == NULL || ++complaint->messages > MAX_MESSAGES)
        return;
    g_autofree char *what = g_utf8_make_valid(why->message, -1); /* it may quote the document */
    g_string_append_printf(complaint->text, "\n%s", g_strchomp(what));
    if (node != NULL && why->line > 0) {
        xmlChar *path = xmlGetNodePath(node);
        g_string_append_printf(complaint->text, " (%s, line %d)", (const char *)path, why->line);
        xmlFree(path);
    }
}

static gboolean validate_locked(const char *file, xmlDocPtr doc, Complaint *complaint)
{
    g_autoptr(xmlRelaxNGValidCtxt) context = xmlRelaxNGNewValidCtxt(load_locked(file));

    xmlRelaxNGSetValidStructuredErrors(context, complain, complaint);
    return xmlRelaxNGValidateDoc(context, doc) == 0;
}

gboolean schema_validate(const char *file, const char *text, GError **error)
{
    g_autoptr(xmlDoc) doc =
        xmlReadMemory(text, (int)strlen(text), NULL, NULL,
                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    g_autoptr(GString) why = g_string_new(NULL);
    Complaint complaint = { .text = why };

    if (doc == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "not well-formed");
    g_mutex_lock(&lock);
    gboolean valid = validate_locked(file, doc, &complaint);
    g_mutex_unlock(&lock);
    if (valid)
        return TRUE;
    g_autofree char *path = schema_path(file);
    return fail(error, VIR_ERR_XML_INVALID_SCHEMA, "Unable to validate doc against %s%s", path,
                why->str);
}
