/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>

#include "machine-args.h"
#include "vdev.h"

/* --- images ----------------------------------------------------------------------------------- */

/* QEMU's names of our formats. */
static const char *const format_drivers[KXL_DISK_FORMAT_COUNT] = {
    [KXL_DISK_RAW] = "raw", [KXL_DISK_QCOW] = "qcow", [KXL_DISK_QCOW2] = "qcow2",
    [KXL_DISK_QED] = "qed", [KXL_DISK_VHD] = "vpc",   [KXL_DISK_VMDK] = "vmdk",
    [KXL_DISK_VDI] = "vdi",
};

/* What a cache mode is made of: QEMU docs/system/qemu-block-drivers and the table at -drive cache=.
 */
static const struct {
    gboolean direct, no_flush, write_through;
} cache_modes[KXL_CACHE_COUNT] = {
    [KXL_CACHE_DEFAULT] = { FALSE, FALSE, FALSE },
    [KXL_CACHE_NONE] = { TRUE, FALSE, FALSE },
    [KXL_CACHE_WRITETHROUGH] = { FALSE, FALSE, TRUE },
    [KXL_CACHE_WRITEBACK] = { FALSE, FALSE, FALSE },
    [KXL_CACHE_DIRECTSYNC] = { TRUE, FALSE, TRUE },
    [KXL_CACHE_UNSAFE] = { FALSE, TRUE, FALSE },
};

static gboolean disk_is_empty(const KxlDeviceDisk *disk)
{
    return disk->format == KXL_DISK_EMPTY || !disk->path || !*disk->path;
}

static gboolean disk_is_writable(const KxlDeviceDisk *disk)
{
    return disk->readwrite && !disk->is_cdrom;
}

static void set_cache(JsonObject *node, const KxlDeviceDisk *disk)
{
    JsonObject *cache = json_object_new();

    json_object_set_boolean_member(cache, "direct", cache_modes[disk->cache].direct);
    json_object_set_boolean_member(cache, "no-flush", cache_modes[disk->cache].no_flush);
    json_object_set_object_member(node, "cache", cache);
}

/* The protocol layer: a file or a block device of the host. */
static JsonObject *file_node(const KxlDeviceDisk *disk)
{
    gboolean block = g_str_has_prefix(disk->path, "/dev/");
    JsonObject *node = json_object_new();

    json_object_set_string_member(node, "driver", block ? "host_device" : "file");
    json_object_set_string_member(node, "filename", disk->path);
    if (cache_modes[disk->cache].direct)
        json_object_set_string_member(node, "aio", "native");
    json_object_set_string_member(node, "discard", disk->discard == KXL_NO ? "ignore" : "unmap");
    set_cache(node, disk);
    return node;
}

static void add_json(KxlArgs *args, JsonObject *json)
{
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), json);
    g_autofree char *text = json_to_string(node, FALSE);

    kxl_args_add(args, "-blockdev", "%s", text);
}

/* Network images come as QEMU's own URIs, which only -drive takes. */
static void add_uri(KxlArgs *args, const KxlDeviceDisk *disk, const char *node)
{
    g_autofree char *path = kxl_args_quote(disk->path);

    kxl_args_add(
        args, "-drive",
        "if=none,id=%s,file=%s,format=%s,readonly=%s,cache.direct=%s,cache.no-flush=%s,discard=%s",
        node, path, format_drivers[disk->format], disk_is_writable(disk) ? "off" : "on",
        cache_modes[disk->cache].direct ? "on" : "off",
        cache_modes[disk->cache].no_flush ? "on" : "off",
        disk->discard == KXL_NO ? "ignore" : "unmap");
}

gboolean kxl_args_image(KxlArgs *args, const KxlDeviceDisk *disk, const char *node, GError **error)
{
    g_autoptr(JsonObject) json = NULL;

    if (disk->is_uri) {
        add_uri(args, disk, node);
        return TRUE;
    }
    json = json_object_new();
    json_object_set_string_member(json, "node-name", node);
    if (disk_is_empty(disk)) {
        json_object_set_string_member(json, "driver", "null-co");
        json_object_set_int_member(json, "size", 0);
        json_object_set_boolean_member(json, "read-only", TRUE);
    } else {
        json_object_set_string_member(json, "driver", format_drivers[disk->format]);
        json_object_set_boolean_member(json, "read-only", !disk_is_writable(disk));
        json_object_set_string_member(json, "discard",
                                      disk->discard == KXL_NO ? "ignore" : "unmap");
        set_cache(json, disk);
        json_object_set_object_member(json, "file", file_node(disk));
    }
    add_json(args, json);
    return TRUE;
}

char *kxl_args_disk_options(const KxlDeviceDisk *disk)
{
    GString *options = g_string_new(NULL);

    if (disk_is_writable(disk) && cache_modes[disk->cache].write_through)
        g_string_append(options, ",write-cache=off");
    if (disk->shareable)
        g_string_append(options, ",share-rw=on");
    if (disk->serial) {
        g_autofree char *serial = kxl_args_quote(disk->serial);

        g_string_append_printf(options, ",serial=%s", serial);
    }
    return g_string_free(options, FALSE);
}

/* --- paravirtual ------------------------------------------------------------------------------ */

gboolean kxl_args_pv_disks(KxlArgs *args, const KxlMachine *m, GError **error)
{
    gboolean shared_slots = m->config->disks->len + m->config->nics->len > 28;

    for (guint i = 0; i < m->config->disks->len; i++) {
        const KxlDeviceDisk *disk = m->config->disks->pdata[i];
        g_autofree char *node = g_strdup_printf("vbd-%d", kxl_vdev_to_devid(disk->vdev));
        g_autofree char *at = kxl_machine_pv_function(i);
        g_autofree char *options = kxl_args_disk_options(disk);

        if (!kxl_args_image(args, disk, node, error))
            return FALSE;
        kxl_args_add(args, "-device",
                     "virtio-blk-pci,id=dev-%s,drive=%s,addr=%s%s,disable-legacy=on,num-queues=1%s",
                     node, node, strchr(at, ':') + 1, shared_slots ? ",multifunction=on" : "",
                     options);
    }
    return TRUE;
}

/* --- emulated --------------------------------------------------------------------------------- */

typedef enum { BUS_IDE, BUS_SATA, BUS_SCSI, BUS_VIRTIO, BUS_USB, BUS_FLOPPY, BUS_COUNT } Bus;

static const struct {
    const char *name;       /* KxlDeviceDisk.bus */
    const char *controller; /* one for each `units` disks; NULL: the board has it */
    int units, max;         /* disks per controller, and in all */
} buses[BUS_COUNT] = {
    [BUS_IDE] = { "ide", NULL, 4, 4 },
    [BUS_SATA] = { "sata", "ich9-ahci", 6, 24 },
    [BUS_SCSI] = { "scsi", "lsi53c895a", 7, 28 }, /* id 7 is the controller's own */
    [BUS_VIRTIO] = { "virtio", NULL, 1, 1 << 20 },
    [BUS_USB] = { "usb", "usb-ehci", 6, 6 },
    [BUS_FLOPPY] = { "fdc", NULL, 2, 2 },
};

/* Xen gives an HVM guest's first four xvd disks as IDE drives too, for systems without PV drivers.
 */
static gboolean disk_bus(const KxlDeviceDisk *disk, Bus *ret_bus, int *ret_unit, GError **error)
{
    KxlVdevClass class = KXL_VDEV_XVD;
    int partition = 0;

    kxl_vdev_parse(disk->vdev, &class, ret_unit, &partition);
    if (partition != 0)
        return kxl_args_unsupported(error, "disk '%s': a partition of an HVM domain's disk",
                                    disk->vdev);
    if (disk->bus && !g_str_equal(disk->bus, "xen")) {
        for (guint i = 0; i < BUS_COUNT; i++) {
            if (g_str_equal(buses[i].name, disk->bus)) {
                *ret_bus = i;
                return TRUE;
            }
        }
        return kxl_args_unsupported(error, "disk '%s': bus '%s'", disk->vdev, disk->bus);
    }
    switch (class) {
    case KXL_VDEV_FD:
        *ret_bus = BUS_FLOPPY;
        break;
    case KXL_VDEV_SD:
        *ret_bus = BUS_SCSI;
        break;
    case KXL_VDEV_HD:
        *ret_bus = BUS_IDE;
        break;
    case KXL_VDEV_XVD:
        *ret_bus = *ret_unit < buses[BUS_IDE].max && !g_str_has_prefix(disk->vdev, "vd")
                       ? BUS_IDE
                       : BUS_VIRTIO;
        break;
    }
    return TRUE;
}

/* The controller for this unit, when it is the first on it. */
static void add_controller(KxlArgs *args, Bus bus, int unit, guint32 *seen)
{
    int n = unit / buses[bus].units;

    if (!buses[bus].controller || (*seen & 1U << n))
        return;
    *seen |= 1U << n;
    kxl_args_add(args, "-device", "%s,id=%s%d", buses[bus].controller, buses[bus].name, n);
}

static void add_drive(KxlArgs *args, const KxlDeviceDisk *disk, Bus bus, int unit, const char *node,
                      int bootindex)
{
    const char *drive_kind = disk->is_cdrom ? "cd" : "hd";
    g_autofree char *options = kxl_args_disk_options(disk);
    g_autofree char *boot = bootindex ? g_strdup_printf(",bootindex=%d", bootindex) : g_strdup("");
    /* An empty drive has no node at all, so that a medium can be put in. */
    g_autofree char *drive =
        disk_is_empty(disk) ? g_strdup("") : g_strdup_printf(",drive=%s", node);
    g_autofree char *tail = g_strconcat(drive, boot, options, NULL);

    switch (bus) {
    case BUS_IDE:
        kxl_args_add(args, "-device", "ide-%s,id=dev-%s,bus=ide.%d,unit=%d%s", drive_kind, node,
                     unit / 2, unit % 2, tail);
        break;
    case BUS_SATA:
        kxl_args_add(args, "-device", "ide-%s,id=dev-%s,bus=sata%d.%d%s", drive_kind, node,
                     unit / 6, unit % 6, tail);
        break;
    case BUS_SCSI:
        kxl_args_add(args, "-device", "scsi-%s,id=dev-%s,bus=scsi%d.0,scsi-id=%d%s", drive_kind,
                     node, unit / 7, unit % 7, tail);
        break;
    case BUS_USB:
        kxl_args_add(args, "-device", "usb-storage,id=dev-%s,bus=usb%d.0%s", node, unit / 6, tail);
        break;
    case BUS_FLOPPY: /* the controller has the drives' places in the boot order */
        if (bootindex)
            kxl_args_add(args, "-global", "isa-fdc.bootindex%c=%d", 'A' + unit, bootindex);
        kxl_args_add(args, "-device", "floppy,id=dev-%s,unit=%d%s%s", node, unit, drive, options);
        break;
    default:
        kxl_args_add(args, "-device", "virtio-blk-pci,id=dev-%s%s", node, tail);
        break;
    }
}

gboolean kxl_args_hvm_disks(KxlArgs *args, const KxlMachine *m, const int *bootindex,
                            GError **error)
{
    guint32 controllers[BUS_COUNT] = { 0 };
    g_autoptr(GHashTable) units = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < m->config->disks->len; i++) {
        const KxlDeviceDisk *disk = m->config->disks->pdata[i];
        g_autofree char *node = g_strdup_printf("disk-%s", disk->vdev);
        Bus bus = BUS_IDE;
        int unit = 0;

        if (!disk_bus(disk, &bus, &unit, error))
            return FALSE;
        if (unit >= buses[bus].max)
            return kxl_args_unsupported(error, "disk '%s': more than %d disks on bus '%s'",
                                        disk->vdev, buses[bus].max, buses[bus].name);
        if (!g_hash_table_add(units, GINT_TO_POINTER((int)bus << 24 | unit))) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                        "disk '%s': its place on bus '%s' is another disk's", disk->vdev,
                        buses[bus].name);
            return FALSE;
        }
        if (disk_is_empty(disk) && (bus == BUS_VIRTIO || bus == BUS_USB))
            return kxl_args_unsupported(error, "disk '%s': an empty drive on bus '%s'", disk->vdev,
                                        buses[bus].name);
        add_controller(args, bus, unit, &controllers[bus]);
        if (!disk_is_empty(disk) && !kxl_args_image(args, disk, node, error))
            return FALSE;
        add_drive(args, disk, bus, unit, node, bootindex[i]);
    }
    return TRUE;
}
