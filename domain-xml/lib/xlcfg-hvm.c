/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulated machine of an HVM guest. */
#include "xlcfg-custom.h"

#include <string.h>

/* An HVM guest's clock runs on from there: libvirt writes the 0 as well. */
gboolean xlcfg_rtc_timeoffset_format(XlWriter *writer, const char *key, GError **error)
{
    if (writer->config->type == KXL_TYPE_HVM || writer->config->rtc_timeoffset != 0)
        xlcfg_write_int(writer, key, writer->config->rtc_timeoffset);
    return TRUE;
}

gboolean xlcfg_hdtype_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_autofree char *word = NULL;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    reader->ahci = !strcmp(word, "ahci");
    return reader->ahci || !strcmp(word, "ide") ||
           xlcfg_reader_fail(reader, value, error, "invalid value \"%s\" for \"hdtype\"", word);
}

gboolean xlcfg_stdvga_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    if (!reader->config->vga)
        reader->config->vga = g_strdup(on ? "stdvga" : "cirrus");
    return TRUE;
}

/* device_model_args for all, _pv and _hvm for one type of guest. */
gboolean xlcfg_dm_args_parse(XlReader *reader, const XlValue *value, GError **error)
{
    const char *key = reader->setting->key;
    gboolean hvm = reader->config->type == KXL_TYPE_HVM;
    g_auto(GStrv) more = NULL;

    if (!xlcfg_reader_strings(reader, value, &more, error))
        return FALSE;
    if (g_str_has_suffix(key, hvm ? "_pv" : "_hvm")) {
        xlcfg_reader_warn(reader, value, "option '%s' has no effect: the guest is of another type",
                          key);
        return TRUE;
    }
    xlcfg_append_strings(&reader->config->device_model_args, (const char *const *)more);
    return TRUE;
}

gboolean xlcfg_usbdevice_parse(XlReader *reader, const XlValue *value, GError **error)
{
    g_auto(GStrv) more = NULL;

    if (!xlcfg_reader_strings(reader, value, &more, error))
        return FALSE;
    if (more && !*more[0])
        return TRUE; /* usbdevice = "" */
    xlcfg_append_strings(&reader->config->usbdevices, (const char *const *)more);
    return TRUE;
}

gboolean xlcfg_usbdevice_format(XlWriter *writer, const char *key, GError **error)
{
    char **devices = writer->config->usbdevices;

    if (devices && devices[0] && !devices[1])
        xlcfg_write_string(writer, key, devices[0]);
    else
        xlcfg_write_strings(writer, key, (const char *const *)devices);
    return TRUE;
}

/* fda and fdb as drives; hdtype for the disks that do not say themselves. */
void xlcfg_hvm_finish(XlReader *reader)
{
    KxlDomainConfig *config = reader->config;

    for (guint unit = 0; unit < G_N_ELEMENTS(reader->floppies); unit++) {
        KxlDeviceDisk *disk;

        if (!reader->floppies[unit] || !*reader->floppies[unit])
            continue;
        disk = kxl_device_disk_new();
        g_ptr_array_add(config->disks, disk);
        disk->path = g_steal_pointer(&reader->floppies[unit]);
        disk->format = KXL_DISK_RAW;
        disk->vdev = g_strdup(unit ? "fdb" : "fda");
        disk->is_floppy = TRUE;
        disk->readwrite = TRUE;
    }
    for (guint i = 0; reader->ahci && config->type == KXL_TYPE_HVM && i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (!disk->bus && g_str_has_prefix(disk->vdev, "hd"))
            disk->bus = g_strdup("sata");
    }
}
