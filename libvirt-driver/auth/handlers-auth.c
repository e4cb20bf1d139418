/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client does before it may do anything else: AUTH_*. */
#include "auth.h"
#include "handler-util.h"
#include "polkit.h"
#include "sasl.h"

/* A client that has nothing to prove, or has proved it, is told that there is nothing to do; so is
 * root, whom polkit would not stop. */
gboolean on_auth_list(RpcCall *call, GError **error)
{
    g_auto(RpcClientInfo) info = { 0 };
    RpcAuth auth = rpc_client_auth(call->client);

    rpc_client_get_info(call->client, &info);
    if (auth == RPC_AUTH_POLKIT && info.uid == 0)
        rpc_client_set_authenticated(call->client, NULL);
    xdr_put_u32(call->ret, 1);
    xdr_put_i32(call->ret,
                (gint32)(rpc_client_is_authenticated(call->client) ? RPC_AUTH_NONE : auth));
    return TRUE;
}

static gboolean check_method(RpcCall *call, RpcAuth method, GError **error)
{
    if (rpc_client_auth(call->client) == method && !rpc_client_is_authenticated(call->client))
        return TRUE;
    return fail(error, VIR_ERR_AUTH_FAILED, "client tried an authentication it was not asked for");
}

/* ---- polkit ---- */

gboolean on_auth_polkit(RpcCall *call, GError **error)
{
    g_auto(RpcClientInfo) info = { 0 };

    if (!check_method(call, RPC_AUTH_POLKIT, error))
        return FALSE;
    rpc_client_get_info(call->client, &info);
    if (!polkit_check(info.pid, info.uid, info.readonly ? POLKIT_MONITOR : POLKIT_MANAGE, error)) {
        g_message("auth: %s: %s", rpc_client_name(call->client), (*error)->message);
        return FALSE;
    }
    g_message("auth: polkit has let %s in", rpc_client_name(call->client));
    rpc_client_set_authenticated(call->client, NULL);
    xdr_put_i32(call->ret, TRUE);
    return TRUE;
}

/* ---- SASL ---- */

static void free_session(gpointer session)
{
    sasl_session_free(session);
}

static SaslSession *get_session(RpcCall *call, GError **error)
{
    SaslSession *session = NULL;

    if (check_method(call, RPC_AUTH_SASL, error)) {
        session = rpc_client_auth_state(call->client);
        if (session == NULL)
            fail(error, VIR_ERR_AUTH_FAILED, "client has not asked for the mechanisms");
    }
    return session;
}

gboolean on_auth_sasl_init(RpcCall *call, GError **error)
{
    g_autofree char *mechanisms = NULL;
    SaslSession *session;

    if (!check_method(call, RPC_AUTH_SASL, error))
        return FALSE;
    session = sasl_session_new(rpc_client_transport(call->client) == RPC_TRANSPORT_TLS, error);
    if (session == NULL)
        return FALSE;
    if (!rpc_client_set_auth_state(call->client, session, free_session)) {
        sasl_session_free(session);
        return fail(error, VIR_ERR_AUTH_FAILED, "client has begun an authentication before");
    }
    mechanisms = sasl_session_mechanisms(session, error);
    if (mechanisms == NULL)
        return FALSE;
    xdr_put_string(call->ret, mechanisms);
    return TRUE;
}

/* SASL data is an array of chars, each in a word of its own. */
static guint8 *take_data(const XdrValue *data, gboolean is_nil)
{
    guint8 *bytes = is_nil ? NULL : g_malloc0((gsize)data->len + 1);

    for (guint i = 0; !is_nil && i < data->len; i++)
        bytes[i] = (guint8)data->items[i].u;
    return bytes;
}

static void put_step(GByteArray *ret, const SaslStep *step)
{
    guint len = step->answer != NULL ? step->answer->len : 0;

    xdr_put_i32(ret, step->complete);
    xdr_put_i32(ret, step->answer == NULL);
    xdr_put_u32(ret, len);
    for (guint i = 0; i < len; i++)
        xdr_put_i32(ret, (gint8)step->answer->data[i]);
}

/* Whom SASL knows is still to be allowed here. */
static gboolean let_in(RpcCall *call, SaslSession *session, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *user = sasl_session_user(session);

    if (user == NULL || !auth_allows_user(kanzend->auth, user)) {
        g_message("auth: %s: '%s' is not in the list of allowed users",
                  rpc_client_name(call->client), user != NULL ? user : "");
        return fail(error, VIR_ERR_AUTH_FAILED, "SASL has not let the client in");
    }
    g_message("auth: SASL has let %s in as '%s'", rpc_client_name(call->client), user);
    call->next_codec = sasl_session_codec(session);
    rpc_client_set_authenticated(call->client, user);
    return TRUE;
}

static gboolean exchange(RpcCall *call, const char *mechanism, const XdrValue *is_nil,
                         const XdrValue *data, GError **error)
{
    SaslSession *session = get_session(call, error);
    g_autofree guint8 *bytes = take_data(data, is_nil->i != 0);
    SaslStep step = { 0 };
    gboolean ok = session != NULL &&
                  sasl_session_step(session, mechanism, bytes, data->len, &step, error) &&
                  (!step.complete || let_in(call, session, error));

    if (ok)
        put_step(call->ret, &step);
    else
        call->closes = TRUE; /* one attempt a connection */
    g_clear_pointer(&step.answer, g_byte_array_unref);
    return ok;
}

gboolean on_auth_sasl_start(RpcCall *call, GError **error)
{
    return exchange(call, call->args[0].str, &call->args[1], &call->args[2], error);
}

gboolean on_auth_sasl_step(RpcCall *call, GError **error)
{
    return exchange(call, NULL, &call->args[0], &call->args[1], error);
}
