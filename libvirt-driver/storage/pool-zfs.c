/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type zfs: a ZFS pool, or a dataset of one, whose volumes are zvols. */
#include <string.h>

#include "block-device.h"
#include "command.h"
#include "handler-util.h"
#include "tool.h"

static const char *dataset_of(const PoolAccess *pool)
{
    return pool->def->source.name;
}

/* "rpool/guests" is a dataset of the pool rpool. */
static char *zpool_of(const PoolAccess *pool)
{
    return g_strndup(dataset_of(pool), strcspn(dataset_of(pool), "/"));
}

/* zpool(8): -H without headings, fields with tabs between; -p as plain numbers. */
static gboolean zfs_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    g_autofree char *zpool = zpool_of(pool);
    g_auto(GStrv) lines = tool_lines(error, "zpool", "get", "-Hp", "-o", "property,value",
                                     "size,free,allocated", zpool, NULL);
    const struct {
        const char *name;
        guint64 *place;
    } rows[] = {
        { "size", &ret_usage->capacity },
        { "free", &ret_usage->available },
        { "allocated", &ret_usage->allocation },
    };

    for (guint i = 0; lines != NULL && lines[i] != NULL; i++) {
        g_auto(GStrv) fields = g_strsplit(lines[i], "\t", 2);

        for (guint n = 0; fields[1] != NULL && n < G_N_ELEMENTS(rows); n++) {
            if (strcmp(fields[0], rows[n].name) == 0)
                *rows[n].place = g_ascii_strtoull(fields[1], NULL, 10);
        }
    }
    return lines != NULL;
}

static gboolean zfs_check(const PoolAccess *pool, GError **error)
{
    return tool_run(error, "zfs", "list", "-H", "-o", "name", dataset_of(pool), NULL);
}

static gboolean zfs_build(const PoolAccess *pool, guint flags, GError **error)
{
    const GPtrArray *devices = pool->def->source.devices;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    if (devices->len == 0)
        return fail(error, VIR_ERR_OPERATION_INVALID, "missing source devices");
    g_ptr_array_add(argv, (gpointer) "zpool");
    g_ptr_array_add(argv, (gpointer) "create");
    if (flags & BUILD_OVERWRITE)
        g_ptr_array_add(argv, (gpointer) "-f");
    g_ptr_array_add(argv, (gpointer)dataset_of(pool));
    for (guint i = 0; i < devices->len; i++)
        g_ptr_array_add(argv, ((PoolDevice *)devices->pdata[i])->path);
    g_ptr_array_add(argv, NULL);
    return command_run((const char *const *)argv->pdata, NULL, NULL, error);
}

static gboolean zfs_remove(const PoolAccess *pool, GError **error)
{
    return tool_run(error, "zpool", "destroy", dataset_of(pool), NULL);
}

/* ---- volumes ---- */

static Volume *volume_of(const PoolAccess *pool, const char *line)
{
    g_auto(GStrv) fields = g_strsplit(line, "\t", 3);
    const char *name = fields[0] != NULL ? strrchr(fields[0], '/') : NULL;
    g_autofree char *path = NULL;
    Volume *volume;

    if (name == NULL || g_strv_length(fields) < 3 ||
        strncmp(fields[0], dataset_of(pool), (gsize)(name - fields[0])) != 0 ||
        dataset_of(pool)[name - fields[0]] != '\0')
        return NULL; /* of a dataset within */
    path = g_build_filename(pool->def->path, name + 1, NULL);
    volume = block_volume_new(name + 1, path, FALSE, NULL);
    if (volume == NULL) {
        volume = volume_new(VOLUME_BLOCK, name + 1);
        volume->path = g_strdup(path);
    }
    g_free(volume->key);
    volume->key = g_strdup(path);
    volume->capacity = g_ascii_strtoull(fields[1], NULL, 10);
    volume->allocation = g_ascii_strtoull(fields[2], NULL, 10);
    return volume;
}

static GPtrArray *zfs_list(const PoolAccess *pool, GError **error)
{
    g_auto(GStrv) lines = tool_lines(error, "zfs", "list", "-Hp", "-t", "volume", "-r", "-o",
                                     "name,volsize,refreservation", dataset_of(pool), NULL);
    GPtrArray *volumes;

    if (lines == NULL)
        return NULL;
    volumes = volume_array_new();
    for (guint i = 0; lines[i] != NULL; i++) {
        Volume *volume = volume_of(pool, lines[i]);

        if (volume != NULL)
            g_ptr_array_add(volumes, volume);
    }
    return volumes;
}

static gboolean destroy(const PoolAccess *pool, const char *name, GError **error)
{
    g_autofree char *dataset = g_strdup_printf("%s/%s", dataset_of(pool), name);

    return tool_run(error, "zfs", "destroy", dataset, NULL);
}

static gboolean zfs_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                         GError **error)
{
    g_autofree char *dataset = g_strdup_printf("%s/%s", dataset_of(pool), volume->name);
    g_autofree char *path = g_build_filename(pool->def->path, volume->name, NULL);
    /* Multiples of a block, which is 8 KiB unless the pool says otherwise. */
    g_autofree char *size =
        g_strdup_printf("%" G_GUINT64_FORMAT, (volume->capacity + 8191) / 8192 * 8192);
    gboolean sparse = volume->allocation < volume->capacity;

    if (how->preallocate || volume->backing_path != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a zfs volume has neither metadata to preallocate nor a backing store");
    if (!(sparse ? tool_run(error, "zfs", "create", "-s", "-V", size, dataset, NULL)
                 : tool_run(error, "zfs", "create", "-V", size, dataset, NULL)))
        return FALSE;
    if ((volume->encryption == NULL && how->source == NULL) ||
        ((block_device_wait(path) ||
          fail(error, VIR_ERR_SYSTEM_ERROR, "there is no device '%s' yet", path)) &&
         block_volume_fill(pool, volume, path, how, error)))
        return TRUE;
    destroy(pool, volume->name, NULL);
    return FALSE;
}

static gboolean zfs_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                                  GError **error)
{
    return destroy(pool, volume->name, error);
}

static gboolean zfs_resize(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                           gboolean allocate, GError **error)
{
    g_autofree char *dataset = g_strdup_printf("%s/%s", dataset_of(pool), volume->name);
    g_autofree char *size = g_strdup_printf("volsize=%" G_GUINT64_FORMAT, capacity);

    return tool_run(error, "zfs", "set", size, dataset, NULL);
}

const PoolBackend pool_backend_zfs = {
    .tool = "zfs",
    .check = zfs_check,
    .build = zfs_build,
    .remove = zfs_remove,
    .usage = zfs_usage,
    .list = zfs_list,
    .make = zfs_make,
    .remove_volume = zfs_remove_volume,
    .resize = zfs_resize,
};
