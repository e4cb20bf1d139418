/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about networks. */
#include "handler-util.h"
#include "leases.h"
#include "listing.h"
#include "network.h"

/* The network whose handle is args[0]. */
static gboolean call_network(const RpcCall *call, NetworkView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return network_find_uuid(kanzend->networks, call_uuid(call, uuid), view, error);
}

static void put_handle(GByteArray *out, const NetworkDef *def)
{
    put_named_handle(out, def->name, def->uuid);
}

/* ---- finding ---- */

gboolean on_network_lookup_by_name(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(NetworkView) view = { 0 };

    if (!network_find_name(kanzend->networks, call->args[0].str, &view, error))
        return FALSE;
    put_handle(call->ret, view.def);
    return TRUE;
}

gboolean on_network_lookup_by_uuid(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(NetworkView) view = { 0 };
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].bytes, uuid);
    if (!network_find_uuid(kanzend->networks, uuid, &view, error))
        return FALSE;
    put_handle(call->ret, view.def);
    return TRUE;
}

static GPtrArray *list_all(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return network_list(kanzend->networks);
}

static guint32 flags_of(gconstpointer item)
{
    const NetworkView *view = item;

    return list_state_flags(view->active, view->persistent, view->autostart);
}

static const char *name_of(gconstpointer item)
{
    return ((const NetworkView *)item)->def->name;
}

static void put_view(RpcCall *call, gconstpointer item)
{
    put_handle(call->ret, ((const NetworkView *)item)->def);
}

static const ListKind networks_listed = {
    .all = list_all,
    .flags_of = flags_of,
    .name_of = name_of,
    .put_handle = put_view,
    .groups = { LIST_STATE_GROUPS },
};

gboolean on_connect_list_all_networks(RpcCall *call, GError **error)
{
    return list_put_all(call, &networks_listed, error);
}

gboolean on_connect_num_of_networks(RpcCall *call, GError **error)
{
    return list_put_number(call, &networks_listed, LIST_STATE_ACTIVE);
}

gboolean on_connect_num_of_defined_networks(RpcCall *call, GError **error)
{
    return list_put_number(call, &networks_listed, LIST_STATE_INACTIVE);
}

gboolean on_connect_list_networks(RpcCall *call, GError **error)
{
    return list_put_names(call, &networks_listed, LIST_STATE_ACTIVE);
}

gboolean on_connect_list_defined_networks(RpcCall *call, GError **error)
{
    return list_put_names(call, &networks_listed, LIST_STATE_INACTIVE);
}

/* ---- reading ---- */

/* Whether addresses are hidden: IPv4 ones always, IPv6 ones when asked for. */
static gboolean hides_any(const NetworkDef *def)
{
    for (guint i = 0; i < def->ips->len; i++)
        if (!network_ip_is_v6(def->ips->pdata[i]) || def->nat_ipv6 == DOMAIN_YES)
            return def->forward == NETWORK_FORWARD_NAT;
    return FALSE;
}

/* An active network shows the ports that its addresses are hidden behind. */
static char *format_live(const NetworkView *view)
{
    g_autoptr(NetworkDef) live = NULL;

    if (!view->active || view->def->nat_port_start > 0 || !hides_any(view->def))
        return network_def_format(view->def, DOMAIN_XML_FORMAT_NONE);
    live = network_def_dup(view->def);
    live->nat_port_start = NETWORK_NAT_PORT_FIRST;
    live->nat_port_end = NETWORK_NAT_PORT_LAST;
    return network_def_format(live, DOMAIN_XML_FORMAT_NONE);
}

gboolean on_network_get_xml_desc(RpcCall *call, GError **error)
{
    enum { XML_INACTIVE = 1 };
    g_auto(NetworkView) view = { 0 };
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, XML_INACTIVE, error) ||
        !call_network(call, &view, error))
        return FALSE;
    if (call->args[1].u & XML_INACTIVE)
        xml = network_def_format(view.next != NULL ? view.next : view.def,
                                 DOMAIN_XML_FORMAT_INACTIVE);
    else
        xml = format_live(&view);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_network_get_bridge_name(RpcCall *call, GError **error)
{
    g_auto(NetworkView) view = { 0 };

    if (!call_network(call, &view, error))
        return FALSE;
    if (view.def->bridge == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "network '%s' does not have a bridge name.",
                    view.def->name);
    xdr_put_string(call->ret, view.def->bridge);
    return TRUE;
}

gboolean on_network_is_active(RpcCall *call, GError **error)
{
    g_auto(NetworkView) view = { 0 };

    if (!call_network(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.active);
    return TRUE;
}

gboolean on_network_is_persistent(RpcCall *call, GError **error)
{
    g_auto(NetworkView) view = { 0 };

    if (!call_network(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.persistent);
    return TRUE;
}

gboolean on_network_get_autostart(RpcCall *call, GError **error)
{
    g_auto(NetworkView) view = { 0 };

    if (!call_network(call, &view, error))
        return FALSE;
    if (!view.persistent)
        return fail(error, VIR_ERR_OPERATION_INVALID, "cannot get autostart of transient network");
    xdr_put_i32(call->ret, view.autostart);
    return TRUE;
}

static void put_lease(GByteArray *out, const char *bridge, const Lease *lease)
{
    enum { ADDR_IPV4 = 0, ADDR_IPV6 = 1 }; /* virIPAddrType */

    xdr_put_string(out, bridge);
    xdr_put_i64(out, lease->expiry);
    xdr_put_i32(out, lease->is_v6 ? ADDR_IPV6 : ADDR_IPV4);
    xdr_put_optional_string(out, lease->mac);
    xdr_put_optional_string(out, lease->iaid);
    xdr_put_string(out, lease->ip);
    xdr_put_u32(out, lease->prefix);
    xdr_put_optional_string(out, lease->hostname);
    xdr_put_optional_string(out, lease->clientid);
}

gboolean on_network_get_dhcp_leases(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(NetworkView) view = { 0 };
    g_autofree char *mac = NULL;

    if (!check_flags(call, call->args[3].u, 0, error) || !call_network(call, &view, error))
        return FALSE;
    if (call->args[1].str != NULL && (mac = inet_mac_normal(call->args[1].str)) == NULL)
        return fail(error, VIR_ERR_INVALID_MAC, "%s", call->args[1].str);

    g_autoptr(GPtrArray) leases = network_leases(kanzend->networks, view.def);
    gboolean need_results = call->args[2].i != 0;
    guint place = xdr_put_count(call->ret), n = 0;
    for (guint i = 0; i < leases->len; i++) {
        const Lease *lease = leases->pdata[i];
        if (mac != NULL && g_strcmp0(mac, lease->mac) != 0)
            continue;
        if (need_results)
            put_lease(call->ret, view.def->bridge, lease);
        n++;
    }
    xdr_set_u32(call->ret, place, need_results ? n : 0);
    xdr_put_u32(call->ret, n);
    return TRUE;
}

/* ---- changing ---- */

enum { XML_VALIDATE = 1 }; /* virNetworkDefineFlags, virNetworkCreateFlags */

static NetworkDef *parse(const RpcCall *call, guint32 flags, GError **error)
{
    return network_def_parse(
        call->args[0].str,
        DOMAIN_XML_PARSE_INACTIVE | (flags & XML_VALIDATE ? DOMAIN_XML_PARSE_VALIDATE : 0), error);
}

static gboolean define(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(NetworkDef) def = parse(call, flags, error);

    if (def == NULL || !network_define(kanzend->networks, def, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

static gboolean create(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(NetworkDef) def = parse(call, flags, error);

    if (def == NULL || !network_create(kanzend->networks, def, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

gboolean on_network_define_xml(RpcCall *call, GError **error)
{
    return define(call, 0, error);
}

gboolean on_network_define_xml_flags(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, XML_VALIDATE, error) &&
           define(call, call->args[1].u, error);
}

gboolean on_network_create_xml(RpcCall *call, GError **error)
{
    return create(call, 0, error);
}

gboolean on_network_create_xml_flags(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, XML_VALIDATE, error) &&
           create(call, call->args[1].u, error);
}

gboolean on_network_create(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return network_start(kanzend->networks, call_uuid(call, uuid), error);
}

gboolean on_network_destroy(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return network_stop(kanzend->networks, call_uuid(call, uuid), error);
}

gboolean on_network_undefine(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return network_undefine(kanzend->networks, call_uuid(call, uuid), error);
}

gboolean on_network_set_autostart(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return network_set_autostart(kanzend->networks, call_uuid(call, uuid), call->args[1].i != 0,
                                 error);
}

gboolean on_network_update(RpcCall *call, GError **error)
{
    enum { UPDATE_LIVE = 1, UPDATE_CONFIG = 2 }; /* virNetworkUpdateFlags */
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[5].u;
    const NetworkChange change = { .command = call->args[1].u,
                                   .section = call->args[2].u,
                                   .parent_index = call->args[3].i,
                                   .xml = call->args[4].str,
                                   .live = (flags & UPDATE_LIVE) != 0,
                                   .config = (flags & UPDATE_CONFIG) != 0 };
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, flags, UPDATE_LIVE | UPDATE_CONFIG, error) &&
           network_update(kanzend->networks, call_uuid(call, uuid), &change, error);
}
