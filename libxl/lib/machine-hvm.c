/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fully virtualised PC. */
#include <string.h>

#include "machine-args.h"
#include "vdev.h"

static const struct {
    const char *name, *device;
} usb_devices[] = {
    { "tablet", "usb-tablet" },
    { "mouse", "usb-mouse" },
    { "keyboard", "usb-kbd" },
    { "kbd", "usb-kbd" },
};

/* --- boot ------------------------------------------------------------------------------------- */

static char disk_letter(const KxlDeviceDisk *disk)
{
    KxlVdevClass class = KXL_VDEV_XVD;
    int unit, partition;

    if (disk->is_cdrom)
        return 'd';
    kxl_vdev_parse(disk->vdev, &class, &unit, &partition);
    return disk->is_floppy || class == KXL_VDEV_FD ? 'a' : 'c';
}

/* One of the others has a place in the boot order. */
static gboolean host_device_boots(const KxlDomainConfig *config)
{
    gboolean boots = FALSE;

    for (guint i = 0; i < config->pcis->len; i++)
        boots |= ((const KxlDevicePci *)config->pcis->pdata[i])->bootindex > 0;
    for (guint i = 0; i < config->usbs->len; i++)
        boots |= ((const KxlDeviceUsb *)config->usbs->pdata[i])->bootindex > 0;
    for (guint i = 0; i < config->hostdevs->len; i++)
        boots |= ((const KxlDeviceHost *)config->hostdevs->pdata[i])->bootindex > 0;
    for (guint i = 0; i < config->filesystems->len; i++)
        boots |= ((const KxlDeviceFilesystem *)config->filesystems->pdata[i])->bootindex > 0;
    for (guint i = 0; i < config->redirs->len; i++)
        boots |= ((const KxlDeviceRedir *)config->redirs->pdata[i])->bootindex > 0;
    return boots;
}

/* Boot letters or explicit positions to QEMU's bootindex, 0: never booted from. */
static void boot_order(const KxlDomainConfig *config, int *disk_index, int *nic_index)
{
    const char *letters = config->boot && *config->boot ? config->boot : "cd"; /* xl.cfg(5) */
    gboolean explicit_order = FALSE;
    int next = 1;

    for (guint i = 0; i < config->disks->len; i++) {
        disk_index[i] = ((const KxlDeviceDisk *)config->disks->pdata[i])->bootindex;
        explicit_order |= disk_index[i] > 0;
    }
    for (guint i = 0; i < config->nics->len; i++) {
        nic_index[i] = ((const KxlDeviceNic *)config->nics->pdata[i])->bootindex;
        explicit_order |= nic_index[i] > 0;
    }
    explicit_order |= host_device_boots(config);
    for (; !explicit_order && *letters; letters++) {
        for (guint i = 0; i < config->disks->len; i++)
            if (disk_letter(config->disks->pdata[i]) == *letters)
                disk_index[i] = next++;
        for (guint i = 0; *letters == 'n' && i < config->nics->len; i++)
            nic_index[i] = next++;
    }
}

static gboolean add_boot(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;

    if (config->bootloader)
        return kxl_args_unsupported(error, "bootloader in an HVM domain");
    if (config->kernel)
        kxl_args_add(args, "-kernel", "%s", config->kernel);
    if (config->ramdisk)
        kxl_args_add(args, "-initrd", "%s", config->ramdisk);
    if (config->kernel && config->cmdline)
        kxl_args_add(args, "-append", "%s", config->cmdline);
    return TRUE;
}

/* --- USB -------------------------------------------------------------------------------------- */

static gboolean add_usb_device(KxlArgs *args, const char *name, const char *bus, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(usb_devices); i++) {
        if (g_str_equal(usb_devices[i].name, name)) {
            kxl_args_add(args, "-device", "%s,bus=%s", usb_devices[i].device, bus);
            return TRUE;
        }
    }
    return kxl_args_unsupported(error, "usbdevice '%s'", name);
}

static gboolean add_usb(KxlArgs *args, const KxlDomainConfig *config, GError **error)
{
    char **device = config->usbdevices;
    gboolean own = kxl_controller_find(config, "usb", 0) != NULL;

    if (!config->usb && !(device && *device))
        return TRUE;
    if (!own)
        kxl_args_add(args, "-device", "%s",
                     kxl_board_is_q35(config) ? "ich9-usb-uhci1,id=uhci"
                                              : "piix3-usb-uhci,id=uhci,addr=01.2");
    for (guint i = 0; device && device[i]; i++) {
        gboolean ok = g_str_has_prefix(device[i], "host:")
                          ? kxl_args_usb_host(args, config, device[i], i, error)
                          : add_usb_device(args, device[i], own ? "usb0.0" : "uhci.0", error);

        if (!ok)
            return FALSE;
    }
    return TRUE;
}

gboolean kxl_args_hvm(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlDomainConfig *config = m->config;
    g_autofree int *disk_index = g_new0(int, config->disks->len + 1);
    g_autofree int *nic_index = g_new0(int, config->nics->len + 1);

    boot_order(config, disk_index, nic_index);
    return kxl_args_board(args, m, error) && kxl_args_hvm_cpu(args, m, error) &&
           add_boot(args, m, error) && kxl_args_display(args, m, error) &&
           kxl_args_controllers(args, m, error) && kxl_args_modules(args, m, error) &&
           kxl_args_hvm_disks(args, m, disk_index, error) &&
           kxl_args_hvm_nics(args, m, nic_index, error) && add_usb(args, config, error) &&
           kxl_args_host_devices(args, m, error) && kxl_args_serials(args, m, error) &&
           kxl_args_sounds(args, config, error) && kxl_args_misc(args, m, error) &&
           kxl_args_ports(args, config, error) && kxl_args_smartcards(args, config, error);
}
