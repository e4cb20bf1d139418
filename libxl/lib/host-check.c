/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "affinity.h"
#include "bootloader.h"
#include "disk-fds.h"
#include "file.h"
#include "host-device.h"
#include "kxl-image.h"
#include "kxl-sysfs.h"
#include "machine-image.h"
#include "nic-function.h"
#include "nic-host.h"
#include "process.h"
#include "rundir.h"

/* --- files ------------------------------------------------------------------------------------ */

/* A regular file, or a block device when that will do, which may be opened in this way. */
static gboolean check_file(const char *what, const char *path, int mode, gboolean block_ok,
                           GError **error)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return kxl_error_set_errno(error, errno, "%s '%s'", what, path);
    if (S_ISDIR(st.st_mode)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "%s '%s': is a directory", what, path);
        return FALSE;
    }
    if (!S_ISREG(st.st_mode) && !(block_ok && S_ISBLK(st.st_mode))) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "%s '%s': not a file%s", what, path,
                    block_ok ? " or block device" : "");
        return FALSE;
    }
    if (faccessat(AT_FDCWD, path, mode, AT_EACCESS) < 0)
        return kxl_error_set_errno(error, errno, "%s '%s': %s", what, path,
                                   mode & W_OK ? "cannot be written" : "cannot be read");
    return TRUE;
}

static gboolean check_folder(const KxlDeviceDisk *disk, GError **error)
{
    if (g_file_test(disk->path, G_FILE_TEST_IS_DIR))
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "disk '%s': '%s' is not a folder",
                disk->vdev, disk->path);
    return FALSE;
}

gboolean kxl_host_check_disk(const KxlDeviceDisk *disk, GError **error)
{
    int mode = R_OK | (kxl_disk_writes_image(disk) ? W_OK : 0);

    if (disk->is_uri || kxl_disk_is_empty(disk))
        return TRUE;
    if (disk->fd_group)
        return kxl_disk_fds_check(disk, error);
    if (disk->is_dir)
        return check_folder(disk, error);
    return check_file("disk", disk->path, mode, TRUE, error) &&
           kxl_image_check_chain(disk->path, kxl_image_driver(disk->format), KXL_CHAIN_START,
                                 error);
}

static gboolean check_disks(const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (!kxl_host_check_disk(config->disks->pdata[i], error))
            return FALSE;
    return TRUE;
}

static gboolean check_interface(const char *name, guint i, GError **error)
{
    g_autofree char *path = g_build_filename("/sys/class/net", name, NULL);

    if (g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "vif %u: interface '%s' does not exist", i,
                name);
    return FALSE;
}

static gboolean check_tap(const KxlDeviceNic *nic, guint i, GError **error)
{
    const char *tun = "/dev/net/tun", *vhost = "/dev/vhost-net";

    if (nic->kind == KXL_NIC_DIRECT && !check_interface(nic->source_dev, i, error))
        return FALSE;
    if (nic->kind == KXL_NIC_TAP && !check_interface(nic->ifname, i, error))
        return FALSE;
    if (nic->kind != KXL_NIC_DIRECT && faccessat(AT_FDCWD, tun, R_OK | W_OK, AT_EACCESS) < 0)
        return kxl_error_set_errno(error, errno, "vif %u: '%s'", i, tun);
    return g_strcmp0(nic->driver, "vhost") != 0 ||
           faccessat(AT_FDCWD, vhost, R_OK | W_OK, AT_EACCESS) == 0 ||
           kxl_error_set_errno(error, errno, "vif %u: driver 'vhost': '%s'", i, vhost);
}

static gboolean check_script(const KxlDeviceNic *nic, guint i, GError **error)
{
    g_autofree char *interface = g_build_filename("/sys/class/net", nic->bridge, NULL);
    g_autofree char *bridge = g_build_filename(interface, "bridge", NULL);
    g_autofree char *script = g_path_get_basename(nic->script);
    gboolean is_bridge = g_str_equal(script, "vif-bridge");

    if (faccessat(AT_FDCWD, nic->script, X_OK, AT_EACCESS) < 0)
        return kxl_error_set_errno(error, errno, "vif %u: script '%s'", i, nic->script);
    /* Routing and NAT have no bridge. */
    if (is_bridge && !g_file_test(bridge, G_FILE_TEST_IS_DIR)) {
        gboolean exists = g_file_test(interface, G_FILE_TEST_EXISTS);

        g_set_error(error, KXL_ERROR, exists ? KXL_ERROR_INVALID : KXL_ERROR_NOT_FOUND,
                    exists ? "vif %u: '%s' is not a bridge" : "vif %u: bridge '%s' does not exist",
                    i, nic->bridge);
        return FALSE;
    }
    return TRUE;
}

/* A client that does not try again needs somebody there. */
static gboolean check_vhost_user(const KxlDeviceNic *nic, guint i, GError **error)
{
    return nic->listens || nic->reconnect_secs ||
           faccessat(AT_FDCWD, nic->path, R_OK | W_OK, AT_EACCESS) == 0 ||
           kxl_error_set_errno(error, errno, "vif %u: socket '%s'", i, nic->path);
}

gboolean kxl_host_check_nic(const KxlDomainConfig *config, guint i, GError **error)
{
    const KxlDeviceNic *nic = config->nics->pdata[i];

    if (nic->kind == KXL_NIC_FUNCTION) {
        g_autoptr(GPtrArray) others = kxl_host_pci_list(config);

        return kxl_nic_function_check(kxl_sysfs_dir(), nic, others, error);
    }
    if (nic->kind == KXL_NIC_VHOST_USER && !check_vhost_user(nic, i, error))
        return FALSE;
    return (!kxl_nic_has_tap(nic) || check_tap(nic, i, error)) &&
           (nic->kind != KXL_NIC_BRIDGE || check_script(nic, i, error));
}

static gboolean check_nics(const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->nics->len; i++)
        if (!kxl_host_check_nic(config, i, error))
            return FALSE;
    return TRUE;
}

/* By name in usbdevices, or in full. One that may be missing has been left out before. */
static gboolean check_usbs(const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; config->usbdevices && config->usbdevices[i]; i++) {
        KxlDeviceUsb usb;

        if (kxl_usb_parse(config->usbdevices[i], &usb) &&
            !kxl_host_usb_find(kxl_sysfs_dir(), &usb, error))
            return FALSE;
    }
    for (guint i = 0; i < config->usbs->len; i++) {
        KxlDeviceUsb usb = *(const KxlDeviceUsb *)config->usbs->pdata[i];

        if (!kxl_host_usb_find(kxl_sysfs_dir(), &usb, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean check_host_devices(const KxlDomainConfig *config, GError **error)
{
    if (config->type != KXL_TYPE_HVM)
        return TRUE;
    for (guint i = 0; i < config->pcis->len; i++)
        if (!kxl_host_pci_check(kxl_sysfs_dir(), config->pcis->pdata[i], error))
            return FALSE;
    for (guint i = 0; i < config->filesystems->len; i++) {
        const KxlDeviceFilesystem *fs = config->filesystems->pdata[i];

        if (fs->socket) {
            if (faccessat(AT_FDCWD, fs->socket, R_OK | W_OK, AT_EACCESS) < 0)
                return kxl_error_set_errno(error, errno, "filesystem '%s': socket '%s'", fs->tag,
                                           fs->socket);
            continue;
        }
        if (g_file_test(fs->path, G_FILE_TEST_IS_DIR))
            continue;
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "filesystem '%s': '%s' is not a folder",
                    fs->tag, fs->path);
        return FALSE;
    }
    return check_usbs(config, error);
}

static gboolean check_emulator(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    const char *qemu = config->device_model ? config->device_model : kxl_host_qemu_path(host);
    g_autofree char *found = g_find_program_in_path(qemu);

    if (!found) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "emulator '%s' is missing", qemu);
        return FALSE;
    }
    return config->type != KXL_TYPE_PV ||
           check_file("hypervisor image", kxl_host_hv_image(host), R_OK, FALSE, error);
}

static gboolean check_boot(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    g_autofree char *kernel = NULL;

    if (config->type == KXL_TYPE_PV) {
        kernel = kxl_bootloader_kernel(host, config, error);
        if (!kernel)
            return FALSE;
    } else {
        kernel = g_strdup(config->kernel);
    }
    if (kernel && !check_file("kernel", kernel, R_OK, FALSE, error))
        return FALSE;
    if (config->ramdisk && !check_file("ramdisk", config->ramdisk, R_OK, FALSE, error))
        return FALSE;
    return !config->firmware_path ||
           check_file("firmware", config->firmware_path, R_OK, FALSE, error);
}

gboolean kxl_host_check_files(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    return check_emulator(host, config, error) && check_boot(host, config, error) &&
           check_disks(config, error) && check_nics(config, error) &&
           kxl_host_check_devices(config, error) && check_host_devices(config, error) &&
           (!config->cpus ||
            kxl_affinity_check(config->cpus, (guint)sysconf(_SC_NPROCESSORS_CONF), error));
}

/* --- other domains ---------------------------------------------------------------------------- */

static gboolean same_file(const char *a, const char *b)
{
    struct stat x, y;

    if (g_str_equal(a, b))
        return TRUE;
    if (stat(a, &x) < 0 || stat(b, &y) < 0)
        return FALSE;
    if (S_ISBLK(x.st_mode) && S_ISBLK(y.st_mode))
        return x.st_rdev == y.st_rdev;
    return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static gboolean disks_conflict(const KxlDeviceDisk *a, const KxlDeviceDisk *b)
{
    if (kxl_disk_is_empty(a) || kxl_disk_is_empty(b))
        return FALSE;
    if (!kxl_disk_writes_image(a) && !kxl_disk_writes_image(b))
        return FALSE;
    if (a->shareable && b->shareable)
        return FALSE;
    return same_file(a->path, b->path);
}

static gboolean in_use(GError **error, KxlError code, const char *thing, const char *value,
                       const KxlDomainConfig *other)
{
    g_set_error(error, KXL_ERROR, code, "%s '%s' is in use by domain '%s'", thing, value,
                other->name);
    return FALSE;
}

static gboolean check_against_disks(const KxlDomainConfig *config, const KxlDomainConfig *other,
                                    GError **error)
{
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *mine = config->disks->pdata[i];

        for (guint n = 0; n < other->disks->len; n++)
            if (disks_conflict(mine, other->disks->pdata[n]))
                return in_use(error, KXL_ERROR_IN_USE, "disk", mine->path, other);
    }
    return TRUE;
}

static gboolean check_against_nics(const KxlDomainConfig *config, const KxlDomainConfig *other,
                                   GError **error)
{
    for (guint i = 0; i < config->nics->len; i++) {
        const KxlDeviceNic *mine = config->nics->pdata[i];

        for (guint n = 0; n < other->nics->len; n++) {
            const KxlDeviceNic *theirs = other->nics->pdata[n];

            if (g_strcmp0(mine->mac, theirs->mac) == 0)
                return in_use(error, KXL_ERROR_IN_USE, "mac", mine->mac, other);
            if (mine->ifname && g_strcmp0(mine->ifname, theirs->ifname) == 0)
                return in_use(error, KXL_ERROR_IN_USE, "vifname", mine->ifname, other);
        }
    }
    return TRUE;
}

static gboolean check_against_pcis(const KxlDomainConfig *config, const KxlDomainConfig *other,
                                   GError **error)
{
    g_autoptr(GPtrArray) mine = kxl_host_pci_list(config), theirs = kxl_host_pci_list(other);

    for (guint i = 0; i < mine->len; i++) {
        g_autofree char *name = kxl_pci_name(mine->pdata[i]);

        if (kxl_host_pci_is_listed(theirs, mine->pdata[i]))
            return in_use(error, KXL_ERROR_IN_USE, "pci", name, other);
    }
    return TRUE;
}

static gboolean check_against(const KxlDomainConfig *config, const KxlDomainConfig *other,
                              GError **error)
{
    if (g_str_equal(config->name, other->name)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS, "a domain with name '%s' exists already",
                    config->name);
        return FALSE;
    }
    if (g_ascii_strcasecmp(config->uuid, other->uuid) == 0)
        return in_use(error, KXL_ERROR_EXISTS, "uuid", config->uuid, other);
    return check_against_nics(config, other, error) && check_against_disks(config, other, error) &&
           check_against_pcis(config, other, error);
}

/* Nor can QEMU take a function twice. */
static gboolean check_own_pcis(const KxlDomainConfig *config, GError **error)
{
    g_autoptr(GPtrArray) list = kxl_host_pci_list(config);

    for (guint i = 0; i < list->len; i++) {
        g_autofree char *name = kxl_pci_name(list->pdata[i]);

        for (guint n = 0; n < i; n++) {
            if (!kxl_pci_equal(list->pdata[i], list->pdata[n]))
                continue;
            g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE, "pci '%s' is in the domain twice",
                        name);
            return FALSE;
        }
    }
    return TRUE;
}

/* The same image twice in one domain is as bad as in two. */
static gboolean check_own_disks(const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];

        for (guint n = 0; n < i; n++) {
            if (!disks_conflict(disk, config->disks->pdata[n]))
                continue;
            g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE,
                        "disk '%s': '%s' is another disk of the domain", disk->vdev, disk->path);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean kxl_host_check_unique(const KxlHost *host, const KxlDomainConfig *config, int domid,
                               GError **error)
{
    g_autoptr(GArray) domids = kxl_rundir_list(host);

    for (guint i = 0; i < domids->len; i++) {
        int id = g_array_index(domids, int, i);
        g_autoptr(KxlDomainConfig) other =
            id == domid ? NULL : kxl_rundir_load_config(host, id, NULL);

        if (other && !check_against(config, other, error))
            return FALSE;
    }
    return check_own_disks(config, error) && check_own_pcis(config, error);
}

/* --- memory ----------------------------------------------------------------------------------- */

guint64 kxl_host_meminfo_kb(const char *key)
{
    g_autofree char *text = kxl_file_read("/proc/meminfo", NULL);
    g_autofree char *wanted = g_strconcat(key, ":", NULL);
    const char *at = text ? strstr(text, wanted) : NULL;

    return at ? g_ascii_strtoull(at + strlen(wanted), NULL, 10) : 0;
}

/* What running domains may still take of the memory that now looks free. */
static guint64 promised_kb(const KxlHost *host)
{
    g_autoptr(GArray) domids = kxl_rundir_list(host);
    guint64 promised = 0;

    for (guint i = 0; i < domids->len; i++) {
        int domid = g_array_index(domids, int, i);
        g_autoptr(KxlDomainConfig) config = kxl_rundir_load_config(host, domid, NULL);
        g_autofree char *record = kxl_rundir_path(host, domid, "emulator.pid");
        KxlProcess process = { 0 };
        guint64 resident = kxl_process_load(record, &process) ? kxl_process_rss_kb(process.pid) : 0;

        if (config && config->target_memkb > resident)
            promised += config->target_memkb - resident;
    }
    return promised;
}

gboolean kxl_host_check_memory(const KxlHost *host, const KxlDomainConfig *config, GError **error)
{
    guint64 available = kxl_host_meminfo_kb("MemAvailable"), promised = promised_kb(host);
    guint64 free_kb = available > promised ? available - promised : 0;

    if (config->target_memkb <= free_kb)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_NO_MEMORY,
                "memory: %" G_GUINT64_FORMAT
                " KiB is more than the host has free (%" G_GUINT64_FORMAT " KiB)",
                config->target_memkb, free_kb);
    return FALSE;
}
