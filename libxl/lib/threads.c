/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The threads of a running machine: which vCPU or I/O thread each is, and what it has used. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "affinity.h"
#include "file.h"
#include "kxl-guest.h"
#include "ops.h"
#include "process.h"

/* proc(5) /proc/PID/task/TID/stat: state is field 3, utime 14, stime 15, processor 39; the name
 * before may hold anything, up to its last parenthesis. */
static void read_stat(KxlThread *thread, const char *text)
{
    const char *at = strrchr(text, ')');
    g_auto(GStrv) fields = at ? g_strsplit(at + 2, " ", -1) : NULL;
    guint64 tick_ns = 1000000000 / (guint64)sysconf(_SC_CLK_TCK);

    if (!fields || g_strv_length(fields) < 37)
        return;
    thread->running = *fields[0] == 'R';
    thread->user_ns = g_ascii_strtoull(fields[11], NULL, 10) * tick_ns;
    thread->system_ns = g_ascii_strtoull(fields[12], NULL, 10) * tick_ns;
    thread->last_cpu = (int)g_ascii_strtoll(fields[36], NULL, 10);
}

/* proc(5) schedstat: ns on a CPU, ns ready. */
static void read_times(KxlThread *thread, int pid)
{
    g_autofree char *stat = g_strdup_printf("/proc/%d/task/%d/stat", pid, thread->tid);
    g_autofree char *sched = g_strdup_printf("/proc/%d/task/%d/schedstat", pid, thread->tid);
    g_autofree char *stat_text = kxl_file_read(stat, NULL);
    g_autofree char *sched_text = kxl_file_read(sched, NULL);

    if (stat_text)
        read_stat(thread, stat_text);
    thread->cpu_time_ns = thread->user_ns + thread->system_ns;
    if (sched_text)
        sscanf(sched_text, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &thread->cpu_time_ns,
               &thread->wait_ns);
}

static void add(GArray *threads, KxlThreadKind kind, int id, int tid, int pid)
{
    KxlThread thread = { .kind = kind, .id = id, .tid = tid, .last_cpu = -1 };

    read_times(&thread, pid);
    g_array_append_val(threads, thread);
}

static gboolean add_io_threads(GArray *threads, KxlOp *op, int pid, GError **error)
{
    g_autoptr(KxlQmp) qmp = kxl_op_monitor(op, error);
    g_autoptr(JsonNode) answer =
        qmp ? kxl_qmp_call(qmp, "query-iothreads", NULL, KXL_OP_TIMEOUT_MS, error) : NULL;
    JsonArray *list;

    if (!answer)
        return FALSE;
    list = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *thread = json_array_get_object_element(list, i);
        const char *id = json_object_get_string_member_with_default(thread, "id", "");
        int number = 0;

        sscanf(id, "iothread%d", &number);
        add(threads, KXL_THREAD_IO, number,
            (int)json_object_get_int_member_with_default(thread, "thread-id", 0), pid);
    }
    return TRUE;
}

static gboolean is_known(const GArray *threads, int tid)
{
    for (guint i = 0; i < threads->len; i++)
        if (g_array_index(threads, KxlThread, i).tid == tid)
            return TRUE;
    return FALSE;
}

static void add_others(GArray *threads, int pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *entry;

    while (dir && (entry = g_dir_read_name(dir))) {
        int tid = (int)g_ascii_strtoll(entry, NULL, 10);

        if (!is_known(threads, tid))
            add(threads, KXL_THREAD_EMULATOR, -1, tid, pid);
    }
}

GArray *kxl_domain_threads(KxlHost *host, int domid, GError **error)
{
    g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(KxlThread));
    g_autofree char *record = kxl_rundir_path(host, domid, "emulator.pid");
    g_auto(KxlOp) op = { .lock = -1 };
    KxlProcess process;

    if (!kxl_op_begin(&op, host, domid, error))
        return NULL;
    if (!kxl_process_load(record, &process)) {
        kxl_rundir_no_domain(error, domid);
        return NULL;
    }
    for (guint i = 0; op.state->vcpu_tids && op.state->vcpu_tids[i]; i++)
        add(threads, KXL_THREAD_VCPU, (int)i,
            (int)g_ascii_strtoll(op.state->vcpu_tids[i], NULL, 10), process.pid);
    if (!add_io_threads(threads, &op, process.pid, error))
        return NULL;
    add_others(threads, process.pid);
    return g_steal_pointer(&threads);
}

/* --- where they run --------------------------------------------------------------------------- */

typedef struct {
    KxlThreadKind kind;
    int id;
    const char *cpus;
} Pinning;

static void change_pinning(KxlDomainConfig *config, gconstpointer data)
{
    const Pinning *pinning = data;
    char **slot = pinning->kind == KXL_THREAD_EMULATOR ? &config->limits.emulator_cpus : NULL;

    for (guint i = 0; pinning->kind == KXL_THREAD_IO && i < config->iothreads->len; i++) {
        KxlIothread *thread = config->iothreads->pdata[i];

        if ((int)thread->id == pinning->id)
            slot = &thread->cpus;
    }
    if (!slot)
        return;
    g_free(*slot);
    *slot = g_strdup(pinning->cpus);
}

gboolean kxl_domain_pin_threads(KxlHost *host, int domid, KxlThreadKind kind, int id,
                                const char *cpus, GError **error)
{
    Pinning pinning = { kind, id, cpus };
    g_autoptr(GArray) threads = NULL;
    gboolean found = FALSE;
    cpu_set_t set;

    if (!kxl_affinity_parse(cpus, (guint)sysconf(_SC_NPROCESSORS_CONF), &set, error))
        return FALSE;
    threads = kxl_domain_threads(host, domid, error);
    for (guint i = 0; threads && i < threads->len; i++) {
        const KxlThread *thread = &g_array_index(threads, KxlThread, i);

        if (thread->kind != kind || (kind == KXL_THREAD_IO && thread->id != id))
            continue;
        found = TRUE;
        /* Threads come and go; one that has gone needs no place. */
        if (sched_setaffinity(thread->tid, sizeof set, &set) < 0 && errno != ESRCH)
            return kxl_error_set_errno(error, errno, "cannot pin thread %d to '%s'", thread->tid,
                                       cpus);
    }
    if (threads && !found)
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "domain %d has no I/O thread %d", domid,
                    id);
    return found && kxl_op_change_config(host, domid, change_pinning, &pinning, error);
}
