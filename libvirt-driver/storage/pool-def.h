/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The definition of a storage pool, and its text, <pool>. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct PoolType PoolType;

/* Permissions as XML says them; -1: not said. */
typedef struct {
    gint64 mode, owner, group;
} Permissions;
#define PERMISSIONS_NONE ((Permissions){ -1, -1, -1 })

/* Constant once made, and counted: views share it. */
typedef struct {
    const PoolType *type;
    char *name;
    char uuid[37];
    char *path; /* of the target, canonical */
    Permissions permissions;
} PoolDef;

PoolDef *pool_def_parse(const char *xml, GError **error);
PoolDef *pool_def_ref(PoolDef *def); /* NULL-safe */
void pool_def_unref(PoolDef *def);   /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PoolDef, pool_def_unref)
/* live: with the figures and permissions of what is there now. */
char *pool_def_format(const PoolDef *def, gboolean live);

G_END_DECLS
