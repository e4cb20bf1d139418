/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pool-def.h"

#include <string.h>

#include "handler-util.h"
#include "names.h"
#include "pool-type.h"
#include "xml-util.h"

static void option_free(gpointer data)
{
    PoolOption *option = data;

    g_free(option->name);
    g_free(option->value);
    g_free(option);
}

static void clear(gpointer data)
{
    PoolDef *def = data;

    g_free(def->name);
    g_free(def->path);
    pool_source_clear(&def->source);
    permissions_clear(&def->permissions);
    g_ptr_array_unref(def->options);
}

void pool_usage_clear(PoolUsage *usage)
{
    g_clear_pointer(&usage->free_extents, g_array_unref);
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

/* ---- reading ---- */

static gboolean parse_type(PoolDef *def, xmlNodePtr pool, GError **error)
{
    g_autofree char *name = xml_attribute(pool, "", "type");

    if (name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool type");
    def->type = pool_type_find(name, error);
    return def->type != NULL;
}

/* The pool's name and its source's stand in for each other. */
static gboolean parse_name(PoolDef *def, xmlNodePtr pool, GError **error)
{
    gboolean source_has_name = def->type->source & POOL_SOURCE_NAME;

    def->name = xml_text(pool, "name");
    if (def->name == NULL && source_has_name)
        def->name = g_strdup(def->source.name);
    if (def->name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing pool source name element");
    if (!is_file_name(def->name))
        return fail(error, VIR_ERR_XML_ERROR, "malformed storage pool name '%s'", def->name);
    if (def->source.name == NULL && source_has_name) {
        if (*def->name == '-')
            return fail(error, VIR_ERR_XML_ERROR, "malformed storage pool source name '%s'",
                        def->name);
        def->source.name = g_strdup(def->name);
    }
    return TRUE;
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

static gboolean parse_features(PoolDef *def, xmlNodePtr pool, GError **error)
{
    if (!parse_yes_no(pool, "features/cow", "state", &def->cow, error))
        return FALSE;
    return def->cow == UNSAID || strcmp(def->type->name, "dir") == 0 ||
           strcmp(def->type->name, "fs") == 0 ||
           fail(error, VIR_ERR_NO_SUPPORT, "cow feature may only be used for 'fs' and 'dir' pools");
}

static gboolean parse_target(PoolDef *def, xmlNodePtr pool, GError **error)
{
    const PoolType *type = def->type;
    g_autofree char *path = NULL;

    def->permissions = PERMISSIONS_NONE;
    if (type->no_target)
        return TRUE;
    path = type->target_prefix != NULL ? g_strconcat(type->target_prefix, def->source.name, NULL)
                                       : xml_text(pool, "target/path");
    if (path == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool target path");
    if (!g_path_is_absolute(path) || !is_plain_text(path))
        return fail(error, VIR_ERR_XML_ERROR, "storage pool target path '%s' is not absolute",
                    path);
    def->path = g_canonicalize_filename(path, "/"); /* "a//b/" and "a/b" are the same folder */
    return permissions_parse(pool, "target/permissions", &def->permissions, error);
}

static gboolean parse_refresh(PoolDef *def, xmlNodePtr pool, GError **error)
{
    static const char *const words[] = { "", "default", "capacity" };
    g_autofree char *text = xml_attribute(pool, "refresh/volume", "allocation");

    for (guint i = 1; text != NULL && i < G_N_ELEMENTS(words); i++) {
        if (strcmp(text, words[i]) == 0)
            def->refresh_allocation = (RefreshAllocation)i;
    }
    return text == NULL || def->refresh_allocation != ALLOCATION_UNSAID ||
           fail(error, VIR_ERR_XML_ERROR, "unknown storage pool volume refresh allocation type %s",
                text);
}

/* <fs:mount_opts> and <rbd:config_opts>: all children of one element in the type's namespace. */
static gboolean parse_options(PoolDef *def, xmlNodePtr pool, GError **error)
{
    const gboolean with_values =
        def->type->options_ns != NULL && !strstr(def->type->options_ns, "/fs/");

    for (xmlNodePtr list = pool->children; list != NULL; list = list->next) {
        if (list->type != XML_ELEMENT_NODE || list->ns == NULL || def->type->options_ns == NULL ||
            !xmlStrEqual(list->ns->href, BAD_CAST def->type->options_ns))
            continue;
        for (xmlNodePtr node = xml_find(list, "option"); node != NULL; node = xml_next(node)) {
            PoolOption *option = g_new0(PoolOption, 1);

            g_ptr_array_add(def->options, option);
            option->name = xml_attribute(node, "", "name");
            option->value = xml_attribute(node, "", "value");
            if (option->name == NULL || !is_plain_text(option->name))
                return fail(error, VIR_ERR_XML_ERROR, "storage pool option without a name");
            if (with_values && (option->value == NULL || !is_plain_text(option->value)))
                return fail(error, VIR_ERR_XML_ERROR, "storage pool option '%s' has no value",
                            option->name);
        }
    }
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
    pool_source_init(&def->source);
    def->options = g_ptr_array_new_with_free_func(option_free);
    pool = xmlDocGetRootElement(doc);
    if (parse_type(def, pool, error) &&
        pool_source_parse(&def->source, def->type, xml_find(pool, "source"), error) &&
        parse_name(def, pool, error) && parse_uuid(def, pool, error) &&
        parse_features(def, pool, error) && parse_target(def, pool, error) &&
        parse_refresh(def, pool, error) && parse_options(def, pool, error))
        return g_steal_pointer(&def);
    return NULL;
}

/* ---- writing ---- */

static void format_usage(GString *xml, const PoolUsage *usage)
{
    xml_append(xml, "  <capacity unit='bytes'>%" G_GUINT64_FORMAT "</capacity>\n", usage->capacity);
    xml_append(xml, "  <allocation unit='bytes'>%" G_GUINT64_FORMAT "</allocation>\n",
               usage->allocation);
    xml_append(xml, "  <available unit='bytes'>%" G_GUINT64_FORMAT "</available>\n",
               usage->available);
}

static void format_options(GString *xml, const PoolDef *def, const char *prefix)
{
    const char *list = prefix != NULL && strcmp(prefix, "rbd") == 0 ? "config_opts" : "mount_opts";

    if (prefix == NULL)
        return;
    xml_append(xml, "  <%s:%s>\n", prefix, list);
    for (guint i = 0; i < def->options->len; i++) {
        const PoolOption *option = def->options->pdata[i];

        xml_append(xml, "    <%s:option name='%s'", prefix, option->name);
        if (option->value != NULL)
            xml_append(xml, " value='%s'", option->value);
        xml_append(xml, "/>\n");
    }
    xml_append(xml, "  </%s:%s>\n", prefix, list);
}

/* The free pieces of a live pool's first device are shown with it. */
static void format_source(GString *xml, const PoolDef *def, const PoolUsage *usage)
{
    PoolDevice *shown = NULL;

    if (usage->free_extents != NULL && def->source.devices->len > 0) {
        /* A copy of the one entry, as the definition is shared. */
        const PoolDevice *own = def->source.devices->pdata[0];
        g_autoptr(GPtrArray) devices = g_ptr_array_new();
        PoolSource source = def->source;

        shown = g_new0(PoolDevice, 1);
        *shown = (PoolDevice){ own->path, own->part_separator, usage->free_extents };
        g_ptr_array_add(devices, shown);
        source.devices = devices;
        pool_source_format(xml, &source, def->type);
        g_free(shown);
        return;
    }
    pool_source_format(xml, &def->source, def->type);
}

char *pool_def_format(const PoolDef *def, const PoolUsage *usage, const Permissions *permissions)
{
    GString *xml = g_string_new(NULL);
    const char *prefix = def->options->len == 0                  ? NULL
                         : strstr(def->type->options_ns, "/fs/") ? "fs"
                                                                 : "rbd";
    const PoolUsage none = { 0 };

    xml_append(xml, "<pool type='%s'", def->type->name);
    if (prefix != NULL)
        xml_append(xml, " xmlns:%s='%s'", prefix, def->type->options_ns);
    xml_append(xml, ">\n  <name>%s</name>\n  <uuid>%s</uuid>\n", def->name, def->uuid);
    format_usage(xml, usage != NULL ? usage : &none);
    if (def->cow != UNSAID)
        xml_append(xml, "  <features>\n    <cow state='%s'/>\n  </features>\n",
                   def->cow == YES ? "yes" : "no");
    format_source(xml, def, usage != NULL ? usage : &none);
    if (def->path != NULL) {
        xml_append(xml, "  <target>\n    <path>%s</path>\n", def->path);
        permissions_format(xml, permissions != NULL ? permissions : &def->permissions, "    ");
        xml_append(xml, "  </target>\n");
    }
    if (def->refresh_allocation != ALLOCATION_UNSAID)
        xml_append(xml, "  <refresh>\n    <volume allocation='%s'/>\n  </refresh>\n",
                   def->refresh_allocation == ALLOCATION_CAPACITY ? "capacity" : "default");
    format_options(xml, def, prefix);
    xml_append(xml, "</pool>\n");
    return g_string_free(xml, FALSE);
}

/* Pools of folders are told apart by where they are seen. */
gboolean pool_def_conflicts(const PoolDef *a, const PoolDef *b)
{
    if (a->path != NULL && b->path != NULL && strcmp(a->type->volume_kind, "file") == 0 &&
        strcmp(b->type->volume_kind, "file") == 0 && strcmp(a->path, b->path) == 0)
        return TRUE;
    return a->type == b->type && a->type->source != 0 &&
           pool_source_conflicts(&a->source, &b->source, a->type);
}
