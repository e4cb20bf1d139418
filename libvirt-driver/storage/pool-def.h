/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition of a storage pool, and its text, <pool>. */
#pragma once

#include <glib.h>

#include "pool-source.h"

G_BEGIN_DECLS

typedef struct {
    char *name, *value; /* value NULL: it takes none */
} PoolOption;

/* What volumes that only promise their capacity are said to take. */
typedef enum { ALLOCATION_UNSAID, ALLOCATION_DEFAULT, ALLOCATION_CAPACITY } RefreshAllocation;

/* Constant once made, and counted: views share it. */
typedef struct {
    const PoolType *type;
    char *name;
    char uuid[37];
    Tristate cow; /* of the folder's files, where the file system asks */
    PoolSource source;
    char *path; /* of the target, canonical; NULL: the type has none */
    Permissions permissions;
    RefreshAllocation refresh_allocation;
    GPtrArray *options; /* of PoolOption: mount options or rbd's settings */
} PoolDef;

typedef struct {
    guint64 capacity, allocation, available; /* bytes */
    GArray *free_extents;                    /* of PoolExtent; NULL: the type has none */
} PoolUsage;
void pool_usage_clear(PoolUsage *usage);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PoolUsage, pool_usage_clear)

PoolDef *pool_def_parse(const char *xml, GError **error);
PoolDef *pool_def_ref(PoolDef *def); /* NULL-safe */
void pool_def_unref(PoolDef *def);   /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolDef, pool_def_unref)
/* With the figures and permissions of what is there now; NULL: as defined. */
char *pool_def_format(const PoolDef *def, const PoolUsage *usage, const Permissions *permissions);
/* Whether the two would use the same storage. */
gboolean pool_def_conflicts(const PoolDef *a, const PoolDef *b);

G_END_DECLS
