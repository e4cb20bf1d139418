/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's disks and nics, and how far their front ends have come. */
#include <string.h>

#include "config.h"
#include "ops.h"
#include "vdev.h"

void kxl_device_info_free(KxlDeviceInfo *info)
{
    if (!info)
        return;
    kxl_device_disk_free(info->disk);
    kxl_device_nic_free(info->nic);
    g_free(info->backend_path);
    g_free(info->ifname);
    g_free(info);
}

static int read_number(KxlXs *xs, const char *dir, const char *name, int fallback)
{
    g_autofree char *path = g_strconcat(dir, "/", name, NULL);
    g_autofree char *value = xs ? kxl_xs_read(xs, path, NULL) : NULL;

    return value ? (int)g_ascii_strtoll(value, NULL, 10) : fallback;
}

static KxlDeviceInfo *device_info(KxlXs *xs, int domid, const char *type, int devid)
{
    KxlDeviceInfo *info = g_new0(KxlDeviceInfo, 1);
    g_autofree char *front = g_strdup_printf("/local/domain/%d/device/%s/%d", domid, type, devid);

    info->devid = devid;
    info->backend_path = g_strdup_printf("/local/domain/0/backend/%s/%d/%d", type, domid, devid);
    info->state = read_number(xs, info->backend_path, "state", 0);
    info->evtchn = read_number(xs, front, "event-channel", -1);
    info->ring_ref = read_number(xs, front, "ring-ref", -1);
    return info;
}

/* A store that cannot be asked (HVM, paused) only leaves those figures unknown. */
static gboolean begin(KxlOp *op, KxlHost *host, int domid, KxlXs **ret_xs, GError **error)
{
    if (!kxl_op_begin(op, host, domid, error))
        return FALSE;
    *ret_xs = kxl_op_store(op, NULL);
    return TRUE;
}

GPtrArray *kxl_domain_disk_list(KxlHost *host, int domid, GError **error)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)kxl_device_info_free);
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlXs) xs = NULL;

    if (!begin(&op, host, domid, &xs, error))
        return NULL;
    for (guint i = 0; i < op.config->disks->len; i++) {
        const KxlDeviceDisk *disk = op.config->disks->pdata[i];
        KxlDeviceInfo *info = device_info(xs, domid, "vbd", kxl_vdev_to_devid(disk->vdev));

        info->disk = kxl_type_dup(&kxl_type_device_disk, disk);
        g_ptr_array_add(list, info);
    }
    return g_steal_pointer(&list);
}

GPtrArray *kxl_domain_nic_list(KxlHost *host, int domid, GError **error)
{
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)kxl_device_info_free);
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlXs) xs = NULL;

    if (!begin(&op, host, domid, &xs, error))
        return NULL;
    for (guint i = 0; i < op.config->nics->len; i++) {
        const KxlDeviceNic *nic = op.config->nics->pdata[i];
        KxlDeviceInfo *info = device_info(xs, domid, "vif", nic->devid);

        info->nic = kxl_type_dup(&kxl_type_device_nic, nic);
        info->ifname = g_strdup(nic->ifname);
        g_ptr_array_add(list, info);
    }
    return g_steal_pointer(&list);
}
