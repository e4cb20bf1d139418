/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "admin.h"

G_BEGIN_DECLS

/* connect-admin.c */
gboolean on_admin_connect_open(RpcCall *call, GError **error);
gboolean on_admin_connect_close(RpcCall *call, GError **error);
gboolean on_admin_connect_get_lib_version(RpcCall *call, GError **error);
gboolean on_admin_connect_list_servers(RpcCall *call, GError **error);
gboolean on_admin_connect_lookup_server(RpcCall *call, GError **error);
gboolean on_admin_connect_get_logging_outputs(RpcCall *call, GError **error);
gboolean on_admin_connect_get_logging_filters(RpcCall *call, GError **error);
gboolean on_admin_connect_set_logging_outputs(RpcCall *call, GError **error);
gboolean on_admin_connect_set_logging_filters(RpcCall *call, GError **error);
gboolean on_admin_connect_set_daemon_timeout(RpcCall *call, GError **error);

/* server-admin.c */
gboolean on_admin_server_get_threadpool_parameters(RpcCall *call, GError **error);
gboolean on_admin_server_set_threadpool_parameters(RpcCall *call, GError **error);
gboolean on_admin_server_get_client_limits(RpcCall *call, GError **error);
gboolean on_admin_server_set_client_limits(RpcCall *call, GError **error);
gboolean on_admin_server_update_tls_files(RpcCall *call, GError **error);

/* client-admin.c */
gboolean on_admin_server_list_clients(RpcCall *call, GError **error);
gboolean on_admin_server_lookup_client(RpcCall *call, GError **error);
gboolean on_admin_client_get_info(RpcCall *call, GError **error);
gboolean on_admin_client_close(RpcCall *call, GError **error);

/* The server of that name, or VIR_ERR_NO_SERVER. */
RpcServer *admin_find_server(const RpcCall *call, const char *name, GError **error);

G_END_DECLS
