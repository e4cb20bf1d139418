/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-tune.h"

#include "machine-image.h"

#define TUNE_TIMEOUT_MS 20000

#define QEMU_NAME(id, xml, qemu) [KXL_TUNE_##id] = (qemu),
static const char *const names[KXL_TUNE_COUNT] = { KXL_TUNE_KINDS(QEMU_NAME) };

/* A group alone, too: its limits may be the other members'. */
static gboolean is_limited(const KxlDeviceDisk *disk)
{
    gboolean limited = disk->tune.group != NULL;

    for (guint i = 0; i < KXL_TUNE_COUNT; i++)
        limited |= disk->tune.limit[i] || disk->tune.burst[i];
    return limited && !kxl_disk_is_empty(disk);
}

static void set(JsonObject *arguments, const char *name, const char *suffix, guint64 value)
{
    g_autofree char *key = g_strconcat(name, suffix, NULL);

    json_object_set_int_member(arguments, key, (gint64)value);
}

JsonObject *kxl_disk_tune_arguments(const KxlDeviceDisk *disk, const char *device)
{
    JsonObject *arguments;

    if (!is_limited(disk))
        return NULL;
    arguments = json_object_new();
    json_object_set_string_member(arguments, "id", device);
    if (disk->tune.group)
        json_object_set_string_member(arguments, "group", disk->tune.group);
    for (guint i = 0; i < KXL_TUNE_COUNT; i++) {
        set(arguments, names[i], "", disk->tune.limit[i]); /* QEMU wants all of these */
        if (disk->tune.burst[i])
            set(arguments, names[i], "_max", disk->tune.burst[i]);
        if (disk->tune.burst_secs[i])
            set(arguments, names[i], "_max_length", disk->tune.burst_secs[i]);
    }
    if (disk->tune.iops_size)
        set(arguments, "iops_size", "", disk->tune.iops_size);
    return arguments;
}

gboolean kxl_disk_tune_apply(KxlQmp *qmp, const KxlDeviceDisk *disk, const char *device,
                             GError **error)
{
    JsonObject *arguments = kxl_disk_tune_arguments(disk, device);

    if (!arguments || kxl_qmp_run(qmp, "block_set_io_throttle", arguments, TUNE_TIMEOUT_MS, error))
        return TRUE;
    g_prefix_error(error, "disk '%s': ", disk->vdev);
    return FALSE;
}
