/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Jobs that copy between the images of a disk: QEMU runs them, here they are started, asked and
 * ended. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "block-file.h"
#include "block.h"
#include "file.h"
#include "job.h"

/* QEMU drains the disk before it ends a job. */
#define END_US  (60 * G_USEC_PER_SEC)
#define POLL_US 10000

/* QEMU qapi/block-core.json JobType */
static const char *const kinds[] = {
    [KXL_BLOCK_PULL] = "stream",    [KXL_BLOCK_COPY] = "mirror", [KXL_BLOCK_COMMIT] = "commit",
    [KXL_BLOCK_COMMIT_ACTIVE] = "", /* a commit by name; told apart by its being ready once */
    [KXL_BLOCK_BACKUP] = "backup",
};

static int kind_from_qemu(const char *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(kinds[i], type) == 0)
            return (int)i;
    return -1;
}

/* Only the id tells an active commit from another before it is ready. */
#define ACTIVE_SUFFIX ".active"

static char *job_id(const KxlBlockOp *b, KxlBlockJobKind kind)
{
    return g_strconcat(KXL_BLOCK_JOB_PREFIX, b->disk->vdev,
                       kind == KXL_BLOCK_COMMIT_ACTIVE ? ACTIVE_SUFFIX : "", NULL);
}

gboolean kxl_block_job_parse_id(const char *id, const char *type, char **ret_vdev,
                                KxlBlockJobKind *ret_kind)
{
    int kind = kind_from_qemu(type);

    if (kind < 0 || !g_str_has_prefix(id, KXL_BLOCK_JOB_PREFIX))
        return FALSE;
    *ret_vdev = g_strdup(id + strlen(KXL_BLOCK_JOB_PREFIX));
    *ret_kind = (KxlBlockJobKind)kind;
    if (g_str_has_suffix(*ret_vdev, ACTIVE_SUFFIX)) {
        (*ret_vdev)[strlen(*ret_vdev) - strlen(ACTIVE_SUFFIX)] = '\0';
        *ret_kind = KXL_BLOCK_COMMIT_ACTIVE;
    }
    return TRUE;
}

/* --- asking ----------------------------------------------------------------------------------- */

/* The job's record, NULL without error: there is none. */
static JsonObject *find_job(const KxlBlockOp *b, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(b->qmp, "query-block-jobs", NULL, KXL_OP_TIMEOUT_MS, error);
    JsonArray *jobs;

    if (!answer)
        return NULL;
    jobs = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(jobs); i++) {
        JsonObject *job = json_array_get_object_element(jobs, i);
        g_autofree char *vdev = NULL;
        KxlBlockJobKind kind;

        if (kxl_block_job_parse_id(json_object_get_string_member(job, "device"),
                                   json_object_get_string_member(job, "type"), &vdev, &kind) &&
            g_str_equal(vdev, b->disk->vdev))
            return json_object_ref(job);
    }
    return NULL;
}

static void read_job(JsonObject *job, KxlBlockJob *ret_job)
{
    g_autofree char *vdev = NULL;

    *ret_job = (KxlBlockJob){
        .speed = (guint64)json_object_get_int_member_with_default(job, "speed", 0),
        .done = (guint64)json_object_get_int_member_with_default(job, "offset", 0),
        .total = (guint64)json_object_get_int_member_with_default(job, "len", 0),
        .ready = json_object_get_boolean_member_with_default(job, "ready", FALSE),
    };
    kxl_block_job_parse_id(json_object_get_string_member(job, "device"),
                           json_object_get_string_member(job, "type"), &vdev, &ret_job->kind);
}

gboolean kxl_domain_block_job(KxlHost *host, int domid, const char *vdev, KxlBlockJob *ret_job,
                              GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    g_autoptr(JsonObject) job = NULL;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error))
        return FALSE;
    job = find_job(&b, error);
    if (job)
        read_job(job, ret_job);
    return job != NULL;
}

/* The job, which must be there. */
static gboolean require_job(const KxlBlockOp *b, KxlBlockJob *ret_job, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonObject) job = find_job(b, &local);

    if (job) {
        read_job(job, ret_job);
        return TRUE;
    }
    if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    else
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' of domain '%s' has no block job",
                    b->disk->vdev, b->op.config->name);
    return FALSE;
}

static gboolean run(const KxlBlockOp *b, const char *command, JsonObject *arguments, GError **error)
{
    return kxl_qmp_run(b->qmp, command, arguments, KXL_OP_TIMEOUT_MS, error);
}

gboolean kxl_domain_block_job_set_speed(KxlHost *host, int domid, const char *vdev, guint64 speed,
                                        GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    g_autofree char *id = NULL;
    KxlBlockJob job;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error) || !require_job(&b, &job, error))
        return FALSE;
    id = job_id(&b, job.kind);
    return run(&b, "block-job-set-speed",
               kxl_qmp_args("s:device", id, "i:speed", (gint64)speed, NULL), error);
}

/* --- ending ----------------------------------------------------------------------------------- */

static gboolean wait_until_over(const KxlBlockOp *b, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + END_US;

    for (;;) {
        g_autoptr(GError) local = NULL;
        g_autoptr(JsonObject) job = find_job(b, &local);

        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!job)
            return TRUE;
        if (g_get_monotonic_time() > deadline) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                        "the block job of disk '%s' does not end", b->disk->vdev);
            return FALSE;
        }
        g_usleep(POLL_US);
    }
}

/* The image that is the disk's now is written down for whoever starts or looks next. */
static gboolean note_image(KxlOp *op, KxlQmp *qmp, const char *vdev, GError **error)
{
    const KxlDeviceDisk *disk = kxl_block_disk(op->config, vdev, error);
    g_autoptr(GPtrArray) list = disk ? kxl_block_list(qmp, op->config, error) : NULL;
    const KxlBlock *now = list ? kxl_block_find(list, vdev, error) : NULL;
    const KxlBlockImage *top;
    int format;

    if (!now)
        return FALSE;
    top = now->chain->len > 0 ? now->chain->pdata[0] : NULL;
    if (!top || !top->path || g_strcmp0(top->path, disk->path) == 0)
        return TRUE;
    format = kxl_block_format_from_driver(top->format);
    return kxl_block_set_image((KxlHost *)op->host, op->domid, vdev, top->path,
                               format >= 0 ? (KxlDiskFormat)format : KXL_DISK_RAW, error);
}

gboolean kxl_domain_note_image(KxlHost *host, int domid, const char *vdev, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, host, domid, error);

    return qmp && note_image(&op, qmp, vdev, error);
}

/* The node of a new copy; each has a name of its own, as an earlier copy may be the disk now. */
static char *copy_node(const char *vdev)
{
    return g_strdup_printf("copy-%s-%08x", vdev, g_random_int());
}

/* Of copies that were given up. What is in use refuses to go. */
static void close_copies(const KxlBlockOp *b)
{
    g_autofree char *prefix = g_strdup_printf("copy-%s-", b->disk->vdev);
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(b->qmp, "query-named-block-nodes", kxl_qmp_args("b:flat", TRUE, NULL),
                     KXL_OP_TIMEOUT_MS, NULL);
    JsonArray *nodes = answer ? json_node_get_array(answer) : NULL;

    for (guint i = 0; nodes && i < json_array_get_length(nodes); i++) {
        const char *name = json_object_get_string_member_with_default(
            json_array_get_object_element(nodes, i), "node-name", "");

        if (g_str_has_prefix(name, prefix) && !g_str_equal(name, b->block->node))
            kxl_block_file_close(b->qmp, name);
    }
}

/* The file that says that a disk is about to get another image: QEMU gives it one whatever becomes
 * of us. */
#define PIVOT_FILE "pivot"

static gboolean pivot_job(KxlBlockOp *b, const KxlBlockJob *job, const char *id, GError **error)
{
    g_autofree char *mark = kxl_rundir_path(b->op.host, b->op.domid, PIVOT_FILE);

    if (!job->ready) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "disk '%s' not ready for pivot yet",
                    b->disk->vdev);
        return FALSE;
    }
    if (!kxl_file_write(mark, b->disk->vdev, error))
        return FALSE;
    if (run(b, "job-complete", kxl_qmp_args("s:id", id, NULL), error) &&
        wait_until_over(b, error) && note_image(&b->op, b->qmp, b->disk->vdev, error)) {
        kxl_block_file_close(b->qmp, b->block->node);
        remove(mark);
        return TRUE;
    }
    return FALSE;
}

void kxl_block_recover(KxlOp *op)
{
    g_autofree char *mark = kxl_rundir_path(op->host, op->domid, PIVOT_FILE);
    g_autofree char *vdev = kxl_file_read(mark, NULL);
    g_autoptr(KxlDomainConfig) now = NULL;
    g_autoptr(GError) error = NULL;
    KxlBlockOp b = { 0 };

    if (!vdev)
        return;
    g_message("domain %d: disk '%s': finishing what somebody has left", op->domid, vdev);
    b.qmp = kxl_op_monitor(op, &error);
    b.disk = b.qmp ? kxl_block_disk(op->config, vdev, &error) : NULL;
    if (b.disk && wait_until_over(&b, &error) && note_image(op, b.qmp, vdev, &error))
        remove(mark);
    else
        g_warning("domain %d: disk '%s': %s", op->domid, vdev, error->message);
    g_clear_pointer(&b.qmp, kxl_qmp_free);
    now = kxl_rundir_load_config(op->host, op->domid, NULL);
    if (now) {
        kxl_domain_config_free(op->config);
        op->config = g_steal_pointer(&now);
    }
}

void kxl_domain_recover(KxlHost *host, int domid)
{
    g_autofree char *mark = kxl_rundir_path(host, domid, PIVOT_FILE);
    g_auto(KxlOp) op = { .lock = -1 };

    kxl_job_recover(host, domid);
    if (g_file_test(mark, G_FILE_TEST_EXISTS))
        kxl_op_begin(&op, host, domid, NULL);
}

gboolean kxl_domain_block_job_abort(KxlHost *host, int domid, const char *vdev, gboolean pivot,
                                    gboolean async, GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    g_autofree char *id = NULL;
    KxlBlockJob job;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error) || !require_job(&b, &job, error))
        return FALSE;
    if (job.kind == KXL_BLOCK_BACKUP) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                    "disk '%s' is being backed up: the backup is ended as a whole", vdev);
        return FALSE;
    }
    id = job_id(&b, job.kind);
    if (pivot)
        return pivot_job(&b, &job, id, error);
    if (!run(&b, "block-job-cancel", kxl_qmp_args("s:device", id, NULL), error))
        return FALSE;
    if (async)
        return TRUE;
    if (!wait_until_over(&b, error))
        return FALSE;
    if (job.kind == KXL_BLOCK_COPY)
        close_copies(&b);
    return TRUE;
}

/* --- starting --------------------------------------------------------------------------------- */

/* QEMU's own name of an image in the chain. */
static const char *find_image(const KxlBlockOp *b, const char *path, guint *ret_depth,
                              GError **error)
{
    for (guint i = 0; i < b->block->chain->len; i++) {
        const KxlBlockImage *image = b->block->chain->pdata[i];

        if (g_strcmp0(image->path, path) == 0) {
            *ret_depth = i;
            return image->path;
        }
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                "'%s' is not an image of disk '%s' of domain '%s'", path, b->disk->vdev,
                b->op.config->name);
    return NULL;
}

static gboolean check_no_job(const KxlBlockOp *b, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(JsonObject) job = find_job(b, &local);

    if (job)
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                    "disk '%s' of domain '%s' already has a block job", b->disk->vdev,
                    b->op.config->name);
    else if (local)
        g_propagate_error(error, g_steal_pointer(&local));
    return !job && !local;
}

gboolean kxl_domain_block_pull(KxlHost *host, int domid, const char *vdev, const char *base,
                               guint64 speed, GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    g_autofree char *id = NULL;
    guint depth;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error) || !check_no_job(&b, error) ||
        (base && !find_image(&b, base, &depth, error)))
        return FALSE;
    id = job_id(&b, KXL_BLOCK_PULL);
    return run(&b, "block-stream",
               kxl_qmp_args("s:job-id", id, "s:device", b.block->node, "s:base", base, "i:speed",
                            (gint64)speed, NULL),
               error);
}

gboolean kxl_domain_block_commit(KxlHost *host, int domid, const char *vdev, const char *base,
                                 const char *top, guint64 speed, GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    g_autofree char *id = NULL;
    guint top_depth = 0, base_depth;

    if (!kxl_block_op_begin(&b, host, domid, vdev, error) ||
        !kxl_block_check_plain(b.disk, "a commit", error) || !check_no_job(&b, error) ||
        (top && !find_image(&b, top, &top_depth, error)))
        return FALSE;
    base_depth = b.block->chain->len - 1;
    if (base && !find_image(&b, base, &base_depth, error))
        return FALSE;
    if (base_depth <= top_depth) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "there is nothing below '%s' of disk '%s' to commit to",
                    ((const KxlBlockImage *)b.block->chain->pdata[top_depth])->path, vdev);
        return FALSE;
    }
    id = job_id(&b, top_depth == 0 ? KXL_BLOCK_COMMIT_ACTIVE : KXL_BLOCK_COMMIT);
    return run(&b, "block-commit",
               kxl_qmp_args("s:job-id", id, "s:device", b.block->node, "s:top",
                            top_depth > 0 ? top : NULL, "s:base", base, "i:speed", (gint64)speed,
                            NULL),
               error);
}

/* --- copies ----------------------------------------------------------------------------------- */

static gboolean make_target(const KxlBlockOp *b, const KxlBlockCopy *copy, GError **error)
{
    const KxlBlockImage *top = b->block->chain->pdata[0];
    const KxlBlockImage *below =
        copy->shallow && b->block->chain->len > 1 ? b->block->chain->pdata[1] : NULL;

    return copy->reuse ||
           kxl_block_file_make(copy->path, copy->format, top->capacity, below ? below->path : NULL,
                               below ? below->format : NULL, error);
}

static gboolean start_mirror(const KxlBlockOp *b, const KxlBlockCopy *copy, const char *node,
                             GError **error)
{
    g_autofree char *id = job_id(b, KXL_BLOCK_COPY);
    JsonObject *arguments =
        kxl_qmp_args("s:job-id", id, "s:device", b->block->node, "s:target", node, "s:sync",
                     copy->shallow ? "top" : "full", "i:speed", (gint64)copy->speed, NULL);

    if (copy->granularity)
        json_object_set_int_member(arguments, "granularity", copy->granularity);
    if (copy->buf_size)
        json_object_set_int_member(arguments, "buf-size", (gint64)copy->buf_size);
    return run(b, "blockdev-mirror", arguments, error);
}

gboolean kxl_domain_block_copy(KxlHost *host, int domid, const char *vdev, const KxlBlockCopy *copy,
                               GError **error)
{
    g_auto(KxlBlockOp) b = { .op = { .lock = -1 } };
    gboolean exists = g_file_test(copy->path, G_FILE_TEST_EXISTS);
    g_autofree char *node = copy_node(vdev);

    if (!kxl_block_op_begin(&b, host, domid, vdev, error) ||
        !kxl_block_check_plain(b.disk, "a copy", error) || !check_no_job(&b, error))
        return FALSE;
    if (copy->reuse && !exists) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "'%s' is not there to be reused",
                    copy->path);
        return FALSE;
    }
    close_copies(&b); /* given up without waiting */
    if (!make_target(&b, copy, error))
        return FALSE;
    if (kxl_block_file_open(b.qmp, copy->path, copy->format, node, NULL, error)) {
        if (start_mirror(&b, copy, node, error))
            return TRUE;
        kxl_block_file_close(b.qmp, node);
    }
    if (!exists)
        unlink(copy->path);
    return FALSE;
}
