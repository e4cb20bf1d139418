/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Some smaller devices: input, hostdev, watchdog, memballoon. */
#include "def-classes.h"
#include "domain-xml.h"

/* ---- input ---- */

static const char *const input_types[] = { "", "mouse", "tablet", "keyboard", "passthrough",
                                           "evdev", NULL };
static const char *const grabs[] = { "", "all", NULL };
static const char *const grab_toggles[] = {
    "",          "ctrl-ctrl", "alt-alt",     "shift-shift",
    "meta-meta", "scrolllock", "ctrl-scrolllock", NULL,
};
static const char *const input_buses[] = { "", "ps2", "usb", "xen", "virtio", NULL };
static const char *const other_input_buses[] = { "parallels", "none", NULL };
const char *const domain_virtio_models[] = { "", "virtio", "virtio-transitional",
                                             "virtio-non-transitional", NULL };

static gboolean is_passthrough(const void *object)
{
    return g_strcmp0(((const DomainInput *)object)->type, "passthrough") == 0;
}

static gboolean is_evdev(const void *object)
{
    return g_strcmp0(((const DomainInput *)object)->type, "evdev") == 0;
}

#define F(field) offsetof(DomainInput, field)
static const XmlRow input_rows[] = {
    { "@type", XML_STRING, F(type), XML_REQUIRED | XML_KEY, .words = input_types },
    { "@bus", XML_STRING, F(bus), XML_KEY, .words = input_buses, .refused = other_input_buses },
    { "@model", XML_STRING, F(model), XML_KEPT, .words = domain_virtio_models },
    { "source/@evdev", XML_STRING, F(evdev), XML_REQUIRED, .when = is_passthrough },
    { "source/@dev", XML_STRING, F(dev), XML_REQUIRED, .when = is_evdev },
    { "source/@grab", XML_STRING, F(grab), .words = grabs, .when = is_evdev },
    { "source/@grabToggle", XML_STRING, F(grab_toggle), .words = grab_toggles, .when = is_evdev },
    { "source/@repeat", XML_STRING, F(repeat), .words = xml_on_off, .when = is_evdev },
    DEVICE_VIRTIO_ROWS(DomainInput),
    DEVICE_ALIAS_ACPI_ROW(DomainInput),
    DEVICE_ADDRESS_ROW(DomainInput),
};
#undef F

static gboolean input_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainInput *input = object;

    if (is_passthrough(input) && input->evdev == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "missing evdev path for input device passthrough");
        return FALSE;
    }
    if (is_evdev(input) && input->dev == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "missing dev of input device evdev");
        return FALSE;
    }
    return TRUE;
}
XML_CLASS_DEFINE(domain_input_class, DomainInput, input_rows, input_check)

/* ---- hostdev ---- */

static const char *const hostdev_modes[] = { "", "subsystem", NULL };
static const char *const other_hostdev_modes[] = { "capabilities", NULL };
static const char *const hostdev_types[] = {
    "",
    [DOMAIN_HOSTDEV_PCI] = "pci",
    [DOMAIN_HOSTDEV_USB] = "usb",
    [DOMAIN_HOSTDEV_SCSI] = "scsi",
    [DOMAIN_HOSTDEV_SCSI_HOST] = "scsi_host",
    [DOMAIN_HOSTDEV_MDEV] = "mdev",
    NULL,
};
static const char *const other_hostdev_types[] = { "storage", "misc", "net", NULL };
static const char *const mdev_models[] = { "", "vfio-pci", NULL };
static const char *const other_mdev_models[] = { "vfio-ccw", "vfio-ap", NULL };
static const char *const sgio_modes[] = { "", "filtered", "unfiltered", NULL };
static const char *const scsi_protocols[] = { "", "adapter", NULL };
static const char *const other_scsi_protocols[] = { "iscsi", NULL };
static const char *const vhost_protocols[] = { "", "vhost", NULL };
const char *const domain_hostdev_drivers[] = { "", "kvm", "vfio", "xen", NULL };
static const char *const startup_policies[] = { "",          "default",  "mandatory",
                                                "requisite", "optional", NULL };

static gboolean is_pci(const void *object)
{
    return ((const DomainHostdev *)object)->type == DOMAIN_HOSTDEV_PCI;
}

static gboolean is_usb(const void *object)
{
    return ((const DomainHostdev *)object)->type == DOMAIN_HOSTDEV_USB;
}

static gboolean is_scsi(const void *object)
{
    return ((const DomainHostdev *)object)->type == DOMAIN_HOSTDEV_SCSI;
}

static gboolean is_scsi_host(const void *object)
{
    return ((const DomainHostdev *)object)->type == DOMAIN_HOSTDEV_SCSI_HOST;
}

static gboolean is_mdev(const void *object)
{
    return ((const DomainHostdev *)object)->type == DOMAIN_HOSTDEV_MDEV;
}

static gboolean is_usb_at_address(const void *object)
{
    return is_usb(object) && ((const DomainHostdev *)object)->usb_vendor == 0;
}

static gboolean is_usb_by_id(const void *object)
{
    const DomainHostdev *hostdev = object;
    return is_usb(object) && hostdev->usb_bus == 0 && hostdev->usb_device == 0;
}

#define F(field) offsetof(DomainHostdev, field)
static const XmlRow hostdev_rows[] = {
    { "@mode", XML_STRING, F(mode), .words = hostdev_modes, .refused = other_hostdev_modes,
      .def = "subsystem" },
    { "@type", XML_WORD, F(type), XML_REQUIRED | XML_KEY, .words = hostdev_types,
      .refused = other_hostdev_types },
    { "@managed", XML_WORD, F(managed), .words = xml_yes_no, .def = "no" },
    { "@rawio", XML_STRING, F(rawio), XML_KEPT, .words = xml_yes_no, .when = is_scsi },
    { "@sgio", XML_STRING, F(sgio), XML_KEPT, .words = sgio_modes, .when = is_scsi },
    { "@model", XML_STRING, F(model), .words = domain_virtio_models, .when = is_scsi_host },
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = mdev_models,
      .refused = other_mdev_models, .when = is_mdev },
    { "@display", XML_WORD, F(display), .words = xml_on_off, .when = is_mdev },
    { "@ramfb", XML_WORD, F(ramfb), .words = xml_on_off, .when = is_mdev },
    { "driver/@name", XML_STRING, F(driver_name), XML_KEPT, .words = domain_hostdev_drivers },
    { "source/@protocol", XML_STRING, F(protocol), .words = scsi_protocols,
      .refused = other_scsi_protocols, .when = is_scsi },
    { "source/@protocol", XML_STRING, F(protocol), XML_REQUIRED, .words = vhost_protocols,
      .when = is_scsi_host },
    { "source/@wwpn", XML_STRING, F(wwpn), XML_REQUIRED, .when = is_scsi_host },
    { "source/adapter/@name", XML_STRING, F(adapter), XML_REQUIRED, .when = is_scsi },
    { "source/@startupPolicy", XML_STRING, F(startup_policy), .words = startup_policies,
      .when = is_usb },
    { "source/@guestReset", XML_REFUSED },
    { "source/@writeFiltering", XML_WORD, F(write_filtering), .words = xml_yes_no, .when = is_pci },
    { "source/vendor/@id", XML_HEX, F(usb_vendor), .width = 4, .max = 0xffff,
      .when = is_usb_by_id },
    { "source/product/@id", XML_HEX, F(usb_product), .width = 4, .max = 0xffff,
      .when = is_usb_by_id },
    { "source/address/@domain", XML_HEX, F(pci_domain), XML_ALWAYS, .width = 4, .max = 0xffff,
      .when = is_pci },
    { "source/address/@bus", XML_HEX, F(pci_bus), XML_ALWAYS, .width = 2, .max = 0xff,
      .when = is_pci },
    { "source/address/@slot", XML_HEX, F(pci_slot), XML_ALWAYS, .width = 2, .max = 0x1f,
      .when = is_pci },
    { "source/address/@function", XML_HEX, F(pci_function), XML_ALWAYS, .width = 1, .max = 7,
      .when = is_pci },
    { "source/address/@bus", XML_UINT, F(usb_bus), XML_ALWAYS, .when = is_usb_at_address },
    { "source/address/@device", XML_UINT, F(usb_device), XML_ALWAYS, .when = is_usb_at_address },
    { "source/address/@bus", XML_UINT, F(scsi_bus), XML_REQUIRED | XML_ALWAYS, .when = is_scsi },
    { "source/address/@target", XML_UINT, F(scsi_target), XML_REQUIRED | XML_ALWAYS,
      .when = is_scsi },
    { "source/address/@unit", XML_ULONG, F(scsi_unit), XML_REQUIRED | XML_ALWAYS, .when = is_scsi },
    { "source/address/@uuid", XML_STRING, F(uuid), XML_REQUIRED | XML_LOWER, .when = is_mdev },
    { "readonly", XML_FLAG, F(readonly), .when = is_scsi },
    { "shareable", XML_FLAG, F(shareable), .when = is_scsi },
    { "teaming", XML_REFUSED },
    DEVICE_BOOT_ROW(DomainHostdev),
    DEVICE_ALIAS_ACPI_ROW(DomainHostdev),
    DEVICE_ROM_ROWS(DomainHostdev),
    DEVICE_PLACE_ROW(DomainHostdev),
};
#undef F

static gboolean hostdev_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainHostdev *hostdev = object;

    if (is_usb(hostdev) && hostdev->usb_vendor == 0 && hostdev->usb_bus == 0 &&
        hostdev->usb_device == 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "missing vendor or address in <source> of USB hostdev");
        return FALSE;
    }
    const char *why = NULL;
    if (is_scsi(hostdev) && hostdev->adapter == NULL)
        why = "'adapter' and 'address' must be specified for scsi hostdev source";
    else if (is_scsi(hostdev) && !g_str_has_prefix(hostdev->adapter, "scsi_host"))
        why = "the adapter of a scsi hostdev must be a 'scsi_host'";
    else if (is_scsi_host(hostdev) && hostdev->wwpn == NULL)
        why = "Missing vhost-scsi hostdev source 'protocol' and 'wwpn'";
    else if (is_scsi_host(hostdev) && !g_str_has_prefix(hostdev->wwpn, "naa."))
        why = "malformed 'wwpn' value, not 'naa.' and 16 hexadecimal digits";
    else if (is_mdev(hostdev) && (hostdev->uuid == NULL || !g_uuid_string_is_valid(hostdev->uuid)))
        why = "Missing or malformed 'uuid' attribute for element <address>";
    else if (is_mdev(hostdev) && hostdev->ramfb == DOMAIN_YES && hostdev->display != DOMAIN_YES)
        why = "ramfb can only be enabled along with the display of a hostdev";
    if (why != NULL)
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "%s", why);
    return why == NULL;
}
XML_CLASS_DEFINE(domain_hostdev_class, DomainHostdev, hostdev_rows, hostdev_check)

/* ---- watchdog, balloon ---- */

static const char *const watchdog_models[] = { "", "i6300esb", "ib700", "itco", NULL };
static const char *const other_watchdog_models[] = { "diag288", NULL };
static const char *const watchdog_actions[] = {
    "", "reset", "shutdown", "poweroff", "pause", "dump", "none", "inject-nmi", NULL,
};

#define F(field) offsetof(DomainWatchdog, field)
static const XmlRow watchdog_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = watchdog_models,
      .refused = other_watchdog_models },
    { "@action", XML_STRING, F(action), .words = watchdog_actions, .def = "reset" },
    DEVICE_ALIAS_ROW(DomainWatchdog),
    DEVICE_ADDRESS_ROW(DomainWatchdog),
};
#undef F
XML_CLASS_DEFINE(domain_watchdog_class, DomainWatchdog, watchdog_rows, NULL)

static const char *const balloon_models[] = {
    "", "xen", "virtio", "none", "virtio-transitional", "virtio-non-transitional", NULL,
};

#define F(field) offsetof(DomainMemballoon, field)
static const XmlRow memballoon_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = balloon_models },
    { "@autodeflate", XML_WORD, F(autodeflate), .words = xml_on_off },
    { "@freePageReporting", XML_WORD, F(free_page_reporting), .words = xml_on_off },
    { "stats/@period", XML_UINT, F(stats_period) },
    DEVICE_VIRTIO_ROWS(DomainMemballoon),
    DEVICE_ALIAS_ACPI_ROW(DomainMemballoon),
    DEVICE_ADDRESS_ROW(DomainMemballoon),
};
#undef F
XML_CLASS_DEFINE(domain_memballoon_class, DomainMemballoon, memballoon_rows, NULL)
