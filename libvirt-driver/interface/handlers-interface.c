/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls that read the host's interfaces. A handle: name and MAC address. */
#include "handler-util.h"
#include "host-interface.h"

#include <string.h>

static void put_handle(GByteArray *out, const HostInterface *interface)
{
    xdr_put_string(out, interface->name);
    xdr_put_string(out, interface->mac != NULL ? interface->mac : "");
}

/* ---- lists ---- */

enum { LIST_INACTIVE = 1, LIST_ACTIVE = 2 }; /* virConnectListAllInterfacesFlags */

static GPtrArray *list_matching(guint32 flags)
{
    GPtrArray *interfaces = host_interfaces_list();

    for (guint i = interfaces->len; i > 0; i--) {
        const HostInterface *interface = interfaces->pdata[i - 1];
        if (flags != 0 && !(flags & (interface->active ? LIST_ACTIVE : LIST_INACTIVE)))
            g_ptr_array_remove_index(interfaces, i - 1);
    }
    return interfaces;
}

gboolean on_connect_list_all_interfaces(RpcCall *call, GError **error)
{
    gboolean need_results = call->args[0].i != 0;

    if (!check_flags(call, call->args[1].u, LIST_INACTIVE | LIST_ACTIVE, error))
        return FALSE;
    g_autoptr(GPtrArray) interfaces = list_matching(call->args[1].u);
    xdr_put_u32(call->ret, need_results ? interfaces->len : 0);
    for (guint i = 0; need_results && i < interfaces->len; i++)
        put_handle(call->ret, interfaces->pdata[i]);
    xdr_put_u32(call->ret, interfaces->len);
    return TRUE;
}

static gboolean put_number(RpcCall *call, guint32 flags)
{
    g_autoptr(GPtrArray) interfaces = list_matching(flags);

    xdr_put_i32(call->ret, (gint32)interfaces->len);
    return TRUE;
}

static gboolean put_names(RpcCall *call, guint32 flags)
{
    g_autoptr(GPtrArray) interfaces = list_matching(flags);
    guint n = MIN((guint)MAX(call->args[0].i, 0), interfaces->len);

    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, ((HostInterface *)interfaces->pdata[i])->name);
    return TRUE;
}

gboolean on_connect_num_of_interfaces(RpcCall *call, GError **error)
{
    return put_number(call, LIST_ACTIVE);
}

gboolean on_connect_list_interfaces(RpcCall *call, GError **error)
{
    return put_names(call, LIST_ACTIVE);
}

gboolean on_connect_num_of_defined_interfaces(RpcCall *call, GError **error)
{
    return put_number(call, LIST_INACTIVE);
}

gboolean on_connect_list_defined_interfaces(RpcCall *call, GError **error)
{
    return put_names(call, LIST_INACTIVE);
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
