/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What libvirt's Xen driver adds to every domain, and the controllers for what is there. */
#include "complete.h"

#include <string.h>

#include "def-classes.h"

/* ---- input, graphics, balloon, host devices ---- */

static gboolean has_input(const DomainDef *def, const char *type, const char *bus)
{
    for (guint i = 0; i < def->inputs->len; i++) {
        const DomainInput *input = g_ptr_array_index(def->inputs, i);
        if (strcmp(input->type, type) == 0 && g_strcmp0(input->bus, bus) == 0)
            return TRUE;
    }
    return FALSE;
}

static void add_input(DomainDef *def, const char *type, const char *bus)
{
    if (has_input(def, type, bus))
        return;
    DomainInput *input = domain_input_new();
    input->type = g_strdup(type);
    input->bus = g_strdup(bus);
    g_ptr_array_add(def->inputs, input);
}

static void complete_inputs(DomainDef *def)
{
    const char *own_bus = domain_is_hvm(def) ? "ps2" : "xen";

    for (guint i = 0; i < def->inputs->len; i++) {
        DomainInput *input = g_ptr_array_index(def->inputs, i);
        if (input->bus == NULL && strcmp(input->type, "passthrough") == 0)
            input->bus = g_strdup("virtio");
        if (input->bus == NULL && strcmp(input->type, "evdev") != 0)
            input->bus = g_strdup(strcmp(input->type, "tablet") == 0 ? "usb" : own_bus);
    }
    add_input(def, "mouse", own_bus);
    add_input(def, "keyboard", own_bus);
}

/* Video memory in KiB when none was given, and the least that makes sense (libxl's figures). */
static guint default_vram(const DomainDef *def, const char *model)
{
    static const struct {
        const char *model;
        guint hvm_kib, pv_kib;
    } sizes[] = {
        { "vga", 16384, 16384 },  { "cirrus", 8192, 8192 },  { "xen", 16384, 4096 },
        { "qxl", 131072, 65536 }, { "vmvga", 16384, 16384 }, { "bochs", 16384, 16384 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        if (strcmp(model, sizes[i].model) == 0)
            return domain_is_hvm(def) ? sizes[i].hvm_kib : sizes[i].pv_kib;
    return 0;
}

static void complete_videos(DomainDef *def)
{
    if (def->graphics->len > 0 && def->videos->len == 0)
        g_ptr_array_add(def->videos, domain_video_new());
    for (guint i = 0; i < def->videos->len; i++) {
        DomainVideo *video = g_ptr_array_index(def->videos, i);
        if (video->model == NULL)
            video->model = g_strdup(domain_is_hvm(def) ? "cirrus" : "xen");
        if (strcmp(video->model, "none") == 0)
            continue;
        if (video->vram == 0)
            video->vram = default_vram(def, video->model);
        if (video->heads == 0)
            video->heads = 1;
        video->primary = i == 0 ? DOMAIN_YES : DOMAIN_ABSENT;
    }
}

static void complete_memballoon(DomainDef *def)
{
    if (def->memballoon != NULL)
        return;
    def->memballoon = xml_object_new(&domain_memballoon_class);
    def->memballoon->model = g_strdup("xen");
}

static gboolean is_at(const DomainDeviceInfo *info, guint unit)
{
    const DomainAddress *a = info->address;

    return a != NULL && a->type == DOMAIN_ADDRESS_DRIVE && a->controller == 0 && a->bus == 0 &&
           a->target == 0 && a->unit == unit;
}

/* The first unit of the first SCSI controller that nothing has. */
static DomainAddress *free_scsi_address(const DomainDef *def)
{
    DomainAddress *address = xml_object_new(&domain_address_class);
    gboolean taken = TRUE;

    address->type = DOMAIN_ADDRESS_DRIVE;
    for (guint unit = 0; taken; unit++) {
        taken = FALSE;
        address->unit = unit;
        for (guint i = 0; i < def->disks->len; i++) {
            const DomainDisk *disk = g_ptr_array_index(def->disks, i);
            taken |= disk->bus == DOMAIN_DISK_BUS_SCSI && is_at(&disk->info, unit);
        }
        for (guint i = 0; i < def->hostdevs->len; i++) {
            const DomainHostdev *hostdev = g_ptr_array_index(def->hostdevs, i);
            taken |= hostdev->type == DOMAIN_HOSTDEV_SCSI && is_at(&hostdev->info, unit);
        }
    }
    return address;
}

static void complete_hostdevs(DomainDef *def)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        if (interface->type == DOMAIN_INTERFACE_HOSTDEV && interface->driver_name == NULL)
            interface->driver_name = g_strdup("xen");
    }
    for (guint i = 0; i < def->hostdevs->len; i++) {
        DomainHostdev *hostdev = g_ptr_array_index(def->hostdevs, i);
        if (hostdev->type == DOMAIN_HOSTDEV_PCI && hostdev->driver_name == NULL)
            hostdev->driver_name = g_strdup("xen");
        if (hostdev->type == DOMAIN_HOSTDEV_SCSI && hostdev->info.address == NULL)
            hostdev->info.address = free_scsi_address(def);
    }
}

/* ---- controllers ---- */

static gboolean has_controller(const DomainDef *def, const char *type, int index)
{
    for (guint i = 0; i < def->controllers->len; i++) {
        const DomainController *controller = g_ptr_array_index(def->controllers, i);
        if (strcmp(controller->type, type) == 0 && (index < 0 || controller->index == index))
            return TRUE;
    }
    return FALSE;
}

static DomainController *add_controller(DomainDef *def, const char *type, int index)
{
    DomainController *controller = xml_object_new(&domain_controller_class);

    controller->type = g_strdup(type);
    controller->index = index;
    g_ptr_array_add(def->controllers, controller);
    return controller;
}

/* Controllers without a number get the next one of their type. */
static void number_controllers(DomainDef *def)
{
    g_autoptr(GHashTable) next = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < def->controllers->len; i++) {
        const DomainController *controller = g_ptr_array_index(def->controllers, i);
        int after = GPOINTER_TO_INT(g_hash_table_lookup(next, controller->type));
        if (controller->index >= after && controller->index < G_MAXINT)
            g_hash_table_insert(next, controller->type, GINT_TO_POINTER(controller->index + 1));
    }
    for (guint i = 0; i < def->controllers->len; i++) {
        DomainController *controller = g_ptr_array_index(def->controllers, i);
        if (controller->index >= 0)
            continue;
        controller->index = GPOINTER_TO_INT(g_hash_table_lookup(next, controller->type));
        g_hash_table_insert(next, controller->type, GINT_TO_POINTER(controller->index + 1));
    }
}

/* The largest controller number the disks and host's devices of a bus refer to; -1: none. */
static int last_controller(const DomainDef *def, DomainDiskBus bus)
{
    int last = -1;

    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = g_ptr_array_index(def->disks, i);
        const DomainAddress *address = disk->info.address;
        if (disk->bus == (int)bus && address != NULL && address->type == DOMAIN_ADDRESS_DRIVE)
            last = MAX(last, (int)MIN(address->controller, 255));
    }
    for (guint i = 0; bus == DOMAIN_DISK_BUS_SCSI && i < def->hostdevs->len; i++) {
        const DomainHostdev *hostdev = g_ptr_array_index(def->hostdevs, i);
        const DomainAddress *address = hostdev->info.address;
        if (hostdev->type == DOMAIN_HOSTDEV_SCSI && address != NULL &&
            address->type == DOMAIN_ADDRESS_DRIVE)
            last = MAX(last, (int)MIN(address->controller, 255));
    }
    return last;
}

static gboolean has_virtio_channel(const DomainDef *def)
{
    for (guint i = 0; i < def->channels->len; i++) {
        const DomainChar *channel = g_ptr_array_index(def->channels, i);
        if (channel->target_type == DOMAIN_CHAR_TARGET_VIRTIO)
            return TRUE;
    }
    return FALSE;
}

static void complete_controllers(DomainDef *def)
{
    static const struct {
        const char *type;
        DomainDiskBus bus;
    } disk_controllers[] = {
        { "scsi", DOMAIN_DISK_BUS_SCSI },
        { "fdc", DOMAIN_DISK_BUS_FDC },
        { "ide", DOMAIN_DISK_BUS_IDE },
        { "sata", DOMAIN_DISK_BUS_SATA },
    };

    number_controllers(def);
    if (domain_is_q35(def) && !has_controller(def, "pci", 0))
        add_controller(def, "pci", 0)->model = g_strdup("pcie-root");
    if (!has_controller(def, "xenbus", -1))
        add_controller(def, "xenbus", 0);
    for (guint i = 0; i < G_N_ELEMENTS(disk_controllers); i++) {
        int last = last_controller(def, disk_controllers[i].bus);
        for (int index = 0; index <= last; index++)
            if (!has_controller(def, disk_controllers[i].type, index))
                add_controller(def, disk_controllers[i].type, index);
    }
    if (has_virtio_channel(def) && !has_controller(def, "virtio-serial", -1))
        add_controller(def, "virtio-serial", 0);
}

void complete_devices(DomainDef *def)
{
    complete_inputs(def);
    complete_videos(def);
    complete_memballoon(def);
    complete_hostdevs(def);
    complete_controllers(def);
}
