/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection, as handlers see it. */
#pragma once

#include <sys/types.h>

#include "server.h"

G_BEGIN_DECLS

RpcClient *rpc_client_ref(RpcClient *client);
void rpc_client_unref(RpcClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcClient, rpc_client_unref)

gboolean rpc_client_is_readonly(RpcClient *client);
void rpc_client_set_readonly(RpcClient *client);
/* Whether CONNECT_OPEN was done. Loop thread. */
gboolean rpc_client_is_open(RpcClient *client);
void rpc_client_set_open(RpcClient *client);
/* Sends pings from now on. Loop thread. */
void rpc_client_enable_keepalive(RpcClient *client);
/* Disconnects it. why: constant text for the log. Any thread. */
void rpc_client_kick(RpcClient *client, const char *why);

/* "client 17 (uid 0, pid 1234)", "client 18 (192.0.2.1:50000)", for log lines. */
const char *rpc_client_name(RpcClient *client);
guint64 rpc_client_number(RpcClient *client); /* never used twice by a server */

/* What is known of it now; clear it with rpc_client_info_clear(). */
typedef struct {
    guint64 number;
    gint64 connected_at; /* seconds of the epoch */
    RpcTransport transport;
    gboolean readonly;
    char *address; /* "192.0.2.1:50000"; NULL: a unix socket */
    pid_t pid;     /* of a unix socket */
    uid_t uid;
    gid_t gid;
    char *user;        /* SASL's name of it; NULL: none */
    char *certificate; /* the distinguished name of what it showed; NULL: nothing */
} RpcClientInfo;

void rpc_client_get_info(RpcClient *client, RpcClientInfo *ret_info);
void rpc_client_info_clear(RpcClientInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RpcClientInfo, rpc_client_info_clear)

RpcTransport rpc_client_transport(RpcClient *client);
/* Whether its bytes go through a codec. */
gboolean rpc_client_is_encrypted(RpcClient *client);

/* Authentication: what its socket asks for, and whether that is done. Any thread. */
RpcAuth rpc_client_auth(RpcClient *client);
gboolean rpc_client_is_authenticated(RpcClient *client);
void rpc_client_set_authenticated(RpcClient *client, const char *user); /* user NULL: no name */
/* What an authentication of several calls keeps; set once (FALSE: it was), freed with the
 * client. */
gpointer rpc_client_auth_state(RpcClient *client);
gboolean rpc_client_set_auth_state(RpcClient *client, gpointer state, GDestroyNotify free_state);

/* Queues a finished packet; takes it. Any thread. FALSE: the client is gone, or is being
 * disconnected now because it does not read. */
gboolean rpc_client_send(RpcClient *client, GByteArray *packet);
gboolean rpc_client_send_bytes(RpcClient *client, GBytes *packet);
/* Whether its connection is closed. Any thread. */
gboolean rpc_client_is_gone(RpcClient *client);
/* Bytes that wait to be sent. */
gsize rpc_client_queued(RpcClient *client);

G_END_DECLS
