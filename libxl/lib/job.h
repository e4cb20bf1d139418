/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Long operations on a running domain: saving, dumping, going back to a snapshot. One at a time.
 * While it goes on, whoever does it holds job.lock and the file "job" tells what is to be undone
 * should he die: the next one who looks at the domain does it.
 */
#pragma once

#include "host.h"
#include "lock.h"

/* What such files are called until they are whole. */
#define KXL_JOB_SCRATCH_SUFFIX ".kanzen-new"

typedef struct {
    KxlFd lock;
    char *path;
    char *text; /* of the file */
} KxlJob;

/* scratch: the file that is being written, or "". KXL_ERROR_STATE: there is a job already. */
gboolean kxl_job_begin(KxlJob *job, const KxlHost *host, int domid, gboolean was_running,
                       const char *scratch, GError **error);
/* From now on the file's renaming is the end of the domain too: who is killed behind it has ended
 * it. */
gboolean kxl_job_ends_domain(KxlJob *job, GError **error);
void kxl_job_end(KxlJob *job);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(KxlJob, kxl_job_end)

gboolean kxl_job_is_active(const KxlHost *host, int domid);
/* Undoes a job that somebody has left: the guest runs again if it did, the file is gone. One whose
 * file was complete, and that was to end the domain, ends it. */
void kxl_job_recover(const KxlHost *host, int domid);
