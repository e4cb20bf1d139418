/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pools of type dir: a folder of the host. */
#include "folder.h"

static gboolean dir_build(const PoolAccess *pool, guint flags, GError **error)
{
    return folder_build(pool->def, error); /* which overwrites nothing */
}

static gboolean dir_remove(const PoolAccess *pool, GError **error)
{
    return folder_remove(pool->def->path, error);
}

const PoolBackend pool_backend_dir = {
    TARGET_FUNCTIONS,
    .build = dir_build,
    .remove = dir_remove,
};
