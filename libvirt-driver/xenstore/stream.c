/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rpc/fd-source.h"

#define CHUNK (16 * 1024)

struct XsStream {
    int fd;
    GMainContext *context;
    GSource *source;
    GSource *idle; /* gives out what was read already, or says that it is over */
    GByteArray *in, *out;
    gsize max_out;
    gboolean paused;
    gboolean broken;
    char *why;
    gboolean dispatching; /* in a callback: free later */
    gboolean freed;
    XsStreamFuncs funcs;
    gpointer user_data;
};

static void stream_ready(GIOCondition ready, gpointer data);
static void schedule(XsStream *s);

static void update_events(XsStream *s)
{
    GIOCondition events = 0;

    if (s->broken)
        return;
    if (!s->paused)
        events |= G_IO_IN;
    if (s->out->len > 0)
        events |= G_IO_OUT;
    fd_source_set_events(s->source, events);
}

/* Ends the traffic; closed() follows from the loop, never from inside a call of ours. */
static void stream_break(XsStream *s, const char *why)
{
    if (s->broken)
        return;
    s->broken = TRUE;
    s->why = g_strdup(why);
    g_clear_pointer(&s->source, fd_source_free);
    schedule(s);
}

XsStream *xs_stream_new(GMainContext *context, int fd, gsize max_out, const XsStreamFuncs *funcs,
                        gpointer user_data)
{
    XsStream *s = g_new0(XsStream, 1);

    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    s->fd = fd;
    s->context = context;
    s->in = g_byte_array_new();
    s->out = g_byte_array_new();
    s->max_out = max_out;
    s->funcs = *funcs;
    s->user_data = user_data;
    s->source = fd_source_new(context, fd, G_IO_IN, stream_ready, s);
    return s;
}

static void stream_destroy(XsStream *s)
{
    g_clear_pointer(&s->source, fd_source_free);
    if (s->idle != NULL)
        fd_source_free(s->idle);
    close(s->fd);
    g_byte_array_unref(s->in);
    g_byte_array_unref(s->out);
    g_free(s->why);
    g_free(s);
}

void xs_stream_free(XsStream *s)
{
    if (s == NULL)
        return;
    s->freed = TRUE;
    if (!s->dispatching)
        stream_destroy(s);
}

static void flush(XsStream *s)
{
    while (!s->broken && s->out->len > 0) {
        gssize n = send(s->fd, s->out->data, s->out->len, MSG_NOSIGNAL);

        if (n > 0) {
            g_byte_array_remove_range(s->out, 0, (guint)n);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            stream_break(s, errno == EPIPE || errno == ECONNRESET ? NULL : g_strerror(errno));
        }
    }
    update_events(s);
}

void xs_stream_send(XsStream *s, const XsMessage *message)
{
    if (s->broken)
        return;
    xs_message_write(message, s->out);
    flush(s);
    if (s->out->len > s->max_out)
        stream_break(s, "it does not read what it is sent");
}

/* Gives out the complete messages that have been read. */
static void deliver(XsStream *s)
{
    s->dispatching = TRUE;
    while (!s->paused && !s->freed && !s->broken) {
        gboolean bad;
        XsMessage *message = xs_message_take(s->in, &bad);

        if (bad)
            stream_break(s, "malformed message");
        if (message == NULL)
            break;
        s->funcs.message(message, s->user_data);
    }
    s->dispatching = FALSE;
    if (s->freed)
        stream_destroy(s);
}

static void receive(XsStream *s)
{
    guint8 chunk[CHUNK];
    gssize n = recv(s->fd, chunk, sizeof(chunk), 0);

    if (n > 0)
        g_byte_array_append(s->in, chunk, (guint)n);
    else if (n == 0 || errno == ECONNRESET)
        stream_break(s, NULL);
    else if (errno != EAGAIN && errno != EINTR)
        stream_break(s, g_strerror(errno));
}

static void stream_ready(GIOCondition ready, gpointer data)
{
    XsStream *s = data;

    if (ready & G_IO_OUT)
        flush(s);
    if (!s->broken && !s->paused && (ready & (G_IO_IN | G_IO_HUP | G_IO_ERR)))
        receive(s);
    else if (!s->broken && (ready & (G_IO_HUP | G_IO_ERR))) /* would be reported for ever */
        stream_break(s, NULL);
    deliver(s);
}

static gboolean run_idle(gpointer data)
{
    XsStream *s = data;

    g_clear_pointer(&s->idle, g_source_unref);
    if (s->broken)
        s->funcs.closed(s->why, s->user_data);
    else
        deliver(s);
    return G_SOURCE_REMOVE;
}

static void schedule(XsStream *s)
{
    if (s->idle != NULL)
        return;
    s->idle = g_idle_source_new();
    g_source_set_priority(s->idle, G_PRIORITY_DEFAULT);
    g_source_set_callback(s->idle, run_idle, s, NULL);
    g_source_attach(s->idle, s->context);
}

void xs_stream_set_paused(XsStream *s, gboolean paused)
{
    if (s->paused == paused)
        return;
    s->paused = paused;
    update_events(s);
    if (!paused && s->in->len > 0 && !s->dispatching)
        schedule(s);
}
