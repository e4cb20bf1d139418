/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "handler-util.h"
#include "image.h"
#include "names.h"

#define DEFAULT_MODE 0711 /* libvirt's: guests' files can be opened, not listed */
#define STAT_BLOCK   512  /* st_blocks, stat(2) */
/* Says that a file was made as plain bytes: whatever its guest writes into it, it stays that. */
#define RAW_MARK "user.kanzen.raw"

/* ---- the folder ---- */

gboolean folder_check(const char *folder, GError **error)
{
    struct stat st;

    if (stat(folder, &st) < 0)
        return fail_errno(error, "open directory", folder);
    return S_ISDIR(st.st_mode) ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "'%s' is not a directory", folder);
}

gboolean folder_usage(const char *folder, PoolUsage *ret_usage, GError **error)
{
    struct statvfs fs;

    if (statvfs(folder, &fs) < 0)
        return fail_errno(error, "look at the file system of", folder);
    ret_usage->capacity = (guint64)fs.f_blocks * fs.f_frsize;
    /* As root has it, whom the reserved blocks are for; so the two add up to the capacity. */
    ret_usage->available = (guint64)fs.f_bfree * fs.f_frsize;
    ret_usage->allocation = ret_usage->capacity - ret_usage->available;
    return TRUE;
}

/* Files made in it from now on inherit this, where the file system (btrfs) knows it. */
static gboolean set_nocow(int fd, gboolean nocow)
{
    int flags;

    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
        return FALSE;
    flags = nocow ? flags | FS_NOCOW_FL : flags & ~FS_NOCOW_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0;
}

gboolean folder_build(const PoolDef *def, GError **error)
{
    gboolean ok;
    int fd;

    if (g_mkdir_with_parents(def->path, DEFAULT_MODE) < 0)
        return fail_errno(error, "make directory", def->path);
    fd = open(def->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_errno(error, "open directory", def->path);
    ok = permissions_apply(&def->permissions, fd, def->path, error) &&
         (def->cow == UNSAID || set_nocow(fd, def->cow == NO) ||
          fail(error, VIR_ERR_SYSTEM_ERROR, "the file system of '%s' has no copy-on-write setting",
               def->path));
    close(fd);
    return ok;
}

gboolean folder_remove(const char *folder, GError **error)
{
    return rmdir(folder) == 0 || fail_errno(error, "remove directory", folder);
}

/* ---- finding ---- */

/* A link is what it leads to, as libvirt has it; only then it has to be looked at. */
static gboolean is_volume(int dir, const struct dirent *entry)
{
    struct stat st;

    if (!is_file_name(entry->d_name)) /* . and .., and names that no XML can hold */
        return FALSE;
    if (entry->d_type == DT_REG || entry->d_type == DT_DIR)
        return TRUE;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return FALSE;
    return fstatat(dir, entry->d_name, &st, 0) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

GPtrArray *folder_names(const char *folder, GError **error)
{
    GPtrArray *names;
    struct dirent *entry;
    DIR *dir = opendir(folder);

    if (dir == NULL) {
        fail_errno(error, "open directory", folder);
        return NULL;
    }
    names = g_ptr_array_new_with_free_func(g_free);
    while ((entry = readdir(dir)) != NULL) {
        if (is_volume(dirfd(dir), entry))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    }
    closedir(dir);
    return names;
}

static void take_stat(Volume *volume, const struct stat *st)
{
    volume->permissions = permissions_of(st);
    volume->has_times = TRUE;
    volume->atime = st->st_atim;
    volume->mtime = st->st_mtim;
    volume->ctime = st->st_ctim;
}

/* The secret that was defined for this very volume, if there is one. */
static Encryption *found_encryption(const PoolAccess *pool, const char *path)
{
    Encryption *encryption = g_new0(Encryption, 1);
    g_autoptr(SecretDef) secret =
        pool->secrets != NULL ? secret_find_usage(pool->secrets, SECRET_USAGE_VOLUME, path, NULL)
                              : NULL;

    encryption->format = "luks";
    if (secret != NULL)
        encryption->secret_uuid = g_strdup(secret->uuid);
    return encryption;
}

/* A backing file is named from its image's folder on. */
static char *absolute_backing(const char *path, const char *backing)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (strchr(backing, ':') != NULL && !g_path_is_absolute(backing)) /* a URI: as it is */
        return g_strdup(backing);
    return g_canonicalize_filename(backing, folder);
}

static void take_image(const PoolAccess *pool, Volume *volume, const ImageInfo *info)
{
    const PoolType *type = pool->def->type;

    volume->format = word_find(type->volume_formats, info->format);
    volume->capacity = info->capacity;
    if (info->encrypted)
        volume->encryption = found_encryption(pool, volume->path);
    if (info->backing_path != NULL) {
        volume->backing_path = absolute_backing(volume->path, info->backing_path);
        volume->backing_format = info->backing_format != NULL
                                     ? word_find(type->volume_formats, info->backing_format)
                                     : NULL;
    }
    if (info->compat != NULL) {
        volume->compat = g_strdup(info->compat);
        volume->cluster_size = info->cluster_size;
        volume->has_features = TRUE;
        volume->lazy_refcounts = info->lazy_refcounts;
        volume->extended_l2 = info->extended_l2;
    }
}

static gboolean load_file(const PoolAccess *pool, Volume *volume, const char *path)
{
    /* Not blocking, should it have become a FIFO since. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    g_auto(ImageInfo) info = { 0 };
    struct stat st;
    gboolean ok;

    if (fd < 0)
        return FALSE;
    ok = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    if (ok && fgetxattr(fd, RAW_MARK, NULL, 0) >= 0)
        info = (ImageInfo){ .format = "raw", .capacity = (guint64)st.st_size };
    else if (ok)
        ok = image_probe(fd, (guint64)st.st_size, &info);
    close(fd);
    if (!ok)
        return FALSE;
    take_stat(volume, &st);
    volume->allocation = (guint64)st.st_blocks * STAT_BLOCK;
    volume->physical = (guint64)st.st_size;
    take_image(pool, volume, &info);
    return TRUE;
}

/* NULL without an error: not a file or folder. */
static Volume *load(const PoolAccess *pool, const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(Volume) volume = volume_new(VOLUME_FILE, name);
    struct stat st;

    volume->path = g_strdup(path);
    volume->key = g_strdup(path);
    if (stat(path, &st) < 0)
        return NULL;
    if (S_ISDIR(st.st_mode)) {
        volume->type = VOLUME_DIR;
        volume->format = "dir";
        take_stat(volume, &st);
        return g_steal_pointer(&volume);
    }
    if (!S_ISREG(st.st_mode) || !load_file(pool, volume, path))
        return NULL;
    return g_steal_pointer(&volume);
}

Volume *folder_open(const PoolAccess *pool, const char *folder, const char *name, GError **error)
{
    Volume *volume = is_file_name(name) ? load(pool, folder, name) : NULL;

    if (volume == NULL)
        fail_no_volume(name, error);
    return volume;
}

/* ---- removing, resizing ---- */

gboolean folder_remove_volume(const Volume *volume, GError **error)
{
    const char *path = volume->local_path != NULL ? volume->local_path : volume->path;
    struct stat st;

    /* A link is taken away itself, whatever it leads to. */
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return rmdir(path) == 0 || fail_errno(error, "remove directory", path);
    return unlink(path) == 0 || fail_errno(error, "unlink file", path);
}

/* ---- of the pool's target ---- */

gboolean target_check(const PoolAccess *pool, GError **error)
{
    return folder_check(pool->def->path, error);
}

gboolean target_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    return folder_usage(pool->def->path, ret_usage, error);
}

GPtrArray *target_names(const PoolAccess *pool, GError **error)
{
    return folder_names(pool->def->path, error);
}

Volume *target_open(const PoolAccess *pool, const char *name, GError **error)
{
    return folder_open(pool, pool->def->path, name, error);
}

gboolean target_make(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                     GError **error)
{
    return folder_make(pool, pool->def->path, volume, how, error);
}

gboolean target_remove_volume(const PoolAccess *pool, const Volume *volume, guint flags,
                              GError **error)
{
    return folder_remove_volume(volume, error);
}
