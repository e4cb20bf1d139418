/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * disk=: xl-disk-configuration(5), its deprecated prefixes, and what xm wrote:
 * target,vdev[:cdrom],access. Keys of our own (bus, cache, serial, bootindex) carry what libvirt's
 * XML can say and xl's cannot.
 */
#include "xlcfg-devices.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-spec.h"

enum { SLOT_TARGET, SLOT_FORMAT, SLOT_VDEV, SLOT_ACCESS, N_SLOTS };

typedef struct {
    KxlDeviceDisk *disk;
    gboolean given[N_SLOTS];
    gboolean access_given;
} DiskSpec;

static const struct {
    const char *name;
    int format; /* -1: says nothing */
    gboolean is_script;
} prefixes[] = {
    { "phy", -1, FALSE },
    { "file", -1, FALSE },
    { "tap", -1, FALSE },
    { "tap2", -1, FALSE },
    { "tapdisk", -1, FALSE },
    { "aio", -1, FALSE },
    { "ioemu", -1, FALSE },
    { "raw", KXL_DISK_RAW, FALSE },
    { "qcow", KXL_DISK_QCOW, FALSE },
    { "qcow2", KXL_DISK_QCOW2, FALSE },
    { "qed", KXL_DISK_QED, FALSE },
    { "vhd", KXL_DISK_VHD, FALSE },
    { "vmdk", KXL_DISK_VMDK, FALSE },
    { "vdi", KXL_DISK_VDI, FALSE },
    { "iscsi", -1, TRUE },
    { "nbd", -1, TRUE },
    { "enbd", -1, TRUE },
    { "drbd", -1, TRUE },
};

/* Length of a leading "scheme:", 0 when there is none. */
static gsize scheme_length(const char *text)
{
    gsize n = 0;

    if (!g_ascii_isalpha(*text))
        return 0;
    while (g_ascii_isalnum(text[n]) || text[n] == '+')
        n++;
    return text[n] == ':' ? n : 0;
}

static void set_target(KxlDeviceDisk *disk, const char *target, gboolean is_uri)
{
    g_clear_pointer(&disk->path, g_free);
    disk->is_uri = is_uri;
    if (!*target)
        return;
    /* xl-disk-configuration(5): "/dev will be prepended if the path doesn't start with a '/'" */
    disk->path = is_uri || *target == '/' ? g_strdup(target) : g_strconcat("/dev/", target, NULL);
}

/* The first positional parameter: prefixes, then a path or a URI. */
static gboolean read_target(XlReader *reader, const XlValue *item, DiskSpec *spec, const char *text,
                            GError **error)
{
    gsize len;

    while ((len = scheme_length(text)) > 0 && strncmp(text + len, "://", 3) != 0) {
        guint i = 0;

        while (i < G_N_ELEMENTS(prefixes) &&
               (strlen(prefixes[i].name) != len || strncmp(prefixes[i].name, text, len) != 0))
            i++;
        if (i == G_N_ELEMENTS(prefixes))
            return xlcfg_reader_fail(reader, item, error,
                                     "unknown prefix '%.*s:' (a URI goes behind target=)", (int)len,
                                     text);
        if (prefixes[i].is_script)
            return xlcfg_reader_refuse(reader, item, error,
                                       "block scripts ('%s:') are not supported: give a URI, "
                                       "target=%s://...",
                                       prefixes[i].name, prefixes[i].name);
        if (!strcmp(prefixes[i].name, "phy") && !spec->disk->backendtype)
            spec->disk->backendtype =
                g_strdup("phy"); /* so that it stays known as a block device */
        if (prefixes[i].format >= 0)
            spec->disk->format = (KxlDiskFormat)prefixes[i].format;
        spec->given[SLOT_FORMAT] = TRUE;
        text += len + 1;
    }
    set_target(spec->disk, text, len > 0);
    return TRUE;
}

static gboolean read_format(XlReader *reader, const XlValue *item, DiskSpec *spec, const char *text,
                            GError **error)
{
    int format = !*text || !strcmp(text, "aio") ? KXL_DISK_RAW : kxl_disk_format_from_string(text);

    if (format < 0 || format == KXL_DISK_EMPTY)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for format", text);
    spec->disk->format = (KxlDiskFormat)format;
    return TRUE;
}

static gboolean read_devtype(XlReader *reader, const XlValue *item, gpointer device,
                             const char *text, GError **error)
{
    DiskSpec *spec = device;

    if (!strcmp(text, "cdrom"))
        spec->disk->is_cdrom = TRUE;
    else if (!strcmp(text, "floppy"))
        spec->disk->is_floppy = TRUE;
    else if (*text && strcmp(text, "disk") != 0)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for devtype", text);
    return TRUE;
}

/* vdev[:devtype], and xm's ioemu:vdev. */
static gboolean read_vdev(XlReader *reader, const XlValue *item, DiskSpec *spec, const char *text,
                          GError **error)
{
    g_auto(GStrv) parts = NULL;

    if (g_str_has_prefix(text, "ioemu:"))
        text += strlen("ioemu:");
    parts = g_strsplit(text, ":", 2);
    g_free(spec->disk->vdev);
    spec->disk->vdev = g_strdup(parts[0] && *parts[0] ? parts[0] : NULL);
    return !parts[0] || !parts[1] || read_devtype(reader, item, spec, parts[1], error);
}

static gboolean read_access(XlReader *reader, const XlValue *item, DiskSpec *spec, const char *text,
                            GError **error)
{
    static const struct {
        const char *word;
        gboolean readwrite, shareable;
    } words[] = { { "ro", FALSE, FALSE }, { "r", FALSE, FALSE }, { "rw", TRUE, FALSE },
                  { "w", TRUE, FALSE },   { "rw!", TRUE, TRUE }, { "w!", TRUE, TRUE },
                  { "ro!", FALSE, TRUE }, { "r!", FALSE, TRUE } };

    if (!*text)
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (!strcmp(words[i].word, text)) {
            spec->disk->readwrite = words[i].readwrite;
            spec->disk->shareable = words[i].shareable;
            spec->access_given = TRUE;
            return TRUE;
        }
    return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for access", text);
}

typedef gboolean (*SlotFunc)(XlReader *reader, const XlValue *item, DiskSpec *spec,
                             const char *text, GError **error);

static const struct {
    const char *key;
    SlotFunc read;
} slots[N_SLOTS] = {
    [SLOT_TARGET] = { "target", read_target },
    [SLOT_FORMAT] = { "format", read_format },
    [SLOT_VDEV] = { "vdev", read_vdev },
    [SLOT_ACCESS] = { "access", read_access },
};

static gboolean read_backend(XlReader *reader, const XlValue *item, gpointer device,
                             const char *text, GError **error)
{
    if (!*text || !strcmp(text, "0") || !strcmp(text, "Domain-0"))
        return TRUE;
    return xlcfg_reader_refuse(reader, item, error, "driver domains are not supported: backend=%s",
                               text);
}

static gboolean read_backendtype(XlReader *reader, const XlValue *item, gpointer device,
                                 const char *text, GError **error)
{
    static const char *const known[] = { "phy", "qdisk", "tap", "standalone", "", NULL };
    DiskSpec *spec = device;

    if (!g_strv_contains(known, text))
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for backendtype", text);
    g_free(spec->disk->backendtype);
    spec->disk->backendtype = *text ? g_strdup(text) : NULL;
    return TRUE;
}

static gboolean read_specification(XlReader *reader, const XlValue *item, gpointer device,
                                   const char *text, GError **error)
{
    DiskSpec *spec = device;

    if (!*text || !strcmp(text, "xen"))
        return TRUE;
    if (strcmp(text, "virtio") != 0)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for specification", text);
    g_free(spec->disk->bus);
    spec->disk->bus = g_strdup("virtio");
    return TRUE;
}

static gboolean read_script(XlReader *reader, const XlValue *item, gpointer device,
                            const char *text, GError **error)
{
    return !*text || xlcfg_reader_refuse(reader, item, error,
                                         "block scripts are not supported: script=%s", text);
}

static gboolean read_cache(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    DiskSpec *spec = device;
    int cache = kxl_disk_cache_from_string(text);

    if (cache < 0)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for cache", text);
    spec->disk->cache = (KxlDiskCache)cache;
    return TRUE;
}

static gboolean read_bus(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                         GError **error)
{
    static const char *const known[] = {
        "ide", "sata", "scsi", "virtio", "usb", "xen", "fdc", NULL
    };
    DiskSpec *spec = device;

    if (!g_strv_contains(known, text))
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for bus", text);
    g_free(spec->disk->bus);
    spec->disk->bus = g_strdup(text);
    return TRUE;
}

static gboolean read_serial(XlReader *reader, const XlValue *item, gpointer device,
                            const char *text, GError **error)
{
    DiskSpec *spec = device;

    g_free(spec->disk->serial);
    spec->disk->serial = *text ? g_strdup(text) : NULL;
    return TRUE;
}

static gboolean read_bootindex(XlReader *reader, const XlValue *item, gpointer device,
                               const char *text, GError **error)
{
    DiskSpec *spec = device;
    gint64 number;

    if (!xlcfg_text_to_int(text, &number) || number < 0 || number > G_MAXINT16)
        return xlcfg_reader_fail(reader, item, error, "'%s' is no valid bootindex", text);
    spec->disk->bootindex = (int)number;
    return TRUE;
}

static gboolean read_cdrom_flag(XlReader *reader, const XlValue *item, gpointer device,
                                const char *text, GError **error)
{
    ((DiskSpec *)device)->disk->is_cdrom = TRUE;
    return TRUE;
}

static gboolean read_discard_flag(XlReader *reader, const XlValue *item, gpointer device,
                                  const char *text, GError **error)
{
    ((DiskSpec *)device)->disk->discard = KXL_YES;
    return TRUE;
}

static gboolean read_no_discard_flag(XlReader *reader, const XlValue *item, gpointer device,
                                     const char *text, GError **error)
{
    ((DiskSpec *)device)->disk->discard = KXL_NO;
    return TRUE;
}

static gboolean read_direct_io_safe_flag(XlReader *reader, const XlValue *item, gpointer device,
                                         const char *text, GError **error)
{
    ((DiskSpec *)device)->disk->direct_io_safe = TRUE;
    return TRUE;
}

static gboolean read_removable_flag(XlReader *reader, const XlValue *item, gpointer device,
                                    const char *text, GError **error)
{
    ((DiskSpec *)device)->disk->removable = TRUE;
    return TRUE;
}

static gboolean read_trusted_flag(XlReader *reader, const XlValue *item, gpointer device,
                                  const char *text, GError **error)
{
    return TRUE; /* what it is anyway */
}

static gboolean read_untrusted_flag(XlReader *reader, const XlValue *item, gpointer device,
                                    const char *text, GError **error)
{
    xlcfg_reader_warn(reader, item, "disk: 'untrusted' has no effect: the guest is not told");
    return TRUE;
}

static gboolean read_colo(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                          GError **error)
{
    return xlcfg_reader_refuse(reader, item, error, "COLO replication is not supported");
}

static const XlSpecKey keys[] = {
    { "devtype", read_devtype },
    { "backend", read_backend },
    { "backendtype", read_backendtype },
    { "specification", read_specification },
    { "script", read_script },
    { "cache", read_cache },
    { "bus", read_bus },
    { "serial", read_serial },
    { "bootindex", read_bootindex },
    { "colo-host", read_colo },
    { "colo-port", read_colo },
    { "colo-export", read_colo },
    { "active-disk", read_colo },
    { "hidden-disk", read_colo },
    { "cdrom", read_cdrom_flag, TRUE },
    { "discard", read_discard_flag, TRUE },
    { "no-discard", read_no_discard_flag, TRUE },
    { "direct-io-safe", read_direct_io_safe_flag, TRUE },
    { "removable", read_removable_flag, TRUE },
    { "trusted", read_trusted_flag, TRUE },
    { "untrusted", read_untrusted_flag, TRUE },
    { "colo", read_colo, TRUE },
};

static gboolean read_slot(XlReader *reader, const XlValue *item, DiskSpec *spec, guint slot,
                          const char *text, GError **error)
{
    if (spec->given[slot])
        return xlcfg_reader_fail(reader, item, error, "%s is given twice in '%s'", slots[slot].key,
                                 item->text);
    spec->given[slot] = TRUE;
    return slots[slot].read(reader, item, spec, text, error);
}

/* Which slot a word without a key takes. xm had no format in the middle: what is no format, but may
 * be a vdev, is one. */
static guint next_slot(const DiskSpec *spec, const char *text)
{
    guint slot = 0;

    while (slot < N_SLOTS && spec->given[slot])
        slot++;
    if (slot == SLOT_FORMAT && *text && !spec->given[SLOT_VDEV] &&
        kxl_disk_format_from_string(text) < 0) {
        g_auto(GStrv) parts =
            g_strsplit(g_str_has_prefix(text, "ioemu:") ? text + 6 : text, ":", 2);

        if (kxl_vdev_to_devid(parts[0]) >= 0)
            return SLOT_VDEV;
    }
    return slot;
}

static gboolean read_item(XlReader *reader, const XlValue *item, DiskSpec *spec,
                          const XlSpecItem *part, GError **error)
{
    const XlSpecKey *key =
        xlcfg_spec_find(keys, G_N_ELEMENTS(keys), part->key ? part->key : part->value, !part->key);
    guint slot;

    if (key)
        return key->read(reader, item, spec, part->value, error);
    for (slot = 0; part->key && slot < N_SLOTS; slot++)
        if (!strcmp(slots[slot].key, part->key))
            return read_slot(reader, item, spec, slot, part->value, error);
    if (part->key)
        return xlcfg_reader_fail(reader, item, error, "unknown parameter '%s' in '%s'", part->key,
                                 item->text);
    slot = next_slot(spec, part->value);
    if (slot == N_SLOTS && *part->value)
        return xlcfg_reader_fail(reader, item, error, "too many positional parameters in '%s'",
                                 item->text);
    if (slot == SLOT_VDEV && !spec->given[SLOT_FORMAT])
        spec->given[SLOT_FORMAT] = TRUE;
    return slot == N_SLOTS || read_slot(reader, item, spec, slot, part->value, error);
}

/* "target=" consumes the rest, commas and all; it ends the text that is split. */
static char *cut_target(const char *text, const char **ret_target)
{
    const char *at = text;

    *ret_target = NULL;
    for (;;) {
        while (g_ascii_isspace(*at))
            at++;
        if (g_str_has_prefix(at, "target=")) {
            *ret_target = at + strlen("target=");
            return g_strndup(text, (gsize)(at - text));
        }
        at = strchr(at, ',');
        if (!at)
            return g_strdup(text);
        at++;
    }
}

static gboolean check_disk(XlReader *reader, const XlValue *item, DiskSpec *spec, GError **error)
{
    KxlDeviceDisk *disk = spec->disk;

    if (!disk->vdev)
        return xlcfg_reader_fail(reader, item, error, "no vdev specified in '%s'", item->text);
    if (!disk->is_floppy && kxl_vdev_to_devid(disk->vdev) < 0)
        return xlcfg_reader_fail(reader, item, error,
                                 "'%s' is no virtual device (xvda, hda, sda1 ...)", disk->vdev);
    if (disk->is_cdrom) {
        disk->removable = TRUE;
        disk->readwrite = FALSE;
    } else if (!spec->access_given) {
        disk->readwrite = TRUE;
    }
    if (disk->path)
        return TRUE;
    if (!disk->is_cdrom && !disk->is_floppy)
        return xlcfg_reader_fail(reader, item, error, "no target specified in '%s'", item->text);
    disk->format = KXL_DISK_EMPTY;
    return TRUE;
}

static gboolean read_disk(XlReader *reader, const XlValue *item, GError **error)
{
    DiskSpec spec = { .disk = kxl_device_disk_new() };
    g_autofree char *start = NULL;
    g_autoptr(GPtrArray) parts = NULL;
    const char *target;

    g_ptr_array_add(reader->config->disks, spec.disk);
    spec.disk->format = KXL_DISK_RAW;
    start = cut_target(item->text, &target);
    parts = xlcfg_spec_split(start);
    /* what stands behind the last comma before target= is nothing */
    for (guint i = 0; i + (target ? 1 : 0) < parts->len; i++)
        if (!read_item(reader, item, &spec, parts->pdata[i], error))
            return FALSE;
    if (target) {
        if (spec.disk->path)
            return xlcfg_reader_fail(reader, item, error, "target is given twice in '%s'",
                                     item->text);
        set_target(spec.disk, target, scheme_length(target) > 0);
    }
    return check_disk(reader, item, &spec, error);
}

gboolean xlcfg_disks_parse(XlReader *reader, const XlValue *value, GError **error)
{
    return xlcfg_reader_each(reader, value, read_disk, error);
}

gboolean xlcfg_floppy_parse(XlReader *reader, const XlValue *value, GError **error)
{
    guint unit = !strcmp(reader->setting->key, "fdb");

    return xlcfg_reader_string(reader, value, &reader->floppies[unit], error);
}

static gboolean format_disk(const KxlDeviceDisk *disk, GString *spec, GError **error)
{
    g_autofree char *bootindex = disk->bootindex ? g_strdup_printf("%d", disk->bootindex) : NULL;
    g_autofree char *access =
        g_strconcat(disk->readwrite ? "rw" : "ro", disk->shareable ? "!" : "", NULL);
    const char *cache =
        disk->cache == KXL_CACHE_DEFAULT ? NULL : kxl_disk_cache_to_string(disk->cache);
    const char *format =
        disk->format == KXL_DISK_EMPTY ? NULL : kxl_disk_format_to_string(disk->format);
    const char *devtype = disk->is_cdrom ? "cdrom" : disk->is_floppy ? "floppy" : NULL;

    if (!xlcfg_spec_add(spec, "format", format, error) ||
        !xlcfg_spec_add(spec, "vdev", disk->vdev, error) ||
        !xlcfg_spec_add(spec, "access", access, error) ||
        !xlcfg_spec_add(spec, "backendtype", disk->backendtype, error) ||
        !xlcfg_spec_add(spec, "devtype", devtype, error) ||
        !xlcfg_spec_add(spec, "bus", disk->bus, error) ||
        !xlcfg_spec_add(spec, "cache", cache, error) ||
        !xlcfg_spec_add(spec, "serial", disk->serial, error) ||
        !xlcfg_spec_add(spec, "bootindex", bootindex, error) ||
        !xlcfg_spec_add(spec, "script", disk->script, error))
        return FALSE;
    if (disk->discard != KXL_DEFAULT)
        xlcfg_spec_add_flag(spec, disk->discard == KXL_YES ? "discard" : "no-discard");
    if (disk->direct_io_safe)
        xlcfg_spec_add_flag(spec, "direct-io-safe");
    if (disk->removable && !disk->is_cdrom)
        xlcfg_spec_add_flag(spec, "removable");
    if (disk->path)
        g_string_append_printf(spec, ",target=%s", disk->path);
    return TRUE;
}

gboolean xlcfg_disks_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < writer->config->disks->len; i++) {
        GString *spec = g_string_new(NULL);
        gboolean ok = format_disk(writer->config->disks->pdata[i], spec, error);

        g_ptr_array_add(list, g_string_free(spec, FALSE));
        if (!ok)
            return FALSE;
    }
    xlcfg_write_list(writer, key, list);
    return TRUE;
}
