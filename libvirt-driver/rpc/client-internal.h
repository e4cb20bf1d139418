/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What client.c, dispatch.c, stream.c and event.c share about a connection. */
#pragma once

#include <sys/socket.h>

#include "client.h"

G_BEGIN_DECLS

struct RpcClient {
    int refs; /* atomic */
    RpcServer *server;
    guint64 number;
    char *name;
    char *address; /* NULL: not over a network */
    struct ucred peer;
    RpcService service;
    gint64 connected_at;   /* seconds of the epoch */
    gint64 connected_mono; /* microseconds */
    int readonly;          /* atomic */
    int authenticated;     /* atomic; set under lock */

    /* The loop thread's. */
    GSource *source;
    RpcFramer *framer;
    GQueue parked; /* of RpcPacket: calls that wait for a slot */
    gsize parked_bytes;
    GHashTable *streams; /* RpcStream by itself */
    guint holds;         /* of streams that have enough for now: nothing is read */
    gboolean open;
    gboolean keepalive;
    guint pings_unanswered;
    gboolean closed;

    /* Any thread's, under lock. */
    GMutex lock;
    int fd;              /* -1: closed */
    GQueue out;          /* of GBytes */
    GHashTable *out_fds; /* those of out that take a descriptor along; NULL: none yet */
    gsize out_sent;      /* of the first */
    gsize out_bytes;     /* all that is not sent yet */
    GQueue opening;      /* of RpcStream: their calls are answered, streams has them soon */
    guint running;       /* calls in handlers */
    gboolean attention;  /* the loop thread has been asked to look at this client */
    gboolean wants_slot; /* the loop thread waits for running to go down */
    gboolean finishing;  /* close when out is empty */
    gboolean broken;     /* close now */
    const char *broken_why;
    gsize in_bytes;      /* what came and waits to be handled */
    gsize running_bytes; /* packets of the calls in handlers */
    gsize held;          /* what the server has been told of all that */
    RpcCodec *codec;     /* NULL: bytes are packets */
    char *user;          /* whom SASL found it to be; NULL: nobody */
    gpointer auth_state; /* what an authentication keeps between its calls */
    GDestroyNotify free_auth_state;
    GArray *registrations; /* of Registration, event.c */
    gint next_callback_id;
};

/* server.c */
GMainContext *rpc_server_context(RpcServer *server);
const RpcServerConfig *rpc_server_config(RpcServer *server);
void rpc_server_client_gone(RpcServer *server, RpcClient *client);
/* One client less that has not authenticated. */
void rpc_server_client_known(RpcServer *server);
void rpc_server_foreach_client(RpcServer *server, GFunc func, gpointer user_data);
void rpc_server_push_call(RpcServer *server, RpcCall *call);
/* Counts bytes held for clients, more or (negative) fewer. FALSE: more than there should be. */
gboolean rpc_server_hold(RpcServer *server, gssize more);

/* client.c; takes codec */
RpcClient *rpc_client_new(RpcServer *server, int fd, const RpcService *service, RpcCodec *codec,
                          guint64 number);
void rpc_client_close(RpcClient *client,
                      const char *why);  /* loop thread; why NULL: not worth a line */
void rpc_client_read_on(RpcClient *client); /* loop thread; it is not held any more */
void rpc_client_tick(RpcClient *client); /* loop thread, every keepalive interval */

/* client-io.c */
void rpc_client_ready(GIOCondition ready, gpointer client); /* loop thread */
gboolean rpc_client_may_read(RpcClient *client);            /* loop thread */

typedef struct {
    GByteArray *reply; /* taken, as all of these */
    int fd;            /* sent behind it; -1: none */
    RpcCodec *next_codec;
    RpcStream *stream; /* that the call has opened; NULL: none */
    gsize request_bytes;
    gboolean closes; /* the connection, once all is sent */
} RpcCallEnd;

/* Sends the reply of a call that was counted in running. Any thread. */
void rpc_client_call_done(RpcClient *client, const RpcCallEnd *end);

/* dispatch.c */
void rpc_dispatch_call(RpcClient *client, RpcPacket *packet); /* loop thread; takes packet */
void rpc_dispatch_run(RpcCall *call);                         /* worker threads; takes call */

/* stream.c, loop thread */
void rpc_stream_packet(RpcClient *client, RpcPacket *packet); /* takes packet */
void rpc_streams_abort_all(RpcClient *client);
void rpc_streams_drained(RpcClient *client);
/* Any thread, under the client's lock: the stream's call has succeeded. It sends nothing before
 * that lock is free, and is there for whatever comes from the client then. */
void rpc_stream_opened_locked(RpcStream *stream);
/* Any thread: the call has failed after the stream was made. */
void rpc_stream_discard(RpcStream *stream);

/* event.c */
void rpc_events_forget_client(RpcClient *client);

G_END_DECLS
