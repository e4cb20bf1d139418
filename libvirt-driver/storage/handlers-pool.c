/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about storage pools. */
#include "handler-util.h"
#include "listing.h"
#include "pool-sources.h"
#include "pool.h"
#include "schema.h"

#define POOL_SCHEMA "storagepool.rng"

/* The pool whose handle is args[0]. */
static gboolean call_pool(const RpcCall *call, PoolView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return pool_find_uuid(kanzend->pools, call_uuid(call, uuid), view, error);
}

static void put_handle(GByteArray *out, const PoolDef *def)
{
    put_named_handle(out, def->name, def->uuid);
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

#define LIST_TYPES (0xfffffu << 6) /* virConnectListAllStoragePoolsFlags: after those of state */

static GPtrArray *list_all(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return pool_list(kanzend->pools);
}

static guint32 flags_of(gconstpointer item)
{
    const PoolView *view = item;

    return list_state_flags(view->active, view->persistent, view->autostart) |
           view->def->type->list_flag;
}

static const char *name_of(gconstpointer item)
{
    return ((const PoolView *)item)->def->name;
}

static void put_view(RpcCall *call, gconstpointer item)
{
    put_handle(call->ret, ((const PoolView *)item)->def);
}

static const ListKind pools_listed = {
    .all = list_all,
    .flags_of = flags_of,
    .name_of = name_of,
    .put_handle = put_view,
    .groups = { LIST_STATE_GROUPS, LIST_TYPES },
};

gboolean on_connect_list_all_pools(RpcCall *call, GError **error)
{
    return list_put_all(call, &pools_listed, error);
}

gboolean on_connect_num_of_pools(RpcCall *call, GError **error)
{
    return list_put_number(call, &pools_listed, LIST_STATE_ACTIVE);
}

gboolean on_connect_num_of_defined_pools(RpcCall *call, GError **error)
{
    return list_put_number(call, &pools_listed, LIST_STATE_INACTIVE);
}

gboolean on_connect_list_pools(RpcCall *call, GError **error)
{
    return list_put_names(call, &pools_listed, LIST_STATE_ACTIVE);
}

gboolean on_connect_list_defined_pools(RpcCall *call, GError **error)
{
    return list_put_names(call, &pools_listed, LIST_STATE_INACTIVE);
}

/* ---- reading ---- */

gboolean on_pool_get_xml_desc(RpcCall *call, GError **error)
{
    enum { XML_INACTIVE = 1 };
    const Kanzend *kanzend = call->app;
    g_auto(PoolView) view = { 0 };
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error) || !call_pool(call, &view, error))
        return FALSE;
    xml = pool_format(kanzend->pools, &view, call->args[1].u & XML_INACTIVE);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_pool_get_info(RpcCall *call, GError **error)
{
    enum { STATE_INACTIVE = 0, STATE_RUNNING = 2 };
    const Kanzend *kanzend = call->app;
    g_auto(PoolView) view = { 0 };
    g_auto(PoolUsage) usage = { 0 };
    PoolAccess access;

    if (!call_pool(call, &view, error))
        return FALSE;
    access = pool_access(kanzend->pools, view.def);
    if (view.active && view.def->type->backend->usage != NULL &&
        !view.def->type->backend->usage(&access, &usage, error))
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

/* A client's definition; validate: by libvirt's schema too, where that is installed. What is not
 * understood is refused anyway. */
static PoolDef *parse_definition(const char *xml, gboolean validate, GError **error)
{
    g_autoptr(PoolDef) def = pool_def_parse(xml, error);

    if (def != NULL && validate && schema_is_there(POOL_SCHEMA) &&
        !schema_validate(POOL_SCHEMA, xml, error))
        return NULL;
    return g_steal_pointer(&def);
}

gboolean on_pool_define_xml(RpcCall *call, GError **error)
{
    enum { DEFINE_VALIDATE = 1 };
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    g_autoptr(PoolDef) def = NULL;

    if (!check_flags(call, flags, DEFINE_VALIDATE, error))
        return FALSE;
    def = parse_definition(call->args[0].str, flags & DEFINE_VALIDATE, error);
    if (def == NULL || !pool_define(kanzend->pools, def, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

static gboolean check_exclusive(guint32 flags, guint32 a, guint32 b, GError **error)
{
    return (flags & (a | b)) != (a | b) ||
           fail(error, VIR_ERR_INVALID_ARG, "overwrite and no-overwrite are mutually exclusive");
}

enum { /* virStoragePoolCreateFlags */
       CREATE_WITH_BUILD = 1 << 0,
       CREATE_WITH_BUILD_OVERWRITE = 1 << 1,
       CREATE_WITH_BUILD_NO_OVERWRITE = 1 << 2,
};
#define CREATE_FLAGS                                                                               \
    (CREATE_WITH_BUILD | CREATE_WITH_BUILD_OVERWRITE | CREATE_WITH_BUILD_NO_OVERWRITE)

/* The flags of the build that comes before a start. */
static gboolean take_create_flags(const RpcCall *call, int *ret_build, GError **error)
{
    guint32 flags = call->args[1].u;

    if (!check_flags(call, flags, CREATE_FLAGS, error) ||
        !check_exclusive(flags, CREATE_WITH_BUILD_OVERWRITE, CREATE_WITH_BUILD_NO_OVERWRITE, error))
        return FALSE;
    *ret_build = flags == 0                                 ? POOL_BUILD_NONE
                 : (flags & CREATE_WITH_BUILD_OVERWRITE)    ? BUILD_OVERWRITE
                 : (flags & CREATE_WITH_BUILD_NO_OVERWRITE) ? BUILD_NO_OVERWRITE
                                                            : 0;
    return TRUE;
}

gboolean on_pool_create_xml(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(PoolDef) def = NULL;
    int build;

    if (!take_create_flags(call, &build, error))
        return FALSE;
    def = parse_definition(call->args[0].str, FALSE, error);
    if (def == NULL || !pool_create(kanzend->pools, def, build, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

gboolean on_pool_create(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];
    int build;

    return take_create_flags(call, &build, error) &&
           pool_start(kanzend->pools, call_uuid(call, uuid), build, error);
}

gboolean on_pool_build(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, flags, BUILD_NO_OVERWRITE | BUILD_OVERWRITE, error) &&
           check_exclusive(flags, BUILD_NO_OVERWRITE, BUILD_OVERWRITE, error) &&
           pool_build(kanzend->pools, call_uuid(call, uuid), flags, error);
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

    enum { DELETE_POOL_ZEROED = 1 }; /* virStoragePoolDeleteFlags; no type can */

    if (call->args[1].u & DELETE_POOL_ZEROED)
        return fail(error, VIR_ERR_NO_SUPPORT, "deleting a storage pool with its data zeroed");
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

/* ---- what the host has ---- */

gboolean on_connect_get_storage_pool_capabilities(RpcCall *call, GError **error)
{
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[0].u, 0, error))
        return FALSE;
    xml = pool_capabilities();
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_connect_find_storage_pool_sources(RpcCall *call, GError **error)
{
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    xml = pool_find_sources(call->args[0].str, call->args[1].str, error);
    if (xml == NULL)
        return FALSE;
    xdr_put_string(call->ret, xml);
    return TRUE;
}
