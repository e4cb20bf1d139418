/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scsi-luns.h"

#include <stdlib.h>
#include <string.h>

#include "block-device.h"
#include "sysfs.h"
#include "tool.h"

#define TYPE_DISK  0u /* SPC-4 6.4.2, peripheral device type */
#define TYPE_CDROM 5u

/* One of the target folder's links leads to the device: that name stays when others are plugged. */
static char *stable_path(const char *folder, const char *device)
{
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (folder == NULL || strcmp(folder, "/dev") == 0 || g_str_has_prefix(folder, "/dev/mapper"))
        return g_strdup(device);
    dir = g_dir_open(folder, 0, NULL);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char *real = realpath(path, NULL);
        gboolean same = g_strcmp0(real, device) == 0;

        free(real);
        if (same)
            return g_steal_pointer(&path);
    }
    return g_strdup(device);
}

/* entry: "HOST:BUS:TARGET:LUN" of /sys/bus/scsi/devices. NULL: no disk. */
static Volume *lun_of(const PoolAccess *pool, const char *devices, const char *entry)
{
    g_autofree char *dir = g_build_filename(devices, entry, NULL);
    g_autofree char *block = g_build_filename(dir, "block", NULL);
    g_autofree char *name = g_strconcat("unit:", strchr(entry, ':') + 1, NULL);
    g_autoptr(GDir) blocks = g_dir_open(block, 0, NULL);
    const char *node = blocks != NULL ? g_dir_read_name(blocks) : NULL;
    g_autofree char *device = node != NULL ? g_build_filename("/dev", node, NULL) : NULL;
    g_autofree char *path = NULL;
    guint64 type = 0;
    char *serial;
    Volume *volume;

    if (device == NULL || !sysfs_number(dir, "type", &type) ||
        (type != TYPE_DISK && type != TYPE_CDROM))
        return NULL;
    path = stable_path(pool->def->path, device);
    volume = block_volume_new(name, path, TRUE, NULL);
    /* The disk's own number, wherever it is plugged in: "naa.6001...". */
    serial = volume != NULL ? sysfs_text(dir, "wwid") : NULL;
    if (serial != NULL) {
        g_free(volume->key);
        volume->key = serial;
    }
    return volume;
}

GPtrArray *scsi_luns(const PoolAccess *pool, guint host, GError **error)
{
    g_autofree char *devices = sysfs_path("bus/scsi/devices");
    g_autofree char *prefix = g_strdup_printf("%u:", host);
    g_autoptr(GDir) dir = g_dir_open(devices, 0, NULL);
    GPtrArray *volumes = volume_array_new();
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        Volume *volume = g_str_has_prefix(entry, prefix) ? lun_of(pool, devices, entry) : NULL;

        if (volume != NULL)
            g_ptr_array_add(volumes, volume);
    }
    return volumes;
}

gboolean scsi_rescan(guint host, GError **error)
{
    g_autofree char *name = g_strdup_printf("class/scsi_host/host%u/scan", host);
    g_autofree char *path = sysfs_path(name);

    /* every bus, target and LUN: scsi_sysfs.c's scan */
    if (!sysfs_write(path, "- - -", VIR_ERR_SYSTEM_ERROR, error))
        return FALSE;
    block_device_settle();
    return TRUE;
}

gboolean luns_usage(GPtrArray *volumes, PoolUsage *ret_usage)
{
    if (volumes == NULL)
        return FALSE;
    for (guint i = 0; i < volumes->len; i++) {
        const Volume *volume = volumes->pdata[i];

        ret_usage->capacity += volume->capacity;
        ret_usage->allocation += volume->capacity;
    }
    g_ptr_array_unref(volumes);
    return TRUE;
}
