/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX     ".xml"
#define TMP_SUFFIX ".new"

/* Before each text: who wrote it, and a sum over it that tells whether somebody else has since. */
#define HEADER                                                                                     \
    "<!-- Written by kanzend " KANZEN_VERSION ", %016" G_GINT64_MODIFIER                           \
    "x. Change it with virsh, not here. -->\n"
#define HEADER_MAX 160

struct Store {
    char *dir;
    char *autostart_dir;
};

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    int saved = errno;

    g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(saved), "cannot %s '%s': %s", what,
                path, g_strerror(saved));
    return FALSE;
}

static char *file_path(const char *dir, const char *uuid)
{
    return g_strconcat(dir, "/", uuid, SUFFIX, NULL);
}

Store *store_new(const char *dir, GError **error)
{
    g_autoptr(Store) store = g_new0(Store, 1);

    store->dir = g_strdup(dir);
    store->autostart_dir = g_build_filename(dir, "autostart", NULL);
    if (g_mkdir_with_parents(store->autostart_dir, 0700) < 0) {
        fail_errno(error, "make", store->autostart_dir);
        return NULL;
    }
    return g_steal_pointer(&store);
}

void store_free(Store *store)
{
    if (store == NULL)
        return;
    g_free(store->dir);
    g_free(store->autostart_dir);
    g_free(store);
}

/* FNV-1a: against accidents and editors, not against an enemy, who could write any definition. */
static guint64 sum_of(const char *text)
{
    guint64 sum = 14695981039346656037ull;

    for (; *text != '\0'; text++)
        sum = (sum ^ (guchar)*text) * 1099511628211ull;
    return sum;
}

static void make_header(const char *text, char *ret_header)
{
    g_snprintf(ret_header, HEADER_MAX, HEADER, sum_of(text));
}

const char *store_text_intact(const char *text)
{
    const char *end = strchr(text, '\n');
    char header[HEADER_MAX];

    if (end == NULL)
        return NULL;
    make_header(end + 1, header);
    return g_str_has_prefix(text, header) ? end + 1 : NULL;
}

/* Makes renames and removals in dir last. */
static gboolean sync_dir(const char *dir, GError **error)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        fail_errno(error, "sync", dir);
    if (fd >= 0)
        close(fd);
    return ok;
}

static gboolean write_all(int fd, const char *text)
{
    gsize len = strlen(text);

    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FALSE;
        text += n;
        len -= (gsize)n;
    }
    return TRUE;
}

static gboolean write_synced(const char *path, const char *text, GError **error)
{
    /* 0600: it may hold passwords. */
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    char header[HEADER_MAX];
    gboolean ok;

    if (fd < 0)
        return fail_errno(error, "write", path);
    make_header(text, header);
    ok = write_all(fd, header) && write_all(fd, text) && fsync(fd) == 0;
    if (!ok)
        fail_errno(error, "write", path);
    close(fd);
    if (!ok)
        unlink(path);
    return ok;
}

gboolean store_save(Store *store, const char *uuid, const char *xml, GError **error)
{
    g_autofree char *path = file_path(store->dir, uuid);
    g_autofree char *new_path = g_strconcat(path, TMP_SUFFIX, NULL);

    if (!write_synced(new_path, xml, error))
        return FALSE;
    if (rename(new_path, path) < 0) {
        fail_errno(error, "rename to", path);
        unlink(new_path);
        return FALSE;
    }
    return sync_dir(store->dir, error);
}

gboolean store_set_autostart(Store *store, const char *uuid, gboolean autostart, GError **error)
{
    g_autofree char *link = file_path(store->autostart_dir, uuid);
    g_autofree char *target = g_strconcat("../", uuid, SUFFIX, NULL);

    if (autostart && symlink(target, link) < 0 && errno != EEXIST)
        return fail_errno(error, "make the link", link);
    if (!autostart && unlink(link) < 0 && errno != ENOENT)
        return fail_errno(error, "remove the link", link);
    return !autostart || sync_dir(store->autostart_dir, error);
}

gboolean store_remove_quickly(Store *store, const char *uuid, int *ret_fd, GError **error)
{
    g_autofree char *path = file_path(store->dir, uuid);
    int fd;

    if (!store_set_autostart(store, uuid, FALSE, error))
        return FALSE;
    fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    /* Not synced: what a power cut brings back can be removed again, and nothing is lost. */
    if (unlink(path) < 0 && errno != ENOENT) {
        fail_errno(error, "remove", path);
        if (fd >= 0)
            close(fd);
        return FALSE;
    }
    *ret_fd = fd;
    return TRUE;
}

gboolean store_remove(Store *store, const char *uuid, GError **error)
{
    int fd;

    if (!store_remove_quickly(store, uuid, &fd, error))
        return FALSE;
    if (fd >= 0)
        close(fd);
    return TRUE;
}

/* ---- loading ---- */

static void load_entry(Store *store, const char *entry, StoreFunc func, gpointer user_data)
{
    g_autofree char *path = g_build_filename(store->dir, entry, NULL);
    g_autofree char *link = g_build_filename(store->autostart_dir, entry, NULL);
    g_autofree char *uuid = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    struct stat st;

    if (g_str_has_suffix(entry, SUFFIX TMP_SUFFIX)) { /* a save that a crash cut short */
        unlink(path);
        return;
    }
    if (!g_str_has_suffix(entry, SUFFIX))
        return;
    uuid = g_strndup(entry, strlen(entry) - strlen(SUFFIX));
    if (!g_file_get_contents(path, &text, NULL, &error) ||
        !func(uuid, text, lstat(link, &st) == 0, user_data, &error))
        g_warning("kanzend: cannot load '%s', ignoring it: %s", path, error->message);
}

gboolean store_load(Store *store, StoreFunc func, gpointer user_data, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(store->dir, 0, error);
    const char *entry;

    if (dir == NULL)
        return FALSE;
    while ((entry = g_dir_read_name(dir)) != NULL)
        load_entry(store, entry, func, user_data);
    return TRUE;
}

void store_remove_dir(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        unlink(file);
    }
    rmdir(path);
}
