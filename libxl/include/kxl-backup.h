/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Dirty bitmaps of a running domain's disks, and backups by them. A bitmap knows what was written
 * since it was made and is kept in the disk's qcow2 image over restarts. Everything here works
 * alike for PV and HVM domains.
 */
#pragma once

#include "kxl.h"

G_BEGIN_DECLS

typedef struct {
    const char *vdev; /* of the disk */
    const char *name;
} KxlBitmap;
/* All at one moment, or none. KXL_ERROR_UNSUPPORTED: a disk's image is not qcow2; KXL_ERROR_EXISTS:
 * it has one of that name. */
gboolean kxl_domain_bitmaps_add(KxlHost *host, int domid, const KxlBitmap *bitmaps, guint n,
                                GError **error);
/* From all images of the disks' chains that can be written. One that is not there is no error. */
gboolean kxl_domain_bitmaps_remove(KxlHost *host, int domid, const KxlBitmap *bitmaps, guint n,
                                   GError **error);
/* The bytes written since it was made. KXL_ERROR_NOT_FOUND: the disk has no such bitmap, or a crash
 * has made it useless. */
gboolean kxl_domain_bitmap_size(KxlHost *host, int domid, const KxlBitmap *bitmap,
                                guint64 *ret_bytes, GError **error);

typedef struct {
    const char *vdev;
    const char *path;     /* push: where the copy goes; pull: what the guest overwrites is put aside
                             there */
    KxlDiskFormat format; /* of that file */
    gboolean reuse;       /* it is there already, large enough; else it must not be */
    const char *since;    /* a bitmap: only what was written since; NULL: all of the disk */
    const char *scratch_bitmap; /* with since: what the union of the bitmaps is called meanwhile;
                                   NBD clients see it */
    const char *export_name;    /* pull: over NBD */
} KxlBackupDisk;
typedef struct {
    const KxlBackupDisk *disks;
    guint n_disks;
    const KxlBitmap *bitmaps; /* to be made at the same moment */
    guint n_bitmaps;
    gboolean pull; /* the disks as they are now are offered over NBD: on socket, or on
                      address and port */
    const char *socket, *address;
    guint port;
} KxlBackup;
/* On error nothing is left of it. KXL_ERROR_NOT_FOUND: a bitmap to go by is missing;
 * KXL_ERROR_EXISTS: a file is there. */
gboolean kxl_domain_backup_begin(KxlHost *host, int domid, const KxlBackup *backup, GError **error);
typedef struct {
    gboolean there; /* FALSE: no job of that disk is known (any more) */
    gboolean over;
    guint64 done, total; /* bytes */
    char *error;         /* why it failed; NULL */
} KxlBackupJob;
void kxl_backup_job_clear(KxlBackupJob *job);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlBackupJob, kxl_backup_job_clear)
/* One for each disk, in their order, into ret_jobs (of n_disks). */
gboolean kxl_domain_backup_look(KxlHost *host, int domid, const KxlBackup *backup,
                                KxlBackupJob *ret_jobs, GError **error);
/* Gives up what is not over and puts all of it away but the files. */
gboolean kxl_domain_backup_end(KxlHost *host, int domid, const KxlBackup *backup, GError **error);

G_END_DECLS
