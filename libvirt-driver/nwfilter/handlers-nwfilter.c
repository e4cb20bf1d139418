/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about network filters and their bindings. */
#include "handler-util.h"
#include "listing.h"
#include "nwfilter.h"
#include "schema.h"

#define SCHEMA         "nwfilter.rng"
#define BINDING_SCHEMA "nwfilterbinding.rng"

enum { XML_VALIDATE = 1 }; /* virNWFilterDefineFlags, virNWFilterBindingCreateFlags */

static NwfilterRegistry *call_registry(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return kanzend->nwfilters;
}

static gboolean validate(const RpcCall *call, guint32 flags, const char *schema, GError **error)
{
    if (!check_flags(call, flags, XML_VALIDATE, error))
        return FALSE;
    return !(flags & XML_VALIDATE) || !schema_is_there(schema) ||
           schema_validate(schema, call->args[0].str, error);
}

/* ---- filters ---- */

static gboolean put_found(RpcCall *call, gboolean found, const NwfilterView *view)
{
    if (found)
        put_named_handle(call->ret, view->name, view->uuid);
    return found;
}

gboolean on_nwfilter_lookup_by_name(RpcCall *call, GError **error)
{
    g_auto(NwfilterView) view = { 0 };

    return put_found(
        call, nwfilter_find_name(call_registry(call), call->args[0].str, &view, error), &view);
}

gboolean on_nwfilter_lookup_by_uuid(RpcCall *call, GError **error)
{
    g_auto(NwfilterView) view = { 0 };
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].bytes, uuid);
    return put_found(call, nwfilter_find_uuid(call_registry(call), uuid, &view, error), &view);
}

static GPtrArray *all_filters(const RpcCall *call)
{
    return nwfilter_list(call_registry(call));
}

static const char *name_of(gconstpointer item)
{
    return ((const NwfilterView *)item)->name;
}

static void put_filter(RpcCall *call, gconstpointer item)
{
    const NwfilterView *view = item;

    put_named_handle(call->ret, view->name, view->uuid);
}

static const ListKind filters_listed = {
    .all = all_filters,
    .name_of = name_of,
    .put_handle = put_filter,
};

gboolean on_connect_list_all_nwfilters(RpcCall *call, GError **error)
{
    return list_put_all(call, &filters_listed, error);
}

gboolean on_connect_num_of_nwfilters(RpcCall *call, GError **error)
{
    return list_put_number(call, &filters_listed, 0);
}

gboolean on_connect_list_nwfilters(RpcCall *call, GError **error)
{
    return list_put_names(call, &filters_listed, 0);
}

gboolean on_nwfilter_get_xml_desc(RpcCall *call, GError **error)
{
    g_auto(NwfilterView) view = { 0 };
    char uuid[UUID_TEXT_LEN];

    if (!check_flags(call, call->args[1].u, 0, error) ||
        !nwfilter_find_uuid(call_registry(call), call_uuid(call, uuid), &view, error))
        return FALSE;
    xdr_put_string(call->ret, view.xml);
    return TRUE;
}

static gboolean define(RpcCall *call, guint32 flags, GError **error)
{
    g_auto(NwfilterView) view = { 0 };

    if (!validate(call, flags, SCHEMA, error))
        return FALSE;
    NwfilterDef *def = nwfilter_def_parse(call->args[0].str, error);
    return def != NULL &&
           put_found(call, nwfilter_define(call_registry(call), def, &view, error), &view);
}

gboolean on_nwfilter_define_xml(RpcCall *call, GError **error)
{
    return define(call, 0, error);
}

gboolean on_nwfilter_define_xml_flags(RpcCall *call, GError **error)
{
    return define(call, call->args[1].u, error);
}

gboolean on_nwfilter_undefine(RpcCall *call, GError **error)
{
    char uuid[UUID_TEXT_LEN];

    return nwfilter_undefine(call_registry(call), call_uuid(call, uuid), error);
}

/* ---- bindings; a handle: interface, filter ---- */

static void put_binding(RpcCall *call, gconstpointer item)
{
    const NwfilterBindingDef *def = item;

    xdr_put_string(call->ret, def->portdev);
    xdr_put_string(call->ret, def->filterref->filter);
}

static GPtrArray *all_bindings(const RpcCall *call)
{
    return nwfilter_binding_list(call_registry(call));
}

static const ListKind bindings_listed = { .all = all_bindings, .put_handle = put_binding };

gboolean on_connect_list_all_nwfilter_bindings(RpcCall *call, GError **error)
{
    return list_put_all(call, &bindings_listed, error);
}

gboolean on_nwfilter_binding_lookup_by_port_dev(RpcCall *call, GError **error)
{
    g_autoptr(NwfilterBindingDef) def =
        nwfilter_binding_find(call_registry(call), call->args[0].str, error);

    if (def != NULL)
        put_binding(call, def);
    return def != NULL;
}

static NwfilterBindingDef *call_binding(const RpcCall *call, GError **error)
{
    return nwfilter_binding_find(call_registry(call), call->args[0].items[0].str, error);
}

gboolean on_nwfilter_binding_get_xml_desc(RpcCall *call, GError **error)
{
    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(NwfilterBindingDef) def = call_binding(call, error);
    if (def == NULL)
        return FALSE;
    g_autofree char *xml = nwfilter_binding_def_format(def);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_nwfilter_binding_create_xml(RpcCall *call, GError **error)
{
    if (!validate(call, call->args[1].u, BINDING_SCHEMA, error))
        return FALSE;
    g_autoptr(NwfilterBindingDef) def =
        nwfilter_binding_def_parse(call->args[0].str, DOMAIN_XML_PARSE_NONE, error);
    if (def == NULL ||
        !nwfilter_bind(call_registry(call), nwfilter_binding_def_dup(def), error))
        return FALSE;
    put_binding(call, def);
    return TRUE;
}

gboolean on_nwfilter_binding_delete(RpcCall *call, GError **error)
{
    return nwfilter_unbind(call_registry(call), call->args[0].items[0].str, error);
}
