/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long operations as clients see them: their progress, their end, aborting one. */
#include "backup.h"
#include "handler.h"
#include "params.h"
#include "registry-internal.h"
#include "rpc/event.h"
#include "task.h"

enum { /* virDomainJobType */
       JOB_NONE = 0,
       JOB_BOUNDED = 1,
       JOB_UNBOUNDED = 2,
       JOB_COMPLETED = 3,
       JOB_FAILED = 4,
       JOB_CANCELLED = 5,
};

/* ---- doing one ---- */

gboolean task_enter_locked(Domain *domain, TaskOperation operation, gboolean abortable,
                           GError **error)
{
    if (domain->task.active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "domain '%s': a backup goes on; end it first",
                    domain->name);
    g_clear_object(&domain->task.cancellable);
    domain->task = (DomainTask){ .active = TRUE,
                                 .abortable = abortable,
                                 .operation = operation,
                                 .started_us = g_get_monotonic_time(),
                                 .cancellable = g_cancellable_new() };
    return TRUE;
}

gboolean task_begin(Task *task, DomainRegistry *registry, Domain *domain, TaskOperation operation,
                    gboolean abortable, GError **error)
{
    gboolean ok;

    *task = (Task){ registry, domain, NULL };
    g_mutex_lock(&registry->lock);
    ok = task_enter_locked(domain, operation, abortable, error);
    if (ok)
        task->cancellable = g_object_ref(domain->task.cancellable);
    g_mutex_unlock(&registry->lock);
    return ok;
}

void task_progress(const KxlProgress *progress, gpointer user_data)
{
    Task *task = user_data;

    g_mutex_lock(&task->registry->lock);
    task->domain->task.progress = *progress;
    g_mutex_unlock(&task->registry->lock);
}

static void fill_stats(Params *params, gpointer data);

void task_over_locked(DomainRegistry *registry, Domain *domain, gboolean cancelled, const char *why)
{
    DomainTask *state = &domain->task;
    g_autoptr(GByteArray) body = g_byte_array_new();
    Params params;

    state->active = FALSE;
    state->ended = TRUE;
    state->succeeded = why == NULL;
    state->cancelled = cancelled;
    g_strlcpy(state->message, why != NULL ? why : "", sizeof state->message);
    state->took_us = g_get_monotonic_time() - state->started_us;
    params_begin(&params, body, G_MAXUINT);
    fill_stats(&params, state);
    params_end(&params);
    domain_event_locked(registry, domain, VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, body);
}

void task_end(Task *task, const GError *error)
{
    g_mutex_lock(&task->registry->lock);
    task_over_locked(task->registry, task->domain, g_cancellable_is_cancelled(task->cancellable),
                     error != NULL ? error->message : NULL);
    g_mutex_unlock(&task->registry->lock);
    g_clear_object(&task->cancellable);
}

/* ---- telling of it ---- */

static gint32 job_type(const DomainTask *task)
{
    if (task->active)
        return task->progress.total > 0 || task->disk_total > 0 ? JOB_BOUNDED : JOB_UNBOUNDED;
    if (!task->ended)
        return JOB_NONE;
    return task->succeeded ? JOB_COMPLETED : task->cancelled ? JOB_CANCELLED : JOB_FAILED;
}

static guint64 elapsed_ms(const DomainTask *task)
{
    gint64 us = task->active ? g_get_monotonic_time() - task->started_us : task->took_us;

    return (guint64)(us / 1000);
}

/* A copy, of the present task, or with completed of the last one (which is forgotten unless
 * keep). */
static gboolean get_task(RpcCall *call, gboolean completed, gboolean keep, DomainTask *ret_task,
                         GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL)
        return FALSE;
    if (!completed)
        backup_note_progress(kanzend->domains, domain);
    g_mutex_lock(&kanzend->domains->lock);
    *ret_task = domain->task;
    if (completed != !ret_task->active)
        *ret_task = (DomainTask){ 0 };
    else if (completed && !keep)
        domain->task.ended = FALSE;
    g_mutex_unlock(&kanzend->domains->lock);
    return TRUE;
}

gboolean on_domain_get_job_info(RpcCall *call, GError **error)
{
    DomainTask task;

    if (!get_task(call, FALSE, TRUE, &task, error))
        return FALSE;
    const guint64 disk_left = task.disk_total - MIN(task.disk_done, task.disk_total);
    const guint64 figures[] = {
        task.active ? elapsed_ms(&task) : 0,
        0, /* no estimate of what remains */
        task.progress.total + task.disk_total,
        task.progress.done + task.disk_done,
        task.progress.remaining + disk_left,
        task.progress.total,
        task.progress.done,
        task.progress.remaining,
        task.disk_total,
        task.disk_done,
        disk_left,
    };

    xdr_put_i32(call->ret, job_type(&task));
    for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
        xdr_put_u64(call->ret, figures[i]);
    return TRUE;
}

static void fill_memory(Params *params, const KxlProgress *progress)
{
    params_add_ullong(params, "data_total", progress->total);
    params_add_ullong(params, "data_processed", progress->done);
    params_add_ullong(params, "data_remaining", progress->remaining);
    params_add_ullong(params, "memory_total", progress->total);
    params_add_ullong(params, "memory_processed", progress->done);
    params_add_ullong(params, "memory_remaining", progress->remaining);
    params_add_ullong(params, "memory_constant", progress->constant);
    params_add_ullong(params, "memory_normal", progress->normal);
    params_add_ullong(params, "memory_bps", progress->bytes_per_s);
}

static void fill_disks(Params *params, const DomainTask *task)
{
    params_add_ullong(params, "disk_total", task->disk_total);
    params_add_ullong(params, "disk_processed", task->disk_done);
    params_add_ullong(params, "disk_remaining",
                      task->disk_total - MIN(task->disk_done, task->disk_total));
    params_add_ullong(params, "disk_temp_used", task->temp_used);
    params_add_ullong(params, "disk_temp_total", task->temp_total);
}

static void fill_stats(Params *params, gpointer data)
{
    const DomainTask *task = data;

    params_add_int(params, "operation", (gint32)task->operation);
    params_add_ullong(params, "time_elapsed", elapsed_ms(task));
    if (task->operation == TASK_BACKUP)
        fill_disks(params, task);
    else
        fill_memory(params, &task->progress);
    if (task->active)
        return;
    params_add_boolean(params, "success", task->succeeded);
    if (*task->message != '\0')
        params_add_string(params, "errmsg", task->message);
}

enum { JOB_STATS_COMPLETED = 1, JOB_STATS_KEEP_COMPLETED = 2 };

gboolean on_domain_get_job_stats(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;
    DomainTask task;
    Params params;

    if (!check_flags(call, flags,
                     JOB_STATS_COMPLETED | JOB_STATS_KEEP_COMPLETED | TYPED_PARAM_STRING_OKAY,
                     error) ||
        !get_task(call, flags & JOB_STATS_COMPLETED, flags & JOB_STATS_KEEP_COMPLETED, &task,
                  error))
        return FALSE;
    xdr_put_i32(call->ret, job_type(&task));
    params_begin(&params, call->ret, G_MAXUINT);
    if (job_type(&task) != JOB_NONE)
        fill_stats(&params, &task);
    params_end(&params);
    return TRUE;
}

enum { CONTROL_OK = 0, CONTROL_JOB = 1 }; /* virDomainControlState */

gboolean on_domain_get_control_info(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    DomainTask task;

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error) ||
        !check_active(&view, error) || !get_task(call, FALSE, TRUE, &task, error))
        return FALSE;
    xdr_put_u32(call->ret, task.active ? CONTROL_JOB : CONTROL_OK);
    xdr_put_u32(call->ret, 0);
    xdr_put_u64(call->ret, task.active ? elapsed_ms(&task) : 0);
    return TRUE;
}

/* ---- aborting ---- */

static gboolean abort_job(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Domain) domain = call_domain(call, 0, error);
    g_autoptr(GCancellable) cancellable = NULL;
    gboolean active, abortable, is_backup;

    if (domain == NULL)
        return FALSE;
    g_mutex_lock(&kanzend->domains->lock);
    active = domain->task.active;
    is_backup = domain->backup != NULL;
    abortable = domain->task.abortable;
    if (active && abortable)
        cancellable = g_object_ref(domain->task.cancellable);
    g_mutex_unlock(&kanzend->domains->lock);
    if (!active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "no job is active on the domain");
    if (!abortable)
        return fail(error, VIR_ERR_OPERATION_INVALID, "this job cannot be aborted");
    if (is_backup)
        return backup_abort(kanzend->domains, domain, error);
    g_cancellable_cancel(cancellable);
    return TRUE;
}

gboolean on_domain_abort_job(RpcCall *call, GError **error)
{
    return abort_job(call, error);
}

gboolean on_domain_abort_job_flags(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, 0, error) && abort_job(call, error);
}

/* ---- messages: nothing taints a domain here ---- */

gboolean on_domain_get_messages(RpcCall *call, GError **error)
{
    enum { DEPRECATION = 1, TAINTING = 2 };
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL || !check_flags(call, call->args[1].u, DEPRECATION | TAINTING, error))
        return FALSE;
    xdr_put_u32(call->ret, 0);
    return TRUE;
}
