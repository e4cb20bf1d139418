/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Controllers of an HVM guest: libvirt's models and QEMU's devices. */
#include <string.h>

#include "machine-args.h"

/* Boards that have such a controller, or a slot for one. */
enum { PC = 1 << 0, Q35 = 1 << 1, ANY = PC | Q35 };

/* The first of a type that the board has is its default. device NULL: it is on the board. */
static const struct {
    const char *type, *model, *device;
    guint boards;
} models[] = {
    { "ide", "piix3", NULL, PC },
    { "fdc", "isa-fdc", NULL, ANY },
    { "sata", "ich9-ahci", "ich9-ahci", ANY },
    { "scsi", "lsilogic", "lsi53c895a", ANY },
    { "scsi", "auto", "lsi53c895a", ANY },
    { "scsi", "virtio-scsi", "virtio-scsi-pci", ANY },
    { "scsi", "virtio-transitional", "virtio-scsi-pci-transitional", ANY },
    { "scsi", "virtio-non-transitional", "virtio-scsi-pci-non-transitional", ANY },
    { "scsi", "lsisas1068", "mptsas1068", ANY },
    { "scsi", "lsisas1078", "megasas", ANY },
    { "scsi", "vmpvscsi", "pvscsi", ANY },
    { "scsi", "am53c974", "am53c974", ANY },
    { "scsi", "dc390", "dc390", ANY },
    { "usb", "piix3-uhci", "piix3-usb-uhci", ANY },
    { "usb", "piix4-uhci", "piix4-usb-uhci", ANY },
    { "usb", "ehci", "usb-ehci", ANY },
    { "usb", "ich9-ehci1", "ich9-usb-ehci1", ANY },
    { "usb", "ich9-uhci1", "ich9-usb-uhci1", ANY },
    { "usb", "ich9-uhci2", "ich9-usb-uhci2", ANY },
    { "usb", "ich9-uhci3", "ich9-usb-uhci3", ANY },
    { "usb", "vt82c686b-uhci", "vt82c686b-usb-uhci", ANY },
    { "usb", "pci-ohci", "pci-ohci", ANY },
    { "usb", "nec-xhci", "nec-usb-xhci", ANY },
    { "usb", "qemu-xhci", "qemu-xhci", ANY },
    { "usb", "none", NULL, ANY },
    { "virtio-serial", "virtio", "virtio-serial-pci", ANY },
    { "virtio-serial", "virtio-transitional", "virtio-serial-pci-transitional", ANY },
    { "virtio-serial", "virtio-non-transitional", "virtio-serial-pci-non-transitional", ANY },
    { "pci", "pci-root", NULL, PC },
    { "pci", "pcie-root", NULL, Q35 },
    { "pci", "pci-bridge", "pci-bridge", ANY },
    { "pci", "pcie-root-port", "pcie-root-port", Q35 },
    { "pci", "pcie-root-port", "ioh3420", Q35 },
    { "pci", "pcie-switch-upstream-port", "x3130-upstream", Q35 },
    { "pci", "pcie-switch-downstream-port", "xio3130-downstream", Q35 },
    { "pci", "pcie-to-pci-bridge", "pcie-pci-bridge", Q35 },
    { "pci", "dmi-to-pci-bridge", "i82801b11-bridge", Q35 },
    { "ccid", "usb-ccid", "usb-ccid", ANY },
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

static gboolean find_device(const KxlDomainConfig *config, const KxlDeviceController *c,
                            const char **ret_device, GError **error)
{
    gboolean q35 = kxl_board_is_q35(config);

    for (guint i = 0; i < G_N_ELEMENTS(models); i++) {
        if (!g_str_equal(models[i].type, c->type) || !(models[i].boards & (q35 ? Q35 : PC)) ||
            (c->model && !g_str_equal(models[i].model, c->model)) ||
            (c->device && g_strcmp0(models[i].device, c->device) != 0))
            continue;
        *ret_device = models[i].device;
        /* The ICH9 has the first. */
        if (q35 && g_str_equal(c->type, "sata") && c->index == 0)
            *ret_device = NULL;
        return TRUE;
    }
    return c->device || c->model
               ? kxl_args_unsupported(error, "controller %s %u: model '%s' of machine '%s'",
                                      c->type, c->index, c->device ? c->device : c->model,
                                      q35 ? "q35" : "pc")
               : kxl_args_unsupported(error, "controller type '%s' of machine '%s'", c->type,
                                      q35 ? "q35" : "pc");
}

/* Where the board's own are. */
static const struct {
    const char *type;
    guint board, slot, function;
} places[] = { { "ide", PC, 1, 1 }, { "sata", Q35, 0x1f, 2 } };

static gboolean is_boards_place(guint board, const KxlDeviceController *c)
{
    const KxlAddress *at = &c->address;

    for (guint i = 0; i < G_N_ELEMENTS(places); i++)
        if (places[i].board == board && g_str_equal(places[i].type, c->type))
            return at->kind == KXL_ADDRESS_PCI && at->bus == 0 && at->slot == places[i].slot &&
                   at->function == places[i].function;
    return FALSE;
}

/* The board has one of each, with number 0. */
static gboolean check_board(const KxlDomainConfig *config, const KxlDeviceController *c,
                            GError **error)
{
    if (c->index != 0)
        return kxl_args_unsupported(error, "controller %s %u: the board has one", c->type,
                                    c->index);
    if (c->address.kind != KXL_ADDRESS_NONE &&
        !is_boards_place(kxl_board_is_q35(config) ? Q35 : PC, c))
        return kxl_args_unsupported(error, "controller %s: another place than the board's",
                                    c->type);
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

/* What bridges and ports of PCI are told. QEMU tells slots apart by chassis. */
static gboolean add_pci_options(GString *out, const KxlDeviceController *c, const char *device,
                                GError **error)
{
    guint chassis = c->chassis ? c->chassis : c->index;
    gboolean downstream = g_str_equal(device, "xio3130-downstream");
    gboolean port =
        downstream || g_str_equal(device, "pcie-root-port") || g_str_equal(device, "ioh3420");

    if (c->index == 0)
        return kxl_args_unsupported(error, "controller pci 0: a '%s', which the board's root is",
                                    device);
    if (downstream && c->address.kind == KXL_ADDRESS_NONE) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "controller pci %u: a switch's port needs the address of its switch", c->index);
        return FALSE;
    }
    if (!port && (c->port || c->hotplug != KXL_DEFAULT))
        return kxl_args_unsupported(error, "controller pci %u: port or hotplug of a '%s'", c->index,
                                    device);
    if (g_str_equal(device, "pci-bridge"))
        g_string_append_printf(out, ",chassis_nr=%u", chassis);
    if (port)
        g_string_append_printf(out, ",port=0x%x,chassis=%u", c->port, chassis);
    if (c->hotplug != KXL_DEFAULT)
        g_string_append_printf(out, ",hotplug=%s", c->hotplug == KXL_YES ? "on" : "off");
    return TRUE;
}

static gboolean add_controller(KxlArgs *args, const KxlMachine *m, const KxlDeviceController *c,
                               const char *device, GError **error)
{
    g_autofree char *what = g_strdup_printf("controller %s %u", c->type, c->index);
    g_autofree char *id = device_id(c);
    g_autofree char *at = g_str_equal(c->type, "ccid")
                              ? kxl_args_usb_address(m->config, &c->address, what, error)
                              : kxl_args_pci_address(m->config, &c->address, what, error);
    g_autoptr(GString) out = g_string_new(NULL);

    if (!at)
        return FALSE;
    g_string_append_printf(out, "%s,id=%s%s", device, id, at);
    if (g_str_equal(c->type, "pci") && !add_pci_options(out, c, device, error))
        return FALSE;
    if (c->companion_port >= 0)
        g_string_append_printf(out, ",masterbus=usb%u.0,firstport=%d", c->index, c->companion_port);
    if (!add_options(out, c, device, error))
        return FALSE;
    kxl_args_add(args, "-device", "%s", out->str);
    return TRUE;
}

/* Size of the space above 4 GiB that PCI's root gives to its devices. */
static void add_hole(KxlArgs *args, const KxlMachine *m, const KxlDeviceController *c)
{
    if (c->hole64_kb)
        kxl_args_add(args, "-global", "%s.pci-hole64-size=%" G_GUINT64_FORMAT "K",
                     kxl_board_is_q35(m->config) ? "q35-pcihost" : "i440FX-pcihost", c->hole64_kb);
}

static gboolean add_one(KxlArgs *args, const KxlMachine *m, const KxlDeviceController *c,
                        GError **error)
{
    const char *device = NULL;

    if (!find_device(m->config, c, &device, error))
        return FALSE;
    if (device)
        return add_controller(args, m, c, device, error);
    if (!check_board(m->config, c, error))
        return FALSE;
    add_hole(args, m, c);
    return TRUE;
}

static gboolean is_pci(const KxlDeviceController *c)
{
    return g_str_equal(c->type, "pci");
}

static int compare_indexes(gconstpointer a, gconstpointer b)
{
    const KxlDeviceController *left = *(KxlDeviceController *const *)a;
    const KxlDeviceController *right = *(KxlDeviceController *const *)b;

    return left->index < right->index ? -1 : left->index > right->index;
}

/* Buses before what is on them; one hangs on those with smaller numbers. */
static GPtrArray *sort_controllers(const GPtrArray *controllers)
{
    GPtrArray *sorted = g_ptr_array_new();

    for (guint i = 0; i < controllers->len; i++)
        if (is_pci(controllers->pdata[i]))
            g_ptr_array_add(sorted, controllers->pdata[i]);
    g_ptr_array_sort(sorted, compare_indexes);
    for (guint i = 0; i < controllers->len; i++)
        if (!is_pci(controllers->pdata[i]))
            g_ptr_array_add(sorted, controllers->pdata[i]);
    return sorted;
}

static gboolean has_ports(const GPtrArray *controllers)
{
    for (guint i = 0; i < controllers->len; i++) {
        const KxlDeviceController *c = controllers->pdata[i];

        if (is_pci(c) && c->index != 0)
            return TRUE;
    }
    return FALSE;
}

/* The root of PCI Express takes nothing while the machine runs, its ports do: a machine whose
 * configuration has none gets some for that. */
static void add_spare_ports(KxlArgs *args)
{
    for (guint i = 0; i < KXL_SPARE_PORTS; i++)
        kxl_args_add(args, "-device", "pcie-root-port,id=" KXL_SPARE_PORT "%u,port=0x%x,chassis=%u",
                     i, i, KXL_SPARE_CHASSIS + i);
}

gboolean kxl_args_controllers(KxlArgs *args, const KxlMachine *m, GError **error)
{
    g_autoptr(GPtrArray) sorted = sort_controllers(m->config->controllers);

    for (guint i = 0; i < sorted->len; i++)
        if (!add_one(args, m, sorted->pdata[i], error))
            return FALSE;
    if (kxl_board_is_q35(m->config) && !has_ports(sorted))
        add_spare_ports(args);
    return TRUE;
}
