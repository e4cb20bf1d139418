/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Pools of type gluster: a Gluster volume, whose files guests reach over the network and this host
 * through a mount of its own that nobody else has to know.
 */
#include <errno.h>
#include <sys/stat.h>

#include "folder.h"
#include "handler-util.h"
#include "mounts.h"
#include "tool.h"

static char *mount_path(const PoolAccess *pool)
{
    return g_build_filename(pool->run_dir, "libvirt-storage-gluster", pool->def->uuid, NULL);
}

static char *folder_path(const PoolAccess *pool)
{
    g_autofree char *mount = mount_path(pool);

    return g_build_filename(mount, pool->def->source.dir, NULL);
}

static gboolean gluster_check(const PoolAccess *pool, GError **error)
{
    g_autofree char *mount = mount_path(pool);
    g_autofree char *folder = folder_path(pool);

    if (!mount_is_at(mount, NULL))
        return fail(error, VIR_ERR_OPERATION_FAILED, "the gluster volume '%s' is not reached",
                    pool->def->source.name);
    return folder_check(folder, error);
}

static gboolean gluster_start(const PoolAccess *pool, GError **error)
{
    const PoolHost *host = pool_source_host(&pool->def->source);
    g_autofree char *mount = mount_path(pool);
    g_autofree char *source = g_strdup_printf("%s:/%s", host->name, pool->def->source.name);

    if (mount_is_at(mount, NULL))
        return TRUE;
    if (g_mkdir_with_parents(mount, 0700) < 0)
        return fail_errno(error, "make directory", mount);
    return tool_run(error, "mount", "-t", "glusterfs", "-o", "nodev,nosuid,noexec,direct-io-mode=1",
                    source, mount, NULL);
}

static gboolean gluster_stop(const PoolAccess *pool, GError **error)
{
    g_autofree char *mount = mount_path(pool);

    return (!mount_is_at(mount, NULL) || tool_run(error, "umount", mount, NULL)) &&
           folder_remove(mount, error);
}

static gboolean gluster_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    g_autofree char *folder = folder_path(pool);

    return folder_usage(folder, ret_usage, error);
}

/* As guests reach it. */
static char *uri_of(const PoolDef *def, const char *name)
{
    const PoolHost *host = pool_source_host(&def->source);
    g_autofree char *path = g_build_filename("/", def->source.name, def->source.dir, name, NULL);
    g_autofree char *escaped = g_uri_escape_string(path, "/", FALSE);

    if (host->port != 0)
        return g_strdup_printf("gluster://%s:%u%s", host->name, host->port, escaped);
    return g_strdup_printf("gluster://%s%s", host->name, escaped);
}

static Volume *gluster_open(const PoolAccess *pool, const char *name, GError **error)
{
    g_autofree char *folder = folder_path(pool);
    Volume *volume = folder_open(pool, folder, name, error);

    if (volume == NULL)
        return NULL;
    volume->local_path = volume->path;
    volume->path = uri_of(pool->def, name);
    g_free(volume->key);
    volume->key = g_strdup(volume->path);
    volume->type = volume->type == VOLUME_DIR ? VOLUME_NETDIR : VOLUME_NETWORK;
    return volume;
}

static GPtrArray *gluster_list(const PoolAccess *pool, GError **error)
{
    g_autofree char *folder = folder_path(pool);
    g_autoptr(GPtrArray) names = folder_names(folder, error);
    GPtrArray *volumes;

    if (names == NULL)
        return NULL;
    volumes = volume_array_new();
    for (guint i = 0; i < names->len; i++) {
        Volume *volume = gluster_open(pool, names->pdata[i], NULL);

        if (volume != NULL)
            g_ptr_array_add(volumes, volume);
    }
    return volumes;
}

static gboolean gluster_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                             GError **error)
{
    g_autofree char *folder = folder_path(pool);

    return folder_make(pool, folder, volume, how, error);
}

static gboolean gluster_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                                      GError **error)
{
    return folder_remove_volume(volume, error);
}

const PoolBackend pool_backend_gluster = {
    .tool = "mount.glusterfs",
    .check = gluster_check,
    .start = gluster_start,
    .stop = gluster_stop,
    .usage = gluster_usage,
    .list = gluster_list,
    .open = gluster_open,
    .make = gluster_make,
    .remove_volume = gluster_remove_volume,
    .resize = folder_resize,
};
