/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <encryption> of a volume: its format, and the secret that opens it. */
#pragma once

#include <glib.h>
#include <libxml/tree.h>

G_BEGIN_DECLS

typedef struct {
    const char *format;               /* "default", "qcow", "luks", "luks2", "luks-any" */
    char *secret_uuid, *secret_usage; /* both NULL: none is said */
    char *cipher, *cipher_mode, *cipher_hash;
    guint cipher_size; /* bits */
    char *ivgen, *ivgen_hash;
} Encryption;

/* node: the element. */
Encryption *encryption_parse(xmlNodePtr node, GError **error);
void encryption_free(Encryption *encryption); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Encryption, encryption_free)
void encryption_format(GString *xml, const Encryption *encryption, const char *indent);

G_END_DECLS
