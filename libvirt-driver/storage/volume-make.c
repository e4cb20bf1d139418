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

#define QEMU_IMG         "qemu-img"
#define DEFAULT_MODE     0600 /* libvirt's */
#define DEFAULT_DIR_MODE 0711

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

/* ---- making ---- */

typedef gboolean (*FillFunc)(const char *path, int fd, const VolumeDef *def, gconstpointer data,
                             GError **error);

static gboolean set_permissions(int fd, const char *path, const Permissions *p, GError **error)
{
    if ((p->owner >= 0 || p->group >= 0) && fchown(fd, (uid_t)p->owner, (gid_t)p->group) < 0)
        return fail_errno(error, "set the owner of", path);
    return p->mode < 0 || fchmod(fd, (mode_t)p->mode) == 0 ||
           fail_errno(error, "set the mode of", path);
}

/*
 * The file is made here, with nothing of that name before it, and only then filled: neither a
 * client of the same moment nor a link put there loses anything. qemu-img writes into it as it is.
 */
static gboolean make_file(const PoolDef *pool, const VolumeDef *def, FillFunc fill,
                          gconstpointer data, GError **error)
{
    g_autofree char *path = g_build_filename(pool->path, def->name, NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, DEFAULT_MODE);
    gboolean ok;

    if (fd < 0 && errno == EEXIST)
        return fail(error, VIR_ERR_STORAGE_VOL_EXIST, "'%s'", def->name);
    if (fd < 0)
        return fail_errno(error, "make", path);
    ok = fill(path, fd, def, data, error) && set_permissions(fd, path, &def->permissions, error);
    close(fd);
    if (!ok)
        unlink(path);
    return ok;
}

static gboolean fill_raw(const char *path, int fd, const VolumeDef *def, gconstpointer data,
                         GError **error)
{
    guint64 allocation = MIN(def->allocation, def->capacity);

    if (ftruncate(fd, (off_t)def->capacity) < 0)
        return fail_errno(error, "allocate", path);
    if (allocation > 0) {
        int failure = posix_fallocate(fd, 0, (off_t)allocation);

        errno = failure; /* which it does not set itself */
        return failure == 0 || fail_errno(error, "allocate", path);
    }
    return TRUE;
}

static char *image_options(const VolumeDef *def, gboolean preallocate)
{
    g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free);

    if (preallocate)
        g_ptr_array_add(options, g_strdup("preallocation=metadata"));
    if (def->compat != NULL)
        g_ptr_array_add(options, g_strdup_printf("compat=%s", def->compat));
    if (def->lazy_refcounts)
        g_ptr_array_add(options, g_strdup("lazy_refcounts=on"));
    if (def->cluster_size != 0)
        g_ptr_array_add(options,
                        g_strdup_printf("cluster_size=%" G_GUINT64_FORMAT, def->cluster_size));
    g_ptr_array_add(options, NULL);
    return g_strjoinv(",", (char **)options->pdata);
}

static gboolean fill_image(const char *path, int fd, const VolumeDef *def, gconstpointer data,
                           GError **error)
{
    const gboolean *preallocate = data;
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, def->capacity);
    g_autofree char *options = image_options(def, *preallocate);
    const char *argv[16];
    guint n = 0;

    argv[n++] = QEMU_IMG;
    argv[n++] = "create";
    argv[n++] = "-f";
    argv[n++] = def->format;
    if (*options != '\0') {
        argv[n++] = "-o";
        argv[n++] = options;
    }
    if (def->backing_path != NULL) {
        argv[n++] = "-b";
        argv[n++] = def->backing_path;
        argv[n++] = "-F";
        argv[n++] = def->backing_format != NULL ? def->backing_format : "raw";
    }
    argv[n++] = path;
    if (def->capacity > 0 || def->backing_path == NULL)
        argv[n++] = size;
    argv[n] = NULL;
    return run_qemu_img(argv, error);
}

static gboolean make_dir(const PoolDef *pool, const VolumeDef *def, GError **error)
{
    g_autofree char *path = g_build_filename(pool->path, def->name, NULL);
    gboolean ok;
    int fd;

    if (mkdir(path, DEFAULT_DIR_MODE) < 0)
        return errno == EEXIST ? fail(error, VIR_ERR_STORAGE_VOL_EXIST, "'%s'", def->name)
                               : fail_errno(error, "make", path);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    ok = fd >= 0 ? set_permissions(fd, path, &def->permissions, error)
                 : fail_errno(error, "open", path);
    if (fd >= 0)
        close(fd);
    if (!ok)
        rmdir(path);
    return ok;
}

static gboolean check_create(const VolumeDef *def, gboolean preallocate, GError **error)
{
    if (!check_format(def->format, error) || !check_format(def->backing_format, error))
        return FALSE;
    if (preallocate && g_strcmp0(def->format, "qcow2") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "metadata preallocation only available with qcow2");
    if (def->backing_path != NULL && is_raw(def->format))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "a raw volume cannot have a backing store");
    return def->backing_path == NULL || g_path_is_absolute(def->backing_path) ||
           fail(error, VIR_ERR_INVALID_ARG, "backing store '%s' is not an absolute path",
                def->backing_path);
}

gboolean volume_create(const PoolDef *pool, const VolumeDef *def, gboolean preallocate,
                       GError **error)
{
    if (g_strcmp0(def->format, "dir") == 0)
        return make_dir(pool, def, error);
    return check_create(def, preallocate, error) &&
           make_file(pool, def, is_raw(def->format) ? fill_raw : fill_image, &preallocate, error);
}

/* ---- copying, resizing, deleting ---- */

/* As qemu-img calls it: an ISO image is taken as it is. */
static const char *qemu_format(const Volume *volume)
{
    return strcmp(volume->image.format, "iso") == 0 ? "raw" : volume->image.format;
}

static gboolean check_file(const Volume *volume, const char *what, GError **error)
{
    return volume->type == VOLUME_FILE ||
           fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "cannot %s '%s': it is a directory", what,
                volume->name);
}

static gboolean fill_copy(const char *path, int fd, const VolumeDef *def, gconstpointer data,
                          GError **error)
{
    const Volume *source = data;
    const char *format = def->format != NULL ? def->format : "raw";
    g_autofree char *options = image_options(def, FALSE);
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, def->capacity);
    const char *argv[16];
    const char *const resize[] = { QEMU_IMG, "resize", "-f", format, path, size, NULL };
    guint n = 0;

    argv[n++] = QEMU_IMG;
    argv[n++] = "convert";
    argv[n++] = "-f";
    argv[n++] = qemu_format(source);
    argv[n++] = "-O";
    argv[n++] = format;
    if (*options != '\0') {
        argv[n++] = "-o";
        argv[n++] = options;
    }
    argv[n++] = source->path;
    argv[n++] = path;
    argv[n] = NULL;
    return run_qemu_img(argv, error) &&
           (def->capacity <= source->image.capacity || run_qemu_img(resize, error));
}

gboolean volume_clone(const PoolDef *pool, const VolumeDef *def, const Volume *source,
                      GError **error)
{
    if (def->backing_path != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a copy with a backing store is not supported");
    return check_format(def->format, error) && check_file(source, "copy", error) &&
           make_file(pool, def, fill_copy, source, error);
}

gboolean volume_resize(const Volume *volume, guint64 capacity, gboolean allocate, gboolean shrink,
                       GError **error)
{
    g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, capacity);
    const char *argv[16];
    struct stat st;
    guint n = 0;

    if (!check_file(volume, "resize", error))
        return FALSE;
    if (lstat(volume->path, &st) < 0 || !S_ISREG(st.st_mode)) /* a link leads out of the pool */
        return fail(error, VIR_ERR_OPERATION_INVALID, "cannot resize '%s': it is a link",
                    volume->name);
    if (capacity < volume->image.capacity && !shrink)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "Can't shrink capacity below current capacity unless shrink flag explicitly "
                    "specified");
    argv[n++] = QEMU_IMG;
    argv[n++] = "resize";
    argv[n++] = "-f";
    argv[n++] = qemu_format(volume);
    if (allocate)
        argv[n++] = "--preallocation=falloc";
    if (capacity < volume->image.capacity)
        argv[n++] = "--shrink";
    argv[n++] = volume->path;
    argv[n++] = size;
    argv[n] = NULL;
    return run_qemu_img(argv, error);
}

gboolean volume_delete(const Volume *volume, GError **error)
{
    struct stat st;

    /* A link is taken away itself, whatever it leads to. */
    if (lstat(volume->path, &st) == 0 && S_ISDIR(st.st_mode))
        return rmdir(volume->path) == 0 || fail_errno(error, "remove directory", volume->path);
    return unlink(volume->path) == 0 || fail_errno(error, "unlink file", volume->path);
}
