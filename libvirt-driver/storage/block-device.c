/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "block-device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "handler-util.h"
#include "image-tool.h"
#include "raw-copy.h"

#define WAIT_MS  5000
#define RETRY_MS 20

gboolean block_device_check(const char *path, GError **error)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return fail_errno(error, "find the device", path);
    return S_ISBLK(st.st_mode) ||
           fail(error, VIR_ERR_OPERATION_INVALID, "'%s' is not a block device", path);
}

/* wipefs(8) without options lists what it knows on a device and changes nothing. */
gboolean block_device_check_empty(const char *path, GError **error)
{
    const char *const argv[] = { "wipefs", "--noheadings", "--output", "TYPE", path, NULL };
    g_autofree char *found = NULL;

    if (!command_run(argv, NULL, &found, error))
        return FALSE;
    g_strdelimit(g_strstrip(found), "\n", ' ');
    return *found == '\0' || fail(error, VIR_ERR_STORAGE_POOL_BUILT,
                                  "'%s' is in use as: %s; build with --overwrite "
                                  "replaces it",
                                  path, found);
}

gboolean block_device_wipe_marks(const char *path, GError **error)
{
    const char *const argv[] = { "wipefs", "--all", "--quiet", path, NULL };

    return command_run(argv, NULL, NULL, error);
}

gboolean block_device_size(const char *path, guint64 *ret_bytes, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    off_t end = fd >= 0 ? lseek(fd, 0, SEEK_END) : -1;

    if (end < 0)
        fail_errno(error, "get the size of", path);
    else
        *ret_bytes = (guint64)end;
    if (fd >= 0)
        close(fd);
    return end >= 0;
}

gboolean block_device_wait(const char *path)
{
    for (guint waited = 0; waited < WAIT_MS; waited += RETRY_MS) {
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return TRUE;
        g_usleep(RETRY_MS * 1000);
    }
    return FALSE;
}

void block_device_settle(void)
{
    static const char *const argv[] = { "udevadm", "settle", "--timeout=10", NULL };

    if (g_file_test("/run/udev/control", G_FILE_TEST_EXISTS) &&
        !command_run(argv, NULL, NULL, NULL))
        g_debug("storage: udev has not settled");
}

/* ---- volumes ---- */

/* Partition tables by their marks: UEFI 2.10 5.3.2, and the PC's boot sector. */
static const char *probe_table(int fd)
{
    guint8 head[1024] = { 0 };

    if (pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
        return "unknown";
    if (memcmp(head + 512, "EFI PART", 8) == 0)
        return "gpt";
    if (memcmp(head + 512 + 24, "LVM2 001", 8) == 0)
        return "lvm2";
    return head[510] == 0x55 && head[511] == 0xaa ? "dos" : "unknown";
}

Volume *block_volume_new(const char *name, const char *path, gboolean with_format, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    g_autoptr(Volume) volume = volume_new(VOLUME_BLOCK, name);
    struct stat st;
    off_t end = -1;

    if (fd >= 0 && fstat(fd, &st) == 0)
        end = lseek(fd, 0, SEEK_END);
    if (end < 0)
        fail_errno(error, "open", path);
    else if (with_format)
        volume->format = probe_table(fd);
    if (fd >= 0)
        close(fd);
    if (end < 0)
        return NULL;
    volume->path = g_strdup(path);
    volume->key = g_strdup(path);
    volume->capacity = volume->allocation = volume->physical = (guint64)end;
    volume->permissions = permissions_of(&st);
    volume->has_times = TRUE;
    volume->atime = st.st_atim;
    volume->mtime = st.st_mtim;
    volume->ctime = st.st_ctim;
    return g_steal_pointer(&volume);
}

static gboolean fill_plain(const char *source, const char *path, GError **error)
{
    int from = open(source, O_RDONLY | O_CLOEXEC), to = -1;
    gboolean ok = from >= 0 || fail_errno(error, "open", source);

    if (ok) {
        to = open(path, O_WRONLY | O_CLOEXEC);
        ok = to >= 0 || fail_errno(error, "open", path);
    }
    ok = ok && raw_copy_all(from, to, path, error) &&
         (fsync(to) == 0 || fail_errno(error, "write to", path));
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
    return ok;
}

static gboolean fill(const PoolAccess *pool, const Volume *volume, const char *path,
                     const VolumeMake *how, GError **error)
{
    /* What is on a device has no format of its own: raw, or LUKS. */
    const ImageRef to = { path, "raw", volume->encryption };
    ImageRef from;

    if (how->reflink)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a device does not share blocks with what it is copied from");
    if (volume->encryption != NULL) {
        g_autoptr(Volume) image = volume_new(VOLUME_BLOCK, volume->name);
        const VolumeMake new_image = { 0 };
        gboolean ok;

        image->format = "raw";
        image->capacity = volume->capacity;
        image->encryption = volume->encryption;
        ok = image_create(path, image, &new_image, pool->secrets, error);
        image->encryption = NULL; /* borrowed */
        if (!ok)
            return FALSE;
    }
    if (how->source == NULL)
        return TRUE;
    if (!image_ref(how->source, &from, error))
        return FALSE;
    if (how->source->type == VOLUME_BLOCK)
        from.format = "raw";
    if (volume->encryption == NULL && from.encryption == NULL &&
        (from.format == NULL || strcmp(from.format, "raw") == 0))
        return fill_plain(from.path, path, error);
    return image_convert(&from, &to, FALSE, FALSE, pool->secrets, error);
}

gboolean block_volume_fill(const PoolAccess *pool, const Volume *volume, const char *path,
                           const VolumeMake *how, GError **error)
{
    int fd;
    gboolean ok;

    if (!fill(pool, volume, path, how, error))
        return FALSE;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail_errno(error, "open", path);
    ok = permissions_apply(&volume->permissions, fd, path, error);
    close(fd);
    return ok;
}
