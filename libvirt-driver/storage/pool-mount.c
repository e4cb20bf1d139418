/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type fs and netfs: a file system of a device or of another host, mounted at the
 * target. */
#include <errno.h>
#include <string.h>

#include "block-device.h"
#include "command.h"
#include "folder.h"
#include "handler-util.h"
#include "mounts.h"
#include "xml-util.h"

/* What is in a volume is a guest's: nothing of it is to be run or to be a device here. */
#define MOUNT_OPTIONS "nodev,nosuid,noexec"

static gboolean is_network(const PoolDef *def)
{
    return def->type->source & POOL_SOURCE_HOST;
}

/* As mount(8) is given it. */
static char *mount_source(const PoolDef *def)
{
    const PoolHost *host = pool_source_host(&def->source);

    if (!is_network(def))
        return g_strdup(pool_source_device(&def->source)->path);
    if (g_strcmp0(def->source.format, "cifs") == 0)
        return g_strdup_printf("//%s/%s", host->name, def->source.dir + (*def->source.dir == '/'));
    if (strchr(host->name, ':') != NULL)
        return g_strdup_printf("[%s]:%s", host->name, def->source.dir);
    return g_strdup_printf("%s:%s", host->name, def->source.dir);
}

static char *mount_options(const PoolDef *def)
{
    GString *options = g_string_new(MOUNT_OPTIONS);

    if (g_strcmp0(def->source.format, "glusterfs") == 0)
        g_string_append(options, ",direct-io-mode=1");
    if (g_strcmp0(def->source.format, "cifs") == 0)
        g_string_append(options, ",guest");
    if (def->source.protocol_ver != NULL)
        g_string_append_printf(options, ",nfsvers=%s", def->source.protocol_ver);
    for (guint i = 0; i < def->options->len; i++)
        g_string_append_printf(options, ",%s", ((PoolOption *)def->options->pdata[i])->name);
    return g_string_free(options, FALSE);
}

static gboolean is_mounted(const PoolDef *def)
{
    return mount_is_at(def->path, NULL);
}

static gboolean mount_check(const PoolAccess *pool, GError **error)
{
    return is_mounted(pool->def) ? target_check(pool, error)
                                 : fail(error, VIR_ERR_OPERATION_FAILED,
                                        "nothing is mounted at '%s'", pool->def->path);
}

/* Which package has mount's helper for a file system it cannot mount itself. */
static const char *helper_of(const char *format)
{
    static const struct {
        const char *format, *helper;
    } rows[] = {
        { "nfs", "mount.nfs" },
        { "cifs", "mount.cifs" },
        { "glusterfs", "mount.glusterfs" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_strcmp0(rows[i].format, format) == 0)
            return rows[i].helper;
    }
    return NULL;
}

static gboolean mount_start(const PoolAccess *pool, GError **error)
{
    const PoolDef *def = pool->def;
    const char *format = def->source.format;
    g_autofree char *source = mount_source(def);
    g_autofree char *options = mount_options(def);
    const char *helper = helper_of(format);
    const char *argv[9];
    guint n = 0;

    if (!folder_check(def->path, error) || (helper != NULL && !command_find(helper, error)))
        return FALSE;
    if (mount_is_at(def->path, source))
        return TRUE;
    if (is_mounted(def))
        return fail(error, VIR_ERR_OPERATION_FAILED,
                    "cannot mount '%s': something else is mounted at '%s'", source, def->path);
    argv[n++] = "mount";
    if (strcmp(format, "auto") != 0) {
        argv[n++] = "-t";
        argv[n++] = format;
    }
    argv[n++] = "-o";
    argv[n++] = options;
    argv[n++] = source;
    argv[n++] = def->path;
    argv[n] = NULL;
    return command_run(argv, NULL, NULL, error);
}

static gboolean mount_stop(const PoolAccess *pool, GError **error)
{
    const char *const argv[] = { "umount", pool->def->path, NULL };

    return !is_mounted(pool->def) || command_run(argv, NULL, NULL, error);
}

static gboolean mount_remove(const PoolAccess *pool, GError **error)
{
    return folder_remove(pool->def->path, error);
}

/* ---- fs ---- */

static gboolean make_file_system(const char *format, const char *device, GError **error)
{
    g_autofree char *mkfs = g_strconcat("mkfs.", format, NULL);
    gboolean is_xfs = strcmp(format, "xfs") == 0;
    gboolean is_ext = g_str_has_prefix(format, "ext");
    /* They would ask whether to overwrite what is there; that was decided before. */
    const char *const argv[] = { mkfs,
                                 is_xfs   ? "-f"
                                 : is_ext ? "-F"
                                          : device,
                                 is_xfs || is_ext ? device : NULL, NULL };

    return command_run(argv, NULL, NULL, error);
}

static gboolean fs_build(const PoolAccess *pool, guint flags, GError **error)
{
    const PoolSource *source = &pool->def->source;
    const char *device = pool_source_device(source)->path;

    if (!folder_build(pool->def, error))
        return FALSE;
    if (!(flags & (BUILD_OVERWRITE | BUILD_NO_OVERWRITE)))
        return TRUE;
    if (strcmp(source->format, "auto") == 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "cannot make a file system on '%s': the pool's source has no format", device);
    if (!block_device_check(device, error) ||
        ((flags & BUILD_NO_OVERWRITE) && !block_device_check_empty(device, error)))
        return FALSE;
    return make_file_system(source->format, device, error);
}

/* ---- netfs ---- */

static gboolean netfs_build(const PoolAccess *pool, guint flags, GError **error)
{
    return folder_build(pool->def, error);
}

/* "showmount -e HOST" lists what an NFS server exports: a path and who may, a line each. */
static char *netfs_find_sources(const PoolSource *source, GError **error)
{
    const PoolHost *host = source != NULL ? pool_source_host(source) : NULL;
    const char *const argv[] = { "showmount", "--no-headers", "--exports",
                                 host != NULL ? host->name : NULL, NULL };
    g_autofree char *output = NULL;
    g_auto(GStrv) lines = NULL;
    GString *xml;

    if (host == NULL) {
        fail(error, VIR_ERR_INVALID_ARG, "hostname must be specified for netfs sources");
        return NULL;
    }
    if (!command_run(argv, NULL, &output, error))
        return NULL;
    lines = g_strsplit(output, "\n", -1);
    xml = g_string_new("<sources>\n");
    for (guint i = 0; lines[i] != NULL; i++) {
        char *end = strpbrk(lines[i], " \t");

        if (end != NULL)
            *end = '\0';
        if (*lines[i] == '/')
            xml_append(xml,
                       "  <source>\n    <host name='%s'/>\n    <dir path='%s'/>\n"
                       "    <format type='nfs'/>\n  </source>\n",
                       host->name, lines[i]);
    }
    g_string_append(xml, "</sources>\n");
    return g_string_free(xml, FALSE);
}

#define MOUNT_FUNCTIONS                                                                            \
    .check = mount_check, .start = mount_start, .stop = mount_stop, .remove = mount_remove,        \
    .usage = target_usage, .names = target_names, .open = target_open, .make = target_make,        \
    .remove_volume = target_remove_volume, .resize = folder_resize

const PoolBackend pool_backend_fs = {
    MOUNT_FUNCTIONS,
    .build = fs_build,
};

const PoolBackend pool_backend_netfs = {
    MOUNT_FUNCTIONS,
    .build = netfs_build,
    .find_sources = netfs_find_sources,
};
