/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of devices, and what the XML of the simple ones says. */
#include "node-internal.h"

#include <string.h>

#include "sysfs.h"
#include "xml-util.h"

#define DMI_DIR "/sys/class/dmi/id"

char *node_attribute(GUdevDevice *device, const char *file)
{
    return sysfs_text(g_udev_device_get_sysfs_path(device), file);
}

gboolean node_has(GUdevDevice *device, const char *file)
{
    g_autofree char *path = g_build_filename(g_udev_device_get_sysfs_path(device), file, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

char *node_link(GUdevDevice *device, const char *file)
{
    g_autofree char *path = g_build_filename(g_udev_device_get_sysfs_path(device), file, NULL);
    g_autofree char *target = realpath(path, NULL);

    return target != NULL && node_has(device, file) ? g_path_get_basename(target) : NULL;
}

void node_append(GString *xml, guint indent, const char *element, const char *text)
{
    if (text != NULL)
        xml_append(xml, "%*s<%s>%s</%s>\n", (int)indent, "", element, text, element);
}

static void append_attribute(GString *xml, GUdevDevice *device, const char *element,
                             const char *file)
{
    g_autofree char *text = node_attribute(device, file);

    node_append(xml, 4, element, text);
}

/* ---- the host ---- */

static void append_system(GString *xml, GUdevDevice *none)
{
    static const struct {
        const char *section, *element, *file; /* section NULL: as the one before */
    } rows[] = {
        { "hardware", "vendor", "sys_vendor" },  { NULL, "version", "product_version" },
        { NULL, "serial", "product_serial" },    { NULL, "uuid", "product_uuid" },
        { "firmware", "vendor", "bios_vendor" }, { NULL, "version", "bios_version" },
        { NULL, "release_date", "bios_date" },
    };
    g_autofree char *product = sysfs_text(DMI_DIR, "product_name");
    const char *section = NULL;

    node_append(xml, 4, "product", product);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = sysfs_text(DMI_DIR, rows[i].file);

        if (rows[i].section != NULL) {
            if (section != NULL)
                xml_append(xml, "    </%s>\n", section);
            section = rows[i].section;
            xml_append(xml, "    <%s>\n", section);
        }
        node_append(xml, 6, rows[i].element, text);
    }
    xml_append(xml, "    </%s>\n", section);
}

/* ---- USB: Linux Documentation/ABI/testing/sysfs-bus-usb ---- */

static void append_usb_name(GString *xml, GUdevDevice *device, const char *element, const char *id,
                            const char *file, const char *property)
{
    g_autofree char *number = node_attribute(device, id), *text = node_attribute(device, file);
    const char *known = g_udev_device_get_property(device, property);
    const char *name = known != NULL ? known : text;

    if (number == NULL)
        return;
    xml_append(xml, "    <%s id='0x%s'", element, number);
    if (name != NULL)
        xml_append(xml, ">%s</%s>\n", name, element);
    else
        xml_append(xml, "/>\n");
}

static void append_usb_device(GString *xml, GUdevDevice *device)
{
    append_attribute(xml, device, "bus", "busnum");
    append_attribute(xml, device, "device", "devnum");
    append_usb_name(xml, device, "product", "idProduct", "product", "ID_MODEL_FROM_DATABASE");
    append_usb_name(xml, device, "vendor", "idVendor", "manufacturer", "ID_VENDOR_FROM_DATABASE");
}

static void append_usb_interface(GString *xml, GUdevDevice *device)
{
    static const struct {
        const char *element, *file;
    } rows[] = {
        { "number", "bInterfaceNumber" },
        { "class", "bInterfaceClass" },
        { "subclass", "bInterfaceSubClass" },
        { "protocol", "bInterfaceProtocol" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) { /* hexadecimal there, decimal here */
        g_autofree char *text = node_attribute(device, rows[i].file);

        if (text != NULL)
            xml_append(xml, "    <%s>%" G_GUINT64_FORMAT "</%s>\n", rows[i].element,
                       g_ascii_strtoull(text, NULL, 16), rows[i].element);
    }
    append_attribute(xml, device, "description", "interface");
}

/* ---- others ---- */

static void append_scsi_generic(GString *xml, GUdevDevice *device)
{
    node_append(xml, 4, "char", g_udev_device_get_device_file(device));
}

static void append_drm(GString *xml, GUdevDevice *device)
{
    const char *name = g_udev_device_get_name(device);

    node_append(xml, 4, "type",
                g_str_has_prefix(name, "card")       ? "primary"
                : g_str_has_prefix(name, "controlD") ? "control"
                                                     : "render");
}

static void append_mdev(GString *xml, GUdevDevice *device)
{
    g_autofree char *type = node_link(device, "mdev_type"),
                    *group = node_link(device, "iommu_group");
    g_autofree char *parent = node_link(device, "..");

    if (type != NULL)
        xml_append(xml, "    <type id='%s'/>\n", type);
    node_append(xml, 4, "uuid", g_udev_device_get_name(device));
    node_append(xml, 4, "parent_addr", parent);
    if (group != NULL)
        xml_append(xml, "    <iommuGroup number='%s'/>\n", group);
}

void node_append_defined_mdev(GString *xml, const MdevConfig *config)
{
    xml_append(xml, "    <type id='%s'/>\n", config->type);
    node_append(xml, 4, "uuid", config->uuid);
    node_append(xml, 4, "parent_addr", config->parent);
    for (guint i = 0; i < config->attributes->len; i++) {
        const MdevAttribute *attribute = config->attributes->pdata[i];
        xml_append(xml, "    <attr name='%s' value='%s'/>\n", attribute->name, attribute->value);
    }
}

const NodeKind node_kind_system = { "system", NODE_CAP_SYSTEM, NULL, NULL, append_system, NULL };

static const NodeKind kinds[] = {
    { "mdev", NODE_CAP_MDEV, "mdev", NULL, append_mdev, NULL }, /* see node_kind_mdev */
    { "pci", NODE_CAP_PCI, "pci", NULL, node_append_pci, node_pci_more },
    { "usb_device", NODE_CAP_USB_DEVICE, "usb", "usb_device", append_usb_device, NULL },
    { "usb", NODE_CAP_USB_INTERFACE, "usb", "usb_interface", append_usb_interface, NULL },
    { "net", NODE_CAP_NET, "net", NULL, node_append_net, NULL },
    { "scsi_host", NODE_CAP_SCSI_HOST, "scsi", "scsi_host", node_append_scsi_host,
      node_scsi_host_more },
    { "scsi_target", NODE_CAP_SCSI_TARGET, "scsi", "scsi_target", node_append_scsi, NULL },
    { "scsi", NODE_CAP_SCSI, "scsi", "scsi_device", node_append_scsi, NULL },
    { "storage", NODE_CAP_STORAGE, "block", "disk", node_append_storage, NULL },
    { "scsi_generic", NODE_CAP_SCSI_GENERIC, "scsi_generic", NULL, append_scsi_generic, NULL },
    { "drm", NODE_CAP_DRM, "drm", "drm_minor", append_drm, NULL },
};

const NodeKind *const node_kind_mdev = &kinds[0];

const NodeKind *node_kind(GUdevDevice *device)
{
    const char *subsystem = g_udev_device_get_subsystem(device);
    const char *devtype = g_udev_device_get_devtype(device);

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *drive = NULL;

        if (g_strcmp0(subsystem, kinds[i].subsystem) != 0 ||
            (kinds[i].devtype != NULL && g_strcmp0(devtype, kinds[i].devtype) != 0))
            continue;
        if (kinds[i].flag == NODE_CAP_STORAGE && (drive = node_drive_type(device)) == NULL)
            return NULL;
        return &kinds[i];
    }
    return NULL;
}
