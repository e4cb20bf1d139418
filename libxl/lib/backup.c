/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Backups of a running domain's disks, all of one moment. Push: QEMU's backup jobs write the disks
 * into files. Pull: the same jobs put aside what the guest overwrites, in files whose backing
 * images are the disks, and those are offered over NBD.
 */
#include <string.h>
#include <unistd.h>

#include "bitmap.h"
#include "block-file.h"

#define POLL_US 10000
#define END_US  (60 * G_USEC_PER_SEC)

void kxl_backup_job_clear(KxlBackupJob *job)
{
    g_clear_pointer(&job->error, g_free);
}

/* One id, and so one job, for each disk: what block-job.c finds as the disk's job. */
static char *job_id(const KxlBackupDisk *disk)
{
    return g_strconcat(KXL_BLOCK_JOB_PREFIX, disk->vdev, NULL);
}

static char *target_node(const KxlBackupDisk *disk)
{
    return g_strconcat("backup-", disk->vdev, NULL);
}

static gboolean run(KxlDisks *m, const char *command, JsonObject *arguments, GError **error)
{
    return kxl_qmp_run(m->qmp, command, arguments, KXL_OP_TIMEOUT_MS, error);
}

/* --- jobs ------------------------------------------------------------------------------------- */

static JsonArray *list_jobs(KxlQmp *qmp, GError **error)
{
    g_autoptr(JsonNode) answer = kxl_qmp_call(qmp, "query-jobs", NULL, KXL_OP_TIMEOUT_MS, error);

    if (!answer)
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(answer))
        return json_node_dup_array(answer);
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_FAILED, "query-jobs: answer is no list");
    return NULL;
}

static JsonObject *find_job(JsonArray *jobs, const KxlBackupDisk *disk)
{
    g_autofree char *id = job_id(disk);

    for (guint i = 0; i < json_array_get_length(jobs); i++) {
        JsonObject *job = json_array_get_object_element(jobs, i);

        if (g_str_equal(json_object_get_string_member_with_default(job, "id", ""), id))
            return job;
    }
    return NULL;
}

static gboolean is_over(JsonObject *job)
{
    return g_str_equal(json_object_get_string_member_with_default(job, "status", ""), "concluded");
}

static void read_job(JsonObject *job, KxlBackupJob *ret_job)
{
    if (!job)
        return;
    ret_job->there = TRUE;
    ret_job->over = is_over(job);
    ret_job->done = (guint64)json_object_get_int_member_with_default(job, "current-progress", 0);
    ret_job->total = (guint64)json_object_get_int_member_with_default(job, "total-progress", 0);
    ret_job->error = g_strdup(json_object_get_string_member_with_default(job, "error", NULL));
}

gboolean kxl_domain_backup_look(KxlHost *host, int domid, const KxlBackup *backup,
                                KxlBackupJob *ret_jobs, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, host, domid, error);
    g_autoptr(JsonArray) jobs = qmp ? list_jobs(qmp, error) : NULL;

    if (!jobs)
        return FALSE;
    for (guint i = 0; i < backup->n_disks; i++) {
        ret_jobs[i] = (KxlBackupJob){ 0 };
        read_job(find_job(jobs, &backup->disks[i]), &ret_jobs[i]);
    }
    return TRUE;
}

/* --- ending ----------------------------------------------------------------------------------- */

/* Until none of the disks has a job. */
static gboolean end_jobs(KxlDisks *m, const KxlBackup *backup, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + END_US;
    gboolean left = TRUE, told = FALSE;

    while (left) {
        g_autoptr(JsonArray) jobs = list_jobs(m->qmp, error);

        if (!jobs)
            return FALSE;
        left = FALSE;
        for (guint i = 0; i < backup->n_disks; i++) {
            JsonObject *job = find_job(jobs, &backup->disks[i]);
            g_autofree char *id = job_id(&backup->disks[i]);

            if (job && is_over(job)) {
                run(m, "job-dismiss", kxl_qmp_args("s:id", id, NULL), NULL);
                continue;
            }
            left |= job != NULL;
            if (job && !told)
                run(m, "block-job-cancel", kxl_qmp_args("s:device", id, NULL), NULL);
        }
        told = TRUE;
        if (left && g_get_monotonic_time() > deadline) {
            g_set_error_literal(error, KXL_ERROR, KXL_ERROR_TIMEOUT, "the backup does not end");
            return FALSE;
        }
        if (left)
            g_usleep(POLL_US);
    }
    return TRUE;
}

static void put_away(KxlDisks *m, const KxlBackup *backup)
{
    for (guint i = 0; i < backup->n_disks; i++) {
        const KxlBackupDisk *disk = &backup->disks[i];
        const KxlBlock *block = kxl_block_find(m->blocks, disk->vdev, NULL);
        g_autofree char *node = target_node(disk);

        kxl_block_file_close(m->qmp, node);
        if (disk->since && block && block->node)
            run(m, "block-dirty-bitmap-remove",
                kxl_qmp_args("s:node", block->node, "s:name", disk->scratch_bitmap, NULL), NULL);
    }
}

static gboolean end(KxlDisks *m, const KxlBackup *backup, GError **error)
{
    if (backup->pull)
        run(m, "nbd-server-stop", NULL, NULL); /* its exports go with it */
    if (!end_jobs(m, backup, error))
        return FALSE;
    put_away(m, backup);
    return TRUE;
}

gboolean kxl_domain_backup_end(KxlHost *host, int domid, const KxlBackup *backup, GError **error)
{
    g_auto(KxlDisks) m = KXL_DISKS_NONE;

    return kxl_disks_open(&m, host, domid, error) && end(&m, backup, error);
}

/* --- beginning -------------------------------------------------------------------------------- */

static gboolean check_disk(KxlDisks *m, const KxlBackupDisk *disk, GError **error)
{
    const KxlBlock *block = kxl_block_find(m->blocks, disk->vdev, error);
    g_autoptr(GPtrArray) holders = NULL;
    g_autoptr(JsonArray) jobs = NULL;

    if (!block)
        return FALSE;
    if (!block->node || block->chain->len == 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' has no medium", disk->vdev);
        return FALSE;
    }
    jobs = list_jobs(m->qmp, error);
    if (!jobs)
        return FALSE;
    if (find_job(jobs, disk)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' already has a block job",
                    disk->vdev);
        return FALSE;
    }
    if (!disk->reuse && g_file_test(disk->path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS, "store '%s' for backup of '%s' exists",
                    disk->path, disk->vdev);
        return FALSE;
    }
    holders = disk->since ? kxl_bitmap_holders(m->nodes, block, disk->since) : NULL;
    if (!holders || holders->len > 0)
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND,
                "missing or broken bitmap '%s' for disk '%s'", disk->since, disk->vdev);
    return FALSE;
}

static gboolean open_target(KxlDisks *m, const KxlBackup *backup, const KxlBackupDisk *disk,
                            GError **error)
{
    const KxlBlock *block = kxl_block_find(m->blocks, disk->vdev, NULL);
    const KxlBlockImage *top = block->chain->pdata[0];
    g_autofree char *node = target_node(disk);

    return (disk->reuse ||
            kxl_block_file_make(disk->path, disk->format, top->capacity, NULL, NULL, error)) &&
           kxl_block_file_open(m->qmp, disk->path, disk->format, node,
                               backup->pull ? block->node : NULL, error);
}

/* Of all that the chain's bitmaps of one name say, one that does not change any more. */
static void add_union(KxlDisks *m, JsonArray *actions, const KxlBlock *block,
                      const KxlBackupDisk *disk)
{
    g_autoptr(GPtrArray) holders = kxl_bitmap_holders(m->nodes, block, disk->since);
    JsonArray *sources = json_array_new();

    for (guint i = 0; i < holders->len; i++)
        json_array_add_object_element(
            sources, kxl_qmp_args("s:node", holders->pdata[i], "s:name", disk->since, NULL));
    kxl_transaction_add(actions, "block-dirty-bitmap-add",
                        kxl_qmp_args("s:node", block->node, "s:name", disk->scratch_bitmap,
                                     "b:disabled", TRUE, NULL));
    kxl_transaction_add(actions, "block-dirty-bitmap-merge",
                        kxl_qmp_args("s:node", block->node, "s:target", disk->scratch_bitmap,
                                     "a:bitmaps", sources, NULL));
}

static void add_job(JsonArray *actions, const KxlBackup *backup, const KxlBlock *block,
                    const KxlBackupDisk *disk)
{
    g_autofree char *id = job_id(disk);
    g_autofree char *node = target_node(disk);
    const char *sync = backup->pull ? "none" : disk->since ? "incremental" : "full";

    /* Not dismissed by itself: how it ended is asked by whoever sees to it next. */
    kxl_transaction_add(actions, "blockdev-backup",
                        kxl_qmp_args("s:job-id", id, "s:device", block->node, "s:target", node,
                                     "s:sync", sync, "s:bitmap",
                                     backup->pull  ? NULL
                                     : disk->since ? disk->scratch_bitmap
                                                   : NULL,
                                     "b:auto-dismiss", FALSE, NULL));
}

static gboolean start_jobs(KxlDisks *m, const KxlBackup *backup, GError **error)
{
    g_autoptr(JsonArray) actions = json_array_new();

    for (guint i = 0; i < backup->n_disks; i++) {
        const KxlBackupDisk *disk = &backup->disks[i];
        const KxlBlock *block = kxl_block_find(m->blocks, disk->vdev, NULL);

        if (disk->since)
            add_union(m, actions, block, disk);
    }
    for (guint i = 0; i < backup->n_bitmaps; i++)
        if (!kxl_bitmap_add_action(actions, m->nodes, m->blocks, &backup->bitmaps[i], error))
            return FALSE;
    for (guint i = 0; i < backup->n_disks; i++) {
        const KxlBackupDisk *disk = &backup->disks[i];

        add_job(actions, backup, kxl_block_find(m->blocks, disk->vdev, NULL), disk);
    }
    return kxl_transaction_run(m->qmp, actions, error);
}

static gboolean start_server(KxlDisks *m, const KxlBackup *backup, GError **error)
{
    g_autofree char *port = g_strdup_printf("%u", backup->port);
    JsonObject *data = backup->socket
                           ? kxl_qmp_args("s:path", backup->socket, NULL)
                           : kxl_qmp_args("s:host", backup->address, "s:port", port, NULL);
    JsonObject *address =
        kxl_qmp_args("s:type", backup->socket ? "unix" : "inet", "o:data", data, NULL);

    return run(m, "nbd-server-start", kxl_qmp_args("o:addr", address, NULL), error);
}

static gboolean add_export(KxlDisks *m, const KxlBackupDisk *disk, GError **error)
{
    g_autofree char *node = target_node(disk);
    JsonObject *arguments = kxl_qmp_args("s:type", "nbd", "s:id", node, "s:node-name", node,
                                         "s:name", disk->export_name, NULL);

    if (disk->since) {
        JsonArray *bitmaps = json_array_new();

        json_array_add_string_element(bitmaps, disk->scratch_bitmap);
        json_object_set_array_member(arguments, "bitmaps", bitmaps);
    }
    return run(m, "block-export-add", arguments, error);
}

static gboolean begin(KxlDisks *m, const KxlBackup *backup, GError **error)
{
    for (guint i = 0; i < backup->n_disks; i++)
        if (!open_target(m, backup, &backup->disks[i], error))
            return FALSE;
    if ((backup->pull && !start_server(m, backup, error)) || !start_jobs(m, backup, error))
        return FALSE;
    for (guint i = 0; backup->pull && i < backup->n_disks; i++)
        if (!add_export(m, &backup->disks[i], error))
            return FALSE;
    return TRUE;
}

static void undo(KxlDisks *m, const KxlBackup *backup)
{
    end(m, backup, NULL);
    for (guint i = 0; i < backup->n_bitmaps; i++) {
        const KxlBlock *block = kxl_block_find(m->blocks, backup->bitmaps[i].vdev, NULL);

        if (block && block->node)
            run(m, "block-dirty-bitmap-remove",
                kxl_qmp_args("s:node", block->node, "s:name", backup->bitmaps[i].name, NULL), NULL);
    }
    for (guint i = 0; i < backup->n_disks; i++)
        if (!backup->disks[i].reuse)
            unlink(backup->disks[i].path);
}

static gboolean server_runs(KxlDisks *m)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(m->qmp, "query-block-exports", NULL, KXL_OP_TIMEOUT_MS, NULL);

    return answer && JSON_NODE_HOLDS_ARRAY(answer) &&
           json_array_get_length(json_node_get_array(answer)) > 0;
}

gboolean kxl_domain_backup_begin(KxlHost *host, int domid, const KxlBackup *backup, GError **error)
{
    g_auto(KxlDisks) m = KXL_DISKS_NONE;

    if (!kxl_disks_open(&m, host, domid, error))
        return FALSE;
    for (guint i = 0; i < backup->n_disks; i++)
        if (!check_disk(&m, &backup->disks[i], error))
            return FALSE;
    for (guint i = 0; i < backup->n_bitmaps; i++) {
        g_autoptr(JsonArray) none = json_array_new();

        /* Asked before anything is made: undoing must not take what was there before. */
        if (!kxl_bitmap_add_action(none, m.nodes, m.blocks, &backup->bitmaps[i], error))
            return FALSE;
    }
    if (backup->pull && server_runs(&m)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "domain '%s' offers disks over NBD already",
                    m.op.config->name);
        return FALSE;
    }
    if (begin(&m, backup, error))
        return TRUE;
    undo(&m, backup);
    return FALSE;
}
