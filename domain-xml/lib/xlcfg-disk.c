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

static const char *const slots[N_SLOTS] = {
    [SLOT_TARGET] = "target",
    [SLOT_FORMAT] = "format",
    [SLOT_VDEV] = "vdev",
    [SLOT_ACCESS] = "access",
};

typedef struct {
    KxlDeviceDisk *disk;
    gboolean given[N_SLOTS];
    gboolean access_given; /* and not empty */
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
    { "sync", KXL_DISK_RAW, FALSE },
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

static gboolean read_format(XlReader *reader, const XlValue *item, gpointer device,
                            const char *text, GError **error)
{
    int format = !*text || !strcmp(text, "aio") ? KXL_DISK_RAW : kxl_disk_format_from_string(text);

    if (format < 0 || format == KXL_DISK_EMPTY)
        return xlcfg_reader_refuse(reader, item, error, "unknown value '%s' for format", text);
    ((KxlDeviceDisk *)device)->format = (KxlDiskFormat)format;
    return TRUE;
}

static char *write_format(gconstpointer device)
{
    const KxlDeviceDisk *disk = device;

    return disk->format == KXL_DISK_EMPTY ? NULL
                                          : g_strdup(kxl_disk_format_to_string(disk->format));
}

static gboolean read_devtype(XlReader *reader, const XlValue *item, gpointer device,
                             const char *text, GError **error)
{
    KxlDeviceDisk *disk = device;

    if (!strcmp(text, "cdrom"))
        disk->is_cdrom = TRUE;
    else if (!strcmp(text, "floppy"))
        disk->is_floppy = TRUE;
    else if (*text && strcmp(text, "disk") != 0)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for devtype", text);
    return TRUE;
}

static char *write_devtype(gconstpointer device)
{
    const KxlDeviceDisk *disk = device;

    return g_strdup(disk->is_cdrom ? "cdrom" : disk->is_floppy ? "floppy" : NULL);
}

/* xm wrote ioemu:vdev. */
static const char *without_ioemu(const char *vdev)
{
    return g_str_has_prefix(vdev, "ioemu:") ? vdev + strlen("ioemu:") : vdev;
}

/* vdev[:devtype] */
static gboolean read_vdev(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                          GError **error)
{
    g_auto(GStrv) parts = g_strsplit(without_ioemu(text), ":", 2);

    if (!parts[0])
        return TRUE;
    xlcfg_spec_set(&((KxlDeviceDisk *)device)->vdev, parts[0]);
    return !parts[1] || read_devtype(reader, item, device, parts[1], error);
}

static char *write_vdev(gconstpointer device)
{
    return g_strdup(((const KxlDeviceDisk *)device)->vdev);
}

static gboolean read_access(XlReader *reader, const XlValue *item, gpointer device,
                            const char *text, GError **error)
{
    static const struct {
        const char *word;
        gboolean readwrite, shareable;
    } words[] = { { "ro", FALSE, FALSE }, { "r", FALSE, FALSE },  { "rw", TRUE, FALSE },
                  { "w", TRUE, FALSE },   { "rw!", TRUE, TRUE },  { "!", TRUE, TRUE },
                  { "w!", TRUE, TRUE },   { "ro!", FALSE, FALSE }, { "r!", FALSE, FALSE },
                  { "", TRUE, FALSE } };
    KxlDeviceDisk *disk = device;

    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (!strcmp(words[i].word, text)) {
            disk->readwrite = words[i].readwrite;
            disk->shareable = words[i].shareable;
            return TRUE;
        }
    return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for access", text);
}

static char *write_access(gconstpointer device)
{
    const KxlDeviceDisk *disk = device;

    /* What is only read may be shared anyway. */
    if (!disk->readwrite)
        return g_strdup("ro");
    return g_strdup(disk->shareable ? "!" : "rw");
}

static gboolean read_backend(XlReader *reader, const XlValue *item, gpointer device,
                             const char *text, GError **error)
{
    return xlcfg_reader_backend(reader, item, text, error);
}

static gboolean read_backendtype(XlReader *reader, const XlValue *item, gpointer device,
                                 const char *text, GError **error)
{
    static const char *const known[] = { "phy", "qdisk", "tap", "standalone", "", NULL };

    if (!g_strv_contains(known, text))
        return xlcfg_reader_refuse(reader, item, error, "unknown value '%s' for backendtype", text);
    return xlcfg_spec_set(&((KxlDeviceDisk *)device)->backendtype, text);
}

static char *write_backendtype(gconstpointer device)
{
    const KxlDeviceDisk *disk = device;
    gboolean is_tap = disk->backendtype && g_str_has_prefix(disk->backendtype, "tap");

    /* xl knows neither xend's words nor a tap of QEMU's formats: libxl uses QEMU for them. */
    if (!g_strcmp0(disk->backendtype, "file") ||
        (is_tap && disk->format != KXL_DISK_RAW && disk->format != KXL_DISK_VHD))
        return g_strdup("qdisk");
    return g_strdup(is_tap ? "tap" : disk->backendtype);
}

static gboolean read_bus(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                         GError **error)
{
    static const char *const known[] = {
        "ide", "sata", "scsi", "virtio", "usb", "xen", "fdc", NULL
    };

    if (!g_strv_contains(known, text))
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for bus", text);
    return xlcfg_spec_set(&((KxlDeviceDisk *)device)->bus, text);
}

static char *write_bus(gconstpointer device)
{
    return g_strdup(((const KxlDeviceDisk *)device)->bus);
}

static gboolean read_specification(XlReader *reader, const XlValue *item, gpointer device,
                                   const char *text, GError **error)
{
    if (!*text || !strcmp(text, "xen"))
        return TRUE;
    if (strcmp(text, "virtio") != 0)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for specification", text);
    return xlcfg_spec_set(&((KxlDeviceDisk *)device)->bus, "virtio");
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
    int cache = kxl_disk_cache_from_string(text);

    if (cache < 0)
        return xlcfg_reader_fail(reader, item, error, "unknown value '%s' for cache", text);
    ((KxlDeviceDisk *)device)->cache = (KxlDiskCache)cache;
    return TRUE;
}

static char *write_cache(gconstpointer device)
{
    const KxlDeviceDisk *disk = device;

    return disk->cache == KXL_CACHE_DEFAULT ? NULL
                                            : g_strdup(kxl_disk_cache_to_string(disk->cache));
}

static gboolean read_discard(XlReader *reader, const XlValue *item, gpointer device,
                             const char *text, GError **error)
{
    ((KxlDeviceDisk *)device)->discard = strcmp(text, "discard") ? KXL_NO : KXL_YES;
    return TRUE;
}

static char *write_discard(gconstpointer device)
{
    static const char *const words[] = { [KXL_NO] = "no-discard", [KXL_YES] = "discard" };
    KxlTristate discard = ((const KxlDeviceDisk *)device)->discard;

    return discard == KXL_DEFAULT ? NULL : g_strdup(words[discard]);
}

static gboolean read_removable(XlReader *reader, const XlValue *item, gpointer device,
                               const char *text, GError **error)
{
    ((KxlDeviceDisk *)device)->removable = TRUE;
    return TRUE;
}

static char *write_removable(gconstpointer device)
{
    const KxlDeviceDisk *disk = device;

    return disk->removable && !disk->is_cdrom ? g_strdup("removable") : NULL;
}

static gboolean read_trust(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                           GError **error)
{
    if (!strcmp(text, "untrusted"))
        xlcfg_reader_warn(reader, item, "disk: 'untrusted' has no effect: the guest is not told");
    return TRUE;
}

static gboolean read_colo(XlReader *reader, const XlValue *item, gpointer device, const char *text,
                          GError **error)
{
    return xlcfg_reader_refuse(reader, item, error, "COLO replication is not supported");
}

#define FIELD(key, kind, member)                                                                   \
    {                                                                                              \
        key, kind, G_STRUCT_OFFSET(KxlDeviceDisk, member), G_MAXINT16                              \
    }
#define OTHER(key, read, write)                                                                    \
    {                                                                                              \
        key, XL_SPEC_OTHER, 0, 0, FALSE, read, write                                               \
    }
#define WORD(key, read, write)                                                                     \
    {                                                                                              \
        key, XL_SPEC_OTHER, 0, 0, TRUE, read, write                                                \
    }

static const XlSpecKey keys[] = {
    OTHER("format", read_format, write_format),
    OTHER("vdev", read_vdev, write_vdev),
    OTHER("access", read_access, write_access),
    OTHER("backendtype", read_backendtype, write_backendtype),
    OTHER("devtype", read_devtype, write_devtype),
    OTHER("bus", read_bus, write_bus),
    OTHER("cache", read_cache, write_cache),
    FIELD("serial", XL_SPEC_STRING, serial),
    FIELD("bootindex", XL_SPEC_NUMBER, bootindex),
    WORD("discard", read_discard, write_discard),
    WORD("no-discard", read_discard, NULL),
    FIELD("direct-io-safe", XL_SPEC_FLAG, direct_io_safe),
    WORD("removable", read_removable, write_removable),
    WORD("cdrom", read_devtype, NULL),
    OTHER("backend", read_backend, NULL),
    OTHER("specification", read_specification, NULL),
    OTHER("script", read_script, NULL),
    WORD("trusted", read_trust, NULL),
    WORD("untrusted", read_trust, NULL),
    WORD("colo", read_colo, NULL),
    OTHER("colo-host", read_colo, NULL),
    OTHER("colo-port", read_colo, NULL),
    OTHER("colo-export", read_colo, NULL),
    OTHER("active-disk", read_colo, NULL),
    OTHER("hidden-disk", read_colo, NULL),
};

static gboolean read_slot(XlReader *reader, const XlValue *item, DiskSpec *spec, guint slot,
                          const char *text, GError **error)
{
    const XlSpecItem named = { (char *)slots[slot], NULL };

    if (spec->given[slot])
        return xlcfg_reader_fail(reader, item, error, "%s is given twice in '%s'", slots[slot],
                                 item->text);
    spec->given[slot] = TRUE;
    if (slot == SLOT_TARGET)
        return read_target(reader, item, spec, text, error);
    spec->access_given = spec->access_given || (slot == SLOT_ACCESS && *text);
    return xlcfg_spec_take(reader, item, xlcfg_spec_find(keys, G_N_ELEMENTS(keys), &named),
                           spec->disk, text, error);
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
        g_auto(GStrv) parts = g_strsplit(without_ioemu(text), ":", 2);

        if (parts[0] && kxl_vdev_to_devid(parts[0]) >= 0)
            return SLOT_VDEV;
    }
    return slot;
}

static gboolean read_item(XlReader *reader, const XlValue *item, DiskSpec *spec,
                          const XlSpecItem *part, GError **error)
{
    const XlSpecKey *key;
    guint slot;

    for (slot = 0; part->key && slot < N_SLOTS; slot++)
        if (!strcmp(slots[slot], part->key))
            return read_slot(reader, item, spec, slot, part->value, error);
    key = xlcfg_spec_find(keys, G_N_ELEMENTS(keys), part);
    if (key)
        return xlcfg_spec_take(reader, item, key, spec->disk, part->value, error);
    if (part->key)
        return xlcfg_reader_fail(reader, item, error, "unknown parameter '%s' in '%s'", part->key,
                                 item->text);
    slot = next_slot(spec, part->value);
    if (slot == N_SLOTS && *part->value)
        return xlcfg_reader_fail(reader, item, error, "too many positional parameters in '%s'",
                                 item->text);
    if (slot == SLOT_VDEV)
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
    if (!disk->is_floppy) {
        char *name = kxl_vdev_normalise(disk->vdev);

        if (!name)
            return xlcfg_reader_fail(reader, item, error,
                                     "'%s' is no virtual device (xvda, hda, sda1 ...)", disk->vdev);
        g_free(disk->vdev);
        disk->vdev = name;
    }
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
    char **path = &reader->floppies[unit];
    g_autofree char *given = NULL;

    if (!xlcfg_reader_string(reader, value, &given, error))
        return FALSE;
    g_free(*path);
    *path = !*given || *given == '/' ? g_steal_pointer(&given) : g_strconcat("/dev/", given, NULL);
    return TRUE;
}

gboolean xlcfg_disks_format(XlWriter *writer, const char *key, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < writer->config->disks->len; i++) {
        const KxlDeviceDisk *disk = writer->config->disks->pdata[i];
        GString *spec = g_string_new(NULL);
        gboolean ok = xlcfg_spec_write(keys, G_N_ELEMENTS(keys), disk, spec, error);

        if (disk->path) /* the rest of the spec, whatever is in it */
            g_string_append_printf(spec, ",target=%s", disk->path);
        g_ptr_array_add(list, g_string_free(spec, FALSE));
        if (!ok)
            return FALSE;
    }
    xlcfg_write_list(writer, key, list);
    return TRUE;
}
