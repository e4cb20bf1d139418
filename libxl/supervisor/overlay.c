/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transient disks: a file over the image that takes what the guest writes, made anew for each life
 * of the domain and removed after it. */
#include <stdio.h>

#include "command.h"
#include "machine-image.h"
#include "session.h"

#define QEMU_IMG_TIMEOUT_MS 30000

/* qemu-img only writes the image's name into the overlay, and its size; QEMU is told the node. */
static gboolean make_overlay(const KxlDeviceDisk *disk, GError **error)
{
    const char *argv[] = {
        "qemu-img", "create",   "-q",          "-f", "qcow2", "-F", kxl_image_driver(disk->format),
        "-b",       disk->path, disk->overlay, NULL,
    };
    g_autofree char *dir = g_path_get_dirname(disk->overlay);

    g_mkdir_with_parents(dir, 0700);
    remove(disk->overlay);
    if (kxl_command_run(argv, NULL, QEMU_IMG_TIMEOUT_MS, NULL, error))
        return TRUE;
    g_prefix_error(error, "disk '%s': ", disk->vdev);
    return FALSE;
}

gboolean overlays_make(Session *s, GError **error)
{
    for (guint i = 0; i < s->config->disks->len; i++) {
        const KxlDeviceDisk *disk = s->config->disks->pdata[i];

        if (disk->transient && !make_overlay(disk, error))
            return FALSE;
    }
    return TRUE;
}

void overlays_remove(Session *s)
{
    for (guint i = 0; i < s->config->disks->len; i++) {
        const KxlDeviceDisk *disk = s->config->disks->pdata[i];

        if (disk->transient && disk->overlay)
            remove(disk->overlay);
    }
}
