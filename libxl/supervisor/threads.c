/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The emulator's threads: the vCPUs', the disks' and its own, each where the configuration wants
 * it. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "affinity.h"
#include "file.h"
#include "session.h"

#define MONITOR_TIMEOUT_MS 20000

/* <cputune>'s words and sched(7)'s policies. */
static const struct {
    const char *name;
    int policy;
} policies[] = {
    { "batch", SCHED_BATCH },
    { "idle", SCHED_IDLE },
    { "fifo", SCHED_FIFO },
    { "rr", SCHED_RR },
};

KxlCgroup session_group(const Session *s)
{
    return (KxlCgroup){ .root = KXL_CGROUP_ROOT, .config = s->config, .domid = s->domid };
}

typedef struct {
    const char *kind; /* "vcpu", "iothread", "emulator" */
    guint number;
    pid_t tid;
} Thread;

static void add_thread(GArray *threads, const char *kind, guint number, pid_t tid)
{
    Thread thread = { kind, number, tid };

    g_array_append_val(threads, thread);
}

static gboolean add_iothreads(Session *s, GArray *threads, GError **error)
{
    g_autoptr(JsonNode) answer = NULL;
    JsonArray *array;

    if (s->config->iothreads->len == 0)
        return TRUE;
    answer = kxl_qmp_call(s->qmp, "query-iothreads", NULL, MONITOR_TIMEOUT_MS, error);
    if (!answer)
        return FALSE;
    array = json_node_get_array(answer);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonObject *thread = json_array_get_object_element(array, i);
        const char *id = json_object_get_string_member(thread, "id");

        if (g_str_has_prefix(id, "iothread"))
            add_thread(threads, "iothread", (guint)strtoul(id + strlen("iothread"), NULL, 10),
                       (pid_t)json_object_get_int_member(thread, "thread-id"));
    }
    return TRUE;
}

static gboolean is_listed(const GArray *threads, pid_t tid)
{
    for (guint i = 0; i < threads->len; i++)
        if (g_array_index(threads, Thread, i).tid == tid)
            return TRUE;
    return FALSE;
}

/* The rest of the process. Threads it makes later inherit from these. */
static void add_emulator(const Session *s, GArray *threads)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", s->emulator_pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        pid_t tid = atoi(name);

        if (!is_listed(threads, tid))
            add_thread(threads, "emulator", 0, tid);
    }
}

static GArray *list_threads(Session *s, GError **error)
{
    g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(Thread));

    for (guint i = 0; s->state->vcpu_tids && s->state->vcpu_tids[i]; i++)
        add_thread(threads, "vcpu", i, atoi(s->state->vcpu_tids[i]));
    if (!add_iothreads(s, threads, error))
        return NULL;
    add_emulator(s, threads);
    return g_steal_pointer(&threads);
}

/* The CPUs it is pinned to beyond what kxl_affinity_apply() does for vCPUs. NULL: none. */
static const char *pinned_to(const KxlDomainConfig *config, const Thread *thread)
{
    if (g_str_equal(thread->kind, "emulator"))
        return config->limits.emulator_cpus;
    for (guint i = 0; g_str_equal(thread->kind, "iothread") && i < config->iothreads->len; i++) {
        const KxlIothread *iothread = config->iothreads->pdata[i];

        if (iothread->id == thread->number)
            return iothread->cpus;
    }
    return NULL;
}

static gboolean pin(const KxlDomainConfig *config, const Thread *thread, GError **error)
{
    guint nr_cpus = (guint)sysconf(_SC_NPROCESSORS_CONF);
    const char *cpus = pinned_to(config, thread);
    cpu_set_t set;

    if (!cpus)
        return TRUE;
    if (!kxl_affinity_parse(cpus, nr_cpus, &set, error))
        return FALSE;
    return sched_setaffinity(thread->tid, sizeof set, &set) == 0 ||
           kxl_error_set_errno(error, errno, "pinning %s %u to '%s'", thread->kind, thread->number,
                               cpus);
}

static gboolean applies(const KxlScheduler *scheduler, const Thread *thread)
{
    cpu_set_t set;

    if (!g_str_equal(scheduler->kind, thread->kind))
        return FALSE;
    return !scheduler->which || (kxl_affinity_parse(scheduler->which, CPU_SETSIZE, &set, NULL) &&
                                 CPU_ISSET(thread->number, &set));
}

static gboolean schedule(const KxlDomainConfig *config, const Thread *thread, GError **error)
{
    for (guint i = 0; i < config->limits.schedulers->len; i++) {
        const KxlScheduler *scheduler = config->limits.schedulers->pdata[i];
        struct sched_param param = { .sched_priority = (int)scheduler->priority };

        if (!applies(scheduler, thread))
            continue;
        for (guint j = 0; j < G_N_ELEMENTS(policies); j++)
            if (g_str_equal(policies[j].name, scheduler->policy) &&
                sched_setscheduler(thread->tid, policies[j].policy, &param) < 0)
                return kxl_error_set_errno(error, errno, "scheduler '%s' of priority %u for %s %u",
                                           scheduler->policy, scheduler->priority, thread->kind,
                                           thread->number);
    }
    return TRUE;
}

static gboolean wants_settling(const KxlDomainConfig *config)
{
    const KxlLimits *limits = &config->limits;

    return config->iothreads->len > 0 || limits->emulator_cpus || limits->schedulers->len > 0 ||
           limits->vcpu.quota || limits->vcpu.period;
}

gboolean threads_settle(Session *s, GError **error)
{
    KxlCgroup group = session_group(s);
    g_autoptr(GArray) threads = NULL;

    if (!wants_settling(s->config))
        return TRUE;
    threads = list_threads(s, error);
    if (!threads)
        return FALSE;
    for (guint i = 0; i < threads->len; i++) {
        const Thread *thread = &g_array_index(threads, Thread, i);

        /* Those of the emulator are in its group from the beginning. */
        if ((!g_str_equal(thread->kind, "emulator") &&
             !kxl_cgroup_join_thread(&group, thread->kind, thread->number, thread->tid, error)) ||
            !pin(s->config, thread, error) || !schedule(s->config, thread, error))
            return FALSE;
    }
    return TRUE;
}
