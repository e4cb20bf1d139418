/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about the host's interfaces. A handle: name and MAC address. */
#include "handler-util.h"
#include "host-interface.h"
#include "listing.h"

#include <string.h>

static void put_handle(GByteArray *out, const HostInterface *interface)
{
    xdr_put_string(out, interface->name);
    xdr_put_string(out, interface->mac != NULL ? interface->mac : "");
}

/* ---- lists ---- */

static HostConfig *call_config(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return kanzend->host_config;
}

static GPtrArray *list_all(const RpcCall *call)
{
    return host_interfaces_list(call_config(call));
}

static guint32 flags_of(gconstpointer item)
{
    return ((const HostInterface *)item)->active ? LIST_STATE_ACTIVE : LIST_STATE_INACTIVE;
}

static const char *name_of(gconstpointer item)
{
    return ((const HostInterface *)item)->name;
}

static void put_listed(RpcCall *call, gconstpointer item)
{
    put_handle(call->ret, item);
}

static const ListKind interfaces_listed = {
    .all = list_all,
    .flags_of = flags_of,
    .name_of = name_of,
    .put_handle = put_listed,
    .groups = { LIST_STATE_INACTIVE | LIST_STATE_ACTIVE },
};

gboolean on_connect_list_all_interfaces(RpcCall *call, GError **error)
{
    return list_put_all(call, &interfaces_listed, error);
}

gboolean on_connect_num_of_interfaces(RpcCall *call, GError **error)
{
    return list_put_number(call, &interfaces_listed, LIST_STATE_ACTIVE);
}

gboolean on_connect_list_interfaces(RpcCall *call, GError **error)
{
    return list_put_names(call, &interfaces_listed, LIST_STATE_ACTIVE);
}

gboolean on_connect_num_of_defined_interfaces(RpcCall *call, GError **error)
{
    return list_put_number(call, &interfaces_listed, LIST_STATE_INACTIVE);
}

gboolean on_connect_list_defined_interfaces(RpcCall *call, GError **error)
{
    return list_put_names(call, &interfaces_listed, LIST_STATE_INACTIVE);
}

/* ---- one of them ---- */

gboolean on_interface_lookup_by_name(RpcCall *call, GError **error)
{
    g_autoptr(HostInterface) interface =
        host_interface_find_any(call_config(call), call->args[0].str, error);

    if (interface == NULL)
        return FALSE;
    put_handle(call->ret, interface);
    return TRUE;
}

gboolean on_interface_lookup_by_mac(RpcCall *call, GError **error)
{
    const char *mac = call->args[0].str;
    g_autoptr(GPtrArray) interfaces = list_all(call);
    const HostInterface *found = NULL;

    for (guint i = 0; i < interfaces->len; i++) {
        const HostInterface *interface = interfaces->pdata[i];
        if (interface->mac == NULL || g_ascii_strcasecmp(interface->mac, mac) != 0)
            continue;
        if (found != NULL)
            return fail(error, VIR_ERR_MULTIPLE_INTERFACES,
                        "the MAC address '%s' matches multiple interfaces", mac);
        found = interface;
    }
    if (found == NULL)
        return fail(error, VIR_ERR_NO_INTERFACE, "couldn't find interface with MAC address '%s'",
                    mac);
    put_handle(call->ret, found);
    return TRUE;
}

/* The interface of args[0]. */
static HostInterface *call_interface(const RpcCall *call, GError **error)
{
    return host_interface_find_any(call_config(call), call->args[0].items[0].str, error);
}

/* One that nobody has configured is what it is now. */
gboolean on_interface_get_xml_desc(RpcCall *call, GError **error)
{
    enum { XML_INACTIVE = 1 };
    const char *name = call->args[0].items[0].str;
    gboolean wants_config = (call->args[1].u & XML_INACTIVE) != 0;

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error))
        return FALSE;
    g_autoptr(HostInterface) there = host_interface_find(name, NULL);
    g_autoptr(InterfaceDef) def =
        wants_config || there == NULL ? host_config_find(call_config(call), name) : NULL;
    g_autofree char *xml = def != NULL     ? interface_def_format(def)
                           : there != NULL ? host_interface_xml(there)
                                           : NULL;
    if (xml == NULL)
        return fail(error, VIR_ERR_NO_INTERFACE, "couldn't find interface named '%s'", name);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_interface_is_active(RpcCall *call, GError **error)
{
    g_autoptr(HostInterface) interface = call_interface(call, error);

    if (interface == NULL)
        return FALSE;
    xdr_put_i32(call->ret, interface->active);
    return TRUE;
}

/* ---- changing ---- */

gboolean on_interface_define_xml(RpcCall *call, GError **error)
{
    enum { DEFINE_VALIDATE = 1 };
    guint32 flags = call->args[1].u;

    if (!check_flags(call, flags, DEFINE_VALIDATE, error))
        return FALSE;
    g_autoptr(InterfaceDef) def = interface_def_parse(
        call->args[0].str, flags & DEFINE_VALIDATE ? DOMAIN_XML_PARSE_VALIDATE : 0, error);
    if (def == NULL || !host_config_define(call_config(call), def, error))
        return FALSE;
    xdr_put_string(call->ret, def->name);
    xdr_put_string(call->ret, def->mac != NULL ? def->mac : "");
    return TRUE;
}

typedef gboolean (*Change)(HostConfig *config, const char *name, GError **error);

static gboolean change(RpcCall *call, guint32 flags, Change what, GError **error)
{
    g_autoptr(HostInterface) interface = NULL;

    if (!check_flags(call, flags, 0, error))
        return FALSE;
    interface = call_interface(call, error);
    return interface != NULL && what(call_config(call), interface->name, error);
}

gboolean on_interface_undefine(RpcCall *call, GError **error)
{
    return change(call, 0, host_config_undefine, error);
}

gboolean on_interface_create(RpcCall *call, GError **error)
{
    return change(call, call->args[1].u, host_config_start, error);
}

gboolean on_interface_destroy(RpcCall *call, GError **error)
{
    return change(call, call->args[1].u, host_config_stop, error);
}

gboolean on_interface_change_begin(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[0].u, 0, error) &&
           host_config_begin(call_config(call), error);
}

gboolean on_interface_change_commit(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[0].u, 0, error) &&
           host_config_commit(call_config(call), error);
}

gboolean on_interface_change_rollback(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[0].u, 0, error) &&
           host_config_rollback(call_config(call), error);
}
