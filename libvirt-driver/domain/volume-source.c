/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "volume-source.h"

#include <string.h>

#include "handler-util.h"
#include "storage/pool.h"

/* A copy of the pool's way to its storage, in the disk's own words. */
static void take_hosts(const PoolSource *source, DomainDisk *disk)
{
    for (guint i = 0; i < source->hosts->len; i++) {
        const PoolHost *host = source->hosts->pdata[i];
        g_autofree char *port = host->port != 0 ? g_strdup_printf("%u", host->port) : NULL;

        domain_disk_add_host(disk, host->name, port);
    }
}

static void take_auth(const PoolSource *source, DomainDisk *disk)
{
    const PoolAuth *auth = source->auth;

    if (auth == NULL)
        return;
    domain_disk_set_auth(disk, auth->username, strcmp(auth->type, "chap") == 0 ? "iscsi" : "ceph",
                         auth->secret_uuid, auth->secret_usage);
}

static gboolean to_network(const PoolDef *pool, const Volume *volume, DomainDisk *disk,
                           GError **error)
{
    const PoolSource *source = &pool->source;
    const PoolDevice *device = pool_source_device(source);
    const char *lun = strrchr(volume->name, ':');

    disk->type = DOMAIN_DISK_NETWORK;
    if (strcmp(pool->type->name, "rbd") == 0) {
        disk->protocol = DOMAIN_DISK_PROTOCOL_RBD;
        disk->source_name = g_strdup_printf("%s/%s", source->name, volume->name);
    } else if (strcmp(pool->type->name, "gluster") == 0) {
        g_autofree char *path = g_build_filename(source->name, source->dir, volume->name, NULL);

        disk->protocol = DOMAIN_DISK_PROTOCOL_GLUSTER;
        disk->source_name = g_steal_pointer(&path);
    } else if (device != NULL && lun != NULL) { /* both types with an iSCSI target */
        disk->protocol = DOMAIN_DISK_PROTOCOL_ISCSI;
        disk->source_name = g_strdup_printf("%s/%s", device->path, lun + 1);
        disk->initiator = g_strdup(source->initiator);
    } else {
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "using a volume of a storage pool of type '%s' for a disk is not supported",
                    pool->type->name);
    }
    take_hosts(source, disk);
    take_auth(source, disk);
    return TRUE;
}

static gboolean to_source(const PoolDef *pool, const Volume *volume, DomainDisk *disk,
                          GError **error)
{
    static const int types[] = {
        [VOLUME_FILE] = DOMAIN_DISK_FILE,
        [VOLUME_BLOCK] = DOMAIN_DISK_BLOCK,
        [VOLUME_DIR] = DOMAIN_DISK_DIR,
    };

    if (volume->type == VOLUME_NETWORK || g_strcmp0(disk->volume_mode, "direct") == 0)
        return to_network(pool, volume, disk, error);
    if (volume->type >= G_N_ELEMENTS(types))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "volume '%s' cannot be a disk",
                    volume->name);
    disk->type = types[volume->type];
    disk->source = g_strdup(volume->path);
    return TRUE;
}

static Volume *open_volume(PoolRegistry *pools, const DomainDisk *disk, PoolView *ret_pool,
                           GError **error)
{
    PoolAccess access;

    if (!pool_find_name(pools, disk->pool, ret_pool, error))
        return NULL;
    if (!ret_pool->active) {
        fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
             "storage pool '%s' containing volume '%s' is not active", disk->pool, disk->volume);
        return NULL;
    }
    access = pool_access(pools, ret_pool->def);
    return volumes_open(&access, disk->volume, error);
}

char *volume_disk_path(PoolRegistry *pools, const DomainDisk *disk, GError **error)
{
    g_auto(PoolView) pool = { 0 };
    g_autoptr(Volume) volume = open_volume(pools, disk, &pool, error);

    return volume != NULL ? g_strdup(volume_local_path(volume, error)) : NULL;
}

static gboolean resolve(PoolRegistry *pools, DomainDisk *disk, GError **error)
{
    g_auto(PoolView) pool = { 0 };
    g_autoptr(Volume) volume = open_volume(pools, disk, &pool, error);

    if (volume == NULL)
        return FALSE;
    /* "host" and "direct" say how to reach an iSCSI volume. */
    if (disk->volume_mode != NULL && strcmp(disk->volume_mode, "default") != 0 &&
        !g_str_has_prefix(pool.def->type->name, "iscsi"))
        return fail(error, VIR_ERR_XML_ERROR,
                    "disk source mode is only valid when storage pool is of iscsi type");
    return to_source(pool.def, volume, disk, error);
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
