/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making, copying, resizing and deleting volumes. */
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler-util.h"

#define QEMU_IMG "qemu-img"

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot %s '%s': %s", what, path, g_strerror(errno));
}

static gboolean is_raw(const char *format)
{
    return format == NULL || strcmp(format, "raw") == 0;
}

/* The formats qemu-img writes; others, and names made up by a client, do not get as far as its
 * command line. */
static gboolean check_format(const char *format, GError **error)
{
    static const char *const known[] = { "raw", "qcow2", "qed", "vmdk", "vpc", "vdi", "qcow" };

    for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
        if (format == NULL || strcmp(known[i], format) == 0)
            return TRUE;
    }
    return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "volumes of format '%s' cannot be made", format);
}

/* argv ends with NULL. */
static gboolean run_qemu_img(const char *const *argv, GError **error)
{
    g_autoptr(GSubprocess) process = NULL;
    g_autofree char *errors = NULL;

    process = g_subprocess_newv(
        argv, G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
    if (process == NULL)
        return FALSE;
    if (!g_subprocess_communicate_utf8(process, NULL, NULL, NULL, &errors, error))
        return FALSE;
    if (g_subprocess_get_successful(process))
        return TRUE;
    return fail(error, VIR_ERR_INTERNAL_ERROR, "%s",
                errors != NULL ? g_strchomp(errors) : QEMU_IMG " failed");
}

/* qemu-img takes names with a colon for protocols; a path does not begin with one. */
static char *new_path(const PoolDef *pool, const VolumeDef *def, GError **error)
{
    char *path = g_build_filename(pool->path, def->name, NULL);
    struct stat st;

    if (lstat(path, &st) < 0)
        return path;
    fail(error, VIR_ERR_STORAGE_VOL_EXIST, "'%s'", def->name);
    g_free(path);
    return NULL;
}

static gboolean set_permissions(const char *path, const PoolPermissions *p, GError **error)
{
    mode_t mode = p->mode >= 0 ? (mode_t)p->mode : 0600;

    if (chmod(path, mode) < 0)
        return fail_errno(error, "set the mode of", path);
    if ((p->owner >= 0 || p->group >= 0) && chown(path, (uid_t)p->owner, (gid_t)p->group) < 0)
        return fail_errno(error, "set the owner of", path);
    return TRUE;
}

/* ---- making ---- */

static gboolean make_raw(const char *path, const VolumeDef *def, GError **error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    guint64 allocation = MIN(def->allocation, def->capacity);
    gboolean ok;
    int failure = 0;

    if (fd < 0)
        return fail_errno(error, "make", path);
    ok = ftruncate(fd, (off_t)def->capacity) == 0;
    if (ok && allocation > 0) {
        failure = posix_fallocate(fd, 0, (off_t)allocation);
        ok = failure == 0;
    }
    if (!ok && failure != 0)
        errno = failure;
    if (!ok)
        fail_errno(error, "allocate", path);
    close(fd);
    return ok;
}

static gboolean make_image(const char *path, const VolumeDef *def, gboolean preallocate,
                           GError **error)
{
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, def->capacity);
    const char *backing_format = def->backing_format != NULL ? def->backing_format : "raw";
    const char *argv[16];
    guint n = 0;

    argv[n++] = QEMU_IMG;
    argv[n++] = "create";
    argv[n++] = "-f";
    argv[n++] = def->format;
    if (preallocate) {
        argv[n++] = "-o";
        argv[n++] = "preallocation=metadata";
    }
    if (def->backing_path != NULL) {
        argv[n++] = "-b";
        argv[n++] = def->backing_path;
        argv[n++] = "-F";
        argv[n++] = backing_format;
    }
    argv[n++] = path;
    if (def->capacity > 0)
        argv[n++] = size;
    argv[n] = NULL;
    return run_qemu_img(argv, error);
}

static gboolean finish(const char *path, gboolean ok, const VolumeDef *def, GError **error)
{
    ok = ok && set_permissions(path, &def->permissions, error);
    if (!ok)
        unlink(path);
    return ok;
}

gboolean volume_create(const PoolDef *pool, const VolumeDef *def, gboolean preallocate,
                       GError **error)
{
    g_autofree char *path = NULL;

    if (!check_format(def->format, error) || !check_format(def->backing_format, error))
        return FALSE;
    if (def->backing_path != NULL && is_raw(def->format))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "a raw volume cannot have a backing store");
    if (def->backing_path != NULL && !g_path_is_absolute(def->backing_path))
        return fail(error, VIR_ERR_INVALID_ARG, "backing store '%s' is not an absolute path",
                    def->backing_path);
    path = new_path(pool, def, error);
    if (path == NULL)
        return FALSE;
    return finish(path,
                  is_raw(def->format) ? make_raw(path, def, error)
                                      : make_image(path, def, preallocate, error),
                  def, error);
}

gboolean volume_clone(const PoolDef *pool, const VolumeDef *def, const Volume *source,
                      GError **error)
{
    const char *format = def->format != NULL ? def->format : "raw";
    /* An ISO image is copied as it is. */
    const char *from = strcmp(source->image.format, "iso") == 0 ? "raw" : source->image.format;
    g_autofree char *path = NULL;

    if (!check_format(format, error))
        return FALSE;
    path = new_path(pool, def, error);
    if (path == NULL)
        return FALSE;
    {
        const char *const argv[] = { QEMU_IMG, "convert",    "-f", from, "-O",
                                     format,   source->path, path, NULL };
        gboolean ok = run_qemu_img(argv, error);

        if (ok && def->capacity > source->image.capacity) {
            g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, def->capacity);
            const char *const resize[] = { QEMU_IMG, "resize", "-f", format, path, size, NULL };

            ok = run_qemu_img(resize, error);
        }
        return finish(path, ok, def, error);
    }
}

gboolean volume_resize(const Volume *volume, guint64 capacity, GError **error)
{
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, capacity);
    const char *const argv[] = { QEMU_IMG,     "resize", "-f", volume->image.format,
                                 volume->path, size,     NULL };

    if (capacity < volume->image.capacity)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "Can't shrink capacity below current capacity unless shrink flag explicitly "
                    "specified");
    return run_qemu_img(argv, error);
}

gboolean volume_delete(const Volume *volume, GError **error)
{
    return unlink(volume->path) == 0 || fail_errno(error, "unlink file", volume->path);
}
