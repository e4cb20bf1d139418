/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type iscsi: a target that the host's kernel logs in to, by open-iscsi's iscsiadm. */
#include <string.h>

#include "command.h"
#include "handler-util.h"
#include "iscsi.h"
#include "scsi-luns.h"
#include "secret-value.h"
#include "sysfs.h"
#include "tool.h"
#include "xml-util.h"

#define DEFAULT_PORT 3260u /* RFC 7143 4.1 */

char *iscsi_portal(const PoolSource *source)
{
    const PoolHost *host = pool_source_host(source);
    guint port = host->port != 0 ? host->port : DEFAULT_PORT;

    return strchr(host->name, ':') != NULL ? g_strdup_printf("[%s]:%u", host->name, port)
                                           : g_strdup_printf("%s:%u", host->name, port);
}

const char *iscsi_target(const PoolSource *source, GError **error)
{
    const PoolDevice *device = pool_source_device(source);

    if (device == NULL)
        fail(error, VIR_ERR_XML_ERROR, "missing storage pool source device path");
    return device != NULL ? device->path : NULL;
}

/* The interface record with an initiator of the pool's own; NULL: the host's. */
static char *interface_of(const PoolSource *source)
{
    g_autofree char *sum = NULL;

    if (source->initiator == NULL)
        return NULL;
    sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, source->initiator, -1);
    return g_strdup_printf("kanzen-%.12s", sum);
}

static gboolean make_interface(const char *interface, const char *initiator, GError **error)
{
    if (interface == NULL)
        return TRUE;
    /* It may be there already. */
    tool_run(NULL, "iscsiadm", "--mode", "iface", "--interface", interface, "--op", "new", NULL);
    return tool_run(error, "iscsiadm", "--mode", "iface", "--interface", interface, "--op",
                    "update", "--name", "iface.initiatorname", "--value", initiator, NULL);
}

/* What the portal offers, "PORTAL,GROUP TARGET" a line; remembers it as the node records that a
 * login wants. */
static char **discover(const PoolSource *source, GError **error)
{
    g_autofree char *portal = iscsi_portal(source);
    g_autofree char *interface = interface_of(source);

    if (!make_interface(interface, source->initiator, error))
        return NULL;
    return tool_lines(error, "iscsiadm", "--mode", "discovery", "--type", "sendtargets", "--portal",
                      portal, interface != NULL ? "--interface" : NULL, interface, NULL);
}

/* "tcp: [7] 10.0.0.1:3260,1 iqn.2003-01.org:x (non-flash)": the 7. FALSE: no session. */
static gboolean find_session(const PoolSource *source, guint *ret_session)
{
    /* It fails when there are none at all. */
    g_auto(GStrv) lines = tool_lines(NULL, "iscsiadm", "--mode", "session", NULL);
    const char *target = iscsi_target(source, NULL);

    for (guint i = 0; lines != NULL && lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit(lines[i], " ", -1);

        if (g_strv_length(words) < 4 || *words[1] != '[' || strcmp(words[3], target) != 0)
            continue;
        *ret_session = (guint)g_ascii_strtoull(words[1] + 1, NULL, 10);
        return TRUE;
    }
    return FALSE;
}

static gboolean set_node(const char *portal, const char *target, const char *name,
                         const char *value, GError **error)
{
    return tool_run(error, "iscsiadm", "--mode", "node", "--portal", portal, "--targetname", target,
                    "--op", "update", "--name", name, "--value", value, NULL);
}

/* iscsiadm takes a password on its command line only: who may see other users' processes sees it
 * for as long as that takes. */
static gboolean set_auth(const PoolAccess *pool, const char *portal, const char *target,
                         GError **error)
{
    const PoolAuth *auth = pool->def->source.auth;
    g_autoptr(GBytes) value = NULL;
    g_autofree char *password = NULL;

    if (auth == NULL)
        return TRUE;
    value = secret_value(pool->secrets, auth->secret_uuid, SECRET_USAGE_ISCSI, auth->secret_usage,
                         error);
    if (value == NULL)
        return FALSE;
    password = g_strndup(g_bytes_get_data(value, NULL), g_bytes_get_size(value));
    return set_node(portal, target, "node.session.auth.authmethod", "CHAP", error) &&
           set_node(portal, target, "node.session.auth.username", auth->username, error) &&
           set_node(portal, target, "node.session.auth.password", password, error);
}

static gboolean iscsi_start(const PoolAccess *pool, GError **error)
{
    const PoolSource *source = &pool->def->source;
    const char *target = iscsi_target(source, error);
    g_autofree char *portal = NULL;
    g_auto(GStrv) found = NULL;
    guint session;

    if (target == NULL)
        return FALSE;
    if (find_session(source, &session))
        return TRUE;
    portal = iscsi_portal(source);
    found = discover(source, error);
    return found != NULL && set_auth(pool, portal, target, error) &&
           /* What is started is the pool's business, not that of the next boot. */
           set_node(portal, target, "node.startup", "manual", error) &&
           tool_run(error, "iscsiadm", "--mode", "node", "--portal", portal, "--targetname", target,
                    "--login", NULL);
}

static gboolean iscsi_stop(const PoolAccess *pool, GError **error)
{
    const PoolSource *source = &pool->def->source;
    g_autofree char *portal = iscsi_portal(source);
    guint session;

    return !find_session(source, &session) ||
           tool_run(error, "iscsiadm", "--mode", "node", "--portal", portal, "--targetname",
                    iscsi_target(source, NULL), "--logout", NULL);
}

/* The SCSI host that the kernel has made for the session. */
static gboolean find_host(const PoolAccess *pool, guint *ret_host, GError **error)
{
    g_autofree char *name = NULL, *path = NULL;
    g_autoptr(GDir) dir = NULL;
    const char *entry;
    guint session;

    if (!find_session(&pool->def->source, &session))
        return fail(error, VIR_ERR_OPERATION_FAILED, "there is no iSCSI session with '%s'",
                    iscsi_target(&pool->def->source, NULL));
    name = g_strdup_printf("class/iscsi_session/session%u/device", session);
    path = sysfs_path(name);
    dir = g_dir_open(path, 0, NULL);
    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        const char *digits;

        if (!g_str_has_prefix(entry, "target")) /* "target3:0:0" */
            continue;
        digits = entry + strlen("target");
        *ret_host = (guint)g_ascii_strtoull(digits, NULL, 10);
        return TRUE;
    }
    return fail(error, VIR_ERR_OPERATION_FAILED, "the iSCSI target '%s' has no disks",
                iscsi_target(&pool->def->source, NULL));
}

static gboolean iscsi_check(const PoolAccess *pool, GError **error)
{
    guint session;

    return find_session(&pool->def->source, &session) ||
           fail(error, VIR_ERR_OPERATION_FAILED, "there is no iSCSI session with '%s'",
                iscsi_target(&pool->def->source, NULL));
}

static gboolean iscsi_refresh(const PoolAccess *pool, GError **error)
{
    guint host;

    return find_host(pool, &host, error) && scsi_rescan(host, error);
}

static GPtrArray *iscsi_list(const PoolAccess *pool, GError **error)
{
    guint host;

    return find_host(pool, &host, error) ? scsi_luns(pool, host, error) : NULL;
}

static gboolean iscsi_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    return luns_usage(iscsi_list(pool, error), ret_usage);
}

static char *iscsi_find_sources(const PoolSource *source, GError **error)
{
    const PoolHost *host = pool_source_host(source);
    g_auto(GStrv) lines = NULL;
    GString *xml;

    if (host == NULL) {
        fail(error, VIR_ERR_INVALID_ARG, "hostname must be specified for iscsi sources");
        return NULL;
    }
    lines = discover(source, error);
    if (lines == NULL)
        return NULL;
    xml = g_string_new("<sources>\n");
    for (guint i = 0; lines[i] != NULL; i++) {
        const char *target = strchr(lines[i], ' ');

        if (target == NULL)
            continue;
        xml_append(xml, "  <source>\n    <host name='%s'", host->name);
        if (host->port != 0)
            xml_append(xml, " port='%u'", host->port);
        xml_append(xml, "/>\n    <device path='%s'/>\n", target + 1);
        if (source->initiator != NULL)
            xml_append(xml, "    <initiator>\n      <iqn name='%s'/>\n    </initiator>\n",
                       source->initiator);
        g_string_append(xml, "  </source>\n");
    }
    g_string_append(xml, "</sources>\n");
    return g_string_free(xml, FALSE);
}

const PoolBackend pool_backend_iscsi = {
    .tool = "iscsiadm",
    .check = iscsi_check,
    .start = iscsi_start,
    .stop = iscsi_stop,
    .refresh = iscsi_refresh,
    .usage = iscsi_usage,
    .find_sources = iscsi_find_sources,
    .list = iscsi_list,
};
