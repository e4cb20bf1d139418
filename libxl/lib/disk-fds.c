/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config-find.h"
#include "fd.h"
#include "file.h"
#include "machine-image.h"
#include "vdev.h"

int kxl_disk_fds_number(const KxlDeviceDisk *disk)
{
    return kxl_vdev_to_devid(disk->vdev);
}

char *kxl_disk_fds_path(const KxlDeviceDisk *disk)
{
    return g_strdup_printf("/dev/fdset/%d", kxl_disk_fds_number(disk));
}

/* --- checks ----------------------------------------------------------------------------------- */

static gboolean refuse(const KxlDeviceDisk *disk, const char *what, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "disk '%s': file descriptor group '%s': %s",
                disk->vdev, disk->fd_group, what);
    return FALSE;
}

/* QEMU takes the one whose way of access is exactly that in which it opens the image. */
gboolean kxl_disk_fds_check(const KxlDeviceDisk *disk, GError **error)
{
    int wanted = kxl_disk_writes_image(disk) ? O_RDWR : O_RDONLY;
    g_autoptr(GArray) fds = kxl_disk_fds(disk);
    gboolean found = FALSE;

    if (!disk->fd_group)
        return TRUE;
    if (fds->len == 0)
        return refuse(disk, "its descriptors are not there, they must be passed again", error);
    for (guint i = 0; i < fds->len; i++) {
        int fd = g_array_index(fds, int, i), flags = fcntl(fd, F_GETFL);
        struct stat st;

        if (flags < 0 || fstat(fd, &st) < 0)
            return kxl_error_set_errno(error, errno, "disk '%s': descriptor %d", disk->vdev, fd);
        if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
            return refuse(disk, "one is neither of a file nor of a block device", error);
        found |= (flags & O_ACCMODE) == wanted;
    }
    return found || refuse(disk,
                           wanted == O_RDWR ? "none is open for reading and writing"
                                            : "none is open for reading only",
                           error);
}

gboolean kxl_disk_fds_are_block(const KxlDeviceDisk *disk)
{
    g_autoptr(GArray) fds = kxl_disk_fds(disk);
    struct stat st;

    return fds->len > 0 && fstat(g_array_index(fds, int, 0), &st) == 0 && S_ISBLK(st.st_mode);
}

/* --- QEMU ------------------------------------------------------------------------------------- */

void kxl_args_disk_fds(KxlArgs *args, const KxlDeviceDisk *disk)
{
    g_autoptr(GArray) fds = kxl_disk_fds(disk);

    for (guint i = 0; disk->fd_group && i < fds->len; i++)
        kxl_args_add(args, "-add-fd", "fd=%d,set=%d", g_array_index(fds, int, i),
                     kxl_disk_fds_number(disk));
}

/* --- from process to process ------------------------------------------------------------------ */

GArray *kxl_disk_fds_list(const KxlDomainConfig *config, char **ret_word)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(int));
    GString *word = g_string_new(NULL);

    for (guint i = 0; i < config->disks->len; i++) {
        const KxlDeviceDisk *disk = config->disks->pdata[i];
        g_autoptr(GArray) fds = kxl_disk_fds(disk);

        if (!disk->fd_group || fds->len == 0)
            continue;
        g_string_append_printf(word, "%s%s=%u", word->len ? "," : "", disk->vdev, fds->len);
        g_array_append_vals(all, fds->data, fds->len);
    }
    *ret_word = g_string_free(word, FALSE);
    return all;
}

/* "xvda=2": calls for each part. */
typedef void (*EachPart)(const char *vdev, guint count, gpointer data);

static void each_part(const char *word, EachPart each, gpointer data)
{
    g_auto(GStrv) parts = g_strsplit(word, ",", 0);

    for (char **part = parts; *part; part++) {
        char *count = strchr(*part, '=');

        if (!count)
            continue;
        *count++ = '\0';
        each(*part, MIN((guint)atoi(count), KXL_DISK_FDS_MAX), data);
    }
}

static void add_count(const char *vdev, guint count, gpointer data)
{
    *(guint *)data += count;
}

guint kxl_disk_fds_count(const char *word)
{
    guint count = 0;

    each_part(word, add_count, &count);
    return count;
}

static KxlDeviceDisk *find_disk(const KxlDomainConfig *config, const char *vdev)
{
    int at = kxl_config_find_disk(config, kxl_vdev_to_devid(vdev));

    return at >= 0 ? config->disks->pdata[at] : NULL;
}

typedef struct {
    KxlDomainConfig *config;
    int next;
} Placing;

static void place_part(const char *vdev, guint count, gpointer data)
{
    Placing *placing = data;
    KxlDeviceDisk *disk = find_disk(placing->config, vdev);
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; i < count; i++, placing->next++)
        g_array_append_val(fds, placing->next);
    if (disk)
        kxl_device_disk_set_fds(disk, fds);
}

void kxl_disk_fds_place(KxlDomainConfig *config, const char *word, int first)
{
    Placing placing = { config, first };

    each_part(word, place_part, &placing);
}

gboolean kxl_disk_fds_wanted(const KxlDomainConfig *config)
{
    for (guint i = 0; i < config->disks->len; i++)
        if (((const KxlDeviceDisk *)config->disks->pdata[i])->fd_group)
            return TRUE;
    return FALSE;
}

void kxl_disk_fds_copy(const KxlDomainConfig *from, KxlDomainConfig *to)
{
    for (guint i = 0; i < from->disks->len; i++) {
        const KxlDeviceDisk *disk = from->disks->pdata[i];
        KxlDeviceDisk *same = find_disk(to, disk->vdev);
        g_autoptr(GArray) fds = kxl_disk_fds(disk);

        if (disk->fd_group && same)
            kxl_device_disk_set_fds(same, fds);
    }
}

void kxl_disk_fds_close(KxlDomainConfig *config)
{
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];
        g_autoptr(GArray) fds = kxl_disk_fds(disk);

        for (guint n = 0; n < fds->len; n++)
            kxl_fd_close(g_array_index(fds, int, n));
        g_clear_pointer(&disk->fds, g_free);
    }
}
