/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A transaction is one of the host store's, whose id the client sees, and one more in each domain's
 * store it touches. They are ended one after the other, the host's last: all or nothing within a
 * domain, which is what tools rely on, but not over several of them.
 */
#include "session-internal.h"

#include <errno.h>
#include <stdint.h> /* for the next */
#include <string.h>
#include <xen/io/xs_wire.h>

/* The part of a transaction that is in a domain's store. */
typedef struct {
    XsLink *link;
    guint epoch;
    guint32 id;
} SubTx;

struct XsTx {
    GPtrArray *subs; /* of SubTx */
    gboolean broken; /* a part of it is lost: it cannot be committed */
};

static void sub_tx_free(gpointer data)
{
    SubTx *sub = data;

    xs_link_unref(sub->link);
    g_free(sub);
}

static void sub_tx_abort(const SubTx *sub)
{
    if (sub->epoch == xs_link_epoch(sub->link))
        xs_link_post(sub->link, XS_TRANSACTION_END, sub->id, "F", 2);
}

static XsTx *tx_new(void)
{
    XsTx *tx = g_new0(XsTx, 1);

    tx->subs = g_ptr_array_new_with_free_func(sub_tx_free);
    return tx;
}

void xs_tx_free(gpointer data)
{
    XsTx *tx = data;

    g_ptr_array_unref(tx->subs);
    g_free(tx);
}

static void tx_abort(XsTx *tx)
{
    for (guint i = 0; i < tx->subs->len; i++)
        sub_tx_abort(tx->subs->pdata[i]);
    g_ptr_array_set_size(tx->subs, 0);
}

XsTx *xs_job_tx(const XsJob *job)
{
    return g_hash_table_lookup(job->session->txs, GUINT_TO_POINTER(job->request->tx_id));
}

/* The domain's store has begun its part of the transaction: now the request. */
static void ask_started(const XsMessage *reply, gpointer user_data)
{
    XsAsk *ask = user_data;
    SubTx *sub;

    if (reply == NULL || xs_message_is_error(reply)) {
        xs_ask_done(reply, ask);
        return;
    }
    sub = g_new0(SubTx, 1);
    sub->link = xs_link_ref(ask->link);
    sub->epoch = xs_link_epoch(ask->link);
    sub->id = (guint32)g_ascii_strtoull(reply->payload, NULL, 10);
    if (ask->job->session == NULL) {
        sub_tx_abort(sub);
        sub_tx_free(sub);
        xs_ask_done(NULL, ask);
        return;
    }
    g_ptr_array_add(xs_job_tx(ask->job)->subs, sub);
    xs_ask_request(ask, sub->id);
}

void xs_job_ask(XsJob *job, XsLink *link)
{
    XsAsk *ask = xs_ask_new(job, link);
    XsTx *tx = xs_job_tx(job);

    if (tx == NULL) {
        xs_ask_request(ask, 0);
        return;
    }
    for (guint i = 0; i < tx->subs->len; i++) {
        const SubTx *sub = tx->subs->pdata[i];

        if (sub->link != link)
            continue;
        if (sub->epoch == xs_link_epoch(link)) {
            xs_ask_request(ask, sub->id);
        } else {
            tx->broken = TRUE;
            xs_ask_done(NULL, ask);
        }
        return;
    }
    xs_link_request(link, XS_TRANSACTION_START, 0, "", 1, ask_started, ask);
}

void xs_job_start_transaction_start(XsJob *job)
{
    XsMessage *reply = xs_session_host_call(job->session, job->request);

    if (!xs_message_is_error(reply)) {
        guint id = (guint)g_ascii_strtoull(reply->payload, NULL, 10);

        g_hash_table_insert(job->session->txs, GUINT_TO_POINTER(id), tx_new());
    }
    xs_job_reply(job, reply);
}

/* The host store's part ends last, as the others did. */
static void end_host_tx(XsJob *job, XsMessage *failure)
{
    const char *how = failure != NULL ? "F" : job->request->payload;
    g_autoptr(XsMessage) end =
        xs_message_new(XS_TRANSACTION_END, job->request->req_id, job->request->tx_id, how, 2);
    XsMessage *reply = xs_session_host_call(job->session, end);

    g_hash_table_remove(job->session->txs, GUINT_TO_POINTER(job->request->tx_id));
    if (failure != NULL) {
        xs_message_free(reply);
        reply = failure;
    }
    xs_job_reply(job, reply);
}

static void commit_next(XsJob *job);

static void committed(const XsMessage *reply, gpointer user_data)
{
    XsJob *job = user_data;

    if (reply == NULL || xs_message_is_error(reply))
        g_ptr_array_add(job->replies, reply != NULL ? xs_message_copy(reply)
                                                    : xs_message_new_error(job->request, EAGAIN));
    commit_next(job);
}

/* Commits the parts one by one until one fails. job->replies: the failure. */
static void commit_next(XsJob *job)
{
    XsTx *tx = job->session != NULL ? xs_job_tx(job) : NULL;

    if (tx != NULL && job->replies->len == 0 && tx->subs->len > 0) {
        SubTx *sub = g_ptr_array_steal_index(tx->subs, 0);
        g_autoptr(XsMessage) lost = NULL;

        if (sub->epoch == xs_link_epoch(sub->link)) {
            xs_link_request(sub->link, XS_TRANSACTION_END, sub->id, "T", 2, committed, job);
        } else {
            lost = xs_message_new_error(job->request, EAGAIN);
            committed(lost, job);
        }
        sub_tx_free(sub);
        return;
    }
    if (tx != NULL)
        tx_abort(tx);
    xs_job_release(job);
}

static void finish_transaction_end(XsJob *job)
{
    XsMessage *failure = NULL;

    if (job->replies->len > 0)
        failure = xs_message_copy(job->replies->pdata[0]);
    end_host_tx(job, failure);
}

void xs_job_start_transaction_end(XsJob *job)
{
    const char *how = xs_message_string(job->request, 0);
    XsTx *tx = xs_job_tx(job);

    if (tx == NULL || how == NULL || (strcmp(how, "T") != 0 && strcmp(how, "F") != 0)) {
        xs_job_reply_host(job); /* it knows the right error */
        return;
    }
    job->finish = finish_transaction_end;
    if (how[0] == 'F') {
        tx_abort(tx);
        return;
    }
    if (tx->broken)
        g_ptr_array_add(job->replies, xs_message_new_error(job->request, EAGAIN));
    xs_job_hold(job);
    commit_next(job);
}

void xs_session_abort_transactions(XsSession *s)
{
    GHashTableIter iter;
    gpointer tx;

    g_hash_table_iter_init(&iter, s->txs);
    while (g_hash_table_iter_next(&iter, NULL, &tx))
        tx_abort(tx);
    g_hash_table_remove_all(s->txs);
}
