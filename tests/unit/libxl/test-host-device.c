/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of the host, found in a folder that looks like sysfs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "host-device.h"

#define DEVICE "bus/pci/devices/0000:03:00.1"

typedef struct {
    char *sysfs;
    KxlDevicePci pci;
} Fixture;

static void put(const Fixture *f, const char *path, const char *text)
{
    g_autofree char *full = g_build_filename(f->sysfs, path, NULL);
    g_autofree char *dir = g_path_get_dirname(full);

    g_mkdir_with_parents(dir, 0700);
    g_assert_true(g_file_set_contents(full, text, -1, NULL));
}

static void link_to(const Fixture *f, const char *path, const char *target)
{
    g_autofree char *full = g_build_filename(f->sysfs, path, NULL);
    g_autofree char *to = g_build_filename(f->sysfs, target, NULL);

    g_mkdir_with_parents(to, 0700);
    unlink(full);
    g_assert_cmpint(symlink(to, full), ==, 0);
}

static char *get(const Fixture *f, const char *path)
{
    g_autofree char *full = g_build_filename(f->sysfs, path, NULL);

    return kxl_file_read(full, NULL);
}

static void set_up(Fixture *f, gconstpointer data)
{
    f->sysfs = g_dir_make_tmp("kxl-sysfs-XXXXXX", NULL);
    f->pci = (KxlDevicePci){ .bus = 3, .fn = 1, .managed = TRUE };
}

static void tear_down(Fixture *f, gconstpointer data)
{
    kxl_remove_tree(f->sysfs);
    g_free(f->sysfs);
}

static void add_pci(const Fixture *f)
{
    put(f, DEVICE "/driver_override", "(null)\n");
    put(f, "bus/pci/drivers_probe", "");
    put(f, "bus/pci/drivers/e1000e/unbind", "");
    link_to(f, DEVICE "/driver", "bus/pci/drivers/e1000e");
    link_to(f, DEVICE "/iommu_group", "kernel/iommu_groups/7");
    put(f, "bus/pci/drivers/vfio-pci/unbind", "");
}

static void refuse(Fixture *f, int code, const char *pattern)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(kxl_host_pci_check(f->sysfs, &f->pci, &error));
    g_assert_error(error, KXL_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_true(g_pattern_match_simple(pattern, error->message));
}

static void remove_path(const Fixture *f, const char *path)
{
    g_autofree char *full = g_build_filename(f->sysfs, path, NULL);

    kxl_remove_tree(full);
}

static void test_pci_check(Fixture *f, gconstpointer data)
{
    refuse(f, KXL_ERROR_NOT_FOUND, "pci '0000:03:00.1': no such device");
    add_pci(f);
    g_assert_true(kxl_host_pci_check(f->sysfs, &f->pci, NULL));
    f->pci.managed = FALSE;
    refuse(f, KXL_ERROR_STATE, "*has driver 'e1000e', not 'vfio-pci'*");
    link_to(f, DEVICE "/driver", "bus/pci/drivers/vfio-pci");
    g_assert_true(kxl_host_pci_check(f->sysfs, &f->pci, NULL));
    g_assert_false(kxl_host_pci_is_to_take(f->sysfs, &f->pci));
    remove_path(f, "bus/pci/drivers/vfio-pci");
    refuse(f, KXL_ERROR_NOT_FOUND, "*has no driver 'vfio-pci'*");
    remove_path(f, DEVICE "/iommu_group");
    refuse(f, KXL_ERROR_UNSUPPORTED, "*no IOMMU*");
}

static void test_pci_take(Fixture *f, gconstpointer data)
{
    g_autofree char *override = NULL, *unbind = NULL, *probe = NULL;
    g_autoptr(GError) error = NULL;

    add_pci(f);
    g_assert_true(kxl_host_pci_is_to_take(f->sysfs, &f->pci));
    kxl_host_pci_take(f->sysfs, &f->pci, &error);
    g_assert_no_error(error);
    override = get(f, DEVICE "/driver_override");
    unbind = get(f, "bus/pci/drivers/e1000e/unbind");
    probe = get(f, "bus/pci/drivers_probe");
    g_assert_true(g_str_has_prefix(override, "vfio-pci\n"));
    g_assert_cmpstr(unbind, ==, "0000:03:00.1");
    g_assert_cmpstr(probe, ==, "0000:03:00.1");

    /* Another driver has it by now. */
    link_to(f, DEVICE "/driver", "bus/pci/drivers/vfio-pci");
    g_free(override);
    g_free(unbind);
    put(f, DEVICE "/driver_override", "");
    kxl_host_pci_return(f->sysfs, &f->pci, &error);
    g_assert_no_error(error);
    override = get(f, DEVICE "/driver_override");
    unbind = get(f, "bus/pci/drivers/vfio-pci/unbind");
    g_assert_cmpstr(override, ==, "\n");
    g_assert_cmpstr(unbind, ==, "0000:03:00.1");
}

/* --- USB -------------------------------------------------------------------------------------- */

static void add_usb(const Fixture *f, const char *name, guint bus, guint device, const char *vendor,
                    const char *product)
{
    const struct {
        const char *file;
        char *text;
    } files[] = {
        { "busnum", g_strdup_printf("%u\n", bus) },
        { "devnum", g_strdup_printf("%u\n", device) },
        { "idVendor", g_strdup_printf("%s\n", vendor) },
        { "idProduct", g_strdup_printf("%s\n", product) },
    };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename("bus/usb/devices", name, files[i].file, NULL);

        put(f, path, files[i].text);
        g_free(files[i].text);
    }
}

static void test_usb(Fixture *f, gconstpointer data)
{
    static const struct {
        KxlDeviceUsb wanted;
        guint bus, device; /* 0: not found, or (code) */
        int code;
    } rows[] = {
        { { .vendor = 0x1234, .product = 0xbeef }, 1, 4, 0 },
        { { .vendor = 0x1234, .product = 0xbee0 }, 0, 0, KXL_ERROR_NOT_FOUND },
        { { .vendor = 0x0781, .product = 0x5567 }, 0, 0, KXL_ERROR_INVALID },
        { { .vendor = 0x0781, .product = 0x5567, .bus = 2, .device = 3 }, 2, 3, 0 },
        { { .bus = 2, .device = 2 }, 2, 2, 0 },
        { { .bus = 2, .device = 9 }, 0, 0, KXL_ERROR_NOT_FOUND },
        { { .vendor = 0x1234, .product = 0xbeef, .bus = 2, .device = 2 },
          0,
          0,
          KXL_ERROR_NOT_FOUND },
    };
    KxlDeviceUsb none = { .bus = 1, .device = 1 };

    g_assert_false(kxl_host_usb_find(f->sysfs, &none, NULL));
    add_usb(f, "1-1", 1, 4, "1234", "beef");
    add_usb(f, "2-1", 2, 2, "0781", "5567");
    add_usb(f, "2-2", 2, 3, "0781", "5567");
    put(f, "bus/usb/devices/1-1:1.0/bInterfaceNumber", "00\n");
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        KxlDeviceUsb usb = rows[i].wanted;
        gboolean ok = kxl_host_usb_find(f->sysfs, &usb, &error);

        g_test_message("row %u: %s", i, error ? error->message : "found");
        g_assert_cmpint(ok, ==, rows[i].bus != 0);
        if (!ok) {
            g_assert_error(error, KXL_ERROR, rows[i].code);
            continue;
        }
        g_assert_cmpuint(usb.bus, ==, rows[i].bus);
        g_assert_cmpuint(usb.device, ==, rows[i].device);
    }
}

#define ADD(name, func) g_test_add("/host-device/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("pci-check", test_pci_check);
    ADD("pci-take", test_pci_take);
    ADD("usb", test_usb);
    return g_test_run();
}
