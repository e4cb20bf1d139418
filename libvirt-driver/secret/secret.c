/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "handler-util.h"
#include "rpc/event.h"
#include "store.h"

enum { EVENT_LIFECYCLE = 0, EVENT_VALUE_CHANGED = 1 };
enum { SECRET_DEFINED, SECRET_UNDEFINED }; /* virSecretEventLifecycleType */

typedef struct {
    SecretDef *def;
    GBytes *value; /* NULL: none yet */
} Secret;

struct SecretRegistry {
    RpcServer *server;
    char *dir;
    Store *store;
    GMutex lock; /* also while files are written: they are small */
    GHashTable *secrets; /* of Secret by UUID, both owned */
};

static void secret_free(gpointer data)
{
    Secret *secret = data;

    secret_def_free(secret->def);
    g_clear_pointer(&secret->value, g_bytes_unref);
    g_free(secret);
}

static void def_free(gpointer def)
{
    secret_def_free(def);
}

/* ---- values on disk, in base 64 ---- */

static char *value_path(SecretRegistry *registry, const char *uuid)
{
    return g_strdup_printf("%s/%s.base64", registry->dir, uuid);
}

static gboolean save_value(SecretRegistry *registry, const char *uuid, GBytes *value,
                           GError **error)
{
    g_autofree char *path = value_path(registry, uuid);
    gsize len;
    const guint8 *bytes = g_bytes_get_data(value, &len);
    g_autofree char *text = g_base64_encode(bytes, len);

    return g_file_set_contents_full(path, text, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

static GBytes *load_value(SecretRegistry *registry, const char *uuid)
{
    g_autofree char *path = value_path(registry, uuid);
    g_autofree char *text = NULL;
    gsize len;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    guint8 *bytes = g_base64_decode(text, &len);
    return g_bytes_new_take(bytes, len);
}

static gboolean remove_files(SecretRegistry *registry, const char *uuid, GError **error)
{
    g_autofree char *path = value_path(registry, uuid);

    if (unlink(path) < 0 && errno != ENOENT)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot remove '%s': %s", path, g_strerror(errno));
    return store_remove(registry->store, uuid, error);
}

/* ---- finding ---- */

static Secret *find_locked(SecretRegistry *registry, const char *uuid, GError **error)
{
    Secret *secret = g_hash_table_lookup(registry->secrets, uuid);

    if (secret == NULL)
        fail(error, VIR_ERR_NO_SECRET, "no secret with matching uuid '%s'", uuid);
    return secret;
}

static Secret *find_usage_locked(SecretRegistry *registry, int usage, const char *usage_id)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, registry->secrets);
    while (usage != SECRET_USAGE_NONE && g_hash_table_iter_next(&iter, NULL, &value)) {
        const SecretDef *def = ((Secret *)value)->def;
        if (def->usage == usage && g_strcmp0(def->usage_id, usage_id) == 0)
            return value;
    }
    return NULL;
}

SecretDef *secret_find_uuid(SecretRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Secret *secret = find_locked(registry, uuid, error);

    return secret != NULL ? secret_def_dup(secret->def) : NULL;
}

SecretDef *secret_find_usage(SecretRegistry *registry, int usage, const char *usage_id,
                             GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Secret *secret = find_usage_locked(registry, usage, usage_id);

    if (secret != NULL)
        return secret_def_dup(secret->def);
    fail(error, VIR_ERR_NO_SECRET, "no secret with matching usage '%s'", usage_id);
    return NULL;
}

static int compare_uuids(gconstpointer a, gconstpointer b)
{
    const SecretDef *const *x = a, *const *y = b;

    return strcmp((*x)->uuid, (*y)->uuid);
}

GPtrArray *secret_list(SecretRegistry *registry)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(def_free);
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->secrets);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(list, secret_def_dup(((Secret *)value)->def));
    g_mutex_unlock(&registry->lock);
    g_ptr_array_sort(list, compare_uuids);
    return list;
}

/* ---- changes ---- */

static void send_event(SecretRegistry *registry, const SecretDef *def, int event_id, int kind)
{
    g_autoptr(GByteArray) body = g_byte_array_new();
    guint8 uuid[XDR_UUID_LEN];

    uuid_from_text(def->uuid, uuid);
    xdr_put_raw(body, uuid, sizeof uuid);
    xdr_put_i32(body, def->usage);
    xdr_put_string(body, def->usage_id != NULL ? def->usage_id : "");
    if (event_id == EVENT_LIFECYCLE) {
        xdr_put_i32(body, kind);
        xdr_put_i32(body, 0); /* no details exist */
    }
    rpc_events_send(registry->server, RPC_EVENT_SECRET, event_id, def->uuid, body);
}

static gboolean complete_uuid(SecretDef *def, GError **error)
{
    guint8 uuid[XDR_UUID_LEN];

    if (def->uuid == NULL) {
        def->uuid = g_uuid_string_random();
        return TRUE;
    }
    if (!uuid_from_text(def->uuid, uuid))
        return fail(error, VIR_ERR_XML_ERROR, "malformed uuid element '%s'", def->uuid);
    g_free(def->uuid);
    def->uuid = g_malloc(UUID_TEXT_LEN);
    uuid_to_text(uuid, def->uuid);
    return TRUE;
}

/* UUID and usage belong together, and what is private stays so. */
static gboolean check_new(SecretRegistry *registry, const SecretDef *def, GError **error)
{
    const Secret *by_uuid = g_hash_table_lookup(registry->secrets, def->uuid);
    const Secret *by_usage = find_usage_locked(registry, def->usage, def->usage_id);

    if (by_uuid != NULL && (by_uuid->def->usage != def->usage ||
                            g_strcmp0(by_uuid->def->usage_id, def->usage_id) != 0))
        return fail(error, VIR_ERR_INTERNAL_ERROR,
                    "a secret with UUID %s is already defined for use with %s", def->uuid,
                    by_uuid->def->usage_id != NULL ? by_uuid->def->usage_id : "nothing");
    if (by_usage != NULL && by_usage != by_uuid)
        return fail(error, VIR_ERR_INTERNAL_ERROR,
                    "a secret with UUID %s already defined for use with %s", by_usage->def->uuid,
                    def->usage_id);
    if (by_uuid != NULL && by_uuid->def->is_private == DOMAIN_YES && def->is_private != DOMAIN_YES)
        return fail(error, VIR_ERR_OPERATION_DENIED,
                    "cannot change private flag on existing secret");
    return TRUE;
}

/* An ephemeral one leaves nothing on disk, whatever it was before. */
static gboolean save(SecretRegistry *registry, const Secret *present, const SecretDef *def,
                     GError **error)
{
    g_autofree char *xml = secret_def_format(def);

    if (def->ephemeral == DOMAIN_YES)
        return remove_files(registry, def->uuid, error);
    if (present != NULL && present->value != NULL &&
        !save_value(registry, def->uuid, present->value, error))
        return FALSE;
    return store_save(registry->store, def->uuid, xml, error);
}

static Secret *insert(SecretRegistry *registry, const SecretDef *def)
{
    Secret *secret = g_hash_table_lookup(registry->secrets, def->uuid);

    if (secret == NULL) {
        secret = g_new0(Secret, 1);
        g_hash_table_insert(registry->secrets, g_strdup(def->uuid), secret);
    }
    secret_def_free(secret->def);
    secret->def = secret_def_dup(def);
    return secret;
}

gboolean secret_define(SecretRegistry *registry, SecretDef *def, GError **error)
{
    if (!complete_uuid(def, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    gboolean ok =
        check_new(registry, def, error) &&
        save(registry, g_hash_table_lookup(registry->secrets, def->uuid), def, error);
    if (ok)
        insert(registry, def);
    g_mutex_unlock(&registry->lock);
    if (ok)
        send_event(registry, def, EVENT_LIFECYCLE, SECRET_DEFINED);
    return ok;
}

gboolean secret_undefine(SecretRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(SecretDef) def = NULL;

    g_mutex_lock(&registry->lock);
    const Secret *secret = find_locked(registry, uuid, error);
    if (secret != NULL && remove_files(registry, uuid, error)) {
        def = secret_def_dup(secret->def);
        g_hash_table_remove(registry->secrets, uuid);
    }
    g_mutex_unlock(&registry->lock);
    if (def != NULL)
        send_event(registry, def, EVENT_LIFECYCLE, SECRET_UNDEFINED);
    return def != NULL;
}

gboolean secret_set_value(SecretRegistry *registry, const char *uuid, GBytes *value, GError **error)
{
    g_autoptr(SecretDef) def = NULL;

    g_mutex_lock(&registry->lock);
    Secret *secret = find_locked(registry, uuid, error);
    if (secret != NULL && (secret->def->ephemeral == DOMAIN_YES ||
                           save_value(registry, uuid, value, error))) {
        def = secret_def_dup(secret->def);
        g_clear_pointer(&secret->value, g_bytes_unref);
        secret->value = g_bytes_ref(value);
    }
    g_mutex_unlock(&registry->lock);
    if (def != NULL)
        send_event(registry, def, EVENT_VALUE_CHANGED, 0);
    return def != NULL;
}

GBytes *secret_get_value(SecretRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const Secret *secret = find_locked(registry, uuid, error);

    if (secret == NULL)
        return NULL;
    if (secret->value == NULL)
        fail(error, VIR_ERR_NO_SECRET, "secret '%s' does not have a value", uuid);
    return secret->value != NULL ? g_bytes_ref(secret->value) : NULL;
}

/* ---- the registry ---- */

static gboolean load(const char *uuid, const char *xml, gboolean autostart, gpointer user_data,
                     GError **error)
{
    SecretRegistry *registry = user_data;
    g_autoptr(SecretDef) def = secret_def_parse(xml, DOMAIN_XML_PARSE_NONE, error);

    if (def == NULL || !complete_uuid(def, error) || !check_new(registry, def, error))
        return FALSE;
    insert(registry, def)->value = load_value(registry, def->uuid);
    return TRUE;
}

SecretRegistry *secret_registry_new(const char *dir, RpcServer *server, GError **error)
{
    g_autoptr(SecretRegistry) registry = g_new0(SecretRegistry, 1);

    registry->server = server;
    registry->dir = g_strdup(dir);
    g_mutex_init(&registry->lock);
    registry->secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, secret_free);
    registry->store = store_new(dir, error);
    if (registry->store == NULL || !store_load(registry->store, load, registry, error))
        return NULL;
    return g_steal_pointer(&registry);
}

void secret_registry_free(SecretRegistry *registry)
{
    if (registry == NULL)
        return;
    g_hash_table_unref(registry->secrets);
    g_clear_pointer(&registry->store, store_free);
    g_mutex_clear(&registry->lock);
    g_free(registry->dir);
    g_free(registry);
}
