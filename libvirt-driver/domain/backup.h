/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups of running domains. One at a time, a task (task.h) that goes on without the domain's job
 * lock: the domain can be changed meanwhile, but other tasks are refused. QEMU does it, so it
 * survives kanzend; what kanzend must know of it is in <lib>/libvirt/backup/UUID.xml until its end.
 */
#pragma once

#include <kxl-backup.h>

#include "registry.h"

G_BEGIN_DECLS

typedef struct {
    char *target;   /* "xvda" */
    gboolean taken; /* backup='yes' */
    char *path;     /* the copy; pull: the scratch file */
    gboolean is_block;
    int format;           /* KxlDiskFormat; -1: not said */
    char *since;          /* a checkpoint, NULL: all of the disk */
    gboolean full;        /* not since the backup's checkpoint */
    char *bitmap;         /* of that checkpoint */
    char *scratch_bitmap; /* exportbitmap */
    char *export_name;
} BackupDisk;

typedef struct Backup Backup;
struct Backup {
    gboolean pull, reuse;
    char *incremental; /* for disks that do not say otherwise */
    char *socket, *address;
    guint port;
    GPtrArray *disks; /* of BackupDisk */
    int domid;
    gint64 started_s;
    /* Under the registry's lock. */
    gboolean begun, ending;
};
Backup *backup_new(void);
Backup *backup_ref(Backup *backup);
void backup_unref(Backup *backup); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Backup, backup_unref)

/* ---- backup-xml.c ---- */

/* record: what backup_format() has written for ourselves. */
Backup *backup_parse(const char *xml, gboolean record, GError **error);
char *backup_format(const Backup *backup, gboolean record);

/* ---- backup-job.c ---- */

/* Of a running domain whose job lock is held; takes a reference of a complete backup. bitmaps: to
 * be made at the same moment. */
gboolean backup_start(DomainRegistry *registry, const DomainView *view, Backup *backup,
                      const KxlBitmap *bitmaps, guint n_bitmaps, GError **error);
/* A reference; NULL: none goes on. */
Backup *backup_of(DomainRegistry *registry, Domain *domain);
/* One of its jobs has ended. */
void backup_job_ended(DomainRegistry *registry, Domain *domain);
/* How far it is, into the domain's task. */
void backup_note_progress(DomainRegistry *registry, Domain *domain);
/* Ends it: a pull has succeeded then, a push is cancelled. */
gboolean backup_abort(DomainRegistry *registry, Domain *domain, GError **error);
/* The machine has ended with it. */
void backup_gone_locked(DomainRegistry *registry, Domain *domain);
/* When kanzend starts: takes over those that go on, and removes what others have left. */
void backups_recover(DomainRegistry *registry);

G_END_DECLS
