/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <disk>. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

/* libvirt's driver names and the back ends of xl-disk-configuration(5); xend's "file" and "tap2"
 * have none of their own. */
static const char *const backends[][2] = {
    { "qemu", "qdisk" }, { "phy", "phy" }, { "tap", "tap" }, { "tap2", "tap2" }, { "file", "file" },
};

/* By DomainDiskBus: libkxl's name, and the target prefix that implies it. */
static const struct {
    const char *name, *prefix;
} buses[] = {
    [DOMAIN_DISK_BUS_IDE] = { "ide", "hd" },   [DOMAIN_DISK_BUS_FDC] = { "fdc", "fd" },
    [DOMAIN_DISK_BUS_SCSI] = { "scsi", "sd" }, [DOMAIN_DISK_BUS_VIRTIO] = { "virtio", NULL },
    [DOMAIN_DISK_BUS_XEN] = { "xen", "xvd" },  [DOMAIN_DISK_BUS_USB] = { "usb", NULL },
    [DOMAIN_DISK_BUS_SATA] = { "sata", NULL },
};

static gboolean bus_is_implied(const DomainDisk *disk)
{
    const char *prefix = buses[disk->bus].prefix;
    return prefix != NULL && g_str_has_prefix(disk->target, prefix);
}

static gboolean map_format(const DomainDisk *disk, KxlDiskFormat *ret_format, GError **error)
{
    const char *type = disk->driver_type != NULL ? disk->driver_type : "raw";

    if (disk->type == DOMAIN_DISK_DIR) { /* what QEMU makes of a folder looks like a raw image */
        *ret_format = KXL_DISK_RAW;
        return TRUE;
    }
    if (strcmp(type, "vpc") == 0)
        type = "vhd";
    else if (strcmp(type, "aio") == 0)
        type = "raw";
    int format = kxl_disk_format_from_string(type);
    if (format < 0)
        return fail_check(error, UNSUPPORTED,
                          "libxenlight does not support disk format %s with disk driver %s", type,
                          disk->driver_name != NULL ? disk->driver_name : "qemu");
    *ret_format = (KxlDiskFormat)format;
    return TRUE;
}

static gboolean map_source(const DomainDisk *from, KxlDeviceDisk *to, GError **error)
{
    switch ((DomainDiskType)from->type) {
    case DOMAIN_DISK_FILE:
    case DOMAIN_DISK_BLOCK:
    case DOMAIN_DISK_DIR:
        to->path = g_strdup(from->source);
        to->is_dir = from->type == DOMAIN_DISK_DIR;
        to->fd_group = g_strdup(from->fdgroup);
        break;
    case DOMAIN_DISK_NETWORK:
        to->is_uri = TRUE;
        to->path = map_disk_to_uri(from, error);
        return to->path != NULL;
    case DOMAIN_DISK_VOLUME:
        return fail_check(error, UNSUPPORTED,
                          "disk '%s': volume '%s' of pool '%s' must be looked up first",
                          from->target, from->volume, from->pool);
    }
    if (to->path != NULL && *to->path == '\0')
        g_clear_pointer(&to->path, g_free);
    if (to->path != NULL)
        return TRUE;
    if (from->device == DOMAIN_DISK_DEVICE_DISK)
        return fail_check(error, SYNTAX, "disk '%s' has no source", from->target);
    to->format = KXL_DISK_EMPTY;
    return TRUE;
}

static gboolean map_cache(const DomainDisk *from, KxlDeviceDisk *to, GError **error)
{
    int cache =
        from->cache != NULL ? kxl_disk_cache_from_string(from->cache) : (int)KXL_CACHE_DEFAULT;

    if (cache < 0)
        return fail_check(error, UNSUPPORTED, "disk '%s': cache mode '%s' is not supported",
                          from->target, from->cache);
    to->cache = (KxlDiskCache)cache;
    return TRUE;
}

/* Fields that are the same on both sides. The word "default" is libkxl's own choice. */
#define STRING(def, config)                                                                        \
    {                                                                                              \
        offsetof(DomainDisk, def), offsetof(KxlDeviceDisk, config)                                 \
    }
#define SAME(field) STRING(field, field)
static const struct {
    gsize def, config;
} same_strings[] = {
    SAME(serial), SAME(wwn),           SAME(vendor), SAME(product),
    SAME(trans),  SAME(detect_zeroes), SAME(io),     STRING(error_policy, write_error),
    SAME(initiator),
}, same_numbers[] = {
    SAME(queues), SAME(iothread), SAME(cyls), SAME(heads), SAME(secs),
    SAME(logical_block_size), SAME(physical_block_size), SAME(queue_size), SAME(rotation_rate),
}, same_tristates[] = {
    SAME(copy_on_read), SAME(ioeventfd), SAME(event_idx),
};
#undef SAME
#undef STRING

#define FIELD(T, object, offset) (*(T *)((char *)(object) + (offset)))

static char *choice(const char *word)
{
    return word == NULL || strcmp(word, "default") == 0 ? NULL : g_strdup(word);
}

static void map_same_to_config(DomainDisk *from, KxlDeviceDisk *to)
{
    for (guint i = 0; i < G_N_ELEMENTS(same_strings); i++)
        FIELD(char *, to, same_strings[i].config) =
            choice(FIELD(char *, from, same_strings[i].def));
    for (guint i = 0; i < G_N_ELEMENTS(same_numbers); i++)
        FIELD(guint, to, same_numbers[i].config) = FIELD(guint, from, same_numbers[i].def);
    for (guint i = 0; i < G_N_ELEMENTS(same_tristates); i++)
        FIELD(KxlTristate, to, same_tristates[i].config) =
            map_tristate(FIELD(int, from, same_tristates[i].def));
}

static void map_same_from_config(const KxlDeviceDisk *from, DomainDisk *to)
{
    for (guint i = 0; i < G_N_ELEMENTS(same_strings); i++)
        FIELD(char *, to, same_strings[i].def) =
            g_strdup(FIELD(char *const, from, same_strings[i].config));
    for (guint i = 0; i < G_N_ELEMENTS(same_numbers); i++)
        FIELD(guint, to, same_numbers[i].def) = FIELD(const guint, from, same_numbers[i].config);
    for (guint i = 0; i < G_N_ELEMENTS(same_tristates); i++)
        FIELD(int, to, same_tristates[i].def) =
            map_tristate_back(FIELD(const KxlTristate, from, same_tristates[i].config));
}

/* One policy is for reads and writes alike, where both know it. */
static void map_error_policy(const DomainDisk *from, KxlDeviceDisk *to)
{
    to->read_error = choice(from->rerror_policy);
    if (to->read_error == NULL && g_strcmp0(to->write_error, "enospace") != 0)
        to->read_error = g_strdup(to->write_error);
}

static void map_iotune(const DomainIotune *from, KxlDiskTune *to)
{
    memcpy(to->limit, from->limit, sizeof to->limit);
    memcpy(to->burst, from->burst, sizeof to->burst);
    memcpy(to->burst_secs, from->burst_secs, sizeof to->burst_secs);
    to->iops_size = from->iops_size;
    to->group = g_strdup(from->group);
}

/* How much of its file the image is, and how much of it QEMU keeps at hand. */
static void map_extent(const DomainDisk *from, KxlDeviceDisk *to)
{
    to->metadata_cache = from->metadata_cache;
    if (from->slices->len == 0)
        return;
    to->slice_offset = ((const DomainSlice *)g_ptr_array_index(from->slices, 0))->offset;
    to->slice_size = ((const DomainSlice *)g_ptr_array_index(from->slices, 0))->size;
}

static void map_extent_from_config(const KxlDeviceDisk *from, DomainDisk *to)
{
    DomainSlice *slice;

    to->metadata_cache = from->metadata_cache;
    if (from->slice_size == 0)
        return;
    slice = xml_object_new(&domain_slice_class);
    slice->type = g_strdup("storage");
    slice->offset = from->slice_offset;
    slice->size = from->slice_size;
    g_ptr_array_add(to->slices, slice);
}

static gboolean map_disk_to_config(DomainDisk *from, KxlDeviceDisk *to, KxlDomainType type,
                                   GError **error)
{
    if (!map_format(from, &to->format, error) || !map_source(from, to, error) ||
        !map_cache(from, to, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(backends); i++)
        if (g_strcmp0(from->driver_name, backends[i][0]) == 0)
            to->backendtype = g_strdup(backends[i][1]);
    to->vdev = g_strdup(from->target);
    to->is_cdrom = from->device == DOMAIN_DISK_DEVICE_CDROM;
    to->is_floppy = from->device == DOMAIN_DISK_DEVICE_FLOPPY;
    to->readwrite = !from->readonly && !to->is_cdrom && !to->is_dir;
    to->shareable = from->shareable;
    to->transient = from->transient;
    to->removable = to->is_cdrom || from->removable == DOMAIN_YES;
    if (to->readwrite && from->discard != NULL && strcmp(from->discard, "default") != 0)
        to->discard = strcmp(from->discard, "unmap") == 0 ? KXL_YES : KXL_NO;
    to->bootindex = (int)from->info.boot_order;
    map_same_to_config(from, to);
    map_disk_server_to_config(from, to);
    map_extent(from, to);
    map_error_policy(from, to);
    if (from->iotune != NULL)
        map_iotune(from->iotune, &to->tune);
    if (type != KXL_TYPE_HVM)
        return TRUE;
    if (from->bus != 0 && !bus_is_implied(from))
        to->bus = g_strdup(buses[from->bus].name);
    if (from->model != NULL && strcmp(from->model, "virtio") != 0)
        to->model = g_strdup(from->model);
    map_address(&from->info, &to->address);
    return TRUE;
}

gboolean map_disks_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < def->disks->len; i++) {
        KxlDeviceDisk *disk = kxl_device_disk_new();

        g_ptr_array_add(config->disks, disk);
        if (!map_disk_to_config(g_ptr_array_index(def->disks, i), disk, config->type, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- from the config ---- */

static void map_source_from_config(const KxlDeviceDisk *from, DomainDisk *to)
{
    gboolean is_block = g_strcmp0(from->backendtype, "phy") == 0;

    to->type = from->is_dir                  ? DOMAIN_DISK_DIR
               : is_block && !from->fd_group ? DOMAIN_DISK_BLOCK
                                             : DOMAIN_DISK_FILE;
    if (from->is_uri && from->path != NULL && map_disk_from_uri(from->path, to))
        to->type = DOMAIN_DISK_NETWORK;
    else
        to->source = g_strdup(from->path);
    to->fdgroup = g_strdup(from->fd_group);
}

/* NULL: no limits. */
static DomainIotune *map_iotune_from_config(const KxlDiskTune *from)
{
    static const guint64 none[KXL_TUNE_COUNT];
    DomainIotune *to;

    if (from->group == NULL && memcmp(from->limit, none, sizeof none) == 0 &&
        memcmp(from->burst, none, sizeof none) == 0)
        return NULL;
    to = xml_object_new(&domain_iotune_class);
    memcpy(to->limit, from->limit, sizeof to->limit);
    memcpy(to->burst, from->burst, sizeof to->burst);
    memcpy(to->burst_secs, from->burst_secs, sizeof to->burst_secs);
    to->iops_size = from->iops_size;
    to->group = g_strdup(from->group);
    return to;
}

static int bus_of(const KxlDeviceDisk *disk)
{
    for (guint i = 1; disk->bus != NULL && i < G_N_ELEMENTS(buses); i++)
        if (strcmp(disk->bus, buses[i].name) == 0)
            return (int)i;
    return 0; /* by the target's name */
}

static DomainDisk *map_disk_from_config(const KxlDeviceDisk *from)
{
    DomainDisk *to = domain_disk_new();
    const char *driver = "qemu";

    map_source_from_config(from, to);
    for (guint i = 0; i < G_N_ELEMENTS(backends); i++)
        if (g_strcmp0(from->backendtype, backends[i][1]) == 0)
            driver = backends[i][0];
    to->driver_name = g_strdup(driver);
    to->driver_type =
        g_strdup(from->format == KXL_DISK_EMPTY ? "raw"
                                                 : kxl_disk_format_to_string(from->format));
    if (from->is_cdrom)
        to->device = DOMAIN_DISK_DEVICE_CDROM;
    else if (from->is_floppy)
        to->device = DOMAIN_DISK_DEVICE_FLOPPY;
    to->target = g_strdup(from->vdev);
    to->bus = bus_of(from);
    to->readonly = !from->readwrite;
    to->shareable = from->shareable;
    if (from->discard != KXL_DEFAULT)
        to->discard = g_strdup(from->discard == KXL_YES ? "unmap" : "ignore");
    if (from->cache != KXL_CACHE_DEFAULT)
        to->cache = g_strdup(kxl_disk_cache_to_string(from->cache));
    if (from->removable && !from->is_cdrom && to->bus == DOMAIN_DISK_BUS_USB)
        to->removable = DOMAIN_YES;
    to->transient = from->transient;
    map_same_from_config(from, to);
    map_disk_server_from_config(from, to);
    map_extent_from_config(from, to);
    to->rerror_policy = g_strdup(from->read_error);
    to->iotune = map_iotune_from_config(&from->tune);
    to->model = g_strdup(from->model);
    map_address_from_config(&from->address, &to->info);
    to->info.boot_order = (guint)MAX(from->bootindex, 0);
    return to;
}

gboolean map_disks_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++)
        g_ptr_array_add(def->disks, map_disk_from_config(g_ptr_array_index(config->disks, i)));
    return TRUE;
}
