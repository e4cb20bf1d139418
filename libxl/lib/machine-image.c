/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine-image.h"

#include <string.h>
#include <sys/stat.h>

#include "disk-fds.h"
#include "disk-secret.h"

/* QEMU's names of our formats. */
static const char *const format_drivers[KXL_DISK_FORMAT_COUNT] = {
    [KXL_DISK_RAW] = "raw", [KXL_DISK_QCOW] = "qcow", [KXL_DISK_QCOW2] = "qcow2",
    [KXL_DISK_QED] = "qed", [KXL_DISK_VHD] = "vpc",   [KXL_DISK_VMDK] = "vmdk",
    [KXL_DISK_VDI] = "vdi",
};

/* What a cache mode is made of: QEMU docs/system/qemu-block-drivers and the table at -drive cache=.
 */
static const struct {
    gboolean direct, no_flush, write_through;
} cache_modes[KXL_CACHE_COUNT] = {
    [KXL_CACHE_DEFAULT] = { FALSE, FALSE, FALSE },
    [KXL_CACHE_NONE] = { TRUE, FALSE, FALSE },
    [KXL_CACHE_WRITETHROUGH] = { FALSE, FALSE, TRUE },
    [KXL_CACHE_WRITEBACK] = { FALSE, FALSE, FALSE },
    [KXL_CACHE_DIRECTSYNC] = { TRUE, FALSE, TRUE },
    [KXL_CACHE_UNSAFE] = { FALSE, TRUE, FALSE },
};

const char *kxl_image_driver(KxlDiskFormat format)
{
    return format_drivers[format];
}

gboolean kxl_disk_is_empty(const KxlDeviceDisk *disk)
{
    return disk->format == KXL_DISK_EMPTY || !disk->path || !*disk->path;
}

gboolean kxl_disk_is_writable(const KxlDeviceDisk *disk)
{
    return disk->readwrite && !disk->is_cdrom && !disk->is_dir;
}

gboolean kxl_disk_writes_image(const KxlDeviceDisk *disk)
{
    return kxl_disk_is_writable(disk) && !disk->transient;
}

gboolean kxl_disk_is_write_through(const KxlDeviceDisk *disk)
{
    return cache_modes[disk->cache].write_through;
}

gboolean kxl_disk_is_encrypted_by_server(const KxlDeviceDisk *disk)
{
    return disk->encryption.format && g_strcmp0(disk->encryption.engine, "librbd") == 0;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static void set_cache(JsonObject *node, const KxlDeviceDisk *disk)
{
    JsonObject *cache = json_object_new();

    json_object_set_boolean_member(cache, "direct", cache_modes[disk->cache].direct);
    json_object_set_boolean_member(cache, "no-flush", cache_modes[disk->cache].no_flush);
    json_object_set_object_member(node, "cache", cache);
}

static void set_discard(JsonObject *node, const KxlDeviceDisk *disk)
{
    json_object_set_string_member(node, "discard", disk->discard == KXL_NO ? "ignore" : "unmap");
}

/* Zeroes can become holes only where holes may be made. */
static void set_detect_zeroes(JsonObject *node, const KxlDeviceDisk *disk)
{
    const char *mode = disk->detect_zeroes;

    if (!mode || !kxl_disk_is_writable(disk))
        return;
    if (g_str_equal(mode, "unmap") && disk->discard == KXL_NO)
        mode = "on";
    json_object_set_string_member(node, "detect-zeroes", mode);
}

/* What is not there yet is taken for what its place is for. */
static gboolean is_device(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return g_str_has_prefix(path, "/dev/");
    return S_ISBLK(st.st_mode) || S_ISCHR(st.st_mode);
}

/* The protocol layer: a file or a block device of the host. */
static JsonObject *file_node(const KxlDeviceDisk *disk, const char *path, gboolean device)
{
    JsonObject *node = json_object_new();

    json_object_set_string_member(node, "driver", device ? "host_device" : "file");
    json_object_set_string_member(node, "filename", path);
    if (disk->io || cache_modes[disk->cache].direct)
        json_object_set_string_member(node, "aio", disk->io ? disk->io : "native");
    set_discard(node, disk);
    set_cache(node, disk);
    return node;
}

/*
 * The same, opened already. QEMU would first open it for reading, and again for writing when the
 * guest's device comes to it: two descriptors, of which there may be one.
 */
static JsonObject *descriptor_node(const KxlDeviceDisk *disk)
{
    g_autofree char *path = kxl_disk_fds_path(disk);
    JsonObject *node = file_node(disk, path, kxl_disk_fds_are_block(disk));

    json_object_set_boolean_member(node, "read-only", !kxl_disk_writes_image(disk));
    json_object_set_boolean_member(node, "auto-read-only", FALSE);
    return node;
}

static JsonObject *dir_node(const KxlDeviceDisk *disk)
{
    JsonObject *node = json_object_new();

    json_object_set_string_member(node, "driver", "vvfat");
    json_object_set_string_member(node, "dir", disk->path);
    json_object_set_boolean_member(node, "floppy", disk->is_floppy);
    json_object_set_boolean_member(node, "rw", FALSE);
    json_object_set_boolean_member(node, "read-only", TRUE);
    return node;
}

static JsonObject *uri_node(const KxlDeviceDisk *disk, const char *name, GError **error)
{
    JsonObject *node = kxl_image_uri_node(disk, name, error);

    if (!node)
        return NULL;
    json_object_set_boolean_member(node, "read-only", !kxl_disk_writes_image(disk));
    set_discard(node, disk);
    set_cache(node, disk);
    return node;
}

static JsonObject *protocol_node(const KxlDeviceDisk *disk, const char *name, GError **error)
{
    if (disk->is_uri)
        return uri_node(disk, name, error);
    if (disk->fd_group)
        return descriptor_node(disk);
    return disk->is_dir ? dir_node(disk) : file_node(disk, disk->path, is_device(disk->path));
}

/* A format on a protocol; takes the protocol's node. name may be NULL. */
static JsonObject *format_node(const KxlDeviceDisk *disk, const char *name, const char *driver,
                               gboolean read_only, JsonObject *protocol)
{
    JsonObject *node = json_object_new();

    if (name)
        json_object_set_string_member(node, "node-name", name);
    json_object_set_string_member(node, "driver", driver);
    json_object_set_boolean_member(node, "read-only", read_only);
    set_discard(node, disk);
    set_cache(node, disk);
    json_object_set_object_member(node, "file", protocol);
    return node;
}

/* The image may be a part of its file only. Takes the file's node. */
static JsonObject *slice_node(const KxlDeviceDisk *disk, JsonObject *file)
{
    JsonObject *node;

    if (!disk->slice_size)
        return file;
    node = format_node(disk, NULL, "raw", !kxl_disk_writes_image(disk), file);
    json_object_set_int_member(node, "offset", (gint64)disk->slice_offset);
    json_object_set_int_member(node, "size", (gint64)disk->slice_size);
    return node;
}

/* An encrypted image is LUKS instead of raw, or qcow2 with LUKS inside; what librbd has encrypted
 * looks plain to QEMU. */
static void set_encryption(JsonObject *node, const KxlDeviceDisk *disk, const char *name)
{
    g_autofree char *key = kxl_disk_secret_id(name, KXL_SECRET_IMAGE);
    JsonObject *encrypt;

    if (!disk->encryption.format || kxl_disk_is_encrypted_by_server(disk))
        return;
    if (disk->format == KXL_DISK_RAW) {
        json_object_set_string_member(node, "driver", "luks");
        json_object_set_string_member(node, "key-secret", key);
        return;
    }
    encrypt = json_object_new();
    json_object_set_string_member(encrypt, "format", "luks");
    json_object_set_string_member(encrypt, "key-secret", key);
    json_object_set_object_member(node, "encrypt", encrypt);
}

/* A transient disk writes to an overlay over the image, which stays as it is. */
static JsonObject *image_node(const KxlDeviceDisk *disk, const char *name, GError **error)
{
    JsonObject *protocol = protocol_node(disk, name, error), *node;
    gboolean overlaid = disk->transient && kxl_disk_is_writable(disk);

    if (!protocol)
        return NULL;
    node = format_node(disk, overlaid ? NULL : name, kxl_image_driver(disk->format),
                       !kxl_disk_writes_image(disk), slice_node(disk, protocol));
    if (disk->metadata_cache && disk->format == KXL_DISK_QCOW2)
        json_object_set_int_member(node, "cache-size", (gint64)disk->metadata_cache);
    set_encryption(node, disk, name);
    if (overlaid) {
        JsonObject *overlay =
            format_node(disk, name, "qcow2", FALSE, file_node(disk, disk->overlay, FALSE));

        json_object_set_object_member(overlay, "backing", node);
        node = overlay;
    }
    set_detect_zeroes(node, disk);
    return node;
}

static JsonObject *empty_node(const char *name)
{
    JsonObject *node = json_object_new();

    json_object_set_string_member(node, "node-name", name);
    json_object_set_string_member(node, "driver", "null-co");
    json_object_set_int_member(node, "size", 0);
    json_object_set_boolean_member(node, "read-only", TRUE);
    return node;
}

/* --- filters ---------------------------------------------------------------------------------- */

static gboolean reads_copy(const KxlDeviceDisk *disk)
{
    return disk->copy_on_read == KXL_YES && !kxl_disk_is_empty(disk);
}

static JsonObject *filter_node(const char *name, const char *driver, const char *below)
{
    JsonObject *node = json_object_new();

    json_object_set_string_member(node, "node-name", name);
    json_object_set_string_member(node, "driver", driver);
    json_object_set_string_member(node, "file", below);
    return node;
}

static char *copy_name(const char *node)
{
    return g_strconcat(node, "-copy", NULL);
}

char *kxl_image_top(const KxlDeviceDisk *disk, const char *node)
{
    return reads_copy(disk) ? copy_name(node) : g_strdup(node);
}

GPtrArray *kxl_image_nodes(const KxlDeviceDisk *disk, const char *node, GError **error)
{
    g_autoptr(GPtrArray) nodes = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    g_autofree char *copy = copy_name(node);
    JsonObject *image = kxl_disk_is_empty(disk) ? empty_node(node) : image_node(disk, node, error);

    if (!image)
        return NULL;
    g_ptr_array_add(nodes, image);
    if (reads_copy(disk))
        g_ptr_array_add(nodes, filter_node(copy, "copy-on-read", node));
    return g_steal_pointer(&nodes);
}
