/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* block-attach, block-detach, cd-insert, cd-eject, network-attach, network-detach */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device-spec.h"

/* With -N: what would be plugged in, and nothing happens. */
static int show(const char *kind, const char *first, const char *second)
{
    printf("%s: %s %s\n", kind, first ? first : "", second ? second : "");
    return XL_OK;
}

/* --- disks ------------------------------------------------------------------------------------ */

int cmd_block_attach(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    KxlDeviceDisk *disk;
    int domid, status = XL_OK;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    disk = xl_parse_disk(xl, args->args + 1);
    if (!disk)
        return XL_FAILED;
    if (xl->dry_run)
        status = show("disk", disk->vdev, disk->path);
    else if (!kxl_domain_disk_attach(xl->host, domid, disk, &error))
        status = xl_fail(xl, error);
    kxl_device_disk_free(disk);
    return status;
}

/* A disk by its vdev or, as block-list shows it, by number. New string; NULL: there is none. */
static char *find_vdev(Xl *xl, int domid, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(xl->host, domid, &error);
    gboolean number = *name && strspn(name, "0123456789") == strlen(name);
    int devid = number ? atoi(name) : kxl_vdev_to_devid(name);

    if (!config) {
        xl_fail(xl, error);
        return NULL;
    }
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];

        if (kxl_vdev_to_devid(disk->vdev) == devid)
            return g_strdup(disk->vdev);
    }
    xl_say(xl, "Error: Device %s not connected.", name);
    return NULL;
}

static KxlDetachFlags detach_flags(const XlArgs *args)
{
    return xl_opt_given(args, "force") ? KXL_DETACH_FORCE : KXL_DETACH_NONE;
}

int cmd_block_detach(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *vdev = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    vdev = find_vdev(xl, domid, args->args[1]);
    if (!vdev)
        return XL_FAILED;
    if (kxl_domain_disk_detach(xl->host, domid, vdev, detach_flags(args), &error))
        return XL_OK;
    return xl_fail(xl, error);
}

/* --- media ------------------------------------------------------------------------------------ */

static int change_medium(Xl *xl, const XlArgs *args, const char *path)
{
    /* The target comes last: it may have commas. */
    g_autofree char *spec =
        g_strdup_printf("vdev=%s,access=r,devtype=cdrom,target=%s", args->args[1], path);
    char *words[] = { spec, NULL };
    g_autoptr(GError) error = NULL;
    KxlDeviceDisk *disk;
    int domid, status = XL_OK;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    disk = xl_parse_disk(xl, words);
    if (!disk)
        return XL_FAILED;
    if (xl->dry_run)
        status = show("cd", disk->vdev, disk->path);
    else if (!kxl_domain_disk_update(xl->host, domid, disk, TRUE, &error))
        status = xl_fail(xl, error);
    kxl_device_disk_free(disk);
    return status;
}

int cmd_cd_insert(Xl *xl, const XlArgs *args)
{
    return change_medium(xl, args, args->args[2]);
}

int cmd_cd_eject(Xl *xl, const XlArgs *args)
{
    return change_medium(xl, args, "");
}

/* --- network ---------------------------------------------------------------------------------- */

int cmd_network_attach(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    KxlDeviceNic *nic;
    int domid, status = XL_OK;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    nic = xl_parse_nic(xl, args->args + 1);
    if (!nic)
        return XL_FAILED;
    if (xl->dry_run)
        status = show("vif", nic->mac, nic->bridge);
    else if (!kxl_domain_nic_attach(xl->host, domid, nic, NULL, &error))
        status = xl_fail(xl, error);
    kxl_device_nic_free(nic);
    return status;
}

/* By MAC, or by number as network-list shows it. -1: said why. */
static int find_nic(Xl *xl, int domid, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(xl->host, domid, &error);
    g_autofree char *mac = strchr(name, ':') ? kxl_mac_normalise(name) : NULL;
    gboolean number = *name && strspn(name, "0123456789") == strlen(name);

    if (!config) {
        xl_fail(xl, error);
        return -1;
    }
    for (guint i = 0; i < config->nics->len; i++) {
        const KxlDeviceNic *nic = config->nics->pdata[i];

        if (mac ? g_strcmp0(nic->mac, mac) == 0 : number && nic->devid == atoi(name))
            return nic->devid;
    }
    xl_say(xl, "Unknown device %s.", name);
    return -1;
}

int cmd_network_detach(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid, devid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    devid = find_nic(xl, domid, args->args[1]);
    if (devid < 0)
        return XL_FAILED;
    if (kxl_domain_nic_detach(xl->host, domid, devid, detach_flags(args), &error))
        return XL_OK;
    return xl_fail(xl, error);
}
