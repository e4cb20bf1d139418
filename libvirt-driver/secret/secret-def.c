/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret-def.h"

#include <string.h>

#include "def-classes.h"
#include "xml-doc.h"

static const char *const usages[] = { "",
                                      [SECRET_USAGE_VOLUME] = "volume",
                                      [SECRET_USAGE_CEPH] = "ceph",
                                      [SECRET_USAGE_ISCSI] = "iscsi",
                                      [SECRET_USAGE_TLS] = "tls",
                                      [SECRET_USAGE_VTPM] = "vtpm",
                                      NULL };

static gboolean is_volume(const void *object)
{
    return ((const SecretDef *)object)->usage == SECRET_USAGE_VOLUME;
}

static gboolean is_iscsi(const void *object)
{
    return ((const SecretDef *)object)->usage == SECRET_USAGE_ISCSI;
}

static gboolean has_name(const void *object)
{
    return !is_volume(object) && !is_iscsi(object);
}

#define F(field) offsetof(SecretDef, field)
static const XmlRow secret_rows[] = {
    { "@ephemeral", XML_WORD, F(ephemeral), .words = xml_yes_no, .def = "no" },
    { "@private", XML_WORD, F(is_private), .words = xml_yes_no, .def = "no" },
    { "uuid", XML_STRING, F(uuid) },
    { "description", XML_STRING, F(description) },
    { "usage/@type", XML_WORD, F(usage), XML_REQUIRED, .words = usages },
    { "usage/volume", XML_STRING, F(usage_id), .when = is_volume },
    { "usage/target", XML_STRING, F(usage_id), .when = is_iscsi },
    { "usage/name", XML_STRING, F(usage_id), .when = has_name },
};
#undef F

static gboolean secret_check(gpointer object, xmlNodePtr node, GError **error)
{
    const SecretDef *def = object;

    if (def->usage == SECRET_USAGE_NONE || def->usage_id != NULL)
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
              "%s usage specified, but what it is for is missing", usages[def->usage]);
    return FALSE;
}
extern const XmlClass secret_def_class;
XML_CLASS_DEFINE(secret_def_class, SecretDef, secret_rows, secret_check)

SecretDef *secret_def_parse(const char *xml, guint flags, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(definition_of_secret)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "secret") != 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, root, NULL,
                  "unexpected root element <%s>, expecting <secret>", (const char *)root->name);
        return NULL;
    }
    g_autoptr(SecretDef) def = xml_object_new(&secret_def_class);
    if (!xml_object_parse(&secret_def_class, def, root, flags, error))
        return NULL;
    return g_steal_pointer(&def);
}

char *secret_def_format(const SecretDef *def)
{
    GString *text = g_string_sized_new(256);

    xml_object_format(&secret_def_class, def, "secret", 0, 0, text);
    return g_string_free(text, FALSE);
}

SecretDef *secret_def_dup(const SecretDef *def)
{
    return xml_object_dup(&secret_def_class, def);
}

void secret_def_free(SecretDef *def)
{
    xml_object_free(&secret_def_class, def);
}
