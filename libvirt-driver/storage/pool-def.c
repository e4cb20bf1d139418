/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <pool>: text to definition and back. */
#include "pool.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "handler-util.h"
#include "xml-util.h"

void pool_def_free(PoolDef *def)
{
    if (def == NULL)
        return;
    g_free(def->name);
    g_free(def->path);
    g_free(def);
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

/* "a//b/" and "a/b" are the same folder. */
static char *clean_path(const char *path)
{
    return g_canonicalize_filename(path, "/");
}

static gboolean parse_target(PoolDef *def, xmlNodePtr pool, GError **error)
{
    g_autofree char *path = xml_text(pool, "target/path");

    if (path == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool target path");
    if (!g_path_is_absolute(path))
        return fail(error, VIR_ERR_XML_ERROR, "storage pool target path '%s' is not absolute",
                    path);
    def->path = clean_path(path);
    return xml_number(pool, "target/permissions/mode", 8, &def->permissions.mode, error) &&
           xml_number(pool, "target/permissions/owner", 10, &def->permissions.owner, error) &&
           xml_number(pool, "target/permissions/group", 10, &def->permissions.group, error);
}

PoolDef *pool_def_parse(const char *xml, GError **error)
{
    g_autoptr(PoolDef) def = g_new0(PoolDef, 1);
    g_autoptr(xmlDoc) doc = xml_parse(xml, "pool", error);
    xmlNodePtr pool;
    g_autofree char *type = NULL;

    if (doc == NULL)
        return NULL;
    pool = xmlDocGetRootElement(doc);
    def->permissions = (PoolPermissions){ -1, -1, -1 };
    type = xml_attribute(pool, "", "type");
    def->name = xml_text(pool, "name");
    if (type == NULL)
        fail(error, VIR_ERR_XML_ERROR, "missing storage pool type");
    else if (strcmp(type, "dir") != 0)
        fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "storage pools of type '%s' are not supported",
             type);
    else if (def->name == NULL)
        fail(error, VIR_ERR_XML_ERROR, "missing pool source name element");
    else if (strpbrk(def->name, "/\n") != NULL)
        fail(error, VIR_ERR_XML_ERROR, "name '%s' cannot contain '/'", def->name);
    else if (parse_uuid(def, pool, error) && parse_target(def, pool, error))
        return g_steal_pointer(&def);
    return NULL;
}

gboolean pool_def_usage(const PoolDef *def, PoolUsage *ret_usage)
{
    struct statvfs fs;

    if (statvfs(def->path, &fs) < 0)
        return FALSE;
    ret_usage->capacity = (guint64)fs.f_blocks * fs.f_frsize;
    ret_usage->available = (guint64)fs.f_bavail * fs.f_frsize;
    ret_usage->allocation = (guint64)(fs.f_blocks - fs.f_bfree) * fs.f_frsize;
    return TRUE;
}

char *pool_def_format(const PoolDef *def)
{
    GString *xml = g_string_new("<pool type='dir'>\n");
    PoolUsage usage = { 0 };
    struct stat st;

    pool_def_usage(def, &usage);
    xml_append(xml, "  <name>%s</name>\n  <uuid>%s</uuid>\n", def->name, def->uuid);
    xml_append(xml, "  <capacity unit='bytes'>%" G_GUINT64_FORMAT "</capacity>\n", usage.capacity);
    xml_append(xml, "  <allocation unit='bytes'>%" G_GUINT64_FORMAT "</allocation>\n",
               usage.allocation);
    xml_append(xml, "  <available unit='bytes'>%" G_GUINT64_FORMAT "</available>\n",
               usage.available);
    xml_append(xml, "  <source>\n  </source>\n  <target>\n    <path>%s</path>\n", def->path);
    if (stat(def->path, &st) == 0)
        xml_append(xml,
                   "    <permissions>\n      <mode>0%o</mode>\n      <owner>%u</owner>\n"
                   "      <group>%u</group>\n    </permissions>\n",
                   st.st_mode & 07777, st.st_uid, st.st_gid);
    xml_append(xml, "  </target>\n</pool>\n");
    return g_string_free(xml, FALSE);
}
