/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks: order, buses, drivers and drive addresses, as libvirt fills them in at define. */
#include "complete.h"

#include <string.h>

#include "def-classes.h"

static const struct {
    const char *prefix;
    DomainDiskBus bus;
} prefixes[] = {
    { "xvd", DOMAIN_DISK_BUS_XEN },   { "hd", DOMAIN_DISK_BUS_IDE }, { "sd", DOMAIN_DISK_BUS_SCSI },
    { "vd", DOMAIN_DISK_BUS_VIRTIO }, { "fd", DOMAIN_DISK_BUS_FDC },
};

/* What follows the prefix in a target name, and the bus the prefix means. NULL: no such prefix. */
static const char *split_target(const char *target, DomainDiskBus *ret_bus)
{
    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (!g_str_has_prefix(target, prefixes[i].prefix))
            continue;
        *ret_bus = prefixes[i].bus;
        return target + strlen(prefixes[i].prefix);
    }
    return NULL;
}

int disk_target_index(const char *target)
{
    DomainDiskBus bus;
    const char *p = split_target(target, &bus);
    int index = 0;

    if (p == NULL || !g_ascii_islower(*p))
        return -1;
    for (; g_ascii_islower(*p); p++) {
        if (index > 26 * 26 * 26)
            return -1;
        index = (index + 1) * 26 + (*p - 'a') - 25;
    }
    index--;
    /* A partition number may follow. */
    gsize digits = strspn(p, "0123456789");
    return p[digits] == '\0' && digits <= 3 && *p != '0' ? index : -1;
}

/* ---- order ---- */

typedef struct {
    DomainDisk *disk;
    guint rank;  /* of its bus, by first appearance */
    int index;   /* of its target */
    guint place; /* where it stood */
} SortKey;

static int compare_disks(gconstpointer a, gconstpointer b)
{
    const SortKey *left = a, *right = b;

    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    if (left->index != right->index)
        return left->index < right->index ? -1 : 1;
    return left->place < right->place ? -1 : left->place > right->place;
}

/* libvirt keeps the disks of one bus together and by target. */
static void sort_disks(GPtrArray *disks)
{
    guint ranks[DOMAIN_DISK_BUS_SATA + 1] = { 0 };
    guint n_ranks = 0;
    g_autofree SortKey *keys = g_new(SortKey, disks->len);

    for (guint i = 0; i < disks->len; i++) {
        DomainDisk *disk = g_ptr_array_index(disks, i);
        guint *rank = &ranks[disk->bus];
        if (*rank == 0)
            *rank = ++n_ranks;
        keys[i] = (SortKey){ disk, *rank, disk_target_index(disk->target), i };
    }
    if (disks->len > 0)
        qsort(keys, disks->len, sizeof *keys, compare_disks);
    for (guint i = 0; i < disks->len; i++)
        disks->pdata[i] = keys[i].disk;
}

/* ---- one disk ---- */

static gboolean complete_bus(DomainDisk *disk, GError **error)
{
    DomainDiskBus bus;
    gboolean is_floppy = disk->device == DOMAIN_DISK_DEVICE_FLOPPY;

    if (disk_target_index(disk->target) < 0 || split_target(disk->target, &bus) == NULL ||
        (bus == DOMAIN_DISK_BUS_FDC) != is_floppy)
        return fail_check(error, SYNTAX, "Invalid %s device name: %s",
                          is_floppy ? "floppy" : "harddisk", disk->target);
    if (disk->bus == 0)
        disk->bus = (int)bus;
    return TRUE;
}

static void complete_driver(DomainDisk *disk)
{
    if (disk->driver_name == NULL && disk->type == DOMAIN_DISK_NETWORK)
        disk->driver_name = g_strdup("qemu");
    /* xl-disk-configuration(5): raw unless said otherwise; never guessed from the image. */
    if (disk->driver_type == NULL)
        disk->driver_type = g_strdup("raw");
}

static DomainAddress *new_drive_address(guint controller, guint bus, guint unit)
{
    DomainAddress *address = xml_object_new(&domain_address_class);

    address->type = DOMAIN_ADDRESS_DRIVE;
    address->controller = controller;
    address->bus = bus;
    address->unit = unit;
    return address;
}

/* Where a disk sits on the buses that have places: two on each of IDE's two cables, two floppies,
 * seven on a narrow SCSI bus, six SATA ports. */
static DomainAddress *drive_address(DomainDiskBus bus, guint index)
{
    switch (bus) {
    case DOMAIN_DISK_BUS_IDE:
        return new_drive_address(index / 4, index % 4 / 2, index % 2);
    case DOMAIN_DISK_BUS_FDC:
        return new_drive_address(index / 2, 0, index % 2);
    case DOMAIN_DISK_BUS_SCSI:
        return new_drive_address(index / 7, 0, index % 7);
    case DOMAIN_DISK_BUS_SATA:
        return new_drive_address(index / 6, 0, index % 6);
    case DOMAIN_DISK_BUS_VIRTIO:
    case DOMAIN_DISK_BUS_XEN:
    case DOMAIN_DISK_BUS_USB:
        break;
    }
    return NULL;
}

gboolean complete_disks(DomainDef *def, GError **error)
{
    sort_disks(def->disks);
    for (guint i = 0; i < def->disks->len; i++) {
        DomainDisk *disk = g_ptr_array_index(def->disks, i);

        if (!complete_bus(disk, error))
            return FALSE;
        complete_driver(disk);
        if (disk->device == DOMAIN_DISK_DEVICE_CDROM)
            disk->readonly = TRUE;
        if (disk->info.address == NULL)
            disk->info.address =
                drive_address((DomainDiskBus)disk->bus, (guint)disk_target_index(disk->target));
    }
    return TRUE;
}
