/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <address>. */
#include "map.h"

#include "def-classes.h"

void map_bus_options(const DomainDeviceInfo *info, KxlAddress *ret_address)
{
    ret_address->acpi_index = info->acpi_index;
    ret_address->iommu = map_tristate(info->iommu);
    ret_address->ats = map_tristate(info->ats);
    ret_address->packed = map_tristate(info->packed);
    ret_address->page_per_vq = map_tristate(info->page_per_vq);
}

gboolean map_has_bus_options(const DomainDeviceInfo *info)
{
    return info->acpi_index != 0 || info->iommu != DOMAIN_ABSENT || info->ats != DOMAIN_ABSENT ||
           info->packed != DOMAIN_ABSENT || info->page_per_vq != DOMAIN_ABSENT;
}

void map_address(const DomainDeviceInfo *info, KxlAddress *ret_address)
{
    const DomainAddress *from = info->address;

    map_bus_options(info, ret_address);
    if (from == NULL)
        return;
    switch ((DomainAddressType)from->type) {
    case DOMAIN_ADDRESS_PCI:
        ret_address->kind = KXL_ADDRESS_PCI;
        ret_address->domain = from->domain;
        ret_address->bus = from->pci_bus;
        ret_address->slot = from->slot;
        ret_address->function = from->function;
        ret_address->multifunction = from->multifunction == DOMAIN_YES;
        break;
    case DOMAIN_ADDRESS_DRIVE:
        ret_address->kind = KXL_ADDRESS_DRIVE;
        ret_address->controller = from->controller;
        ret_address->bus = from->bus;
        ret_address->target = from->target;
        ret_address->unit = from->unit;
        break;
    case DOMAIN_ADDRESS_USB:
        ret_address->kind = KXL_ADDRESS_USB;
        ret_address->bus = from->bus;
        ret_address->port = g_strdup(from->port);
        break;
    case DOMAIN_ADDRESS_NONE:
    case DOMAIN_ADDRESS_VIRTIO_SERIAL:
    case DOMAIN_ADDRESS_ISA:
    case DOMAIN_ADDRESS_UNASSIGNED:
    case DOMAIN_ADDRESS_DIMM: /* a memory device's own affair */
        break;
    }
}

static DomainAddress *place_from_config(const KxlAddress *from)
{
    static const DomainAddressType types[KXL_ADDRESS_KIND_COUNT] = {
        [KXL_ADDRESS_PCI] = DOMAIN_ADDRESS_PCI,
        [KXL_ADDRESS_DRIVE] = DOMAIN_ADDRESS_DRIVE,
        [KXL_ADDRESS_USB] = DOMAIN_ADDRESS_USB,
    };
    DomainAddress *to;

    if (from->kind == KXL_ADDRESS_NONE)
        return NULL;
    to = xml_object_new(&domain_address_class);
    to->type = (int)types[from->kind];
    to->domain = from->domain;
    to->bus = from->bus;
    to->pci_bus = from->bus;
    to->slot = from->slot;
    to->function = from->function;
    to->multifunction = from->multifunction ? DOMAIN_YES : DOMAIN_ABSENT;
    to->controller = from->controller;
    to->target = from->target;
    to->unit = from->unit;
    to->port = g_strdup(from->port);
    return to;
}

void map_address_from_config(const KxlAddress *from, DomainDeviceInfo *ret_info)
{
    ret_info->address = place_from_config(from);
    ret_info->acpi_index = from->acpi_index;
    ret_info->iommu = map_tristate_back(from->iommu);
    ret_info->ats = map_tristate_back(from->ats);
    ret_info->packed = map_tristate_back(from->packed);
    ret_info->page_per_vq = map_tristate_back(from->page_per_vq);
}

KxlTristate map_tristate(int tristate)
{
    return tristate == DOMAIN_ABSENT ? KXL_DEFAULT : tristate == DOMAIN_YES ? KXL_YES : KXL_NO;
}

int map_tristate_back(KxlTristate tristate)
{
    return tristate == KXL_DEFAULT ? DOMAIN_ABSENT : tristate == KXL_YES ? DOMAIN_YES : DOMAIN_NO;
}
