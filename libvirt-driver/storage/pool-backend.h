/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a type of pool does: one struct of functions per type, each in its own file. Volumes are
 * looked at anew by every call, so they are what the storage holds now. All of them block: they run
 * in worker threads. A NULL function is what the type cannot do.
 */
#pragma once

#include "pool-type.h"
#include "secret/secret.h"
#include "volume.h"

G_BEGIN_DECLS

typedef struct VolumeJournal VolumeJournal;

/* A pool in use: what its functions are given. Borrowed. */
typedef struct {
    const PoolDef *def;
    SecretRegistry *secrets;
    VolumeJournal *journal;
    const char *run_dir; /* for what lasts as long as the host is up */
} PoolAccess;

/* virStoragePoolBuildFlags */
enum { BUILD_REPAIR = 1, BUILD_RESIZE = 2, BUILD_NO_OVERWRITE = 4, BUILD_OVERWRITE = 8 };

/* How a volume is made. */
typedef struct {
    const PoolAccess *source_pool; /* of source */
    const Volume *source;          /* what it is a copy of; NULL: it is new */
    gboolean preallocate;          /* metadata of qcow2 */
    gboolean reflink;              /* share the source's blocks, or fail */
    /* Called when there is a file that grows; NULL: nobody looks. */
    void (*growing)(int fd, gpointer data);
    gpointer data;
} VolumeMake;

enum { DELETE_ZEROED = 1, DELETE_WITH_SNAPSHOTS = 2 }; /* virStorageVolDeleteFlags */

struct PoolBackend {
    const char *tool; /* the program without which it does nothing; NULL: none */

    /* Can volumes be reached? Asked after a start, by each refresh, and of what was active when the
     * last daemon ended. */
    gboolean (*check)(const PoolAccess *pool, GError **error);
    gboolean (*start)(const PoolAccess *pool, GError **error);
    gboolean (*stop)(const PoolAccess *pool, GError **error);
    gboolean (*refresh)(const PoolAccess *pool, GError **error); /* what check() does not */
    gboolean (*build)(const PoolAccess *pool, guint flags, GError **error);
    /* Frees a device that build() had begun with and put into the journal, unless it is in use. */
    void (*unbuild)(const PoolAccess *pool, const char *device);
    gboolean (*remove)(const PoolAccess *pool, GError **error);
    gboolean (*usage)(const PoolAccess *pool, PoolUsage *ret_usage, GError **error);
    /* Text for virConnectFindStoragePoolSources; source: what the client said, may be NULL. */
    char *(*find_sources)(const PoolSource *source, GError **error);

    /* All volumes (of Volume, owned by the array), or where one is looked at without the others:
     * their names (of char*), and one of them, NULL with "no storage vol". In any order. */
    GPtrArray *(*list)(const PoolAccess *pool, GError **error);
    GPtrArray *(*names)(const PoolAccess *pool, GError **error);
    Volume *(*open)(const PoolAccess *pool, const char *name, GError **error);
    /* Leaves nothing behind when it fails, and never replaces what is there. */
    gboolean (*make)(const PoolAccess *pool, const Volume *volume, const VolumeMake *how,
                     GError **error);
    gboolean (*remove_volume)(const PoolAccess *pool, const Volume *volume, guint flags,
                              GError **error);
    gboolean (*resize)(const PoolAccess *pool, const Volume *volume, guint64 capacity,
                       gboolean allocate, GError **error);
};

extern const PoolBackend pool_backend_dir, pool_backend_fs, pool_backend_netfs,
    pool_backend_logical, pool_backend_disk, pool_backend_iscsi, pool_backend_iscsi_direct,
    pool_backend_scsi, pool_backend_mpath, pool_backend_rbd, pool_backend_zfs, pool_backend_gluster;

/* ---- of any type; volumes.c ---- */

/* Of VolumeHandle, by name. */
typedef struct {
    char *name, *key;
} VolumeHandle;
GPtrArray *volumes_handles(const PoolAccess *pool, GError **error);
Volume *volumes_open(const PoolAccess *pool, const char *name, GError **error);
/* The one at that path or with that key; NULL without an error: not in this pool. */
Volume *volumes_find(const PoolAccess *pool, const char *path_or_key);

gboolean fail_no_volume(const char *name, GError **error);
gboolean fail_volume_exists(const char *name, GError **error);

G_END_DECLS
