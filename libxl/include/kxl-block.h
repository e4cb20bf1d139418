/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks of a running domain: figures, limits, and jobs that copy between the images of a chain. A
 * disk is named by its vdev ("xvda"). Everything here works alike for PV and HVM domains. */
#pragma once

#include "kxl.h"

G_BEGIN_DECLS

typedef struct {
    guint64 bytes, requests, time_ns, merged;
} KxlBlockTraffic;

/* One image of a chain. */
typedef struct {
    char *path;        /* as QEMU has it open; NULL: none */
    char *format;      /* QEMU's driver name */
    guint64 capacity;  /* what the guest sees, bytes */
    guint64 allocated; /* disk space it takes */
} KxlBlockImage;

typedef struct {
    char *vdev;
    char *node;   /* QEMU's block node of the top image; NULL: an empty drive */
    char *device; /* QEMU's name of the device in front of it */
    gboolean readonly;
    char *io_status; /* "ok", "failed", "nospace"; NULL: not told */
    KxlBlockTraffic rd, wr, fl;
    guint64 failed;    /* requests that ended with an error */
    guint64 highest;   /* end of the last byte ever written in the image file */
    guint64 threshold; /* 0: none */
    GPtrArray *chain;  /* of KxlBlockImage, the top first; empty for an empty drive */
} KxlBlock;
void kxl_block_free(KxlBlock *block);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlBlock, kxl_block_free)
/* All disks, in the configuration's order; freed with the array. Three questions to QEMU however
 * many disks there are. */
GPtrArray *kxl_domain_block_list(KxlHost *host, int domid, GError **error);
/* One of such a list. KXL_ERROR_INVALID: no such disk. */
KxlBlock *kxl_block_find(GPtrArray *blocks, const char *vdev, GError **error);

/* The image and the disk get that size in bytes, which the guest is told. */
gboolean kxl_domain_block_resize(KxlHost *host, int domid, const char *vdev, guint64 bytes,
                                 GError **error);
/* Tells once, by the event BLOCK_WRITE_THRESHOLD, when the image file is written beyond bytes; 0:
 * not any more. */
gboolean kxl_domain_block_threshold(KxlHost *host, int domid, const char *vdev, guint64 bytes,
                                    GError **error);

/* Limits, 0: none. By QEMU's names in block_set_io_throttle. */
typedef enum {
    KXL_LIMIT_BPS,
    KXL_LIMIT_BPS_RD,
    KXL_LIMIT_BPS_WR,
    KXL_LIMIT_IOPS,
    KXL_LIMIT_IOPS_RD,
    KXL_LIMIT_IOPS_WR,
    KXL_LIMIT_BPS_MAX,
    KXL_LIMIT_BPS_RD_MAX,
    KXL_LIMIT_BPS_WR_MAX,
    KXL_LIMIT_IOPS_MAX,
    KXL_LIMIT_IOPS_RD_MAX,
    KXL_LIMIT_IOPS_WR_MAX,
    KXL_LIMIT_BPS_MAX_LENGTH,
    KXL_LIMIT_BPS_RD_MAX_LENGTH,
    KXL_LIMIT_BPS_WR_MAX_LENGTH,
    KXL_LIMIT_IOPS_MAX_LENGTH,
    KXL_LIMIT_IOPS_RD_MAX_LENGTH,
    KXL_LIMIT_IOPS_WR_MAX_LENGTH,
    KXL_LIMIT_IOPS_SIZE,
    KXL_LIMIT_COUNT
} KxlTuneLimit;
typedef struct {
    guint64 limits[KXL_LIMIT_COUNT];
    char *group; /* disks with the same one share the limits; NULL: its own */
} KxlBlockTune;
gboolean kxl_domain_block_get_tune(KxlHost *host, int domid, const char *vdev,
                                   KxlBlockTune *ret_tune, GError **error);
gboolean kxl_domain_block_set_tune(KxlHost *host, int domid, const char *vdev,
                                   const KxlBlockTune *tune, GError **error);
void kxl_block_tune_clear(KxlBlockTune *tune);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlBlockTune, kxl_block_tune_clear)

/* --- jobs: one at a time for each disk; its QEMU id is KXL_BLOCK_JOB_PREFIX and the vdev */

#define KXL_BLOCK_JOB_PREFIX "kxl-"

typedef enum {
    KXL_BLOCK_PULL,
    KXL_BLOCK_COPY,
    KXL_BLOCK_COMMIT,
    KXL_BLOCK_COMMIT_ACTIVE,
    KXL_BLOCK_BACKUP
} KxlBlockJobKind;
/* Which job an event of QEMU's is about, by its "device" and "type". FALSE: none of ours. */
gboolean kxl_block_job_parse_id(const char *id, const char *type, char **ret_vdev,
                                KxlBlockJobKind *ret_kind);

typedef struct {
    KxlBlockJobKind kind;
    guint64 speed; /* bytes/s, 0: unlimited */
    guint64 done, total;
    gboolean ready; /* copy, active commit: both images are equal now and are kept so */
} KxlBlockJob;
/* FALSE without error: there is no job. */
gboolean kxl_domain_block_job(KxlHost *host, int domid, const char *vdev, KxlBlockJob *ret_job,
                              GError **error);
/* In bytes/s, 0: unlimited. */
gboolean kxl_domain_block_job_set_speed(KxlHost *host, int domid, const char *vdev, guint64 speed,
                                        GError **error);
/* Cancels it; returns when it is over unless async. With pivot a job that is ready makes the other
 * image the disk's, in the domain's configuration too (KXL_ERROR_STATE: not ready yet). A copy that
 * is ready and cancelled leaves a copy of this moment. */
gboolean kxl_domain_block_job_abort(KxlHost *host, int domid, const char *vdev, gboolean pivot,
                                    gboolean async, GError **error);

/* Takes into the top image what it has from those below down to base (a path of the chain; NULL:
 * all of them). */
gboolean kxl_domain_block_pull(KxlHost *host, int domid, const char *vdev, const char *base,
                               guint64 speed, GError **error);
/* Writes what is in top (NULL: the top image, which makes it an active commit: to be ended with
 * pivot) down into base (NULL: the one at the end of the chain). */
gboolean kxl_domain_block_commit(KxlHost *host, int domid, const char *vdev, const char *base,
                                 const char *top, guint64 speed, GError **error);
/* The image that QEMU has for the disk now is its image: for who finds that another one was killed
 * before it could say so. */
gboolean kxl_domain_note_image(KxlHost *host, int domid, const char *vdev, GError **error);
/* Finishes what a program that was killed has left half done with the domain's disks, its saving or
 * dumping. Cheap when there is nothing. */
void kxl_domain_recover(KxlHost *host, int domid);

typedef struct {
    const char *path;
    KxlDiskFormat format;
    gboolean reuse;   /* the file is there already, large enough */
    gboolean shallow; /* only the top image; the copy gets the same backing file */
    guint64 speed;
    guint32 granularity; /* 0: QEMU's choice */
    guint64 buf_size;
} KxlBlockCopy;
/* Begins a job that copies the disk and then keeps both equal, until it is aborted or ended with
 * pivot. */
gboolean kxl_domain_block_copy(KxlHost *host, int domid, const char *vdev, const KxlBlockCopy *copy,
                               GError **error);

G_END_DECLS
