/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls-codec.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <string.h>

#include "handler-util.h"
#include "match.h"

/* After the handshake libvirt's server says in one byte whether the client may come in. */
static const guint8 let_in = 1, turned_away = 0;

typedef struct {
    RpcCodec base;
    TlsContext *context;
    gnutls_session_t session;
    gboolean shaken, ready;
    char *peer;

    /* During a call only. */
    const guint8 *in;
    gsize in_len;
    GByteArray *wire;
} TlsCodec;

/* ---- GnuTLS's socket ---- */

static ssize_t pull(gnutls_transport_ptr_t data, void *where, size_t max)
{
    TlsCodec *codec = data;
    gsize n = MIN(max, codec->in_len);

    if (n == 0) {
        gnutls_transport_set_errno(codec->session, EAGAIN);
        return -1;
    }
    memcpy(where, codec->in, n);
    codec->in += n;
    codec->in_len -= n;
    return (ssize_t)n;
}

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t len)
{
    TlsCodec *codec = data;

    g_byte_array_append(codec->wire, bytes, (guint)len);
    return (ssize_t)len;
}

/* ---- who the peer is ---- */

static char *peer_dn(gnutls_session_t session)
{
    unsigned int n = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    gnutls_datum_t text = { 0 };
    gnutls_x509_crt_t certificate;
    char *dn = NULL;

    if (n == 0)
        return NULL;
    gnutls_x509_crt_init(&certificate);
    if (gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) == 0 &&
        gnutls_x509_crt_get_dn3(certificate, &text, 0) == 0)
        dn = g_strndup((const char *)text.data, text.size);
    gnutls_free(text.data);
    gnutls_x509_crt_deinit(certificate);
    return dn;
}

/* It shows a certificate, of our CA, for clients, in time, not revoked. */
static gboolean check_certificate(TlsCodec *codec, GError **error)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (unsigned char *)GNUTLS_KP_TLS_WWW_CLIENT };
    gnutls_datum_t why = { 0 };
    unsigned int status = 0;
    int result = gnutls_certificate_verify_peers(codec->session, &purpose, 1, &status);

    if (result == GNUTLS_E_NO_CERTIFICATE_FOUND)
        return fail(error, VIR_ERR_AUTH_FAILED, "it shows no certificate");
    if (result < 0)
        return fail(error, VIR_ERR_AUTH_FAILED, "its certificate cannot be checked: %s",
                    gnutls_strerror(result));
    if (status == 0)
        return TRUE;
    gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &why, 0);
    fail(error, VIR_ERR_AUTH_FAILED, "its certificate: %s",
         why.data != NULL ? (const char *)why.data : "not trusted");
    gnutls_free(why.data);
    return FALSE;
}

static gboolean check_peer(TlsCodec *codec, GError **error)
{
    const TlsContext *context = codec->context;

    if (!context->verify)
        return TRUE;
    if (!check_certificate(codec, error))
        return FALSE;
    codec->peer = peer_dn(codec->session);
    if (codec->peer == NULL)
        return fail(error, VIR_ERR_AUTH_FAILED, "its certificate has no name");
    if (context->allowed_dn != NULL && !match_dn(context->allowed_dn, codec->peer))
        return fail(error, VIR_ERR_AUTH_FAILED, "the name of its certificate, '%s', is not allowed",
                    codec->peer);
    return TRUE;
}

/* ---- the codec ---- */

static gboolean send_all(TlsCodec *codec, const guint8 *bytes, gsize len, GError **error)
{
    while (len > 0) {
        ssize_t n = gnutls_record_send(codec->session, bytes, len);

        if (n < 0)
            return fail(error, VIR_ERR_SYSTEM_ERROR, "TLS: %s", gnutls_strerror((int)n));
        bytes += n;
        len -= (gsize)n;
    }
    return TRUE;
}

static gboolean shake_hands(TlsCodec *codec, GError **error)
{
    int status;

    do {
        status = gnutls_handshake(codec->session);
    } while (status == GNUTLS_E_INTERRUPTED || status == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (status == GNUTLS_E_AGAIN)
        return TRUE;
    if (status < 0) {
        gnutls_alert_send_appropriate(codec->session, status);
        return fail(error, VIR_ERR_AUTH_FAILED, "TLS handshake: %s", gnutls_strerror(status));
    }
    codec->shaken = TRUE;
    codec->ready = check_peer(codec, error);
    if (codec->ready)
        return send_all(codec, &let_in, 1, error);
    send_all(codec, &turned_away, 1, NULL);
    return FALSE;
}

static gboolean receive_all(TlsCodec *codec, GByteArray *plain, GError **error)
{
    guint8 bytes[16384]; /* a record's most, RFC 8446 5.1 */

    while (TRUE) {
        ssize_t n = gnutls_record_recv(codec->session, bytes, sizeof bytes);

        if (n == 0 || n == GNUTLS_E_AGAIN) /* 0: it has said goodbye and will hang up */
            return TRUE;
        if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_WARNING_ALERT_RECEIVED)
            continue;
        if (n < 0)
            return fail(error, VIR_ERR_SYSTEM_ERROR, "TLS: %s", gnutls_strerror((int)n));
        g_byte_array_append(plain, bytes, (guint)n);
    }
}

static gboolean tls_decode(RpcCodec *base, const guint8 *bytes, gsize len, GByteArray *plain,
                           GByteArray *wire, GError **error)
{
    TlsCodec *codec = (TlsCodec *)base;
    gboolean ok = TRUE;

    codec->in = bytes;
    codec->in_len = len;
    codec->wire = wire;
    if (!codec->shaken)
        ok = shake_hands(codec, error);
    if (ok && codec->ready)
        ok = receive_all(codec, plain, error);
    codec->in_len = 0;
    codec->wire = NULL;
    return ok;
}

static gboolean tls_encode(RpcCodec *base, const guint8 *bytes, gsize len, GByteArray *wire,
                           GError **error)
{
    TlsCodec *codec = (TlsCodec *)base;
    gboolean ok;

    if (!codec->ready)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "TLS: there is no session yet");
    codec->wire = wire;
    ok = send_all(codec, bytes, len, error);
    codec->wire = NULL;
    return ok;
}

static gboolean tls_is_ready(const RpcCodec *base)
{
    return ((const TlsCodec *)base)->ready;
}

static const char *tls_peer_name(const RpcCodec *base)
{
    return ((const TlsCodec *)base)->peer;
}

static void tls_free(RpcCodec *base)
{
    TlsCodec *codec = (TlsCodec *)base;

    gnutls_deinit(codec->session);
    tls_context_unref(codec->context);
    g_free(codec->peer);
    g_free(codec);
}

static const RpcCodecOps tls_ops = {
    .decode = tls_decode,
    .encode = tls_encode,
    .is_ready = tls_is_ready,
    .peer_name = tls_peer_name,
    .free = tls_free,
};

RpcCodec *tls_codec_new(TlsContext *context)
{
    TlsCodec *codec = g_new0(TlsCodec, 1);

    codec->base.ops = &tls_ops;
    codec->context = context;
    gnutls_init(&codec->session, GNUTLS_SERVER | GNUTLS_NONBLOCK);
    gnutls_priority_set(codec->session, context->priority);
    gnutls_credentials_set(codec->session, GNUTLS_CRD_CERTIFICATE, context->credentials);
    /* One who shows none is told so by our byte, not by an alert. */
    gnutls_certificate_server_set_request(codec->session, context->verify ? GNUTLS_CERT_REQUEST
                                                                          : GNUTLS_CERT_IGNORE);
    gnutls_transport_set_ptr(codec->session, codec);
    gnutls_transport_set_pull_function(codec->session, pull);
    gnutls_transport_set_push_function(codec->session, push);
    gnutls_handshake_set_timeout(codec->session,
                                 GNUTLS_INDEFINITE_TIMEOUT); /* the server has one */
    return &codec->base;
}
