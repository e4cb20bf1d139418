/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "disk-secret.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "file.h"

/* One of a disk's, while it is looked at. */
typedef struct {
    const char *word;      /* of KXL_SECRET_ */
    const char *text;      /* what its file has; NULL: not known */
    const char *format;    /* QEMU's word for how it is written there */
    const KxlSecret *host; /* where it is from; NULL: out of the configuration */
} DiskSecret;

static gboolean is_named(const KxlSecret *secret)
{
    return secret->uuid || secret->usage;
}

/* Fills ret_secrets, which has room for three; returns how many there are. */
static guint list(const KxlDeviceDisk *disk, DiskSecret *ret_secrets)
{
    guint n = 0;

    if (is_named(&disk->server.secret))
        ret_secrets[n++] = (DiskSecret){ KXL_SECRET_SERVER, disk->server.secret.value, "base64",
                                         &disk->server.secret };
    if (disk->encryption.format)
        ret_secrets[n++] = (DiskSecret){ KXL_SECRET_IMAGE, disk->encryption.secret.value, "base64",
                                         &disk->encryption.secret };
    if (disk->server.cookies)
        ret_secrets[n++] = (DiskSecret){ KXL_SECRET_COOKIE, disk->server.cookies, "raw", NULL };
    return n;
}

char *kxl_disk_secret_id(const char *node, const char *word)
{
    return g_strdup_printf("%s-%s", node, word);
}

static char *file_path(const char *folder, const KxlDeviceDisk *disk, const char *word)
{
    return g_strdup_printf("%s/secret-%s-%s", folder, disk->vdev, word);
}

gboolean kxl_disk_has_secrets(const KxlDeviceDisk *disk)
{
    DiskSecret secrets[3];

    return list(disk, secrets) > 0 || disk->server.tls;
}

gboolean kxl_disk_secrets_check(const KxlDeviceDisk *disk, GError **error)
{
    DiskSecret secrets[3];
    guint n = list(disk, secrets);

    for (guint i = 0; i < n; i++) {
        const KxlSecret *host = secrets[i].host;

        if (secrets[i].text)
            continue;
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "disk '%s': nobody has told secret '%s'",
                    disk->vdev,
                    host->uuid    ? host->uuid
                    : host->usage ? host->usage
                                  : "");
        return FALSE;
    }
    return TRUE;
}

gboolean kxl_disk_secrets_write(const char *folder, const KxlDeviceDisk *disk, GError **error)
{
    DiskSecret secrets[3];
    guint n = list(disk, secrets);

    for (guint i = 0; i < n; i++) {
        g_autofree char *path = file_path(folder, disk, secrets[i].word);

        if (!kxl_file_write(path, secrets[i].text, error))
            return FALSE;
    }
    return TRUE;
}

void kxl_disk_secrets_remove(const char *folder, const KxlDeviceDisk *disk)
{
    DiskSecret secrets[3];
    guint n = list(disk, secrets);

    for (guint i = 0; i < n; i++) {
        g_autofree char *path = file_path(folder, disk, secrets[i].word);

        remove(path);
    }
}

/* --- QEMU's objects --------------------------------------------------------------------------- */

static void add_object(KxlArgs *args, const char *type, const char *node, const char *word,
                       const char *const (*members)[2])
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autoptr(JsonNode) json = NULL;
    g_autofree char *id = kxl_disk_secret_id(node, word), *text = NULL;

    json_object_set_string_member(object, "qom-type", type);
    json_object_set_string_member(object, "id", id);
    for (guint i = 0; members[i][0]; i++)
        json_object_set_string_member(object, members[i][0], members[i][1]);
    json = json_node_init_object(json_node_alloc(), object);
    text = json_to_string(json, FALSE);
    kxl_args_add(args, "-object", "%s", text);
}

void kxl_args_disk_secrets(KxlArgs *args, const char *folder, const KxlDeviceDisk *disk,
                           const char *node)
{
    DiskSecret secrets[3];
    guint n = list(disk, secrets);

    for (guint i = 0; i < n; i++) {
        g_autofree char *path = file_path(folder, disk, secrets[i].word);
        const char *const members[][2] = { { "file", path },
                                           { "format", secrets[i].format },
                                           { NULL, NULL } };

        add_object(args, "secret", node, secrets[i].word, members);
    }
    if (disk->server.tls) {
        const char *const members[][2] = { { "dir", disk->server.tls_dir ? disk->server.tls_dir
                                                                         : KXL_TLS_DIR },
                                           { "endpoint", "client" },
                                           { NULL, NULL } };

        add_object(args, "tls-creds-x509", node, KXL_SECRET_TLS, members);
    }
}
