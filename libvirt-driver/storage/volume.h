/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The volumes of a dir pool: its files and folders. */
#pragma once

#include <sys/stat.h>

#include "image.h"
#include "pool-def.h"
#include "volume-def.h"

G_BEGIN_DECLS

typedef enum { /* virStorageVolType */
               VOLUME_FILE = 0,
               VOLUME_DIR = 2,
} VolumeType;

typedef struct {
    VolumeType type;
    char *name;
    char *path; /* also its key */
    ImageInfo image;
    guint64 allocation; /* bytes taken on disk */
    struct stat st;
} Volume;
void volume_free(Volume *volume); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_free)

/* NULL with "no storage vol": no such file in the pool. */
Volume *volume_open(const PoolDef *pool, const char *name, GError **error);
/* All of them, by name; freed with the array. */
GPtrArray *volume_list(const PoolDef *pool, GError **error);
char *volume_format_xml(const Volume *volume);

/* volume-make.c; qemu-img does what is not a plain file. All leave nothing behind when they fail,
 * and never replace what is there. */
gboolean volume_create(const PoolDef *pool, const VolumeDef *def, gboolean preallocate,
                       GError **error);
/* A copy of source as def's name and format. */
gboolean volume_clone(const PoolDef *pool, const VolumeDef *def, const Volume *source,
                      GError **error);
gboolean volume_resize(const Volume *volume, guint64 capacity, gboolean allocate, gboolean shrink,
                       GError **error);
gboolean volume_delete(const Volume *volume, GError **error);

G_END_DECLS
