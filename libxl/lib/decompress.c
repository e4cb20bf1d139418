/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "decompress.h"

#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "file.h"

#define CHUNK (256 * 1024)

/* xz of a kernel asks for a dictionary of up to 128 MiB (Linux scripts/xz_wrap.sh). */
#define LZMA_MEMORY_LIMIT (G_GUINT64_CONSTANT(512) << 20)

/* The legacy frame's block size, LZ4 Frame Format "Legacy frame". */
#define LZ4_LEGACY_BLOCK (8 << 20)

typedef struct {
    int fd;
    guint64 size, limit;
} Output;

struct KxlCompression {
    const char *name;
    const char *magic;
    gsize magic_len;
    gboolean (*run)(const guint8 *data, gsize len, Output *out, GError **error);
};

static gboolean output_write(Output *out, const void *data, gsize len, GError **error)
{
    if (len > out->limit - out->size) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "unpacks to more than %" G_GUINT64_FORMAT " bytes", out->limit);
        return FALSE;
    }
    out->size += len;
    return kxl_fd_write_all(out->fd, data, len, error);
}

static gboolean broken(GError **error, const char *why)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "compressed data is damaged or truncated: %s",
                why);
    return FALSE;
}

static gboolean run_gzip(const guint8 *data, gsize len, Output *out, GError **error)
{
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    z_stream z = { .next_in = (guint8 *)data, .avail_in = (uInt)MIN(len, G_MAXUINT) };
    gboolean ok = TRUE;
    int ret = Z_OK;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) /* zlib.h: 16 asks for a gzip header */
        return broken(error, "zlib");
    while (ok && ret == Z_OK) {
        z.next_out = chunk;
        z.avail_out = CHUNK;
        ret = inflate(&z, Z_NO_FLUSH);
        if (ret != Z_OK && ret != Z_STREAM_END)
            ok = broken(error, z.msg ? z.msg : "gzip stream ends early");
        else
            ok = output_write(out, chunk, CHUNK - z.avail_out, error);
    }
    inflateEnd(&z);
    return ok;
}

static gboolean run_lzma_stream(lzma_stream *s, lzma_ret ret, const guint8 *data, gsize len,
                                Output *out, GError **error)
{
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    gboolean ok = ret == LZMA_OK || broken(error, "liblzma");

    s->next_in = data;
    s->avail_in = len;
    while (ok && ret == LZMA_OK) {
        s->next_out = chunk;
        s->avail_out = CHUNK;
        ret = lzma_code(s, LZMA_RUN);
        if (ret != LZMA_OK && ret != LZMA_STREAM_END)
            ok = broken(error, ret == LZMA_BUF_ERROR ? "lzma stream ends early" : "lzma stream");
        else
            ok = output_write(out, chunk, CHUNK - s->avail_out, error);
    }
    lzma_end(s);
    return ok;
}

static gboolean run_xz(const guint8 *data, gsize len, Output *out, GError **error)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_ret ret = lzma_stream_decoder(&s, LZMA_MEMORY_LIMIT, 0);

    return run_lzma_stream(&s, ret, data, len, out, error);
}

static gboolean run_lzma(const guint8 *data, gsize len, Output *out, GError **error)
{
    lzma_stream s = LZMA_STREAM_INIT;
    lzma_ret ret = lzma_alone_decoder(&s, LZMA_MEMORY_LIMIT);

    return run_lzma_stream(&s, ret, data, len, out, error);
}

static guint32 get_le32(const guint8 *p)
{
    return p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

/* Legacy framing: a magic, then blocks led by their compressed size until the data ends. Linux'
 * build appends the unpacked size, so four last bytes are no block. */
static gboolean run_lz4(const guint8 *data, gsize len, Output *out, GError **error)
{
    g_autofree char *block = g_malloc(LZ4_LEGACY_BLOCK);
    gsize at = 4;

    while (len - at > 4) {
        guint32 size = get_le32(data + at);
        int n;

        at += 4;
        if (size > len - at || size > (guint32)LZ4_COMPRESSBOUND(LZ4_LEGACY_BLOCK))
            return broken(error, "lz4 block ends early");
        n = LZ4_decompress_safe((const char *)data + at, block, (int)size, LZ4_LEGACY_BLOCK);
        if (n < 0)
            return broken(error, "lz4 block");
        if (!output_write(out, block, (gsize)n, error))
            return FALSE;
        at += size;
        if (n < LZ4_LEGACY_BLOCK) /* only the last block may be short */
            return TRUE;
    }
    return out->size > 0 || broken(error, "lz4 stream is empty");
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ZSTD_DCtx, ZSTD_freeDCtx)

static gboolean run_zstd(const guint8 *data, gsize len, Output *out, GError **error)
{
    g_autoptr(ZSTD_DCtx) z = ZSTD_createDCtx();
    g_autofree guint8 *chunk = g_malloc(CHUNK);
    ZSTD_inBuffer in = { data, len, 0 };
    size_t ret = 1;

    /* Linux' build uses zstd -22 --ultra: a window of 128 MiB. */
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 27);
    while (ret != 0) {
        ZSTD_outBuffer o = { chunk, CHUNK, 0 };
        gsize before = in.pos;

        ret = ZSTD_decompressStream(z, &o, &in);
        if (ZSTD_isError(ret))
            return broken(error, ZSTD_getErrorName(ret));
        if (!output_write(out, chunk, o.pos, error))
            return FALSE;
        if (ret != 0 && o.pos == 0 && in.pos == before)
            return broken(error, "zstd stream ends early");
    }
    return TRUE;
}

static gboolean run_unsupported(const guint8 *data, gsize len, Output *out, GError **error)
{
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                        "this compression is not supported");
    return FALSE;
}

#define MAGIC(text) text, sizeof(text) - 1
static const KxlCompression compressions[] = {
    { "gzip", MAGIC("\x1f\x8b"), run_gzip },
    { "xz",
      MAGIC("\xfd"
            "7zXZ\0"),
      run_xz },
    { "lzma", MAGIC("\x5d\0\0"), run_lzma },
    { "lz4", MAGIC("\x02\x21\x4c\x18"), run_lz4 },
    { "zstd", MAGIC("\x28\xb5\x2f\xfd"), run_zstd },
    { "bzip2", MAGIC("BZh"), run_unsupported },
    { "lzo", MAGIC("\x89LZO"), run_unsupported },
};

const KxlCompression *kxl_compression_detect(const guint8 *data, gsize len)
{
    for (guint i = 0; i < G_N_ELEMENTS(compressions); i++)
        if (len >= compressions[i].magic_len &&
            memcmp(data, compressions[i].magic, compressions[i].magic_len) == 0)
            return &compressions[i];
    return NULL;
}

const char *kxl_compression_name(const KxlCompression *compression)
{
    return compression->name;
}

gboolean kxl_decompress(const KxlCompression *compression, const guint8 *data, gsize len, int fd,
                        guint64 limit, guint64 *ret_size, GError **error)
{
    Output out = { .fd = fd, .limit = limit };

    if (!compression->run(data, len, &out, error)) {
        g_prefix_error(error, "%s: ", compression->name);
        return FALSE;
    }
    *ret_size = out.size;
    return TRUE;
}
