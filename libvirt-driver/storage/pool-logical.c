/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type logical: an LVM volume group, whose volumes are logical volumes. */
#include <string.h>

#include "block-device.h"
#include "command.h"
#include "handler-util.h"
#include "tool.h"
#include "volume-journal.h"
#include "xml-util.h"

#define KIB 1024u

static const char *group_of(const PoolAccess *pool)
{
    return pool->def->source.name;
}

/* The rows of one report: {"report": [{"vg": [{...}, ...]}]}, lvmreport(7). NULL: failed. */
static JsonNode *report(const char *tool, const char *columns, const char *group, GError **error)
{
    const char *const argv[] = { tool,         "--reportformat", "json",  "--units", "b",
                                 "--nosuffix", "--options",      columns, group,     NULL };

    return tool_json(argv, error);
}

static JsonArray *report_rows(JsonNode *node, const char *kind)
{
    JsonObject *top = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *list = top != NULL ? json_object_get_member(top, "report") : NULL;
    JsonObject *first = NULL;
    JsonNode *rows;

    if (list != NULL && JSON_NODE_HOLDS_ARRAY(list) &&
        json_array_get_length(json_node_get_array(list)) > 0) {
        JsonNode *element = json_array_get_element(json_node_get_array(list), 0);

        first = JSON_NODE_HOLDS_OBJECT(element) ? json_node_get_object(element) : NULL;
    }
    rows = first != NULL ? json_object_get_member(first, kind) : NULL;
    return rows != NULL && JSON_NODE_HOLDS_ARRAY(rows) ? json_node_get_array(rows) : NULL;
}

static JsonObject *row(JsonArray *rows, guint i)
{
    JsonNode *node = json_array_get_element(rows, i);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

/* ---- the group ---- */

static gboolean logical_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    g_autoptr(JsonNode) node = report("vgs", "vg_size,vg_free", group_of(pool), error);
    JsonArray *rows = node != NULL ? report_rows(node, "vg") : NULL;
    JsonObject *group = rows != NULL && json_array_get_length(rows) > 0 ? row(rows, 0) : NULL;

    if (node == NULL)
        return FALSE;
    if (group == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "cannot find logical volume group name '%s'",
                    group_of(pool));
    ret_usage->capacity = json_bytes(group, "vg_size");
    ret_usage->available = json_bytes(group, "vg_free");
    ret_usage->allocation = ret_usage->capacity - MIN(ret_usage->available, ret_usage->capacity);
    return TRUE;
}

static gboolean logical_check(const PoolAccess *pool, GError **error)
{
    PoolUsage usage;

    return logical_usage(pool, &usage, error);
}

static gboolean logical_start(const PoolAccess *pool, GError **error)
{
    return tool_run(error, "vgchange", "-aly", group_of(pool), NULL);
}

static gboolean logical_stop(const PoolAccess *pool, GError **error)
{
    return tool_run(error, "vgchange", "-aln", group_of(pool), NULL);
}

/* Not by force: pvremove(8) leaves one alone that belongs to a group. */
static void logical_unbuild(const PoolAccess *pool, const char *device)
{
    g_autoptr(GError) error = NULL;

    if (!tool_run(&error, "pvremove", device, NULL))
        g_message("storage: pool '%s': '%s' stays as it is: %s", pool->def->name, device,
                  error->message);
}

/* Makes each device one of LVM's; entries: of the journal, of those that were begun with. */
static gboolean make_physical(const PoolAccess *pool, GPtrArray *entries, GError **error)
{
    const GPtrArray *devices = pool->def->source.devices;

    for (guint i = 0; i < devices->len; i++) {
        const char *path = ((PoolDevice *)devices->pdata[i])->path;
        char *entry =
            volume_journal_begin(pool->journal, JOURNAL_DEVICE, pool->def->uuid, path, error);

        if (entry == NULL)
            return FALSE;
        g_ptr_array_add(entries, entry);
        if (!block_device_wipe_marks(path, error) ||
            !tool_run(error, "pvcreate", "-ff", "--yes", path, NULL))
            return FALSE;
    }
    return TRUE;
}

static gboolean make_group(const PoolAccess *pool, GError **error)
{
    const GPtrArray *devices = pool->def->source.devices;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    g_ptr_array_add(argv, (gpointer) "vgcreate");
    g_ptr_array_add(argv, (gpointer)group_of(pool));
    for (guint i = 0; i < devices->len; i++)
        g_ptr_array_add(argv, ((PoolDevice *)devices->pdata[i])->path);
    g_ptr_array_add(argv, NULL);
    return command_run((const char *const *)argv->pdata, NULL, NULL, error);
}

static gboolean logical_build(const PoolAccess *pool, guint flags, GError **error)
{
    const GPtrArray *devices = pool->def->source.devices;
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(g_free);
    gboolean ok;

    if (devices->len == 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "missing source devices of the storage pool '%s'", pool->def->name);
    for (guint i = 0; i < devices->len; i++) {
        const char *path = ((PoolDevice *)devices->pdata[i])->path;

        if (!block_device_check(path, error) ||
            (!(flags & BUILD_OVERWRITE) && !block_device_check_empty(path, error)))
            return FALSE;
    }
    ok = make_physical(pool, entries, error) && make_group(pool, error);
    for (guint i = 0; i < entries->len; i++) {
        if (!ok)
            logical_unbuild(pool, ((PoolDevice *)devices->pdata[i])->path);
        volume_journal_end(pool->journal, entries->pdata[i]);
    }
    return ok;
}

static gboolean logical_remove(const PoolAccess *pool, GError **error)
{
    const GPtrArray *devices = pool->def->source.devices;

    if (!tool_run(error, "vgremove", "-f", group_of(pool), NULL))
        return FALSE;
    for (guint i = 0; i < devices->len; i++) {
        if (!tool_run(error, "pvremove", ((PoolDevice *)devices->pdata[i])->path, NULL))
            return FALSE;
    }
    return TRUE;
}

/* Every group, with the devices it is on. */
static char *logical_find_sources(const PoolSource *source, GError **error)
{
    g_autoptr(JsonNode) node = report("pvs", "vg_name,pv_name", NULL, error);
    JsonArray *rows = node != NULL ? report_rows(node, "pv") : NULL;
    g_autoptr(GHashTable) groups =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    GString *xml;
    GHashTableIter iter;
    gpointer name, devices;

    if (node == NULL)
        return NULL;
    for (guint i = 0; rows != NULL && i < json_array_get_length(rows); i++) {
        JsonObject *pv = row(rows, i);
        const char *group = pv != NULL ? json_text(pv, "vg_name") : "";

        if (*group == '\0')
            continue;
        devices = g_hash_table_lookup(groups, group);
        if (devices == NULL) {
            devices = g_ptr_array_new_with_free_func(g_free);
            g_hash_table_insert(groups, g_strdup(group), devices);
        }
        g_ptr_array_add(devices, g_strdup(json_text(pv, "pv_name")));
    }
    xml = g_string_new("<sources>\n");
    g_hash_table_iter_init(&iter, groups);
    while (g_hash_table_iter_next(&iter, &name, &devices)) {
        xml_append(xml, "  <source>\n");
        for (guint i = 0; i < ((GPtrArray *)devices)->len; i++)
            xml_append(xml, "    <device path='%s'/>\n", (char *)((GPtrArray *)devices)->pdata[i]);
        xml_append(xml, "    <name>%s</name>\n    <format type='lvm2'/>\n  </source>\n",
                   (char *)name);
    }
    g_string_append(xml, "</sources>\n");
    return g_string_free(xml, FALSE);
}

/* ---- volumes ---- */

/* "seg_pe_ranges": "/dev/sda1:0-99 /dev/sdb1:5-9", in extents of the group. */
static void add_extents(Volume *volume, const char *ranges, guint64 extent_size)
{
    g_auto(GStrv) words = g_strsplit(ranges, " ", -1);

    for (guint i = 0; words[i] != NULL; i++) {
        char *colon = strrchr(words[i], ':');
        char *dash = colon != NULL ? strchr(colon, '-') : NULL;

        if (dash == NULL || *words[i] != '/')
            continue;
        *colon = '\0';
        volume_add_extent(volume, words[i], g_ascii_strtoull(colon + 1, NULL, 10) * extent_size,
                          (g_ascii_strtoull(dash + 1, NULL, 10) + 1) * extent_size);
    }
}

static Volume *volume_of(const PoolAccess *pool, JsonObject *lv)
{
    const char *name = json_text(lv, "lv_name");
    g_autofree char *path = g_build_filename(pool->def->path, name, NULL);
    /* Its permissions and times, if it is active. */
    Volume *volume = block_volume_new(name, path, FALSE, NULL);
    const char *origin = json_text(lv, "origin");

    if (volume == NULL) {
        volume = volume_new(VOLUME_BLOCK, name);
        volume->path = g_strdup(path);
    }
    g_free(volume->key);
    volume->key = g_strdup(json_text(lv, "lv_uuid"));
    volume->capacity = volume->allocation = volume->physical = json_bytes(lv, "lv_size");
    if (*origin != '\0')
        volume->backing_path = g_build_filename(pool->def->path, origin, NULL);
    return volume;
}

/* A row per segment: those of one volume follow each other. Internal volumes and thin pools, which
 * hold others, are not for guests; lvs(8), lv_attr. */
static GPtrArray *logical_list(const PoolAccess *pool, GError **error)
{
    g_autoptr(JsonNode) node =
        report("lvs", "lv_name,lv_uuid,origin,lv_size,lv_attr,vg_extent_size,seg_pe_ranges",
               group_of(pool), error);
    JsonArray *rows = node != NULL ? report_rows(node, "lv") : NULL;
    GPtrArray *volumes;
    Volume *last = NULL;

    if (node == NULL)
        return NULL;
    volumes = volume_array_new();
    for (guint i = 0; rows != NULL && i < json_array_get_length(rows); i++) {
        JsonObject *lv = row(rows, i);
        const char *name = lv != NULL ? json_text(lv, "lv_name") : "";

        if (*name == '\0' || *name == '[' || *json_text(lv, "lv_attr") == 't')
            continue;
        if (last == NULL || strcmp(last->name, name) != 0) {
            last = volume_of(pool, lv);
            g_ptr_array_add(volumes, last);
        }
        add_extents(last, json_text(lv, "seg_pe_ranges"), json_bytes(lv, "vg_extent_size"));
    }
    return volumes;
}

static char *kib(guint64 bytes)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT "K", bytes / KIB + (bytes % KIB != 0));
}

static gboolean create(const PoolAccess *pool, const Volume *volume, GError **error)
{
    g_autofree char *size = kib(volume->capacity);
    g_autofree char *allocated = kib(MAX(volume->allocation, KIB));

    if (volume->backing_path != NULL)
        return tool_run(error, "lvcreate", "--yes", "--name", volume->name, "-L", size, "-s",
                        volume->backing_path, NULL);
    if (volume->allocation < volume->capacity)
        return tool_run(error, "lvcreate", "--yes", "--name", volume->name, "--type", "snapshot",
                        "--virtualsize", size, "-L", allocated, group_of(pool), NULL);
    return tool_run(error, "lvcreate", "--yes", "--name", volume->name, "-L", size, group_of(pool),
                    NULL);
}

static gboolean remove_lv(const char *path, GError **error)
{
    block_device_settle(); /* udev may have it open */
    return tool_run(error, "lvremove", "-f", path, NULL);
}

static gboolean logical_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                             GError **error)
{
    g_autofree char *path = g_build_filename(pool->def->path, volume->name, NULL);

    if (how->preallocate)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "metadata preallocation is not supported for a logical volume");
    if (*volume->name == '-')
        return fail(error, VIR_ERR_XML_ERROR, "malformed name '%s' of a logical volume",
                    volume->name);
    if (!create(pool, volume, error))
        return FALSE;
    if ((block_device_wait(path) ||
         fail(error, VIR_ERR_SYSTEM_ERROR, "there is no device '%s' yet", path)) &&
        block_volume_fill(pool, volume, path, how, error))
        return TRUE;
    if (!remove_lv(path, NULL))
        g_warning("storage: cannot remove '%s', which was not finished", path);
    return FALSE;
}

static gboolean logical_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                                      GError **error)
{
    return remove_lv(volume->path, error);
}

static gboolean logical_resize(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                               gboolean allocate, GError **error)
{
    g_autofree char *size = kib(capacity);

    return tool_run(error, "lvresize", "--force", "-L", size, volume->path, NULL);
}

const PoolBackend pool_backend_logical = {
    .tool = "lvs",
    .check = logical_check,
    .start = logical_start,
    .stop = logical_stop,
    .build = logical_build,
    .unbuild = logical_unbuild,
    .remove = logical_remove,
    .usage = logical_usage,
    .find_sources = logical_find_sources,
    .list = logical_list,
    .make = logical_make,
    .remove_volume = logical_remove_volume,
    .resize = logical_resize,
};
