/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about volumes. A volume's handle is pool name, volume name and key, its path. */
#include "handler-util.h"
#include "pool.h"
#include "volume.h"

#include <string.h>

static gboolean check_active(const PoolView *view, GError **error)
{
    return view->active || fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is not active",
                                view->def->name);
}

/* The active pool whose handle is args[0]. */
static gboolean call_pool(const RpcCall *call, PoolView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].items[1].bytes, uuid);
    return pool_find_uuid(kanzend->pools, uuid, view, error) && check_active(view, error);
}

/* The volume whose handle is args[index]. */
static Volume *call_volume(const RpcCall *call, guint index, PoolView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *handle = call->args[index].items;

    if (!pool_find_name(kanzend->pools, handle[0].str, view, error) || !check_active(view, error))
        return NULL;
    return volume_open(view->def, handle[1].str, error);
}

static void put_handle(GByteArray *out, const PoolDef *pool, const char *name)
{
    g_autofree char *path = g_build_filename(pool->path, name, NULL);

    xdr_put_string(out, pool->name);
    xdr_put_string(out, name);
    xdr_put_string(out, path);
}

/* ---- finding ---- */

gboolean on_pool_list_all_volumes(RpcCall *call, GError **error)
{
    gboolean need_results = call->args[1].i != 0;
    g_auto(PoolView) view = { 0 };
    g_autoptr(GPtrArray) volumes = NULL;

    if (!check_flags(call, call->args[2].u, 0, error) || !call_pool(call, &view, error))
        return FALSE;
    volumes = volume_list(view.def, error);
    if (volumes == NULL)
        return FALSE;
    xdr_put_u32(call->ret, need_results ? volumes->len : 0);
    for (guint i = 0; need_results && i < volumes->len; i++)
        put_handle(call->ret, view.def, ((Volume *)volumes->pdata[i])->name);
    xdr_put_u32(call->ret, volumes->len);
    return TRUE;
}

gboolean on_pool_num_of_volumes(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(GPtrArray) volumes =
        call_pool(call, &view, error) ? volume_list(view.def, error) : NULL;

    if (volumes == NULL)
        return FALSE;
    xdr_put_i32(call->ret, (gint32)volumes->len);
    return TRUE;
}

gboolean on_pool_list_volumes(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(GPtrArray) volumes =
        call_pool(call, &view, error) ? volume_list(view.def, error) : NULL;
    guint n;

    if (volumes == NULL)
        return FALSE;
    n = MIN((guint)MAX(call->args[1].i, 0), volumes->len);
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, ((Volume *)volumes->pdata[i])->name);
    return TRUE;
}

gboolean on_vol_lookup_by_name(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;

    if (!call_pool(call, &view, error))
        return FALSE;
    volume = volume_open(view.def, call->args[1].str, error);
    if (volume == NULL)
        return FALSE;
    put_handle(call->ret, view.def, volume->name);
    return TRUE;
}

/* In the active pool that is the path's folder. A key is a path. */
gboolean on_vol_lookup_by_path(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GPtrArray) pools = pool_list(kanzend->pools);
    g_autofree char *path = g_canonicalize_filename(call->args[0].str, "/");
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);

    for (guint i = 0; i < pools->len; i++) {
        const PoolView *view = pools->pdata[i];
        g_autoptr(Volume) volume = NULL;

        if (!view->active || strcmp(view->def->path, folder) != 0)
            continue;
        volume = volume_open(view->def, name, NULL);
        if (volume != NULL) {
            put_handle(call->ret, view->def, volume->name);
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_NO_STORAGE_VOL, "no storage vol with matching path '%s'", path);
}

/* ---- reading ---- */

gboolean on_vol_get_info(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = call_volume(call, 0, &view, error);

    if (volume == NULL)
        return FALSE;
    xdr_put_i32(call->ret, (gint32)volume->type);
    xdr_put_u64(call->ret, volume->image.capacity);
    xdr_put_u64(call->ret, volume->allocation);
    return TRUE;
}

gboolean on_vol_get_info_flags(RpcCall *call, GError **error)
{
    enum { GET_PHYSICAL = 1 };
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;

    if (!check_flags(call, call->args[1].u, GET_PHYSICAL, error))
        return FALSE;
    volume = call_volume(call, 0, &view, error);
    if (volume == NULL)
        return FALSE;
    xdr_put_i32(call->ret, (gint32)volume->type);
    xdr_put_u64(call->ret, volume->image.capacity);
    xdr_put_u64(call->ret,
                call->args[1].u & GET_PHYSICAL ? (guint64)volume->st.st_size : volume->allocation);
    return TRUE;
}

gboolean on_vol_get_xml_desc(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    volume = call_volume(call, 0, &view, error);
    if (volume == NULL)
        return FALSE;
    xml = volume_format_xml(volume);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_vol_get_path(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = call_volume(call, 0, &view, error);

    if (volume == NULL)
        return FALSE;
    xdr_put_string(call->ret, volume->path);
    return TRUE;
}

/* ---- changing ---- */

#define PREALLOC_METADATA 1u

gboolean on_vol_create_xml(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(VolumeDef) def = NULL;
    guint32 flags = call->args[2].u;

    if (!check_flags(call, flags, PREALLOC_METADATA, error) || !call_pool(call, &view, error))
        return FALSE;
    def = volume_def_parse(call->args[1].str, error);
    if (def == NULL || !volume_create(view.def, def, flags & PREALLOC_METADATA, error))
        return FALSE;
    put_handle(call->ret, view.def, def->name);
    return TRUE;
}

gboolean on_vol_create_xml_from(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_auto(PoolView) source_pool = { 0 };
    g_autoptr(VolumeDef) def = NULL;
    g_autoptr(Volume) source = NULL;

    if (!check_flags(call, call->args[3].u, 0, error) || !call_pool(call, &view, error))
        return FALSE;
    def = volume_def_parse(call->args[1].str, error);
    source = def != NULL ? call_volume(call, 2, &source_pool, error) : NULL;
    if (source == NULL || !volume_clone(view.def, def, source, error))
        return FALSE;
    put_handle(call->ret, view.def, def->name);
    return TRUE;
}

gboolean on_vol_delete(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    volume = call_volume(call, 0, &view, error);
    return volume != NULL && volume_delete(volume, error);
}

gboolean on_vol_resize(RpcCall *call, GError **error)
{
    enum { ALLOCATE = 1, DELTA = 2, SHRINK = 4 }; /* virStorageVolResizeFlags */
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    guint64 capacity = call->args[1].t;
    guint32 flags = call->args[2].u;

    if (!check_flags(call, flags, ALLOCATE | DELTA | SHRINK, error))
        return FALSE;
    volume = call_volume(call, 0, &view, error);
    if (volume == NULL)
        return FALSE;
    if ((flags & DELTA) && (flags & SHRINK))
        capacity = volume->image.capacity - MIN(capacity, volume->image.capacity);
    else if ((flags & DELTA) && !g_uint64_checked_add(&capacity, capacity, volume->image.capacity))
        return fail(error, VIR_ERR_OVERFLOW, "the capacity of '%s' would be too large",
                    volume->name);
    return volume_resize(volume, capacity, flags & ALLOCATE, flags & SHRINK, error);
}
