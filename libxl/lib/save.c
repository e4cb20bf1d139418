/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving: QEMU migrates the stopped machine into our file. Dumping: QEMU writes the memory as a
 * core. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "create.h"
#include "file.h"
#include "guest-domid.h"
#include "job.h"
#include "ops.h"
#include "places.h"
#include "save-image.h"

#define POLL_US (20 * 1000)
/* As fast as the disk takes it: QEMU's own limit is for networks. */
#define BANDWIDTH (G_GINT64_CONSTANT(1) << 40)

typedef struct {
    KxlHost *host;
    int domid;
    KxlProgressFunc progress;
    gpointer user_data;
    GCancellable *cancellable;
    gboolean was_running;
    KxlDomainType type;
    char *scratch;
    KxlJob job;
} Work;

static void work_clear(Work *work)
{
    kxl_job_end(&work->job);
    g_free(work->scratch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

/* The lock is taken for each command only: others may ask the domain meanwhile. */
static JsonNode *command(const Work *work, const char *name, JsonObject *arguments, int fd,
                         GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, work->host, work->domid, error);

    if (!qmp) {
        g_clear_pointer(&arguments, json_object_unref);
        return NULL;
    }
    return kxl_qmp_call_fd(qmp, name, arguments, fd, KXL_OP_TIMEOUT_MS, error);
}

static gboolean run(const Work *work, const char *name, JsonObject *arguments, GError **error)
{
    g_autoptr(JsonNode) answer = command(work, name, arguments, -1, error);

    return answer != NULL;
}

/* --- the file --------------------------------------------------------------------------------- */

static gboolean begin(Work *work, const char *path, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    work->scratch = g_strconcat(path, KXL_JOB_SCRATCH_SUFFIX, NULL);
    if (!kxl_op_begin(&op, work->host, work->domid, error))
        return FALSE;
    work->was_running = op.state->state == KXL_STATE_RUNNING;
    work->type = op.config->type;
    return kxl_job_begin(&work->job, work->host, work->domid, work->was_running, work->scratch,
                         error);
}

static KxlFd make_scratch(const Work *work, GError **error)
{
    /* 0600: it holds the guest's memory. */
    KxlFd fd = open(work->scratch, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        kxl_error_set_errno(error, errno, "cannot write '%s'", work->scratch);
    return fd;
}

static gboolean sync_folder(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_auto(KxlFd) fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return (fd >= 0 && fsync(fd) == 0) ||
           kxl_error_set_errno(error, errno, "cannot sync '%s'", dir);
}

static gboolean publish(const Work *work, KxlFd fd, const char *path, gboolean uncached,
                        GError **error)
{
    if (fsync(fd) < 0)
        return kxl_error_set_errno(error, errno, "cannot write '%s'", work->scratch);
    if (uncached)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    if (rename(work->scratch, path) < 0)
        return kxl_error_set_errno(error, errno, "cannot rename to '%s'", path);
    return sync_folder(path, error);
}

/* --- following it ----------------------------------------------------------------------------- */

static guint64 number(JsonObject *object, const char *name)
{
    gint64 value = object ? json_object_get_int_member_with_default(object, name, 0) : 0;

    return value > 0 ? (guint64)value : 0;
}

static void tell_progress(const Work *work, JsonObject *ram)
{
    KxlProgress progress = {
        .done = number(ram, "total") - MIN(number(ram, "remaining"), number(ram, "total")),
        .total = number(ram, "total"),
        .remaining = number(ram, "remaining"),
        .normal = number(ram, "normal"),
        .constant = number(ram, "duplicate"),
    };

    if (ram && json_object_has_member(ram, "mbps"))
        progress.bytes_per_s = (guint64)(json_object_get_double_member(ram, "mbps") * 125000.0);
    if (work->progress)
        work->progress(&progress, work->user_data);
}

/* canceled: QEMU was told to end it, which may end as "failed" when that closes what it writes
 * to. */
static gboolean migration_failed(JsonObject *info, const char *status, gboolean canceled,
                                 GError **error)
{
    const char *why = json_object_get_string_member_with_default(info, "error-desc", NULL);

    if (canceled || g_str_equal(status, "cancelled"))
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "canceled by client");
    else
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "QEMU could not write the machine: %s",
                    why ? why : status);
    return FALSE;
}

/* Until the migration is over, one way or the other. */
static gboolean follow_migration(const Work *work, GError **error)
{
    gboolean told = FALSE;

    for (;;) {
        g_autoptr(JsonNode) answer = command(work, "query-migrate", NULL, -1, error);
        JsonObject *info;
        const char *status;

        if (!answer)
            return FALSE;
        info = json_node_get_object(answer);
        status = json_object_get_string_member_with_default(info, "status", "none");
        if (json_object_has_member(info, "ram"))
            tell_progress(work, json_object_get_object_member(info, "ram"));
        if (g_str_equal(status, "completed"))
            return TRUE;
        if (g_str_equal(status, "failed") || g_str_equal(status, "cancelled") ||
            g_str_equal(status, "none"))
            return migration_failed(info, status, told, error);
        if (!told && g_cancellable_is_cancelled(work->cancellable))
            told = run(work, "migrate_cancel", NULL, NULL);
        g_usleep(POLL_US);
    }
}

static gboolean migrate(const Work *work, KxlFd fd, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, work->host, work->domid, error);
    g_autoptr(JsonNode) got = NULL;

    if (!qmp ||
        !kxl_qmp_run(qmp, "migrate-set-parameters",
                     kxl_qmp_args("i:max-bandwidth", BANDWIDTH, NULL), KXL_OP_TIMEOUT_MS, error))
        return FALSE;
    got = kxl_qmp_call_fd(qmp, "getfd", kxl_qmp_args("s:fdname", "save", NULL), fd,
                          KXL_OP_TIMEOUT_MS, error);
    return got && kxl_qmp_run(qmp, "migrate", kxl_qmp_args("s:uri", "fd:save", NULL),
                              KXL_OP_TIMEOUT_MS, error);
}

/* --- saving ----------------------------------------------------------------------------------- */

/* QEMU loads a state only into the machine it is of, each device in the same place: a PV machine's
 * configuration says which. */
static gboolean add_places(const Work *work, KxlSaveImage *image, GError **error)
{
    g_autofree char *unsaved = image->config->type == KXL_TYPE_PV
                                   ? NULL
                                   : kxl_rundir_replugged(work->host, work->domid);
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = NULL;
    g_auto(GStrv) argv = NULL;

    if (!unsaved)
        return TRUE;
    if (*unsaved) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "domain '%s': %s were plugged or unplugged since its start: its state is not "
                    "supported in an image until it has rebooted",
                    image->config->name, unsaved);
        return FALSE;
    }
    argv = kxl_create_plan(work->host, image->config, error);
    qmp = argv ? kxl_op_begin_monitor(&op, work->host, work->domid, error) : NULL;
    image->places = qmp ? kxl_places_ask(qmp, argv, error) : NULL;
    if (!image->places)
        g_prefix_error(error, "domain '%s': ", image->config->name);
    return image->places != NULL;
}

static KxlSaveImage *describe(const Work *work, KxlSaveFlags flags, const char *key,
                              const char *userdata, GError **error)
{
    g_autoptr(KxlSaveImage) image = g_new0(KxlSaveImage, 1);

    image->config = kxl_domain_get_config(work->host, work->domid, error);
    if (!image->config)
        return NULL;
    if (!add_places(work, image, error))
        return NULL;
    image->userdata = userdata ? g_strdup(userdata)
                               : kxl_domain_userdata_load(work->host, work->domid, key, NULL);
    if (image->userdata)
        image->userdata_key = g_strdup(key);
    image->running =
        (work->was_running || (flags & KXL_SAVE_AS_RUNNING)) && !(flags & KXL_SAVE_AS_PAUSED);
    image->guest_domid = kxl_guest_domid(work->host, work->domid);
    return g_steal_pointer(&image);
}

static gboolean write_image(const Work *work, KxlFd fd, KxlSaveImage *image, GError **error)
{
    if (!kxl_save_image_write(fd, image, error) || !migrate(work, fd, error))
        return FALSE;
    return follow_migration(work, error);
}

static gboolean go_on(const Work *work, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    return kxl_op_begin(&op, work->host, work->domid, error) && kxl_op_go_on(&op, error);
}

gboolean kxl_domain_save(KxlHost *host, int domid, const char *path, KxlSaveFlags flags,
                         const char *userdata_key, const char *userdata, KxlProgressFunc progress,
                         gpointer user_data, GCancellable *cancellable, GError **error)
{
    g_auto(Work) work = { host, domid, progress, user_data, cancellable, .job = { .lock = -1 } };
    g_autoptr(KxlSaveImage) image = NULL;
    g_auto(KxlFd) fd = -1;
    gboolean ends = !(flags & (KXL_SAVE_KEEP | KXL_SAVE_KEEP_PAUSED)), ok;

    if (!begin(&work, path, error))
        return FALSE;
    image = describe(&work, flags, userdata_key, userdata, error);
    fd = image ? make_scratch(&work, error) : -1;
    if (fd < 0)
        return FALSE;
    ok = (!work.was_running || run(&work, "stop", NULL, error)) &&
         write_image(&work, fd, image, error) && (!ends || kxl_job_ends_domain(&work.job, error)) &&
         publish(&work, fd, path, flags & KXL_SAVE_UNCACHED, error);
    if (!ok)
        remove(work.scratch);
    if (ok && ends)
        return kxl_domain_end(host, domid, KXL_END_SAVED, error);
    /* Goes on; also one that stays paused must have its disks back. */
    if (work.was_running && !(ok && (flags & KXL_SAVE_KEEP_PAUSED)))
        ok = go_on(&work, ok ? error : NULL) && ok;
    return ok;
}

/* --- dumping ---------------------------------------------------------------------------------- */

static gboolean follow_dump(const Work *work, GError **error)
{
    for (;;) {
        g_autoptr(JsonNode) answer = command(work, "query-dump", NULL, -1, error);
        JsonObject *info = answer ? json_node_get_object(answer) : NULL;
        const char *status;
        KxlProgress progress = { 0 };

        if (!info)
            return FALSE;
        status = json_object_get_string_member(info, "status");
        progress.done = number(info, "completed");
        progress.total = number(info, "total");
        progress.remaining = progress.total - MIN(progress.done, progress.total);
        if (work->progress)
            work->progress(&progress, work->user_data);
        if (g_str_equal(status, "completed"))
            return TRUE;
        if (!g_str_equal(status, "active")) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "QEMU could not write the dump");
            return FALSE;
        }
        g_usleep(POLL_US);
    }
}

static gboolean start_dump(const Work *work, KxlFd fd, const char *format, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, work->host, work->domid, error);
    g_autoptr(JsonNode) got = NULL;

    if (!qmp)
        return FALSE;
    got = kxl_qmp_call_fd(qmp, "getfd", kxl_qmp_args("s:fdname", "dump", NULL), fd,
                          KXL_OP_TIMEOUT_MS, error);
    return got && kxl_qmp_run(qmp, "dump-guest-memory",
                              kxl_qmp_args("b:paging", FALSE, "s:protocol", "fd:dump", "b:detach",
                                           TRUE, "s:format", format ? format : "elf", NULL),
                              KXL_OP_TIMEOUT_MS, error);
}

gboolean kxl_domain_dump(KxlHost *host, int domid, const char *path, const char *format,
                         gboolean live, KxlProgressFunc progress, gpointer user_data,
                         GCancellable *cancellable, GError **error)
{
    g_auto(Work) work = { host, domid, progress, user_data, cancellable, .job = { .lock = -1 } };
    g_auto(KxlFd) fd = -1;
    gboolean ok;

    if (!begin(&work, path, error))
        return FALSE;
    fd = make_scratch(&work, error);
    if (fd < 0)
        return FALSE;
    /* QEMU stops it for the time being unless it is already, and lets it run again. */
    ok = start_dump(&work, fd, format, error) && follow_dump(&work, error);
    if (ok && work.type == KXL_TYPE_PV && !format)
        return kxl_core_of_guest(work.scratch, path, error);
    ok = ok && publish(&work, fd, path, FALSE, error);
    if (!ok)
        remove(work.scratch);
    return ok;
}
