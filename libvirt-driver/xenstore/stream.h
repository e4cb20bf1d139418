/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket that carries xenstore messages both ways, without ever blocking. */
#pragma once

#include "message.h"

G_BEGIN_DECLS

typedef struct XsStream XsStream;

typedef struct {
    /* The stream may be freed in either. */
    void (*message)(XsMessage *message, gpointer user_data); /* takes message */
    /* The last call; why NULL: an orderly end. */
    void (*closed)(const char *why, gpointer user_data);
} XsStreamFuncs;

/* Takes fd over. max_out: bytes that may wait to be sent; the stream is closed when the peer lets
 * more pile up. */
XsStream *xs_stream_new(GMainContext *context, int fd, gsize max_out, const XsStreamFuncs *funcs,
                        gpointer user_data);
void xs_stream_free(XsStream *stream);

void xs_stream_send(XsStream *stream, const XsMessage *message);
/* While paused no message is given out and nothing is read. */
void xs_stream_set_paused(XsStream *stream, gboolean paused);

G_END_DECLS
