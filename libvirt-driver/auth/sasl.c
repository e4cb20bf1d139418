/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sasl.h"

#include <sasl/sasl.h>
#include <string.h>

#include "handler-util.h"

#define APPLICATION "kanzend" /* /etc/sasl2/kanzend.conf */
#define SERVICE                                                                                    \
    "libvirt" /* what clients ask for: the principal libvirt/HOST, the realm's service */

/* libvirt's client wants as much on a connection without TLS: single DES would be 56. */
#define MIN_STRENGTH 56
#define MAX_STRENGTH 100000
/* What TLS is taken to be worth; with it mechanisms need none of their own. */
#define TLS_STRENGTH 256

/* The library has its configuration in the process; the strings are never freed (interned). */
static GMutex config_lock;
static const char *config_mechanisms, *config_database;

struct SaslSession {
    GMutex lock; /* calls of one client may overlap */
    sasl_conn_t *conn;
    gboolean encrypted, begun, complete;
};

/* ---- the library ---- */

/* Options that kanzend.conf sets stand above those of the library's own file. */
static int get_option(void *context, const char *plugin, const char *option, const char **result,
                      unsigned *len)
{
    const char *value = NULL;

    g_mutex_lock(&config_lock);
    if (strcmp(option, "mech_list") == 0)
        value = config_mechanisms;
    else if (config_database != NULL && strcmp(option, "sasldb_path") == 0)
        value = config_database;
    else if (config_database != NULL && strcmp(option, "pwcheck_method") == 0)
        value = "auxprop";
    else if (config_database != NULL && strcmp(option, "auxprop_plugin") == 0)
        value = "sasldb";
    g_mutex_unlock(&config_lock);
    if (value == NULL)
        return SASL_FAIL;
    *result = value;
    if (len != NULL)
        *len = (unsigned)strlen(value);
    return SASL_OK;
}

static int log_line(void *context, int level, const char *message)
{
    if (level <= SASL_LOG_WARN)
        g_message("sasl: %s", message);
    else
        g_debug("sasl: %s", message);
    return SASL_OK;
}

static gboolean init_library(GError **error)
{
    static const sasl_callback_t callbacks[] = {
        { SASL_CB_GETOPT, (int (*)(void))(gpointer)get_option, NULL },
        { SASL_CB_LOG, (int (*)(void))(gpointer)log_line, NULL },
        { SASL_CB_LIST_END, NULL, NULL },
    };
    static gsize once;
    static int status;

    if (g_once_init_enter(&once)) {
        status = sasl_server_init(callbacks, APPLICATION);
        g_once_init_leave(&once, 1);
    }
    return status == SASL_OK || fail(error, VIR_ERR_AUTH_FAILED, "cannot set SASL up: %s",
                                     sasl_errstring(status, NULL, NULL));
}

void sasl_configure(const char *mechanisms, const char *database)
{
    g_mutex_lock(&config_lock);
    config_mechanisms = g_intern_string(mechanisms);
    config_database = g_intern_string(database);
    g_mutex_unlock(&config_lock);
}

/* ---- the session ---- */

static gboolean set_strength(SaslSession *session)
{
    sasl_ssf_t outside = TLS_STRENGTH;
    sasl_security_properties_t wanted = { .maxbufsize = 65536,
                                          .security_flags = SASL_SEC_NOANONYMOUS };

    if (session->encrypted)
        return sasl_setprop(session->conn, SASL_SSF_EXTERNAL, &outside) == SASL_OK &&
               sasl_setprop(session->conn, SASL_SEC_PROPS, &wanted) == SASL_OK;
    wanted.min_ssf = MIN_STRENGTH;
    wanted.max_ssf = MAX_STRENGTH;
    wanted.security_flags |= SASL_SEC_NOPLAINTEXT;
    return sasl_setprop(session->conn, SASL_SEC_PROPS, &wanted) == SASL_OK;
}

SaslSession *sasl_session_new(gboolean encrypted, GError **error)
{
    g_autoptr(SaslSession) session = g_new0(SaslSession, 1);
    int status;

    g_mutex_init(&session->lock);
    session->encrypted = encrypted;
    if (!init_library(error))
        return NULL;
    status =
        sasl_server_new(SERVICE, NULL, NULL, NULL, NULL, NULL, SASL_SUCCESS_DATA, &session->conn);
    if (status != SASL_OK || !set_strength(session)) {
        fail(error, VIR_ERR_AUTH_FAILED, "cannot begin SASL: %s",
             sasl_errstring(status, NULL, NULL));
        return NULL;
    }
    return g_steal_pointer(&session);
}

void sasl_session_free(SaslSession *session)
{
    if (session == NULL)
        return;
    if (session->conn != NULL)
        sasl_dispose(&session->conn);
    g_mutex_clear(&session->lock);
    g_free(session);
}

char *sasl_session_mechanisms(SaslSession *session, GError **error)
{
    const char *list = NULL;
    char *copy = NULL;

    g_mutex_lock(&session->lock);
    if (sasl_listmech(session->conn, NULL, "", ",", "", &list, NULL, NULL) == SASL_OK)
        copy = g_strdup(list);
    g_mutex_unlock(&session->lock);
    if (copy == NULL)
        fail(error, VIR_ERR_AUTH_FAILED, "no SASL mechanism that is set up is good enough for %s",
             session->encrypted ? "this connection" : "a connection without TLS");
    return copy;
}

static gboolean exchange(SaslSession *session, const char *mechanism, const guint8 *data, gsize len,
                         SaslStep *ret_step, GError **error)
{
    const char *out = NULL;
    unsigned out_len = 0;
    int status;

    if (session->complete || (mechanism != NULL) == session->begun)
        return fail(error, VIR_ERR_AUTH_FAILED, "it is not the time for this");
    session->begun = TRUE;
    status = mechanism != NULL ? sasl_server_start(session->conn, mechanism, (const char *)data,
                                                   (unsigned)len, &out, &out_len)
                               : sasl_server_step(session->conn, (const char *)data, (unsigned)len,
                                                  &out, &out_len);
    if (status != SASL_OK && status != SASL_CONTINUE) {
        /* Why is for the log: a stranger is not told which of name and password was wrong. */
        g_message("sasl: authentication failed: %s", sasl_errdetail(session->conn));
        return fail(error, VIR_ERR_AUTH_FAILED, "SASL has not let the client in");
    }
    session->complete = status == SASL_OK;
    ret_step->complete = session->complete;
    ret_step->answer =
        out != NULL ? g_byte_array_append(g_byte_array_new(), (const guint8 *)out, out_len) : NULL;
    return TRUE;
}

gboolean sasl_session_step(SaslSession *session, const char *mechanism, const guint8 *data,
                           gsize len, SaslStep *ret_step, GError **error)
{
    gboolean ok;

    g_mutex_lock(&session->lock);
    ok = exchange(session, mechanism, data, len, ret_step, error);
    g_mutex_unlock(&session->lock);
    return ok;
}

const char *sasl_session_user(SaslSession *session)
{
    const void *user = NULL;

    return sasl_getprop(session->conn, SASL_USERNAME, &user) == SASL_OK ? user : NULL;
}

/* ---- the layer ---- */

typedef struct {
    RpcCodec base;
    sasl_conn_t *conn;
    unsigned max; /* bytes to encode at once */
} SaslCodec;

static gboolean sasl_layer_failed(int status, GError **error)
{
    return fail(error, VIR_ERR_SYSTEM_ERROR, "SASL: %s", sasl_errstring(status, NULL, NULL));
}

static gboolean codec_decode(RpcCodec *base, const guint8 *bytes, gsize len, GByteArray *plain,
                             GByteArray *wire, GError **error)
{
    SaslCodec *codec = (SaslCodec *)base;
    const char *out = NULL;
    unsigned out_len = 0;
    int status = sasl_decode(codec->conn, (const char *)bytes, (unsigned)len, &out, &out_len);

    if (status != SASL_OK)
        return sasl_layer_failed(status, error);
    g_byte_array_append(plain, (const guint8 *)out, out_len);
    return TRUE;
}

static gboolean codec_encode(RpcCodec *base, const guint8 *bytes, gsize len, GByteArray *wire,
                             GError **error)
{
    SaslCodec *codec = (SaslCodec *)base;

    while (len > 0) {
        unsigned n = (unsigned)MIN(len, codec->max), out_len = 0;
        const char *out = NULL;
        int status = sasl_encode(codec->conn, (const char *)bytes, n, &out, &out_len);

        if (status != SASL_OK)
            return sasl_layer_failed(status, error);
        g_byte_array_append(wire, (const guint8 *)out, out_len);
        bytes += n;
        len -= n;
    }
    return TRUE;
}

static gboolean codec_is_ready(const RpcCodec *base)
{
    return TRUE;
}

static const char *codec_peer_name(const RpcCodec *base)
{
    return NULL; /* it is the client's user that SASL knows */
}

static void codec_free(RpcCodec *base)
{
    g_free(base);
}

static const RpcCodecOps codec_ops = {
    .decode = codec_decode,
    .encode = codec_encode,
    .is_ready = codec_is_ready,
    .peer_name = codec_peer_name,
    .free = codec_free,
};

RpcCodec *sasl_session_codec(SaslSession *session)
{
    const void *strength = NULL, *max = NULL;
    SaslCodec *codec;

    if (session->encrypted || sasl_getprop(session->conn, SASL_SSF, &strength) != SASL_OK ||
        *(const sasl_ssf_t *)strength == 0 ||
        sasl_getprop(session->conn, SASL_MAXOUTBUF, &max) != SASL_OK)
        return NULL;
    codec = g_new0(SaslCodec, 1);
    codec->base.ops = &codec_ops;
    codec->conn = session->conn;
    codec->max = MAX(*(const unsigned *)max, 1);
    return &codec->base;
}
