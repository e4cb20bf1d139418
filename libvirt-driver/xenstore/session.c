/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A client's connection: its requests one by one, each a job. */
#include "session-internal.h"

#include <errno.h>
#include <stdint.h> /* for the next */
#include <string.h>
#include <xen/io/xs_wire.h>
#include <xen/xen.h>

/* A client that lets this much pile up is cut off. */
#define MAX_OUT (4 * 1024 * 1024)

/* ---- the host store ---- */

static void host_output(const void *data, gsize len, gpointer user_data)
{
    XsSession *s = user_data;
    XsMessage *message;
    gboolean bad;

    g_byte_array_append(s->host_out, data, (guint)len);
    while ((message = xs_message_take(s->host_out, &bad)) != NULL) {
        if (message->type == XS_WATCH_EVENT) {
            xs_stream_send(s->stream, message);
            xs_message_free(message);
        } else {
            xs_message_free(s->host_reply);
            s->host_reply = message;
        }
    }
}

XsMessage *xs_session_host_call(XsSession *s, const XsMessage *request)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    xs_message_write(request, bytes);
    host_store_request(s->host, bytes->data, bytes->len);
    return g_steal_pointer(&s->host_reply);
}

/* ---- jobs ---- */

static void free_reply(gpointer reply)
{
    xs_message_free(reply);
}

void xs_job_reply(XsJob *job, XsMessage *reply)
{
    reply->req_id = job->request->req_id;
    reply->tx_id = job->request->tx_id;
    xs_stream_send(job->session->stream, reply);
    xs_message_free(reply);
}

void xs_job_reply_data(XsJob *job, const void *data, gsize len)
{
    if (len > XENSTORE_PAYLOAD_MAX)
        xs_job_reply(job, xs_message_new_error(job->request, E2BIG));
    else
        xs_job_reply(job, xs_message_new(job->request->type, 0, 0, data, len));
}

void xs_job_reply_error(XsJob *job, int errnum)
{
    xs_job_reply(job, xs_message_new_error(job->request, errnum));
}

void xs_job_hold(XsJob *job)
{
    job->waiting++;
}

void xs_job_release(XsJob *job)
{
    XsSession *s = job->session;

    if (--job->waiting > 0)
        return;
    if (s != NULL) {
        if (job->finish != NULL)
            job->finish(job);
        s->job = NULL;
        xs_stream_set_paused(s->stream, FALSE);
    }
    xs_message_free(job->request);
    xs_message_free(job->question);
    xs_message_free(job->host_reply);
    g_ptr_array_unref(job->replies);
    g_free(job);
}

void xs_ask_done(const XsMessage *reply, gpointer user_data)
{
    XsAsk *ask = user_data;

    if (reply != NULL)
        ask->job->replies->pdata[ask->slot] = xs_message_copy(reply);
    xs_job_release(ask->job);
    xs_link_unref(ask->link);
    g_free(ask);
}

XsAsk *xs_ask_new(XsJob *job, XsLink *link)
{
    XsAsk *ask = g_new0(XsAsk, 1);

    ask->job = job;
    ask->link = xs_link_ref(link);
    ask->slot = job->replies->len;
    g_ptr_array_add(job->replies, NULL);
    job->waiting++;
    return ask;
}

void xs_ask_request(XsAsk *ask, guint32 tx_id)
{
    const XsMessage *q = ask->job->question;

    xs_link_request(ask->link, q->type, tx_id, q->payload, q->len, xs_ask_done, ask);
}

void xs_job_reply_host(XsJob *job)
{
    xs_job_reply(job, xs_session_host_call(job->session, job->request));
}

gboolean xs_job_check_path(XsJob *job, const char *path)
{
    if (path != NULL && path[0] != '/' && path[0] != '@') {
        xs_job_reply_error(job, EINVAL);
        return FALSE;
    }
    return TRUE;
}

/* ---- requests about a domain ---- */

static gboolean request_domid(const XsJob *job, int *ret_domid)
{
    const char *text = xs_message_string(job->request, 0);
    guint64 domid;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, DOMID_SELF, &domid, NULL))
        return FALSE;
    *ret_domid = (int)domid;
    return TRUE;
}

static void start_domain(XsJob *job)
{
    int domid;
    XsLink *link = request_domid(job, &domid)
                       ? xs_server_find_link_by_domid(job->session->server, domid)
                       : NULL;

    if (link == NULL) {
        xs_job_reply_host(job);
        return;
    }
    job->finish = xs_job_finish_single;
    xs_job_ask(job, link);
}

static void start_is_domain_introduced(XsJob *job)
{
    gboolean known;
    int domid;

    if (!request_domid(job, &domid)) {
        xs_job_reply_host(job);
        return;
    }
    known = domid == DOMID_SELF || xs_server_has_domain(job->session->server, domid);
    xs_job_reply_data(job, known ? "T" : "F", 2);
}

static void start_reset_watches(XsJob *job)
{
    xs_session_forget_watches(job->session);
    xs_session_abort_transactions(job->session);
    xs_job_reply_host(job);
}

void xs_session_send_event(XsSession *s, const char *path, const char *token)
{
    g_autoptr(GString) payload = g_string_new(path);
    g_autoptr(XsMessage) event = NULL;

    g_string_append_c(payload, '\0');
    g_string_append_len(payload, token, (gssize)strlen(token) + 1);
    event = xs_message_new(XS_WATCH_EVENT, 0, 0, payload->str, payload->len);
    xs_stream_send(s->stream, event);
}

/* ---- the client ---- */

static void (*const starts[XS_TYPE_COUNT])(XsJob *) = {
    [XS_DIRECTORY] = xs_job_start_node,
    [XS_READ] = xs_job_start_node,
    [XS_GET_PERMS] = xs_job_start_node,
    [XS_WATCH] = xs_job_start_watch,
    [XS_UNWATCH] = xs_job_start_unwatch,
    [XS_TRANSACTION_START] = xs_job_start_transaction_start,
    [XS_TRANSACTION_END] = xs_job_start_transaction_end,
    [XS_INTRODUCE] = start_domain,
    [XS_RELEASE] = start_domain,
    [XS_WRITE] = xs_job_start_node,
    [XS_MKDIR] = xs_job_start_node,
    [XS_RM] = xs_job_start_node,
    [XS_SET_PERMS] = xs_job_start_node,
    [XS_IS_DOMAIN_INTRODUCED] = start_is_domain_introduced,
    [XS_RESUME] = start_domain,
    [XS_SET_TARGET] = start_domain,
    [XS_RESET_WATCHES] = start_reset_watches,
    [XS_DIRECTORY_PART] = xs_job_start_node,
};

static void session_message(XsMessage *message, gpointer user_data)
{
    XsSession *s = user_data;
    XsJob *job = g_new0(XsJob, 1);

    job->session = s;
    job->request = message;
    job->question = xs_message_copy(message);
    job->replies = g_ptr_array_new_with_free_func(free_reply);
    job->waiting = 1;
    s->job = job;
    xs_stream_set_paused(s->stream, TRUE);
    if (message->type < XS_TYPE_COUNT && starts[message->type] != NULL)
        starts[message->type](job);
    else
        xs_job_reply_host(job);
    xs_job_release(job);
}

static void session_closed(const char *why, gpointer user_data)
{
    XsSession *s = user_data;

    if (why != NULL)
        g_warning("xenstored: closing a client's connection: %s", why);
    xs_server_session_closed(s->server, s);
}

static const XsStreamFuncs session_funcs = { session_message, session_closed };

XsSession *xs_session_new(XsServer *server, int fd)
{
    XsSession *s = g_new0(XsSession, 1);

    s->server = server;
    s->host_out = g_byte_array_new();
    s->txs = g_hash_table_new_full(NULL, NULL, NULL, xs_tx_free);
    s->watches = g_ptr_array_new_with_free_func(xs_watch_free);
    s->host = host_store_connect(xs_server_store(server), host_output, s);
    s->stream = xs_stream_new(xs_server_context(server), fd, MAX_OUT, &session_funcs, s);
    return s;
}

void xs_session_free(XsSession *s)
{
    if (s->job != NULL)
        s->job->session = NULL;
    xs_session_forget_watches(s);
    xs_session_abort_transactions(s);
    host_store_disconnect(s->host);
    xs_stream_free(s->stream);
    xs_message_free(s->host_reply);
    g_byte_array_unref(s->host_out);
    g_ptr_array_unref(s->watches);
    g_hash_table_unref(s->txs);
    g_free(s);
}
