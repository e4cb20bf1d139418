/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about backups: what one consists of, and what it goes by. */
#include <string.h>

#include "backup.h"
#include "checkpoint.h"
#include "disk.h"

enum { BEGIN_REUSE_EXTERNAL = 1 }; /* virDomainBackupBeginFlags */

/* ---- what a new one is still missing ---- */

static BackupDisk *find_row(const Backup *backup, const char *target)
{
    for (guint i = 0; i < backup->disks->len; i++) {
        BackupDisk *disk = backup->disks->pdata[i];

        if (strcmp(disk->target, target) == 0)
            return disk;
    }
    return NULL;
}

/* Where none is named all disks with something to copy are taken. */
static gboolean add_rows(Backup *backup, const DomainDef *def, GError **error)
{
    gboolean all = backup->disks->len == 0, any = FALSE;

    for (guint i = 0; i < backup->disks->len; i++) {
        const BackupDisk *row = backup->disks->pdata[i];

        if (find_disk(def, row->target, NULL) == NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "no disk named '%s'", row->target);
    }
    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = def->disks->pdata[i];
        BackupDisk *row = find_row(backup, disk->target);

        if (row == NULL) {
            row = g_new0(BackupDisk, 1);
            row->target = g_strdup(disk->target);
            row->taken = all && disk->source != NULL && !disk->readonly;
            row->format = -1;
            g_ptr_array_add(backup->disks, row);
        }
        if (row->taken && disk->source == NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "disk '%s' has no media", disk->target);
        any |= row->taken;
    }
    return any || fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                       "at least one disk must be selected for a backup");
}

/* Which bitmap says what was written since the checkpoint. */
static gboolean resolve_since(BackupDisk *row, GPtrArray *checkpoints, GError **error)
{
    const Checkpoint *checkpoint = moments_find(checkpoints, row->since);
    const CheckpointDisk *recorded;

    if (checkpoint == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_CHECKPOINT,
                    "no domain checkpoint with matching name '%s'", row->since);
    recorded = checkpoint_find_disk(checkpoint, row->target);
    if (recorded == NULL || !recorded->recorded)
        return fail(error, VIR_ERR_CHECKPOINT_INCONSISTENT,
                    "disk '%s' not found in checkpoint '%s'", row->target, row->since);
    row->bitmap = g_strdup(recorded->bitmap);
    return TRUE;
}

static gboolean complete_row(const Backup *backup, BackupDisk *row, const DomainDef *def,
                             const char *suffix, GPtrArray *checkpoints, GError **error)
{
    const DomainDisk *disk = find_disk(def, row->target, error);

    if (disk == NULL)
        return FALSE;
    if (row->path == NULL) {
        if (disk->type != DOMAIN_DISK_FILE)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                        "refusing to generate file name for disk '%s'", row->target);
        row->path = g_strconcat(disk->source, ".", suffix, NULL);
    }
    if (row->format < 0)
        row->format = KXL_DISK_QCOW2;
    if (row->since == NULL && !row->full)
        row->since = g_strdup(backup->incremental);
    if (backup->pull && row->export_name == NULL)
        row->export_name = g_strdup(row->target);
    if (row->since != NULL && row->scratch_bitmap == NULL)
        row->scratch_bitmap = g_strconcat("backup-", row->target, NULL);
    return row->since == NULL || resolve_since(row, checkpoints, error);
}

/* checkpoint (may be NULL): made along with it, whose name the files get. */
static gboolean complete(Backup *backup, const DomainDef *def, const Checkpoint *checkpoint,
                         GPtrArray *checkpoints, GError **error)
{
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / G_USEC_PER_SEC);
    const char *suffix = checkpoint != NULL ? checkpoint->m.name : now;

    if (!add_rows(backup, def, error))
        return FALSE;
    for (guint i = 0; i < backup->disks->len; i++) {
        BackupDisk *row = backup->disks->pdata[i];

        if (row->taken && !complete_row(backup, row, def, suffix, checkpoints, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- the calls ---- */

/* With the checkpoint that is to be made at the same moment, or without. */
static gboolean start(const Kanzend *kanzend, const DomainView *view, Backup *backup,
                      const Checkpoint *checkpoint, GError **error)
{
    DomainRegistry *registry = kanzend->domains;
    g_autoptr(GArray) bitmaps = NULL;

    if (checkpoint == NULL)
        return backup_start(registry, view, backup, NULL, 0, error);
    bitmaps = checkpoint_bitmaps(checkpoint);
    if (!moment_begin(&checkpoint_kind, registry, view->uuid, checkpoint, error))
        return FALSE;
    if (!backup_start(registry, view, backup, (const KxlBitmap *)bitmaps->data, bitmaps->len,
                      error)) {
        moment_forget(&checkpoint_kind, registry, view->uuid, checkpoint);
        return FALSE;
    }
    return moment_commit(&checkpoint_kind, registry, view->uuid, checkpoint, error);
}

gboolean on_domain_backup_begin(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    const char *checkpoint_xml = call->args[2].str;
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    g_autoptr(Backup) backup = NULL;
    g_autoptr(Checkpoint) checkpoint = NULL;
    g_autoptr(GPtrArray) checkpoints = NULL;

    if (!check_flags(call, flags, BEGIN_REUSE_EXTERNAL, error))
        return FALSE;
    backup = backup_parse(call->args[1].str, FALSE, error);
    checkpoint = backup != NULL && checkpoint_xml != NULL
                     ? checkpoint_parse(checkpoint_xml, FALSE, error)
                     : NULL;
    if (backup == NULL || (checkpoint_xml != NULL && checkpoint == NULL) ||
        !call_job_running(call, "backed up", &view, error))
        return FALSE;
    backup->reuse = flags & BEGIN_REUSE_EXTERNAL;
    checkpoints = moments_load(&checkpoint_kind, kanzend->domains, view.uuid);
    return (checkpoint == NULL ||
            checkpoint_complete(kanzend, &view, checkpoints, checkpoint, error)) &&
           complete(backup, definition_def(view.live), checkpoint, checkpoints, error) &&
           start(kanzend, &view, backup, checkpoint, error);
}

gboolean on_domain_backup_get_xml_desc(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autoptr(Backup) backup = NULL;
    g_autofree char *xml = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    backup = backup_of(kanzend->domains, view.domain);
    if (backup == NULL)
        return fail(error, VIR_ERR_NO_DOMAIN_BACKUP, "no domain backup job present");
    xml = backup_format(backup, FALSE);
    xdr_put_string(call->ret, xml);
    return TRUE;
}
