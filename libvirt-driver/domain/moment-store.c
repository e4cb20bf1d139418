/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "moment.h"
#include "store.h"

#define CURRENT "current"
#define SUFFIX  ".xml"
#define BEGUN   ".begun"

void moment_clear(Moment *moment)
{
    g_free(moment->name);
    g_free(moment->description);
    g_free(moment->parent);
}

static char *dir_of(const MomentKind *kind, DomainRegistry *registry, const char *uuid)
{
    return g_strdup_printf("%s/libvirt/%s/%s", kxl_host_lib_dir(domain_registry_host(registry)),
                           kind->folder, uuid);
}

static char *path_of(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                     const char *name)
{
    g_autofree char *dir = dir_of(kind, registry, uuid);

    return g_strconcat(dir, "/", name, SUFFIX, NULL);
}

static gint by_creation(gconstpointer a, gconstpointer b)
{
    const Moment *const *x = a, *const *y = b;

    if ((*x)->created_s != (*y)->created_s)
        return (*x)->created_s < (*y)->created_s ? -1 : 1;
    /* Made within one second: the later one's parent is the earlier one. */
    if (g_strcmp0((*x)->parent, (*y)->name) == 0)
        return 1;
    if (g_strcmp0((*y)->parent, (*x)->name) == 0)
        return -1;
    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *moments_load(const MomentKind *kind, DomainRegistry *registry, const char *uuid)
{
    GPtrArray *moments = g_ptr_array_new_with_free_func(kind->free);
    g_autofree char *dir_path = dir_of(kind, registry, uuid);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, entry, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        gpointer moment = NULL;

        if (!g_str_has_suffix(entry, SUFFIX))
            continue;
        if (g_file_get_contents(path, &text, NULL, &error))
            moment = kind->load(registry, text, &error);
        if (moment != NULL)
            g_ptr_array_add(moments, moment);
        else
            g_warning("domain: cannot load %s '%s', ignoring it: %s", kind->noun, path,
                      error->message);
    }
    g_ptr_array_sort(moments, by_creation);
    return moments;
}

/* GLib writes beside, syncs and renames. */
static gboolean write_file(const char *path, const char *text, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);

    if (g_mkdir_with_parents(dir, 0700) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", dir, g_strerror(errno));
    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

static gboolean remove_file(const char *path, GError **error)
{
    return unlink(path) == 0 || errno == ENOENT ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "cannot remove '%s': %s", path, g_strerror(errno));
}

gboolean moments_save(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                      gconstpointer moment, GError **error)
{
    g_autofree char *path = path_of(kind, registry, uuid, ((const Moment *)moment)->name);
    g_autofree char *text = kind->save(moment);

    return write_file(path, text, error);
}

gboolean moments_remove(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                        const char *name, GError **error)
{
    g_autofree char *path = path_of(kind, registry, uuid, name);
    g_autofree char *current = moments_current(kind, registry, uuid);

    if (g_strcmp0(current, name) == 0 && !moments_set_current(kind, registry, uuid, NULL, error))
        return FALSE;
    return remove_file(path, error);
}

void moments_forget(const MomentKind *kind, DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir_path = dir_of(kind, registry, uuid);

    store_remove_dir(dir_path);
}

static char *current_path(const MomentKind *kind, DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir = dir_of(kind, registry, uuid);

    return g_build_filename(dir, CURRENT, NULL);
}

char *moments_current(const MomentKind *kind, DomainRegistry *registry, const char *uuid)
{
    g_autofree char *path = current_path(kind, registry, uuid);
    char *name = NULL;

    return g_file_get_contents(path, &name, NULL, NULL) ? name : NULL;
}

gboolean moments_set_current(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                             const char *name, GError **error)
{
    g_autofree char *path = current_path(kind, registry, uuid);

    return name != NULL ? write_file(path, name, error) : remove_file(path, error);
}

gboolean moments_any(const MomentKind *kind, DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir_path = dir_of(kind, registry, uuid);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(entry, SUFFIX))
            return TRUE;
    return FALSE;
}

/* ---- making one, deleting one ---- */

static gboolean rename_file(const char *from, const char *to, GError **error)
{
    return rename(from, to) == 0 ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "cannot rename to '%s': %s", to, g_strerror(errno));
}

static char *begun_path(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                        const char *name)
{
    g_autofree char *dir = dir_of(kind, registry, uuid);

    return g_strconcat(dir, "/", name, BEGUN, NULL);
}

gboolean moment_begin(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                      gconstpointer moment, GError **error)
{
    g_autofree char *path = begun_path(kind, registry, uuid, ((const Moment *)moment)->name);
    g_autofree char *text = kind->save(moment);

    return write_file(path, text, error);
}

gboolean moment_commit(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                       gconstpointer moment, GError **error)
{
    const char *name = ((const Moment *)moment)->name;
    g_autofree char *begun = begun_path(kind, registry, uuid, name);
    g_autofree char *path = path_of(kind, registry, uuid, name);

    return moments_set_current(kind, registry, uuid, name, error) &&
           rename_file(begun, path, error);
}

void moment_forget(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                   gconstpointer moment)
{
    g_autofree char *path = begun_path(kind, registry, uuid, ((const Moment *)moment)->name);
    g_autofree char *dir = g_path_get_dirname(path);

    unlink(path);
    rmdir(dir); /* the last one's */
}

gboolean moment_withdraw(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                         const Moment *moment, GError **error)
{
    g_autofree char *begun = begun_path(kind, registry, uuid, moment->name);
    g_autofree char *path = path_of(kind, registry, uuid, moment->name);

    return rename_file(path, begun, error);
}

gboolean moment_restore(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                        const Moment *moment, GError **error)
{
    g_autofree char *begun = begun_path(kind, registry, uuid, moment->name);
    g_autofree char *path = path_of(kind, registry, uuid, moment->name);

    return rename_file(begun, path, error);
}

gboolean moments_close_gap(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                           GPtrArray *all, const Moment *gone, GError **error)
{
    for (guint i = 0; i < all->len; i++) {
        Moment *child = all->pdata[i];

        if (g_strcmp0(child->parent, gone->name) != 0)
            continue;
        g_free(child->parent);
        child->parent = g_strdup(gone->parent);
        if (!moments_save(kind, registry, uuid, child, error))
            return FALSE;
    }
    return TRUE;
}

/* It was not made, or its deletion had begun. */
static void drop_one(const MomentKind *kind, DomainRegistry *registry, const char *uuid,
                     const Moment *moment)
{
    g_autoptr(GPtrArray) all = moments_load(kind, registry, uuid);
    g_autofree char *current = moments_current(kind, registry, uuid);

    moments_close_gap(kind, registry, uuid, all, moment, NULL);
    if (g_strcmp0(current, moment->name) == 0)
        moments_set_current(kind, registry, uuid, moment->parent, NULL);
    moment_forget(kind, registry, uuid, moment);
}

static void recover_one(const MomentKind *kind, const Kanzend *kanzend, Domain *domain,
                        const char *path)
{
    g_auto(DomainView) view = { 0 };
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    gpointer moment = NULL;

    domain_get_view(kanzend->domains, domain, &view);
    if (g_file_get_contents(path, &text, NULL, &error))
        moment = kind->load(kanzend->domains, text, &error);
    if (moment == NULL) {
        g_warning("domain: '%s': %s; removing it", path, error->message);
        unlink(path);
        return;
    }
    g_message("domain: '%s': finishing what was begun with %s '%s'", view.name, kind->noun,
              ((const Moment *)moment)->name);
    if (kind->finish(kanzend, &view, moment)) {
        if (!moment_commit(kind, kanzend->domains, view.uuid, moment, &error))
            g_warning("domain: '%s': %s", view.name, error->message);
    } else {
        drop_one(kind, kanzend->domains, view.uuid, moment);
    }
    kind->free(moment);
}

void moments_recover(const MomentKind *kind, const Kanzend *kanzend)
{
    g_autofree char *top = g_strdup_printf(
        "%s/libvirt/%s", kxl_host_lib_dir(domain_registry_host(kanzend->domains)), kind->folder);
    g_autoptr(GDir) uuids = g_dir_open(top, 0, NULL);
    const char *uuid, *entry;

    while (uuids != NULL && (uuid = g_dir_read_name(uuids)) != NULL) {
        g_autofree char *dir_path = g_build_filename(top, uuid, NULL);
        g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
        g_autoptr(Domain) domain = domain_registry_find_uuid(kanzend->domains, uuid);

        while (dir != NULL && domain != NULL && (entry = g_dir_read_name(dir)) != NULL) {
            g_autofree char *path = g_build_filename(dir_path, entry, NULL);

            if (g_str_has_suffix(entry, BEGUN))
                recover_one(kind, kanzend, domain, path);
            else if (!g_str_has_suffix(entry, SUFFIX) && strcmp(entry, CURRENT) != 0)
                unlink(path); /* half written */
        }
    }
}
