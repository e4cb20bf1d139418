/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Making snapshots, going back to them, deleting them. */
#include "snapshot.h"

#include <kxl-save.h>
#include <kxl-snapshot.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "disk.h"
#include "registry-internal.h"
#include "task.h"

enum { /* virDomainSnapshotCreateFlags */
       CREATE_REDEFINE = 1 << 0,
       CREATE_CURRENT = 1 << 1,
       CREATE_NO_METADATA = 1 << 2,
       CREATE_HALT = 1 << 3,
       CREATE_DISK_ONLY = 1 << 4,
       CREATE_REUSE_EXT = 1 << 5,
       CREATE_QUIESCE = 1 << 6,
       CREATE_ATOMIC = 1 << 7,
       CREATE_LIVE = 1 << 8,
       CREATE_VALIDATE = 1 << 9,
};

/* ---- images of a domain that does not run ---- */

static gboolean run_qemu_img(const char *const *argv, GError **error)
{
    g_autofree char *output = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL, NULL, NULL, &output, &status, error))
        return FALSE;
    return g_spawn_check_wait_status(status, NULL) ||
           fail(error, VIR_ERR_OPERATION_FAILED, "%s", g_strstrip(output));
}

static gboolean is_writable(const DomainDisk *disk)
{
    return disk->source != NULL && !disk->readonly && disk->device != DOMAIN_DISK_DEVICE_CDROM &&
           disk->device != DOMAIN_DISK_DEVICE_FLOPPY;
}

gboolean snapshot_each_image(const DomainDef *def, const char *verb, const char *name,
                               GError **error)
{
    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = def->disks->pdata[i];
        const char *argv[] = { "qemu-img", "snapshot", verb, name, disk->source, NULL };

        if (!is_writable(disk))
            continue;
        if (g_strcmp0(disk->driver_type, "qcow2") != 0)
            return fail(error, VIR_ERR_OPERATION_INVALID,
                        "internal snapshot for disk %s unsupported for storage type %s",
                        disk->target, disk->driver_type != NULL ? disk->driver_type : "raw");
        if (!run_qemu_img(argv, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- what a new one consists of ---- */

SnapshotDisk *snapshot_find_disk(const Snapshot *snapshot, const char *target)
{
    for (guint i = 0; i < snapshot->disks->len; i++) {
        SnapshotDisk *disk = snapshot->disks->pdata[i];

        if (g_strcmp0(disk->target, target) == 0)
            return disk;
    }
    return NULL;
}

/* "/images/disk.qcow2" and "s1": "/images/disk.s1". */
static char *overlay_name(const char *source, const char *name)
{
    const char *slash = strrchr(source, '/'), *dot = strrchr(source, '.');
    gsize len =
        dot != NULL && (slash == NULL || dot > slash) ? (gsize)(dot - source) : strlen(source);

    return g_strdup_printf("%.*s.%s", (int)len, source, name);
}

/* Every disk of the domain gets its row, as it is asked for or by default. */
static gboolean complete_disks(Snapshot *snapshot, const DomainDef *def, SnapshotPlace otherwise,
                               guint32 flags, GError **error)
{
    for (guint i = 0; i < snapshot->disks->len; i++) {
        const SnapshotDisk *disk = snapshot->disks->pdata[i];

        if (find_disk(def, disk->target, NULL) == NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "no disk named '%s'", disk->target);
    }
    for (guint i = 0; i < def->disks->len; i++) {
        const DomainDisk *disk = def->disks->pdata[i];
        SnapshotDisk *row = snapshot_find_disk(snapshot, disk->target);

        if (row == NULL) {
            row = g_new0(SnapshotDisk, 1);
            row->target = g_strdup(disk->target);
            row->place = is_writable(disk) ? otherwise : SNAPSHOT_NO;
            g_ptr_array_add(snapshot->disks, row);
        }
        if (row->place == SNAPSHOT_INTERNAL && otherwise == SNAPSHOT_EXTERNAL)
            row->place = SNAPSHOT_EXTERNAL;
        if (row->place == SNAPSHOT_EXTERNAL && otherwise == SNAPSHOT_INTERNAL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                        "mixing internal and external targets for snapshot is not supported");
        if (row->place != SNAPSHOT_EXTERNAL)
            continue;
        if (domain_disk_encryption(disk) != NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                        "external snapshots of encrypted disk '%s' are not supported",
                        row->target);
        if (row->file == NULL)
            row->file = overlay_name(disk->source, snapshot->m.name);
        if (!(flags & CREATE_REUSE_EXT) && g_file_test(row->file, G_FILE_TEST_EXISTS))
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                        "external snapshot file for disk %s already exists: %s", row->target,
                        row->file);
    }
    return TRUE;
}

/* ---- making it ---- */

static gboolean add_overlays(const Kanzend *kanzend, const DomainView *view,
                             const Snapshot *snapshot, guint32 flags, GError **error)
{
    g_autofree KxlOverlay *overlays = g_new0(KxlOverlay, snapshot->disks->len + 1);
    guint n = 0;

    for (guint i = 0; i < snapshot->disks->len; i++) {
        const SnapshotDisk *disk = snapshot->disks->pdata[i];

        if (disk->place == SNAPSHOT_EXTERNAL)
            overlays[n++] = (KxlOverlay){ disk->target, disk->file, flags & CREATE_REUSE_EXT };
    }
    if (n == 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "disk-only snapshots require at least one disk to be selected for snapshot");
    if (!kxl_domain_add_overlays(kanzend->host, view->id, overlays, n, error))
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (!follow_image(kanzend, view->domain, overlays[i].vdev, error))
            return FALSE;
    return TRUE;
}

/* With the memory in a file of its own, the guest standing still until both are there. */
static gboolean save_externally(const Kanzend *kanzend, const DomainView *view,
                                const Snapshot *snapshot, guint32 flags, Task *task, GError **error)
{
    gboolean run = view->state == VIR_STATE_RUNNING, ok;

    if (!kxl_domain_save(
            kanzend->host, view->id, snapshot->memory_file,
            run ? KXL_SAVE_KEEP_PAUSED : KXL_SAVE_KEEP, LIVE_USERDATA_KEY,
            definition_xml(view->live, DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE),
            task_progress, task, task->cancellable, error))
        return FALSE;
    ok = add_overlays(kanzend, view, snapshot, flags, error);
    return (!run || kxl_domain_unpause(kanzend->host, view->id, ok ? error : NULL)) && ok;
}

static gboolean make_running(RpcCall *call, const DomainView *view, const Snapshot *snapshot,
                             guint32 flags, Task *task, GError **error)
{
    const Kanzend *kanzend = call->app;
    gboolean frozen = FALSE, ok;

    if (snapshot->memory == SNAPSHOT_EXTERNAL)
        return save_externally(kanzend, view, snapshot, flags, task, error);
    if (!(flags & CREATE_DISK_ONLY))
        return kxl_domain_snapshot_save(kanzend->host, view->id, snapshot->m.name, error);
    if (flags & CREATE_QUIESCE) {
        frozen = agent_tell(call, view, "guest-fsfreeze-freeze", NULL, error);
        if (!frozen)
            return FALSE;
    }
    ok = add_overlays(kanzend, view, snapshot, flags, error);
    if (frozen)
        agent_tell(call, view, "guest-fsfreeze-thaw", NULL, NULL);
    return ok;
}

static void use_overlays(DomainDef *def, gpointer data)
{
    const Snapshot *snapshot = data;

    for (guint i = 0; i < def->disks->len; i++) {
        DomainDisk *disk = def->disks->pdata[i];
        const SnapshotDisk *row = snapshot_find_disk(snapshot, disk->target);

        if (row == NULL || row->place != SNAPSHOT_EXTERNAL)
            continue;
        g_free(disk->source);
        disk->source = g_strdup(row->file);
        g_free(disk->driver_type);
        disk->driver_type = g_strdup("qcow2");
    }
}

gboolean snapshot_use_overlays(const Kanzend *kanzend, Domain *domain, const Snapshot *snapshot,
                               GError **error)
{
    return change_definitions(kanzend->domains, domain, AFFECT_CONFIG, use_overlays,
                              (gpointer)snapshot, error);
}

static gboolean make_stopped(const Kanzend *kanzend, const DomainView *view, Snapshot *snapshot,
                             guint32 flags, GError **error)
{
    const DomainDef *def = definition_def(view->config);

    if (!(flags & CREATE_DISK_ONLY))
        return snapshot_each_image(def, "-c", snapshot->m.name, error);
    for (guint i = 0; i < def->disks->len && !(flags & CREATE_REUSE_EXT); i++) {
        const DomainDisk *disk = def->disks->pdata[i];
        const SnapshotDisk *row = snapshot_find_disk(snapshot, disk->target);
        const char *argv[] = {
            "qemu-img",   "create", "-q",
            "-f",         "qcow2",  "-b",
            disk->source, "-F",     disk->driver_type != NULL ? disk->driver_type : "raw",
            row->file,    NULL
        };

        if (row->place == SNAPSHOT_EXTERNAL && !run_qemu_img(argv, error))
            return FALSE;
    }
    return snapshot_use_overlays(kanzend, view->domain, snapshot, error);
}

static void describe(const Kanzend *kanzend, const DomainView *view, Snapshot *snapshot,
                     guint32 flags)
{
    gboolean running = view->id >= 0;

    snapshot->m.created_s = g_get_real_time() / G_USEC_PER_SEC;
    if (snapshot->m.name == NULL)
        snapshot->m.name = g_strdup_printf("%" G_GINT64_FORMAT, snapshot->m.created_s);
    snapshot->m.parent = moments_current(&snapshot_kind, kanzend->domains, view->uuid);
    snapshot->definition = definition_ref(domain_view_current(view));
    snapshot->state = g_strdup(flags & CREATE_DISK_ONLY && running ? "disk-snapshot"
                               : !running                          ? "shutoff"
                               : view->state == VIR_STATE_PAUSED   ? "paused"
                                                                   : "running");
    if (!running || (flags & CREATE_DISK_ONLY))
        snapshot->memory = SNAPSHOT_NO;
    if (running)
        snapshot->guest_domid = kxl_domain_guest_domid(kanzend->host, view->id);
}

static gboolean create(RpcCall *call, const DomainView *view, Snapshot *snapshot, guint32 flags,
                       GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GError) failed = NULL;
    SnapshotPlace place;
    Task task;
    gboolean ok;

    describe(kanzend, view, snapshot, flags);
    place = (flags & CREATE_DISK_ONLY) || snapshot->memory == SNAPSHOT_EXTERNAL ? SNAPSHOT_EXTERNAL
                                                                                : SNAPSHOT_INTERNAL;
    if (!complete_disks(snapshot, definition_def(snapshot->definition), place, flags, error))
        return FALSE;
    if (!task_begin(&task, kanzend->domains, view->domain, TASK_SNAPSHOT,
                    snapshot->memory == SNAPSHOT_EXTERNAL, error))
        return FALSE;
    if (!moment_begin(&snapshot_kind, kanzend->domains, view->uuid, snapshot, &failed)) {
        task_end(&task, failed);
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    ok = view->id >= 0 ? make_running(call, view, snapshot, flags, &task, &failed)
                       : make_stopped(kanzend, view, snapshot, flags, &failed);
    task_end(&task, failed);
    if (!ok || (flags & CREATE_NO_METADATA))
        moment_forget(&snapshot_kind, kanzend->domains, view->uuid, snapshot);
    if (!ok) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    if (!(flags & CREATE_NO_METADATA) &&
        !moment_commit(&snapshot_kind, kanzend->domains, view->uuid, snapshot, error))
        return FALSE;
    if ((flags & CREATE_HALT) && view->id >= 0) {
        if (!kxl_domain_destroy(kanzend->host, view->id, error))
            return FALSE;
        domain_registry_sync_gone(kanzend->domains, view->id, KXL_REASON_DESTROYED);
    }
    return TRUE;
}

static gboolean redefine(const Kanzend *kanzend, const DomainView *view, GPtrArray *all,
                         const Snapshot *snapshot, gboolean current, GError **error)
{
    return moment_check_parent(all, &snapshot->m, error) &&
           moments_save(&snapshot_kind, kanzend->domains, view->uuid, snapshot, error) &&
           (!current || moments_set_current(&snapshot_kind, kanzend->domains, view->uuid,
                                            snapshot->m.name, error));
}

gboolean on_domain_snapshot_create_xml(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };
    g_autoptr(Snapshot) snapshot = NULL;
    g_autoptr(GPtrArray) all = NULL;

    if (!check_flags(call, flags, (CREATE_VALIDATE << 1) - 1, error))
        return FALSE;
    if ((flags & CREATE_QUIESCE) && !(flags & CREATE_DISK_ONLY))
        return fail(error, VIR_ERR_INVALID_ARG, "quiesce needs the disk-only flag");
    snapshot = snapshot_parse(kanzend->domains, call->args[1].str, flags & CREATE_REDEFINE, error);
    if (snapshot == NULL || !call_job(call, "given snapshots", &view, error))
        return FALSE;
    all = moments_load(&snapshot_kind, kanzend->domains, view.uuid);
    if (flags & CREATE_REDEFINE) {
        if (!redefine(kanzend, &view, all, snapshot, flags & CREATE_CURRENT, error))
            return FALSE;
    } else {
        if (snapshot->m.name != NULL && moments_find(all, snapshot->m.name) != NULL)
            return fail(error, VIR_ERR_OPERATION_INVALID, "domain moment %s already exists",
                        snapshot->m.name);
        if (!create(call, &view, snapshot, flags, error))
            return FALSE;
    }
    put_moment(call, &view, snapshot->m.name);
    return TRUE;
}

/* ---- going back ---- */

enum { REVERT_RUNNING = 1, REVERT_PAUSED = 2, REVERT_FORCE = 4, REVERT_RESET_NVRAM = 8 };

static gboolean stop_domain(const Kanzend *kanzend, const DomainView *view, GError **error)
{
    if (view->id < 0)
        return TRUE;
    if (!kxl_domain_destroy(kanzend->host, view->id, error))
        return FALSE;
    domain_registry_sync_gone(kanzend->domains, view->id, KXL_REASON_DESTROYED);
    return TRUE;
}

static gboolean start_for_it(const Kanzend *kanzend, Domain *domain, const Snapshot *snapshot,
                             gboolean paused, GError **error)
{
    gboolean ok;

    domain_expect_start(kanzend->domains, domain, START_FROM_SNAPSHOT);
    ok = domain_start(kanzend->domains, domain, snapshot->definition, paused, error);
    domain_expect_start(kanzend->domains, domain, START_BOOTED);
    return ok;
}

static gboolean revert_running(const Kanzend *kanzend, const DomainView *view,
                               const Snapshot *snapshot, gboolean run, GError **error)
{
    g_auto(DomainView) now = { 0 };
    gboolean started = view->id < 0;

    if (started && !start_for_it(kanzend, view->domain, snapshot, TRUE, error))
        return FALSE;
    domain_get_view(kanzend->domains, view->domain, &now);
    if (!kxl_domain_snapshot_load(kanzend->host, now.id, snapshot->m.name, snapshot->guest_domid,
                                  run, error)) {
        if (started)
            stop_domain(kanzend, &now, NULL);
        return FALSE;
    }
    domain_registry_sync(kanzend->domains, now.id);
    return TRUE;
}

static gboolean revert_stopped(const Kanzend *kanzend, const DomainView *view,
                               const Snapshot *snapshot, guint32 flags, GError **error)
{
    if (!stop_domain(kanzend, view, error) ||
        !snapshot_each_image(definition_def(snapshot->definition), "-a", snapshot->m.name, error))
        return FALSE;
    return !(flags & (REVERT_RUNNING | REVERT_PAUSED)) ||
           start_for_it(kanzend, view->domain, snapshot, flags & REVERT_PAUSED, error);
}

gboolean on_domain_revert_to_snapshot(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u;
    g_auto(MomentCall) m = { 0 };
    const Snapshot *snapshot;
    g_autoptr(GError) failed = NULL;
    gboolean ran, run, ok;
    Task task;

    if (!check_flags(call, flags, REVERT_RUNNING | REVERT_PAUSED | REVERT_FORCE, error) ||
        !call_moment(call, &snapshot_kind, TRUE, &m, error))
        return FALSE;
    snapshot = m.moment;
    if ((flags & REVERT_RUNNING) && (flags & REVERT_PAUSED))
        return fail(error, VIR_ERR_INVALID_ARG, "running and paused flags are mutually exclusive");
    if (snapshot_is_external(snapshot))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "revert to external snapshot not supported yet");
    if (!m.view.persistent && strcmp(snapshot->state, "shutoff") == 0 &&
        !(flags & (REVERT_RUNNING | REVERT_PAUSED)))
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "transient domain needs to request run or pause to revert to inactive "
                    "snapshot");
    ran = strcmp(snapshot->state, "shutoff") != 0;
    run = (flags & REVERT_RUNNING) ||
          (!(flags & REVERT_PAUSED) && strcmp(snapshot->state, "running") == 0);
    if (!task_begin(&task, kanzend->domains, m.view.domain, TASK_SNAPSHOT_REVERT, FALSE, error))
        return FALSE;
    ok = ran ? revert_running(kanzend, &m.view, snapshot, run, &failed)
             : revert_stopped(kanzend, &m.view, snapshot, flags, &failed);
    task_end(&task, failed);
    if (!ok) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    return (!m.view.persistent ||
            domain_registry_set_config(kanzend->domains, m.view.domain,
                                       definition_ref(snapshot->definition), error)) &&
           moments_set_current(&snapshot_kind, kanzend->domains, m.view.uuid, snapshot->m.name,
                               error);
}

/* ---- deleting ---- */

static gboolean delete_data(const Kanzend *kanzend, const MomentCall *m, gpointer moment,
                            GError **error)
{
    const Snapshot *snapshot = moment;

    if (snapshot_is_external(snapshot))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "deletion of external disk snapshots not supported yet");
    return m->view.id >= 0
               ? kxl_domain_snapshot_delete(kanzend->host, m->view.id, snapshot->m.name, error)
               : snapshot_each_image(definition_def(snapshot->definition), "-d", snapshot->m.name,
                                error);
}

gboolean on_domain_snapshot_delete(RpcCall *call, GError **error)
{
    return delete_moments(call, &snapshot_kind, delete_data, error);
}
