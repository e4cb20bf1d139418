/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "perf.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "handler-util.h"

/* perf_event_open(2), in the order of domain_perf_events. */
static const struct {
    guint32 type;
    guint64 config;
} kinds[] = {
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_REFERENCES },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_CACHE_MISSES },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_INSTRUCTIONS },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_BRANCH_MISSES },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_BUS_CYCLES },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_FRONTEND },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_STALLED_CYCLES_BACKEND },
    { PERF_TYPE_HARDWARE, PERF_COUNT_HW_REF_CPU_CYCLES },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_MIGRATIONS },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MIN },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_PAGE_FAULTS_MAJ },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_ALIGNMENT_FAULTS },
    { PERF_TYPE_SOFTWARE, PERF_COUNT_SW_EMULATION_FAULTS },
};
G_STATIC_ASSERT(G_N_ELEMENTS(kinds) == DOMAIN_PERF_EVENT_COUNT);

/* Of each event the descriptors of its counters, one for each thread; NULL: not counted. */
typedef struct {
    GArray *fds[DOMAIN_PERF_EVENT_COUNT];
} Counters;

struct PerfTable {
    GMutex lock;
    GHashTable *counters; /* of Counters by domid */
};

/* ---- counters ---- */

static int open_counter(int event, int tid)
{
    struct perf_event_attr attr = {
        .type = kinds[event].type, .size = sizeof attr, .config = kinds[event].config, .inherit = 1
    };

    return (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static gboolean fail_open(int event, int code, GError **error)
{
    return fail(error, VIR_ERR_SYSTEM_ERROR, "Unable to open perf event for %s: %s",
                domain_perf_events[event], g_strerror(code));
}

/* Threads that one of these makes later are counted with it. */
static GArray *open_event(int event, int pid, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GArray) fds = fds_new();
    const char *entry;
    int failed = ESRCH;

    while (dir != NULL && (entry = g_dir_read_name(dir)) != NULL) {
        int fd = open_counter(event, (int)g_ascii_strtoll(entry, NULL, 10));

        if (fd >= 0)
            g_array_append_val(fds, fd);
        else if (errno != ESRCH) /* a thread may have ended */
            failed = errno;
    }
    if (fds->len > 0 && failed == ESRCH)
        return g_steal_pointer(&fds);
    fail_open(event, failed, error);
    return NULL;
}

static void counters_close(Counters *counters, guint32 events)
{
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        if (events & 1u << i)
            g_clear_pointer(&counters->fds[i], g_array_unref);
    }
}

static void counters_free(gpointer counters)
{
    counters_close(counters, ~0u);
    g_free(counters);
}

static guint32 counters_events(const Counters *counters)
{
    guint32 events = 0;

    for (int i = 0; counters != NULL && i < DOMAIN_PERF_EVENT_COUNT; i++)
        events |= counters->fds[i] != NULL ? 1u << i : 0;
    return events;
}

static gboolean counters_open(Counters *counters, int pid, guint32 events, GError **error)
{
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        if (!(events & 1u << i))
            continue;
        counters->fds[i] = open_event(i, pid, error);
        if (counters->fds[i] == NULL) {
            counters_close(counters, events & ((1u << i) - 1));
            return FALSE;
        }
    }
    return TRUE;
}

gboolean perf_check_host(guint32 events, GError **error)
{
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        int fd = events & 1u << i ? open_counter(i, 0) : -1;

        if (fd >= 0)
            close(fd);
        else if (events & 1u << i)
            return fail_open(i, errno, error);
    }
    return TRUE;
}

/* ---- the table ---- */

PerfTable *perf_table_new(void)
{
    PerfTable *table = g_new0(PerfTable, 1);

    g_mutex_init(&table->lock);
    table->counters = g_hash_table_new_full(NULL, NULL, NULL, counters_free);
    return table;
}

void perf_table_free(PerfTable *table)
{
    g_hash_table_unref(table->counters);
    g_mutex_clear(&table->lock);
    g_free(table);
}

gboolean perf_table_set(PerfTable *table, int domid, int pid, guint32 events, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
    Counters *counters = g_hash_table_lookup(table->counters, GINT_TO_POINTER(domid));
    guint32 before = counters_events(counters);

    if (counters == NULL) {
        counters = g_new0(Counters, 1);
        g_hash_table_insert(table->counters, GINT_TO_POINTER(domid), counters);
    }
    if (!counters_open(counters, pid, events & ~before, error))
        return FALSE;
    counters_close(counters, before & ~events);
    return TRUE;
}

guint32 perf_table_get(PerfTable *table, int domid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);

    return counters_events(g_hash_table_lookup(table->counters, GINT_TO_POINTER(domid)));
}

gboolean perf_table_read(PerfTable *table, int domid, int event, guint64 *ret_count)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);
    const Counters *counters = g_hash_table_lookup(table->counters, GINT_TO_POINTER(domid));
    const GArray *fds = counters != NULL ? counters->fds[event] : NULL;
    guint64 sum = 0;

    for (guint i = 0; fds != NULL && i < fds->len; i++) {
        guint64 count;

        if (read(g_array_index(fds, int, i), &count, sizeof count) == sizeof count)
            sum += count;
    }
    if (fds != NULL)
        *ret_count = sum;
    return fds != NULL;
}

void perf_table_forget(PerfTable *table, int domid)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&table->lock);

    g_hash_table_remove(table->counters, GINT_TO_POINTER(domid));
}
