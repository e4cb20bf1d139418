/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Controllers of an HVM guest: libvirt's models and QEMU's devices. */
#include <string.h>

#include "machine-args.h"

/* The first of a type is its default. device NULL: the board has it. */
static const struct {
    const char *type, *model, *device;
} models[] = {
    { "ide", "piix3", NULL },
    { "fdc", "isa-fdc", NULL },
    { "sata", "ich9-ahci", "ich9-ahci" },
    { "scsi", "lsilogic", "lsi53c895a" },
    { "scsi", "auto", "lsi53c895a" },
    { "scsi", "virtio-scsi", "virtio-scsi-pci" },
    { "scsi", "virtio-transitional", "virtio-scsi-pci-transitional" },
    { "scsi", "virtio-non-transitional", "virtio-scsi-pci-non-transitional" },
    { "scsi", "lsisas1068", "mptsas1068" },
    { "scsi", "lsisas1078", "megasas" },
    { "scsi", "vmpvscsi", "pvscsi" },
    { "scsi", "am53c974", "am53c974" },
    { "scsi", "dc390", "dc390" },
    { "usb", "piix3-uhci", "piix3-usb-uhci" },
    { "usb", "piix4-uhci", "piix4-usb-uhci" },
    { "usb", "ehci", "usb-ehci" },
    { "usb", "ich9-ehci1", "ich9-usb-ehci1" },
    { "usb", "ich9-uhci1", "ich9-usb-uhci1" },
    { "usb", "ich9-uhci2", "ich9-usb-uhci2" },
    { "usb", "ich9-uhci3", "ich9-usb-uhci3" },
    { "usb", "vt82c686b-uhci", "vt82c686b-usb-uhci" },
    { "usb", "pci-ohci", "pci-ohci" },
    { "usb", "nec-xhci", "nec-usb-xhci" },
    { "usb", "qemu-xhci", "qemu-xhci" },
    { "usb", "none", NULL },
    { "virtio-serial", "virtio", "virtio-serial-pci" },
    { "virtio-serial", "virtio-transitional", "virtio-serial-pci-transitional" },
    { "virtio-serial", "virtio-non-transitional", "virtio-serial-pci-non-transitional" },
    { "pci", "pci-root", NULL },
    { "pci", "pci-bridge", "pci-bridge" },
    { "ccid", "usb-ccid", "usb-ccid" },
};

const KxlDeviceController *kxl_controller_find(const KxlDomainConfig *config, const char *type,
                                               guint index)
{
    for (guint i = 0; i < config->controllers->len; i++) {
        const KxlDeviceController *controller = config->controllers->pdata[i];

        if (g_str_equal(controller->type, type) && controller->index == index &&
            controller->companion_port < 0)
            return controller;
    }
    return NULL;
}

static gboolean find_device(const KxlDeviceController *controller, const char **ret_device,
                            GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
        if (!g_str_equal(models[i].type, controller->type) ||
            (controller->model && !g_str_equal(models[i].model, controller->model)))
            continue;
        *ret_device = models[i].device;
        return TRUE;
    }
    return controller->model
               ? kxl_args_unsupported(error, "controller %s %u: model '%s'", controller->type,
                                      controller->index, controller->model)
               : kxl_args_unsupported(error, "controller type '%s'", controller->type);
}

/* The board has one of each, with number 0. */
static gboolean check_board(const KxlDeviceController *controller, GError **error)
{
    const KxlAddress *at = &controller->address;
    gboolean is_ide = g_str_equal(controller->type, "ide");

    if (controller->index != 0)
        return kxl_args_unsupported(error, "controller %s %u: the board has one", controller->type,
                                    controller->index);
    if (at->kind != KXL_ADDRESS_NONE && !(is_ide && at->kind == KXL_ADDRESS_PCI && at->bus == 0 &&
                                          at->slot == 1 && at->function == 1))
        return kxl_args_unsupported(error, "controller %s: another place than the board's",
                                    controller->type);
    return TRUE;
}

static void append(GString *out, const char *option, guint value)
{
    if (value)
        g_string_append_printf(out, ",%s=%u", option, value);
}

/* Options that only these devices have. */
static gboolean add_options(GString *out, const KxlDeviceController *c, const char *device,
                            GError **error)
{
    gboolean scsi = g_str_has_prefix(device, "virtio-scsi");
    gboolean serial = g_str_has_prefix(device, "virtio-serial");
    gboolean xhci = g_str_has_suffix(device, "xhci");

    if (!scsi && (c->queues || c->cmd_per_lun || c->max_sectors || c->iothread ||
                  c->ioeventfd != KXL_DEFAULT))
        return kxl_args_unsupported(error, "controller %s %u: <driver> of device '%s'", c->type,
                                    c->index, device);
    if (c->vectors && !scsi && !serial)
        return kxl_args_unsupported(error, "controller %s %u: vectors of device '%s'", c->type,
                                    c->index, device);
    if (c->ports && !serial && !xhci)
        return kxl_args_unsupported(error, "controller %s %u: ports of device '%s'", c->type,
                                    c->index, device);
    append(out, "num_queues", c->queues);
    append(out, "cmd_per_lun", c->cmd_per_lun);
    append(out, "max_sectors", c->max_sectors);
    append(out, "vectors", c->vectors);
    append(out, serial ? "max_ports" : "p2", c->ports);
    if (xhci)
        append(out, "p3", c->ports);
    if (c->ioeventfd != KXL_DEFAULT)
        g_string_append_printf(out, ",ioeventfd=%s", c->ioeventfd == KXL_YES ? "on" : "off");
    if (c->iothread)
        g_string_append_printf(out, ",iothread=iothread%u", c->iothread);
    return TRUE;
}

/* pci.1 and so on, as addresses name them; others are called by type and number. */
static char *device_id(const KxlDeviceController *c)
{
    if (c->companion_port >= 0)
        return g_strdup_printf("usb%u-%d", c->index, c->companion_port);
    return g_strdup_printf(g_str_equal(c->type, "pci") ? "%s.%u" : "%s%u", c->type, c->index);
}

static gboolean add_controller(KxlArgs *args, const KxlMachine *m, const KxlDeviceController *c,
                               const char *device, GError **error)
{
    g_autofree char *what = g_strdup_printf("controller %s %u", c->type, c->index);
    g_autofree char *id = device_id(c);
    g_autofree char *at = g_str_equal(c->type, "ccid")
                              ? kxl_args_usb_address(m->config, &c->address, what, error)
                              : kxl_args_pci_address(&c->address, what, error);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!at)
        return FALSE;
    g_string_append_printf(out, "%s,id=%s%s", device, id, at);
    if (g_str_equal(device, "pci-bridge"))
        g_string_append_printf(out, ",chassis_nr=%u", c->chassis ? c->chassis : c->index);
    if (c->companion_port >= 0)
        g_string_append_printf(out, ",masterbus=usb%u.0,firstport=%d", c->index, c->companion_port);
    if (!add_options(out, c, device, error))
        return FALSE;
    kxl_args_add(args, "-device", "%s", out->str);
    return TRUE;
}

gboolean kxl_args_controllers(KxlArgs *args, const KxlMachine *m, GError **error)
{
    for (guint i = 0; i < m->config->controllers->len; i++) {
        const KxlDeviceController *c = m->config->controllers->pdata[i];
        const char *device = NULL;

        if (!find_device(c, &device, error))
            return FALSE;
        if (device ? !add_controller(args, m, c, device, error) : !check_board(c, error))
            return FALSE;
    }
    return TRUE;
}
