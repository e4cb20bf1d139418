/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where devices sit. */
#include <string.h>

#include "machine-args.h"

/* The host bridge and what is soldered beside it: the functions of the south bridge. */
static gboolean is_boards(gboolean q35, const KxlAddress *a)
{
    if (a->bus != 0)
        return FALSE;
    if (a->slot == 0)
        return TRUE;
    if (q35) /* LPC bridge, SATA and SMBus */
        return a->slot == 0x1f && (a->function == 0 || a->function == 2 || a->function == 3);
    /* ISA bridge, IDE and power management; function 2 is USB's, which is a device of ours */
    return a->slot == 1 && a->function != 2 && a->function < 4;
}

/* What a device on PCI is told of the bus beside its place. */
static char *pci_options(const KxlAddress *a)
{
    const struct {
        const char *name;
        KxlTristate value;
    } switches[] = { { "iommu_platform", a->iommu },
                     { "ats", a->ats },
                     { "packed", a->packed },
                     { "page-per-vq", a->page_per_vq } };
    GString *out = g_string_new(NULL);

    if (a->acpi_index)
        g_string_append_printf(out, ",acpi-index=%u", a->acpi_index);
    for (guint i = 0; i < G_N_ELEMENTS(switches); i++)
        if (switches[i].value != KXL_DEFAULT)
            g_string_append_printf(out, ",%s=%s", switches[i].name,
                                   switches[i].value == KXL_YES ? "on" : "off");
    return g_string_free(out, FALSE);
}

char *kxl_args_pci_address(const KxlDomainConfig *config, const KxlAddress *address,
                           const char *what, GError **error)
{
    gboolean q35 = kxl_board_is_q35(config);
    g_autofree char *more = NULL;

    if (address->kind == KXL_ADDRESS_NONE)
        return pci_options(address);
    if (address->kind != KXL_ADDRESS_PCI) {
        kxl_args_unsupported(error, "%s: an address that is not PCI", what);
        return NULL;
    }
    if (address->domain != 0) {
        kxl_args_unsupported(error, "%s: PCI domain %04x", what, address->domain);
        return NULL;
    }
    if (is_boards(q35, address)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "%s: PCI address 00:%02x.%u is the board's", what, address->slot,
                    address->function);
        return NULL;
    }
    more = pci_options(address);
    return g_strdup_printf(",bus=%s.%u,addr=%02x.%u%s%s", q35 && address->bus == 0 ? "pcie" : "pci",
                           address->bus, address->slot, address->function,
                           address->multifunction ? ",multifunction=on" : "", more);
}

char *kxl_args_usb_address(const KxlDomainConfig *config, const KxlAddress *address,
                           const char *what, GError **error)
{
    if (address->kind == KXL_ADDRESS_NONE)
        return g_strdup("");
    if (address->kind != KXL_ADDRESS_USB) {
        kxl_args_unsupported(error, "%s: an address that is not USB", what);
        return NULL;
    }
    if (!kxl_controller_find(config, "usb", address->bus)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "%s: there is no USB controller %u", what,
                    address->bus);
        return NULL;
    }
    if (!address->port)
        return g_strdup_printf(",bus=usb%u.0", address->bus);
    return g_strdup_printf(",bus=usb%u.0,port=%s", address->bus, address->port);
}

/* Narrow SCSI counts its devices by id; what virtio-scsi shows is libvirt's address as it is. */
char *kxl_args_scsi_address(const KxlDomainConfig *config, const KxlAddress *a, const char *what,
                            GError **error)
{
    const KxlDeviceController *c = kxl_controller_find(config, "scsi", a->controller);
    const char *model = c && c->model ? c->model : "lsilogic";
    gboolean narrow = g_str_equal(model, "lsilogic") || g_str_equal(model, "auto");

    if (g_str_has_prefix(model, "virtio"))
        return g_strdup_printf("bus=scsi%u.0,channel=%u,scsi-id=%u,lun=%u", a->controller, a->bus,
                               a->target, a->unit);
    if (a->bus || (a->target && narrow)) {
        kxl_args_unsupported(error, "%s: bus %u, target %u of a SCSI controller '%s'", what, a->bus,
                             a->target, model);
        return NULL;
    }
    if (a->target)
        return g_strdup_printf("bus=scsi%u.0,scsi-id=%u,lun=%u", a->controller, a->target, a->unit);
    return g_strdup_printf("bus=scsi%u.0,scsi-id=%u", a->controller, a->unit);
}

/* On the board itself, so that it waits for nothing before it; or an IOMMU, which comes before all
 * that is behind it. */
static gboolean has_place(const char *device)
{
    if (g_str_has_prefix(device, "intel-iommu,"))
        return TRUE;
    return strstr(device, ",bus=pci.0,addr=") || strstr(device, ",bus=pcie.0,addr=");
}

void kxl_args_sort_devices(KxlArgs *args)
{
    guint to = 0; /* where the next one of them goes; 0: no device seen */

    for (guint i = 0; i + 1 < args->len; i++) {
        char *option = args->pdata[i], *device = args->pdata[i + 1];

        if (!g_str_equal(option, "-device"))
            continue;
        if (to == 0)
            to = i;
        if (has_place(device)) {
            memmove(&args->pdata[to + 2], &args->pdata[to], (i - to) * sizeof args->pdata[0]);
            args->pdata[to] = option;
            args->pdata[to + 1] = device;
            to += 2;
        }
        i++;
    }
}
