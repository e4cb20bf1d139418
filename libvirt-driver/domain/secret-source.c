/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "secret-source.h"

#include "handler-util.h"
#include "storage/secret-value.h"

/* By what the definition says that it is for; a name is unique among those only. */
static SecretUsage usage_of(const KxlSecret *secret)
{
    static const struct {
        const char *type;
        SecretUsage usage;
    } usages[] = { { "ceph", SECRET_USAGE_CEPH }, { "iscsi", SECRET_USAGE_ISCSI } };

    for (guint i = 0; i < G_N_ELEMENTS(usages); i++)
        if (g_strcmp0(secret->type, usages[i].type) == 0)
            return usages[i].usage;
    return SECRET_USAGE_VOLUME;
}

static gboolean resolve(SecretRegistry *secrets, KxlSecret *secret, const char *disk,
                        GError **error)
{
    g_autoptr(GBytes) value = NULL;
    gconstpointer bytes;
    gsize len;

    if (secret->uuid == NULL && secret->usage == NULL)
        return TRUE;
    value = secret_value(secrets, secret->uuid, usage_of(secret), secret->usage, error);
    if (value == NULL) {
        g_prefix_error(error, "disk '%s': ", disk);
        return FALSE;
    }
    bytes = g_bytes_get_data(value, &len);
    g_free(secret->value);
    secret->value = g_base64_encode(bytes, len);
    return TRUE;
}

gboolean resolve_secrets(SecretRegistry *secrets, KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < config->disks->len; i++) {
        KxlDeviceDisk *disk = config->disks->pdata[i];

        if (!resolve(secrets, &disk->server.secret, disk->vdev, error) ||
            !resolve(secrets, &disk->encryption.secret, disk->vdev, error))
            return FALSE;
    }
    return TRUE;
}
