/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection, as handlers see it. */
#pragma once

#include <sys/types.h>

#include "server.h"

G_BEGIN_DECLS

RpcClient *rpc_client_ref(RpcClient *client);
void rpc_client_unref(RpcClient *client);

gboolean rpc_client_is_readonly(RpcClient *client);
void rpc_client_set_readonly(RpcClient *client);
/* Whether CONNECT_OPEN was done. Loop thread. */
gboolean rpc_client_is_open(RpcClient *client);
void rpc_client_set_open(RpcClient *client);
/* Sends pings from now on. Loop thread. */
void rpc_client_enable_keepalive(RpcClient *client);
/* Close once everything queued is sent. */
void rpc_client_close_after_reply(RpcClient *client);

/* "client 17 (uid 0, pid 1234)", for log lines. */
const char *rpc_client_name(RpcClient *client);

/* Queues a finished packet; takes it. Any thread. FALSE: the client is gone, or is being
 * disconnected now because it does not read. */
gboolean rpc_client_send(RpcClient *client, GByteArray *packet);
/* Whether its connection is closed. Any thread. */
gboolean rpc_client_is_gone(RpcClient *client);
/* Bytes that wait to be sent. */
gsize rpc_client_queued(RpcClient *client);

G_END_DECLS
