/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Snapshots that were being made when kanzend was killed. QEMU puts all the images of an external
 * one on top in one step, so it is there or it is not; an internal one can be taken out again.
 */
#include <kxl-save.h>
#include <kxl-snapshot.h>
#include <string.h>

#include "disk.h"
#include "snapshot.h"

/* Whether the disks of a running domain have the snapshot's images on top. */
static gboolean has_overlays(const Kanzend *kanzend, const DomainView *view,
                             const Snapshot *snapshot)
{
    g_autoptr(GPtrArray) blocks = kxl_domain_block_list(kanzend->host, view->id, NULL);
    guint n = 0;

    for (guint i = 0; blocks != NULL && i < snapshot->disks->len; i++) {
        const SnapshotDisk *disk = snapshot->disks->pdata[i];
        const KxlBlock *block = kxl_block_find(blocks, disk->target, NULL);
        const KxlBlockImage *top =
            block != NULL && block->chain->len > 0 ? block->chain->pdata[0] : NULL;

        if (disk->place != SNAPSHOT_EXTERNAL)
            continue;
        if (top == NULL || g_strcmp0(top->path, disk->file) != 0)
            return FALSE;
        n++;
    }
    return n > 0;
}

static gboolean finish_external(const Kanzend *kanzend, const DomainView *view,
                                const Snapshot *snapshot)
{
    gboolean ok = has_overlays(kanzend, view, snapshot);

    for (guint i = 0; ok && i < snapshot->disks->len; i++) {
        const SnapshotDisk *disk = snapshot->disks->pdata[i];

        if (disk->place == SNAPSHOT_EXTERNAL)
            ok = kxl_domain_note_image(kanzend->host, view->id, disk->target, NULL) &&
                 follow_image(kanzend, view->domain, disk->target, NULL);
    }
    /* It stood still while its memory was saved. */
    if (strcmp(snapshot->state, "running") == 0 && view->state == VIR_STATE_PAUSED)
        kxl_domain_unpause(kanzend->host, view->id, NULL);
    return ok;
}

/* New images on top that hold nothing yet change nothing: with all of them there it is made. */
static gboolean finish_stopped_external(const Kanzend *kanzend, const DomainView *view,
                                        const Snapshot *snapshot)
{
    for (guint i = 0; i < snapshot->disks->len; i++) {
        const SnapshotDisk *disk = snapshot->disks->pdata[i];

        if (disk->place == SNAPSHOT_EXTERNAL && !g_file_test(disk->file, G_FILE_TEST_EXISTS))
            return FALSE;
    }
    return view->config != NULL && snapshot_use_overlays(kanzend, view->domain, snapshot, NULL);
}

gboolean snapshot_finish(const Kanzend *kanzend, const DomainView *view, gpointer moment)
{
    const Snapshot *snapshot = moment;
    g_autoptr(GError) error = NULL;

    if (snapshot_is_external(snapshot))
        return view->id >= 0 ? finish_external(kanzend, view, snapshot)
                             : finish_stopped_external(kanzend, view, snapshot);
    if (view->id >= 0)
        kxl_domain_snapshot_delete(kanzend->host, view->id, snapshot->m.name, &error);
    else
        snapshot_each_image(definition_def(snapshot->definition), "-d", snapshot->m.name, &error);
    if (error != NULL)
        g_warning("domain: '%s': snapshot '%s' that was begun: %s", view->name, snapshot->m.name,
                  error->message);
    return FALSE;
}
