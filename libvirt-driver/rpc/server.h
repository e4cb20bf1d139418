/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The RPC server: listening sockets, the clients on them, the threads their calls run in. It knows
 * the protocol and nothing of domains; what a procedure does is in the table it is given.
 *
 * Threads: one runs the main loop; it owns the sockets, parses packets and answers what never
 * blocks. All other handlers run in a pool, so that no client waits for another's call. Procedures
 * that libvirt calls high-priority have threads of their own besides, so that a few stuck starts do
 * not stop a listing.
 */
#pragma once

#include <glib.h>

#include "codec.h"
#include "error.h"
#include "rpc-limits.h"
#include "packet.h"
#include "xdr.h"

G_BEGIN_DECLS

typedef struct RpcServer RpcServer;
typedef struct RpcClient RpcClient;
typedef struct RpcStream RpcStream;
typedef struct RpcCall RpcCall;

/* Appends the result to call->ret, or sets error. */
typedef gboolean (*RpcHandler)(RpcCall *call, GError **error);

typedef enum {
    RPC_PROC_HIGH = 1 << 0,   /* one of libvirt's high-priority procedures */
    RPC_PROC_RO = 1 << 1,     /* allowed on a read-only connection */
    RPC_PROC_EARLY = 1 << 2,  /* allowed before CONNECT_OPEN */
    RPC_PROC_STREAM = 1 << 3, /* opens a stream */
    RPC_PROC_QUICK = 1 << 4,  /* never blocks: runs in the loop thread */
    RPC_PROC_ANON = 1 << 5,   /* allowed before the client has authenticated */
} RpcProcFlags;

typedef struct {
    const char *name; /* as in the protocol; NULL: no such procedure */
    const char *api;  /* the C function of libvirt that makes the call */
    const char *args; /* signatures, xdr.h */
    const char *ret;
    guint8 flags;       /* RpcProcFlags */
    guint8 from;        /* VirErrorFrom of its errors */
    RpcHandler handler; /* NULL: not supported here */
    guint8 ro_deny; /* bits of the last argument (a u32) that a read-only connection may not set */
    /* NULL, or whether this call of a procedure that is not QUICK does not block either. It may
     * look, not wait; the handler must not need it to be right. */
    gboolean (*quick_if)(const RpcCall *call);
} RpcProc;

typedef struct {
    guint32 program, version;
    const RpcProc *procs; /* by number */
    guint n_procs;
} RpcProgram;

struct RpcCall {
    RpcClient *client;
    gpointer app; /* the server's */
    const RpcProc *proc;
    RpcHeader header;
    XdrArgs *args_owner;
    const XdrValue *args;
    GByteArray *ret;
    RpcPacket *packet;              /* what came; its descriptors are the handler's to steal */
    int reply_fd;                   /* goes with the reply; -1: none. Taken */
    RpcStream *stream;              /* set by the handler of a RPC_PROC_STREAM procedure */
    RpcCodec *next_codec;           /* everything behind the reply goes through it; taken */
    void (*replied)(RpcCall *call); /* called when the reply to a success is on its way */
    gboolean closes;                /* set by the handler: the reply is the connection's end */
    guint arg_i;                    /* a number the handler leaves for replied() */
};

typedef struct {
    const RpcProgram *programs;
    guint n_programs;
    gpointer app;
    RpcErrorMapper map_error;
    /* A client is gone; loop thread. NULL: nobody cares. */
    void (*client_closed)(RpcClient *client, gpointer app);
    RpcLimits limits; /* 0: the defaults */
} RpcServerConfig;

/* virClientTransport, libvirt-admin.h */
typedef enum { RPC_TRANSPORT_UNIX, RPC_TRANSPORT_TCP, RPC_TRANSPORT_TLS } RpcTransport;
/* As AUTH_LIST has them. */
typedef enum { RPC_AUTH_NONE = 0, RPC_AUTH_SASL = 1, RPC_AUTH_POLKIT = 2 } RpcAuth;

/* How clients of a listening socket are met. */
typedef struct {
    RpcTransport transport;
    RpcAuth auth;
    gboolean readonly;
    /* Makes the codec of a new client; NULL: packets go as they are. */
    RpcCodec *(*new_codec)(gpointer data, GError **error);
    gpointer data; /* for new_codec; outlives the server */
} RpcService;

/* Runs in the calling thread's default main context. */
RpcServer *rpc_server_new(const RpcServerConfig *config);
/* Serves the listening socket; takes fd, copies service. */
void rpc_server_listen(RpcServer *server, int fd, const RpcService *service);
/* Serves a connected socket; takes fd. For tests and listen. NULL: its codec could not be made. */
RpcClient *rpc_server_add_client(RpcServer *server, int fd, const RpcService *service);

/* Any thread, all of these. */
guint rpc_server_n_clients(RpcServer *server);
guint rpc_server_n_anonymous(RpcServer *server);
RpcLimits rpc_server_get_limits(RpcServer *server);
/* Any thread. Clients that are there stay, also when they are too many now. */
void rpc_server_set_limits(RpcServer *server, const RpcLimits *limits);

typedef struct {
    guint threads, free, queued; /* of those for ordinary calls */
    guint priority_threads;
} RpcWorkerStats;

void rpc_server_get_worker_stats(RpcServer *server, RpcWorkerStats *ret_stats);
/* References to all clients, in the order they came. */
GPtrArray *rpc_server_dup_clients(RpcServer *server);
/* One of them; NULL: there is none of that number. */
RpcClient *rpc_server_find_client(RpcServer *server, guint64 number);
/* No new connections, every client closed, waits for the calls that run. */
void rpc_server_stop(RpcServer *server);
void rpc_server_free(RpcServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcServer, rpc_server_free)

/* Runs func in one of the worker threads; rpc_server_stop() waits for it. */
typedef void (*RpcTaskFunc)(gpointer data);
void rpc_server_run(RpcServer *server, RpcTaskFunc func, gpointer data);
/* Runs func for each item in as many worker threads as are free, at most limit, and waits for
 * all. */
typedef void (*RpcEachFunc)(gpointer item, gpointer data);
void rpc_server_each(RpcServer *server, const GPtrArray *items, guint limit, RpcEachFunc func,
                     gpointer data);

/* FALSE: it came through a read-only connection. For handlers of RPC_PROC_RO procedures that change
 * something, or may; the others are not called then. */
gboolean rpc_call_check_writable(const RpcCall *call, GError **error);

/* The row of a procedure, NULL: none. */
const RpcProc *rpc_server_find_proc(RpcServer *server, guint32 program, gint32 procedure);

G_END_DECLS
