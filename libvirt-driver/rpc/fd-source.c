/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fd-source.h"

typedef struct {
    GSource base;
    gpointer tag;
    GIOCondition events;
    FdSourceFunc func;
    gpointer user_data;
} FdSource;

static gboolean fd_source_dispatch(GSource *base, GSourceFunc unused, gpointer unused_data)
{
    FdSource *source = (FdSource *)base;
    GIOCondition ready = g_source_query_unix_fd(base, source->tag);

    if (ready != 0)
        source->func(ready, source->user_data);
    return G_SOURCE_CONTINUE;
}

/* Without prepare and check GLib looks at the descriptor alone. */
static GSourceFuncs fd_source_funcs = { .dispatch = fd_source_dispatch };

GSource *fd_source_new(GMainContext *context, int fd, GIOCondition events, FdSourceFunc func,
                       gpointer user_data)
{
    GSource *base = g_source_new(&fd_source_funcs, sizeof(FdSource));
    FdSource *source = (FdSource *)base;

    source->func = func;
    source->user_data = user_data;
    source->events = events;
    source->tag = g_source_add_unix_fd(base, fd, events);
    /* Else GLib takes the descriptor out of the context while func runs and puts it back then, and
     * wakes the context each time: four system calls more than the three of a call. */
    g_source_set_can_recurse(base, TRUE);
    g_source_attach(base, context);
    return base;
}

void fd_source_set_events(GSource *base, GIOCondition events)
{
    FdSource *source = (FdSource *)base;

    if (source->events == events)
        return;
    source->events = events;
    g_source_modify_unix_fd(base, source->tag, events);
}

void fd_source_free(GSource *base)
{
    g_source_destroy(base);
    g_source_unref(base);
}
