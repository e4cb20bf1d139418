/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pools: their table, their definitions on disk, events.
 *
 * A change holds `change` from its first look to its event, and so may read the table without
 * `lock`, which it takes to write; lookups take `lock` alone and wait for no disk. What is active
 * is also in the run directory, as the XML in use, for the daemon after this one.
 */
#include "pool.h"

#include <string.h>

#include "boot-mark.h"
#include "handler-util.h"
#include "pool-type.h"
#include "rpc/event.h"
#include "store.h"

#define RUN_STORE "libvirt-storage"             /* below the run directory */
#define MARK      "libvirt-storage-autostarted" /* see boot-mark.h */

enum { /* virStoragePoolEventLifecycleType */
       POOL_DEFINED,
       POOL_UNDEFINED,
       POOL_STARTED,
       POOL_STOPPED,
       POOL_CREATED,
       POOL_DELETED,
};
enum { EVENT_LIFECYCLE = 0, EVENT_REFRESH = 1 };

typedef struct {
    PoolDef *def;
    PoolDef *next; /* defined while active; NULL: def */
    gboolean active, persistent, autostart;
} Pool;

struct PoolRegistry {
    RpcServer *server;
    Store *store, *run_store;
    GMutex change; /* before lock */
    GMutex lock;
    GHashTable *pools; /* of Pool by UUID, both owned */
};

static void pool_free(gpointer data)
{
    Pool *pool = data;

    pool_def_unref(pool->def);
    pool_def_unref(pool->next);
    g_free(pool);
}

void pool_view_clear(PoolView *view)
{
    g_clear_pointer(&view->def, pool_def_unref);
    g_clear_pointer(&view->next, pool_def_unref);
}

static void view_free(gpointer view)
{
    pool_view_clear(view);
    g_free(view);
}

/* ---- finding ---- */

static void fill_view(const Pool *pool, PoolView *view)
{
    *view = (PoolView){ pool_def_ref(pool->def), pool_def_ref(pool->next), pool->active,
                        pool->persistent, pool->autostart };
}

static Pool *find_name(PoolRegistry *registry, const char *name)
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

static Pool *find_uuid(PoolRegistry *registry, const char *uuid, GError **error)
{
    Pool *pool = g_hash_table_lookup(registry->pools, uuid);

    if (pool == NULL)
        fail(error, VIR_ERR_NO_STORAGE_POOL, "no storage pool with matching uuid '%s'", uuid);
    return pool;
}

gboolean pool_find_uuid(PoolRegistry *registry, const char *uuid, PoolView *ret_view,
                        GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Pool *pool = find_uuid(registry, uuid, error);

    if (pool != NULL)
        fill_view(pool, ret_view);
    return pool != NULL;
}

gboolean pool_find_name(PoolRegistry *registry, const char *name, PoolView *ret_view,
                        GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Pool *pool = find_name(registry, name);

    if (pool == NULL)
        return fail(error, VIR_ERR_NO_STORAGE_POOL, "no storage pool with matching name '%s'",
                    name);
    fill_view(pool, ret_view);
    return TRUE;
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

        fill_view(value, view);
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

    put_named_handle(body, def->name, def->uuid);
    if (event_id == EVENT_LIFECYCLE) {
        xdr_put_i32(body, kind);
        xdr_put_i32(body, 0); /* no details exist */
    }
    rpc_events_send(registry->server, RPC_EVENT_POOL, event_id, def->uuid, body);
}

/* ---- the steps of a change; all under change ---- */

/* Inserts the pool if it is new. */
static Pool *ensure(PoolRegistry *registry, PoolDef *def)
{
    Pool *pool = g_hash_table_lookup(registry->pools, def->uuid);

    if (pool != NULL)
        return pool;
    pool = g_new0(Pool, 1);
    pool->def = pool_def_ref(def);
    g_mutex_lock(&registry->lock);
    g_hash_table_insert(registry->pools, g_strdup(def->uuid), pool);
    g_mutex_unlock(&registry->lock);
    return pool;
}

static void drop(PoolRegistry *registry, const char *uuid)
{
    g_mutex_lock(&registry->lock);
    g_hash_table_remove(registry->pools, uuid);
    g_mutex_unlock(&registry->lock);
}

/* def: a persistent one. */
static void set_definition(PoolRegistry *registry, Pool *pool, PoolDef *def)
{
    PoolDef **place = pool->active ? &pool->next : &pool->def;

    g_mutex_lock(&registry->lock);
    pool_def_unref(*place);
    *place = pool_def_ref(def);
    pool->persistent = TRUE;
    g_mutex_unlock(&registry->lock);
}

/* def: in use from now on; a persistent pool's own definition comes back when it stops. */
static void set_active(PoolRegistry *registry, Pool *pool, PoolDef *def)
{
    g_mutex_lock(&registry->lock);
    if (pool->def != def) {
        pool_def_unref(pool->next);
        pool->next = pool->persistent ? pool_def_ref(pool->def) : NULL;
        pool_def_unref(pool->def);
        pool->def = pool_def_ref(def);
    }
    pool->active = TRUE;
    g_mutex_unlock(&registry->lock);
}

/* pool may be gone afterwards. */
static void set_inactive(PoolRegistry *registry, Pool *pool)
{
    g_autoptr(PoolDef) def = pool_def_ref(pool->def);

    g_mutex_lock(&registry->lock);
    pool->active = FALSE;
    if (pool->next != NULL) {
        pool_def_unref(pool->def);
        pool->def = g_steal_pointer(&pool->next);
    }
    if (!pool->persistent)
        g_hash_table_remove(registry->pools, def->uuid);
    g_mutex_unlock(&registry->lock);
    send_event(registry, def, EVENT_LIFECYCLE, POOL_STOPPED);
}

static gboolean check_inactive(const Pool *pool, const char *still, GError **error)
{
    return !pool->active || fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is %s active",
                                 pool->def->name, still);
}

static gboolean check_active(const Pool *pool, GError **error)
{
    return pool->active || fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is not active",
                                pool->def->name);
}

/* Two pools may not share a name, a UUID or a target. */
static gboolean check_new(PoolRegistry *registry, const PoolDef *def, GError **error)
{
    const Pool *by_uuid = g_hash_table_lookup(registry->pools, def->uuid);
    const Pool *by_name = find_name(registry, def->name);
    GHashTableIter iter;
    gpointer value;

    if (by_uuid != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED, "pool '%s' is already defined with uuid %s",
                    by_uuid->def->name, def->uuid);
    if (by_name != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED, "pool '%s' already exists with uuid %s",
                    def->name, by_name->def->uuid);
    g_hash_table_iter_init(&iter, registry->pools);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Pool *other = value;

        if (other != by_uuid && strcmp(other->def->path, def->path) == 0)
            return fail(error, VIR_ERR_OPERATION_FAILED, "Storage source conflict with pool: '%s'",
                        other->def->name);
    }
    return TRUE;
}

static gboolean build(PoolRegistry *registry, const PoolDef *def, GError **error)
{
    if (!def->type->build(def, error))
        return FALSE;
    send_event(registry, def, EVENT_LIFECYCLE, POOL_CREATED);
    return TRUE;
}

/* What starting takes before the pool is marked active. */
static gboolean prepare(PoolRegistry *registry, const PoolDef *def, gboolean with_build,
                        GError **error)
{
    g_autofree char *xml = NULL;

    if ((with_build && !build(registry, def, error)) || !def->type->check(def, error))
        return FALSE;
    xml = pool_def_format(def, FALSE);
    return store_save(registry->run_store, def->uuid, xml, error);
}

/* ---- changes ---- */

gboolean pool_define(PoolRegistry *registry, PoolDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    g_autofree char *xml = pool_def_format(def, FALSE);

    if (!check_new(registry, def, error) || !store_save(registry->store, def->uuid, xml, error))
        return FALSE;
    set_definition(registry, ensure(registry, def), def);
    send_event(registry, def, EVENT_LIFECYCLE, POOL_DEFINED);
    return TRUE;
}

gboolean pool_create(PoolRegistry *registry, PoolDef *def, gboolean with_build, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    const Pool *present = g_hash_table_lookup(registry->pools, def->uuid);

    if (!check_new(registry, def, error) ||
        (present != NULL && !check_inactive(present, "already", error)) ||
        !prepare(registry, def, with_build, error))
        return FALSE;
    set_active(registry, ensure(registry, def), def);
    send_event(registry, def, EVENT_LIFECYCLE, POOL_STARTED);
    return TRUE;
}

gboolean pool_start(PoolRegistry *registry, const char *uuid, gboolean with_build, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Pool *pool = find_uuid(registry, uuid, error);

    if (pool == NULL || !check_inactive(pool, "already", error) ||
        !prepare(registry, pool->def, with_build, error))
        return FALSE;
    set_active(registry, pool, pool->def);
    send_event(registry, pool->def, EVENT_LIFECYCLE, POOL_STARTED);
    return TRUE;
}

gboolean pool_stop(PoolRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Pool *pool = find_uuid(registry, uuid, error);

    if (pool == NULL || !check_active(pool, error) ||
        !store_remove(registry->run_store, uuid, error))
        return FALSE;
    set_inactive(registry, pool);
    return TRUE;
}

gboolean pool_refresh(PoolRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Pool *pool = find_uuid(registry, uuid, error);

    if (pool == NULL || !check_active(pool, error))
        return FALSE;
    if (!pool->def->type->check(pool->def, error)) {
        if (store_remove(registry->run_store, uuid, NULL)) /* else it is still active on disk */
            set_inactive(registry, pool);
        return FALSE;
    }
    send_event(registry, pool->def, EVENT_REFRESH, 0);
    return TRUE;
}

gboolean pool_undefine(PoolRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    const Pool *pool = find_uuid(registry, uuid, error);
    g_autoptr(PoolDef) def = pool != NULL ? pool_def_ref(pool->def) : NULL;

    if (pool == NULL || !check_inactive(pool, "still", error) ||
        !store_remove(registry->store, uuid, error))
        return FALSE;
    drop(registry, uuid);
    send_event(registry, def, EVENT_LIFECYCLE, POOL_UNDEFINED);
    return TRUE;
}

gboolean pool_set_autostart(PoolRegistry *registry, const char *uuid, gboolean autostart,
                            GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Pool *pool = find_uuid(registry, uuid, error);

    if (pool == NULL)
        return FALSE;
    if (!pool->persistent)
        return fail(error, VIR_ERR_INVALID_ARG, "pool has no config file");
    if (!store_set_autostart(registry->store, uuid, autostart, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    pool->autostart = autostart;
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

gboolean pool_build(PoolRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    const Pool *pool = find_uuid(registry, uuid, error);

    return pool != NULL && check_inactive(pool, "already", error) &&
           build(registry, pool->def, error);
}

gboolean pool_delete(PoolRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    const Pool *pool = find_uuid(registry, uuid, error);

    if (pool == NULL || !check_inactive(pool, "still", error) ||
        !pool->def->type->remove(pool->def, error))
        return FALSE;
    send_event(registry, pool->def, EVENT_LIFECYCLE, POOL_DELETED);
    return TRUE;
}

/* ---- the registry ---- */

static gboolean load_definition(const char *uuid, const char *xml, gboolean autostart,
                                gpointer user_data, GError **error)
{
    PoolRegistry *registry = user_data;
    g_autoptr(PoolDef) def = pool_def_parse(xml, error);
    Pool *pool;

    if (def == NULL || !check_new(registry, def, error))
        return FALSE;
    pool = ensure(registry, def);
    pool->persistent = TRUE;
    pool->autostart = autostart;
    return TRUE;
}

/* One that was active when the last daemon ended. */
static gboolean load_active(const char *uuid, const char *xml, gboolean autostart,
                            gpointer user_data, GError **error)
{
    PoolRegistry *registry = user_data;
    g_autoptr(PoolDef) def = pool_def_parse(xml, error);

    if (def == NULL || !check_new(registry, def, error))
        return FALSE;
    if (!def->type->check(def, error)) {
        store_remove(registry->run_store, uuid, NULL); /* or it is asked again next time */
        return FALSE;
    }
    set_active(registry, ensure(registry, def), def);
    return TRUE;
}

static void autostart_all(PoolRegistry *registry)
{
    g_autoptr(GPtrArray) pools = pool_list(registry);

    for (guint i = 0; i < pools->len; i++) {
        const PoolView *view = pools->pdata[i];
        g_autoptr(GError) error = NULL;

        if (view->autostart && !view->active &&
            !pool_start(registry, view->def->uuid, FALSE, &error))
            g_warning("storage: cannot start the pool '%s': %s", view->def->name, error->message);
    }
}

PoolRegistry *pool_registry_new(const char *dir, const char *run_dir, RpcServer *server,
                                GError **error)
{
    g_autoptr(PoolRegistry) registry = g_new0(PoolRegistry, 1);
    g_autofree char *run_store_dir = g_build_filename(run_dir, RUN_STORE, NULL);

    registry->server = server;
    g_mutex_init(&registry->lock);
    g_mutex_init(&registry->change);
    registry->pools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, pool_free);
    registry->store = store_new(dir, error);
    registry->run_store = registry->store != NULL ? store_new(run_store_dir, error) : NULL;
    if (registry->run_store == NULL ||
        !store_load(registry->store, load_definition, registry, error) ||
        !store_load(registry->run_store, load_active, registry, error))
        return NULL;
    if (boot_mark_set(run_dir, MARK))
        autostart_all(registry);
    return g_steal_pointer(&registry);
}

void pool_registry_free(PoolRegistry *registry)
{
    if (registry == NULL)
        return;
    g_hash_table_unref(registry->pools);
    g_clear_pointer(&registry->store, store_free);
    g_clear_pointer(&registry->run_store, store_free);
    g_mutex_clear(&registry->lock);
    g_mutex_clear(&registry->change);
    g_free(registry);
}
