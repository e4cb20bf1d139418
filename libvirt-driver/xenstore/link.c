/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <stdint.h> /* for the next */
#include <xen/io/xs_wire.h>

#include "stream.h"

#define RETRY_MS 250
#define MAX_OUT  (1024 * 1024)

typedef struct {
    guint32 req_id;
    gint64 deadline_us;
    XsLinkReply func;
    gpointer user_data;
} Pending;

struct XsLink {
    int refs;
    GMainContext *context;
    int domid;
    char *uuid;
    char *socket_path;
    XsStream *stream; /* NULL: not connected */
    guint epoch;
    guint32 next_req_id;
    GQueue pending;   /* of Pending, oldest first */
    GSource *timer;   /* connects again, or looks at the oldest request */
    gboolean paused;  /* the domain is: it will not answer */
    gboolean stalled; /* it did not answer in time; until it says something */
    gboolean closed;
    XsLinkFuncs funcs;
    gpointer user_data;
};

static void set_timer(XsLink *link, guint ms);

static void clear_timer(XsLink *link)
{
    if (link->timer == NULL)
        return;
    g_source_destroy(link->timer);
    g_clear_pointer(&link->timer, g_source_unref);
}

/* Ends the requests there are now; what their callbacks ask anew is another matter. */
static void fail_pending(XsLink *link)
{
    GQueue failed = link->pending;
    Pending *p;

    g_queue_init(&link->pending);
    while ((p = g_queue_pop_head(&failed)) != NULL) {
        p->func(NULL, p->user_data);
        g_free(p);
    }
}

static void got_reply(XsLink *link, const XsMessage *message)
{
    for (GList *l = link->pending.head; l != NULL; l = l->next) {
        Pending *p = l->data;

        if (p->req_id != message->req_id)
            continue;
        g_queue_delete_link(&link->pending, l);
        p->func(message, p->user_data);
        g_free(p);
        return;
    }
}

static void got_message(XsMessage *taken, gpointer data)
{
    g_autoptr(XsMessage) message = taken;
    XsLink *link = xs_link_ref(data);

    link->stalled = FALSE;
    if (message->type == XS_WATCH_EVENT) {
        const char *path = xs_message_string(message, XS_WATCH_PATH);
        const char *token = xs_message_string(message, XS_WATCH_TOKEN);

        if (path != NULL && token != NULL)
            link->funcs.event(link, path, token, link->user_data);
    } else {
        got_reply(link, message); /* one that comes too late has no Pending any more */
    }
    xs_link_unref(link);
}

static void lost_stream(const char *why, gpointer data)
{
    XsLink *link = xs_link_ref(data);

    if (why != NULL)
        g_warning("xenstored: domain %d: %s", link->domid, why);
    g_clear_pointer(&link->stream, xs_stream_free);
    fail_pending(link);
    if (!link->closed)
        link->funcs.down(link, link->user_data);
    if (!link->closed)
        set_timer(link, RETRY_MS);
    xs_link_unref(link);
}

static const XsStreamFuncs stream_funcs = { got_message, lost_stream };

static int connect_socket(const char *path)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    int fd;

    if (strlen(path) >= sizeof(addr.sun_path))
        return -1;
    strcpy(addr.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void link_connect(XsLink *link)
{
    int fd = connect_socket(link->socket_path);

    if (fd < 0) {
        set_timer(link, RETRY_MS);
        return;
    }
    link->stalled = FALSE;
    link->epoch++;
    link->stream = xs_stream_new(link->context, fd, MAX_OUT, &stream_funcs, link);
    link->funcs.up(link, link->user_data);
}

/* After a request has timed out the others will: the domain does not run. */
static gboolean run_timer(gpointer data)
{
    XsLink *link = xs_link_ref(data);
    const Pending *oldest = g_queue_peek_head(&link->pending);
    gint64 left_us;

    g_clear_pointer(&link->timer, g_source_unref);
    if (link->stream == NULL) {
        link_connect(link);
    } else if (oldest != NULL) {
        left_us = oldest->deadline_us - g_get_monotonic_time();
        if (left_us > 0) {
            set_timer(link, (guint)(left_us / 1000) + 1);
        } else {
            link->stalled = TRUE;
            fail_pending(link);
        }
    }
    xs_link_unref(link);
    return G_SOURCE_REMOVE;
}

static void set_timer(XsLink *link, guint ms)
{
    if (link->timer != NULL || link->closed)
        return;
    link->timer = g_timeout_source_new(ms);
    g_source_set_callback(link->timer, run_timer, link, NULL);
    g_source_attach(link->timer, link->context);
}

XsLink *xs_link_new(GMainContext *context, int domid, const char *uuid, const char *socket_path,
                    const XsLinkFuncs *funcs, gpointer user_data)
{
    XsLink *link = g_new0(XsLink, 1);

    link->refs = 1;
    link->context = context;
    link->domid = domid;
    link->uuid = g_strdup(uuid);
    link->socket_path = g_strdup(socket_path);
    link->funcs = *funcs;
    link->user_data = user_data;
    g_queue_init(&link->pending);
    set_timer(link, 0);
    return link;
}

XsLink *xs_link_ref(XsLink *link)
{
    link->refs++;
    return link;
}

void xs_link_unref(XsLink *link)
{
    if (--link->refs > 0)
        return;
    g_assert(link->closed);
    g_free(link->uuid);
    g_free(link->socket_path);
    g_free(link);
}

void xs_link_close(XsLink *link)
{
    link->closed = TRUE;
    clear_timer(link);
    g_clear_pointer(&link->stream, xs_stream_free);
    fail_pending(link);
}

int xs_link_domid(const XsLink *link)
{
    return link->domid;
}

const char *xs_link_uuid(const XsLink *link)
{
    return link->uuid;
}

guint xs_link_epoch(const XsLink *link)
{
    return link->epoch;
}

void xs_link_set_paused(XsLink *link, gboolean paused)
{
    link->paused = paused;
    if (!paused)
        link->stalled = FALSE;
}

gboolean xs_link_answers(const XsLink *link)
{
    return link->stream != NULL && !link->paused && !link->stalled;
}

static void send_request(XsLink *link, guint32 type, guint32 tx_id, const void *payload, gsize len)
{
    g_autoptr(XsMessage) message = xs_message_new(type, ++link->next_req_id, tx_id, payload, len);

    xs_stream_send(link->stream, message);
}

void xs_link_post(XsLink *link, guint32 type, guint32 tx_id, const void *payload, gsize len)
{
    if (link->stream != NULL)
        send_request(link, type, tx_id, payload, len);
}

void xs_link_request(XsLink *link, guint32 type, guint32 tx_id, const void *payload, gsize len,
                     XsLinkReply func, gpointer user_data)
{
    Pending *p;

    if (!xs_link_answers(link)) {
        func(NULL, user_data);
        return;
    }
    send_request(link, type, tx_id, payload, len);
    p = g_new0(Pending, 1);
    p->req_id = link->next_req_id;
    p->deadline_us = g_get_monotonic_time() + XS_LINK_TIMEOUT_MS * 1000;
    p->func = func;
    p->user_data = user_data;
    g_queue_push_tail(&link->pending, p);
    set_timer(link, XS_LINK_TIMEOUT_MS);
}
