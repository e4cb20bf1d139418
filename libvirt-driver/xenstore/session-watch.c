/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches: each is one of the host store's and one of every domain's store that it concerns. */
#include "session-internal.h"

#include <stdint.h> /* for the next */
#include <xen/io/xs_wire.h>

static void finish_with_host_reply(XsJob *job)
{
    xs_job_reply(job, xs_message_copy(job->host_reply));
}

/* WATCH or UNWATCH at the domains' stores. Those that can are waited for, so that the client hears
 * of every change after its reply. */
static void spread_watch(XsJob *job, XsWatch *watch, guint32 type)
{
    XsServer *server = job->session->server;
    g_autoptr(GPtrArray) links = xs_server_links(server);

    xs_message_free(job->question);
    job->question = xs_watch_request(watch, type);
    for (guint i = 0; i < links->len; i++) {
        XsLink *link = links->pdata[i];

        if (!xs_watch_concerns(watch, server, link))
            continue;
        if (type == XS_WATCH)
            g_hash_table_add(watch->expecting, link);
        if (xs_link_answers(link))
            xs_ask_request(xs_ask_new(job, link), 0);
        else
            xs_link_post(link, type, 0, job->question->payload, job->question->len);
    }
}

/* The host's store first. FALSE: an error, of the path or of that store, ends the job. */
static gboolean ask_host(XsJob *job, const char *path)
{
    if (!xs_job_check_path(job, path))
        return FALSE;
    job->host_reply = xs_session_host_call(job->session, job->request);
    job->finish = finish_with_host_reply;
    return !xs_message_is_error(job->host_reply);
}

void xs_job_start_watch(XsJob *job)
{
    XsSession *s = job->session;
    const char *path = xs_message_string(job->request, XS_WATCH_PATH);
    XsWatch *watch;

    if (!ask_host(job, path))
        return;
    watch = g_new0(XsWatch, 1);
    watch->session = s;
    watch->path = g_strdup(path);
    watch->token = g_strdup(xs_message_string(job->request, XS_WATCH_TOKEN));
    watch->expecting = g_hash_table_new(NULL, NULL);
    g_ptr_array_add(s->watches, watch);
    xs_server_add_watch(s->server, watch);
    spread_watch(job, watch, XS_WATCH);
}

static XsWatch *find_watch(XsSession *s, const char *path, const char *token)
{
    for (guint i = 0; i < s->watches->len; i++) {
        XsWatch *watch = s->watches->pdata[i];

        if (g_str_equal(watch->path, path) && g_str_equal(watch->token, token))
            return watch;
    }
    return NULL;
}

void xs_job_start_unwatch(XsJob *job)
{
    XsSession *s = job->session;
    const char *path = xs_message_string(job->request, XS_WATCH_PATH);
    XsWatch *watch;

    if (!ask_host(job, path))
        return;
    watch = find_watch(s, path, xs_message_string(job->request, XS_WATCH_TOKEN));
    spread_watch(job, watch, XS_UNWATCH);
    g_ptr_array_remove(s->watches, watch);
}

/* Drops a watch whose domains' parts nobody will ask about any more. */
void xs_watch_free(gpointer data)
{
    XsWatch *watch = data;

    xs_server_remove_watch(watch->session->server, watch);
    g_hash_table_unref(watch->expecting);
    g_free(watch->path);
    g_free(watch->token);
    g_free(watch);
}

void xs_session_forget_watches(XsSession *s)
{
    g_autoptr(GPtrArray) links = xs_server_links(s->server);

    for (guint i = 0; i < s->watches->len; i++) {
        XsWatch *watch = s->watches->pdata[i];
        g_autoptr(XsMessage) request = xs_watch_request(watch, XS_UNWATCH);

        for (guint j = 0; j < links->len; j++) {
            if (xs_watch_concerns(watch, s->server, links->pdata[j]))
                xs_link_post(links->pdata[j], XS_UNWATCH, 0, request->payload, request->len);
        }
    }
    g_ptr_array_set_size(s->watches, 0);
}
