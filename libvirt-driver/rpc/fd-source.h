/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A GSource for one file descriptor whose events change while it runs. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef void (*FdSourceFunc)(GIOCondition ready, gpointer user_data);

/* Attached to context (NULL: the default one). Does not own fd. func does not iterate the
 * context. */
GSource *fd_source_new(GMainContext *context, int fd, GIOCondition events, FdSourceFunc func,
                       gpointer user_data);
/* Only from the thread that runs the context. */
void fd_source_set_events(GSource *source, GIOCondition events);
/* No call of func begins after this. */
void fd_source_free(GSource *source);

G_END_DECLS
