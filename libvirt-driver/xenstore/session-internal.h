/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the session-*.c files share. A client has one request at a time, a job: it asks the host
 * store, a domain's store, or all of them, and is answered when all have replied.
 */
#pragma once

#include "host-store.h"
#include "server.h"
#include "stream.h"

G_BEGIN_DECLS

typedef struct XsJob XsJob;
typedef struct XsTx XsTx;

struct XsSession {
    XsServer *server;
    XsStream *stream;
    HostStoreConn *host;
    GByteArray *host_out;  /* of the host store, not looked at yet */
    XsMessage *host_reply; /* to the request that xs_session_host_call() made */
    GHashTable *txs;       /* id -> XsTx */
    GPtrArray *watches;    /* of XsWatch */
    XsJob *job;
};

struct XsJob {
    XsSession *session; /* NULL: the client is gone, nobody waits for the reply */
    XsMessage *request;
    XsMessage *question;        /* what the domains' stores are asked */
    XsMessage *host_reply;      /* what the host store said to it, if it was asked */
    guint waiting;              /* replies to come, and one while more are being asked for */
    GPtrArray *replies;         /* of XsMessage or NULL (no reply), in the order asked */
    void (*finish)(XsJob *job); /* NULL: answered already */
};

/* A question to one domain's store on behalf of a job. */
typedef struct {
    XsJob *job;
    XsLink *link;
    guint slot; /* in job->replies */
} XsAsk;

/* session.c */
XsMessage *xs_session_host_call(XsSession *session, const XsMessage *request);
void xs_job_reply(XsJob *job, XsMessage *reply); /* answers the client; takes reply */
void xs_job_reply_data(XsJob *job, const void *data, gsize len);
void xs_job_reply_error(XsJob *job, int errnum);
void xs_job_reply_host(XsJob *job); /* as the host store answers the request */
/* On xenstored's socket there is no home that a relative path could start from. FALSE: answered. */
gboolean xs_job_check_path(XsJob *job, const char *path);
void xs_job_hold(XsJob *job);
void xs_job_release(XsJob *job); /* the last one finishes it */
XsAsk *xs_ask_new(XsJob *job, XsLink *link);
void xs_ask_request(XsAsk *ask, guint32 tx_id);
void xs_ask_done(const XsMessage *reply, gpointer ask);

/* session-tx.c */
XsTx *xs_job_tx(const XsJob *job); /* the one its request names, or NULL */
/* Passes the job's question on to a domain's store, in the job's transaction if it is in one. */
void xs_job_ask(XsJob *job, XsLink *link);
void xs_job_start_transaction_start(XsJob *job);
void xs_job_start_transaction_end(XsJob *job);
void xs_session_abort_transactions(XsSession *session);
void xs_tx_free(gpointer tx);

/* session-node.c */
void xs_job_start_node(XsJob *job);
void xs_job_finish_single(XsJob *job); /* one domain's store was asked */

/* session-watch.c */
void xs_job_start_watch(XsJob *job);
void xs_job_start_unwatch(XsJob *job);
void xs_session_forget_watches(XsSession *session);
void xs_watch_free(gpointer watch);

G_END_DECLS
