/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening sockets of a server, and when they accept. Loop thread. */
#pragma once

#include "server.h"

G_BEGIN_DECLS

typedef struct RpcListeners RpcListeners;

RpcListeners *rpc_listeners_new(RpcServer *server, GMainContext *context);
void rpc_listeners_free(RpcListeners *listeners); /* closes them */
/* Takes fd, copies service. */
void rpc_listeners_add(RpcListeners *listeners, int fd, const RpcService *service);
/* The number of clients or a limit has changed. */
void rpc_listeners_update(RpcListeners *listeners);

G_END_DECLS
