/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Registering for events. */
#include "handler-util.h"
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

gboolean on_nodedev_event_register_any(RpcCall *call, GError **error)
{
    const XdrValue *device = call->args[1].items;

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
