/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network disks as QEMU's file names (qemu(1), "Device URL Syntax"; RBD: block/rbd.c's
 * rbd:pool/image[:key=value...], in which a backslash quotes ':', ';', '@', '=' and itself) and
 * back.
 */
#include "map.h"

#include <string.h>

#include "def-classes.h"

/* Protocols whose names are ordinary URIs. */
static const struct {
    DomainDiskProtocol protocol;
    const char *scheme;
    const char *port; /* the usual one, left out */
} schemes[] = {
    { DOMAIN_DISK_PROTOCOL_NBD, "nbd", "10809" },
    { DOMAIN_DISK_PROTOCOL_ISCSI, "iscsi", "3260" },
    { DOMAIN_DISK_PROTOCOL_HTTP, "http", "80" },
    { DOMAIN_DISK_PROTOCOL_HTTPS, "https", "443" },
    { DOMAIN_DISK_PROTOCOL_FTP, "ftp", "21" },
    { DOMAIN_DISK_PROTOCOL_FTPS, "ftps", "990" },
    { DOMAIN_DISK_PROTOCOL_SSH, "ssh", "22" },
    { DOMAIN_DISK_PROTOCOL_NFS, "nfs", "2049" },
    { DOMAIN_DISK_PROTOCOL_GLUSTER, "gluster", "24007" },
};

#define URI_PATH_CHARS "/:@!$&'()*+,;="
#define HOST_UNIX      2 /* DomainDiskHost.transport */

/* A name or an address. Anything else would be taken for several hosts, or for options, when it is
 * read again. */
static gboolean check_host(const DomainDisk *disk, const DomainDiskHost *host, GError **error)
{
    static const char allowed[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-_:%";
    const char *name = host->name != NULL ? host->name : "";

    if (*name != '\0' && name[strspn(name, allowed)] == '\0')
        return TRUE;
    fail_check(error, SYNTAX, "disk '%s': '%s' is not the name of a host", disk->target, name);
    return FALSE;
}

/* ---- RBD ---- */

static void append_escaped(GString *out, const char *text, const char *specials)
{
    for (; *text != '\0'; text++) {
        if (*text == '\\' || strchr(specials, *text) != NULL)
            g_string_append_c(out, '\\');
        g_string_append_c(out, *text);
    }
}

static void append_monitors(GString *out, const GPtrArray *hosts)
{
    for (guint i = 0; i < hosts->len; i++) {
        const DomainDiskHost *host = g_ptr_array_index(hosts, i);
        gboolean is_ipv6 = strchr(host->name, ':') != NULL;

        g_string_append(out, i == 0 ? ":mon_host=" : "\\;");
        if (is_ipv6)
            g_string_append_c(out, '[');
        append_escaped(out, host->name, ":;");
        if (is_ipv6)
            g_string_append_c(out, ']');
        if (host->port != NULL)
            g_string_append_printf(out, "\\:%s", host->port);
    }
}

static char *rbd_to_uri(const DomainDisk *disk, GError **error)
{
    if (strchr(disk->source_name, ':') != NULL) {
        fail_check(error, UNSUPPORTED, "':' not allowed in RBD source volume name '%s'",
                   disk->source_name);
        return NULL;
    }
    for (guint i = 0; i < disk->hosts->len; i++)
        if (!check_host(disk, g_ptr_array_index(disk->hosts, i), error))
            return NULL;
    GString *out = g_string_new("rbd:");
    append_escaped(out, disk->source_name, ":");
    if (disk->source_snapshot != NULL) {
        g_string_append_c(out, '@');
        append_escaped(out, disk->source_snapshot, ":");
    }
    g_string_append(out, ":auth_supported=none");
    append_monitors(out, disk->hosts);
    if (disk->source_config != NULL) {
        g_string_append(out, ":conf=");
        append_escaped(out, disk->source_config, ":");
    }
    return g_string_free(out, FALSE);
}

/* Copies from *text up to an unquoted separator and steps over it; the quoting is taken off. */
static char *next_part(const char **text, char separator)
{
    GString *part = g_string_new(NULL);
    const char *p = *text;

    for (; *p != '\0' && *p != separator; p++) {
        if (*p == '\\' && p[1] != '\0')
            p++;
        g_string_append_c(part, *p);
    }
    *text = *p != '\0' ? p + 1 : p;
    return g_string_free(part, FALSE);
}

static void add_host(DomainDisk *disk, const char *name, const char *port)
{
    DomainDiskHost *host = xml_object_new(&domain_disk_host_class);

    host->name = g_strdup(name);
    host->port = port != NULL && *port != '\0' ? g_strdup(port) : NULL;
    g_ptr_array_add(disk->hosts, host);
}

/* "host:port;[v6]:port", already without quoting. */
static void add_monitors(DomainDisk *disk, const char *list)
{
    g_auto(GStrv) hosts = g_strsplit_set(list, ";,", -1);

    for (guint i = 0; hosts[i] != NULL; i++) {
        char *host = hosts[i];
        char *colon = strrchr(host, ':');
        char *bracket = strrchr(host, ']');

        if (*host == '\0')
            continue;
        if (bracket != NULL && host[0] == '[') {
            *bracket = '\0';
            add_host(disk, host + 1, bracket[1] == ':' ? bracket + 2 : NULL);
        } else {
            if (colon != NULL)
                *colon++ = '\0';
            add_host(disk, host, colon);
        }
    }
}

static gboolean rbd_from_uri(const char *text, DomainDisk *disk)
{
    disk->protocol = DOMAIN_DISK_PROTOCOL_RBD;
    disk->source_name = next_part(&text, ':');
    char *at = strchr(disk->source_name, '@');
    if (at != NULL) {
        disk->source_snapshot = g_strdup(at + 1);
        *at = '\0';
    }
    while (*text != '\0') {
        g_autofree char *part = next_part(&text, ':');
        if (g_str_has_prefix(part, "mon_host="))
            add_monitors(disk, part + strlen("mon_host="));
        else if (g_str_has_prefix(part, "conf=") && disk->source_config == NULL)
            disk->source_config = g_strdup(part + strlen("conf="));
    }
    return TRUE;
}

/* ---- ordinary URIs ---- */

static char *host_to_uri(const DomainDisk *disk, guint scheme, GError **error)
{
    const DomainDiskHost *host = disk->hosts->len > 0 ? g_ptr_array_index(disk->hosts, 0) : NULL;
    const char *name = disk->source_name != NULL ? disk->source_name : "";
    gboolean is_unix = host != NULL && host->transport == HOST_UNIX;

    if (host == NULL || (is_unix ? host->socket : host->name) == NULL) {
        fail_check(error, SYNTAX, "disk '%s': missing name for host", disk->target);
        return NULL;
    }
    if (disk->hosts->len > 1 || (is_unix && schemes[scheme].protocol != DOMAIN_DISK_PROTOCOL_NBD)) {
        fail_check(error, UNSUPPORTED, "disk '%s': %s has one host, reached by TCP", disk->target,
                   schemes[scheme].scheme);
        return NULL;
    }
    if (!is_unix && !check_host(disk, host, error))
        return NULL;
    GString *uri = g_string_new(schemes[scheme].scheme);
    g_string_append(uri, is_unix ? "+unix://" : "://");
    if (!is_unix) {
        gboolean is_ipv6 = strchr(host->name, ':') != NULL;
        g_string_append_printf(uri, is_ipv6 ? "[%s]" : "%s", host->name);
        if (host->port != NULL && strcmp(host->port, schemes[scheme].port) != 0)
            g_string_append_printf(uri, ":%s", host->port);
    }
    g_string_append_c(uri, '/');
    g_string_append_uri_escaped(uri, name[0] == '/' ? name + 1 : name, URI_PATH_CHARS, FALSE);
    if (schemes[scheme].protocol == DOMAIN_DISK_PROTOCOL_ISCSI && strchr(name, '/') == NULL)
        g_string_append(uri, "/0"); /* the first LUN */
    if (is_unix) {
        g_string_append(uri, "?socket=");
        g_string_append_uri_escaped(uri, host->socket, "/", FALSE);
    } else if (disk->source_query != NULL) {
        g_string_append_printf(uri, "?%s", disk->source_query);
    }
    return g_string_free(uri, FALSE);
}

static gboolean host_from_uri(const char *uri, guint scheme, gboolean is_unix, DomainDisk *disk)
{
    g_autofree char *host = NULL, *path = NULL, *query = NULL;
    int port = -1;

    if (!g_uri_split(uri, G_URI_FLAGS_NONE, NULL, NULL, &host, &port, &path, &query, NULL, NULL))
        return FALSE;
    disk->protocol = (int)schemes[scheme].protocol;
    if (path[0] == '/' && path[1] != '\0')
        disk->source_name = g_strdup(path + 1);
    if (is_unix) {
        DomainDiskHost *entry = xml_object_new(&domain_disk_host_class);
        entry->transport = HOST_UNIX;
        if (query != NULL && g_str_has_prefix(query, "socket="))
            entry->socket = g_strdup(query + strlen("socket="));
        g_ptr_array_add(disk->hosts, entry);
        return TRUE;
    }
    disk->source_query = g_steal_pointer(&query);
    g_autofree char *digits =
        port >= 0 ? g_strdup_printf("%d", port) : g_strdup(schemes[scheme].port);
    add_host(disk, host != NULL ? host : "", digits);
    return TRUE;
}

char *map_disk_to_uri(const DomainDisk *disk, GError **error)
{
    if (disk->protocol == DOMAIN_DISK_PROTOCOL_RBD && disk->source_name != NULL)
        return rbd_to_uri(disk, error);
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++)
        if (disk->protocol == (int)schemes[i].protocol)
            return host_to_uri(disk, i, error);
    fail_check(error, UNSUPPORTED, "disk '%s': Unsupported network block protocol", disk->target);
    return NULL;
}

gboolean map_disk_from_uri(const char *uri, DomainDisk *disk)
{
    if (g_str_has_prefix(uri, "rbd:"))
        return rbd_from_uri(uri + strlen("rbd:"), disk);
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++) {
        gsize n = strlen(schemes[i].scheme);
        if (strncmp(uri, schemes[i].scheme, n) != 0)
            continue;
        if (g_str_has_prefix(uri + n, "://"))
            return host_from_uri(uri, i, FALSE, disk);
        if (g_str_has_prefix(uri + n, "+unix://"))
            return host_from_uri(uri, i, TRUE, disk);
    }
    return FALSE;
}
