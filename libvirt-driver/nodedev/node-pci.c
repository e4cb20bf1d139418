/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI devices: Linux Documentation/ABI/testing/sysfs-bus-pci, sysfs-bus-vfio-mdev. */
#include "node-internal.h"

#include <stdio.h>
#include <string.h>

#include "xml-util.h"

typedef struct {
    guint domain, bus, slot, function;
} PciAddress;

static gboolean parse_address(const char *text, PciAddress *address)
{
    return text != NULL && sscanf(text, "%x:%x:%x.%x", &address->domain, &address->bus,
                                  &address->slot, &address->function) == 4;
}

static void append_address(GString *xml, guint indent, const char *text)
{
    PciAddress address;

    if (parse_address(text, &address))
        xml_append(xml,
                   "%*s<address domain='0x%04x' bus='0x%02x' slot='0x%02x' function='0x%x'/>\n",
                   (int)indent, "", address.domain, address.bus, address.slot, address.function);
}

static void append_id(GString *xml, GUdevDevice *device, const char *element, const char *file,
                      const char *property)
{
    g_autofree char *id = node_attribute(device, file);
    const char *name = g_udev_device_get_property(device, property);

    if (id == NULL)
        return;
    if (name != NULL)
        xml_append(xml, "    <%s id='%s'>%s</%s>\n", element, id, name, element);
    else
        xml_append(xml, "    <%s id='%s'/>\n", element, id);
}

/* ---- SR-IOV ---- */

static gboolean is_virtual_function(const char *file)
{
    return g_str_has_prefix(file, "virtfn");
}

/* virtfn0, virtfn1, ... virtfn10: by number. */
static int compare_functions(gconstpointer a, gconstpointer b)
{
    const char *const *x = a, *const *y = b;
    guint64 m = g_ascii_strtoull(*x + strlen("virtfn"), NULL, 10);
    guint64 n = g_ascii_strtoull(*y + strlen("virtfn"), NULL, 10);

    return m < n ? -1 : m > n;
}

/* Files of a folder of the device's that pass, sorted: new strings. */
static GPtrArray *list_files(GUdevDevice *device, const char *folder,
                             gboolean (*pass)(const char *file), GCompareFunc compare)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(g_udev_device_get_sysfs_path(device), folder, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *file;

    while (dir != NULL && (file = g_dir_read_name(dir)) != NULL)
        if (pass == NULL || pass(file))
            g_ptr_array_add(files, g_strdup(file));
    g_ptr_array_sort(files, compare);
    return files;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    const char *const *x = a, *const *y = b;

    return strcmp(*x, *y);
}

static void append_functions(GString *xml, GUdevDevice *device)
{
    g_autofree char *most = node_attribute(device, "sriov_totalvfs");
    g_autofree char *physical = node_link(device, "physfn");

    if (physical != NULL) {
        xml_append(xml, "    <capability type='phys_function'>\n");
        append_address(xml, 6, physical);
        xml_append(xml, "    </capability>\n");
    }
    if (most == NULL)
        return;
    g_autoptr(GPtrArray) links = list_files(device, "", is_virtual_function, compare_functions);
    xml_append(xml, "    <capability type='virt_functions' maxCount='%s'%s>\n", most,
               links->len > 0 ? "" : "/");
    for (guint i = 0; i < links->len; i++) {
        g_autofree char *address = node_link(device, links->pdata[i]);
        append_address(xml, 6, address);
    }
    if (links->len > 0)
        xml_append(xml, "    </capability>\n");
}

/* ---- others of its capabilities ---- */

/* PCI Local Bus specification 3.0, 6.1: the header type, its highest bit left out. */
static void append_header(GString *xml, GUdevDevice *device)
{
    enum { PCI_HEADER_TYPE = 0x0e };
    static const char *const names[] = { NULL, "pci-bridge", "cardbus-bridge" };
    g_autofree char *path = g_build_filename(g_udev_device_get_sysfs_path(device), "config", NULL);
    g_autofree char *bytes = NULL;
    gsize len = 0;

    if (!g_file_get_contents(path, &bytes, &len, NULL) || len <= PCI_HEADER_TYPE)
        return;
    guint type = bytes[PCI_HEADER_TYPE] & 0x7f;
    if (type < G_N_ELEMENTS(names) && names[type] != NULL)
        xml_append(xml, "    <capability type='%s'/>\n", names[type]);
}

guint32 node_pci_more(GUdevDevice *device)
{
    return node_has(device, "mdev_supported_types") ? NODE_CAP_MDEV_TYPES : 0;
}

static void append_mdev_types(GString *xml, GUdevDevice *device)
{
    static const struct {
        const char *element, *file;
    } rows[] = {
        { "name", "name" },
        { "deviceAPI", "device_api" },
        { "availableInstances", "available_instances" },
    };

    if (!(node_pci_more(device) & NODE_CAP_MDEV_TYPES))
        return;
    g_autoptr(GPtrArray) types = list_files(device, "mdev_supported_types", NULL, compare_texts);
    xml_append(xml, "    <capability type='mdev_types'>\n");
    for (guint i = 0; i < types->len; i++) {
        xml_append(xml, "      <type id='%s'>\n", (char *)types->pdata[i]);
        for (guint k = 0; k < G_N_ELEMENTS(rows); k++) {
            g_autofree char *file =
                g_build_filename("mdev_supported_types", types->pdata[i], rows[k].file, NULL);
            g_autofree char *text = node_attribute(device, file);
            node_append(xml, 8, rows[k].element, text);
        }
        xml_append(xml, "      </type>\n");
    }
    xml_append(xml, "    </capability>\n");
}

static void append_iommu_group(GString *xml, GUdevDevice *device)
{
    g_autofree char *group = node_link(device, "iommu_group");

    if (group == NULL)
        return;
    g_autoptr(GPtrArray) members = list_files(device, "iommu_group/devices", NULL, compare_texts);
    xml_append(xml, "    <iommuGroup number='%s'>\n", group);
    for (guint i = 0; i < members->len; i++)
        append_address(xml, 6, members->pdata[i]);
    xml_append(xml, "    </iommuGroup>\n");
}

/* "8.0 GT/s PCIe", or "Unknown". */
static void append_link(GString *xml, GUdevDevice *device, const char *validity,
                        const char *speed_file, const char *width_file)
{
    g_autofree char *speed = node_attribute(device, speed_file);
    g_autofree char *width = node_attribute(device, width_file);
    double rate = speed != NULL ? g_ascii_strtod(speed, NULL) : 0;
    char digits[G_ASCII_DTOSTR_BUF_SIZE];

    if (rate <= 0 || width == NULL)
        return;
    xml_append(xml, "      <link validity='%s' speed='%s' width='%s'/>\n", validity,
               g_ascii_formatd(digits, sizeof digits, "%g", rate), width);
}

static void append_express(GString *xml, GUdevDevice *device)
{
    g_autoptr(GString) links = g_string_new(NULL);

    append_link(links, device, "cap", "max_link_speed", "max_link_width");
    append_link(links, device, "sta", "current_link_speed", "current_link_width");
    if (links->len > 0)
        g_string_append_printf(xml, "    <pci-express>\n%s    </pci-express>\n", links->str);
}

void node_append_pci(GString *xml, GUdevDevice *device)
{
    g_autofree char *class = node_attribute(device, "class");
    g_autofree char *numa = node_attribute(device, "numa_node");
    PciAddress address;

    node_append(xml, 4, "class", class);
    if (parse_address(g_udev_device_get_name(device), &address))
        xml_append(xml,
                   "    <domain>%u</domain>\n    <bus>%u</bus>\n    <slot>%u</slot>\n"
                   "    <function>%u</function>\n",
                   address.domain, address.bus, address.slot, address.function);
    append_id(xml, device, "product", "device", "ID_MODEL_FROM_DATABASE");
    append_id(xml, device, "vendor", "vendor", "ID_VENDOR_FROM_DATABASE");
    append_functions(xml, device);
    append_header(xml, device);
    append_mdev_types(xml, device);
    append_iommu_group(xml, device);
    if (numa != NULL && g_ascii_strtoll(numa, NULL, 10) >= 0)
        xml_append(xml, "    <numa node='%s'/>\n", numa);
    append_express(xml, device);
}
