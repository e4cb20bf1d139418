/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The handlers named in procedures.c, by the file they are in. */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

/* connect.c */
gboolean on_auth_list(RpcCall *call, GError **error);
gboolean on_connect_supports_feature(RpcCall *call, GError **error);
gboolean on_connect_open(RpcCall *call, GError **error);
gboolean on_connect_close(RpcCall *call, GError **error);
gboolean on_connect_close_callback(RpcCall *call, GError **error);
gboolean on_connect_get_uri(RpcCall *call, GError **error);
gboolean on_connect_get_type(RpcCall *call, GError **error);
gboolean on_connect_get_version(RpcCall *call, GError **error);
gboolean on_connect_get_lib_version(RpcCall *call, GError **error);
gboolean on_connect_get_hostname(RpcCall *call, GError **error);
gboolean on_connect_is_secure(RpcCall *call, GError **error);

/* events.c */
gboolean on_domain_event_register_any(RpcCall *call, GError **error);
gboolean on_network_event_register_any(RpcCall *call, GError **error);
gboolean on_pool_event_register_any(RpcCall *call, GError **error);
gboolean on_secret_event_register_any(RpcCall *call, GError **error);
gboolean on_nodedev_event_register_any(RpcCall *call, GError **error);
gboolean on_domain_event_deregister_any(RpcCall *call, GError **error);
gboolean on_network_event_deregister_any(RpcCall *call, GError **error);
gboolean on_pool_event_deregister_any(RpcCall *call, GError **error);
gboolean on_secret_event_deregister_any(RpcCall *call, GError **error);
gboolean on_nodedev_event_deregister_any(RpcCall *call, GError **error);
gboolean on_domain_event_register(RpcCall *call, GError **error);
gboolean on_domain_event_deregister(RpcCall *call, GError **error);
gboolean on_domain_event_register_number(RpcCall *call, GError **error);
gboolean on_domain_event_deregister_number(RpcCall *call, GError **error);

G_END_DECLS
