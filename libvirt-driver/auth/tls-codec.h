/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection's TLS; tls.c has what all of them share. */
#pragma once

#include <gnutls/gnutls.h>

#include "rpc/codec.h"

G_BEGIN_DECLS

typedef struct {
    int refs; /* atomic */
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    gboolean verify;
    char **allowed_dn;
} TlsContext;

TlsContext *tls_context_ref(TlsContext *context);
void tls_context_unref(TlsContext *context); /* NULL-safe */

/* Takes the reference. */
RpcCodec *tls_codec_new(TlsContext *context);

G_END_DECLS
