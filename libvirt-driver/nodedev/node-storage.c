/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks, and SCSI: its hosts (Fibre Channel's, too), targets and units. */
#include "node-internal.h"

#include <stdio.h>
#include <string.h>

#include "sysfs.h"
#include "xml-util.h"

#define FC_HOST_DIR "/sys/class/fc_host"

/* ---- disks: Linux Documentation/ABI/stable/sysfs-block ---- */

/* udev knows, or the name of the file tells. */
char *node_drive_type(GUdevDevice *device)
{
    static const struct {
        const char *prefix, *type;
    } names[] = {
        { "vd", "disk" },   { "xvd", "disk" },  { "nvme", "disk" },
        { "dasd", "disk" }, { "mmcblk", "sd" }, { "sr", "cdrom" },
        { "fd", "floppy" }, { "sd", "disk" },   { "hd", "disk" },
    };
    const char *type = g_udev_device_get_property(device, "ID_TYPE");
    const char *kernel = g_udev_device_get_name(device);

    if (g_udev_device_get_property_as_boolean(device, "ID_DRIVE_FLOPPY"))
        return g_strdup("floppy");
    if (g_udev_device_get_property_as_boolean(device, "ID_DRIVE_FLASH_SD"))
        return g_strdup("sd");
    if (type != NULL)
        return g_strdup(strcmp(type, "cd") == 0 ? "cdrom" : type);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_has_prefix(kernel, names[i].prefix))
            return g_strdup(names[i].type);
    return NULL;
}

static guint64 attribute_number(GUdevDevice *device, const char *file)
{
    g_autofree char *text = node_attribute(device, file);

    return text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;
}

/* bytes: sysfs counts a disk in sectors of 512 bytes whatever its own blocks are. */
static void append_size(GString *xml, GUdevDevice *device, guint indent, const char *element,
                        guint64 bytes)
{
    guint64 block = attribute_number(device, "queue/logical_block_size");

    xml_append(xml, "%*s<%s>%" G_GUINT64_FORMAT "</%s>\n", (int)indent, "", element, bytes,
               element);
    if (block == 0)
        return;
    xml_append(xml, "%*s<logical_block_size>%" G_GUINT64_FORMAT "</logical_block_size>\n",
               (int)indent, "", block);
    xml_append(xml, "%*s<num_blocks>%" G_GUINT64_FORMAT "</num_blocks>\n", (int)indent, "",
               bytes / block);
}

static void append_removable(GString *xml, GUdevDevice *device, const char *drive, guint64 bytes)
{
    gboolean is_cdrom = strcmp(drive, "cdrom") == 0;
    gboolean media =
        is_cdrom ? g_udev_device_get_property_as_boolean(device, "ID_CDROM_MEDIA") : bytes > 0;

    xml_append(xml,
               "    <capability type='removable'>\n      <media_available>%d</media_available>\n",
               media);
    node_append(xml, 6, "media_label", g_udev_device_get_property(device, "ID_FS_LABEL"));
    if (media)
        append_size(xml, device, 6, "media_size", bytes);
    xml_append(xml, "    </capability>\n");
}

static void append_first(GString *xml, GUdevDevice *device, const char *element,
                         const char *property, const char *file)
{
    g_autofree char *text = node_attribute(device, file);
    const char *known = g_udev_device_get_property(device, property);

    node_append(xml, 4, element, known != NULL ? known : text);
}

void node_append_storage(GString *xml, GUdevDevice *device)
{
    g_autofree char *drive = node_drive_type(device);
    guint64 bytes = attribute_number(device, "size") * 512;

    node_append(xml, 4, "block", g_udev_device_get_device_file(device));
    node_append(xml, 4, "bus", g_udev_device_get_property(device, "ID_BUS"));
    node_append(xml, 4, "drive_type", drive);
    append_first(xml, device, "model", "ID_MODEL", "device/model");
    append_first(xml, device, "vendor", "ID_VENDOR", "device/vendor");
    append_first(xml, device, "serial", "ID_SERIAL", "serial");
    if (attribute_number(device, "removable") != 0)
        append_removable(xml, device, drive, bytes);
    else
        append_size(xml, device, 4, "size", bytes);
}

/* ---- SCSI ---- */

/* host3 */
static char *fc_folder(GUdevDevice *device)
{
    return g_build_filename(FC_HOST_DIR, g_udev_device_get_name(device), NULL);
}

guint32 node_scsi_host_more(GUdevDevice *device)
{
    g_autofree char *folder = fc_folder(device);
    g_autofree char *create = g_build_filename(folder, "vport_create", NULL);

    return (g_file_test(folder, G_FILE_TEST_IS_DIR) ? NODE_CAP_FC_HOST : 0) |
           (g_file_test(create, G_FILE_TEST_EXISTS) ? NODE_CAP_VPORTS : 0);
}

/* A number of sysfs, "0x" and 16 digits, as libvirt writes it. */
static char *fc_name(const char *folder, const char *file)
{
    g_autofree char *text = sysfs_text(folder, file);

    if (text == NULL)
        return NULL;
    return g_strdup(g_str_has_prefix(text, "0x") ? text + 2 : text);
}

static void append_fc_host(GString *xml, GUdevDevice *device)
{
    static const struct {
        const char *element, *file;
    } rows[] = {
        { "wwnn", "node_name" },
        { "wwpn", "port_name" },
        { "fabric_wwn", "fabric_name" },
    };
    g_autofree char *folder = fc_folder(device);

    xml_append(xml, "    <capability type='fc_host'>\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = fc_name(folder, rows[i].file);
        node_append(xml, 6, rows[i].element, name);
    }
    xml_append(xml, "    </capability>\n");
}

char *node_fc_key(GUdevDevice *device)
{
    g_autofree char *folder = fc_folder(device);
    g_autofree char *port = fc_name(folder, "port_name"), *node = fc_name(folder, "node_name");

    return port != NULL && node != NULL ? g_strconcat(port, ":", node, NULL) : NULL;
}

static void append_vports(GString *xml, GUdevDevice *device)
{
    g_autofree char *folder = fc_folder(device);
    g_autofree char *most = fc_name(folder, "max_npiv_vports");
    g_autofree char *used = fc_name(folder, "npiv_vports_inuse");

    xml_append(xml, "    <capability type='vport_ops'>\n");
    node_append(xml, 6, "max_vports", most);
    node_append(xml, 6, "vports", used);
    xml_append(xml, "    </capability>\n");
}

void node_append_scsi_host(GString *xml, GUdevDevice *device)
{
    const char *name = g_udev_device_get_name(device);
    g_autofree char *file = g_build_filename("scsi_host", name, "unique_id", NULL);
    g_autofree char *unique = node_attribute(device, file);
    guint32 more = node_scsi_host_more(device);

    node_append(xml, 4, "host", name + strcspn(name, "0123456789"));
    node_append(xml, 4, "unique_id", unique);
    if (more & NODE_CAP_FC_HOST)
        append_fc_host(xml, device);
    if (more & NODE_CAP_VPORTS)
        append_vports(xml, device);
}

/* SCSI's peripheral device types (SPC-4, 6.6.2), as sysfs numbers them. */
static const char *scsi_type(GUdevDevice *device)
{
    static const char *const types[] = { "disk",  "tape",    "printer", "processor", "worm",
                                         "cdrom", "scanner", "mod",     "changer",   NULL,
                                         NULL,    NULL,      "raid",    "enclosure" };
    g_autofree char *text = node_attribute(device, "type");
    guint64 number = text != NULL ? g_ascii_strtoull(text, NULL, 10) : G_N_ELEMENTS(types);

    return number < G_N_ELEMENTS(types) ? types[number] : NULL;
}

/* target0:0:0, or 0:0:0:0 */
void node_append_scsi(GString *xml, GUdevDevice *device)
{
    const char *name = g_udev_device_get_name(device);
    guint host, bus, target, lun;

    if (sscanf(name, "%u:%u:%u:%u", &host, &bus, &target, &lun) != 4) {
        node_append(xml, 4, "target", name);
        return;
    }
    xml_append(xml,
               "    <host>%u</host>\n    <bus>%u</bus>\n    <target>%u</target>\n"
               "    <lun>%u</lun>\n",
               host, bus, target, lun);
    node_append(xml, 4, "type", scsi_type(device));
}
