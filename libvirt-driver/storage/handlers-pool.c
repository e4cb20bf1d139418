/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about storage pools. */
#include "handler-util.h"
#include "pool.h"
#include "pool-type.h"

/* The pool whose handle is args[0]. */
static gboolean call_pool(const RpcCall *call, PoolView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].items[1].bytes, uuid);
    return pool_find_uuid(kanzend->pools, uuid, view, error);
}

static void put_handle(GByteArray *out, const PoolDef *def)
{
    guint8 uuid[XDR_UUID_LEN];

    uuid_from_text(def->uuid, uuid);
    xdr_put_string(out, def->name);
    xdr_put_raw(out, uuid, sizeof uuid);
}

/* ---- finding ---- */

gboolean on_pool_lookup_by_name(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(PoolView) view = { 0 };

    if (!pool_find_name(kanzend->pools, call->args[0].str, &view, error))
        return FALSE;
    put_handle(call->ret, view.def);
    return TRUE;
}

gboolean on_pool_lookup_by_uuid(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(PoolView) view = { 0 };
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].bytes, uuid);
    if (!pool_find_uuid(kanzend->pools, uuid, &view, error))
        return FALSE;
    put_handle(call->ret, view.def);
    return TRUE;
}

gboolean on_pool_lookup_by_target_path(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GPtrArray) pools = pool_list(kanzend->pools);
    g_autofree char *path = g_canonicalize_filename(call->args[0].str, "/");

    for (guint i = 0; i < pools->len; i++) {
        const PoolView *view = pools->pdata[i];

        if (view->active && g_strcmp0(view->def->path, path) == 0) {
            put_handle(call->ret, view->def);
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_NO_STORAGE_POOL, "no storage pool with matching target path '%s'",
                path);
}

/* The volume's handle begins with the pool's name. */
gboolean on_pool_lookup_by_volume(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(PoolView) view = { 0 };

    if (!pool_find_name(kanzend->pools, call->args[0].items[0].str, &view, error))
        return FALSE;
    put_handle(call->ret, view.def);
    return TRUE;
}

enum { /* virConnectListAllStoragePoolsFlags: state, then the types */
       LIST_INACTIVE = 1 << 0,
       LIST_ACTIVE = 1 << 1,
       LIST_PERSISTENT = 1 << 2,
       LIST_TRANSIENT = 1 << 3,
       LIST_AUTOSTART = 1 << 4,
       LIST_NO_AUTOSTART = 1 << 5,
       LIST_TYPES = 0xfffffu << 6,
};

static gboolean matches(const PoolView *view, guint32 flags)
{
    const struct {
        guint32 group, bit;
    } rows[] = {
        { LIST_INACTIVE | LIST_ACTIVE, view->active ? LIST_ACTIVE : LIST_INACTIVE },
        { LIST_PERSISTENT | LIST_TRANSIENT, view->persistent ? LIST_PERSISTENT : LIST_TRANSIENT },
        { LIST_AUTOSTART | LIST_NO_AUTOSTART,
          view->autostart ? LIST_AUTOSTART : LIST_NO_AUTOSTART },
        { LIST_TYPES, view->def->type->list_flag },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if ((flags & rows[i].group) != 0 && !(flags & rows[i].bit))
            return FALSE;
    }
    return TRUE;
}

static GPtrArray *list_matching(RpcCall *call, guint32 flags)
{
    const Kanzend *kanzend = call->app;
    GPtrArray *pools = pool_list(kanzend->pools);

    for (guint i = pools->len; i > 0; i--) {
        if (!matches(pools->pdata[i - 1], flags))
            g_ptr_array_remove_index(pools, i - 1);
    }
    return pools;
}

gboolean on_connect_list_all_pools(RpcCall *call, GError **error)
{
    g_autoptr(GPtrArray) pools = list_matching(call, call->args[1].u);
    gboolean need_results = call->args[0].i != 0;

    xdr_put_u32(call->ret, need_results ? pools->len : 0);
    for (guint i = 0; need_results && i < pools->len; i++)
        put_handle(call->ret, ((PoolView *)pools->pdata[i])->def);
    xdr_put_u32(call->ret, pools->len);
    return TRUE;
}

static gboolean put_number(RpcCall *call, guint32 flags)
{
    g_autoptr(GPtrArray) pools = list_matching(call, flags);

    xdr_put_i32(call->ret, (gint32)pools->len);
    return TRUE;
}

static gboolean put_names(RpcCall *call, guint32 flags)
{
    g_autoptr(GPtrArray) pools = list_matching(call, flags);
    guint n = MIN((guint)MAX(call->args[0].i, 0), pools->len);

    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, ((PoolView *)pools->pdata[i])->def->name);
    return TRUE;
}

gboolean on_connect_num_of_pools(RpcCall *call, GError **error)
{
    return put_number(call, LIST_ACTIVE);
}

gboolean on_connect_num_of_defined_pools(RpcCall *call, GError **error)
{
    return put_number(call, LIST_INACTIVE);
}

gboolean on_connect_list_pools(RpcCall *call, GError **error)
{
    return put_names(call, LIST_ACTIVE);
}

gboolean on_connect_list_defined_pools(RpcCall *call, GError **error)
{
    return put_names(call, LIST_INACTIVE);
}

/* ---- reading ---- */

gboolean on_pool_get_xml_desc(RpcCall *call, GError **error)
{
    enum { XML_INACTIVE = 1 };
    g_auto(PoolView) view = { 0 };
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error) || !call_pool(call, &view, error))
        return FALSE;
    xml = (call->args[1].u & XML_INACTIVE) && view.next != NULL
              ? pool_def_format(view.next, FALSE)
              : pool_def_format(view.def, view.active);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_pool_get_info(RpcCall *call, GError **error)
{
    enum { STATE_INACTIVE = 0, STATE_RUNNING = 2 };
    g_auto(PoolView) view = { 0 };
    PoolUsage usage = { 0 };

    if (!call_pool(call, &view, error))
        return FALSE;
    if (view.active && !view.def->type->usage(view.def, &usage, error))
        return FALSE;
    xdr_put_u32(call->ret, view.active ? STATE_RUNNING : STATE_INACTIVE);
    xdr_put_u64(call->ret, usage.capacity);
    xdr_put_u64(call->ret, usage.allocation);
    xdr_put_u64(call->ret, usage.available);
    return TRUE;
}

gboolean on_pool_is_active(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };

    if (!call_pool(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.active);
    return TRUE;
}

gboolean on_pool_is_persistent(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };

    if (!call_pool(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.persistent);
    return TRUE;
}

gboolean on_pool_get_autostart(RpcCall *call, GError **error)
{
    g_auto(PoolView) view = { 0 };

    if (!call_pool(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.autostart);
    return TRUE;
}

/* ---- changing ---- */

static const char *call_uuid(const RpcCall *call, char *text)
{
    uuid_to_text(call->args[0].items[1].bytes, text);
    return text;
}

gboolean on_pool_define_xml(RpcCall *call, GError **error)
{
    enum { DEFINE_VALIDATE = 1 }; /* an XML that is not understood is refused anyway */
    const Kanzend *kanzend = call->app;
    g_autoptr(PoolDef) def = NULL;

    if (!check_flags(call, call->args[1].u, DEFINE_VALIDATE, error))
        return FALSE;
    def = pool_def_parse(call->args[0].str, error);
    if (def == NULL || !pool_define(kanzend->pools, def, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

enum { /* virStoragePoolCreateFlags; building a folder overwrites nothing */
       CREATE_WITH_BUILD = 1 << 0,
       CREATE_WITH_BUILD_OVERWRITE = 1 << 1,
       CREATE_WITH_BUILD_NO_OVERWRITE = 1 << 2,
};
#define CREATE_FLAGS                                                                               \
    (CREATE_WITH_BUILD | CREATE_WITH_BUILD_OVERWRITE | CREATE_WITH_BUILD_NO_OVERWRITE)

gboolean on_pool_create_xml(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(PoolDef) def = NULL;
    guint32 flags = call->args[1].u;

    if (!check_flags(call, flags, CREATE_FLAGS, error))
        return FALSE;
    def = pool_def_parse(call->args[0].str, error);
    if (def == NULL || !pool_create(kanzend->pools, def, flags != 0, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

gboolean on_pool_create(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, flags, CREATE_FLAGS, error) &&
           pool_start(kanzend->pools, call_uuid(call, uuid), flags != 0, error);
}

gboolean on_pool_build(RpcCall *call, GError **error)
{
    enum { NO_OVERWRITE = 4, OVERWRITE = 8 }; /* virStoragePoolBuildFlags */
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, call->args[1].u, NO_OVERWRITE | OVERWRITE, error) &&
           pool_build(kanzend->pools, call_uuid(call, uuid), error);
}

gboolean on_pool_destroy(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return pool_stop(kanzend->pools, call_uuid(call, uuid), error);
}

gboolean on_pool_delete(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, call->args[1].u, 0, error) &&
           pool_delete(kanzend->pools, call_uuid(call, uuid), error);
}

gboolean on_pool_undefine(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return pool_undefine(kanzend->pools, call_uuid(call, uuid), error);
}

gboolean on_pool_refresh(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, call->args[1].u, 0, error) &&
           pool_refresh(kanzend->pools, call_uuid(call, uuid), error);
}

gboolean on_pool_set_autostart(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return pool_set_autostart(kanzend->pools, call_uuid(call, uuid), call->args[1].i != 0, error);
}
