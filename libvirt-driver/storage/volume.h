/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A volume: as a client wants it made, or as a pool has it. And its text, <volume>. */
#pragma once

#include <time.h>

#include "encryption.h"
#include "pool-def.h"

G_BEGIN_DECLS

typedef enum { /* virStorageVolType */
               VOLUME_FILE,
               VOLUME_BLOCK,
               VOLUME_DIR,
               VOLUME_NETWORK,
               VOLUME_NETDIR,
               VOLUME_PLOOP,
} VolumeType;

typedef struct {
    char *path;
    guint64 start, end; /* bytes */
} VolumeExtent;

typedef struct {
    VolumeType type;
    char *name;
    char *key;          /* NULL: not said */
    char *path;         /* where it is: a file, a device or what QEMU calls it */
    char *local_path;   /* where this host sees it, if not at path; NULL: there, or not at all */
    const char *format; /* one of the pool type's words; NULL: has none */
    guint64 capacity;   /* what a guest sees, bytes */
    guint64 allocation; /* taken from the pool */
    guint64 physical;   /* the container's size; 0: not known */
    Permissions permissions;
    gboolean has_times;
    struct timespec atime, mtime, ctime;
    Encryption *encryption; /* NULL: none */

    char *backing_path; /* NULL: none */
    const char *backing_format;
    Permissions backing_permissions;

    char *compat;         /* qcow2's; NULL: not said */
    guint64 cluster_size; /* 0: not said */
    gboolean has_features, lazy_refcounts, extended_l2;
    gboolean nocow;

    GPtrArray *extents; /* of VolumeExtent: the devices it is on; NULL: not known */
    gboolean has_capacity, has_allocation; /* said by the client */
} Volume;

Volume *volume_new(VolumeType type, const char *name);
void volume_free(Volume *volume); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Volume, volume_free)
/* The file or device this host reads and writes; NULL with an error: there is none. */
const char *volume_local_path(const Volume *volume, GError **error);
void volume_add_extent(Volume *volume, const char *device, guint64 start, guint64 end);

/* What a client sends for a pool of that type. */
Volume *volume_parse(const char *xml, const PoolType *type, GError **error);
/* The same of a copy, whose capacity may be its source's. */
Volume *volume_parse_copy(const char *xml, const PoolType *type, GError **error);
char *volume_format(const Volume *volume, const PoolType *type);

G_END_DECLS
