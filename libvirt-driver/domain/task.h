/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Long operations on a domain: saving, restoring, dumping, snapshots. Libvirt's rules for jobs:
 * whoever does one holds the domain's job lock all the time, so that changes wait; questions do not
 * take that lock and are answered; destroying does not either; the one call that reaches the
 * operation itself is the one that aborts it.
 */
#pragma once

#include <kxl-save.h>

#include "registry.h"

G_BEGIN_DECLS

typedef enum { /* virDomainJobOperation */
               TASK_SAVE = 2,
               TASK_RESTORE = 3,
               TASK_SNAPSHOT = 6,
               TASK_SNAPSHOT_REVERT = 7,
               TASK_DUMP = 8,
               TASK_BACKUP = 9,
               TASK_SNAPSHOT_DELETE = 10,
} TaskOperation;

/* What a domain has of its present task and of the last one that ended. Under the registry's
 * lock. */
typedef struct {
    gboolean active, ended, succeeded, cancelled;
    gboolean abortable;
    TaskOperation operation;
    gint64 started_us, took_us;
    KxlProgress progress;
    guint64 disk_done, disk_total; /* of a backup, bytes */
    guint64 temp_used, temp_total; /* of its scratch files */
    char message[256];             /* why it failed; "" */
    GCancellable *cancellable;
} DomainTask;

/* With the job lock held. Ends with task_end(). */
typedef struct {
    DomainRegistry *registry;
    Domain *domain;
    GCancellable *cancellable;
} Task;
/* FALSE: a backup, which goes on without the job lock, excludes it. */
gboolean task_begin(Task *task, DomainRegistry *registry, Domain *domain, TaskOperation operation,
                    gboolean abortable, GError **error);
void task_progress(const KxlProgress *progress, gpointer task); /* a KxlProgressFunc */
/* error NULL: it has succeeded. Tells the clients. */
void task_end(Task *task, const GError *error);

/* The same of a task that nobody waits for, with the registry's lock held. why NULL: it has
 * succeeded. */
gboolean task_enter_locked(Domain *domain, TaskOperation operation, gboolean abortable,
                           GError **error);
void task_over_locked(DomainRegistry *registry, Domain *domain, gboolean cancelled,
                      const char *why);

G_END_DECLS
