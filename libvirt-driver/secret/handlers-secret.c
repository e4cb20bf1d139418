/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about secrets. A secret's handle: UUID, type of usage, what it is used for. */
#include "handler-util.h"
#include "secret.h"

static const char *call_uuid(const RpcCall *call, char *text)
{
    uuid_to_text(call->args[0].items[0].bytes, text);
    return text;
}

static void put_handle(GByteArray *out, const SecretDef *def)
{
    guint8 uuid[XDR_UUID_LEN];

    uuid_from_text(def->uuid, uuid);
    xdr_put_raw(out, uuid, sizeof uuid);
    xdr_put_i32(out, def->usage);
    xdr_put_string(out, def->usage_id != NULL ? def->usage_id : "");
}

/* ---- finding ---- */

static gboolean put_found(RpcCall *call, const SecretDef *def)
{
    if (def != NULL)
        put_handle(call->ret, def);
    return def != NULL;
}

gboolean on_secret_lookup_by_uuid(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    uuid_to_text(call->args[0].bytes, uuid);
    g_autoptr(SecretDef) def = secret_find_uuid(kanzend->secrets, uuid, error);
    return put_found(call, def);
}

gboolean on_secret_lookup_by_usage(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(SecretDef) def =
        secret_find_usage(kanzend->secrets, call->args[0].i, call->args[1].str, error);

    return put_found(call, def);
}

enum { /* virConnectListAllSecretsFlags */
       LIST_EPHEMERAL = 1 << 0,
       LIST_NO_EPHEMERAL = 1 << 1,
       LIST_PRIVATE = 1 << 2,
       LIST_NO_PRIVATE = 1 << 3,
       LIST_ALL = (1 << 4) - 1,
};

static gboolean matches(const SecretDef *def, guint32 flags)
{
    guint32 ephemeral = def->ephemeral == DOMAIN_YES ? LIST_EPHEMERAL : LIST_NO_EPHEMERAL;
    guint32 private = def->is_private == DOMAIN_YES ? LIST_PRIVATE : LIST_NO_PRIVATE;

    return (!(flags & (LIST_EPHEMERAL | LIST_NO_EPHEMERAL)) || (flags & ephemeral)) &&
           (!(flags & (LIST_PRIVATE | LIST_NO_PRIVATE)) || (flags & private));
}

static GPtrArray *list_matching(RpcCall *call, guint32 flags)
{
    const Kanzend *kanzend = call->app;
    GPtrArray *secrets = secret_list(kanzend->secrets);

    for (guint i = secrets->len; i > 0; i--) {
        if (!matches(secrets->pdata[i - 1], flags))
            g_ptr_array_remove_index(secrets, i - 1);
    }
    return secrets;
}

gboolean on_connect_list_all_secrets(RpcCall *call, GError **error)
{
    gboolean need_results = call->args[0].i != 0;

    if (!check_flags(call, call->args[1].u, LIST_ALL, error))
        return FALSE;
    g_autoptr(GPtrArray) secrets = list_matching(call, call->args[1].u);
    xdr_put_u32(call->ret, need_results ? secrets->len : 0);
    for (guint i = 0; need_results && i < secrets->len; i++)
        put_handle(call->ret, secrets->pdata[i]);
    xdr_put_u32(call->ret, secrets->len);
    return TRUE;
}

gboolean on_connect_num_of_secrets(RpcCall *call, GError **error)
{
    g_autoptr(GPtrArray) secrets = list_matching(call, 0);

    xdr_put_i32(call->ret, (gint32)secrets->len);
    return TRUE;
}

gboolean on_connect_list_secrets(RpcCall *call, GError **error)
{
    g_autoptr(GPtrArray) secrets = list_matching(call, 0);
    guint n = MIN((guint)MAX(call->args[0].i, 0), secrets->len);

    xdr_put_u32(call->ret, n);
    for (guint i = 0; i < n; i++)
        xdr_put_string(call->ret, ((SecretDef *)secrets->pdata[i])->uuid);
    return TRUE;
}

/* ---- one secret ---- */

gboolean on_secret_define_xml(RpcCall *call, GError **error)
{
    enum { DEFINE_VALIDATE = 1 };
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;

    if (!check_flags(call, flags, DEFINE_VALIDATE, error))
        return FALSE;
    g_autoptr(SecretDef) def = secret_def_parse(
        call->args[0].str, flags & DEFINE_VALIDATE ? DOMAIN_XML_PARSE_VALIDATE : 0, error);
    if (def == NULL || !secret_define(kanzend->secrets, def, error))
        return FALSE;
    put_handle(call->ret, def);
    return TRUE;
}

gboolean on_secret_get_xml_desc(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(SecretDef) def = secret_find_uuid(kanzend->secrets, call_uuid(call, uuid), error);
    if (def == NULL)
        return FALSE;
    g_autofree char *xml = secret_def_format(def);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

gboolean on_secret_set_value(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GBytes) value = g_bytes_new(call->args[1].bytes, call->args[1].len);
    char uuid[UUID_TEXT_LEN];

    return check_flags(call, call->args[2].u, 0, error) &&
           secret_set_value(kanzend->secrets, call_uuid(call, uuid), value, error);
}

gboolean on_secret_get_value(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(SecretDef) def = secret_find_uuid(kanzend->secrets, call_uuid(call, uuid), error);
    if (def == NULL)
        return FALSE;
    if (def->is_private == DOMAIN_YES)
        return fail(error, VIR_ERR_INVALID_SECRET, "secret is private");
    g_autoptr(GBytes) value = secret_get_value(kanzend->secrets, uuid, error);
    if (value == NULL)
        return FALSE;
    gsize len;
    const void *bytes = g_bytes_get_data(value, &len);
    xdr_put_opaque(call->ret, bytes, (guint32)len);
    return TRUE;
}

gboolean on_secret_undefine(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    return secret_undefine(kanzend->secrets, call_uuid(call, uuid), error);
}
