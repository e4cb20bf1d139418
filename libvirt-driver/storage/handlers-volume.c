/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that find volumes and look at them. */
#include "handlers-volume.h"

#include <string.h>

static gboolean check_active(const PoolView *view, GError **error)
{
    return view->active || fail(error, VIR_ERR_OPERATION_INVALID, "storage pool '%s' is not active",
                                view->def->name);
}

gboolean call_volume_pool(const RpcCall *call, PoolView *view, PoolAccess *access, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    if (!pool_find_uuid(kanzend->pools, call_uuid(call, uuid), view, error) ||
        !check_active(view, error))
        return FALSE;
    *access = pool_access(kanzend->pools, view->def);
    return TRUE;
}

static Volume *open_volume(const Kanzend *kanzend, const PoolAccess *access, const char *name,
                           GError **error)
{
    /* One that is being made is shown, but is not one to do anything with. */
    Volume *volume = volume_use_peek(pool_volume_uses(kanzend->pools), access->def->uuid, name);

    return volume != NULL ? volume : volumes_open(access, name, error);
}

Volume *call_volume(const RpcCall *call, guint index, PoolView *view, PoolAccess *access,
                    GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *handle = call->args[index].items;

    if (!pool_find_name(kanzend->pools, handle[0].str, view, error) || !check_active(view, error))
        return NULL;
    *access = pool_access(kanzend->pools, view->def);
    return open_volume(kanzend, access, handle[1].str, error);
}

void put_volume(GByteArray *out, const PoolDef *pool, const char *name, const char *key)
{
    xdr_put_string(out, pool->name);
    xdr_put_string(out, name);
    xdr_put_string(out, key);
}

/* ---- finding ---- */

/* The volumes of the pool of args[0]. */
static GPtrArray *call_handles(const RpcCall *call, PoolView *view, GError **error)
{
    PoolAccess access;

    return call_volume_pool(call, view, &access, error) ? volumes_handles(&access, error) : NULL;
}

gboolean on_pool_list_all_volumes(RpcCall *call, GError **error)
{
    gboolean need_results = call->args[1].i != 0;
    g_auto(PoolView) view = { 0 };
    g_autoptr(GPtrArray) handles = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    handles = call_handles(call, &view, error);
    if (handles == NULL)
        return FALSE;
    xdr_put_u32(call->ret, need_results ? handles->len : 0);
    for (guint i = 0; need_results && i < handles->len; i++) {
        const VolumeHandle *handle = handles->pdata[i];

        put_volume(call->ret, view.def, handle->name, handle->key);
    }
    xdr_put_u32(call->ret, handles->len);
    return TRUE;
}

gboolean on_pool_num_of_volumes(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(GPtrArray) handles = call_handles(call, &view, error);

    if (handles == NULL)
        return FALSE;
    xdr_put_i32(call->ret, (gint32)handles->len);
    return TRUE;
}

gboolean on_pool_list_volumes(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(GPtrArray) handles = call_handles(call, &view, error);
    guint n;

    if (handles == NULL)
        return FALSE;
    n = MIN((guint)MAX(call->args[1].i, 0), handles->len);
    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, ((VolumeHandle *)handles->pdata[i])->name);
    return TRUE;
}

gboolean on_vol_lookup_by_name(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    PoolAccess access;

    if (!call_volume_pool(call, &view, &access, error))
        return FALSE;
    volume = open_volume(kanzend, &access, call->args[1].str, error);
    if (volume == NULL)
        return FALSE;
    put_volume(call->ret, view.def, volume->name, volume->key);
    return TRUE;
}

/* By path or key, in any active pool. */
gboolean on_vol_lookup_by_path(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GPtrArray) pools = pool_list(kanzend->pools);
    const char *given = call->args[0].str;
    g_autofree char *path =
        g_path_is_absolute(given) ? g_canonicalize_filename(given, "/") : g_strdup(given);

    for (guint i = 0; i < pools->len; i++) {
        const PoolView *view = pools->pdata[i];
        PoolAccess access = pool_access(kanzend->pools, view->def);
        g_autoptr(Volume) volume = view->active ? volumes_find(&access, path) : NULL;

        if (volume != NULL) {
            put_volume(call->ret, view->def, volume->name, volume->key);
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_NO_STORAGE_VOL, "no storage vol with matching path '%s'", path);
}

/* ---- reading ---- */

/* What is said of volumes that only promise their capacity, if the pool says so. */
static guint64 shown_allocation(const PoolDef *def, const Volume *volume)
{
    return def->refresh_allocation == ALLOCATION_CAPACITY ? volume->capacity : volume->allocation;
}

static gboolean put_info(RpcCall *call, gboolean physical, GError **error)
{
    g_auto(PoolView) view = { 0 };
    PoolAccess access;
    g_autoptr(Volume) volume = call_volume(call, 0, &view, &access, error);

    if (volume == NULL)
        return FALSE;
    xdr_put_i32(call->ret, (gint32)volume->type);
    xdr_put_u64(call->ret, volume->capacity);
    xdr_put_u64(call->ret, physical ? volume->physical : shown_allocation(view.def, volume));
    return TRUE;
}

gboolean on_vol_get_info(RpcCall *call, GError **error)
{
    return put_info(call, FALSE, error);
}

gboolean on_vol_get_info_flags(RpcCall *call, GError **error)
{
    enum { GET_PHYSICAL = 1 };

    return check_flags(call, call->args[1].u, GET_PHYSICAL, error) &&
           put_info(call, call->args[1].u & GET_PHYSICAL, error);
}

gboolean on_vol_get_xml_desc(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    g_autoptr(Volume) volume = NULL;
    g_autofree char *xml = NULL;
    PoolAccess access;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    volume = call_volume(call, 0, &view, &access, error);
    if (volume == NULL)
        return FALSE;
    volume->allocation = shown_allocation(view.def, volume);
    xml = volume_format(volume, view.def->type);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_vol_get_path(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };
    PoolAccess access;
    g_autoptr(Volume) volume = call_volume(call, 0, &view, &access, error);

    if (volume == NULL)
        return FALSE;
    xdr_put_string(call->ret, volume->path);
    return TRUE;
}
