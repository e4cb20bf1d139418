/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making and resizing volumes that are files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "folder.h"
#include "handler-util.h"
#include "image-tool.h"
#include "raw-copy.h"
#include "volume-journal.h"

#define FILE_MODE   0600 /* libvirt's */
#define FOLDER_MODE 0711
#define RAW_MARK    "user.kanzen.raw" /* folder.c */

static gboolean is_raw(const Volume *volume)
{
    return (volume->format == NULL || strcmp(volume->format, "raw") == 0) &&
           volume->encryption == NULL;
}

/* ---- a file without a name ---- */

/* Either it has none at all (fd alone), or, where the file system cannot do that, it is in a folder
 * of its own that the journal knows. */
typedef struct {
    int fd;
    char *path;   /* for others to open */
    char *folder; /* NULL: none was needed */
} NewFile;

static gboolean new_file_in_folder(const PoolAccess *pool, const char *folder, const char *name,
                                   NewFile *file, GError **error)
{
    file->folder = volume_journal_folder(pool->journal, folder, error);
    if (file->folder == NULL)
        return FALSE;
    file->path = g_build_filename(file->folder, name, NULL);
    file->fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (file->fd >= 0)
        return TRUE;
    fail_errno(error, "make", file->path);
    volume_journal_drop_folder(pool->journal, file->folder);
    return FALSE;
}

static gboolean new_file(const PoolAccess *pool, const char *folder, const Volume *volume,
                         NewFile *file, GError **error)
{
    /* VMDK writes its own name into itself. */
    gboolean named = g_strcmp0(volume->format, "vmdk") == 0;

    *file = (NewFile){ -1, NULL, NULL };
    file->fd = named ? -1 : open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, FILE_MODE);
    if (file->fd >= 0) {
        file->path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), file->fd);
        return TRUE;
    }
    if (!named && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)
        return fail_errno(error, "make a file in", folder);
    return new_file_in_folder(pool, folder, volume->name, file, error);
}

static void new_file_clear(const PoolAccess *pool, NewFile *file)
{
    close(file->fd);
    if (file->folder != NULL) {
        unlink(file->path);
        volume_journal_drop_folder(pool->journal, file->folder);
    }
    g_free(file->path);
    g_free(file->folder);
}

/* Gives it its name, unless somebody was faster. */
static gboolean new_file_publish(const NewFile *file, const char *path, const char *name,
                                 GError **error)
{
    int failed = file->folder != NULL
                     ? link(file->path, path)
                     : linkat(AT_FDCWD, file->path, AT_FDCWD, path, AT_SYMLINK_FOLLOW);

    if (failed < 0 && file->folder != NULL && errno != EEXIST)
        /* No links here. */
        failed = renameat2(AT_FDCWD, file->path, AT_FDCWD, path, RENAME_NOREPLACE);
    if (failed < 0 && errno == EEXIST)
        return fail_volume_exists(name, error);
    return failed == 0 || fail_errno(error, "make", path);
}

/* ---- filling it ---- */

static gboolean allocate_raw(int fd, const char *path, guint64 start, guint64 end, GError **error)
{
    int failure = end > start ? posix_fallocate(fd, (off_t)start, (off_t)(end - start)) : 0;

    errno = failure; /* which it does not set itself */
    return failure == 0 || fail_errno(error, "allocate", path);
}

static gboolean copy_raw(const NewFile *file, const Volume *volume, const VolumeMake *how,
                         GError **error)
{
    const char *source = volume_local_path(how->source, error);
    gboolean ok;
    int fd;

    if (source == NULL)
        return FALSE;
    fd = open(source, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(error, "open", source);
    ok = how->reflink ? raw_reflink(fd, file->fd, source, error)
                      : raw_copy(fd, file->fd, volume->name, error);
    close(fd);
    return ok;
}

static gboolean fill_raw(const NewFile *file, const Volume *volume, const VolumeMake *how,
                         GError **error)
{
    if (how->preallocate)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "metadata preallocation only available with qcow2");
    if (how->source != NULL && !copy_raw(file, volume, how, error))
        return FALSE;
    if (ftruncate(file->fd, (off_t)volume->capacity) < 0)
        return fail_errno(error, "allocate", volume->name);
    if (volume->backing_path != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "a raw volume cannot have a backing store");
    /* In a copy this fills the holes. */
    return allocate_raw(file->fd, volume->name, 0, MIN(volume->allocation, volume->capacity),
                        error);
}

/* A new image without data is a few hundred KiB, for which qemu-img waits for the disk four times
 * (QEMU 7.2). It is made in memory, and the disk is waited for once. */
static gboolean fill_new_qcow2(const PoolAccess *pool, const NewFile *file, const Volume *volume,
                               const VolumeMake *how, GError **error)
{
    int memory = memfd_create("volume", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/%d/fd/%d", (int)getpid(), memory);
    gboolean ok;

    if (memory < 0)
        return fail_errno(error, "make", volume->name);
    ok = image_create(path, volume, how, pool->secrets, error) &&
         raw_copy(memory, file->fd, volume->name, error) &&
         /* It may end in a hole. */
         ((ftruncate(file->fd, lseek(memory, 0, SEEK_END)) == 0 && fdatasync(file->fd) == 0) ||
          fail_errno(error, "write", volume->name));
    close(memory);
    return ok;
}

static gboolean fill_image(const PoolAccess *pool, const NewFile *file, const Volume *volume,
                           const VolumeMake *how, GError **error)
{
    const ImageRef to = { file->path, volume->format, volume->encryption };
    ImageRef from;

    if (how->reflink)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "only raw volumes share the blocks of what they are copied from");
    if (how->source == NULL && !how->preallocate && g_strcmp0(volume->format, "qcow2") == 0)
        return fill_new_qcow2(pool, file, volume, how, error);
    if (how->source != NULL && !image_ref(how->source, &from, error))
        return FALSE;
    return image_create(file->path, volume, how, pool->secrets, error) &&
           (how->source == NULL ||
            image_convert(&from, &to, volume->backing_path == NULL && volume->encryption == NULL,
                          TRUE, pool->secrets, error));
}

/* The same bytes, so neither format has to be understood. */
static gboolean is_plain_copy(const Volume *volume, const VolumeMake *how)
{
    return is_raw(volume) &&
           (how->source == NULL || how->source->format == NULL ||
            ((strcmp(how->source->format, "raw") == 0 || how->source->type == VOLUME_BLOCK ||
              strcmp(how->source->format, "iso") == 0) &&
             how->source->encryption == NULL));
}

static gboolean fill(const PoolAccess *pool, const NewFile *file, const Volume *volume,
                     const VolumeMake *how, GError **error)
{
    if (volume->nocow) { /* asked of every file system, heard by btrfs */
        int flags = FS_NOCOW_FL;

        if (ioctl(file->fd, FS_IOC_SETFLAGS, &flags) < 0)
            g_debug("storage: '%s': no setting against copy-on-write", volume->name);
    }
    if (is_plain_copy(volume, how) ? !fill_raw(file, volume, how, error)
                                   : !fill_image(pool, file, volume, how, error))
        return FALSE;
    if (is_raw(volume) && fsetxattr(file->fd, RAW_MARK, "1", 1, 0) < 0)
        g_debug("storage: '%s': no extended attributes: its format will be guessed", volume->name);
    return permissions_apply(&volume->permissions, file->fd, volume->name, error);
}

static gboolean make_folder(const char *path, const Volume *volume, GError **error)
{
    gboolean ok;
    int fd;

    if (mkdir(path, FOLDER_MODE) < 0)
        return errno == EEXIST ? fail_volume_exists(volume->name, error)
                               : fail_errno(error, "make", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    ok = fd >= 0 ? permissions_apply(&volume->permissions, fd, path, error)
                 : fail_errno(error, "open", path);
    if (fd >= 0)
        close(fd);
    if (!ok)
        rmdir(path);
    return ok;
}

gboolean folder_make(const PoolAccess *pool, const char *folder, const Volume *volume,
                     const VolumeMake *how, GError **error)
{
    g_autofree char *path = g_build_filename(folder, volume->name, NULL);
    struct stat st;
    NewFile file;
    gboolean ok;

    if (lstat(path, &st) == 0) /* said before any work; publishing looks again */
        return fail_volume_exists(volume->name, error);
    if (how->source == NULL && g_strcmp0(volume->format, "dir") == 0)
        return make_folder(path, volume, error);
    if (!image_check_format(volume->format, error) || !new_file(pool, folder, volume, &file, error))
        return FALSE;
    if (how->growing != NULL)
        how->growing(file.fd, how->data);
    ok =
        fill(pool, &file, volume, how, error) && new_file_publish(&file, path, volume->name, error);
    if (how->growing != NULL)
        how->growing(-1, how->data);
    new_file_clear(pool, &file);
    return ok;
}

/* ---- resizing ---- */

/* Blocks behind the end of the file: its size stays as it is until there is room for all of the new
 * one, so whoever is killed in between leaves the old volume. */
static gboolean allocate_behind(int fd, const char *path, guint64 start, guint64 end,
                                GError **error)
{
    if (end <= start || fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)start, (off_t)(end - start)) == 0)
        return TRUE;
    if (errno != EOPNOTSUPP)
        return fail_errno(error, "allocate", path);
    return allocate_raw(fd, path, start, end, error);
}

static gboolean resize_raw(int fd, const Volume *volume, guint64 capacity, gboolean allocate,
                           GError **error)
{
    /* First what can fail for want of room: then nothing has changed. */
    gboolean ok = !allocate || allocate_behind(fd, volume->name, volume->capacity, capacity, error);

    ok = ok && (ftruncate(fd, (off_t)capacity) == 0 || fail_errno(error, "resize", volume->name));
    if (!ok && ftruncate(fd, (off_t)volume->capacity) < 0)
        g_warning("storage: '%s' keeps a part of its new size", volume->name);
    return ok;
}

static gboolean resize_image(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                             gboolean allocate, GError **error)
{
    ImageRef image;

    return image_ref(volume, &image, error) &&
           image_resize(&image, capacity, allocate, capacity < volume->capacity, pool->secrets,
                        error);
}

gboolean folder_resize(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                       gboolean allocate, GError **error)
{
    const char *path = volume_local_path(volume, error);
    gboolean plain = is_raw(volume) || g_strcmp0(volume->format, "iso") == 0, ok;
    int fd;

    if (path == NULL)
        return FALSE;
    fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ELOOP /* it leads out of the pool */
                   ? fail(error, VIR_ERR_OPERATION_INVALID, "cannot resize '%s': it is a link",
                          volume->name)
                   : fail_errno(error, "open", path);
    ok = image_check_unused(fd, volume->name, error) &&
         (plain ? resize_raw(fd, volume, capacity, allocate, error)
                : resize_image(pool, volume, capacity, allocate, error));
    close(fd);
    return ok;
}
