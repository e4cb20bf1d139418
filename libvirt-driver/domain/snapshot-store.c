/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "snapshot.h"

#define CURRENT "current"
#define SUFFIX  ".xml"

void snapshot_free(Snapshot *snapshot)
{
    if (snapshot == NULL)
        return;
    g_free(snapshot->name);
    g_free(snapshot->description);
    g_free(snapshot->parent);
    g_free(snapshot->state);
    g_free(snapshot->memory_file);
    g_ptr_array_unref(snapshot->disks);
    definition_unref(snapshot->definition);
    g_free(snapshot);
}

static char *dir_of(DomainRegistry *registry, const char *uuid)
{
    return g_strdup_printf("%s/libvirt/snapshot/%s",
                           kxl_host_lib_dir(domain_registry_host(registry)), uuid);
}

static char *path_of(DomainRegistry *registry, const char *uuid, const char *name)
{
    g_autofree char *dir = dir_of(registry, uuid);

    return g_strconcat(dir, "/", name, SUFFIX, NULL);
}

static gint by_creation(gconstpointer a, gconstpointer b)
{
    const Snapshot *const *x = a, *const *y = b;

    if ((*x)->created_s != (*y)->created_s)
        return (*x)->created_s < (*y)->created_s ? -1 : 1;
    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *snapshots_load(DomainRegistry *registry, const char *uuid)
{
    GPtrArray *snapshots = g_ptr_array_new_with_free_func((GDestroyNotify)snapshot_free);
    g_autofree char *dir_path = dir_of(registry, uuid);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, entry, NULL);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;
        Snapshot *snapshot = NULL;

        if (!g_str_has_suffix(entry, SUFFIX))
            continue;
        if (g_file_get_contents(path, &text, NULL, &error))
            snapshot = snapshot_parse(registry, text, TRUE, &error);
        if (snapshot != NULL)
            g_ptr_array_add(snapshots, snapshot);
        else
            g_warning("domain: cannot load snapshot '%s', ignoring it: %s", path, error->message);
    }
    g_ptr_array_sort(snapshots, by_creation);
    return snapshots;
}

Snapshot *snapshots_find(GPtrArray *snapshots, const char *name)
{
    for (guint i = 0; i < snapshots->len; i++) {
        Snapshot *snapshot = snapshots->pdata[i];

        if (strcmp(snapshot->name, name) == 0)
            return snapshot;
    }
    return NULL;
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

gboolean snapshots_save(DomainRegistry *registry, const char *uuid, const Snapshot *snapshot,
                        GError **error)
{
    g_autofree char *path = path_of(registry, uuid, snapshot->name);
    g_autofree char *text = snapshot_format(snapshot, TRUE);

    return write_file(path, text, error);
}

gboolean snapshots_remove(DomainRegistry *registry, const char *uuid, const char *name,
                          GError **error)
{
    g_autofree char *path = path_of(registry, uuid, name);
    g_autofree char *current = snapshots_current(registry, uuid);

    if (g_strcmp0(current, name) == 0 && !snapshots_set_current(registry, uuid, NULL, error))
        return FALSE;
    return unlink(path) == 0 || errno == ENOENT ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "cannot remove '%s': %s", path, g_strerror(errno));
}

void snapshots_forget(DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir_path = dir_of(registry, uuid);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, entry, NULL);

        unlink(path);
    }
    rmdir(dir_path);
}

char *snapshots_current(DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir = dir_of(registry, uuid);
    g_autofree char *path = g_build_filename(dir, CURRENT, NULL);
    char *name = NULL;

    return g_file_get_contents(path, &name, NULL, NULL) ? name : NULL;
}

gboolean snapshots_set_current(DomainRegistry *registry, const char *uuid, const char *name,
                               GError **error)
{
    g_autofree char *dir = dir_of(registry, uuid);
    g_autofree char *path = g_build_filename(dir, CURRENT, NULL);

    if (name != NULL)
        return write_file(path, name, error);
    return unlink(path) == 0 || errno == ENOENT ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "cannot remove '%s': %s", path, g_strerror(errno));
}

gboolean snapshots_any(DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir_path = dir_of(registry, uuid);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL)
        if (g_str_has_suffix(entry, SUFFIX))
            return TRUE;
    return FALSE;
}
