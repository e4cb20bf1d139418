/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host devices, controllers, and the device model's own arguments. */
#include "map.h"

#include <string.h>

#include "def-classes.h"
#include "xlcfg-syntax.h"

/* ---- host devices ---- */

static void add_pci(const DomainHostdev *hostdev, KxlDomainConfig *config)
{
    KxlDevicePci *pci = kxl_device_pci_new();

    pci->domain = hostdev->pci_domain;
    pci->bus = hostdev->pci_bus;
    pci->dev = hostdev->pci_slot;
    pci->fn = hostdev->pci_function;
    if (hostdev->write_filtering != DOMAIN_ABSENT)
        pci->options = g_strdup_printf("permissive=%d", hostdev->write_filtering == DOMAIN_NO);
    pci->managed = hostdev->managed == DOMAIN_YES;
    pci->bootindex = (int)hostdev->info.boot_order;
    pci->rom_file = g_strdup(hostdev->rom_file);
    pci->rom_bar = map_tristate(hostdev->rom_bar);
    pci->rom_enabled = map_tristate(hostdev->rom_enabled);
    map_address(&hostdev->info, &pci->address);
    g_ptr_array_add(config->pcis, pci);
}

/* Neither on PCI nor on USB: their names are libkxl's too. */
static const char *const other_kinds[] = {
    [DOMAIN_HOSTDEV_SCSI] = "scsi",
    [DOMAIN_HOSTDEV_SCSI_HOST] = "scsi_host",
    [DOMAIN_HOSTDEV_MDEV] = "mdev",
};

static void add_other(const DomainHostdev *from, KxlDomainConfig *config)
{
    KxlDeviceHost *to = kxl_device_host_new();

    to->kind = g_strdup(other_kinds[from->type]);
    to->adapter = g_strdup(from->adapter);
    to->bus = from->scsi_bus;
    to->target = from->scsi_target;
    to->unit = from->scsi_unit;
    to->read_only = from->readonly;
    to->shareable = from->shareable;
    to->wwpn = g_strdup(from->wwpn);
    to->model = g_strdup(from->model);
    to->uuid = g_strdup(from->uuid);
    to->display = map_tristate(from->display);
    to->ramfb = from->ramfb == DOMAIN_YES;
    to->bootindex = (int)from->info.boot_order;
    map_address(&from->info, &to->address);
    g_ptr_array_add(config->hostdevs, to);
}

/* What xl.cfg's usbdevice= cannot say. */
static gboolean add_usb_in_full(const DomainHostdev *hostdev, KxlDomainConfig *config)
{
    gboolean optional = g_strcmp0(hostdev->startup_policy, "optional") == 0;
    gboolean both = hostdev->usb_vendor != 0 && hostdev->usb_bus != 0;

    if (!optional && !both && hostdev->info.address == NULL && hostdev->info.boot_order == 0)
        return FALSE;
    KxlDeviceUsb *usb = kxl_device_usb_new();
    usb->vendor = hostdev->usb_vendor;
    usb->product = hostdev->usb_product;
    usb->bus = hostdev->usb_bus;
    usb->device = hostdev->usb_device;
    usb->optional = optional;
    usb->bootindex = (int)hostdev->info.boot_order;
    map_address(&hostdev->info, &usb->address);
    g_ptr_array_add(config->usbs, usb);
    return TRUE;
}

/* An HVM guest's USB device is QEMU's; a PV guest's would need the USB split driver: kept as xl.cfg
 * says it. */
static gboolean add_usb(const DomainHostdev *hostdev, KxlDomainConfig *config, XlValue *pv_list,
                        GError **error)
{
    g_autofree char *text = NULL;

    if (config->type != KXL_TYPE_HVM && hostdev->usb_vendor != 0)
        return fail_check(error, UNSUPPORTED, "USB device %04x:%04x must be looked up first",
                          hostdev->usb_vendor, hostdev->usb_product);
    if (config->type != KXL_TYPE_HVM) {
        text = g_strdup_printf("hostbus=%u,hostaddr=%u", hostdev->usb_bus, hostdev->usb_device);
        g_ptr_array_add(pv_list->items, xlcfg_value_new_atom(XL_VALUE_STRING, text, 0, 0));
        return TRUE;
    }
    config->usb = TRUE;
    if (add_usb_in_full(hostdev, config))
        return TRUE;
    if (hostdev->usb_vendor != 0)
        text = g_strdup_printf("host:%04x:%04x", hostdev->usb_vendor, hostdev->usb_product);
    else
        text = g_strdup_printf("host:%u.%u", hostdev->usb_bus, hostdev->usb_device);
    map_add_string(&config->usbdevices, text);
    return TRUE;
}

static gboolean map_hostdevs_to_config(const DomainDef *def, KxlDomainConfig *config,
                                       GError **error)
{
    g_autoptr(XlValue) pv_list = xlcfg_value_new_list(0, 0);

    for (guint i = 0; i < def->hostdevs->len; i++) {
        const DomainHostdev *hostdev = g_ptr_array_index(def->hostdevs, i);
        if (hostdev->type == DOMAIN_HOSTDEV_PCI)
            add_pci(hostdev, config);
        else if (hostdev->type >= DOMAIN_HOSTDEV_SCSI)
            add_other(hostdev, config);
        else if (!add_usb(hostdev, config, pv_list, error))
            return FALSE;
    }
    if (pv_list->items->len > 0) {
        g_autofree char *text = xlcfg_value_to_text(pv_list);
        map_add_extra(config, "usbdev", text);
    }
    return TRUE;
}

static DomainHostdev *add_hostdev(DomainDef *def, DomainHostdevType type)
{
    DomainHostdev *hostdev = xml_object_new(&domain_hostdev_class);

    hostdev->type = (int)type;
    g_ptr_array_add(def->hostdevs, hostdev);
    return hostdev;
}

static void map_pcis_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    for (guint i = 0; i < config->pcis->len; i++) {
        const KxlDevicePci *pci = g_ptr_array_index(config->pcis, i);
        DomainHostdev *hostdev = add_hostdev(def, DOMAIN_HOSTDEV_PCI);
        const char *options = pci->options != NULL ? pci->options : "";

        hostdev->pci_domain = pci->domain;
        hostdev->pci_bus = pci->bus;
        hostdev->pci_slot = pci->dev;
        hostdev->pci_function = pci->fn;
        if (pci->managed)
            hostdev->managed = DOMAIN_YES;
        hostdev->info.boot_order = (guint)MAX(pci->bootindex, 0);
        hostdev->rom_file = g_strdup(pci->rom_file);
        hostdev->rom_bar = map_tristate_back(pci->rom_bar);
        hostdev->rom_enabled = map_tristate_back(pci->rom_enabled);
        map_address_from_config(&pci->address, &hostdev->info);
        if (strstr(options, "permissive=1") != NULL)
            hostdev->write_filtering = DOMAIN_NO;
        else if (strstr(options, "permissive=0") != NULL)
            hostdev->write_filtering = DOMAIN_YES;
    }
}

static void map_other_from_config(const KxlDeviceHost *from, DomainDef *def)
{
    DomainHostdevType type = DOMAIN_HOSTDEV_SCSI;

    while (type < DOMAIN_HOSTDEV_MDEV && g_strcmp0(other_kinds[type], from->kind) != 0)
        type++;
    DomainHostdev *to = add_hostdev(def, type);
    to->adapter = g_strdup(from->adapter);
    to->scsi_bus = from->bus;
    to->scsi_target = from->target;
    to->scsi_unit = from->unit;
    to->readonly = from->read_only;
    to->shareable = from->shareable;
    to->wwpn = g_strdup(from->wwpn);
    to->protocol = type == DOMAIN_HOSTDEV_SCSI_HOST ? g_strdup("vhost") : NULL;
    to->model = g_strdup(from->model);
    to->uuid = g_strdup(from->uuid);
    to->display = map_tristate_back(from->display);
    to->ramfb = from->ramfb ? DOMAIN_YES : DOMAIN_ABSENT;
    to->info.boot_order = (guint)MAX(from->bootindex, 0);
    map_address_from_config(&from->address, &to->info);
}

static void map_usb_in_full(const KxlDeviceUsb *usb, DomainDef *def)
{
    DomainHostdev *hostdev = add_hostdev(def, DOMAIN_HOSTDEV_USB);

    hostdev->usb_vendor = usb->vendor;
    hostdev->usb_product = usb->product;
    hostdev->usb_bus = usb->bus;
    hostdev->usb_device = usb->device;
    hostdev->startup_policy = usb->optional ? g_strdup("optional") : NULL;
    hostdev->info.boot_order = (guint)MAX(usb->bootindex, 0);
    map_address_from_config(&usb->address, &hostdev->info);
}

/* QEMU's "host:BUS.ADDR" and "host:VENDOR:PRODUCT". */
static void map_usb_from_config(const char *device, DomainDef *def)
{
    guint a, b;
    char end;

    if (sscanf(device, "host:%u.%u%c", &a, &b, &end) == 2) {
        DomainHostdev *hostdev = add_hostdev(def, DOMAIN_HOSTDEV_USB);
        hostdev->usb_bus = a;
        hostdev->usb_device = b;
    } else if (sscanf(device, "host:%4x:%4x%c", &a, &b, &end) == 2) {
        DomainHostdev *hostdev = add_hostdev(def, DOMAIN_HOSTDEV_USB);
        hostdev->usb_vendor = a;
        hostdev->usb_product = b;
    }
}

/* usbdev= of a PV guest: a list of "hostbus=BUS,hostaddr=ADDRESS". */
static void map_usbdev_from_config(const char *text, DomainDef *def)
{
    g_autoptr(XlValue) list = xlcfg_syntax_parse_value(text);

    for (guint i = 0; list != NULL && list->kind == XL_VALUE_LIST && i < list->items->len; i++) {
        const XlValue *item = g_ptr_array_index(list->items, i);
        guint bus, device;
        if (item->kind == XL_VALUE_STRING &&
            sscanf(item->text, "hostbus=%u,hostaddr=%u", &bus, &device) == 2) {
            DomainHostdev *hostdev = add_hostdev(def, DOMAIN_HOSTDEV_USB);
            hostdev->usb_bus = bus;
            hostdev->usb_device = device;
        }
    }
}

static void map_hostdevs_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    const char *usbdev = map_find_extra(config, "usbdev");

    map_pcis_from_config(config, def);
    for (guint i = 0; i < config->hostdevs->len; i++)
        map_other_from_config(g_ptr_array_index(config->hostdevs, i), def);
    for (guint i = 0; i < config->usbs->len; i++)
        map_usb_in_full(g_ptr_array_index(config->usbs, i), def);
    for (guint i = 0; config->usbdevices != NULL && config->usbdevices[i] != NULL; i++)
        map_usb_from_config(config->usbdevices[i], def);
    if (usbdev != NULL)
        map_usbdev_from_config(usbdev, def);
}

/* ---- controllers: Xen's limits, and the PV USB controllers ---- */

static void add_limit(KxlDomainConfig *config, const char *key, guint value)
{
    if (value == 0)
        return;
    g_autofree char *text = g_strdup_printf("%u", value);
    map_add_extra(config, key, text);
}

static void add_emulated(const DomainController *from, KxlDomainConfig *config)
{
    KxlDeviceController *to = kxl_device_controller_new();

    to->type = g_strdup(from->type);
    to->index = (guint)MAX(from->index, 0);
    to->model = g_strdup(from->model);
    to->ports = from->ports;
    to->vectors = from->vectors;
    to->queues = from->driver_queues;
    to->cmd_per_lun = from->cmd_per_lun;
    to->max_sectors = from->max_sectors;
    to->iothread = from->driver_iothread;
    to->ioeventfd = map_tristate(from->ioeventfd);
    to->device = g_strdup(from->pci_model_name);
    to->chassis = from->pci_chassis;
    to->port = from->pci_port;
    to->hotplug = map_tristate(from->pci_hotplug);
    to->hole64_kb = from->pci_hole64_kib;
    if (from->usb_startport != NULL)
        to->companion_port = (int)g_ascii_strtoll(from->usb_startport, NULL, 10);
    map_address(&from->info, &to->address);
    g_ptr_array_add(config->controllers, to);
}

static void map_controllers_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    g_autoptr(XlValue) usb = xlcfg_value_new_list(0, 0);

    for (guint i = 0; i < def->controllers->len; i++) {
        const DomainController *controller = g_ptr_array_index(def->controllers, i);

        if (strcmp(controller->type, "xenbus") == 0) {
            add_limit(config, "max_grant_frames", controller->max_grant_frames);
            add_limit(config, "max_event_channels", controller->max_event_channels);
        } else if (controller->model != NULL && g_str_has_prefix(controller->model, "qusb")) {
            g_autofree char *text =
                g_strdup_printf("type=qusb,version=%s,ports=%u", controller->model + strlen("qusb"),
                                controller->ports != 0 ? controller->ports : 8);
            g_ptr_array_add(usb->items, xlcfg_value_new_atom(XL_VALUE_STRING, text, 0, 0));
        } else if (config->type == KXL_TYPE_HVM) {
            add_emulated(controller, config);
        }
    }
    if (usb->items->len > 0) {
        g_autofree char *text = xlcfg_value_to_text(usb);
        map_add_extra(config, "usbctrl", text);
    }
}

static guint extra_number(const KxlDomainConfig *config, const char *key)
{
    const char *text = map_find_extra(config, key);
    return text != NULL ? (guint)g_ascii_strtoull(text, NULL, 10) : 0;
}

static DomainController *add_controller(DomainDef *def, const char *type)
{
    DomainController *controller = xml_object_new(&domain_controller_class);

    controller->type = g_strdup(type);
    g_ptr_array_add(def->controllers, controller);
    return controller;
}

static void add_emulated_back(const KxlDeviceController *from, DomainDef *def)
{
    DomainController *to = add_controller(def, from->type);

    to->index = (int)from->index;
    to->model = g_strdup(from->model);
    to->ports = from->ports;
    to->vectors = from->vectors;
    to->driver_queues = from->queues;
    to->cmd_per_lun = from->cmd_per_lun;
    to->max_sectors = from->max_sectors;
    to->driver_iothread = from->iothread;
    to->ioeventfd = map_tristate_back(from->ioeventfd);
    to->pci_model_name = g_strdup(from->device);
    to->pci_chassis = from->chassis;
    to->pci_port = from->port;
    to->pci_hotplug = map_tristate_back(from->hotplug);
    to->pci_hole64_kib = from->hole64_kb;
    if (from->companion_port >= 0)
        to->usb_startport = g_strdup_printf("%d", from->companion_port);
    map_address_from_config(&from->address, &to->info);
}

static void map_controllers_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    guint grant_frames = extra_number(config, "max_grant_frames");
    guint event_channels = extra_number(config, "max_event_channels");
    const char *usbctrl = map_find_extra(config, "usbctrl");
    g_autoptr(XlValue) list = usbctrl != NULL ? xlcfg_syntax_parse_value(usbctrl) : NULL;

    for (guint i = 0; i < config->controllers->len; i++)
        add_emulated_back(g_ptr_array_index(config->controllers, i), def);
    if (grant_frames != 0 || event_channels != 0) {
        DomainController *xenbus = add_controller(def, "xenbus");
        xenbus->max_grant_frames = grant_frames;
        xenbus->max_event_channels = event_channels;
    }
    for (guint i = 0; list != NULL && list->kind == XL_VALUE_LIST && i < list->items->len; i++) {
        const XlValue *item = g_ptr_array_index(list->items, i);
        guint version = 2, ports = 8;
        if (item->kind != XL_VALUE_STRING ||
            sscanf(item->text, "type=qusb,version=%u,ports=%u", &version, &ports) < 1)
            continue;
        DomainController *usb = add_controller(def, "usb");
        usb->model = g_strdup_printf("qusb%u", version == 1 ? 1 : 2);
        usb->ports = ports;
    }
}

/* ---- all of them ---- */

gboolean map_devices_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (!map_hostdevs_to_config(def, config, error))
        return FALSE;
    map_controllers_to_config(def, config);
    for (guint i = 0; i < def->xen_args->len; i++)
        map_add_string(&config->device_model_args,
                       ((const DomainArg *)g_ptr_array_index(def->xen_args, i))->value);
    for (guint i = 0; i < def->qemu_args->len; i++)
        map_add_string(&config->device_model_args,
                       ((const DomainArg *)g_ptr_array_index(def->qemu_args, i))->value);
    return TRUE;
}

gboolean map_devices_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    map_hostdevs_from_config(config, def);
    map_controllers_from_config(config, def);
    for (guint i = 0; config->device_model_args != NULL && config->device_model_args[i] != NULL;
         i++) {
        DomainArg *arg = g_new0(DomainArg, 1);
        arg->value = g_strdup(config->device_model_args[i]);
        g_ptr_array_add(def->xen_args, arg);
    }
    return TRUE;
}
