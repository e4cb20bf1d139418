/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a definition against what can be started here. libvirt's Xen driver makes many of them
 * at start only; we make them when a domain is defined, so that nobody learns of them at night. */
#include "complete.h"

#include <string.h>

static gboolean check_os(const DomainDef *def, GError **error)
{
    if (g_strcmp0(def->loader_secure, "yes") == 0)
        return fail_check(error, UNSUPPORTED,
                          "Secure boot is not supported on Xen (/domain/os/loader/@secure)");
    if (def->acpi_slic != NULL)
        return fail_check(error, UNSUPPORTED, "/domain/os/acpi/table is not supported");
    return TRUE;
}

/* The time stamp counter is every guest's; the HPET only an HVM guest's. QEMU's PIT and RTC are as
 * they are. */
static gboolean check_timers(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->timers->len; i++) {
        const DomainTimer *timer = g_ptr_array_index(def->timers, i);
        gboolean is_known = strcmp(timer->name, "tsc") == 0 ||
                            (domain_is_hvm(def) && strcmp(timer->name, "hpet") == 0);
        if (!is_known)
            return fail_check(error, UNSUPPORTED,
                              "unsupported timer type (name) '%s' (/domain/clock/timer[%u]/@name)",
                              timer->name, i + 1);
    }
    return TRUE;
}

static gboolean check_disk(const DomainDisk *disk, guint number, GError **error)
{
    static const char *const qemu_formats[] = { "raw", "aio",  "qcow", "qcow2", "qed", "vpc",
                                                "vhd", "vmdk", "vdi",  "fat",   NULL };

    if ((disk->type == DOMAIN_DISK_DIR) != (g_strcmp0(disk->driver_type, "fat") == 0) &&
        (disk->type != DOMAIN_DISK_DIR || g_strcmp0(disk->driver_type, "raw") != 0))
        return fail_check(error, UNSUPPORTED,
                          "format 'fat' is for disks of type 'dir', and theirs "
                          "(/domain/devices/disk[%u]/driver/@type: '%s')",
                          number, disk->driver_type);
    if (disk->type == DOMAIN_DISK_DIR && !disk->readonly)
        return fail_check(error, UNSUPPORTED,
                          "a disk of type 'dir' must be read-only (/domain/devices/disk[%u])",
                          number);
    if (g_strcmp0(disk->tls, "yes") == 0)
        return fail_check(error, UNSUPPORTED,
                          "TLS to network disks is not supported "
                          "(/domain/devices/disk[%u]/source/@tls)",
                          number);
    if (disk->copy_on_read == DOMAIN_YES && disk->readonly)
        return fail_check(error, UNSUPPORTED,
                          "copy_on_read is not compatible with read-only disk '%s' "
                          "(/domain/devices/disk[%u]/driver/@copy_on_read)",
                          disk->target, number);
    if (g_strcmp0(disk->io, "native") == 0 && g_strcmp0(disk->cache, "none") != 0 &&
        g_strcmp0(disk->cache, "directsync") != 0)
        return fail_check(error, UNSUPPORTED,
                          "native I/O needs either no disk cache or directsync cache mode "
                          "(/domain/devices/disk[%u]/driver/@io)",
                          number);
    if ((disk->vendor != NULL || disk->product != NULL) && disk->bus != DOMAIN_DISK_BUS_SCSI)
        return fail_check(error, UNSUPPORTED,
                          "Only scsi disk supports vendor and product (/domain/devices/disk[%u])",
                          number);
    if (disk->type == DOMAIN_DISK_NETWORK && g_strcmp0(disk->driver_name, "qemu") != 0)
        return fail_check(
            error, UNSUPPORTED,
            "only the 'qemu' driver can be used with network disks (/domain/devices/disk[%u])",
            number);
    /* QEMU has no TFTP any more. */
    if (disk->type == DOMAIN_DISK_NETWORK && disk->protocol == DOMAIN_DISK_PROTOCOL_TFTP)
        return fail_check(
            error, UNSUPPORTED,
            "Unsupported network block protocol (/domain/devices/disk[%u]/source/@protocol)",
            number);
    if (!g_strv_contains(qemu_formats, disk->driver_type))
        return fail_check(
            error, UNSUPPORTED,
            "disk format '%s' is not supported (/domain/devices/disk[%u]/driver/@type)",
            disk->driver_type, number);
    return TRUE;
}

static gboolean check_disks(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->disks->len; i++)
        if (!check_disk(g_ptr_array_index(def->disks, i), i + 1, error))
            return FALSE;
    return TRUE;
}

static gboolean check_interfaces(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len && !domain_is_hvm(def); i++) {
        const DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        if (interface->model != NULL && strcmp(interface->model, "netfront") != 0)
            return fail_check(error, UNSUPPORTED,
                              "only model 'netfront' is supported for Xen PV(H) domains "
                              "(/domain/devices/interface[%u]/model/@type: '%s')",
                              i + 1, interface->model);
    }
    return TRUE;
}

static gboolean check_graphics(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->graphics->len; i++) {
        const DomainGraphics *graphics = g_ptr_array_index(def->graphics, i);
        if (graphics->type == DOMAIN_GRAPHICS_SPICE && !domain_is_hvm(def))
            return fail_check(
                error, UNSUPPORTED,
                "spice graphics are for hvm domains only (/domain/devices/graphics[%u])", i + 1);
    }
    return TRUE;
}

/* libxl's least sizes. */
static gboolean check_videos(const DomainDef *def, GError **error)
{
    static const struct {
        const char *model, *name;
        guint mib;
    } least[] = { { "vga", "VGA", 16 }, { "cirrus", "CIRRUS", 8 }, { "qxl", "QXL", 128 } };

    if (!domain_is_hvm(def) || def->videos->len == 0)
        return TRUE;
    const DomainVideo *video = g_ptr_array_index(def->videos, 0);
    for (guint i = 0; i < G_N_ELEMENTS(least); i++)
        if (strcmp(video->model, least[i].model) == 0 && video->vram < least[i].mib * 1024)
            return fail_check(
                error, UNSUPPORTED,
                "videoram must be at least %uMB for %s (/domain/devices/video[1]/model/@vram)",
                least[i].mib, least[i].name);
    return TRUE;
}

static gboolean check_chars(const DomainDef *def, GError **error)
{
    if (def->parallels->len > 0)
        return fail_check(error, UNSUPPORTED,
                          "Parallel devices are not supported by Xen (/domain/devices/parallel)");
    for (guint i = 0; i < def->channels->len; i++) {
        const DomainChar *channel = g_ptr_array_index(def->channels, i);
        gboolean is_xen = channel->target_type == DOMAIN_CHAR_TARGET_XEN;
        if (is_xen && channel->type != DOMAIN_CHAR_PTY && channel->type != DOMAIN_CHAR_UNIX)
            return fail_check(
                error, UNSUPPORTED,
                "channel source type not supported (/domain/devices/channel[%u]/@type)", i + 1);
        if (is_xen && channel->target_name == NULL)
            return fail_check(error, SYNTAX,
                              "channel target name missing (/domain/devices/channel[%u]/target)",
                              i + 1);
    }
    return TRUE;
}

static gboolean check_memballoon(const DomainDef *def, GError **error)
{
    const char *model = def->memballoon->model;

    if (strcmp(model, "none") == 0)
        return fail_check(error, UNSUPPORTED,
                          "balloon device cannot be disabled (/domain/devices/memballoon/@model)");
    if (strcmp(model, "xen") != 0)
        return fail_check(
            error, UNSUPPORTED,
            "unsupported balloon device model '%s' (/domain/devices/memballoon/@model)", model);
    return TRUE;
}

gboolean check_supported(const DomainDef *def, const DomainXmlCaps *caps, GError **error)
{
    if (def->xen_args->len > 0 && !caps->allow_arguments)
        return fail_check(error, UNSUPPORTED,
                          "/domain/xen:commandline is not enabled in the configuration");
    return check_os(def, error) && check_timers(def, error) && check_disks(def, error) &&
           check_interfaces(def, error) && check_graphics(def, error) && check_videos(def, error) &&
           check_chars(def, error) && check_memballoon(def, error);
}
