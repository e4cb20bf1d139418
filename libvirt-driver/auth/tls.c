/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tls.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "handler-util.h"
#include "tls-codec.h"

struct TlsStore {
    GMutex lock;
    TlsContext *context; /* NULL: nothing was loaded yet */
};

/* ---- context ---- */

TlsContext *tls_context_ref(TlsContext *context)
{
    g_atomic_int_inc(&context->refs);
    return context;
}

void tls_context_unref(TlsContext *context)
{
    if (context == NULL || !g_atomic_int_dec_and_test(&context->refs))
        return;
    if (context->credentials != NULL)
        gnutls_certificate_free_credentials(context->credentials);
    if (context->priority != NULL)
        gnutls_priority_deinit(context->priority);
    g_strfreev(context->allowed_dn);
    g_free(context);
}

static gboolean tls_failed(GError **error, const char *what, const char *file, int status)
{
    return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot load the %s '%s': %s", what, file,
                gnutls_strerror(status));
}

/* A wrong date would show as a riddle at the client's end only. */
static gboolean check_dates(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    gnutls_x509_crt_t certificate;
    gnutls_datum_t datum;
    gsize len;
    time_t now = time(NULL), first, last;
    int status;

    if (!g_file_get_contents(file, &text, &len, error))
        return FALSE;
    gnutls_x509_crt_init(&certificate);
    datum = (gnutls_datum_t){ (unsigned char *)text, (unsigned)len };
    status = gnutls_x509_crt_import(certificate, &datum, GNUTLS_X509_FMT_PEM);
    first = gnutls_x509_crt_get_activation_time(certificate);
    last = gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    if (status < 0)
        return tls_failed(error, "certificate", file, status);
    if (now < first || now > last)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "the certificate '%s' %s", file,
                    now < first ? "is not valid yet" : "has expired");
    return TRUE;
}

static gboolean load_files(gnutls_certificate_credentials_t credentials, const Settings *settings,
                           GError **error)
{
    const char *ca = settings->tls_ca, *crl = settings->tls_crl;
    int status;

    if (!check_dates(settings->tls_certificate, error))
        return FALSE;
    status = gnutls_certificate_set_x509_key_file(credentials, settings->tls_certificate,
                                                  settings->tls_key, GNUTLS_X509_FMT_PEM);
    if (status < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR,
                    "cannot load the certificate '%s' with the key '%s': %s",
                    settings->tls_certificate, settings->tls_key, gnutls_strerror(status));
    if (!settings->tls_verify)
        return TRUE;
    status = gnutls_certificate_set_x509_trust_file(credentials, ca, GNUTLS_X509_FMT_PEM);
    if (status < 0)
        return tls_failed(error, "CA certificate", ca, status);
    if (crl == NULL)
        return TRUE;
    status = gnutls_certificate_set_x509_crl_file(credentials, crl, GNUTLS_X509_FMT_PEM);
    return status >= 0 || tls_failed(error, "revocation list", crl, status);
}

static TlsContext *context_new(const Settings *settings, GError **error)
{
    TlsContext *context = g_new0(TlsContext, 1);
    const char *priority = settings->tls_priority != NULL ? settings->tls_priority : "NORMAL";
    const char *where = NULL;
    gboolean ok = FALSE;

    context->refs = 1;
    context->verify = settings->tls_verify;
    context->allowed_dn = g_strdupv(settings->tls_allowed_dn);
    gnutls_certificate_allocate_credentials(&context->credentials);
    gnutls_certificate_set_known_dh_params(context->credentials, GNUTLS_SEC_PARAM_MEDIUM);
    if (settings->tls_allowed_dn != NULL && !settings->tls_verify)
        fail(
            error, VIR_ERR_CONF_SYNTAX,
            "[tls] allowed-dn is of no use with verify-clients = no: anybody can write a name into "
            "a certificate");
    else if (gnutls_priority_init(&context->priority, priority, &where) < 0)
        fail(error, VIR_ERR_CONF_SYNTAX, "[tls] priority: GnuTLS does not know '%s'", where);
    else
        ok = load_files(context->credentials, settings, error);
    if (!ok)
        g_clear_pointer(&context, tls_context_unref);
    return context;
}

/* ---- store ---- */

TlsStore *tls_store_new(void)
{
    TlsStore *store = g_new0(TlsStore, 1);

    g_mutex_init(&store->lock);
    return store;
}

void tls_store_free(TlsStore *store)
{
    if (store == NULL)
        return;
    tls_context_unref(store->context);
    g_mutex_clear(&store->lock);
    g_free(store);
}

gboolean tls_store_load(TlsStore *store, const Settings *settings, GError **error)
{
    TlsContext *context = context_new(settings, error);

    if (context == NULL)
        return FALSE;
    g_mutex_lock(&store->lock);
    tls_context_unref(store->context);
    store->context = context;
    g_mutex_unlock(&store->lock);
    return TRUE;
}

gboolean tls_store_is_loaded(TlsStore *store)
{
    gboolean loaded;

    g_mutex_lock(&store->lock);
    loaded = store->context != NULL;
    g_mutex_unlock(&store->lock);
    return loaded;
}

RpcCodec *tls_store_new_codec(gpointer data, GError **error)
{
    TlsStore *store = data;
    TlsContext *context = NULL;

    g_mutex_lock(&store->lock);
    if (store->context != NULL)
        context = tls_context_ref(store->context);
    g_mutex_unlock(&store->lock);
    if (context != NULL)
        return tls_codec_new(context);
    fail(error, VIR_ERR_SYSTEM_ERROR, "there are no TLS certificates");
    return NULL;
}
