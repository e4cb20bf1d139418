/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A stream that carries a file to the client, as fast as the client takes it. */
#include "file-stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "handler-util.h"

#define CHUNK 65536u

typedef struct {
    int fd;
    gboolean ended;
} FileStream;

static void pump(RpcStream *stream, gpointer data)
{
    FileStream *file = data;
    guint8 chunk[CHUNK];
    ssize_t n;

    while (!file->ended && !rpc_stream_is_full(stream)) {
        n = read(file->fd, chunk, sizeof chunk);
        if (n > 0) {
            rpc_stream_send(stream, chunk, (gsize)n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            file->ended = TRUE;
            if (n < 0)
                g_warning("stream: cannot read on: %s", g_strerror(errno));
            rpc_stream_send_eof(stream);
        }
    }
}

static gboolean refuse(RpcStream *stream, gpointer data, const guint8 *bytes, gsize len,
                       GError **error)
{
    return len == 0 ||
           fail(error, VIR_ERR_OPERATION_INVALID, "this stream carries data to the client only");
}

static void closed(gpointer data)
{
    FileStream *file = data;

    close(file->fd);
    g_free(file);
}

static const RpcStreamOps ops = {
    .opened = pump,
    .received = refuse,
    .drained = pump,
    .closed = closed,
};

void file_stream_new(RpcCall *call, int fd)
{
    FileStream *file = g_new0(FileStream, 1);

    file->fd = fd;
    rpc_stream_new(call, &ops, file);
}
