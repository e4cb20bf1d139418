/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of a definition against what can be started here. libvirt's Xen driver makes many of them
 * at start only; we make them when a domain is defined, so that nobody learns of them at night. */
#include "complete.h"

#include <string.h>

static gboolean check_disk(const DomainDisk *disk, gboolean q35, guint number, GError **error)
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
    if (disk->bus == DOMAIN_DISK_BUS_IDE && q35)
        return fail_check(error, UNSUPPORTED,
                          "IDE controllers are unsupported for this QEMU binary or machine type "
                          "(/domain/devices/disk[%u]/target/@bus)",
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
        if (!check_disk(g_ptr_array_index(def->disks, i), domain_is_q35(def), i + 1, error) ||
            !check_disk_source(g_ptr_array_index(def->disks, i), i + 1, error))
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

static gboolean check_one_graphics(const DomainDef *def, guint i, GError **error)
{
    static const char *const names[] = { [DOMAIN_GRAPHICS_SPICE] = "spice",
                                         [DOMAIN_GRAPHICS_EGL_HEADLESS] = "egl-headless",
                                         [DOMAIN_GRAPHICS_DBUS] = "dbus" };
    const DomainGraphics *graphics = g_ptr_array_index(def->graphics, i);
    const char *hvm_only = graphics->type < (int)G_N_ELEMENTS(names) ? names[graphics->type] : NULL;

    if (hvm_only != NULL && !domain_is_hvm(def))
        return fail_check(error, UNSUPPORTED,
                          "%s graphics are for hvm domains only (/domain/devices/graphics[%u])",
                          hvm_only, i + 1);
    if (graphics->listens->len > 1)
        return fail_check(error, UNSUPPORTED,
                          "multiple listens are not supported for one graphics device "
                          "(/domain/devices/graphics[%u]/listen[2])",
                          i + 1);
    if (graphics->passwd_valid_to != NULL) {
        g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(graphics->passwd_valid_to, utc);

        if (time == NULL)
            return fail_check(error, SYNTAX,
                              "cannot parse password validity time '%s', expect "
                              "YYYY-MM-DDTHH:MM:SS (/domain/devices/graphics[%u]/@passwdValidTo)",
                              graphics->passwd_valid_to, i + 1);
    }
    return TRUE;
}

static gboolean check_graphics(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->graphics->len; i++)
        if (!check_one_graphics(def, i, error))
            return FALSE;
    return TRUE;
}

/* What QEMU gives to HVM guests; PV guests and those of PVH have no back ends for it. Serial ports
 * are kept in their definitions without an effect, as libvirt's Xen driver does. */
static gboolean check_hvm_devices(const DomainDef *def, GError **error)
{
    const struct {
        const char *name;
        gboolean there;
    } devices[] = {
        { "parallel", def->parallels->len > 0 },
        { "sound", def->sounds->len > 0 },
        { "watchdog", def->watchdog != NULL },
        { "rng", def->rngs->len > 0 },
        { "tpm", def->tpms->len > 0 },
        { "panic", def->panics->len > 0 },
        { "vsock", def->vsock != NULL },
        { "iommu", def->iommu != NULL },
        { "memory", def->memories->len > 0 },
        { "shmem", def->shmems->len > 0 },
        { "crypto", def->cryptos->len > 0 },
        { "smartcard", def->smartcards->len > 0 },
        { "filesystem", def->filesystems->len > 0 },
        { "hub", def->hubs->len > 0 },
        { "redirdev", def->redirdevs->len > 0 },
    };

    if (domain_is_hvm(def))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(devices); i++)
        if (devices[i].there)
            return fail_check(error, UNSUPPORTED,
                              "%s devices are for hvm domains only (/domain/devices/%s)",
                              devices[i].name, devices[i].name);
    return TRUE;
}

static gboolean check_small_devices(const DomainDef *def, GError **error)
{
    if (def->tpms->len > 1)
        return fail_check(error, UNSUPPORTED,
                          "only a single TPM device is supported (/domain/devices/tpm[2])");
    if (def->watchdog != NULL && strcmp(def->watchdog->model, "itco") == 0 && !domain_is_q35(def))
        return fail_check(error, UNSUPPORTED,
                          "watchdog 'itco' is part of machine type q35, which %s is not "
                          "(/domain/devices/watchdog/@model)",
                          def->os_machine);
    for (guint i = 0; i < def->rngs->len; i++) {
        const DomainRng *rng = g_ptr_array_index(def->rngs, i);
        if (rng->path != NULL && strcmp(rng->backend, "random") == 0 && rng->path[0] != '/')
            return fail_check(error, SYNTAX,
                              "file '%s' is not a supported random source "
                              "(/domain/devices/rng[%u]/backend)",
                              rng->path, i + 1);
    }
    return TRUE;
}

static gboolean check_hostdevs(const DomainDef *def, GError **error)
{
    static const char *const names[] = { [DOMAIN_HOSTDEV_SCSI] = "scsi",
                                         [DOMAIN_HOSTDEV_SCSI_HOST] = "scsi_host",
                                         [DOMAIN_HOSTDEV_MDEV] = "mdev" };

    for (guint i = 0; i < def->hostdevs->len && !domain_is_hvm(def); i++) {
        const DomainHostdev *hostdev = g_ptr_array_index(def->hostdevs, i);
        if (hostdev->type >= DOMAIN_HOSTDEV_SCSI)
            return fail_check(error, UNSUPPORTED,
                              "hostdev subsys type '%s' not supported "
                              "(/domain/devices/hostdev[%u]/@type)",
                              names[hostdev->type], i + 1);
    }
    return TRUE;
}

/* Programs beside the emulator read and write the guest's memory. */
static gboolean check_shared_memory(const DomainDef *def, const char *what, const char *list,
                                    guint number, GError **error)
{
    gboolean shared = def->memory_backing != NULL &&
                      g_strcmp0(def->memory_backing->access, "shared") == 0;
    guint cells = def->cpu != NULL ? def->cpu->cells->len : 0;

    for (guint i = 0; i < cells; i++) {
        const char *access = ((const DomainNumaCell *)def->cpu->cells->pdata[i])->mem_access;
        if (i == 0 && access != NULL)
            shared = TRUE;
        shared &= access == NULL || strcmp(access, "shared") == 0;
    }
    return shared || fail_check(error, UNSUPPORTED,
                                "'%s' requires shared memory (/domain/devices/%s[%u])", what, list,
                                number);
}

static gboolean check_vhost_user(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        const DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        if (interface->type != DOMAIN_INTERFACE_VHOSTUSER)
            continue;
        if (!domain_is_hvm(def))
            return fail_check(error, UNSUPPORTED,
                              "unsupported interface type vhostuser of a domain that is no hvm "
                              "(/domain/devices/interface[%u]/@type)",
                              i + 1);
        if (interface->model == NULL || !g_str_has_prefix(interface->model, "virtio"))
            return fail_check(error, UNSUPPORTED,
                              "Wrong or no <model> 'type' attribute specified with <interface "
                              "type='vhostuser'/>. vhostuser requires the virtio-net* frontend "
                              "(/domain/devices/interface[%u]/model)",
                              i + 1);
        if (!check_shared_memory(def, "vhostuser", "interface", i + 1, error))
            return FALSE;
    }
    for (guint i = 0; i < def->filesystems->len; i++) {
        const DomainFilesystem *fs = g_ptr_array_index(def->filesystems, i);
        if (fs->socket != NULL &&
            !check_shared_memory(def, "virtiofs", "filesystem", i + 1, error))
            return FALSE;
    }
    return TRUE;
}

/* libvirt's words. */
static gboolean check_iommu(const DomainDef *def, GError **error)
{
    const DomainIommu *iommu = def->iommu;
    gboolean intel;

    if (iommu == NULL)
        return TRUE;
    intel = strcmp(iommu->model, "intel") == 0;
    if (!domain_is_q35(def))
        return fail_check(error, UNSUPPORTED,
                          "IOMMU device: '%s' is only supported with Q35 machines "
                          "(/domain/devices/iommu)",
                          iommu->model);
    if (!intel && (iommu->intremap != 0 || iommu->caching_mode != 0 || iommu->eim != 0 ||
                   iommu->iotlb != 0 || iommu->aw_bits != 0))
        return fail_check(error, UNSUPPORTED,
                          "iommu model '%s' doesn't support additional attributes "
                          "(/domain/devices/iommu/driver)",
                          iommu->model);
    if (intel && iommu->info.address != NULL)
        return fail_check(error, UNSUPPORTED,
                          "iommu model 'intel' can't have address (/domain/devices/iommu/address)");
    if (iommu->intremap == DOMAIN_YES && g_strcmp0(def->features.ioapic, "qemu") != 0)
        return fail_check(error, UNSUPPORTED,
                          "IOMMU interrupt remapping requires split I/O APIC (ioapic "
                          "driver='qemu') (/domain/devices/iommu/driver/@intremap)");
    if (iommu->eim == DOMAIN_YES && iommu->intremap != DOMAIN_YES)
        return fail_check(error, UNSUPPORTED,
                          "IOMMU eim requires interrupt remapping to be enabled "
                          "(/domain/devices/iommu/driver/@eim)");
    return TRUE;
}

/* Several heads have the adapters that were made for it; QEMU would not say a word. */
static gboolean check_video_abilities(const DomainVideo *video, guint number, GError **error)
{
    static const char *const many_headed[] = { "qxl", "virtio", NULL };

    if (video->heads > 1 && !g_strv_contains(many_headed, video->model))
        return fail_check(error, UNSUPPORTED,
                          "video type '%s' has one head only "
                          "(/domain/devices/video[%u]/model/@heads)",
                          video->model, number);
    if (video->accel3d == DOMAIN_YES && strcmp(video->model, "virtio") != 0)
        return fail_check(error, UNSUPPORTED,
                          "video type '%s' does not support 3d acceleration "
                          "(/domain/devices/video[%u]/model/acceleration/@accel3d)",
                          video->model, number);
    if (number > 1 && !g_strv_contains(many_headed, video->model) &&
        strcmp(video->model, "bochs") != 0)
        return fail_check(error, UNSUPPORTED,
                          "video type '%s' is only valid as primary video device "
                          "(/domain/devices/video[%u]/model/@type)",
                          video->model, number);
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
    for (guint i = 0; i < def->videos->len; i++)
        if (!check_video_abilities(g_ptr_array_index(def->videos, i), i + 1, error))
            return FALSE;
    const DomainVideo *video = g_ptr_array_index(def->videos, 0);
    for (guint i = 0; i < G_N_ELEMENTS(least); i++)
        if (strcmp(video->model, least[i].model) == 0 && video->vram < least[i].mib * 1024)
            return fail_check(
                error, UNSUPPORTED,
                "videoram must be at least %uMB for %s (/domain/devices/video[1]/model/@vram)",
                least[i].mib, least[i].name);
    return TRUE;
}

static gboolean check_channel(const DomainDef *def, guint i, GError **error)
{
    const DomainChar *channel = g_ptr_array_index(def->channels, i);
    gboolean is_virtio = channel->target_type == DOMAIN_CHAR_TARGET_VIRTIO;
    gboolean is_xen = channel->target_type == DOMAIN_CHAR_TARGET_XEN;

    if (!is_virtio && !is_xen)
        return fail_check(error, UNSUPPORTED,
                          "channel target type not supported "
                          "(/domain/devices/channel[%u]/target/@type)",
                          i + 1);
    if (!domain_is_hvm(def) && is_virtio)
        return fail_check(error, UNSUPPORTED,
                          "channel target type 'virtio' is for hvm domains only "
                          "(/domain/devices/channel[%u]/target/@type)",
                          i + 1);
    if (is_xen && channel->type != DOMAIN_CHAR_PTY && channel->type != DOMAIN_CHAR_UNIX)
        return fail_check(error, UNSUPPORTED,
                          "channel source type not supported (/domain/devices/channel[%u]/@type)",
                          i + 1);
    if (is_xen && channel->target_name == NULL)
        return fail_check(error, SYNTAX,
                          "channel target name missing (/domain/devices/channel[%u]/target)",
                          i + 1);
    if (channel->target_name != NULL && strchr(channel->target_name, '/') != NULL)
        return fail_check(error, SYNTAX,
                          "channel target name '%s' must not contain '/' "
                          "(/domain/devices/channel[%u]/target/@name)",
                          channel->target_name, i + 1);
    return TRUE;
}

/* What the daemon has no terminal for. */
static gboolean check_back_ends(const GPtrArray *devices, const char *name, GError **error)
{
    for (guint i = 0; i < devices->len; i++) {
        const DomainChar *device = g_ptr_array_index(devices, i);
        if (device->type == DOMAIN_CHAR_STDIO)
            return fail_check(error, UNSUPPORTED,
                              "character devices of type 'stdio' are not supported "
                              "(/domain/devices/%s[%u]/@type)",
                              name, i + 1);
    }
    return TRUE;
}

static gboolean has_spice(const DomainDef *def)
{
    for (guint i = 0; i < def->graphics->len; i++)
        if (((const DomainGraphics *)g_ptr_array_index(def->graphics, i))->type ==
            DOMAIN_GRAPHICS_SPICE)
            return TRUE;
    return FALSE;
}

static gboolean check_chars(const DomainDef *def, GError **error)
{
    if (!check_back_ends(def->serials, "serial", error) ||
        !check_back_ends(def->parallels, "parallel", error) ||
        !check_back_ends(def->consoles, "console", error) ||
        !check_back_ends(def->channels, "channel", error))
        return FALSE;
    if (def->parallels->len > 3)
        return fail_check(error, UNSUPPORTED,
                          "more than three parallel ports (/domain/devices/parallel[4])");
    for (guint i = 0; i < def->channels->len; i++) {
        const DomainChar *channel = g_ptr_array_index(def->channels, i);
        gboolean wants_spice =
            channel->type == DOMAIN_CHAR_SPICEVMC || channel->type == DOMAIN_CHAR_SPICEPORT;

        if (!check_channel(def, i, error))
            return FALSE;
        if (wants_spice && !has_spice(def))
            return fail_check(error, UNSUPPORTED,
                              "channel of SPICE in a domain without spice graphics "
                              "(/domain/devices/channel[%u]/@type)",
                              i + 1);
    }
    return TRUE;
}

/* A PV guest's balloon is its own driver's; an HVM guest's is virtio's device, or none. */
static gboolean check_memballoon(const DomainDef *def, GError **error)
{
    const char *model = def->memballoon->model;
    guint64 current = def->current_memory_kib;

    if (domain_is_hvm(def)) {
        if (strcmp(model, "none") == 0 && current != 0 && current < def->memory_kib)
            return fail_check(error, UNSUPPORTED,
                              "current memory below the maximum needs a balloon device "
                              "(/domain/devices/memballoon/@model)");
        return TRUE;
    }
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
    return check_supported_host(def, caps, error) && check_disks(def, error) &&
           check_interfaces(def, error) && check_functions(def, error) &&
           check_graphics(def, error) && check_videos(def, error) &&
           check_hvm_devices(def, error) && check_small_devices(def, error) &&
           check_iommu(def, error) && check_hostdevs(def, error) &&
           check_vhost_user(def, error) && check_bus_options(def, error) &&
           check_chars(def, error) && check_memballoon(def, error);
}
