/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volumes of a dir pool: its files. */
#pragma once

#include "image.h"
#include "pool.h"

G_BEGIN_DECLS

typedef struct {
    char *name;
    char *path; /* also its key */
    ImageInfo image;
    guint64 allocation; /* bytes taken on disk */
    guint64 physical;   /* length of the file */
    guint mode, owner, group;
} Volume;
void volume_free(Volume *volume); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_free)

/* What a client wants made. */
typedef struct {
    char *name;
    char *format; /* NULL: raw */
    guint64 capacity, allocation;
    PoolPermissions permissions;
    char *backing_path, *backing_format;
} VolumeDef;
VolumeDef *volume_def_parse(const char *xml, GError **error);
void volume_def_free(VolumeDef *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VolumeDef, volume_def_free)

/* NULL with "no storage vol": no such file in the pool. */
Volume *volume_open(const PoolDef *pool, const char *name, GError **error);
/* All of them, by name; freed with the array. */
GPtrArray *volume_list(const PoolDef *pool, GError **error);
char *volume_format_xml(const Volume *volume);

/* volume-make.c; qemu-img does what is not a plain file. All leave nothing behind when they fail.
 */
gboolean volume_create(const PoolDef *pool, const VolumeDef *def, gboolean preallocate,
                       GError **error);
/* A copy of source as def's name and format. */
gboolean volume_clone(const PoolDef *pool, const VolumeDef *def, const Volume *source,
                      GError **error);
gboolean volume_resize(const Volume *volume, guint64 capacity, GError **error);
gboolean volume_delete(const Volume *volume, GError **error);

G_END_DECLS
