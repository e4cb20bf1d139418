/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-def.h"

#include "handler-util.h"
#include "names.h"
#include "permissions.h"
#include "pool-type.h"
#include "xml-util.h"

static void clear(gpointer data)
{
    PoolDef *def = data;

    g_free(def->name);
    g_free(def->path);
}

PoolDef *pool_def_ref(PoolDef *def)
{
    return def != NULL ? g_atomic_rc_box_acquire(def) : NULL;
}

void pool_def_unref(PoolDef *def)
{
    if (def != NULL)
        g_atomic_rc_box_release_full(def, clear);
}

static gboolean parse_type(PoolDef *def, xmlNodePtr pool, GError **error)
{
    g_autofree char *name = xml_attribute(pool, "", "type");

    if (name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool type");
    def->type = pool_type_find(name, error);
    return def->type != NULL;
}

static gboolean parse_name(PoolDef *def, xmlNodePtr pool, GError **error)
{
    def->name = xml_text(pool, "name");
    if (def->name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing pool source name element");
    return is_file_name(def->name) ||
           fail(error, VIR_ERR_XML_ERROR, "malformed storage pool name '%s'", def->name);
}

static gboolean parse_uuid(PoolDef *def, xmlNodePtr pool, GError **error)
{
    g_autofree char *text = xml_text(pool, "uuid");
    g_autofree char *made = text == NULL ? g_uuid_string_random() : NULL;
    guint8 uuid[XDR_UUID_LEN];

    if (!uuid_from_text(text != NULL ? text : made, uuid))
        return fail(error, VIR_ERR_XML_ERROR, "malformed uuid element '%s'", text);
    uuid_to_text(uuid, def->uuid);
    return TRUE;
}

PoolDef *pool_def_parse(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "pool", error);
    g_autoptr(PoolDef) def = NULL;
    xmlNodePtr pool;

    if (doc == NULL)
        return NULL;
    def = g_atomic_rc_box_new0(PoolDef);
    pool = xmlDocGetRootElement(doc);
    if (parse_type(def, pool, error) && parse_name(def, pool, error) &&
        parse_uuid(def, pool, error) &&
        permissions_parse(pool, "target/permissions", &def->permissions, error) &&
        def->type->parse(def, pool, error))
        return g_steal_pointer(&def);
    return NULL;
}

char *pool_def_format(const PoolDef *def, gboolean live)
{
    GString *xml = g_string_new(NULL);
    Permissions permissions = live ? def->type->permissions(def) : def->permissions;
    PoolUsage usage = { 0 };

    if (live)
        def->type->usage(def, &usage,
                         NULL); /* zeros when it is out of reach, as a client expects */
    xml_append(xml, "<pool type='%s'>\n", def->type->name);
    xml_append(xml, "  <name>%s</name>\n  <uuid>%s</uuid>\n", def->name, def->uuid);
    xml_append(xml, "  <capacity unit='bytes'>%" G_GUINT64_FORMAT "</capacity>\n", usage.capacity);
    xml_append(xml, "  <allocation unit='bytes'>%" G_GUINT64_FORMAT "</allocation>\n",
               usage.allocation);
    xml_append(xml, "  <available unit='bytes'>%" G_GUINT64_FORMAT "</available>\n",
               usage.available);
    xml_append(xml, "  <source>\n  </source>\n  <target>\n    <path>%s</path>\n", def->path);
    permissions_format(xml, &permissions);
    xml_append(xml, "  </target>\n</pool>\n");
    return g_string_free(xml, FALSE);
}
