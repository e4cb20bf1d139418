/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pools: their table, their definitions on disk, events.
 *
 * A change of a pool makes it busy from its first look to its event; other changes of that pool
 * wait for it, those of other pools do not, as starting one may take as long as a network lets it.
 * Who makes a pool busy may read it without `lock`, which is taken to write; lookups take `lock`
 * alone and wait for no disk. What is active is also in the run directory, as the XML in use, for
 * the daemon after this one.
 */
#include "pool.h"

#include <string.h>
#include <sys/stat.h>

#include "boot-mark.h"
#include "command.h"
#include "handler-util.h"
#include "rpc/event.h"
#include "store.h"
#include "volume-journal.h"

#define RUN_STORE "libvirt-storage"             /* below the run directory */
#define MARK      "libvirt-storage-autostarted" /* see boot-mark.h */
#define JOURNAL   "unfinished"                  /* below the definitions */

enum { /* virStoragePoolEventLifecycleType */
       POOL_DEFINED,
       POOL_UNDEFINED,
       POOL_STARTED,
       POOL_STOPPED,
       POOL_CREATED,
       POOL_DELETED,
};
enum { EVENT_LIFECYCLE = 0, EVENT_REFRESH = 1 };

/* Counted: the table has a reference, and who makes it busy. */
typedef struct {
    PoolDef *def;
    PoolDef *next; /* defined while active; NULL: def */
    gboolean active, persistent, autostart;
    gboolean busy;   /* under change */
    gboolean hidden; /* a new one that is being started: nobody has seen it yet */
} Pool;

struct PoolRegistry {
    RpcServer *server;
    SecretRegistry *secrets;
    char *run_dir;
    Store *store, *run_store;
    VolumeJournal *journal;
    VolumeUses *uses;
    GMutex change; /* before lock */
    GCond idle;    /* with change: a pool is not busy any more */
    GMutex lock;
    GHashTable *pools; /* of Pool by UUID, both owned */
};

static void pool_clear(gpointer data)
{
    Pool *pool = data;

    pool_def_unref(pool->def);
    pool_def_unref(pool->next);
}

static void pool_unref(gpointer pool)
{
    g_atomic_rc_box_release_full(pool, pool_clear);
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

PoolAccess pool_access(PoolRegistry *registry, const PoolDef *def)
{
    return (PoolAccess){ def, registry->secrets, registry->journal, registry->run_dir };
}

VolumeUses *pool_volume_uses(PoolRegistry *registry)
{
    return registry->uses;
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

    if (pool != NULL && !pool->hidden)
        return pool;
    fail(error, VIR_ERR_NO_STORAGE_POOL, "no storage pool with matching uuid '%s'", uuid);
    return NULL;
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

    if (pool == NULL || pool->hidden)
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
        PoolView *view;

        if (((Pool *)value)->hidden)
            continue;
        view = g_new0(PoolView, 1);
        fill_view(value, view);
        g_ptr_array_add(list, view);
    }
    g_mutex_unlock(&registry->lock);
    g_ptr_array_sort(list, compare_names);
    return list;
}

char *pool_format(PoolRegistry *registry, const PoolView *view, gboolean inactive)
{
    const PoolDef *def = inactive && view->next != NULL ? view->next : view->def;
    const PoolBackend *backend = def->type->backend;
    PoolAccess access = pool_access(registry, def);
    g_auto(PoolUsage) usage = { 0 };
    Permissions permissions;
    struct stat st;

    if (!view->active || inactive || backend == NULL)
        return pool_def_format(def, NULL, NULL);
    /* Zeros when it is out of reach, as a client expects. */
    if (backend->usage == NULL || !backend->usage(&access, &usage, NULL))
        usage = (PoolUsage){ 0 };
    if (def->path == NULL || stat(def->path, &st) < 0)
        return pool_def_format(def, &usage, NULL);
    permissions = permissions_of(&st);
    return pool_def_format(def, &usage, &permissions);
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

void pool_changed(PoolRegistry *registry, const PoolDef *def)
{
    send_event(registry, def, EVENT_REFRESH, 0);
}

/* ---- one change of a pool at a time ---- */

/* Under change, which is let go while it waits. */
static void wait_idle(PoolRegistry *registry, const char *uuid)
{
    const Pool *pool;

    while ((pool = g_hash_table_lookup(registry->pools, uuid)) != NULL && pool->busy)
        g_cond_wait(&registry->idle, &registry->change);
}

static void end(PoolRegistry *registry, Pool *pool)
{
    g_mutex_lock(&registry->change);
    pool->busy = FALSE;
    g_cond_broadcast(&registry->idle);
    g_mutex_unlock(&registry->change);
    pool_unref(pool);
}

typedef gboolean (*PoolChange)(PoolRegistry *registry, Pool *pool, int arg, GError **error);

/* Calls func with the pool made busy. */
static gboolean with_pool(PoolRegistry *registry, const char *uuid, PoolChange func, int arg,
                          GError **error)
{
    Pool *pool;
    gboolean ok;

    g_mutex_lock(&registry->change);
    wait_idle(registry, uuid);
    pool = find_uuid(registry, uuid, error);
    if (pool != NULL) {
        pool->busy = TRUE;
        g_atomic_rc_box_acquire(pool);
    }
    g_mutex_unlock(&registry->change);
    if (pool == NULL)
        return FALSE;
    ok = func(registry, pool, arg, error);
    end(registry, pool);
    return ok;
}

/* ---- the steps of a change ---- */

/* Inserts the pool if it is new. */
static Pool *ensure(PoolRegistry *registry, PoolDef *def, gboolean hidden)
{
    Pool *pool = g_hash_table_lookup(registry->pools, def->uuid);

    if (pool != NULL)
        return pool;
    pool = g_atomic_rc_box_new0(Pool);
    pool->def = pool_def_ref(def);
    pool->hidden = hidden;
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
    pool->hidden = FALSE;
    g_mutex_unlock(&registry->lock);
}

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

static gboolean check_unused(PoolRegistry *registry, const Pool *pool, GError **error)
{
    return !volume_uses_any(registry->uses, pool->def->uuid) ||
           fail(error, VIR_ERR_INTERNAL_ERROR, "pool '%s' has asynchronous jobs running.",
                pool->def->name);
}

/* Two pools may not share a name, a UUID or storage. */
static gboolean check_new(PoolRegistry *registry, const PoolDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
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

        if (other != by_uuid && pool_def_conflicts(other->def, def))
            return fail(error, VIR_ERR_OPERATION_FAILED, "Storage source conflict with pool: '%s'",
                        other->def->name);
    }
    return TRUE;
}

/* What can be done with a pool of its type at all. */
static const PoolBackend *backend_of(const PoolDef *def, GError **error)
{
    const PoolBackend *backend = def->type->backend;

    if (backend == NULL)
        fail(error, VIR_ERR_NO_SUPPORT,
             "storage pool '%s': no package of Debian has the tools of type '%s'", def->name,
             def->type->name);
    else if (backend->tool != NULL && !command_find(backend->tool, error))
        backend = NULL;
    return backend;
}

static gboolean build(PoolRegistry *registry, const PoolDef *def, guint flags, GError **error)
{
    const PoolBackend *backend = backend_of(def, error);
    PoolAccess access = pool_access(registry, def);

    if (backend == NULL)
        return FALSE;
    if (backend->build == NULL)
        return fail(error, VIR_ERR_NO_SUPPORT, "storage pools of type '%s' cannot be built",
                    def->type->name);
    if (!backend->build(&access, flags, error))
        return FALSE;
    send_event(registry, def, EVENT_LIFECYCLE, POOL_CREATED);
    return TRUE;
}

static gboolean finish_unfinished(VolumeJournalKind kind, const char *pool_uuid, const char *name,
                                  gpointer data);

/* Everything of a start but the table. */
static gboolean start(PoolRegistry *registry, const PoolDef *def, int build_flags, GError **error)
{
    const PoolBackend *backend = backend_of(def, error);
    PoolAccess access = pool_access(registry, def);
    g_autofree char *xml = NULL;

    if (backend == NULL)
        return FALSE;
    if (build_flags != POOL_BUILD_NONE && !build(registry, def, (guint)build_flags, error))
        return FALSE;
    if (backend->start != NULL && !backend->start(&access, error))
        return FALSE;
    xml = pool_def_format(def, NULL, NULL);
    if (backend->check(&access, error) && store_save(registry->run_store, def->uuid, xml, error))
        return TRUE;
    if (backend->stop != NULL && !backend->stop(&access, NULL))
        g_warning("storage: the pool '%s' could not be stopped again", def->name);
    return FALSE;
}

/* ---- changes ---- */

gboolean pool_define(PoolRegistry *registry, PoolDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    g_autofree char *xml = pool_def_format(def, NULL, NULL);

    wait_idle(registry, def->uuid);
    if (!check_new(registry, def, error) || !store_save(registry->store, def->uuid, xml, error))
        return FALSE;
    set_definition(registry, ensure(registry, def, FALSE), def);
    send_event(registry, def, EVENT_LIFECYCLE, POOL_DEFINED);
    return TRUE;
}

/* Makes the pool of def busy, which may be new and then stays hidden. */
static Pool *begin_create(PoolRegistry *registry, PoolDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    Pool *pool;

    wait_idle(registry, def->uuid);
    if (!check_new(registry, def, error))
        return NULL;
    pool = ensure(registry, def, TRUE);
    if (!check_inactive(pool, "already", error))
        return NULL;
    pool->busy = TRUE;
    return g_atomic_rc_box_acquire(pool);
}

gboolean pool_create(PoolRegistry *registry, PoolDef *def, int build_flags, GError **error)
{
    Pool *pool = begin_create(registry, def, error);
    gboolean ok;

    if (pool == NULL)
        return FALSE;
    ok = start(registry, def, build_flags, error);
    if (ok) {
        set_active(registry, pool, def);
        send_event(registry, def, EVENT_LIFECYCLE, POOL_STARTED);
    } else if (pool->hidden) {
        drop(registry, def->uuid);
    }
    end(registry, pool);
    return ok;
}

static gboolean do_start(PoolRegistry *registry, Pool *pool, int build_flags, GError **error)
{
    if (!check_inactive(pool, "already", error) || !start(registry, pool->def, build_flags, error))
        return FALSE;
    set_active(registry, pool, pool->def);
    volume_journal_sweep(registry->journal, pool->def->uuid, finish_unfinished, registry);
    send_event(registry, pool->def, EVENT_LIFECYCLE, POOL_STARTED);
    return TRUE;
}

gboolean pool_start(PoolRegistry *registry, const char *uuid, int build_flags, GError **error)
{
    return with_pool(registry, uuid, do_start, build_flags, error);
}

static gboolean do_stop(PoolRegistry *registry, Pool *pool, int arg, GError **error)
{
    PoolAccess access = pool_access(registry, pool->def);

    if (!check_active(pool, error) || !check_unused(registry, pool, error) ||
        (access.def->type->backend->stop != NULL &&
         !access.def->type->backend->stop(&access, error)) ||
        !store_remove(registry->run_store, pool->def->uuid, error))
        return FALSE;
    set_inactive(registry, pool);
    return TRUE;
}

gboolean pool_stop(PoolRegistry *registry, const char *uuid, GError **error)
{
    return with_pool(registry, uuid, do_stop, 0, error);
}

static gboolean do_refresh(PoolRegistry *registry, Pool *pool, int arg, GError **error)
{
    PoolAccess access = pool_access(registry, pool->def);
    const PoolBackend *backend = access.def->type->backend;

    if (!check_active(pool, error) || !check_unused(registry, pool, error))
        return FALSE;
    if (!backend->check(&access, error) ||
        (backend->refresh != NULL && !backend->refresh(&access, error))) {
        if (store_remove(registry->run_store, access.def->uuid,
                         NULL)) /* else it is still active on disk */
            set_inactive(registry, pool);
        return FALSE;
    }
    pool_changed(registry, pool->def);
    return TRUE;
}

gboolean pool_refresh(PoolRegistry *registry, const char *uuid, GError **error)
{
    return with_pool(registry, uuid, do_refresh, 0, error);
}

static gboolean do_undefine(PoolRegistry *registry, Pool *pool, int arg, GError **error)
{
    if (!check_inactive(pool, "still", error) ||
        !store_remove(registry->store, pool->def->uuid, error))
        return FALSE;
    drop(registry, pool->def->uuid);
    send_event(registry, pool->def, EVENT_LIFECYCLE, POOL_UNDEFINED);
    return TRUE;
}

gboolean pool_undefine(PoolRegistry *registry, const char *uuid, GError **error)
{
    return with_pool(registry, uuid, do_undefine, 0, error);
}

static gboolean do_set_autostart(PoolRegistry *registry, Pool *pool, int autostart, GError **error)
{
    if (!pool->persistent)
        return fail(error, VIR_ERR_INVALID_ARG, "pool has no config file");
    if (!store_set_autostart(registry->store, pool->def->uuid, autostart, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    pool->autostart = autostart;
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

gboolean pool_set_autostart(PoolRegistry *registry, const char *uuid, gboolean autostart,
                            GError **error)
{
    return with_pool(registry, uuid, do_set_autostart, autostart, error);
}

static gboolean do_build(PoolRegistry *registry, Pool *pool, int flags, GError **error)
{
    return check_inactive(pool, "already", error) &&
           build(registry, pool->def, (guint)flags, error);
}

gboolean pool_build(PoolRegistry *registry, const char *uuid, guint flags, GError **error)
{
    return with_pool(registry, uuid, do_build, (int)flags, error);
}

static gboolean do_delete(PoolRegistry *registry, Pool *pool, int arg, GError **error)
{
    const PoolBackend *backend = backend_of(pool->def, error);
    PoolAccess access = pool_access(registry, pool->def);

    if (backend == NULL || !check_inactive(pool, "still", error))
        return FALSE;
    if (backend->remove == NULL)
        return fail(error, VIR_ERR_NO_SUPPORT, "storage pools of type '%s' cannot be deleted",
                    pool->def->type->name);
    if (!backend->remove(&access, error))
        return FALSE;
    send_event(registry, pool->def, EVENT_LIFECYCLE, POOL_DELETED);
    return TRUE;
}

gboolean pool_delete(PoolRegistry *registry, const char *uuid, GError **error)
{
    return with_pool(registry, uuid, do_delete, 0, error);
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
    pool = ensure(registry, def, FALSE);
    pool->persistent = TRUE;
    pool->autostart = autostart;
    return TRUE;
}

/* One that was active when the last daemon ended. One on the network is believed to be there:
 * asking could take as long as its server is down. */
static gboolean load_active(const char *uuid, const char *xml, gboolean autostart,
                            gpointer user_data, GError **error)
{
    PoolRegistry *registry = user_data;
    g_autoptr(PoolDef) def = pool_def_parse(xml, error);
    PoolAccess access;

    if (def == NULL || !check_new(registry, def, error))
        return FALSE;
    access = pool_access(registry, def);
    if (!(def->type->source & POOL_SOURCE_HOST) &&
        (backend_of(def, error) == NULL || !def->type->backend->check(&access, error))) {
        store_remove(registry->run_store, uuid, NULL); /* or it is asked again next time */
        return FALSE;
    }
    set_active(registry, ensure(registry, def, FALSE), def);
    return TRUE;
}

typedef struct {
    PoolRegistry *registry;
    PoolDef *def;
} Autostart;

static void autostart_one(gpointer data)
{
    Autostart *start = data;
    g_autoptr(GError) error = NULL;

    if (!pool_start(start->registry, start->def->uuid, POOL_BUILD_NONE, &error))
        g_warning("storage: cannot start the pool '%s': %s", start->def->name, error->message);
    pool_def_unref(start->def);
    g_free(start);
}

/* Folders at once, before the first client; what has to be found or reached first, beside. */
static void autostart_all(PoolRegistry *registry)
{
    g_autoptr(GPtrArray) pools = pool_list(registry);

    for (guint i = 0; i < pools->len; i++) {
        const PoolView *view = pools->pdata[i];
        const PoolBackend *backend = view->def->type->backend;
        Autostart *start;

        if (!view->autostart || view->active)
            continue;
        start = g_new(Autostart, 1);
        *start = (Autostart){ registry, pool_def_ref(view->def) };
        if (backend != NULL && (backend->start != NULL || backend->tool != NULL))
            rpc_server_run(registry->server, autostart_one, start);
        else
            autostart_one(start);
    }
}

/* What a daemon was making when it was killed. A volume is kept in the journal until its pool is
 * started. */
static gboolean finish_unfinished(VolumeJournalKind kind, const char *pool_uuid, const char *name,
                                  gpointer data)
{
    PoolRegistry *registry = data;
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;

    if (!pool_find_uuid(registry, pool_uuid, &view, NULL))
        return TRUE;
    access = pool_access(registry, view.def);
    if (kind == JOURNAL_DEVICE) {
        view.def->type->backend->unbuild(&access, name);
        return TRUE;
    }
    if (!view.active)
        return FALSE;
    volume = volumes_open(&access, name, NULL);
    return volume == NULL || view.def->type->backend->remove_volume(&access, volume, 0, NULL);
}

PoolRegistry *pool_registry_new(const char *dir, const char *run_dir, RpcServer *server,
                                SecretRegistry *secrets, GError **error)
{
    g_autoptr(PoolRegistry) registry = g_new0(PoolRegistry, 1);
    g_autofree char *run_store_dir = g_build_filename(run_dir, RUN_STORE, NULL);
    g_autofree char *journal_dir = g_build_filename(dir, JOURNAL, NULL);

    registry->server = server;
    registry->secrets = secrets;
    registry->run_dir = g_strdup(run_dir);
    g_mutex_init(&registry->lock);
    g_mutex_init(&registry->change);
    g_cond_init(&registry->idle);
    registry->uses = volume_uses_new();
    registry->pools = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, pool_unref);
    registry->store = store_new(dir, error);
    registry->run_store = registry->store != NULL ? store_new(run_store_dir, error) : NULL;
    registry->journal = registry->run_store != NULL ? volume_journal_new(journal_dir, error) : NULL;
    if (registry->journal == NULL ||
        !store_load(registry->store, load_definition, registry, error) ||
        !store_load(registry->run_store, load_active, registry, error))
        return NULL;
    volume_journal_sweep(registry->journal, NULL, finish_unfinished, registry);
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
    volume_journal_free(registry->journal);
    volume_uses_free(registry->uses);
    g_mutex_clear(&registry->lock);
    g_mutex_clear(&registry->change);
    g_cond_clear(&registry->idle);
    g_free(registry->run_dir);
    g_free(registry);
}
