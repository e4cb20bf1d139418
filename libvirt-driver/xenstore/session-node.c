/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests about a node: whose store is asked, and what becomes of several answers. */
#include "session-internal.h"

#include <errno.h>
#include <stdint.h> /* for the next */
#include <string.h>
#include <xen/io/xs_wire.h>

#include "route.h"

static gboolean is_read(guint32 type)
{
    return type == XS_READ || type == XS_DIRECTORY || type == XS_DIRECTORY_PART ||
           type == XS_GET_PERMS;
}

/* Of a domain that cannot answer the host store knows name, UUID and the like. */
void xs_job_finish_single(XsJob *job)
{
    XsMessage *reply = job->replies->pdata[0];

    if (reply != NULL)
        xs_job_reply(job, xs_message_copy(reply));
    else if (is_read(job->request->type))
        xs_job_reply(job, xs_session_host_call(job->session, job->request));
    else
        xs_job_reply_error(job, EBUSY);
}

/* A node of Domain-0's that several stores have: the host's comes first. */
static void finish_shared_read(XsJob *job)
{
    const XsMessage *reply = job->host_reply;

    for (guint i = 0; xs_message_is_error(reply) && i < job->replies->len; i++) {
        const XsMessage *other = job->replies->pdata[i];

        if (other != NULL && !xs_message_is_error(other))
            reply = other;
    }
    xs_job_reply(job, xs_message_copy(reply));
}

static void add_names(const XsMessage *reply, GHashTable *seen, GString *list)
{
    const char *name;

    if (reply == NULL || xs_message_is_error(reply))
        return;
    for (guint i = 0; (name = xs_message_string(reply, i)) != NULL; i++) {
        if (g_hash_table_add(seen, g_strdup(name)))
            g_string_append_len(list, name, (gssize)strlen(name) + 1);
    }
}

/* DIRECTORY_PART: generation, names from the offset on that fit, an empty name at the end of the
 * list. */
static void reply_part(XsJob *job, const GString *list)
{
    const char *offset_text = xs_message_string(job->request, 1);
    g_autoptr(GString) part = g_string_new(NULL);
    g_autoptr(GBytes) bytes = NULL;
    guint64 offset;
    gsize pos;

    if (offset_text == NULL ||
        !g_ascii_string_to_unsigned(offset_text, 10, 0, G_MAXUINT32, &offset, NULL)) {
        xs_job_reply_error(job, EINVAL);
        return;
    }
    bytes = g_bytes_new_static(list->str, list->len);
    g_string_printf(part, "%u", g_bytes_hash(bytes));
    g_string_append_c(part, '\0');
    for (pos = offset; pos < list->len; pos += strlen(list->str + pos) + 1) {
        gsize len = strlen(list->str + pos) + 1;

        if (part->len + len > XENSTORE_PAYLOAD_MAX - 1)
            break;
        g_string_append_len(part, list->str + pos, (gssize)len);
    }
    if (pos >= list->len)
        g_string_append_c(part, '\0');
    xs_job_reply_data(job, part->str, part->len);
}

static void finish_shared_list(XsJob *job)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) list = g_string_new(NULL);
    gboolean found = !xs_message_is_error(job->host_reply);

    add_names(job->host_reply, seen, list);
    for (guint i = 0; i < job->replies->len; i++) {
        const XsMessage *reply = job->replies->pdata[i];

        found |= reply != NULL && !xs_message_is_error(reply);
        add_names(reply, seen, list);
    }
    if (!found)
        xs_job_reply(job, xs_message_copy(job->host_reply));
    else if (job->request->type == XS_DIRECTORY_PART)
        reply_part(job, list);
    else
        xs_job_reply_data(job, list->str, list->len);
}

static void ask_all(XsJob *job)
{
    g_autoptr(GPtrArray) links = xs_server_links(job->session->server);

    job->host_reply = xs_session_host_call(job->session, job->question);
    for (guint i = 0; i < links->len; i++)
        xs_job_ask(job, links->pdata[i]);
}

static void start_shared(XsJob *job, const char *path)
{
    if (job->request->type == XS_READ || job->request->type == XS_GET_PERMS) {
        job->finish = finish_shared_read;
    } else {
        job->finish = finish_shared_list;
        xs_message_free(job->question);
        job->question = xs_message_new(XS_DIRECTORY, job->request->req_id, job->request->tx_id,
                                       path, strlen(path) + 1);
    }
    ask_all(job);
}

void xs_job_start_node(XsJob *job)
{
    const char *path = xs_message_string(job->request, 0);
    XsLink *link;

    if (!xs_job_check_path(job, path))
        return;
    if (path == NULL || path[0] == '@' || (job->request->tx_id != 0 && xs_job_tx(job) == NULL)) {
        xs_job_reply_host(job); /* which finds what is wrong with it */
        return;
    }
    link = xs_server_find_link(job->session->server, path);
    if (link != NULL) {
        job->finish = xs_job_finish_single;
        xs_job_ask(job, link);
    } else if (xs_route(path).kind == XS_ROUTE_SHARED && is_read(job->request->type)) {
        start_shared(job, path);
    } else {
        xs_job_reply_host(job);
    }
}
