/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at the volumes of any type of pool. */
#include <string.h>

#include "handler-util.h"
#include "names.h"
#include "pool-backend.h"

gboolean fail_no_volume(const char *name, GError **error)
{
    return fail(error, VIR_ERR_NO_STORAGE_VOL, "no storage vol with matching name '%s'", name);
}

gboolean fail_volume_exists(const char *name, GError **error)
{
    return fail(error, VIR_ERR_STORAGE_VOL_EXIST, "'%s'", name);
}

static void handle_free(gpointer data)
{
    VolumeHandle *handle = data;

    g_free(handle->name);
    g_free(handle->key);
    g_free(handle);
}

static void add_handle(GPtrArray *handles, char *name, char *key)
{
    VolumeHandle *handle = g_new(VolumeHandle, 1);

    *handle = (VolumeHandle){ name, key };
    g_ptr_array_add(handles, handle);
}

static int compare_handles(gconstpointer a, gconstpointer b)
{
    const VolumeHandle *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *volumes_handles(const PoolAccess *pool, GError **error)
{
    const PoolBackend *backend = pool->def->type->backend;
    g_autoptr(GPtrArray) found =
        backend->list != NULL ? backend->list(pool, error) : backend->names(pool, error);
    GPtrArray *handles;

    if (found == NULL)
        return NULL;
    handles = g_ptr_array_new_full(found->len, handle_free);
    for (guint i = 0; i < found->len; i++) {
        const char *name = found->pdata[i];

        if (backend->list != NULL) {
            const Volume *volume = found->pdata[i];

            add_handle(handles, g_strdup(volume->name), g_strdup(volume->key));
        } else {
            add_handle(
                handles, g_strdup(name),
                g_strconcat(pool->def->path != NULL ? pool->def->path : "", "/", name, NULL));
        }
    }
    g_ptr_array_sort(handles, compare_handles);
    return handles;
}

Volume *volumes_open(const PoolAccess *pool, const char *name, GError **error)
{
    const PoolBackend *backend = pool->def->type->backend;
    g_autoptr(GPtrArray) volumes = NULL;
    guint i = 0;

    if (!is_file_name(name)) {
        fail_no_volume(name, error);
        return NULL;
    }
    if (backend->open != NULL)
        return backend->open(pool, name, error);
    volumes = backend->list(pool, error);
    while (volumes != NULL && i < volumes->len) {
        if (strcmp(((Volume *)volumes->pdata[i])->name, name) == 0) {
            g_ptr_array_set_free_func(volumes, NULL);
            for (guint n = 0; n < volumes->len; n++) {
                if (n != i)
                    volume_free(volumes->pdata[n]);
            }
            return volumes->pdata[i];
        }
        i++;
    }
    if (volumes != NULL)
        fail_no_volume(name, error);
    return NULL;
}

Volume *volumes_find(const PoolAccess *pool, const char *path_or_key)
{
    const PoolBackend *backend = pool->def->type->backend;
    g_autoptr(GPtrArray) handles = NULL;

    if (backend->list == NULL &&
        pool->def->path != NULL) { /* files: nothing else has such a path */
        g_autofree char *folder = g_path_get_dirname(path_or_key);
        g_autofree char *name = g_path_get_basename(path_or_key);

        return strcmp(folder, pool->def->path) == 0 ? volumes_open(pool, name, NULL) : NULL;
    }
    handles = volumes_handles(pool, NULL);
    for (guint i = 0; handles != NULL && i < handles->len; i++) {
        g_autoptr(Volume) volume =
            volumes_open(pool, ((VolumeHandle *)handles->pdata[i])->name, NULL);

        if (volume != NULL &&
            (g_strcmp0(volume->path, path_or_key) == 0 || g_strcmp0(volume->key, path_or_key) == 0))
            return g_steal_pointer(&volume);
    }
    return NULL;
}
