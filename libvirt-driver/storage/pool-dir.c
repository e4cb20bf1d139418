/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type dir: a folder of the host. */
#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "handler-util.h"
#include "names.h"
#include "pool-type.h"
#include "xml-util.h"

#define LIST_FLAG    (1u << 6) /* VIR_CONNECT_LIST_STORAGE_POOLS_DIR */
#define DEFAULT_MODE 0711      /* libvirt's: guests' files can be opened, not listed */

static gboolean fail_errno(GError **error, const char *what, const char *path)
{
    return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot %s '%s': %s", what, path, g_strerror(errno));
}

static gboolean dir_parse(PoolDef *def, xmlNodePtr pool, GError **error)
{
    g_autofree char *path = xml_text(pool, "target/path");

    if (path == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "missing storage pool target path");
    if (!g_path_is_absolute(path) || !is_plain_text(path))
        return fail(error, VIR_ERR_XML_ERROR, "storage pool target path '%s' is not absolute",
                    path);
    if (xml_find(pool, "features/cow") != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "the storage pool feature 'cow' is not supported");
    def->path = g_canonicalize_filename(path, "/"); /* "a//b/" and "a/b" are the same folder */
    return TRUE;
}

static gboolean dir_check(const PoolDef *def, GError **error)
{
    struct stat st;

    if (stat(def->path, &st) < 0)
        return fail_errno(error, "open directory", def->path);
    return S_ISDIR(st.st_mode) ||
           fail(error, VIR_ERR_SYSTEM_ERROR, "'%s' is not a directory", def->path);
}

static gboolean dir_usage(const PoolDef *def, PoolUsage *ret_usage, GError **error)
{
    struct statvfs fs;

    if (statvfs(def->path, &fs) < 0)
        return fail_errno(error, "look at the file system of", def->path);
    ret_usage->capacity = (guint64)fs.f_blocks * fs.f_frsize;
    /* As root has it, whom the reserved blocks are for; so the two add up to the capacity. */
    ret_usage->available = (guint64)fs.f_bfree * fs.f_frsize;
    ret_usage->allocation = ret_usage->capacity - ret_usage->available;
    return TRUE;
}

static Permissions dir_permissions(const PoolDef *def)
{
    struct stat st;

    if (stat(def->path, &st) < 0)
        return def->permissions;
    return (Permissions){ st.st_mode & 07777, st.st_uid, st.st_gid };
}

static gboolean dir_build(const PoolDef *def, GError **error)
{
    const Permissions *p = &def->permissions;

    if (g_mkdir_with_parents(def->path, DEFAULT_MODE) < 0)
        return fail_errno(error, "make directory", def->path);
    /* The owner first: changing it may clear mode bits. */
    if ((p->owner >= 0 || p->group >= 0) && chown(def->path, (uid_t)p->owner, (gid_t)p->group) < 0)
        return fail_errno(error, "set the owner of", def->path);
    return p->mode < 0 || chmod(def->path, (mode_t)p->mode) == 0 ||
           fail_errno(error, "set the mode of", def->path);
}

static gboolean dir_remove(const PoolDef *def, GError **error)
{
    return rmdir(def->path) == 0 || fail_errno(error, "remove directory", def->path);
}

const PoolType pool_type_dir = {
    .name = "dir",
    .list_flag = LIST_FLAG,
    .parse = dir_parse,
    .check = dir_check,
    .usage = dir_usage,
    .permissions = dir_permissions,
    .build = dir_build,
    .remove = dir_remove,
};
