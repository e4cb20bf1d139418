/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pool of type mpath: the host's multipath devices, which multipathd makes. */
#include <string.h>

#include "block-device.h"
#include "scsi-luns.h"
#include "sysfs.h"
#include "tool.h"

/* The kernel's device mapper has a device's name and, with a prefix for who made it, its number. */
#define MPATH_PREFIX "mpath-"

static char *read_dm(const char *block, const char *name, const char *what)
{
    g_autofree char *folder = g_build_filename(block, name, "dm", NULL);

    return sysfs_text(folder, what);
}

static GPtrArray *mpath_list(const PoolAccess *pool, GError **error)
{
    g_autofree char *block = sysfs_path("block");
    g_autoptr(GDir) dir = g_dir_open(block, 0, NULL);
    GPtrArray *volumes = volume_array_new();
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *uuid = NULL, *name = NULL, *path = NULL;
        Volume *volume;

        if (!g_str_has_prefix(entry, "dm-"))
            continue;
        uuid = read_dm(block, entry, "uuid");
        name = read_dm(block, entry, "name");
        if (uuid == NULL || name == NULL || !g_str_has_prefix(uuid, MPATH_PREFIX))
            continue;
        path = g_build_filename("/dev/mapper", name, NULL);
        volume = block_volume_new(entry, path, TRUE, NULL);
        if (volume == NULL)
            continue;
        g_free(volume->key);
        volume->key = g_strdup(uuid + strlen(MPATH_PREFIX));
        g_ptr_array_add(volumes, volume);
    }
    return volumes;
}

static gboolean mpath_check(const PoolAccess *pool, GError **error)
{
    return TRUE; /* without multipathd there are no such devices: an empty pool */
}

static gboolean mpath_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    return luns_usage(mpath_list(pool, error), ret_usage);
}

const PoolBackend pool_backend_mpath = {
    .check = mpath_check,
    .usage = mpath_usage,
    .list = mpath_list,
};
