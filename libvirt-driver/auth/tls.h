/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TLS for connections, by GnuTLS. It is asked directly and not through GIO because a connection's
 * replies are sent by whichever thread has them: the codec (rpc/codec.h) encrypts in memory, under
 * the connection's lock, and no stream object has to be shared.
 */
#pragma once

#include "config/settings.h"

G_BEGIN_DECLS

/* The certificates and rules that new connections are met with. */
typedef struct TlsStore TlsStore;

TlsStore *tls_store_new(void);
void tls_store_free(TlsStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TlsStore, tls_store_free)

/* Reads the files that [tls] names. Connections that are there keep what they began with; after an
 * error new ones get what they got before. Any thread. */
gboolean tls_store_load(TlsStore *store, const Settings *settings, GError **error);
/* Whether anything was loaded. */
gboolean tls_store_is_loaded(TlsStore *store);

/* For RpcService: data is the store. */
RpcCodec *tls_store_new_codec(gpointer store, GError **error);

G_END_DECLS
