/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a disk's server, and the encryption of its image, want to know: <auth>, <encryption>, and
 * what else stands within <source>. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

static void to_secret(const char *type, const char *uuid, const char *usage, KxlSecret *to)
{
    to->type = g_strdup(type);
    to->uuid = g_strdup(uuid);
    to->usage = g_strdup(usage);
}

/* "name=value; name=value", as HTTP has it. */
static char *join_cookies(const GPtrArray *cookies)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < cookies->len; i++) {
        const DomainCookie *cookie = g_ptr_array_index(cookies, i);

        g_string_append_printf(text, "%s%s=%s", i > 0 ? "; " : "", cookie->name,
                               cookie->value != NULL ? cookie->value : "");
    }
    return g_string_free(text, cookies->len == 0);
}

void map_disk_server_to_config(const DomainDisk *from, KxlDeviceDisk *to)
{
    const DomainDiskAuth *auth = domain_disk_auth(from);
    const DomainEncryption *encryption = domain_disk_encryption(from);
    KxlDiskServer *server = &to->server;

    if (auth != NULL) {
        server->user = g_strdup(auth->username);
        to_secret(auth->secret_type, auth->secret_uuid, auth->secret_usage, &server->secret);
    }
    server->tls = g_strcmp0(from->tls, "yes") == 0;
    server->tls_hostname = g_strdup(from->tls_hostname);
    server->cookies = join_cookies(from->cookies);
    server->ssl_verify = map_tristate(from->ssl_verify);
    server->readahead = from->readahead;
    server->timeout_secs = from->timeout;
    server->reconnect_secs = from->reconnect;
    server->uid = g_strdup(from->nfs_user);
    server->gid = g_strdup(from->nfs_group);
    if (encryption == NULL)
        return;
    to->encryption.format = g_strdup(encryption->format);
    if (g_strcmp0(encryption->engine, "qemu") != 0)
        to->encryption.engine = g_strdup(encryption->engine);
    to_secret("volume", encryption->secret_uuid, encryption->secret_usage, &to->encryption.secret);
}

static void split_cookies(const char *text, GPtrArray *to)
{
    g_auto(GStrv) pairs = g_strsplit(text, "; ", -1);

    for (char **pair = pairs; *pair != NULL; pair++) {
        DomainCookie *cookie = xml_object_new(&domain_cookie_class);
        char *equals = strchr(*pair, '=');

        cookie->value = g_strdup(equals != NULL ? equals + 1 : "");
        cookie->name = equals != NULL ? g_strndup(*pair, (gsize)(equals - *pair)) : g_strdup(*pair);
        g_ptr_array_add(to, cookie);
    }
}

static void encryption_from_config(const KxlEncryption *from, DomainDisk *to)
{
    DomainEncryption *encryption;

    if (from->format == NULL)
        return;
    encryption = xml_object_new(&domain_encryption_class);
    encryption->format = g_strdup(from->format);
    encryption->engine = g_strdup(from->engine);
    encryption->secret_type = g_strdup("passphrase");
    encryption->secret_uuid = g_strdup(from->secret.uuid);
    encryption->secret_usage = g_strdup(from->secret.usage);
    to->encryption = encryption;
}

void map_disk_server_from_config(const KxlDeviceDisk *from, DomainDisk *to)
{
    const KxlDiskServer *server = &from->server;

    if (server->user != NULL)
        domain_disk_set_auth(to, server->user, server->secret.type, server->secret.uuid,
                             server->secret.usage);
    if (server->tls)
        to->tls = g_strdup("yes");
    to->tls_hostname = g_strdup(server->tls_hostname);
    if (server->cookies != NULL)
        split_cookies(server->cookies, to->cookies);
    to->ssl_verify = map_tristate_back(server->ssl_verify);
    to->readahead = server->readahead;
    to->timeout = server->timeout_secs;
    to->reconnect = server->reconnect_secs;
    to->nfs_user = g_strdup(server->uid);
    to->nfs_group = g_strdup(server->gid);
    encryption_from_config(&from->encryption, to);
}
