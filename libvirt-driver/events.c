/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registering for events. */
#include "handler-util.h"
#include "nodedev/node-device.h"
#include "rpc/event.h"

/* Args: event number, optional object; the object's key is its UUID or its name. */
static gboolean register_any(RpcCall *call, RpcEventClass klass, const char *key, GError **error)
{
    gint id;

    if (!rpc_events_register(call, klass, call->args[0].i, key, FALSE, &id, error))
        return FALSE;
    xdr_put_i32(call->ret, id);
    return TRUE;
}

static gboolean register_by_uuid(RpcCall *call, RpcEventClass klass, guint uuid_member,
                                 GError **error)
{
    const XdrValue *object = call->args[1].items;
    char key[UUID_TEXT_LEN];

    if (object != NULL)
        uuid_to_text(object->items[uuid_member].bytes, key);
    return register_any(call, klass, object != NULL ? key : NULL, error);
}

gboolean on_domain_event_register_any(RpcCall *call, GError **error)
{
    return register_by_uuid(call, RPC_EVENT_DOMAIN, 1, error);
}

gboolean on_network_event_register_any(RpcCall *call, GError **error)
{
    return register_by_uuid(call, RPC_EVENT_NETWORK, 1, error);
}

gboolean on_pool_event_register_any(RpcCall *call, GError **error)
{
    return register_by_uuid(call, RPC_EVENT_POOL, 1, error);
}

gboolean on_secret_event_register_any(RpcCall *call, GError **error)
{
    return register_by_uuid(call, RPC_EVENT_SECRET, 0, error);
}

gboolean nodedev_events_are_ready(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return node_devices_are_known(kanzend->devices);
}

gboolean on_nodedev_event_register_any(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *device = call->args[1].items;

    node_devices_know(kanzend->devices);
    return register_any(call, RPC_EVENT_NODEDEV, device != NULL ? device->items[0].str : NULL,
                        error);
}

gboolean on_domain_event_deregister_any(RpcCall *call, GError **error)
{
    return rpc_events_deregister(call->client, RPC_EVENT_DOMAIN, call->args[0].i, error);
}

gboolean on_network_event_deregister_any(RpcCall *call, GError **error)
{
    return rpc_events_deregister(call->client, RPC_EVENT_NETWORK, call->args[0].i, error);
}

gboolean on_pool_event_deregister_any(RpcCall *call, GError **error)
{
    return rpc_events_deregister(call->client, RPC_EVENT_POOL, call->args[0].i, error);
}

gboolean on_secret_event_deregister_any(RpcCall *call, GError **error)
{
    return rpc_events_deregister(call->client, RPC_EVENT_SECRET, call->args[0].i, error);
}

gboolean on_nodedev_event_deregister_any(RpcCall *call, GError **error)
{
    return rpc_events_deregister(call->client, RPC_EVENT_NODEDEV, call->args[0].i, error);
}

/* ---- what emulators say, chosen by its name ---- */

enum { NAME_IS_REGEX = 1, NAME_NOCASE = 2 }; /* virConnectDomainQemuMonitorEventRegisterFlags */

static GRegex *name_pattern(const char *name, guint32 flags, GError **error)
{
    g_autofree char *literal = g_regex_escape_string(name, -1);
    g_autofree char *whole = g_strdup_printf("^%s$", literal);
    g_autoptr(GError) wrong = NULL;
    GRegex *regex = g_regex_new(flags & NAME_IS_REGEX ? name : whole,
                                flags & NAME_NOCASE ? G_REGEX_CASELESS : 0, 0, &wrong);

    if (regex == NULL)
        fail(error, VIR_ERR_INVALID_ARG, "failed to compile regex '%s': %s", name, wrong->message);
    return regex;
}

gboolean on_monitor_event_register(RpcCall *call, GError **error)
{
    const XdrValue *domain = call->args[0].items;
    const char *name = call->args[1].str;
    char key[UUID_TEXT_LEN];
    GRegex *pattern = NULL;
    gint id;

    if (!check_flags(call, call->args[2].u, NAME_IS_REGEX | NAME_NOCASE, error))
        return FALSE;
    if (name != NULL) {
        pattern = name_pattern(name, call->args[2].u, error);
        if (pattern == NULL)
            return FALSE;
    }
    if (domain != NULL)
        uuid_to_text(domain->items[1].bytes, key);
    rpc_events_register_named(call, RPC_EVENT_MONITOR, domain != NULL ? key : NULL, pattern, &id);
    xdr_put_i32(call->ret, id);
    return TRUE;
}

gboolean on_monitor_event_deregister(RpcCall *call, GError **error)
{
    return rpc_events_deregister(call->client, RPC_EVENT_MONITOR, call->args[0].i, error);
}

/* ---- the style before callback numbers: one registration per event and connection ---- */

gboolean on_domain_event_register(RpcCall *call, GError **error)
{
    gint id;

    if (!rpc_events_register(call, RPC_EVENT_DOMAIN, VIR_DOMAIN_EVENT_ID_LIFECYCLE, NULL, TRUE, &id,
                             error))
        return FALSE;
    xdr_put_i32(call->ret, 1);
    return TRUE;
}

gboolean on_domain_event_deregister(RpcCall *call, GError **error)
{
    if (!rpc_events_deregister_legacy(call->client, VIR_DOMAIN_EVENT_ID_LIFECYCLE, error))
        return FALSE;
    xdr_put_i32(call->ret, 0);
    return TRUE;
}

gboolean on_domain_event_register_number(RpcCall *call, GError **error)
{
    gint id;

    return rpc_events_register(call, RPC_EVENT_DOMAIN, call->args[0].i, NULL, TRUE, &id, error);
}

gboolean on_domain_event_deregister_number(RpcCall *call, GError **error)
{
    return rpc_events_deregister_legacy(call->client, call->args[0].i, error);
}
