/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network images: QEMU's file names (qemu(1), "Device URL Syntax") as the options its block drivers
 * take (qapi/block-core.json), so that they can be block nodes like any other.
 */
#include <stdlib.h>
#include <string.h>

#include "disk-secret.h"
#include "machine-image.h"

static gboolean malformed(const KxlDeviceDisk *disk, const char *why, GError **error)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "disk '%s': '%s': %s", disk->vdev, disk->path,
                why);
    return FALSE;
}

static void set(JsonObject *node, const char *name, const char *value)
{
    if (value)
        json_object_set_string_member(node, name, value);
}

/* The parts of a URI, unescaped. */
typedef struct {
    const char *scheme, *transport; /* "nbd" and "unix" of nbd+unix: */
    const char *user, *host, *path; /* the path without its first '/' */
    const char *port;               /* text: QEMU's options are */
    GHashTable *query;              /* char * to char * */
    const char *node;               /* of the image that this is to be the protocol of */
} Uri;

/* Names one of the objects that kxl_args_disk_secrets() makes. */
static void set_name(JsonObject *object, const char *member, const char *node, const char *word)
{
    g_autofree char *id = kxl_disk_secret_id(node, word);

    set(object, member, id);
}

/* Who we are, for servers that ask. */
static void set_user(JsonObject *object, const KxlDiskServer *server, const char *user,
                     const char *secret, const char *node)
{
    if (!server->user)
        return;
    set(object, user, server->user);
    set_name(object, secret, node, KXL_SECRET_SERVER);
}

static const char *query(const Uri *uri, const char *name)
{
    return uri->query ? g_hash_table_lookup(uri->query, name) : NULL;
}

/* Whether all of these are there; says which is not. */
static gboolean need(const KxlDeviceDisk *disk, const Uri *uri, gboolean host, gboolean path,
                     GError **error)
{
    if (host && (!uri->host || !*uri->host))
        return malformed(disk, "no host", error);
    if (path && !*uri->path)
        return malformed(disk, "no path", error);
    return TRUE;
}

static JsonObject *server(const Uri *uri, const char *type, const char *default_port)
{
    JsonObject *object = json_object_new();

    set(object, "type", type);
    set(object, "host", uri->host);
    set(object, "port", uri->port ? uri->port : default_port);
    return object;
}

/* --- one function a protocol ------------------------------------------------------------------ */

static gboolean nbd(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error)
{
    gboolean is_unix = g_strcmp0(uri->transport, "unix") == 0;
    JsonObject *address;

    if (is_unix && !query(uri, "socket"))
        return malformed(disk, "no socket", error);
    if (!need(disk, uri, !is_unix, FALSE, error))
        return FALSE;
    if (is_unix) {
        address = json_object_new();
        set(address, "type", "unix");
        set(address, "path", query(uri, "socket"));
    } else {
        address = server(uri, "inet", "10809");
    }
    json_object_set_object_member(node, "server", address);
    if (*uri->path)
        set(node, "export", uri->path);
    if (disk->server.reconnect_secs)
        json_object_set_int_member(node, "reconnect-delay", disk->server.reconnect_secs);
    if (disk->server.tls) {
        set_name(node, "tls-creds", uri->node, KXL_SECRET_TLS);
        set(node, "tls-hostname", disk->server.tls_hostname);
    }
    return TRUE;
}

static gboolean iscsi(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error)
{
    const char *slash = strrchr(uri->path, '/');
    g_autofree char *target = NULL, *portal = NULL;
    guint64 lun = 0;

    if (!need(disk, uri, TRUE, TRUE, error))
        return FALSE;
    if (!slash || !g_ascii_string_to_unsigned(slash + 1, 10, 0, 16383, &lun, NULL))
        return malformed(disk, "not TARGET/LUN", error);
    if (uri->user)
        return malformed(disk, "a name and password are not supported", error);
    target = g_strndup(uri->path, (gsize)(slash - uri->path));
    portal = g_strdup_printf(strchr(uri->host, ':') ? "[%s]:%s" : "%s:%s", uri->host,
                             uri->port ? uri->port : "3260");
    set(node, "transport", uri->transport ? uri->transport : "tcp");
    set(node, "portal", portal);
    set(node, "target", target);
    json_object_set_int_member(node, "lun", (gint64)lun);
    set(node, "initiator-name", disk->initiator);
    set_user(node, &disk->server, "user", "password-secret", uri->node);
    return TRUE;
}

static gboolean ssh(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error)
{
    const char *check = query(uri, "host_key_check");
    g_autofree char *path = g_strconcat("/", uri->path, NULL);

    if (!need(disk, uri, TRUE, TRUE, error))
        return FALSE;
    json_object_set_object_member(node, "server", server(uri, NULL, "22"));
    set(node, "path", path);
    set(node, "user", uri->user);
    if (check && g_str_equal(check, "no")) {
        JsonObject *mode = json_object_new();

        set(mode, "mode", "none");
        json_object_set_object_member(node, "host-key-check", mode);
    } else if (check && !g_str_equal(check, "yes")) {
        return malformed(disk, "host_key_check is yes or no", error);
    }
    return TRUE;
}

/* A user's or group's number, which libvirt may write with a plus. */
static gboolean set_number(const KxlDeviceDisk *disk, JsonObject *node, const char *member,
                           const char *text, GError **error)
{
    guint64 number;

    if (!text)
        return TRUE;
    if (!g_ascii_string_to_unsigned(text + (*text == '+'), 10, 0, G_MAXINT32, &number, NULL))
        return kxl_args_unsupported(error, "disk '%s': %s '%s', which is no number,", disk->vdev,
                                    member, text);
    json_object_set_int_member(node, member, (gint64)number);
    return TRUE;
}

static gboolean nfs(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error)
{
    JsonObject *address;
    g_autofree char *path = g_strconcat("/", uri->path, NULL);

    if (!need(disk, uri, TRUE, TRUE, error))
        return FALSE;
    address = json_object_new();
    set(address, "type", "inet");
    set(address, "host", uri->host);
    json_object_set_object_member(node, "server", address);
    set(node, "path", path);
    return set_number(disk, node, "user", disk->server.uid, error) &&
           set_number(disk, node, "group", disk->server.gid, error);
}

static gboolean gluster(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error)
{
    const char *slash = strchr(uri->path, '/');
    g_autofree char *volume = NULL;
    JsonArray *servers;

    if (!need(disk, uri, TRUE, TRUE, error))
        return FALSE;
    if (!slash || !slash[1] || (uri->transport && !g_str_equal(uri->transport, "tcp")))
        return malformed(disk, "not a file of a volume, reached by TCP", error);
    volume = g_strndup(uri->path, (gsize)(slash - uri->path));
    set(node, "volume", volume);
    set(node, "path", slash + 1);
    servers = json_array_new();
    json_array_add_object_element(servers, server(uri, "inet", "24007"));
    json_object_set_array_member(node, "server", servers);
    return TRUE;
}

/* curl takes the URI as it is. */
static gboolean curl(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error)
{
    const KxlDiskServer *server = &disk->server;

    if (!need(disk, uri, TRUE, FALSE, error))
        return FALSE;
    set(node, "url", disk->path);
    set_user(node, server, "username", "password-secret", uri->node);
    if (server->cookies)
        set_name(node, "cookie-secret", uri->node, KXL_SECRET_COOKIE);
    if (server->readahead)
        json_object_set_int_member(node, "readahead", (gint64)server->readahead);
    if (server->timeout_secs)
        json_object_set_int_member(node, "timeout", server->timeout_secs);
    /* A member of the protocols with TLS only. */
    if (server->ssl_verify != KXL_DEFAULT && g_str_has_suffix(uri->scheme, "s"))
        json_object_set_boolean_member(node, "sslverify", server->ssl_verify == KXL_YES);
    return TRUE;
}

static const struct {
    const char *scheme;
    gboolean (*fill)(const KxlDeviceDisk *disk, const Uri *uri, JsonObject *node, GError **error);
} protocols[] = {
    { "nbd", nbd },   { "iscsi", iscsi }, { "ssh", ssh },  { "nfs", nfs },   { "gluster", gluster },
    { "http", curl }, { "https", curl },  { "ftp", curl }, { "ftps", curl },
};

static gboolean fill_uri(const KxlDeviceDisk *disk, const char *name, JsonObject *node,
                         GError **error)
{
    g_autoptr(GUri) parsed = g_uri_parse(disk->path, G_URI_FLAGS_HAS_PASSWORD, NULL);
    g_auto(GStrv) words = NULL;
    g_autoptr(GHashTable) parameters = NULL;
    g_autofree char *port = NULL;
    Uri uri;

    if (!parsed)
        return malformed(disk, "malformed", error);
    words = g_strsplit(g_uri_get_scheme(parsed), "+", 2);
    if (g_uri_get_port(parsed) > 0)
        port = g_strdup_printf("%d", g_uri_get_port(parsed));
    if (g_uri_get_query(parsed))
        parameters = g_uri_parse_params(g_uri_get_query(parsed), -1, "&", G_URI_PARAMS_NONE, NULL);
    uri = (Uri){ .scheme = words[0],
                 .transport = words[1],
                 .user = g_uri_get_user(parsed),
                 .host = g_uri_get_host(parsed),
                 .path = g_uri_get_path(parsed) + (*g_uri_get_path(parsed) == '/'),
                 .port = port,
                 .query = parameters,
                 .node = name };
    for (guint i = 0; i < G_N_ELEMENTS(protocols); i++) {
        if (!g_str_equal(protocols[i].scheme, uri.scheme))
            continue;
        set(node, "driver", uri.scheme);
        return protocols[i].fill(disk, &uri, node, error);
    }
    return kxl_args_unsupported(error, "disk '%s': protocol '%s'", disk->vdev, uri.scheme);
}

/* --- RBD: no URI, but rbd:POOL/[NAMESPACE/]IMAGE[@SNAPSHOT][:KEY=VALUE...] -------------------- */

/* Copies from *text up to an unquoted separator and steps over it; a backslash quotes. */
static char *next_part(const char **text, char separator)
{
    GString *part = g_string_new(NULL);
    const char *p = *text;

    for (; *p && *p != separator; p++) {
        if (*p == '\\' && p[1])
            p++;
        g_string_append_c(part, *p);
    }
    *text = *p ? p + 1 : p;
    return g_string_free(part, FALSE);
}

/* "host:port;[v6]:port" */
static JsonArray *monitors(const char *list)
{
    JsonArray *array = json_array_new();
    g_auto(GStrv) hosts = g_strsplit_set(list, ";,", -1);

    for (char **host = hosts; *host; host++) {
        char *bracket = strrchr(*host, ']'), *colon = strrchr(bracket ? bracket : *host, ':');
        JsonObject *object;

        if (!**host)
            continue;
        if (colon)
            *colon = '\0';
        if (bracket)
            *bracket = '\0';
        object = json_object_new();
        set(object, "host", *host + (bracket && **host == '['));
        set(object, "port", colon ? colon + 1 : "6789");
        json_array_add_object_element(array, object);
    }
    return array;
}

static gboolean rbd_option(const KxlDeviceDisk *disk, JsonObject *node, const char *option,
                           GError **error)
{
    const char *value = strchr(option, '=');
    g_autofree char *key = g_strndup(option, value ? (gsize)(value - option) : strlen(option));
    JsonArray *none;

    if (!value)
        return malformed(disk, "an option without value", error);
    value++;
    if (g_str_equal(key, "mon_host")) {
        json_object_set_array_member(node, "server", monitors(value));
    } else if (g_str_equal(key, "conf")) {
        set(node, "conf", value);
    } else if (g_str_equal(key, "id")) {
        set(node, "user", value);
    } else if (g_str_equal(key, "auth_supported") && g_str_equal(value, "none")) {
        none = json_array_new();
        json_array_add_string_element(none, "none");
        json_object_set_array_member(node, "auth-client-required", none);
    } else {
        return kxl_args_unsupported(error, "disk '%s': rbd option '%s'", disk->vdev, key);
    }
    return TRUE;
}

/* The user's name and key go before what the image's name says of them. */
static void set_rbd_user(const KxlDeviceDisk *disk, const char *name, JsonObject *node)
{
    JsonArray *ways;

    if (!disk->server.user)
        return;
    set_user(node, &disk->server, "user", "key-secret", name);
    ways = json_array_new();
    json_array_add_string_element(ways, "cephx");
    json_array_add_string_element(ways, "none");
    json_object_set_array_member(node, "auth-client-required", ways);
}

static void set_rbd_encryption(const KxlDeviceDisk *disk, const char *name, JsonObject *node)
{
    JsonObject *encrypt;

    if (!kxl_disk_is_encrypted_by_server(disk))
        return;
    encrypt = json_object_new();
    set(encrypt, "format", disk->encryption.format);
    set_name(encrypt, "key-secret", name, KXL_SECRET_IMAGE);
    json_object_set_object_member(node, "encrypt", encrypt);
}

static gboolean fill_rbd(const KxlDeviceDisk *disk, const char *node_name, JsonObject *node,
                         GError **error)
{
    const char *rest = disk->path + strlen("rbd:");
    g_autofree char *name = next_part(&rest, ':');
    char *at = strchr(name, '@'), *first, *second;

    if (at)
        *at++ = '\0';
    first = strchr(name, '/');
    if (!first || !first[1])
        return malformed(disk, "not POOL/IMAGE", error);
    *first++ = '\0';
    second = strchr(first, '/');
    if (second)
        *second++ = '\0';
    set(node, "driver", "rbd");
    set(node, "pool", name);
    set(node, "namespace", second ? first : NULL);
    set(node, "image", second ? second : first);
    set(node, "snapshot", at);
    while (*rest) {
        g_autofree char *option = next_part(&rest, ':');

        if (!rbd_option(disk, node, option, error))
            return FALSE;
    }
    set_rbd_user(disk, node_name, node);
    set_rbd_encryption(disk, node_name, node);
    return TRUE;
}

JsonObject *kxl_image_uri_node(const KxlDeviceDisk *disk, const char *name, GError **error)
{
    g_autoptr(JsonObject) node = json_object_new();
    gboolean ok = g_str_has_prefix(disk->path, "rbd:") ? fill_rbd(disk, name, node, error)
                                                       : fill_uri(disk, name, node, error);

    return ok ? g_steal_pointer(&node) : NULL;
}
