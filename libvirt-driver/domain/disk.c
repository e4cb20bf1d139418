/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk.h"

#include <string.h>

const DomainDisk *find_disk(const DomainDef *def, const char *path, GError **error)
{
    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = def->disks->pdata[i];

        if (g_strcmp0(disk->target, path) == 0 || g_strcmp0(disk->source, path) == 0)
            return disk;
    }
    fail(error, VIR_ERR_INVALID_ARG, "invalid path: '%s' is no disk of domain '%s'", path,
         def->name);
    return NULL;
}

KxlBlock *find_block(const DomainView *view, GPtrArray *blocks, const char *path, GError **error)
{
    const DomainDisk *disk = find_disk(definition_def(view->live), path, error);

    return disk != NULL ? kxl_block_find(blocks, disk->target, error) : NULL;
}

const char *disk_source(const DomainDef *def, const char *target)
{
    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = def->disks->pdata[i];

        if (g_strcmp0(disk->target, target) == 0)
            return disk->source != NULL ? disk->source : "";
    }
    return "";
}

typedef struct {
    const char *target, *old_source, *new_source, *format;
} ImageChange;

static void change_image(DomainDef *def, gpointer data)
{
    const ImageChange *change = data;

    for (guint i = 0; i < def->disks->len; i++) {
        DomainDisk *disk = def->disks->pdata[i];

        if (g_strcmp0(disk->target, change->target) != 0 ||
            g_strcmp0(disk->source, change->old_source) != 0)
            continue;
        disk->type = DOMAIN_DISK_FILE;
        g_clear_pointer(&disk->fdgroup, g_free);
        g_free(disk->source);
        disk->source = g_strdup(change->new_source);
        g_free(disk->driver_type);
        disk->driver_type = g_strdup(change->format);
        g_free(disk->driver_name);
        disk->driver_name = g_strdup("qemu");
    }
}

gboolean follow_image(const Kanzend *kanzend, Domain *domain, const char *target, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(KxlDomainConfig) config = NULL;
    ImageChange change = { .target = target };

    domain_get_view(kanzend->domains, domain, &view);
    if (!check_active(&view, error))
        return FALSE;
    config = kxl_domain_get_config(kanzend->host, view.id, error);
    if (config == NULL)
        return FALSE;
    change.old_source = disk_source(definition_def(view.live), target);
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];

        if (g_strcmp0(disk->vdev, target) != 0)
            continue;
        change.new_source = disk->path;
        change.format = kxl_disk_format_to_string(disk->format);
    }
    if (change.new_source == NULL || strcmp(change.new_source, change.old_source) == 0)
        return TRUE;
    return change_definitions(kanzend->domains, domain,
                              AFFECT_LIVE | (view.persistent ? AFFECT_CONFIG : 0), change_image,
                              &change, error);
}
