/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The disk is read and written by tasks of worker threads, which run only while there is something
 * to do: a client that waits holds no thread, a slow disk none of the loop's. `lock` guards what
 * both sides touch. The stream ends in the loop thread (closed()), which a task finds out the next
 * time it takes the lock.
 */
#include "volume-stream.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "handler-util.h"
#include "rpc/stream.h"

/* What waits to be written: above the first nothing is read from the client until below the
 * second. */
#define QUEUE_FULL (4u << 20)
#define QUEUE_LOW  (1u << 20)
#define ZEROES     (1u << 20)

typedef struct {
    RpcPacket *packet; /* NULL: a hole */
    guint64 len;
} Chunk;

typedef struct {
    int refs; /* atomic: the stream's, a task's, a callback's */
    RpcServer *server;
    PoolRegistry *pools;
    PoolDef *pool;
    char *name;
    int fd;
    gboolean is_block, upload, sparse;
    guint64 at, end; /* the next byte; where to stop */

    GMutex lock;
    RpcStream *stream; /* NULL: over */
    gboolean running;  /* a task is */
    gboolean ended;    /* download: all is sent */
    GQueue chunks;     /* upload: of Chunk */
    gsize queued;
    gboolean held, finishing;
    GError *failed;
} VolumeStream;

static void chunk_free(gpointer data)
{
    Chunk *chunk = data;

    rpc_packet_free(chunk->packet);
    g_free(chunk);
}

static VolumeStream *vs_ref(VolumeStream *vs)
{
    g_atomic_int_inc(&vs->refs);
    return vs;
}

static void vs_unref(VolumeStream *vs)
{
    if (!g_atomic_int_dec_and_test(&vs->refs))
        return;
    close(vs->fd);
    volume_use_end(pool_volume_uses(vs->pools), vs->pool->uuid, vs->name);
    if (vs->upload)
        pool_changed(vs->pools, vs->pool);
    pool_def_unref(vs->pool);
    g_queue_clear_full(&vs->chunks, chunk_free);
    g_clear_error(&vs->failed);
    g_mutex_clear(&vs->lock);
    g_free(vs->name);
    g_free(vs);
}

/* Under lock. */
static void run_task_locked(VolumeStream *vs, RpcTaskFunc func)
{
    if (vs->running || vs->stream == NULL)
        return;
    vs->running = TRUE;
    rpc_server_run(vs->server, func, vs_ref(vs));
}

static void on_closed(gpointer data)
{
    VolumeStream *vs = data;

    g_mutex_lock(&vs->lock);
    vs->stream = NULL;
    g_queue_clear_full(&vs->chunks, chunk_free);
    g_mutex_unlock(&vs->lock);
    vs_unref(vs);
}

/* In the loop thread: gives the stream its end. */
static gboolean end_stream(gpointer data)
{
    VolumeStream *vs = data;

    /* Only this thread clears it. */
    if (vs->stream != NULL)
        rpc_stream_finish(vs->stream, vs->failed);
    vs_unref(vs);
    return G_SOURCE_REMOVE;
}

static void set_failed(VolumeStream *vs, const char *what)
{
    int number = errno;

    g_set_error(&vs->failed, VIR_ERROR, VIR_ERR_SYSTEM_ERROR, "cannot %s volume '%s': %s", what,
                vs->name, g_strerror(number));
}

/* ---- download ---- */

/* The length of the hole at vs->at; 0: data. Sets *ret_data to how much of that follows. */
static guint64 find_hole(const VolumeStream *vs, guint64 *ret_data)
{
    off_t data, hole;

    *ret_data = vs->end - vs->at;
    if (!vs->sparse || vs->is_block)
        return 0;
    data = lseek(vs->fd, (off_t)vs->at, SEEK_DATA);
    if (data < 0)
        return errno == ENXIO ? vs->end - vs->at : 0;
    if ((guint64)data > vs->at)
        return MIN((guint64)data, vs->end) - vs->at;
    hole = lseek(vs->fd, (off_t)vs->at, SEEK_HOLE);
    if (hole >= 0)
        *ret_data = MIN((guint64)hole, vs->end) - vs->at;
    return 0;
}

/* Fills packet with what comes next; FALSE: end or failure. */
static gboolean read_packet(VolumeStream *vs, GByteArray *packet, guint64 max)
{
    guint header = packet->len;
    gsize want = (gsize)MIN(max, RPC_STREAM_DATA_PAGES);
    ssize_t n;

    g_byte_array_set_size(packet, header + (guint)want);
    do
        n = pread(vs->fd, packet->data + header, want, (off_t)vs->at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        set_failed(vs, "read");
    g_byte_array_set_size(packet, header + (guint)MAX(n, 0));
    vs->at += (guint64)MAX(n, 0);
    return n > 0;
}

/* FALSE: there is no more to do now. */
static gboolean send_some(VolumeStream *vs)
{
    GByteArray *packet = NULL;
    guint64 hole = 0, data = 0;
    gboolean more = TRUE;

    g_mutex_lock(&vs->lock);
    if (vs->stream == NULL || rpc_stream_is_full(vs->stream)) {
        vs->running = FALSE;
        g_mutex_unlock(&vs->lock);
        return FALSE;
    }
    packet = rpc_stream_packet_begin(vs->stream);
    g_mutex_unlock(&vs->lock);

    if (vs->at < vs->end)
        hole = find_hole(vs, &data);
    if (hole == 0)
        more = vs->at < vs->end && read_packet(vs, packet, data);

    g_mutex_lock(&vs->lock);
    if (vs->stream != NULL && more && hole == 0)
        rpc_stream_packet_send(vs->stream, g_steal_pointer(&packet));
    else if (vs->stream != NULL && hole > 0)
        rpc_stream_send_hole(vs->stream, hole);
    else if (vs->stream != NULL && vs->failed == NULL)
        rpc_stream_send_eof(vs->stream);
    vs->at += hole;
    if (!more) {
        vs->ended = TRUE;
        vs->running = FALSE;
    }
    g_mutex_unlock(&vs->lock);
    g_clear_pointer(&packet, g_byte_array_unref);
    return more;
}

static void download_task(gpointer data)
{
    VolumeStream *vs = data;

    while (send_some(vs))
        ;
    if (vs->failed != NULL)
        rpc_server_run_in_loop(vs->server, end_stream, vs);
    else
        vs_unref(vs);
}

static void download_on(RpcStream *stream, gpointer data)
{
    VolumeStream *vs = data;

    g_mutex_lock(&vs->lock);
    vs->stream = stream;
    if (!vs->ended)
        run_task_locked(vs, download_task);
    g_mutex_unlock(&vs->lock);
}

static gboolean download_received(RpcStream *stream, gpointer data, const guint8 *bytes, gsize len,
                                  GError **error)
{
    return len == 0 ||
           fail(error, VIR_ERR_OPERATION_INVALID, "this stream carries data to the client only");
}

/* ---- upload ---- */

static gboolean write_bytes(VolumeStream *vs, const guint8 *bytes, guint64 len)
{
    while (len > 0) {
        ssize_t n = pwrite(vs->fd, bytes, len, (off_t)vs->at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FALSE;
        bytes += n;
        vs->at += (guint64)n;
        len -= (guint64)n;
    }
    return TRUE;
}

static gboolean write_zeroes(VolumeStream *vs, guint64 len)
{
    g_autofree guint8 *zeroes = g_malloc0(ZEROES);

    while (len > 0) {
        guint64 n = MIN(len, ZEROES);

        if (!write_bytes(vs, zeroes, n))
            return FALSE;
        len -= n;
    }
    return TRUE;
}

/* What was there must read as zeroes, and a file ends no earlier. */
static gboolean write_hole(VolumeStream *vs, guint64 len)
{
    guint64 range[2] = { vs->at, len };
    guint64 old;
    struct stat st;

    if (vs->is_block) {
        if (ioctl(vs->fd, BLKZEROOUT, range) < 0)
            return write_zeroes(vs, len);
        vs->at += len;
        return TRUE;
    }
    if (fstat(vs->fd, &st) < 0)
        return FALSE;
    old = (guint64)st.st_size;
    if (vs->at < old) {
        guint64 inside = MIN(len, old - vs->at);

        if (fallocate(vs->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)vs->at,
                      (off_t)inside) == 0)
            vs->at += inside;
        else if (!write_zeroes(vs, inside))
            return FALSE;
        len -= inside;
    }
    if (len == 0)
        return TRUE;
    vs->at += len;
    return ftruncate(vs->fd, (off_t)vs->at) == 0;
}

static gboolean release_client(gpointer data)
{
    VolumeStream *vs = data;

    if (vs->stream != NULL && vs->held) {
        vs->held = FALSE;
        rpc_stream_release(vs->stream);
    }
    vs_unref(vs);
    return G_SOURCE_REMOVE;
}

/* The next chunk; NULL: the task has nothing to do any more. *ret_end: the stream is to end. */
static Chunk *next_chunk(VolumeStream *vs, gboolean *ret_end)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&vs->lock);
    Chunk *chunk = vs->failed == NULL ? g_queue_pop_head(&vs->chunks) : NULL;

    if (chunk != NULL) {
        vs->queued -= chunk->packet != NULL ? chunk->len : 0;
        if (vs->held && vs->queued < QUEUE_LOW)
            rpc_server_run_in_loop(vs->server, release_client, vs_ref(vs));
        return chunk;
    }
    vs->running = FALSE;
    *ret_end = vs->stream != NULL && (vs->finishing || vs->failed != NULL);
    return NULL;
}

static void upload_task(gpointer data)
{
    VolumeStream *vs = data;
    gboolean end = FALSE;
    Chunk *chunk;

    while ((chunk = next_chunk(vs, &end)) != NULL) {
        gboolean ok =
            chunk->packet != NULL
                ? write_bytes(vs, chunk->packet->data + chunk->packet->payload, chunk->len)
                : write_hole(vs, chunk->len);

        if (!ok)
            set_failed(vs, "write to");
        chunk_free(chunk);
    }
    if (end)
        rpc_server_run_in_loop(vs->server, end_stream, vs);
    else
        vs_unref(vs);
}

/* Takes packet. */
static gboolean enqueue(VolumeStream *vs, RpcPacket *packet, guint64 len, GError **error)
{
    Chunk *chunk = g_new(Chunk, 1);

    *chunk = (Chunk){ packet, len };
    /* vs->end is less the length of what was taken in. */
    if (len > vs->end) {
        chunk_free(chunk);
        return fail(error, VIR_ERR_INVALID_ARG, "more bytes for volume '%s' than were announced",
                    vs->name);
    }
    vs->end -= len;
    g_mutex_lock(&vs->lock);
    g_queue_push_tail(&vs->chunks, chunk);
    vs->queued += packet != NULL ? len : 0;
    run_task_locked(vs, upload_task);
    if (vs->queued > QUEUE_FULL && !vs->held) {
        vs->held = TRUE;
        rpc_stream_hold(vs->stream);
    }
    g_mutex_unlock(&vs->lock);
    return TRUE;
}

static void upload_opened(RpcStream *stream, gpointer data)
{
    VolumeStream *vs = data;

    g_mutex_lock(&vs->lock);
    vs->stream = stream;
    g_mutex_unlock(&vs->lock);
}

static gboolean upload_received(RpcStream *stream, gpointer data, RpcPacket *packet, GError **error)
{
    return enqueue(data, packet, packet->len - packet->payload, error);
}

static gboolean upload_received_nothing(RpcStream *stream, gpointer data, const guint8 *bytes,
                                        gsize len, GError **error)
{
    return TRUE;
}

static gboolean upload_hole(RpcStream *stream, gpointer data, guint64 len, GError **error)
{
    VolumeStream *vs = data;

    if (!vs->sparse)
        return fail(error, VIR_ERR_OPERATION_INVALID, "this stream was not asked to be sparse");
    return len == 0 || enqueue(vs, NULL, len, error);
}

static void upload_finishing(RpcStream *stream, gpointer data)
{
    VolumeStream *vs = data;

    g_mutex_lock(&vs->lock);
    vs->finishing = TRUE;
    run_task_locked(vs, upload_task);
    g_mutex_unlock(&vs->lock);
}

/* ---- opening ---- */

static const RpcStreamOps download_ops = {
    .opened = download_on,
    .received = download_received,
    .drained = download_on,
    .closed = on_closed,
};

static const RpcStreamOps upload_ops = {
    .opened = upload_opened,
    .received = upload_received_nothing,
    .received_packet = upload_received,
    .received_hole = upload_hole,
    .finishing = upload_finishing,
    .closed = on_closed,
};

static gboolean set_range(VolumeStream *vs, const VolumeTransfer *transfer, GError **error)
{
    off_t size = lseek(vs->fd, 0, SEEK_END);
    struct stat st;

    if (size < 0 || fstat(vs->fd, &st) < 0)
        return fail_errno(error, "get the size of", vs->name);
    vs->is_block = S_ISBLK(st.st_mode);
    if (transfer->offset > G_MAXINT64 || transfer->length > G_MAXINT64 - transfer->offset)
        return fail(error, VIR_ERR_INVALID_ARG, "offset and length are out of range");
    if (transfer->offset > (guint64)size)
        return fail(error, VIR_ERR_INVALID_ARG, "offset is beyond the end of volume '%s'",
                    vs->name);
    vs->at = transfer->offset;
    if (vs->upload) /* how many bytes may come */
        vs->end = transfer->length != 0 ? transfer->length : G_MAXINT64;
    else
        vs->end = transfer->length != 0 ? MIN(transfer->offset + transfer->length, (guint64)size)
                                        : (guint64)size;
    return TRUE;
}

gboolean volume_stream_new(RpcCall *call, PoolRegistry *pools, PoolDef *pool, const Volume *volume,
                           int fd, const VolumeTransfer *transfer, GError **error)
{
    const Kanzend *kanzend = call->app;
    VolumeStream *vs = g_new0(VolumeStream, 1);

    vs->refs = 1;
    vs->server = kanzend->server;
    vs->pools = pools;
    vs->pool = pool_def_ref(pool);
    vs->name = g_strdup(volume->name);
    vs->fd = fd;
    vs->upload = transfer->upload;
    vs->sparse = transfer->sparse;
    g_mutex_init(&vs->lock);
    if (!set_range(vs, transfer, error)) {
        vs_unref(vs);
        return FALSE;
    }
    rpc_stream_new(call, transfer->upload ? &upload_ops : &download_ops, vs);
    return TRUE;
}
