/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pools: tables, definitions on disk, events. */
#include "pool.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler-util.h"
#include "rpc/event.h"
#include "store.h"

enum { /* virStoragePoolEventLifecycleType */
       POOL_DEFINED,
       POOL_UNDEFINED,
       POOL_STARTED,
       POOL_STOPPED,
       POOL_CREATED,
       POOL_DELETED,
};
enum { EVENT_LIFECYCLE = 0, EVENT_REFRESH = 1 };

struct Pool {
    int refs;                               /* atomic */
    PoolDef *def;                           /* never changes: a new definition is a new Pool */
    gboolean active, persistent, autostart; /* under the registry's lock */
};

struct PoolRegistry {
    RpcServer *server;
    Store *store;
    GMutex change; /* one change at a time; before lock */
    GMutex lock;
    GHashTable *pools; /* by UUID, owned */
};

static void pool_unref(Pool *pool)
{
    if (!g_atomic_int_dec_and_test(&pool->refs))
        return;
    pool_def_free(pool->def);
    g_free(pool);
}

static void fill_view_locked(Pool *pool, PoolView *view)
{
    g_atomic_int_inc(&pool->refs);
    *view = (PoolView){ pool->def, pool, pool->active, pool->persistent, pool->autostart };
}

void pool_view_clear(PoolView *view)
{
    g_clear_pointer(&view->pool, pool_unref);
}

static void view_free(gpointer view)
{
    pool_view_clear(view);
    g_free(view);
}

/* ---- finding ---- */

gboolean pool_find_uuid(PoolRegistry *registry, const char *uuid, PoolView *ret_view,
                        GError **error)
{
    Pool *pool;

    g_mutex_lock(&registry->lock);
    pool = g_hash_table_lookup(registry->pools, uuid);
    if (pool != NULL)
        fill_view_locked(pool, ret_view);
    g_mutex_unlock(&registry->lock);
    return pool != NULL ||
           fail(error, VIR_ERR_NO_STORAGE_POOL, "no storage pool with matching uuid '%s'", uuid);
}

static Pool *find_name_locked(PoolRegistry *registry, const char *name)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, registry->pools);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (strcmp(((Pool *)value)->def->name, name) == 0)
            return value;
    }
    return NULL;
}

gboolean pool_find_name(PoolRegistry *registry, const char *name, PoolView *ret_view,
                        GError **error)
{
    Pool *pool;

    g_mutex_lock(&registry->lock);
    pool = find_name_locked(registry, name);
    if (pool != NULL)
        fill_view_locked(pool, ret_view);
    g_mutex_unlock(&registry->lock);
    return pool != NULL ||
           fail(error, VIR_ERR_NO_STORAGE_POOL, "no storage pool with matching name '%s'", name);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const PoolView *const *x = a, *const *y = b;

    return strcmp((*x)->def->name, (*y)->def->name);
}

GPtrArray *pool_list(PoolRegistry *registry)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(view_free);
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->pools);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        PoolView *view = g_new0(PoolView, 1);

        fill_view_locked(value, view);
        g_ptr_array_add(list, view);
    }
    g_mutex_unlock(&registry->lock);
    g_ptr_array_sort(list, compare_names);
    return list;
}

/* ---- events ---- */

static void send_event(PoolRegistry *registry, const PoolDef *def, int event_id, int kind)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    guint8 uuid[XDR_UUID_LEN];

    uuid_from_text(def->uuid, uuid);
    xdr_put_string(body, def->name);
    xdr_put_raw(body, uuid, sizeof uuid);
    if (event_id == EVENT_LIFECYCLE) {
        xdr_put_i32(body, kind);
        xdr_put_i32(body, 0); /* no details exist */
    }
    rpc_events_send(registry->server, RPC_EVENT_POOL, event_id, def->uuid, body);
}

void pool_refreshed(PoolRegistry *registry, const PoolView *view)
{
    send_event(registry, view->def, EVENT_REFRESH, 0);
}

/* ---- changing ---- */

static gboolean check_new(PoolRegistry *registry, const PoolDef *def, GError **error)
{
    Pool *by_uuid = g_hash_table_lookup(registry->pools, def->uuid);
    Pool *by_name = find_name_locked(registry, def->name);

    if (by_uuid != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED, "pool '%s' is already defined with uuid %s",
                    by_uuid->def->name, def->uuid);
    if (by_name != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED, "pool '%s' already exists with uuid %s",
                    def->name, by_name->def->uuid);
    return TRUE;
}

static Pool *insert_locked(PoolRegistry *registry, PoolDef *def)
{
    Pool *old = g_hash_table_lookup(registry->pools, def->uuid);
    Pool *pool = g_new0(Pool, 1);

    pool->refs = 1;
    pool->def = def;
    if (old != NULL) {
        pool->active = old->active;
        pool->persistent = old->persistent;
        pool->autostart = old->autostart;
    }
    g_hash_table_replace(registry->pools, def->uuid, pool);
    return pool;
}

gboolean pool_add(PoolRegistry *registry, PoolDef *def, gboolean persistent, PoolView *ret_view,
                  GError **error)
{
    g_autoptr(PoolDef) owned = def;
    g_autofree char *xml = persistent ? pool_def_format(def) : NULL;
    gboolean ok;

    g_mutex_lock(&registry->change);
    g_mutex_lock(&registry->lock);
    ok = check_new(registry, def, error);
    g_mutex_unlock(&registry->lock);
    ok = ok && (!persistent || store_save(registry->store, def->uuid, xml, error));
    if (ok) {
        Pool *pool;

        g_mutex_lock(&registry->lock);
        pool = insert_locked(registry, g_steal_pointer(&owned));
        pool->persistent |= persistent;
        fill_view_locked(pool, ret_view);
        g_mutex_unlock(&registry->lock);
        if (persistent)
            send_event(registry, ret_view->def, EVENT_LIFECYCLE, POOL_DEFINED);
    }
    g_mutex_unlock(&registry->change);
    return ok;
}

gboolean pool_undefine(PoolRegistry *registry, const PoolView *view, GError **error)
{
    gboolean ok;

    if (view->active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is still active",
                    view->def->name);
    g_mutex_lock(&registry->change);
    ok = store_remove(registry->store, view->def->uuid, error);
    if (ok) {
        g_mutex_lock(&registry->lock);
        g_hash_table_remove(registry->pools, view->def->uuid);
        g_mutex_unlock(&registry->lock);
        send_event(registry, view->def, EVENT_LIFECYCLE, POOL_UNDEFINED);
    }
    g_mutex_unlock(&registry->change);
    return ok;
}

gboolean pool_set_autostart(PoolRegistry *registry, const PoolView *view, gboolean autostart,
                            GError **error)
{
    gboolean ok;

    if (!view->persistent)
        return fail(error, VIR_ERR_INVALID_ARG, "pool has no config file");
    g_mutex_lock(&registry->change);
    ok = store_set_autostart(registry->store, view->def->uuid, autostart, error);
    if (ok) {
        g_mutex_lock(&registry->lock);
        view->pool->autostart = autostart;
        g_mutex_unlock(&registry->lock);
    }
    g_mutex_unlock(&registry->change);
    return ok;
}

static gboolean check_folder(const PoolDef *def, GError **error)
{
    struct stat st;

    if (stat(def->path, &st) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot open directory '%s': %s", def->path,
                    g_strerror(errno));
    return S_ISDIR(st.st_mode) ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "'%s' is not a directory", def->path);
}

gboolean pool_start(PoolRegistry *registry, const PoolView *view, GError **error)
{
    if (view->active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is already active",
                    view->def->name);
    if (!check_folder(view->def, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    view->pool->active = TRUE;
    g_mutex_unlock(&registry->lock);
    send_event(registry, view->def, EVENT_LIFECYCLE, POOL_STARTED);
    return TRUE;
}

gboolean pool_stop(PoolRegistry *registry, const PoolView *view, GError **error)
{
    if (!view->active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is not active",
                    view->def->name);
    g_mutex_lock(&registry->lock);
    view->pool->active = FALSE;
    if (!view->persistent)
        g_hash_table_remove(registry->pools, view->def->uuid);
    g_mutex_unlock(&registry->lock);
    send_event(registry, view->def, EVENT_LIFECYCLE, POOL_STOPPED);
    return TRUE;
}

void pool_forget_transient(PoolRegistry *registry, const PoolView *view)
{
    g_mutex_lock(&registry->lock);
    if (!view->pool->active && !view->pool->persistent)
        g_hash_table_remove(registry->pools, view->def->uuid);
    g_mutex_unlock(&registry->lock);
}

gboolean pool_build(const PoolView *view, GError **error)
{
    const PoolPermissions *p = &view->def->permissions;
    struct stat st;

    if (view->active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is already active",
                    view->def->name);
    if (g_mkdir_with_parents(view->def->path, 0711) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make directory '%s': %s", view->def->path,
                    g_strerror(errno));
    if (stat(view->def->path, &st) < 0 ||
        (p->mode >= 0 && chmod(view->def->path, (mode_t)p->mode) < 0) ||
        ((p->owner >= 0 || p->group >= 0) &&
         chown(view->def->path, (uid_t)p->owner, (gid_t)p->group) < 0))
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot set the permissions of '%s': %s",
                    view->def->path, g_strerror(errno));
    return TRUE;
}

gboolean pool_delete(PoolRegistry *registry, const PoolView *view, GError **error)
{
    if (view->active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is still active",
                    view->def->name);
    if (rmdir(view->def->path) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "failed to remove pool '%s': %s", view->def->path,
                    g_strerror(errno));
    send_event(registry, view->def, EVENT_LIFECYCLE, POOL_DELETED);
    return TRUE;
}

/* ---- the registry ---- */

static gboolean load_pool(const char *uuid, const char *xml, gboolean autostart, gpointer user_data,
                          GError **error)
{
    PoolRegistry *registry = user_data;
    PoolDef *def = pool_def_parse(xml, error);
    g_autoptr(GError) absent = NULL;
    Pool *pool;

    if (def == NULL)
        return FALSE;
    pool = insert_locked(registry, def);
    pool->persistent = TRUE;
    pool->autostart = autostart;
    pool->active = autostart && check_folder(def, &absent);
    if (absent != NULL)
        g_warning("storage: cannot start the pool '%s': %s", def->name, absent->message);
    return TRUE;
}

PoolRegistry *pool_registry_new(const char *dir, RpcServer *server, GError **error)
{
    g_autoptr(PoolRegistry) registry = g_new0(PoolRegistry, 1);

    registry->server = server;
    g_mutex_init(&registry->lock);
    g_mutex_init(&registry->change);
    registry->pools =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)pool_unref);
    registry->store = store_new(dir, error);
    if (registry->store == NULL || !store_load(registry->store, load_pool, registry, error))
        return NULL;
    return g_steal_pointer(&registry);
}

void pool_registry_free(PoolRegistry *registry)
{
    if (registry == NULL)
        return;
    g_hash_table_unref(registry->pools);
    store_free(registry->store);
    g_mutex_clear(&registry->lock);
    g_mutex_clear(&registry->change);
    g_free(registry);
}
