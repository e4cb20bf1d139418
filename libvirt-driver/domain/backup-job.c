/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a backup: begun, followed by QEMU's events, ended once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "handler-util.h"
#include "registry-internal.h"

/* ---- as libkxl has it ---- */

static KxlBackup *describe(const Backup *backup)
{
    KxlBackup *plain = g_new0(KxlBackup, 1);
    KxlBackupDisk *disks = g_new0(KxlBackupDisk, backup->disks->len + 1);

    *plain = (KxlBackup){ .disks = disks,
                          .pull = backup->pull,
                          .socket = backup->socket,
                          .address = backup->address,
                          .port = backup->port };
    for (guint i = 0; i < backup->disks->len; i++) {
        const BackupDisk *disk = backup->disks->pdata[i];

        if (disk->taken)
            disks[plain->n_disks++] =
                (KxlBackupDisk){ .vdev = disk->target,
                                 .path = disk->path,
                                 .format = (KxlDiskFormat)disk->format,
                                 .reuse = backup->reuse || disk->is_block,
                                 .since = disk->bitmap != NULL ? disk->bitmap : disk->since,
                                 .scratch_bitmap = disk->scratch_bitmap,
                                 .export_name = disk->export_name };
    }
    return plain;
}

static void plain_free(KxlBackup *plain)
{
    g_free((gpointer)plain->disks);
    g_free(plain);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KxlBackup, plain_free)

/* ---- the record, and the files ---- */

static char *record_dir(DomainRegistry *registry)
{
    return g_build_filename(kxl_host_lib_dir(registry->host), "libvirt", "backup", NULL);
}

static char *record_path(DomainRegistry *registry, const char *uuid)
{
    g_autofree char *dir = record_dir(registry);

    return g_strconcat(dir, "/", uuid, ".xml", NULL);
}

static gboolean write_record(DomainRegistry *registry, const char *uuid, const Backup *backup,
                             GError **error)
{
    g_autofree char *dir = record_dir(registry);
    g_autofree char *path = record_path(registry, uuid);
    g_autofree char *text = backup_format(backup, TRUE);

    if (g_mkdir_with_parents(dir, 0700) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", dir, g_strerror(errno));
    return g_file_set_contents_full(
        path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600, error);
}

/* What the backup made and nobody has a use for: half a copy, or what was put aside. */
static void remove_files(const Backup *backup)
{
    for (guint i = 0; i < backup->disks->len; i++) {
        const BackupDisk *disk = backup->disks->pdata[i];

        if (disk->taken && !backup->reuse && !disk->is_block)
            unlink(disk->path);
    }
}

static void clean_up(DomainRegistry *registry, const char *uuid, const Backup *backup,
                     gboolean succeeded)
{
    g_autofree char *path = record_path(registry, uuid);

    if (backup->pull || !succeeded)
        remove_files(backup);
    unlink(path);
}

/* ---- following it ---- */

Backup *backup_of(DomainRegistry *registry, Domain *domain)
{
    Backup *backup;

    g_mutex_lock(&registry->lock);
    backup = domain->backup != NULL ? backup_ref(domain->backup) : NULL;
    g_mutex_unlock(&registry->lock);
    return backup;
}

/* What the scratch files take on the host. */
static void add_scratch(const Backup *backup, const KxlBackupJob *jobs, DomainTask *task)
{
    guint n = 0;

    for (guint i = 0; i < backup->disks->len; i++) {
        const BackupDisk *disk = backup->disks->pdata[i];
        struct stat st;

        if (!disk->taken)
            continue;
        if (stat(disk->path, &st) == 0)
            task->temp_used += (guint64)st.st_blocks * 512;
        task->temp_total += jobs[n++].total;
    }
}

static void note_figures(DomainRegistry *registry, Domain *domain, const Backup *backup,
                         const KxlBackupJob *jobs, guint n_jobs)
{
    DomainTask figures = { 0 };

    for (guint i = 0; i < n_jobs; i++) {
        figures.disk_done += jobs[i].done;
        figures.disk_total += jobs[i].total;
    }
    if (backup->pull) {
        add_scratch(backup, jobs, &figures);
        figures.disk_done = figures.disk_total = 0; /* it is the client who copies */
    }
    g_mutex_lock(&registry->lock);
    if (domain->backup == backup) {
        domain->task.disk_done = figures.disk_done;
        domain->task.disk_total = figures.disk_total;
        domain->task.temp_used = figures.temp_used;
        domain->task.temp_total = figures.temp_total;
    }
    g_mutex_unlock(&registry->lock);
}

typedef enum { GOES_ON, SUCCEEDED, FAILED } Outcome;

/* ret_why: a new string when it has failed. */
static Outcome judge(const Backup *backup, const KxlBackupJob *jobs, guint n_jobs, char **ret_why)
{
    gboolean all_over = TRUE;

    for (guint i = 0; i < n_jobs; i++) {
        const char *why = !jobs[i].there                 ? "a job of QEMU's has vanished"
                          : jobs[i].error != NULL        ? jobs[i].error
                          : backup->pull && jobs[i].over ? "a job of QEMU's has ended"
                                                         : NULL;

        if (why != NULL) {
            *ret_why = g_strdup(why);
            return FAILED;
        }
        all_over &= jobs[i].over;
    }
    return all_over && !backup->pull ? SUCCEEDED : GOES_ON;
}

/* Asks QEMU; what cannot be asked goes on, or is gone soon. */
static Outcome look(DomainRegistry *registry, Domain *domain, Backup *backup, char **ret_why)
{
    g_autoptr(KxlBackup) plain = describe(backup);
    g_autofree KxlBackupJob *jobs = g_new0(KxlBackupJob, plain->n_disks + 1);
    Outcome outcome = GOES_ON;

    if (kxl_domain_backup_look(registry->host, backup->domid, plain, jobs, NULL)) {
        note_figures(registry, domain, backup, jobs, plain->n_disks);
        outcome = judge(backup, jobs, plain->n_disks, ret_why);
    }
    for (guint i = 0; i < plain->n_disks; i++)
        kxl_backup_job_clear(&jobs[i]);
    return outcome;
}

void backup_note_progress(DomainRegistry *registry, Domain *domain)
{
    g_autoptr(Backup) backup = backup_of(registry, domain);
    g_autofree char *why = NULL;

    if (backup != NULL)
        look(registry, domain, backup, &why);
}

/* ---- ending ---- */

/* FALSE: somebody else ends it. why NULL: it has succeeded. */
static gboolean end(DomainRegistry *registry, Domain *domain, Backup *backup, gboolean cancelled,
                    const char *why)
{
    g_autoptr(KxlBackup) plain = describe(backup);
    g_autoptr(GError) error = NULL;
    gboolean mine;

    g_mutex_lock(&registry->lock);
    mine = domain->backup == backup && !backup->ending;
    if (mine)
        backup->ending = TRUE;
    g_mutex_unlock(&registry->lock);
    if (!mine)
        return FALSE;
    if (!kxl_domain_backup_end(registry->host, backup->domid, plain, &error))
        g_warning("domain: '%s': the end of a backup: %s", domain->name, error->message);
    clean_up(registry, domain->uuid, backup, why == NULL);
    g_mutex_lock(&registry->lock);
    if (domain->backup == backup) { /* the machine has not ended meanwhile */
        g_clear_pointer(&domain->backup, backup_unref);
        task_over_locked(registry, domain, cancelled, why);
    }
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

static void check(DomainRegistry *registry, Domain *domain)
{
    g_autoptr(Backup) backup = backup_of(registry, domain);
    g_autofree char *why = NULL;
    Outcome outcome;
    gboolean begun;

    if (backup == NULL)
        return;
    g_mutex_lock(&registry->lock);
    begun = backup->begun;
    g_mutex_unlock(&registry->lock);
    outcome = begun ? look(registry, domain, backup, &why) : GOES_ON;
    if (outcome != GOES_ON)
        end(registry, domain, backup, FALSE, why);
}

typedef struct {
    DomainRegistry *registry;
    Domain *domain;
} Check;

static void check_task(gpointer data)
{
    g_autofree Check *task = data;

    check(task->registry, task->domain);
    domain_unref(task->domain);
}

void backup_job_ended(DomainRegistry *registry, Domain *domain)
{
    Check *task = g_new(Check, 1);

    *task = (Check){ registry, domain_ref(domain) };
    rpc_server_run(registry->server, check_task, task);
}

gboolean backup_abort(DomainRegistry *registry, Domain *domain, GError **error)
{
    g_autoptr(Backup) backup = backup_of(registry, domain);

    if (backup == NULL || !end(registry, domain, backup, !backup->pull,
                               backup->pull ? NULL : "the backup was aborted"))
        return fail(error, VIR_ERR_OPERATION_INVALID, "no job is active on the domain");
    return TRUE;
}

void backup_gone_locked(DomainRegistry *registry, Domain *domain)
{
    g_autoptr(Backup) backup = g_steal_pointer(&domain->backup);

    if (backup == NULL)
        return;
    clean_up(registry, domain->uuid, backup, FALSE);
    task_over_locked(registry, domain, FALSE, "the domain has ended");
}

/* ---- beginning ---- */

/* From here on it is the domain's; FALSE: another task goes on. */
static gboolean enter(DomainRegistry *registry, Domain *domain, Backup *backup, GError **error)
{
    gboolean ok;

    g_mutex_lock(&registry->lock);
    ok = task_enter_locked(domain, TASK_BACKUP, TRUE, error);
    if (ok)
        domain->backup = backup_ref(backup);
    g_mutex_unlock(&registry->lock);
    return ok;
}

/* It has not come to anything: nobody is told of an end. */
static void leave(DomainRegistry *registry, Domain *domain, Backup *backup)
{
    g_autofree char *path = record_path(registry, domain->uuid);

    unlink(path);
    g_mutex_lock(&registry->lock);
    if (domain->backup == backup) {
        g_clear_pointer(&domain->backup, backup_unref);
        domain->task.active = FALSE;
    }
    g_mutex_unlock(&registry->lock);
}

static gboolean begin(DomainRegistry *registry, const DomainView *view, const Backup *backup,
                      const KxlBitmap *bitmaps, guint n_bitmaps, GError **error)
{
    g_autoptr(KxlBackup) plain = describe(backup);
    g_autoptr(GError) failed = NULL;

    plain->bitmaps = bitmaps;
    plain->n_bitmaps = n_bitmaps;
    if (kxl_domain_backup_begin(registry->host, view->id, plain, &failed))
        return TRUE;
    if (g_error_matches(failed, KXL_ERROR, KXL_ERROR_NOT_FOUND))
        return fail(error, VIR_ERR_CHECKPOINT_INCONSISTENT, "%s", failed->message);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

gboolean backup_start(DomainRegistry *registry, const DomainView *view, Backup *backup,
                      const KxlBitmap *bitmaps, guint n_bitmaps, GError **error)
{
    backup->domid = view->id;
    backup->started_s = g_get_real_time() / G_USEC_PER_SEC;
    if (!enter(registry, view->domain, backup, error))
        return FALSE;
    if (!write_record(registry, view->uuid, backup, error) ||
        !begin(registry, view, backup, bitmaps, n_bitmaps, error)) {
        leave(registry, view->domain, backup);
        return FALSE;
    }
    g_mutex_lock(&registry->lock);
    backup->begun = TRUE;
    g_mutex_unlock(&registry->lock);
    backup_job_ended(registry, view->domain); /* a short one may be over */
    return TRUE;
}

/* ---- after a restart of kanzend ---- */

static void adopt(DomainRegistry *registry, Domain *domain, Backup *backup)
{
    gint64 age_s = g_get_real_time() / G_USEC_PER_SEC - backup->started_s;

    backup->begun = TRUE;
    if (!enter(registry, domain, backup, NULL))
        return;
    g_mutex_lock(&registry->lock);
    domain->task.started_us -= MAX(age_s, 0) * G_USEC_PER_SEC;
    g_mutex_unlock(&registry->lock);
    backup_job_ended(registry, domain);
}

static void recover_one(DomainRegistry *registry, const char *uuid, const char *path)
{
    g_autoptr(Domain) domain = domain_registry_find_uuid(registry, uuid);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Backup) backup = NULL;

    if (g_file_get_contents(path, &text, NULL, &error))
        backup = backup_parse(text, TRUE, &error);
    if (backup == NULL) {
        g_warning("domain: '%s': %s; removing it", path, error->message);
        unlink(path);
    } else if (domain != NULL && domain->id == backup->domid) {
        adopt(registry, domain, backup);
    } else {
        clean_up(registry, uuid, backup, FALSE);
    }
}

void backups_recover(DomainRegistry *registry)
{
    g_autofree char *dir_path = record_dir(registry);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *entry;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, entry, NULL);
        g_autofree char *uuid = NULL;

        if (!g_str_has_suffix(entry, ".xml")) { /* half written */
            unlink(path);
            continue;
        }
        uuid = g_strndup(entry, strlen(entry) - strlen(".xml"));
        recover_one(registry, uuid, path);
    }
}
