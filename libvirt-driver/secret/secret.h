/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The secrets: definitions and values, in files that only the daemon's user can read. Ephemeral
 * ones are in memory only, and end with the daemon. */
#pragma once

#include "rpc/server.h"
#include "secret-def.h"

G_BEGIN_DECLS

typedef struct SecretRegistry SecretRegistry;

SecretRegistry *secret_registry_new(const char *dir, RpcServer *server, GError **error);
void secret_registry_free(SecretRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretRegistry, secret_registry_free)

/* Copies; NULL with VIR_ERR_NO_SECRET. */
SecretDef *secret_find_uuid(SecretRegistry *registry, const char *uuid, GError **error);
SecretDef *secret_find_usage(SecretRegistry *registry, int usage, const char *usage_id,
                             GError **error);
/* Copies of SecretDef, by UUID. */
GPtrArray *secret_list(SecretRegistry *registry);

/* Completes def, which stays the caller's. */
gboolean secret_define(SecretRegistry *registry, SecretDef *def, GError **error);
gboolean secret_undefine(SecretRegistry *registry, const char *uuid, GError **error);
gboolean secret_set_value(SecretRegistry *registry, const char *uuid, GBytes *value,
                          GError **error);
/* Whether it is private is for the caller to mind: NULL with VIR_ERR_NO_SECRET when it has none. */
GBytes *secret_get_value(SecretRegistry *registry, const char *uuid, GError **error);

G_END_DECLS
