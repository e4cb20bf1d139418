/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type scsi: what a SCSI or Fibre Channel controller of the host has. */
#include <stdlib.h>
#include <string.h>

#include "handler-util.h"
#include "scsi-luns.h"
#include "sysfs.h"

/* "host5", "scsi_host5" and "fc_host5" are the same. */
static gboolean host_number(const char *name, guint *ret)
{
    const char *digits = strstr(name, "host");
    guint64 number;

    if (digits == NULL ||
        !g_ascii_string_to_unsigned(digits + 4, 10, 0, G_MAXUINT16, &number, NULL))
        return FALSE;
    *ret = (guint)number;
    return TRUE;
}

/* Of a controller. */
static char *attribute(const char *class, const char *host, const char *name)
{
    g_autofree char *folder = g_build_filename("class", class, host, NULL);
    g_autofree char *path = sysfs_path(folder);

    return sysfs_text(path, name);
}

static gboolean same_wwn(const char *found, const char *wanted)
{
    return found != NULL &&
           g_ascii_strcasecmp(g_str_has_prefix(found, "0x") ? found + 2 : found, wanted) == 0;
}

/* By the place of its PCI function, and its number there. */
static gboolean is_at(const char *host, const PoolAdapter *adapter)
{
    g_autofree char *link = g_build_filename("class/scsi_host", host, NULL);
    g_autofree char *path = sysfs_path(link);
    g_autofree char *place = g_strdup_printf("/%04x:%02x:%02x.%x/", adapter->domain, adapter->bus,
                                             adapter->slot, adapter->function);
    g_autofree char *unique = attribute("scsi_host", host, "unique_id");
    char *real = realpath(path, NULL);
    gboolean same = real != NULL && strstr(real, place) != NULL &&
                    unique != NULL &&
                    g_ascii_strtoull(unique, NULL, 10) == adapter->unique_id;

    free(real);
    return same;
}

static gboolean matches(const char *host, const PoolAdapter *adapter)
{
    if (adapter->type == POOL_ADAPTER_FC_HOST) {
        g_autofree char *wwnn = attribute("fc_host", host, "node_name");
        g_autofree char *wwpn = attribute("fc_host", host, "port_name");

        return same_wwn(wwnn, adapter->wwnn) && same_wwn(wwpn, adapter->wwpn);
    }
    return is_at(host, adapter);
}

static gboolean find_host(const PoolAccess *pool, guint *ret_host, GError **error)
{
    const PoolAdapter *adapter = &pool->def->source.adapter;
    g_autofree char *hosts = sysfs_path("class/scsi_host");
    g_autoptr(GDir) dir = g_dir_open(hosts, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        guint number, wanted;

        if (!host_number(name, &number))
            continue;
        if (adapter->name != NULL ? host_number(adapter->name, &wanted) && wanted == number
                                  : matches(name, adapter)) {
            *ret_host = number;
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_XML_ERROR, "storage pool '%s': this host has no such adapter%s%s",
                pool->def->name, adapter->name != NULL ? " " : "",
                adapter->name != NULL ? adapter->name : "");
}

/* ---- a Fibre Channel port that is made for the pool, NPIV ---- */

static gboolean vport(const PoolAdapter *adapter, VportVerb verb, GError **error)
{
    g_autofree char *names = g_strdup_printf("%s:%s", adapter->wwpn, adapter->wwnn);
    g_autofree char *host = NULL;
    guint parent;

    if (adapter->parent == NULL || !host_number(adapter->parent, &parent))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "a virtual Fibre Channel port is made only where its parent is named");
    host = g_strdup_printf("host%u", parent);
    return sysfs_vport(host, verb, names, VIR_ERR_SYSTEM_ERROR, error);
}

static gboolean scsi_start(const PoolAccess *pool, GError **error)
{
    const PoolAdapter *adapter = &pool->def->source.adapter;
    guint host;

    if (find_host(pool, &host, NULL) || adapter->type != POOL_ADAPTER_FC_HOST)
        return TRUE;
    return vport(adapter, VPORT_CREATE, error);
}

static gboolean scsi_stop(const PoolAccess *pool, GError **error)
{
    const PoolAdapter *adapter = &pool->def->source.adapter;

    /* One that was there before stays, unless the pool says that it is its own. */
    return adapter->type != POOL_ADAPTER_FC_HOST || adapter->managed != YES ||
           vport(adapter, VPORT_DELETE, error);
}

static gboolean scsi_check(const PoolAccess *pool, GError **error)
{
    guint host;

    return find_host(pool, &host, error);
}

static gboolean scsi_refresh(const PoolAccess *pool, GError **error)
{
    guint host;

    return find_host(pool, &host, error) && scsi_rescan(host, error);
}

static GPtrArray *scsi_list(const PoolAccess *pool, GError **error)
{
    guint host;

    return find_host(pool, &host, error) ? scsi_luns(pool, host, error) : NULL;
}

static gboolean scsi_usage(const PoolAccess *pool, PoolUsage *ret_usage, GError **error)
{
    return luns_usage(scsi_list(pool, error), ret_usage);
}

const PoolBackend pool_backend_scsi = {
    .check = scsi_check,
    .start = scsi_start,
    .stop = scsi_stop,
    .refresh = scsi_refresh,
    .usage = scsi_usage,
    .list = scsi_list,
};
