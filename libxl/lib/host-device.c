/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "kxl-sysfs.h"

/* --- PCI: Linux Documentation/ABI/testing/sysfs-bus-pci --------------------------------------- */

char *kxl_pci_name(const KxlDevicePci *pci)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", pci->domain, pci->bus, pci->dev, pci->fn);
}

char *kxl_host_pci_file(const char *sysfs, const KxlDevicePci *pci, const char *file)
{
    g_autofree char *name = kxl_pci_name(pci);

    return g_build_filename(sysfs, "bus/pci/devices", name, file, NULL);
}

char *kxl_host_pci_driver(const char *sysfs, const KxlDevicePci *pci)
{
    g_autofree char *link = kxl_host_pci_file(sysfs, pci, "driver");

    return kxl_file_link_name(link);
}

gboolean kxl_pci_parse(const char *text, KxlDevicePci *ret_pci, const char **ret_rest)
{
    guint domain = 0, bus, slot, function;
    int used = 0;

    *ret_rest = text;
    if (sscanf(text, "%4x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function, &used) != 4) {
        domain = 0;
        if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function, &used) != 3)
            return FALSE;
    }
    if (slot > 0x1f || function > 7)
        return FALSE;
    ret_pci->domain = domain;
    ret_pci->bus = bus;
    ret_pci->dev = slot;
    ret_pci->fn = function;
    *ret_rest = text + used;
    return TRUE;
}

gboolean kxl_pci_equal(const KxlDevicePci *a, const KxlDevicePci *b)
{
    return a->domain == b->domain && a->bus == b->bus && a->dev == b->dev && a->fn == b->fn;
}

static gboolean write_attribute(const char *path, const char *text, GError **error)
{
    int failed = kxl_sysfs_write(path, text);

    return failed == 0 || kxl_error_set_errno(error, failed, "cannot write '%s'", path);
}

gboolean kxl_host_pci_check(const char *sysfs, const KxlDevicePci *pci, GError **error)
{
    g_autofree char *name = kxl_pci_name(pci);
    g_autofree char *device = kxl_host_pci_file(sysfs, pci, NULL);
    g_autofree char *group = kxl_host_pci_file(sysfs, pci, "iommu_group");
    g_autofree char *driver = kxl_host_pci_driver(sysfs, pci);
    g_autofree char *vfio = g_build_filename(sysfs, "bus/pci/drivers", KXL_VFIO_DRIVER, NULL);

    if (!g_file_test(device, G_FILE_TEST_IS_DIR))
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "pci '%s': no such device", name);
    else if (!g_file_test(group, G_FILE_TEST_EXISTS))
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "pci '%s' is not supported: the host has no IOMMU, or does not use it", name);
    else if (!g_file_test(vfio, G_FILE_TEST_IS_DIR))
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                    "pci '%s': the host has no driver '" KXL_VFIO_DRIVER
                    "' (modprobe " KXL_VFIO_DRIVER ")",
                    name);
    else if (!pci->managed && g_strcmp0(driver, KXL_VFIO_DRIVER) != 0)
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                    "pci '%s': has driver '%s', not '" KXL_VFIO_DRIVER "', and is not managed",
                    name, driver ? driver : "none");
    else
        return TRUE;
    return FALSE;
}

/* Makes it the device of this driver: "" for whichever wants it. */
static gboolean rebind(const char *sysfs, const KxlDevicePci *pci, const char *driver,
                       GError **error)
{
    g_autofree char *name = kxl_pci_name(pci);
    g_autofree char *override = kxl_host_pci_file(sysfs, pci, "driver_override");
    g_autofree char *unbind = kxl_host_pci_file(sysfs, pci, "driver/unbind");
    g_autofree char *probe = g_build_filename(sysfs, "bus/pci/drivers_probe", NULL);
    g_autofree char *line = g_strconcat(driver, "\n", NULL);

    return write_attribute(override, line, error) &&
           (!g_file_test(unbind, G_FILE_TEST_EXISTS) || write_attribute(unbind, name, error)) &&
           write_attribute(probe, name, error);
}

gboolean kxl_host_pci_is_to_take(const char *sysfs, const KxlDevicePci *pci)
{
    g_autofree char *driver = kxl_host_pci_driver(sysfs, pci);

    return pci->managed && g_strcmp0(driver, KXL_VFIO_DRIVER) != 0;
}

gboolean kxl_host_pci_take(const char *sysfs, const KxlDevicePci *pci, GError **error)
{
    return rebind(sysfs, pci, KXL_VFIO_DRIVER, error);
}

/* The override goes, so that the driver finds it by what it is. */
gboolean kxl_host_pci_return(const char *sysfs, const KxlDevicePci *pci, GError **error)
{
    return rebind(sysfs, pci, "", error);
}

gboolean kxl_host_pci_reset(const char *sysfs, const KxlDevicePci *pci, GError **error)
{
    g_autofree char *reset = kxl_host_pci_file(sysfs, pci, "reset");
    g_autofree char *name = kxl_pci_name(pci);

    if (g_file_test(reset, G_FILE_TEST_EXISTS))
        return write_attribute(reset, "1", error);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                "pci '%s': the kernel knows no way to reset it alone", name);
    return FALSE;
}

/* --- USB: Linux Documentation/ABI/stable/sysfs-bus-usb ---------------------------------------- */

static gboolean read_number(const char *dir, const char *file, int base, guint *ret_number)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *text = kxl_file_read(path, NULL);

    if (!text)
        return FALSE;
    *ret_number = (guint)g_ascii_strtoull(text, NULL, base);
    return TRUE;
}

/* What the folder of a device says; interfaces of one have no numbers. */
static gboolean read_device(const char *dir, KxlDeviceUsb *usb)
{
    return read_number(dir, "busnum", 10, &usb->bus) &&
           read_number(dir, "devnum", 10, &usb->device) &&
           read_number(dir, "idVendor", 16, &usb->vendor) &&
           read_number(dir, "idProduct", 16, &usb->product);
}

static gboolean matches(const KxlDeviceUsb *wanted, const KxlDeviceUsb *is)
{
    if (wanted->vendor && (wanted->vendor != is->vendor || wanted->product != is->product))
        return FALSE;
    return (wanted->bus == 0 && wanted->device == 0) ||
           (wanted->bus == is->bus && wanted->device == is->device);
}

static char *describe(const KxlDeviceUsb *usb)
{
    return usb->vendor ? g_strdup_printf("%04x:%04x", usb->vendor, usb->product)
                       : g_strdup_printf("%u.%u", usb->bus, usb->device);
}

gboolean kxl_host_usb_find(const char *sysfs, KxlDeviceUsb *usb, GError **error)
{
    g_autofree char *folder = g_build_filename(sysfs, "bus/usb/devices", NULL);
    g_autofree char *title = describe(usb);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    KxlDeviceUsb found = { 0 };
    const char *name;
    guint n = 0;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        KxlDeviceUsb is = { 0 };

        if (read_device(path, &is) && matches(usb, &is)) {
            found = is;
            n++;
        }
    }
    if (n != 1) {
        g_set_error(error, KXL_ERROR, n == 0 ? KXL_ERROR_NOT_FOUND : KXL_ERROR_INVALID,
                    n == 0 ? "usb '%s': no such device"
                           : "usb '%s': several such devices, name bus and device",
                    title);
        return FALSE;
    }
    usb->bus = found.bus;
    usb->device = found.device;
    return TRUE;
}

/* --- SCSI ------------------------------------------------------------------------------------- */

/* "scsi_host0" and what is behind it: Linux's H:C:T:L, and the character device of it. */
void kxl_host_scsi_find(const char *sysfs, KxlDeviceHost *device)
{
    guint host;
    char end;
    g_autofree char *name = NULL, *folder = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *generic;

    if (g_strcmp0(device->kind, "scsi") != 0)
        return;
    g_clear_pointer(&device->node, g_free);
    if (!device->adapter || sscanf(device->adapter, "scsi_host%u%c", &host, &end) != 1)
        return;
    name = g_strdup_printf("%u:%u:%u:%" G_GUINT64_FORMAT, host, device->bus, device->target,
                           device->unit);
    folder = g_build_filename(sysfs, "bus/scsi/devices", name, "scsi_generic", NULL);
    dir = g_dir_open(folder, 0, NULL);
    generic = dir ? g_dir_read_name(dir) : NULL;
    if (generic)
        device->node = g_strconcat("/dev/", generic, NULL);
}
