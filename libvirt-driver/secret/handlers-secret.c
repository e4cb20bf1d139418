/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about secrets. A secret's handle: UUID, type of usage, what it is used for. */
#include "handler-util.h"
#include "listing.h"
#include "secret.h"

static const char *secret_uuid(const RpcCall *call, char *text)
{
    uuid_to_text(call->args[0].items[0].bytes, text);
    return text;
}

static void put_handle(GByteArray *out, const SecretDef *def)
{
    put_uuid(out, def->uuid);
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
};

static GPtrArray *list_all(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return secret_list(kanzend->secrets);
}

static guint32 flags_of(gconstpointer item)
{
    const SecretDef *def = item;

    return (def->ephemeral == DOMAIN_YES ? LIST_EPHEMERAL : LIST_NO_EPHEMERAL) |
           (def->is_private == DOMAIN_YES ? LIST_PRIVATE : LIST_NO_PRIVATE);
}

static const char *uuid_of(gconstpointer item)
{
    return ((const SecretDef *)item)->uuid;
}

static void put_listed(RpcCall *call, gconstpointer item)
{
    put_handle(call->ret, item);
}

static const ListKind secrets_listed = {
    .all = list_all,
    .flags_of = flags_of,
    .name_of = uuid_of,
    .put_handle = put_listed,
    .groups = { LIST_EPHEMERAL | LIST_NO_EPHEMERAL, LIST_PRIVATE | LIST_NO_PRIVATE },
};

gboolean on_connect_list_all_secrets(RpcCall *call, GError **error)
{
    return list_put_all(call, &secrets_listed, error);
}

gboolean on_connect_num_of_secrets(RpcCall *call, GError **error)
{
    return list_put_number(call, &secrets_listed, 0);
}

gboolean on_connect_list_secrets(RpcCall *call, GError **error)
{
    return list_put_names(call, &secrets_listed, 0);
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
    g_autoptr(SecretDef) def = secret_find_uuid(kanzend->secrets, secret_uuid(call, uuid), error);
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
           secret_set_value(kanzend->secrets, secret_uuid(call, uuid), value, error);
}

gboolean on_secret_get_value(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    char uuid[UUID_TEXT_LEN];

    if (!check_flags(call, call->args[1].u, 0, error))
        return FALSE;
    g_autoptr(SecretDef) def = secret_find_uuid(kanzend->secrets, secret_uuid(call, uuid), error);
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

    return secret_undefine(kanzend->secrets, secret_uuid(call, uuid), error);
}
