/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "job.h"

#include <stdio.h>
#include <string.h>

#include "file.h"
#include "ops.h"
#include "qmp.h"
#include "rundir.h"

#define TIMEOUT_MS 20000

static char *lock_path(const KxlHost *host, int domid)
{
    return kxl_rundir_path(host, domid, "job.lock");
}

gboolean kxl_job_begin(KxlJob *job, const KxlHost *host, int domid, gboolean was_running,
                       const char *scratch, GError **error)
{
    g_autofree char *lock = lock_path(host, domid);
    job->lock = kxl_lock_take(lock, KXL_LOCK_TRY, error);
    if (job->lock < 0) {
        if (g_error_matches(*error, KXL_ERROR, KXL_ERROR_IN_USE)) {
            g_clear_error(error);
            g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                        "domain %d is being saved, dumped or reverted already", domid);
        }
        return FALSE;
    }
    job->path = kxl_rundir_path(host, domid, "job");
    job->text = g_strdup_printf("%s\n%s\n", was_running ? "running" : "paused", scratch);
    return kxl_file_write(job->path, job->text, error);
}

#define ENDS "ends\n"

gboolean kxl_job_ends_domain(KxlJob *job, GError **error)
{
    g_autofree char *text = g_strconcat(job->text, ENDS, NULL);

    return kxl_file_write(job->path, text, error);
}

void kxl_job_end(KxlJob *job)
{
    if (job->path)
        remove(job->path);
    g_clear_pointer(&job->path, g_free);
    g_clear_pointer(&job->text, g_free);
    kxl_fd_close(kxl_fd_steal(&job->lock));
}

gboolean kxl_job_is_active(const KxlHost *host, int domid)
{
    g_autofree char *lock = lock_path(host, domid);

    return kxl_lock_is_held(lock);
}

/* What QEMU does for the job ends, then the guest goes on. */
static void resume_machine(const KxlHost *host, int domid, gboolean run)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "qmp.sock");
    g_autofree char *ops_path = kxl_rundir_path(host, domid, "ops.lock");
    g_auto(KxlFd) ops = kxl_lock_take(ops_path, KXL_LOCK_WAIT, NULL);
    g_autoptr(KxlQmp) qmp = ops < 0 ? NULL : kxl_qmp_connect(path, TIMEOUT_MS, NULL);

    if (!qmp)
        return;
    kxl_qmp_run(qmp, "migrate_cancel", NULL, TIMEOUT_MS, NULL);
    for (guint i = 0; run && i < 100; i++) { /* not before the cancelled one is over */
        if (kxl_qmp_run(qmp, "cont", NULL, TIMEOUT_MS, NULL))
            return;
        g_usleep(20000);
    }
}

void kxl_job_recover(const KxlHost *host, int domid)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "job");
    g_autofree char *lock_name = lock_path(host, domid);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    g_auto(KxlFd) lock = -1;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return;
    lock = kxl_lock_take(lock_name, KXL_LOCK_TRY, NULL);
    text = lock < 0 ? NULL : kxl_file_read(path, NULL);
    lines = text ? g_strsplit(text, "\n", 3) : NULL;
    if (!lines || g_strv_length(lines) < 2)
        return;
    if (lines[2] && g_str_equal(lines[2], ENDS) && !g_file_test(lines[1], G_FILE_TEST_EXISTS)) {
        g_message("domain %d: ending it, as who has saved it could not", domid);
        kxl_domain_end((KxlHost *)host, domid, KXL_END_SAVED, NULL);
        return;
    }
    g_message("domain %d: undoing a save, dump or revert that somebody has left", domid);
    resume_machine(host, domid, g_str_equal(lines[0], "running"));
    if (g_str_has_suffix(lines[1], KXL_JOB_SCRATCH_SUFFIX))
        remove(lines[1]);
    remove(path);
}
