/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SASL authentication of one connection, by Cyrus SASL. Over TLS the mechanism proves who the
 * client is; over plain TCP it must encrypt, too (DIGEST-MD5, GSSAPI), and its layer is the
 * connection's codec afterwards.
 */
#pragma once

#include "config/settings.h"
#include "rpc/client.h"

G_BEGIN_DECLS

typedef struct SaslSession SaslSession;

/* Mechanisms and database of all sessions made from now on; NULL: as Cyrus SASL's own configuration
 * for "kanzend" has them. */
void sasl_configure(const char *mechanisms, const char *database);

/* encrypted: the connection is already. */
SaslSession *sasl_session_new(gboolean encrypted, GError **error);
void sasl_session_free(SaslSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SaslSession, sasl_session_free)

/* "SCRAM-SHA-256,DIGEST-MD5" */
char *sasl_session_mechanisms(SaslSession *session, GError **error);

typedef struct {
    gboolean complete;
    GByteArray *answer; /* NULL: none, which is not the same as an empty one */
} SaslStep;

/* One exchange. mechanism NULL: not the first. data NULL: none. */
gboolean sasl_session_step(SaslSession *session, const char *mechanism, const guint8 *data,
                           gsize len, SaslStep *ret_step, GError **error);
/* After the last: who it is; and the layer it brings, NULL: none. The session must outlive it. */
const char *sasl_session_user(SaslSession *session);
RpcCodec *sasl_session_codec(SaslSession *session);

G_END_DECLS
