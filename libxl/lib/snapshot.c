/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's snapshot jobs (qapi/migration.json), and overlays. */
#include <string.h>

#include <kanzen-abi.h>

#include "bitmap.h"
#include "file.h"
#include "guest-domid.h"
#include "job.h"
#include "kxl-snapshot.h"

#define POLL_US    10000
#define JOB_ID     "kxl-snapshot"
#define TIMEOUT_MS (30 * 60 * 1000)

/* --- internal --------------------------------------------------------------------------------- */

/* The nodes that are part of a snapshot: all that the guest can write to. */
static JsonArray *writable_nodes(GPtrArray *blocks, const KxlDomainConfig *config, GError **error)
{
    g_autoptr(JsonArray) nodes = json_array_new();

    for (guint i = 0; i < blocks->len; i++) {
        const KxlBlock *block = blocks->pdata[i];
        const KxlBlockImage *top = block->chain->len ? block->chain->pdata[0] : NULL;

        if (!block->node || block->readonly)
            continue;
        if (!top || g_strcmp0(top->format, "qcow2") != 0) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                        "disk '%s' of domain '%s' is not qcow2: it cannot hold a snapshot",
                        block->vdev, config->name);
            return NULL;
        }
        json_array_add_string_element(nodes, block->node);
    }
    if (json_array_get_length(nodes) > 0)
        return g_steal_pointer(&nodes);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                "domain '%s' has no disk that could hold a snapshot", config->name);
    return NULL;
}

/* Its record; NULL without error: there is none. */
static JsonObject *find_job(KxlQmp *qmp, GError **error)
{
    g_autoptr(JsonNode) answer = kxl_qmp_call(qmp, "query-jobs", NULL, TIMEOUT_MS, error);
    JsonArray *jobs = answer ? json_node_get_array(answer) : NULL;

    for (guint i = 0; jobs && i < json_array_get_length(jobs); i++) {
        JsonObject *job = json_array_get_object_element(jobs, i);

        if (g_strcmp0(json_object_get_string_member_with_default(job, "id", NULL), JOB_ID) == 0)
            return json_object_ref(job);
    }
    return NULL;
}

/* Until the job is done; then it is put away. TRUE when there is none. */
static gboolean finish_job(KxlQmp *qmp, GError **error)
{
    for (;;) {
        g_autoptr(GError) local = NULL;
        g_autoptr(JsonObject) job = find_job(qmp, &local);
        const char *why;

        if (!job) {
            if (!local)
                return TRUE;
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!g_str_equal(json_object_get_string_member_with_default(job, "status", ""),
                         "concluded")) {
            g_usleep(POLL_US);
            continue;
        }
        why = json_object_get_string_member_with_default(job, "error", NULL);
        kxl_qmp_run(qmp, "job-dismiss", kxl_qmp_args("s:id", JOB_ID, NULL), KXL_OP_TIMEOUT_MS,
                    NULL);
        if (why)
            g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "snapshot: %s", why);
        return !why;
    }
}

static gboolean run_job(KxlOp *op, const char *command, const char *name, gboolean with_memory,
                        GError **error)
{
    g_autoptr(KxlQmp) qmp = kxl_op_monitor(op, error);
    g_autoptr(GPtrArray) blocks = qmp ? kxl_block_list(qmp, op->config, error) : NULL;
    g_autoptr(JsonArray) nodes = blocks ? writable_nodes(blocks, op->config, error) : NULL;
    JsonObject *arguments;

    if (!nodes)
        return FALSE;
    finish_job(qmp, NULL); /* somebody may have been killed before he could */
    arguments =
        kxl_qmp_args("s:job-id", JOB_ID, "s:tag", name, "a:devices", json_array_ref(nodes), NULL);
    if (with_memory)
        json_object_set_string_member(arguments, "vmstate",
                                      json_array_get_string_element(nodes, 0));
    return kxl_qmp_run(qmp, command, arguments, TIMEOUT_MS, error) && finish_job(qmp, error);
}

gboolean kxl_domain_snapshot_save(KxlHost *host, int domid, const char *name, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error) || !run_job(&op, "snapshot-save", name, TRUE, error))
        return FALSE;
    if (op.state->state == KXL_STATE_RUNNING) /* it stood still meanwhile */
        kxl_op_tell_time(&op);
    return TRUE;
}

gboolean kxl_domain_snapshot_load(KxlHost *host, int domid, const char *name, int guest_domid,
                                  gboolean run, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_auto(KxlJob) job = { .lock = -1 };
    g_autofree char *folder = kxl_rundir_path(host, domid, NULL);
    g_autofree char *status = kxl_rundir_path(host, domid, "status");
    gboolean ran;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    ran = op.state->state == KXL_STATE_RUNNING;
    if (!kxl_job_begin(&job, host, domid, ran, "", error) ||
        (ran && !kxl_op_qmp(&op, "stop", NULL, error)) ||
        !run_job(&op, "snapshot-load", name, TRUE, error))
        return FALSE;
    /* hv is up in it, whatever this machine has got to before. */
    if (op.config->type == KXL_TYPE_PV && !kxl_file_write(status, KZ_STATUS_GUEST "\n", error))
        return FALSE;
    return kxl_guest_domid_write(folder, guest_domid, error) && (!run || kxl_op_go_on(&op, error));
}

gboolean kxl_domain_snapshot_delete(KxlHost *host, int domid, const char *name, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    return kxl_op_begin(&op, host, domid, error) &&
           run_job(&op, "snapshot-delete", name, FALSE, error);
}

int kxl_domain_guest_domid(KxlHost *host, int domid)
{
    return kxl_guest_domid(host, domid);
}

/* --- overlays --------------------------------------------------------------------------------- */

/* What bitmaps of the disk record goes on being recorded in the new image. */
static void carry_bitmaps(JsonArray *actions, JsonArray *nodes, const char *from, const char *to)
{
    g_autoptr(GPtrArray) names = kxl_bitmap_names(nodes, from);

    for (guint i = 0; i < names->len; i++)
        kxl_transaction_add(
            actions, "block-dirty-bitmap-add",
            kxl_qmp_args("s:node", to, "s:name", names->pdata[i], "b:persistent", TRUE, NULL));
}

static gboolean add_action(JsonArray *actions, GPtrArray *blocks, JsonArray *nodes,
                           const KxlOverlay *overlay, GError **error)
{
    const KxlBlock *block = kxl_block_find(blocks, overlay->vdev, error);
    g_autofree char *node = g_strdup_printf("snap-%s-%08x", overlay->vdev, g_random_int());

    if (!block)
        return FALSE;
    if (!block->node) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' has no medium", overlay->vdev);
        return FALSE;
    }
    kxl_transaction_add(actions, "blockdev-snapshot-sync",
                        kxl_qmp_args("s:node-name", block->node, "s:snapshot-file", overlay->path,
                                     "s:snapshot-node-name", node, "s:format", "qcow2", "s:mode",
                                     overlay->reuse ? "existing" : "absolute-paths", NULL));
    carry_bitmaps(actions, nodes, block->node, node);
    return TRUE;
}

gboolean kxl_domain_add_overlays(KxlHost *host, int domid, const KxlOverlay *overlays, guint n,
                                 GError **error)
{
    g_auto(KxlDisks) disks = KXL_DISKS_NONE;
    g_autoptr(JsonArray) actions = json_array_new();

    if (!kxl_disks_open(&disks, host, domid, error))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        const KxlDeviceDisk *disk = kxl_block_disk(disks.op.config, overlays[i].vdev, error);

        if (!disk || !kxl_block_check_plain(disk, "an external snapshot", error))
            return FALSE;
    }
    for (guint i = 0; i < n; i++)
        if (!add_action(actions, disks.blocks, disks.nodes, &overlays[i], error))
            return FALSE;
    if (!kxl_transaction_run(disks.qmp, actions, error))
        return FALSE;
    for (guint i = 0; i < n; i++)
        if (!kxl_block_set_image(host, domid, overlays[i].vdev, overlays[i].path, KXL_DISK_QCOW2,
                                 error))
            return FALSE;
    return TRUE;
}
