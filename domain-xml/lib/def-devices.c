/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smaller devices: input, sound, hostdev, watchdog, memballoon, rng, tpm, panic. */
#include "def-classes.h"
#include "domain-xml.h"

/* ---- input ---- */

static const char *const input_types[] = { "", "mouse", "tablet", "keyboard", NULL };
static const char *const other_input_types[] = { "passthrough", "evdev", NULL };
static const char *const input_buses[] = { "", "ps2", "usb", "xen", "virtio", NULL };
static const char *const other_input_buses[] = { "parallels", "none", NULL };
static const char *const virtio_models[] = { "", "virtio", "virtio-transitional",
                                             "virtio-non-transitional", NULL };

#define F(field) offsetof(DomainInput, field)
static const XmlRow input_rows[] = {
    { "@type", XML_STRING, F(type), XML_REQUIRED, .words = input_types,
      .refused = other_input_types },
    { "@bus", XML_STRING, F(bus), .words = input_buses, .refused = other_input_buses },
    { "@model", XML_STRING, F(model), XML_KEPT, .words = virtio_models },
    DEVICE_ALIAS_ROW(DomainInput),
    DEVICE_ADDRESS_ROW(DomainInput),
};
#undef F
XML_CLASS_DEFINE(domain_input_class, DomainInput, input_rows, NULL)

/* ---- sound ---- */

static const char *const sound_models[] = { "",     "sb16", "es1370", "pcspk", "ac97",
                                            "ich6", "ich9", "usb",    NULL };
static const char *const codec_types[] = { "", "duplex", "micro", "output", NULL };

#define F(field) offsetof(DomainParameter, field)
static const XmlRow codec_rows[] = {
    { "@type", XML_STRING, F(name), XML_REQUIRED, .words = codec_types },
};
#undef F
XML_CLASS_DEFINE(domain_codec_class, DomainParameter, codec_rows, NULL)

#define F(field) offsetof(DomainSound, field)
static const XmlRow sound_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED, .words = sound_models },
    { "codec", XML_LIST, F(codecs), XML_KEPT, .item = &domain_codec_class },
    { "audio/@id", XML_STRING, F(audio_id), XML_KEPT | XML_DECIMAL },
    DEVICE_ALIAS_ROW(DomainSound),
    DEVICE_ADDRESS_ROW(DomainSound),
};
#undef F
XML_CLASS_DEFINE(domain_sound_class, DomainSound, sound_rows, NULL)

/* ---- hostdev ---- */

static const char *const hostdev_modes[] = { "", "subsystem", NULL };
static const char *const other_hostdev_modes[] = { "capabilities", NULL };
static const char *const hostdev_types[] = {
    "",
    [DOMAIN_HOSTDEV_PCI] = "pci",
    [DOMAIN_HOSTDEV_USB] = "usb",
    NULL,
};
static const char *const other_hostdev_types[] = { "scsi", "scsi_host", "mdev", "storage",
                                                   "misc", "net",       NULL };
static const char *const hostdev_drivers[] = { "", "kvm", "vfio", "xen", NULL };
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
    { "@type", XML_WORD, F(type), XML_REQUIRED, .words = hostdev_types,
      .refused = other_hostdev_types },
    { "@managed", XML_WORD, F(managed), .words = xml_yes_no, .def = "no" },
    { "driver/@name", XML_STRING, F(driver_name), XML_KEPT, .words = hostdev_drivers },
    { "source/@startupPolicy", XML_STRING, F(startup_policy), XML_KEPT, .words = startup_policies,
      .when = is_usb },
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
    DEVICE_BOOT_ROW(DomainHostdev),
    DEVICE_ALIAS_ROW(DomainHostdev),
    DEVICE_ROM_ROWS(DomainHostdev),
    DEVICE_ADDRESS_ROW(DomainHostdev),
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
    return TRUE;
}
XML_CLASS_DEFINE(domain_hostdev_class, DomainHostdev, hostdev_rows, hostdev_check)

/* ---- watchdog, balloon, rng, tpm, panic ---- */

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
    { "@model", XML_STRING, F(model), XML_REQUIRED | XML_KEPT, .words = balloon_models },
    { "@autodeflate", XML_WORD, F(autodeflate), XML_KEPT, .words = xml_on_off },
    { "@freePageReporting", XML_WORD, F(free_page_reporting), XML_KEPT, .words = xml_on_off },
    { "stats/@period", XML_UINT, F(stats_period), XML_KEPT },
    DEVICE_ALIAS_ROW(DomainMemballoon),
    DEVICE_ADDRESS_ROW(DomainMemballoon),
};
#undef F
XML_CLASS_DEFINE(domain_memballoon_class, DomainMemballoon, memballoon_rows, NULL)

static const char *const rng_backends[] = { "", "random", "builtin", NULL };
static const char *const other_rng_backends[] = { "egd", NULL };

#define F(field) offsetof(DomainRng, field)
static const XmlRow rng_rows[] = {
    { "@model", XML_STRING, F(model), XML_REQUIRED | XML_KEPT, .words = virtio_models },
    { "rate/@bytes", XML_UINT, F(rate_bytes), XML_KEPT },
    { "rate/@period", XML_UINT, F(rate_period), XML_KEPT },
    { "backend", XML_STRING, F(path), XML_KEPT },
    { "backend/@model", XML_STRING, F(backend), XML_REQUIRED | XML_KEPT, .words = rng_backends,
      .refused = other_rng_backends },
    DEVICE_ALIAS_ROW(DomainRng),
    DEVICE_ADDRESS_ROW(DomainRng),
};
#undef F
XML_CLASS_DEFINE(domain_rng_class, DomainRng, rng_rows, NULL)

static const char *const tpm_models[] = { "", "tpm-tis", "tpm-crb", NULL };
static const char *const other_tpm_models[] = { "tpm-spapr", "spapr-tpm-proxy", NULL };
static const char *const tpm_backends[] = { "", "emulator", "passthrough", NULL };
static const char *const other_tpm_backends[] = { "external", NULL };
static const char *const tpm_versions[] = { "", "1.2", "2.0", NULL };

#define F(field) offsetof(DomainTpm, field)
static const XmlRow tpm_rows[] = {
    { "@model", XML_STRING, F(model), XML_KEPT, .words = tpm_models, .refused = other_tpm_models },
    { "backend/@type", XML_STRING, F(backend), XML_REQUIRED | XML_KEPT, .words = tpm_backends,
      .refused = other_tpm_backends },
    { "backend/@version", XML_STRING, F(version), XML_KEPT, .words = tpm_versions },
    { "backend/@persistent_state", XML_WORD, F(persistent_state), XML_KEPT, .words = xml_yes_no },
    { "backend/device/@path", XML_STRING, F(path), XML_KEPT },
    { "backend/encryption", XML_REFUSED },
    DEVICE_ALIAS_ROW(DomainTpm),
    DEVICE_ADDRESS_ROW(DomainTpm),
};
#undef F
XML_CLASS_DEFINE(domain_tpm_class, DomainTpm, tpm_rows, NULL)

static const char *const panic_models[] = { "", "isa", "pvpanic", NULL };
static const char *const other_panic_models[] = { "hyperv", "pseries", "s390", NULL };

#define F(field) offsetof(DomainPanic, field)
static const XmlRow panic_rows[] = {
    { "@model", XML_STRING, F(model), XML_KEPT, .words = panic_models,
      .refused = other_panic_models },
    DEVICE_ALIAS_ROW(DomainPanic),
    DEVICE_ADDRESS_ROW(DomainPanic),
};
#undef F
XML_CLASS_DEFINE(domain_panic_class, DomainPanic, panic_rows, NULL)
