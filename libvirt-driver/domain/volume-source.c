/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-source.h"

#include "handler-util.h"
#include "storage/pool.h"
#include "storage/volume.h"

static Volume *find_volume(PoolRegistry *pools, const DomainDisk *disk, GError **error)
{
    g_auto(PoolView) pool = { 0 };

    if (!pool_find_name(pools, disk->pool, &pool, error))
        return NULL;
    if (!pool.active) {
        fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
             "storage pool '%s' containing volume '%s' is not active", disk->pool, disk->volume);
        return NULL;
    }
    return volume_open(pool.def, disk->volume, error);
}

static gboolean resolve(PoolRegistry *pools, DomainDisk *disk, GError **error)
{
    g_autoptr(Volume) volume = NULL;

    /* "host" and "direct" say how to reach an iSCSI volume. */
    if (disk->volume_mode != NULL && g_strcmp0(disk->volume_mode, "default") != 0)
        return fail(error, VIR_ERR_XML_ERROR,
                    "disk source mode is only valid when storage pool is of iscsi type");
    volume = find_volume(pools, disk, error);
    if (volume == NULL)
        return FALSE;
    disk->type = volume->type == VOLUME_DIR ? DOMAIN_DISK_DIR : DOMAIN_DISK_FILE;
    disk->source = g_strdup(volume->path);
    return TRUE;
}

gboolean resolve_volumes(PoolRegistry *pools, DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->disks->len; i++) {
        DomainDisk *disk = def->disks->pdata[i];

        if (disk->type == DOMAIN_DISK_VOLUME && !resolve(pools, disk, error))
            return FALSE;
    }
    return TRUE;
}
