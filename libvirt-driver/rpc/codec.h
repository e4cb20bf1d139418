/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lies between a connection's bytes and its packets: TLS, or the layer that some SASL
 * mechanisms bring. A codec works on memory only; the connection reads and writes the socket, and
 * calls it from one thread at a time.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct RpcCodec RpcCodec;

typedef struct {
    /* Bytes from the peer: appends what they say to plain, and what the peer must be sent for it to
     * wire. FALSE: hang up, after wire. */
    gboolean (*decode)(RpcCodec *codec, const guint8 *bytes, gsize len, GByteArray *plain,
                       GByteArray *wire, GError **error);
    /* Bytes for the peer, as they go over the socket. */
    gboolean (*encode)(RpcCodec *codec, const guint8 *bytes, gsize len, GByteArray *wire,
                       GError **error);
    /* Whether the peer is who may talk to us: packets may go both ways. */
    gboolean (*is_ready)(const RpcCodec *codec);
    /* The distinguished name of the peer's certificate; NULL: it has shown none. */
    const char *(*peer_name)(const RpcCodec *codec);
    void (*free)(RpcCodec *codec);
} RpcCodecOps;

struct RpcCodec {
    const RpcCodecOps *ops;
};

static inline void rpc_codec_free(RpcCodec *codec)
{
    if (codec != NULL)
        codec->ops->free(codec);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RpcCodec, rpc_codec_free)

G_END_DECLS
