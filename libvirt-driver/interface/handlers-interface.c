/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that read the host's interfaces. A handle: name and MAC address. */
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

enum { LIST_INACTIVE = 1, LIST_ACTIVE = 2 }; /* virConnectListAllInterfacesFlags */

static GPtrArray *list_all(const RpcCall *call)
{
    return host_interfaces_list();
}

static guint32 flags_of(gconstpointer item)
{
    return ((const HostInterface *)item)->active ? LIST_ACTIVE : LIST_INACTIVE;
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
    .groups = { LIST_INACTIVE | LIST_ACTIVE },
};

gboolean on_connect_list_all_interfaces(RpcCall *call, GError **error)
{
    return list_put_all(call, &interfaces_listed, error);
}

gboolean on_connect_num_of_interfaces(RpcCall *call, GError **error)
{
    return list_put_number(call, &interfaces_listed, LIST_ACTIVE);
}

gboolean on_connect_list_interfaces(RpcCall *call, GError **error)
{
    return list_put_names(call, &interfaces_listed, LIST_ACTIVE);
}

gboolean on_connect_num_of_defined_interfaces(RpcCall *call, GError **error)
{
    return list_put_number(call, &interfaces_listed, LIST_INACTIVE);
}

gboolean on_connect_list_defined_interfaces(RpcCall *call, GError **error)
{
    return list_put_names(call, &interfaces_listed, LIST_INACTIVE);
}

/* ---- one of them ---- */

gboolean on_interface_lookup_by_name(RpcCall *call, GError **error)
{
    g_autoptr(HostInterface) interface = host_interface_find(call->args[0].str, error);

    if (interface == NULL)
        return FALSE;
    put_handle(call->ret, interface);
    return TRUE;
}

gboolean on_interface_lookup_by_mac(RpcCall *call, GError **error)
{
    const char *mac = call->args[0].str;
    g_autoptr(GPtrArray) interfaces = host_interfaces_list();
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

gboolean on_interface_get_xml_desc(RpcCall *call, GError **error)
{
    enum { XML_INACTIVE = 1 }; /* there is one description: as it is now */

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error))
        return FALSE;
    g_autoptr(HostInterface) interface = host_interface_find(call->args[0].items[0].str, error);
    if (interface == NULL)
        return FALSE;
    g_autofree char *xml = host_interface_xml(interface);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_interface_is_active(RpcCall *call, GError **error)
{
    g_autoptr(HostInterface) interface = host_interface_find(call->args[0].items[0].str, error);

    if (interface == NULL)
        return FALSE;
    xdr_put_i32(call->ret, interface->active);
    return TRUE;
}
