/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks: the image's nodes, the device in front of them, and the controller that device hangs
 * on. */
#include <string.h>

#include "disk-fds.h"
#include "disk-secret.h"
#include "machine-image.h"
#include "vdev.h"

/* --- images ----------------------------------------------------------------------------------- */

gboolean kxl_args_image(KxlArgs *args, const char *folder, const KxlDeviceDisk *disk,
                        const char *node, GError **error)
{
    g_autoptr(GPtrArray) nodes = kxl_image_nodes(disk, node, error);

    if (!nodes)
        return FALSE;
    kxl_args_disk_secrets(args, folder, disk, node);
    kxl_args_disk_fds(args, disk);
    for (guint i = 0; i < nodes->len; i++) {
        g_autoptr(JsonNode) json = json_node_init_object(json_node_alloc(), nodes->pdata[i]);
        g_autofree char *text = json_to_string(json, FALSE);

        kxl_args_add(args, "-blockdev", "%s", text);
    }
    return TRUE;
}

/* --- what the device is told beside its node -------------------------------------------------- */

typedef enum { BUS_IDE, BUS_SATA, BUS_SCSI, BUS_VIRTIO, BUS_USB, BUS_FLOPPY, BUS_COUNT } Bus;

#define ON(bus)  (1U << BUS_##bus)
#define ON_DISKS (ON(IDE) | ON(SATA) | ON(SCSI) | ON(VIRTIO) | ON(USB))

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

static gboolean has_geometry(const KxlDeviceDisk *disk)
{
    return disk->cyls || disk->heads || disk->secs;
}

static gboolean has_trans(const KxlDeviceDisk *disk)
{
    return disk->trans != NULL;
}

static gboolean has_wwn(const KxlDeviceDisk *disk)
{
    return disk->wwn != NULL;
}

static gboolean has_vendor(const KxlDeviceDisk *disk)
{
    return disk->vendor || disk->product;
}

static gboolean has_serial(const KxlDeviceDisk *disk)
{
    return disk->serial != NULL;
}

static gboolean has_virtio_options(const KxlDeviceDisk *disk)
{
    return disk->ioeventfd != KXL_DEFAULT || disk->event_idx != KXL_DEFAULT || disk->queues ||
           disk->queue_size || disk->iothread || disk->model;
}

static gboolean has_block_size(const KxlDeviceDisk *disk)
{
    return disk->logical_block_size || disk->physical_block_size;
}

static gboolean has_rotation_rate(const KxlDeviceDisk *disk)
{
    return disk->rotation_rate != 0;
}

static gboolean has_error_policy(const KxlDeviceDisk *disk)
{
    return disk->write_error || disk->read_error;
}

static const struct {
    const char *what;
    gboolean (*is_given)(const KxlDeviceDisk *disk);
    guint buses;
    gboolean of_cds;
} options[] = {
    { "a serial number", has_serial, ON_DISKS, TRUE },
    { "a world wide name", has_wwn, ON(IDE) | ON(SATA) | ON(SCSI), TRUE },
    { "a vendor or product", has_vendor, ON(SCSI), TRUE },
    { "a geometry", has_geometry, ON(IDE) | ON(SATA) | ON(SCSI) | ON(VIRTIO), FALSE },
    { "a geometry translation", has_trans, ON(IDE) | ON(SATA), FALSE },
    { "a model, queues, queue_size, iothread, ioeventfd or event_idx", has_virtio_options,
      ON(VIRTIO), TRUE },
    { "a block size", has_block_size, ON_DISKS, TRUE },
    { "a rotation rate", has_rotation_rate, ON(IDE) | ON(SATA) | ON(SCSI), FALSE },
    { "an error policy", has_error_policy, ON_DISKS, TRUE },
};

static gboolean check_options(const KxlDeviceDisk *disk, Bus bus, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        if (!options[i].is_given(disk))
            continue;
        if (!(options[i].buses & 1U << bus))
            return kxl_args_unsupported(error, "disk '%s': %s on bus '%s'", disk->vdev,
                                        options[i].what, buses[bus].name);
        if (disk->is_cdrom && !options[i].of_cds)
            return kxl_args_unsupported(error, "disk '%s': %s of a CD drive", disk->vdev,
                                        options[i].what);
    }
    return TRUE;
}

static void add_text(GString *out, const char *option, const char *value)
{
    g_autofree char *quoted = value ? kxl_args_quote(value) : NULL;

    if (quoted)
        g_string_append_printf(out, ",%s=%s", option, quoted);
}

static void add_number(GString *out, const char *option, guint value)
{
    if (value)
        g_string_append_printf(out, ",%s=%u", option, value);
}

static void add_switch(GString *out, const char *option, KxlTristate value)
{
    if (value != KXL_DEFAULT)
        g_string_append_printf(out, ",%s=%s", option, value == KXL_YES ? "on" : "off");
}

/* ",write-cache=off" and the like that belong to the device in front of the node. New string. */
static char *device_options(const KxlDeviceDisk *disk)
{
    GString *out = g_string_new(NULL);
    g_autofree char *wwn = disk->wwn ? g_strconcat("0x", disk->wwn, NULL) : NULL;

    if (kxl_disk_is_writable(disk) && kxl_disk_is_write_through(disk))
        g_string_append(out, ",write-cache=off");
    if (disk->shareable)
        g_string_append(out, ",share-rw=on");
    add_text(out, "serial", disk->serial);
    add_text(out, "wwn", wwn);
    add_text(out, "vendor", disk->vendor);
    add_text(out, "product", disk->product);
    add_number(out, "logical_block_size", disk->logical_block_size);
    add_number(out, "physical_block_size", disk->physical_block_size);
    add_number(out, "rotation_rate", disk->rotation_rate);
    add_number(out, "queue-size", disk->queue_size);
    add_number(out, "cyls", disk->cyls);
    add_number(out, "heads", disk->heads);
    add_number(out, "secs", disk->secs);
    add_text(out, "bios-chs-trans", disk->trans);
    /* QEMU's word for libvirt's "enospace". */
    add_text(out, "werror",
             g_strcmp0(disk->write_error, "enospace") == 0 ? "enospc" : disk->write_error);
    add_text(out, "rerror", disk->read_error);
    add_switch(out, "ioeventfd", disk->ioeventfd);
    add_switch(out, "event_idx", disk->event_idx);
    if (disk->iothread)
        g_string_append_printf(out, ",iothread=iothread%u", disk->iothread);
    return g_string_free(out, FALSE);
}

static char *node_name(const KxlDomainConfig *config, const KxlDeviceDisk *disk)
{
    if (config->type == KXL_TYPE_HVM)
        return g_strdup_printf("disk-%s", disk->vdev);
    return g_strdup_printf("vbd-%d", kxl_vdev_to_devid(disk->vdev));
}

/* --- paravirtual ------------------------------------------------------------------------------ */

/* What names a disk for SCSI and IDE has nowhere to go. */
gboolean kxl_args_pv_disks(KxlArgs *args, const KxlMachine *m, GError **error)
{
    gboolean shared_slots = kxl_machine_shares_slots(m->config);

    for (guint i = 0; i < m->config->disks->len; i++) {
        const KxlDeviceDisk *disk = m->config->disks->pdata[i];
        g_autofree char *node = node_name(m->config, disk);
        g_autofree char *top = kxl_image_top(disk, node);
        g_autofree char *at = kxl_machine_disk_function(m->config, i);
        g_autofree char *more = device_options(disk);

        if (!check_options(disk, BUS_VIRTIO, error) ||
            !kxl_args_image(args, m->dir, disk, node, error))
            return FALSE;
        kxl_args_add(
            args, "-device",
            "virtio-blk-pci,id=dev-%s,drive=%s,addr=%s%s,disable-legacy=on,num-queues=%u%s", node,
            top, strchr(at, ':') + 1, shared_slots ? ",multifunction=on" : "",
            kxl_machine_disk_queues(m->config, disk), more);
    }
    return TRUE;
}

/* --- emulated: which bus, and where on it ----------------------------------------------------- */

/* Xen gives an HVM guest's first four xvd disks as IDE drives too, for systems without PV drivers;
 * a q35 machine has SATA where others have IDE. */
static gboolean disk_bus(const KxlDomainConfig *config, const KxlDeviceDisk *disk, Bus *ret_bus,
                         int *ret_unit, GError **error)
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
                       ? kxl_board_is_q35(config) ? BUS_SATA : BUS_IDE
                       : BUS_VIRTIO;
        break;
    }
    return TRUE;
}

/* Of a virtio disk on PCI that is not the device itself. */
char *kxl_args_disk_backend(const KxlDomainConfig *config, const KxlDeviceDisk *disk)
{
    g_autofree char *node = node_name(config, disk);
    Bus bus = BUS_VIRTIO;
    int unit;

    if (config->type == KXL_TYPE_HVM)
        disk_bus(config, disk, &bus, &unit, NULL);
    return bus == BUS_VIRTIO ? g_strdup_printf("/machine/peripheral/dev-%s/virtio-backend", node)
                             : g_strconcat("dev-", node, NULL);
}

/* A drive's place: IDE's cable and drive are bus and unit, the other buses have no `bus`. */
typedef struct {
    guint controller, bus, target, unit;
} Place;

/* By the target's number, unless the disk has an address. */
static gboolean disk_place(const KxlDeviceDisk *disk, Bus bus, int n, Place *ret_place,
                           GError **error)
{
    const KxlAddress *a = &disk->address;
    guint units = (guint)buses[bus].units;
    guint number = (guint)n;

    *ret_place = (Place){ .controller = number / units, .unit = number % units };
    if (bus == BUS_IDE)
        *ret_place = (Place){ .controller = number / 4, .bus = number % 4 / 2, .unit = number % 2 };
    if (bus == BUS_VIRTIO || bus == BUS_USB)
        return TRUE; /* PCI's and USB's addresses */
    if (a->kind == KXL_ADDRESS_DRIVE)
        *ret_place = (Place){ a->controller, a->bus, a->target, a->unit };
    else if (a->kind != KXL_ADDRESS_NONE)
        return kxl_args_unsupported(error, "disk '%s': an address that is no drive's", disk->vdev);
    return TRUE;
}

static gboolean check_place(const KxlDeviceDisk *disk, Bus bus, const Place *p, GError **error)
{
    guint last = bus == BUS_IDE || bus == BUS_FLOPPY ? 1 : (guint)buses[bus].units - 1;
    guint controllers = (guint)(buses[bus].max / buses[bus].units);
    gboolean ok = p->controller < controllers;

    if (bus != BUS_SCSI)
        ok &= p->bus <= (bus == BUS_IDE ? 1 : 0) && p->unit <= last && p->target == 0;
    if (bus == BUS_VIRTIO || bus == BUS_USB || ok)
        return TRUE;
    if (disk->address.kind == KXL_ADDRESS_DRIVE)
        return kxl_args_unsupported(error, "disk '%s': address %u.%u.%u.%u on bus '%s'", disk->vdev,
                                    p->controller, p->bus, p->target, p->unit, buses[bus].name);
    return kxl_args_unsupported(error, "disk '%s': more than %d disks on bus '%s'", disk->vdev,
                                buses[bus].max, buses[bus].name);
}

/* --- emulated: the devices -------------------------------------------------------------------- */

typedef struct {
    const KxlDomainConfig *config;
    const char *folder; /* the domain's */
    const KxlDeviceDisk *disk;
    Bus bus;
    Place place;
    const char *node;
    const char *tail; /* node, place in the boot order, options */
    int bootindex;
} Drive;

static gboolean add_scsi(KxlArgs *args, const Drive *d, GError **error)
{
    const Place *p = &d->place;
    KxlAddress address = {
        .controller = p->controller, .bus = p->bus, .target = p->target, .unit = p->unit
    };
    g_autofree char *what = g_strdup_printf("disk '%s'", d->disk->vdev);
    g_autofree char *at = kxl_args_scsi_address(d->config, &address, what, error);

    if (!at)
        return FALSE;
    kxl_args_add(args, "-device", "scsi-%s,id=dev-%s,%s%s%s", d->disk->is_cdrom ? "cd" : "hd",
                 d->node, at, d->disk->removable && !d->disk->is_cdrom ? ",removable=on" : "",
                 d->tail);
    return TRUE;
}

static gboolean add_usb(KxlArgs *args, const Drive *d, GError **error)
{
    g_autofree char *what = g_strdup_printf("disk '%s'", d->disk->vdev);
    g_autofree char *at = kxl_args_usb_address(d->config, &d->disk->address, what, error);

    if (!at)
        return FALSE;
    kxl_args_add(args, "-device", "usb-storage,id=dev-%s%s%s%s", d->node, *at ? at : ",bus=usb0.0",
                 d->disk->removable && !d->disk->is_cdrom ? ",removable=on" : "", d->tail);
    return TRUE;
}

/* The controller has the drives' places in the boot order. */
static void add_floppy(KxlArgs *args, const Drive *d)
{
    if (d->bootindex)
        kxl_args_add(args, "-global", "isa-fdc.bootindex%c=%d", 'A' + (int)d->place.unit,
                     d->bootindex);
    kxl_args_add(args, "-device", "floppy,id=dev-%s,unit=%u%s", d->node, d->place.unit, d->tail);
}

static gboolean add_virtio(KxlArgs *args, const Drive *d, GError **error)
{
    const KxlDeviceDisk *disk = d->disk;
    g_autofree char *what = g_strdup_printf("disk '%s'", disk->vdev);
    g_autofree char *at = kxl_args_pci_address(d->config, &disk->address, what, error);
    g_autofree char *queues =
        disk->queues ? g_strdup_printf(",num-queues=%u", disk->queues) : g_strdup("");
    const char *kind = disk->model && g_str_has_prefix(disk->model, "virtio-")
                           ? disk->model + strlen("virtio")
                           : "";

    if (!at)
        return FALSE;
    kxl_args_add(args, "-device", "virtio-blk-pci%s,id=dev-%s%s%s%s", kind, d->node, at, queues,
                 d->tail);
    return TRUE;
}

/* A q35 board's own SATA controller has its ports' buses under IDE's name. */
static void add_sata(KxlArgs *args, const Drive *d)
{
    g_autofree char *bus = g_strdup_printf("sata%u", d->place.controller);
    gboolean boards = kxl_board_is_q35(d->config) && d->place.controller == 0;

    kxl_args_add(args, "-device", "ide-%s,id=dev-%s,bus=%s.%u%s",
                 d->disk->is_cdrom ? "cd" : "hd", d->node, boards ? "ide" : bus, d->place.unit,
                 d->tail);
}

static gboolean add_drive(KxlArgs *args, const Drive *d, GError **error)
{
    switch (d->bus) {
    case BUS_IDE:
        if (kxl_board_is_q35(d->config))
            return kxl_args_unsupported(error, "disk '%s': IDE on a q35 machine, which has SATA",
                                        d->disk->vdev);
        kxl_args_add(args, "-device", "ide-%s,id=dev-%s,bus=ide.%u,unit=%u%s",
                     d->disk->is_cdrom ? "cd" : "hd", d->node, d->place.bus, d->place.unit,
                     d->tail);
        return TRUE;
    case BUS_SATA:
        add_sata(args, d);
        return TRUE;
    case BUS_SCSI:
        return add_scsi(args, d, error);
    case BUS_USB:
        return add_usb(args, d, error);
    case BUS_FLOPPY:
        add_floppy(args, d);
        return TRUE;
    default:
        return add_virtio(args, d, error);
    }
}

/* --- emulated: all of them -------------------------------------------------------------------- */

/* The controller for this disk, when the configuration does not have it and no disk before. */
static void add_controller(KxlArgs *args, const Drive *d, guint32 *seen)
{
    guint n = d->place.controller;

    const char *device = buses[d->bus].controller;
    gboolean q35 = kxl_board_is_q35(d->config);

    if (q35 && d->bus == BUS_FLOPPY)
        device = "isa-fdc";
    if (!device || (*seen & 1U << n) || (q35 && d->bus == BUS_SATA && n == 0) ||
        (d->bus != BUS_FLOPPY && kxl_controller_find(d->config, buses[d->bus].name, n)))
        return;
    *seen |= 1U << n;
    kxl_args_add(args, "-device", "%s,id=%s%u", device, buses[d->bus].name, n);
}

static gboolean take_place(GHashTable *taken, const Drive *d, int unit, GError **error)
{
    const Place *p = &d->place;
    gboolean drive = d->bus != BUS_VIRTIO && d->bus != BUS_USB;
    char *key = drive ? g_strdup_printf("%d %u.%u.%u.%u", (int)d->bus, p->controller, p->bus,
                                        p->target, p->unit)
                      : g_strdup_printf("%d %d", (int)d->bus, unit);

    if (g_hash_table_add(taken, key))
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                "disk '%s': its place on bus '%s' is another disk's", d->disk->vdev,
                buses[d->bus].name);
    return FALSE;
}

static gboolean add_disk(KxlArgs *args, Drive *d, GHashTable *taken, guint32 *controllers,
                         GError **error)
{
    const KxlDeviceDisk *disk = d->disk;
    g_autofree char *node = node_name(d->config, disk);
    g_autofree char *top = kxl_image_top(disk, node);
    g_autofree char *more = device_options(disk);
    gboolean empty = kxl_disk_is_empty(disk);
    /* An empty drive has no node at all, so that a medium can be put in. */
    g_autofree char *drive = empty ? g_strdup("") : g_strdup_printf(",drive=%s", top);
    g_autofree char *boot = NULL, *tail = NULL;
    int unit = 0;

    if (!disk_bus(d->config, disk, &d->bus, &unit, error) || !check_options(disk, d->bus, error) ||
        !disk_place(disk, d->bus, unit, &d->place, error) ||
        !check_place(disk, d->bus, &d->place, error) || !take_place(taken, d, unit, error))
        return FALSE;
    if (empty && (d->bus == BUS_VIRTIO || d->bus == BUS_USB))
        return kxl_args_unsupported(error, "disk '%s': an empty drive on bus '%s'", disk->vdev,
                                    buses[d->bus].name);
    if (d->bus == BUS_USB && unit >= buses[BUS_USB].max && disk->address.kind == KXL_ADDRESS_NONE)
        return kxl_args_unsupported(error, "disk '%s': more than %d disks on bus 'usb'", disk->vdev,
                                    buses[BUS_USB].max);
    boot = d->bootindex && d->bus != BUS_FLOPPY ? g_strdup_printf(",bootindex=%d", d->bootindex)
                                                : g_strdup("");
    tail = g_strconcat(drive, boot, more, NULL);
    d->node = node;
    d->tail = tail;
    add_controller(args, d, &controllers[d->bus]);
    return (empty || kxl_args_image(args, d->folder, disk, node, error)) &&
           add_drive(args, d, error);
}

gboolean kxl_args_hvm_disks(KxlArgs *args, const KxlMachine *m, const int *bootindex,
                            GError **error)
{
    guint32 controllers[BUS_COUNT] = { 0 };
    g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < m->config->disks->len; i++) {
        Drive drive = { .config = m->config,
                        .folder = m->dir,
                        .disk = m->config->disks->pdata[i],
                        .bootindex = bootindex[i] };

        if (!add_disk(args, &drive, taken, controllers, error))
            return FALSE;
    }
    return TRUE;
}
