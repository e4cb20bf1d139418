/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that make, change and take away volumes. Each has the volume for itself while it works,
 * and keeps nobody else's calls waiting. */
#include <string.h>

#include "handlers-volume.h"
#include "schema.h"
#include "volume-journal.h"
#include "wipe.h"

#define VOLUME_SCHEMA "storagevol.rng"

/* One volume that this call works on. */
typedef struct {
    VolumeUses *uses;
    const char *pool_uuid; /* borrowed */
    char *name;            /* NULL: not begun */
} Work;

static void work_clear(Work *work)
{
    if (work->name != NULL)
        volume_use_end(work->uses, work->pool_uuid, work->name);
    g_free(work->name);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static gboolean work_begin(Work *work, const RpcCall *call, const PoolView *view, const char *name,
                           VolumeUseKind kind, GError **error)
{
    const Kanzend *kanzend = call->app;

    work->uses = pool_volume_uses(kanzend->pools);
    work->pool_uuid = view->def->uuid;
    if (!volume_use_begin(work->uses, work->pool_uuid, name, kind, error))
        return FALSE;
    work->name = g_strdup(name);
    return TRUE;
}

/* What the type of the pool cannot do. */
static gboolean check_can(const PoolView *view, gboolean can, const char *what, GError **error)
{
    return can ||
           fail(error, VIR_ERR_NO_SUPPORT, "storage pool '%s' of type '%s' does not support %s",
                view->def->name, view->def->type->name, what);
}

/* ---- making ---- */

enum { CREATE_PREALLOC_METADATA = 1, CREATE_REFLINK = 2, CREATE_VALIDATE = 4 };

typedef struct {
    VolumeUses *uses;
    const char *pool_uuid;
    const Volume *volume;
} Growth;

static void on_growing(int fd, gpointer data)
{
    const Growth *growth = data;

    volume_use_grows(growth->uses, growth->pool_uuid, growth->volume, fd);
}

static gboolean check_new_name(const PoolAccess *access, const char *name, GError **error)
{
    g_autoptr(Volume) present = volumes_open(access, name, NULL);

    return present == NULL || fail_volume_exists(name, error);
}

/* Of a type where files are looked at one by one, making one says whether it was there. */
static gboolean make(RpcCall *call, const PoolView *view, const PoolAccess *access, Volume *volume,
                     VolumeMake *how, GError **error)
{
    const Kanzend *kanzend = call->app;
    const PoolBackend *backend = view->def->type->backend;
    Growth growth = { pool_volume_uses(kanzend->pools), view->def->uuid, volume };
    g_auto(Work) work = { 0 };
    g_autoptr(Volume) made = NULL;
    g_autofree char *journal_entry = NULL;
    gboolean ok;

    if (!check_can(view, backend->make != NULL, "volume creation", error) ||
        !work_begin(&work, call, view, volume->name, VOLUME_USE_MAKE, error))
        return FALSE;
    g_free(volume->path);
    volume->path =
        g_strconcat(view->def->path != NULL ? view->def->path : "", "/", volume->name, NULL);
    how->growing = on_growing;
    how->data = &growth;
    if (backend->list == NULL) {
        if (!backend->make(access, volume, how, error))
            return FALSE;
        put_volume(call->ret, view->def, volume->name, volume->path);
        return TRUE;
    }
    if (!check_new_name(access, volume->name, error))
        return FALSE;
    journal_entry =
        volume_journal_begin(access->journal, JOURNAL_VOLUME, view->def->uuid, volume->name, error);
    if (journal_entry == NULL)
        return FALSE;
    ok = backend->make(access, volume, how, error);
    volume_journal_end(access->journal, journal_entry);
    made = ok ? volumes_open(access, volume->name, error) : NULL;
    if (made == NULL)
        return FALSE;
    put_volume(call->ret, view->def, made->name, made->key);
    return TRUE;
}

static Volume *parse_new(const RpcCall *call, const PoolView *view, guint32 flags, gboolean is_copy,
                         GError **error)
{
    const char *xml = call->args[1].str;
    g_autoptr(Volume) volume = is_copy ? volume_parse_copy(xml, view->def->type, error)
                                       : volume_parse(xml, view->def->type, error);

    if (volume != NULL && (flags & CREATE_VALIDATE) && schema_is_there(VOLUME_SCHEMA) &&
        !schema_validate(VOLUME_SCHEMA, xml, error))
        return NULL;
    return g_steal_pointer(&volume);
}

gboolean on_vol_create_xml(RpcCall *call, GError **error)
{
    guint32 flags = call->args[2].u;
    VolumeMake how = { .preallocate = flags & CREATE_PREALLOC_METADATA };
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;

    if (!check_flags(call, flags, CREATE_PREALLOC_METADATA | CREATE_VALIDATE, error) ||
        !call_volume_pool(call, &view, &access, error))
        return FALSE;
    volume = parse_new(call, &view, flags, FALSE, error);
    return volume != NULL && make(call, &view, &access, volume, &how, error);
}

/* A copy holds what its source does, so it is no smaller. */
static void complete_copy(Volume *volume, const Volume *source)
{
    volume->capacity = MAX(volume->capacity, source->capacity);
    if (!volume->has_allocation)
        volume->allocation = volume->capacity;
}

gboolean on_vol_create_xml_from(RpcCall *call, GError **error)
{
    guint32 flags = call->args[3].u;
    g_auto(PoolView) view = { 0 }, source_view = { 0 };
    g_auto(Work) reading = { 0 };
    g_autoptr(Volume) volume = NULL, source = NULL;
    PoolAccess access, source_access;
    VolumeMake how = { .preallocate = flags & CREATE_PREALLOC_METADATA,
                       .reflink = flags & CREATE_REFLINK };

    if (!check_flags(call, flags, CREATE_PREALLOC_METADATA | CREATE_REFLINK | CREATE_VALIDATE,
                     error) ||
        !call_volume_pool(call, &view, &access, error))
        return FALSE;
    volume = parse_new(call, &view, flags, TRUE, error);
    source = volume != NULL ? call_volume(call, 2, &source_view, &source_access, error) : NULL;
    if (source == NULL ||
        !work_begin(&reading, call, &source_view, source->name, VOLUME_USE_READ, error))
        return FALSE;
    if (volume->backing_path != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a copy with a backing store is not supported");
    if (source->type == VOLUME_DIR || source->type == VOLUME_NETDIR)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "cannot copy '%s': it is a directory",
                    source->name);
    complete_copy(volume, source);
    how.source_pool = &source_access;
    how.source = source;
    return make(call, &view, &access, volume, &how, error);
}

/* ---- changing ---- */

/* The volume of args[0], for this call alone. */
static Volume *begin_change(RpcCall *call, PoolView *view, PoolAccess *access, Work *work,
                            GError **error)
{
    g_autoptr(Volume) volume = call_volume(call, 0, view, access, error);

    if (volume == NULL || !work_begin(work, call, view, volume->name, VOLUME_USE_CHANGE, error))
        return NULL;
    return g_steal_pointer(&volume);
}

gboolean on_vol_delete(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;
    g_auto(PoolView) view = { 0 };
    g_auto(Work) work = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;

    if (!check_flags(call, flags, DELETE_ZEROED | DELETE_WITH_SNAPSHOTS, error))
        return FALSE;
    volume = begin_change(call, &view, &access, &work, error);
    if (volume == NULL ||
        !check_can(&view, view.def->type->backend->remove_volume != NULL, "volume deletion", error))
        return FALSE;
    if ((flags & DELETE_WITH_SNAPSHOTS) && strcmp(view.def->type->name, "rbd") != 0)
        return fail(error, VIR_ERR_NO_SUPPORT,
                    "volumes of pools of type '%s' have no snapshots to delete",
                    view.def->type->name);
    return (!(flags & DELETE_ZEROED) || wipe_volume(volume, WIPE_ZERO, error)) &&
           view.def->type->backend->remove_volume(&access, volume, flags, error);
}

enum { RESIZE_ALLOCATE = 1, RESIZE_DELTA = 2, RESIZE_SHRINK = 4 }; /* virStorageVolResizeFlags */

/* The capacity that is meant. */
static gboolean new_capacity(const Volume *volume, guint32 flags, guint64 *capacity, GError **error)
{
    guint64 now = volume->capacity;

    if ((flags & RESIZE_DELTA) && (flags & RESIZE_SHRINK))
        *capacity = now - MIN(*capacity, now);
    else if ((flags & RESIZE_DELTA) && !g_uint64_checked_add(capacity, *capacity, now))
        return fail(error, VIR_ERR_OVERFLOW, "the capacity of '%s' would be too large",
                    volume->name);
    if (*capacity > G_MAXINT64)
        return fail(error, VIR_ERR_OVERFLOW, "the capacity of '%s' would be too large",
                    volume->name);
    return *capacity >= now || (flags & RESIZE_SHRINK) ||
           fail(error, VIR_ERR_INVALID_ARG,
                "Can't shrink capacity below current capacity unless shrink flag explicitly "
                "specified");
}

static gboolean check_room(const PoolAccess *access, const Volume *volume, guint64 capacity,
                           GError **error)
{
    g_auto(PoolUsage) usage = { 0 };

    if (capacity <= volume->capacity || access->def->type->backend->usage == NULL)
        return TRUE;
    if (!access->def->type->backend->usage(access, &usage, error))
        return FALSE;
    return capacity - volume->capacity <= usage.available ||
           fail(error, VIR_ERR_OPERATION_FAILED, "Not enough space left in storage pool");
}

gboolean on_vol_resize(RpcCall *call, GError **error)
{
    guint64 capacity = call->args[1].t;
    guint32 flags = call->args[2].u;
    g_auto(PoolView) view = { 0 };
    g_auto(Work) work = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;

    if (!check_flags(call, flags, RESIZE_ALLOCATE | RESIZE_DELTA | RESIZE_SHRINK, error))
        return FALSE;
    volume = begin_change(call, &view, &access, &work, error);
    if (volume == NULL || !check_can(&view, view.def->type->backend->resize != NULL,
                                     "changing of volume capacity", error))
        return FALSE;
    if (volume->type == VOLUME_DIR)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "cannot resize '%s': it is a directory",
                    volume->name);
    return new_capacity(volume, flags, &capacity, error) &&
           (!(flags & RESIZE_ALLOCATE) || check_room(&access, volume, capacity, error)) &&
           view.def->type->backend->resize(&access, volume, capacity, flags & RESIZE_ALLOCATE,
                                           error);
}

static gboolean wipe(RpcCall *call, guint32 algorithm, guint32 flags, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_auto(Work) work = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;

    if (!check_flags(call, flags, 0, error))
        return FALSE;
    if (algorithm >= WIPE_COUNT)
        return fail(error, VIR_ERR_INVALID_ARG, "wiping algorithm %u not supported", algorithm);
    volume = begin_change(call, &view, &access, &work, error);
    return volume != NULL && wipe_volume(volume, (WipeAlgorithm)algorithm, error);
}

gboolean on_vol_wipe(RpcCall *call, GError **error)
{
    return wipe(call, WIPE_ZERO, call->args[1].u, error);
}

gboolean on_vol_wipe_pattern(RpcCall *call, GError **error)
{
    return wipe(call, call->args[1].u, call->args[2].u, error);
}
