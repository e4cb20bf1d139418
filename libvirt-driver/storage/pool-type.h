/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between the types of storage pools: one row per type. */
#pragma once

#include <libxml/tree.h>

#include "pool-def.h"

G_BEGIN_DECLS

typedef struct {
    guint64 capacity, allocation, available; /* bytes */
} PoolUsage;

struct PoolType {
    const char *name;
    guint32 list_flag; /* its virConnectListAllStoragePoolsFlags bit */

    /* Takes from <pool> what this type needs. */
    gboolean (*parse)(PoolDef *def, xmlNodePtr pool, GError **error);
    /* Can volumes be reached? Asked before a start and by each refresh. */
    gboolean (*check)(const PoolDef *def, GError **error);
    gboolean (*usage)(const PoolDef *def, PoolUsage *ret_usage, GError **error);
    /* The permissions it has now, those defined if there is nothing. */
    Permissions (*permissions)(const PoolDef *def);
    gboolean (*build)(const PoolDef *def, GError **error);
    gboolean (*remove)(const PoolDef *def, GError **error);
};

/* NULL with "unsupported" and the name: no such row. */
const PoolType *pool_type_find(const char *name, GError **error);

extern const PoolType pool_type_dir;

G_END_DECLS
