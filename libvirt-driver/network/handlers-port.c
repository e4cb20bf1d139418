/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about ports of networks. A port's handle: its network's, and its UUID. */
#include "handler-util.h"
#include "listing.h"
#include "network.h"

#include <string.h>

#define PARAMS_MAX 16 /* REMOTE_NETWORK_PORT_PARAMETERS_MAX */

typedef struct {
    char network[UUID_TEXT_LEN], port[UUID_TEXT_LEN];
} PortHandle;

static PortHandle call_port(const RpcCall *call)
{
    PortHandle handle;

    uuid_to_text(call->args[0].items[0].items[1].bytes, handle.network);
    uuid_to_text(call->args[0].items[1].bytes, handle.port);
    return handle;
}

static NetworkPort *find_port(const RpcCall *call, PortHandle *ret_handle, GError **error)
{
    const Kanzend *kanzend = call->app;

    *ret_handle = call_port(call);
    return network_port_find(kanzend->networks, ret_handle->network, ret_handle->port, error);
}

/* The network is the one whose handle is args[0]. */
static void put_handle(RpcCall *call, gconstpointer port)
{
    const XdrValue *network = &call->args[0];

    xdr_put_string(call->ret, network->items[0].str);
    xdr_put_raw(call->ret, network->items[1].bytes, XDR_UUID_LEN);
    put_uuid(call->ret, ((const NetworkPort *)port)->uuid);
}

gboolean on_network_list_all_ports(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    g_autoptr(GPtrArray) ports = network_port_list(kanzend->networks, call_uuid(call, uuid), error);
    if (ports == NULL)
        return FALSE;
    list_put_handles(call, call->args[1].i != 0, ports, put_handle);
    return TRUE;
}

gboolean on_network_port_lookup_by_uuid(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char network[UUID_TEXT_LEN], port[UUID_TEXT_LEN];

    uuid_to_text(call->args[1].bytes, port);
    g_autoptr(NetworkPort) found =
        network_port_find(kanzend->networks, call_uuid(call, network), port, error);
    if (found == NULL)
        return FALSE;
    put_handle(call, found);
    return TRUE;
}

gboolean on_network_port_create_xml(RpcCall *call, GError **error)
{
    enum { CREATE_RECLAIM = 1, CREATE_VALIDATE = 2 }; /* virNetworkPortCreateFlags */
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[2].u;
    char network[UUID_TEXT_LEN];

    if (!check_flags(call, flags, CREATE_VALIDATE, error))
        return FALSE;
    g_autoptr(NetworkPort) port = network_port_parse(
        call->args[1].str, flags & CREATE_VALIDATE ? DOMAIN_XML_PARSE_VALIDATE : 0, error);
    if (port == NULL || !network_port_add(kanzend->networks, call_uuid(call, network), port, error))
        return FALSE;
    put_handle(call, port);
    return TRUE;
}

gboolean on_network_port_get_xml_desc(RpcCall *call, GError **error)
{
    PortHandle handle;

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(NetworkPort) port = find_port(call, &handle, error);
    if (port == NULL)
        return FALSE;
    g_autofree char *xml = network_port_format(port);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_network_port_delete(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    PortHandle handle = call_port(call);

    return check_flags(call, call->args[1].u, 0, error) &&
           network_port_remove(kanzend->networks, handle.network, handle.port, error);
}

/* ---- bandwidth, as typed parameters ---- */

static const struct {
    const char *name; /* VIR_NETWORK_PORT_BANDWIDTH_* */
    gsize direction, field;
} parameters[] = {
    { "inbound.average", offsetof(NetworkPort, inbound), offsetof(DomainBandwidth, average) },
    { "inbound.peak", offsetof(NetworkPort, inbound), offsetof(DomainBandwidth, peak) },
    { "inbound.burst", offsetof(NetworkPort, inbound), offsetof(DomainBandwidth, burst) },
    { "inbound.floor", offsetof(NetworkPort, inbound), offsetof(DomainBandwidth, floor) },
    { "outbound.average", offsetof(NetworkPort, outbound), offsetof(DomainBandwidth, average) },
    { "outbound.peak", offsetof(NetworkPort, outbound), offsetof(DomainBandwidth, peak) },
    { "outbound.burst", offsetof(NetworkPort, outbound), offsetof(DomainBandwidth, burst) },
};

gboolean on_network_port_get_parameters(RpcCall *call, GError **error)
{
    PortHandle handle;
    guint wanted = (guint)MAX(call->args[1].i, 0);

    if (!check_flags(call, call->args[2].u, TYPED_PARAM_STRING_OKAY, error))
        return FALSE;
    g_autoptr(NetworkPort) port = find_port(call, &handle, error);
    if (port == NULL)
        return FALSE;
    guint place = xdr_put_count(call->ret), n = 0, total = 0;
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        const DomainBandwidth *rate =
            G_STRUCT_MEMBER(DomainBandwidth *, port, parameters[i].direction);
        if (rate == NULL)
            continue;
        total++;
        if (wanted == 0 || n == MIN(wanted, PARAMS_MAX))
            continue;
        xdr_put_string(call->ret, parameters[i].name);
        xdr_put_u32(call->ret, XDR_PARAM_UINT);
        xdr_put_u32(call->ret, (guint32)G_STRUCT_MEMBER(guint64, rate, parameters[i].field));
        n++;
    }
    xdr_set_u32(call->ret, place, n);
    xdr_put_i32(call->ret, (gint32)(wanted == 0 ? total : n));
    return TRUE;
}

static gboolean set_parameter(NetworkPort *port, const XdrValue *param, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++) {
        if (strcmp(parameters[i].name, param->items[0].str) != 0)
            continue;
        if (param->items[1].u != XDR_PARAM_UINT)
            return fail(error, VIR_ERR_INVALID_ARG, "invalid type for parameter '%s'",
                        parameters[i].name);
        DomainBandwidth **rate = &G_STRUCT_MEMBER(DomainBandwidth *, port, parameters[i].direction);
        if (*rate == NULL)
            *rate = network_bandwidth_new();
        G_STRUCT_MEMBER(guint64, *rate, parameters[i].field) = param->items[2].u;
        return TRUE;
    }
    return fail(error, VIR_ERR_INVALID_ARG, "parameter '%s' not supported", param->items[0].str);
}

gboolean on_network_port_set_parameters(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *params = &call->args[1];
    PortHandle handle;

    if (!check_flags(call, call->args[2].u, TYPED_PARAM_STRING_OKAY, error))
        return FALSE;
    g_autoptr(NetworkPort) port = find_port(call, &handle, error);
    if (port == NULL)
        return FALSE;
    for (guint i = 0; i < params->len; i++)
        if (!set_parameter(port, &params->items[i], error))
            return FALSE;
    network_port_drop_empty_bandwidth(port);
    return network_port_replace(kanzend->networks, handle.network, port, error);
}
