/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <secret>: what a secret is for, without its value. */
#pragma once

#include <domain-xml.h>

G_BEGIN_DECLS

typedef enum { /* virSecretUsageType */
    SECRET_USAGE_NONE,
    SECRET_USAGE_VOLUME,
    SECRET_USAGE_CEPH,
    SECRET_USAGE_ISCSI,
    SECRET_USAGE_TLS,
    SECRET_USAGE_VTPM,
} SecretUsage;

typedef struct {
    int ephemeral, is_private; /* DomainTristate */
    char *uuid, *description;
    int usage; /* SecretUsage */
    char *usage_id;
} SecretDef;

SecretDef *secret_def_parse(const char *xml, guint flags, GError **error);
char *secret_def_format(const SecretDef *def);
SecretDef *secret_def_dup(const SecretDef *def);
void secret_def_free(SecretDef *def); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretDef, secret_def_free)

G_END_DECLS
