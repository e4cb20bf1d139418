/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tables of all devices share: words and the <address> element. */
#include "def-classes.h"
#include "domain-xml.h"

const char *const xml_yes_no[] = { "", "yes", "no", NULL };
const char *const xml_on_off[] = { "", "on", "off", NULL };

static const char *const address_types[] = {
    "",
    [DOMAIN_ADDRESS_PCI] = "pci",
    [DOMAIN_ADDRESS_DRIVE] = "drive",
    [DOMAIN_ADDRESS_VIRTIO_SERIAL] = "virtio-serial",
    [DOMAIN_ADDRESS_USB] = "usb",
    [DOMAIN_ADDRESS_ISA] = "isa",
    [DOMAIN_ADDRESS_UNASSIGNED] = "unassigned",
    [DOMAIN_ADDRESS_DIMM] = "dimm",
    NULL,
};
static const char *const other_address_types[] = {
    "ccid", "ccw", "mdev", "spapr-vio", "virtio-mmio", "virtio-s390", NULL,
};

static gboolean is_pci(const void *object)
{
    return ((const DomainAddress *)object)->type == DOMAIN_ADDRESS_PCI;
}

static gboolean is_drive(const void *object)
{
    return ((const DomainAddress *)object)->type == DOMAIN_ADDRESS_DRIVE;
}

static gboolean has_controller(const void *object)
{
    return is_drive(object) ||
           ((const DomainAddress *)object)->type == DOMAIN_ADDRESS_VIRTIO_SERIAL;
}

static gboolean has_port(const void *object)
{
    int type = ((const DomainAddress *)object)->type;
    return type == DOMAIN_ADDRESS_VIRTIO_SERIAL || type == DOMAIN_ADDRESS_USB;
}

static gboolean has_bus(const void *object)
{
    return is_drive(object) || has_port(object);
}

static gboolean is_dimm(const void *object)
{
    return ((const DomainAddress *)object)->type == DOMAIN_ADDRESS_DIMM;
}

static gboolean is_isa(const void *object)
{
    return ((const DomainAddress *)object)->type == DOMAIN_ADDRESS_ISA;
}

#define F(field) offsetof(DomainAddress, field)
static const XmlRow address_rows[] = {
    { "@type", XML_WORD, F(type), XML_REQUIRED, .words = address_types,
      .refused = other_address_types },
    { "@domain", XML_HEX, F(domain), XML_ALWAYS, .width = 4, .max = 0xffff, .when = is_pci },
    { "@bus", XML_HEX, F(pci_bus), XML_ALWAYS, .width = 2, .max = 0xff, .when = is_pci },
    { "@slot", XML_HEX, F(slot), XML_ALWAYS, .width = 2, .max = 0x1f, .when = is_pci },
    { "@function", XML_HEX, F(function), XML_ALWAYS, .width = 1, .max = 7, .when = is_pci },
    { "@multifunction", XML_WORD, F(multifunction), 0, .words = xml_on_off, .when = is_pci },
    { "@controller", XML_UINT, F(controller), XML_ALWAYS, .when = has_controller },
    { "@bus", XML_UINT, F(bus), XML_ALWAYS, .when = has_bus },
    { "@target", XML_UINT, F(target), XML_ALWAYS, .when = is_drive },
    { "@unit", XML_UINT, F(unit), XML_ALWAYS, .when = is_drive },
    { "@port", XML_STRING, F(port), .when = has_port },
    { "@iobase", XML_HEX, F(iobase), .width = 1, .max = 0xffff, .when = is_isa },
    { "@irq", XML_HEX, F(irq), .width = 1, .max = 0xff, .when = is_isa },
    { "@slot", XML_UINT, F(slot), XML_ALWAYS, .max = 255, .when = is_dimm },
    { "@base", XML_STRING, F(base), XML_LOWER, .when = is_dimm },
    { "zpci", XML_REFUSED },
};
#undef F

static gboolean address_check(gpointer object, xmlNodePtr node, GError **error)
{
    const DomainAddress *address = object;
    guint64 base;

    if (address->base == NULL ||
        g_ascii_string_to_unsigned(g_str_has_prefix(address->base, "0x") ? address->base + 2
                                                                         : address->base,
                                   16, 0, G_MAXINT64, &base, NULL))
        return TRUE;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "base",
              "Invalid value for attribute 'base' in element 'address': '%s'", address->base);
    return FALSE;
}
XML_CLASS_DEFINE(domain_address_class, DomainAddress, address_rows, address_check)
