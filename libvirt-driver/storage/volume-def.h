/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client wants made: <volume> as it comes in. */
#pragma once

#include "pool-def.h"

G_BEGIN_DECLS

typedef struct {
    char *name;
    char *format; /* NULL: raw */
    guint64 capacity, allocation;
    Permissions permissions;
    char *backing_path, *backing_format;
    char *compat;         /* qcow2's; NULL: not said */
    guint64 cluster_size; /* 0: not said */
    gboolean lazy_refcounts;
} VolumeDef;

VolumeDef *volume_def_parse(const char *xml, GError **error);
void volume_def_free(VolumeDef *def); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VolumeDef, volume_def_free)

G_END_DECLS
