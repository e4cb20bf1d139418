/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a configuration that need nothing but the configuration. */
#include <net/if.h>
#include <string.h>

#include "kxl.h"
#include "config-check.h"
#include "vdev.h"

/* The name becomes part of file names and of QEMU's -name. */
#define NAME_MAX_LENGTH 200

static gboolean invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean invalid(GError **error, const char *format, ...)
{
    va_list args;
    g_autofree char *message = NULL;

    va_start(args, format);
    message = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_INVALID, message);
    return FALSE;
}

gboolean kxl_domain_name_check(const char *name, GError **error)
{
    if (!name || !*name)
        return invalid(error, "name: a domain needs a name");
    if (strlen(name) > NAME_MAX_LENGTH)
        return invalid(error, "name: longer than %d bytes", NAME_MAX_LENGTH);
    if (!g_utf8_validate(name, -1, NULL))
        return invalid(error, "name: not valid UTF-8");
    if (g_str_equal(name, ".") || g_str_equal(name, "..") || strchr(name, '/'))
        return invalid(error, "name '%s': must not be '.' or '..' nor contain '/'", name);
    for (const char *c = name; *c; c++)
        if (g_ascii_iscntrl(*c))
            return invalid(error, "name: must not contain control characters");
    if (g_str_equal(name, "Domain-0"))
        return invalid(error, "name 'Domain-0' is the host's");
    return TRUE;
}

static gboolean check_uuid(const KxlDomainConfig *config, GError **error)
{
    if (config->uuid && !g_uuid_string_is_valid(config->uuid))
        return invalid(error, "uuid '%s': malformed", config->uuid);
    if (config->uuid && g_str_equal(config->uuid, "00000000-0000-0000-0000-000000000000"))
        return invalid(error, "uuid: all zero is the host's");
    return TRUE;
}

static gboolean check_memory(const KxlDomainConfig *config, GError **error)
{
    const guint64 limit = G_GUINT64_CONSTANT(16)
                          << 30; /* KiB: 16 TiB, what a PV guest can address */
    guint64 target = config->target_memkb, max = config->max_memkb;

    if (target == 0)
        return invalid(error, "memory: a domain needs memory");
    if (max != 0 && max < target)
        return invalid(error,
                       "maxmem (%" G_GUINT64_FORMAT " KiB) is less than memory (%" G_GUINT64_FORMAT
                       " KiB)",
                       max, target);
    if (MAX(target, max) > limit)
        return invalid(error, "memory: more than 16 TiB");
    if (target < 1024)
        return invalid(error, "memory: %" G_GUINT64_FORMAT " KiB is less than 1 MiB", target);
    return TRUE;
}

static gboolean check_modules(const KxlDomainConfig *config, GError **error)
{
    guint64 total = MAX(config->max_memkb, config->target_memkb), sum = 0;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < config->memories->len; i++) {
        const KxlDeviceMemory *memory = config->memories->pdata[i];

        if (!memory->model || memory->size_kb == 0)
            return invalid(error, "memory device %u: no model or size", i);
        if (memory->size_kb >= total - MIN(total, sum))
            return invalid(error, "memory device %u: the devices' sizes exceed the domain's memory",
                           i);
        sum += memory->size_kb;
        if (memory->devid >= 0 &&
            !g_hash_table_add(seen, g_strdup_printf("%s%d", memory->model, memory->devid)))
            return invalid(error, "memory device %u: devid %d is given twice", i, memory->devid);
        if (memory->node >= 0 && (guint)memory->node >= config->numa_cells->len)
            return invalid(error, "memory device %u: there is no NUMA cell %d", i, memory->node);
    }
    return TRUE;
}

static gboolean check_cpu(const KxlDomainConfig *config, GError **error)
{
    guint max = config->max_vcpus ? config->max_vcpus : 1;

    if (max > KXL_MAX_VCPUS)
        return invalid(error, "maxvcpus: %u is more than %d", max, KXL_MAX_VCPUS);
    if (config->vcpus > max)
        return invalid(error, "vcpus: %u is more than maxvcpus (%u)", config->vcpus, max);
    if (config->cpu_weight > 65535)
        return invalid(error, "cpu_weight: %u is not between 1 and 65535", config->cpu_weight);
    return TRUE;
}

static gboolean check_boot(const KxlDomainConfig *config, GError **error)
{
    const char *boot = config->boot ? config->boot : "";

    if (config->type != KXL_TYPE_HVM && !config->kernel && !config->bootloader)
        return invalid(error, "kernel: a %s domain needs a kernel or a bootloader",
                       kxl_domain_type_to_string(config->type));
    if (config->ramdisk && !config->kernel)
        return invalid(error, "ramdisk: needs a kernel");
    for (const char *c = boot; *c; c++)
        if (!strchr("acdn", *c) || strchr(c + 1, *c))
            return invalid(error, "boot '%s': must be different letters of 'acdn'", boot);
    return TRUE;
}

/* QEMU's own layer does LUKS 1 alone; librbd does it in the server's image, before QEMU sees it. */
static gboolean check_encryption(const KxlDeviceDisk *disk, GError **error)
{
    const char *format = disk->encryption.format;
    gboolean librbd = g_strcmp0(disk->encryption.engine, "librbd") == 0;
    gboolean rbd = disk->is_uri && disk->path && g_str_has_prefix(disk->path, "rbd:");

    if (!format)
        return TRUE;
    if (!g_str_equal(format, "luks") && !(librbd && g_str_equal(format, "luks2")))
        return invalid(error, "disk '%s': encryption '%s' of engine '%s'", disk->vdev, format,
                       librbd ? "librbd" : "qemu");
    if (librbd && (!rbd || disk->format != KXL_DISK_RAW))
        return invalid(error, "disk '%s': librbd encrypts raw RBD images only", disk->vdev);
    if (disk->is_dir || (disk->format != KXL_DISK_RAW && disk->format != KXL_DISK_QCOW2))
        return invalid(error, "disk '%s': only raw and qcow2 images can be encrypted", disk->vdev);
    if (disk->transient)
        return invalid(error, "disk '%s': what a transient disk has written is not encrypted",
                       disk->vdev);
    return TRUE;
}

static gboolean check_disk(const KxlDeviceDisk *disk, GError **error)
{
    gboolean empty = disk->format == KXL_DISK_EMPTY || !disk->path || !*disk->path;

    if (!disk->vdev || kxl_vdev_to_devid(disk->vdev) < 0)
        return invalid(error, "disk '%s': malformed vdev '%s'", disk->path ? disk->path : "",
                       disk->vdev ? disk->vdev : "");
    if (empty && !disk->is_cdrom && !disk->is_floppy)
        return invalid(error, "disk '%s': no target given", disk->vdev);
    if (disk->is_cdrom && disk->is_floppy)
        return invalid(error, "disk '%s': both CD and floppy", disk->vdev);
    if (disk->is_dir && (disk->is_cdrom || disk->readwrite || disk->format != KXL_DISK_RAW))
        return invalid(error, "disk '%s': a folder can only be a read-only disk or floppy",
                       disk->vdev);
    if (disk->transient && (!disk->readwrite || disk->is_cdrom || disk->is_dir || empty))
        return invalid(error, "disk '%s': one that is not written to cannot be transient",
                       disk->vdev);
    if (disk->fd_group && (disk->is_uri || disk->is_dir || disk->transient || empty))
        return invalid(error, "disk '%s': only a file's or a block device's image that is kept can "
                       "be opened through descriptors", disk->vdev);
    if (!check_encryption(disk, error))
        return FALSE;
    if (disk->bootindex < 0)
        return invalid(error, "disk '%s': boot order %d is negative", disk->vdev, disk->bootindex);
    return TRUE;
}

/* vd and xvd are two names of one number space, so the numbers are compared, not the names. */
static gboolean check_disks(const KxlDomainConfig *config, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];

        if (!check_disk(disk, error))
            return FALSE;
        if (!g_hash_table_add(seen, GINT_TO_POINTER(kxl_vdev_to_devid(disk->vdev))))
            return invalid(error, "disk '%s': given twice", disk->vdev);
    }
    return TRUE;
}

/* Linux dev_valid_name(): these make no interface name. */
static gboolean ifname_is_valid(const char *name)
{
    if (!*name || strlen(name) >= IFNAMSIZ || g_str_equal(name, ".") || g_str_equal(name, ".."))
        return FALSE;
    for (; *name; name++)
        if (*name == '/' || *name == ':' || g_ascii_isspace(*name) || g_ascii_iscntrl(*name))
            return FALSE;
    return TRUE;
}

/* What the kinds of the host's side need. */
static gboolean check_kind(const KxlDeviceNic *nic, guint i, GError **error)
{
    gboolean socket = nic->kind >= KXL_NIC_UDP && nic->kind <= KXL_NIC_CLIENT;

    if (nic->kind == KXL_NIC_TAP && !nic->ifname)
        return invalid(error, "vif %u: a tap that is there already needs its name", i);
    if (nic->kind == KXL_NIC_VHOST_USER && (!nic->path || !*nic->path))
        return invalid(error, "vif %u: vhost-user needs a socket", i);
    if (nic->kind == KXL_NIC_DIRECT && (!nic->source_dev || !ifname_is_valid(nic->source_dev)))
        return invalid(error, "vif %u: '%s' is no interface name", i,
                       nic->source_dev ? nic->source_dev : "");
    if (socket && (nic->port == 0 || nic->port > 65535))
        return invalid(error, "vif %u: %u is no port", i, nic->port);
    if (socket && nic->kind != KXL_NIC_SERVER && !nic->host)
        return invalid(error, "vif %u: no address given", i);
    return TRUE;
}

static gboolean check_nics(const KxlDomainConfig *config, GError **error)
{
    g_autoptr(GHashTable) macs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) ifnames = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) devids = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < config->nics->len; i++) {
        const KxlDeviceNic *nic = config->nics->pdata[i];
        char *mac = kxl_mac_normalise(nic->mac);

        if (nic->mac && !mac)
            return invalid(error, "vif %u: mac '%s' is malformed or multicast", i, nic->mac);
        if (mac && !g_hash_table_add(macs, mac))
            return invalid(error, "vif %u: mac '%s' is given twice", i, nic->mac);
        if (nic->ifname && !ifname_is_valid(nic->ifname))
            return invalid(error, "vif %u: '%s' is no interface name", i, nic->ifname);
        if (nic->ifname && !g_hash_table_add(ifnames, nic->ifname))
            return invalid(error, "vif %u: vifname '%s' is given twice", i, nic->ifname);
        if (nic->bridge && !ifname_is_valid(nic->bridge))
            return invalid(error, "vif %u: '%s' is no bridge name", i, nic->bridge);
        if (!check_kind(nic, i, error))
            return FALSE;
        if (nic->devid < -1)
            return invalid(error, "vif %u: devid %d is negative", i, nic->devid);
        if (nic->devid >= 0 && !g_hash_table_add(devids, GINT_TO_POINTER(nic->devid)))
            return invalid(error, "vif %u: devid %d is given twice", i, nic->devid);
        if (nic->mtu != 0 && (nic->mtu < 68 || nic->mtu > 65535)) /* RFC 791: 68 */
            return invalid(error, "vif %u: mtu %u is not between 68 and 65535", i, nic->mtu);
    }
    return TRUE;
}

static gboolean check_vnc(const KxlVnc *vnc, GError **error)
{
    if (vnc->display < -1 || vnc->display > 65535 - 5900)
        return invalid(error, "vncdisplay: %d is out of range", vnc->display);
    if (vnc->passwd && strlen(vnc->passwd) > 8) /* RFC 6143 7.2.2: DES with a key of 8 bytes */
        return invalid(error, "vncpasswd: longer than 8 characters, the VNC protocol's limit");
    return TRUE;
}

static gboolean check_displays(const KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->vfbs->len; i++)
        if (!check_vnc(&((const KxlDeviceVfb *)config->vfbs->pdata[i])->vnc, error))
            return FALSE;
    return check_vnc(&config->vnc, error);
}

gboolean kxl_domain_config_validate(const KxlDomainConfig *config, GError **error)
{
    g_return_val_if_fail(config, FALSE);
    return kxl_domain_name_check(config->name, error) && check_uuid(config, error) &&
           check_memory(config, error) && check_modules(config, error) &&
           check_cpu(config, error) && check_boot(config, error) && check_disks(config, error) &&
           check_nics(config, error) && check_displays(config, error);
}
