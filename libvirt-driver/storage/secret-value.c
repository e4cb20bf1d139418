/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret-value.h"

#include "handler-util.h"

GBytes *secret_value(SecretRegistry *secrets, const char *uuid, SecretUsage usage,
                     const char *usage_id, GError **error)
{
    g_autoptr(SecretDef) secret = NULL;
    char text[UUID_TEXT_LEN];
    guint8 bytes[XDR_UUID_LEN];

    if (uuid != NULL && !uuid_from_text(uuid, bytes)) {
        fail(error, VIR_ERR_XML_ERROR, "malformed secret uuid '%s'", uuid);
        return NULL;
    }
    if (uuid != NULL)
        uuid_to_text(bytes, text);
    secret = uuid != NULL ? secret_find_uuid(secrets, text, error)
                          : secret_find_usage(secrets, (int)usage, usage_id, error);
    return secret != NULL ? secret_get_value(secrets, secret->uuid, error) : NULL;
}
