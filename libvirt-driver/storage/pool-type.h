/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What differs between the types of storage pools: one row per type, and what it does in a file of
 * its own (pool-backend.h). */
#pragma once

#include "pool-def.h"

G_BEGIN_DECLS

typedef struct PoolBackend PoolBackend;

struct PoolType {
    const char *name;
    guint32 list_flag; /* its virConnectListAllStoragePoolsFlags bit */
    guint source;      /* PoolSourceParts */

    const char *const *formats; /* <source><format>; NULL: has none */
    const char *default_format;
    const char *options_ns; /* of its <fs:mount_opts> or the like; NULL: none */

    const char *target_prefix; /* where a source's name is seen; NULL: the target says */
    gboolean no_target;        /* volumes are not in this host's file system */

    const char *volume_kind;           /* <volume type=> when it says none */
    const char *const *volume_formats; /* <target><format>; NULL: has none */
    const char *volume_default;
    gboolean volume_format_found; /* probed, never asked for */

    const PoolBackend *backend; /* NULL: no tool for it is packaged */
};

/* NULL with an error that names it: no such row. */
const PoolType *pool_type_find(const char *name, GError **error);
extern const PoolType pool_types[];
extern const guint pool_n_types;

/* The entry of a table of words (ends with NULL) that equals word; NULL: none. */
const char *word_find(const char *const *words, const char *word);

G_END_DECLS
