/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stats-groups.h"

#include <kxl-block.h>
#include <string.h>
#include <sys/stat.h>

#include "agent-json.h"
#include "memory-stats.h"
#include "netstat.h"

enum { VCPU_RUNNING = 1, VCPU_BLOCKED = 2 }; /* virVcpuState */

/* "net.0.rx.bytes": a name until the next one is made. */
static const char *G_GNUC_PRINTF(2, 3) named(StatsRecord *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_vsnprintf(r->name, sizeof r->name, format, args);
    va_end(args);
    return r->name;
}

/* Domain-0 runs, but has no machine. */
static gboolean has_machine(const StatsRecord *r)
{
    return r->info != NULL && r->info->domid != 0;
}

/* ---- state, processors, memory ---- */

static void add_state(StatsRecord *r)
{
    params_add_int(&r->params, "state.state", r->view->state);
    params_add_int(&r->params, "state.reason", r->view->reason);
}

gboolean stats_sum_threads(const GArray *threads, KxlThreadKind kind, guint64 *ret_user_ns,
                           guint64 *ret_system_ns)
{
    gboolean any = FALSE;

    *ret_user_ns = *ret_system_ns = 0;
    for (guint i = 0; threads != NULL && i < threads->len; i++) {
        const KxlThread *thread = &g_array_index(threads, KxlThread, i);

        if (thread->kind != kind)
            continue;
        any = TRUE;
        *ret_user_ns += thread->user_ns;
        *ret_system_ns += thread->system_ns;
    }
    return any;
}

static void add_cpu_total(StatsRecord *r)
{
    guint64 user_ns, system_ns;

    if (r->info == NULL)
        return;
    params_add_ullong(&r->params, "cpu.time", r->info->cpu_time_ns);
    if (!stats_sum_threads(r->threads, KXL_THREAD_VCPU, &user_ns, &system_ns))
        return;
    params_add_ullong(&r->params, "cpu.user", user_ns);
    params_add_ullong(&r->params, "cpu.system", system_ns);
}

static void add_balloon(StatsRecord *r)
{
    MemoryStat stats[MEMORY_STATS_MAX];
    guint n = r->info != NULL ? memory_stats_read(r->kanzend->host, r->info, stats) : 0;

    for (guint i = 0; i < n; i++)
        params_add_ullong(&r->params, named(r, "balloon.%s", stats[i].name), stats[i].value);
    params_add_ullong(&r->params, "balloon.maximum",
                      r->info != NULL ? r->info->max_memory_kb : r->brief->memory_kib);
}

static void add_vcpu(StatsRecord *r)
{
    guint online = r->info != NULL ? r->info->vcpus_online : r->brief->vcpus;

    params_add_uint(&r->params, "vcpu.current", online);
    params_add_uint(&r->params, "vcpu.maximum", r->brief->max_vcpus);
    for (guint i = 0; r->threads != NULL && i < r->threads->len; i++) {
        const KxlThread *thread = &g_array_index(r->threads, KxlThread, i);

        if (thread->kind != KXL_THREAD_VCPU || thread->id >= (int)online)
            continue;
        params_add_uint(&r->params, named(r, "vcpu.%d.state", thread->id),
                        thread->running ? VCPU_RUNNING : VCPU_BLOCKED);
        params_add_ullong(&r->params, named(r, "vcpu.%d.time", thread->id), thread->cpu_time_ns);
        params_add_ullong(&r->params, named(r, "vcpu.%d.delay", thread->id), thread->wait_ns);
    }
}

/* ---- interfaces ---- */

static void add_interface(StatsRecord *r)
{
    g_autoptr(GPtrArray) nics = NULL;

    if (!has_machine(r))
        return;
    nics = kxl_domain_nic_list(r->kanzend->host, r->info->domid, NULL);
    if (nics == NULL)
        return;
    params_add_uint(&r->params, "net.count", nics->len);
    for (guint i = 0; i < nics->len; i++) {
        const KxlDeviceInfo *nic = nics->pdata[i];
        guint64 values[NETSTAT_COUNT];

        if (nic->ifname == NULL || !netstat_read_guest(nic->ifname, values))
            continue;
        params_add_string(&r->params, named(r, "net.%u.name", i), nic->ifname);
        for (guint j = 0; j < NETSTAT_COUNT; j++)
            params_add_ullong(&r->params, named(r, "net.%u.%s", i, netstat_names[j]), values[j]);
    }
}

/* ---- disks ---- */

static void add_traffic(StatsRecord *r, guint i, const char *kind, const KxlBlockTraffic *traffic,
                        gboolean bytes)
{
    params_add_ullong(&r->params, named(r, "block.%u.%s.reqs", i, kind), traffic->requests);
    if (bytes)
        params_add_ullong(&r->params, named(r, "block.%u.%s.bytes", i, kind), traffic->bytes);
    params_add_ullong(&r->params, named(r, "block.%u.%s.times", i, kind), traffic->time_ns);
}

static void add_image(StatsRecord *r, guint i, const KxlBlockImage *image)
{
    struct stat st;

    params_add_ullong(&r->params, named(r, "block.%u.allocation", i), image->allocated);
    params_add_ullong(&r->params, named(r, "block.%u.capacity", i), image->capacity);
    if (image->path != NULL && stat(image->path, &st) == 0 && S_ISREG(st.st_mode))
        params_add_ullong(&r->params, named(r, "block.%u.physical", i), (guint64)st.st_size);
}

static void add_disk(StatsRecord *r, guint i, const KxlBlock *block)
{
    add_traffic(r, i, "rd", &block->rd, TRUE);
    add_traffic(r, i, "wr", &block->wr, TRUE);
    add_traffic(r, i, "fl", &block->fl, FALSE);
    params_add_ullong(&r->params, named(r, "block.%u.errors", i), block->failed);
    if (block->threshold != 0)
        params_add_ullong(&r->params, named(r, "block.%u.threshold", i), block->threshold);
    if (block->chain->len > 0)
        add_image(r, i, block->chain->pdata[0]);
}

/* The images below the disk's own, numbered as in "xvda[1]". */
static void add_backing(StatsRecord *r, guint *i, const char *disk, const KxlBlock *block)
{
    for (guint depth = 1; depth < block->chain->len; depth++) {
        const KxlBlockImage *image = block->chain->pdata[depth];

        params_add_string(&r->params, named(r, "block.%u.name", *i), disk);
        params_add_uint(&r->params, named(r, "block.%u.backingIndex", *i), depth);
        if (image->path != NULL)
            params_add_string(&r->params, named(r, "block.%u.path", *i), image->path);
        add_image(r, (*i)++, image);
    }
}

static guint count_images(const StatsRecord *r, const GPtrArray *blocks)
{
    guint n = g_strv_length(r->brief->disks);

    for (char **disk = r->brief->disks; r->backing && blocks != NULL && *disk != NULL; disk++) {
        const KxlBlock *block = kxl_block_find((GPtrArray *)blocks, *disk, NULL);

        n += block != NULL && block->chain->len > 1 ? block->chain->len - 1 : 0;
    }
    return n;
}

static void add_block(StatsRecord *r)
{
    char **disks = r->brief->disks, **sources = r->brief->sources;
    g_autoptr(GPtrArray) blocks = NULL;
    guint i = 0;

    /* All of its disks in one go; one that has just ended has no figures. */
    if (disks[0] != NULL && has_machine(r))
        blocks = kxl_domain_block_list(r->kanzend->host, r->info->domid, NULL);
    params_add_uint(&r->params, "block.count", count_images(r, blocks));
    for (guint d = 0; disks[d] != NULL; d++) {
        const KxlBlock *block = blocks != NULL ? kxl_block_find(blocks, disks[d], NULL) : NULL;

        params_add_string(&r->params, named(r, "block.%u.name", i), disks[d]);
        if (*sources[d] != '\0')
            params_add_string(&r->params, named(r, "block.%u.path", i), sources[d]);
        if (block != NULL && block->node != NULL)
            add_disk(r, i, block);
        i++;
        if (r->backing && block != NULL)
            add_backing(r, &i, disks[d], block);
    }
}

static void add_perf(StatsRecord *r)
{
    PerfTable *table = domain_registry_perf(r->kanzend->domains);

    for (int i = 0; r->info != NULL && i < DOMAIN_PERF_EVENT_COUNT; i++) {
        guint64 count;

        if (perf_table_read(table, r->info->domid, i, &count))
            params_add_ullong(&r->params, named(r, "perf.%s", domain_perf_events[i]), count);
    }
}

/* ---- what QEMU tells ---- */

/* The "return" of a command without arguments, or NULL. */
static JsonNode *ask(const StatsRecord *r, const char *command, AgentShape shape)
{
    g_autofree char *text = g_strdup_printf("{\"execute\":\"%s\"}", command);
    g_autofree char *answer =
        kxl_domain_monitor_command(r->kanzend->host, r->info->domid, text, FALSE, NULL);
    g_autoptr(JsonNode) node = answer != NULL ? json_from_string(answer, NULL) : NULL;
    JsonNode *result = node != NULL && JSON_NODE_HOLDS_OBJECT(node)
                           ? json_object_get_member(json_node_get_object(node), "return")
                           : NULL;

    return result != NULL && agent_has_shape(result, shape) ? json_node_copy(result) : NULL;
}

static void add_iothread(StatsRecord *r)
{
    static const char *const figures[] = { "poll-max-ns", "poll-grow", "poll-shrink" };
    g_autoptr(JsonNode) answer = NULL;
    guint64 user_ns, system_ns;
    JsonArray *list;

    if (!stats_sum_threads(r->threads, KXL_THREAD_IO, &user_ns, &system_ns))
        return;
    answer = ask(r, "query-iothreads", AGENT_OBJECTS);
    if (answer == NULL)
        return;
    list = json_node_get_array(answer);
    params_add_uint(&r->params, "iothread.count", json_array_get_length(list));
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *thread = json_array_get_object_element(list, i);
        const char *id = agent_text(thread, "id");

        if (id == NULL || !g_str_has_prefix(id, "iothread"))
            continue;
        id += strlen("iothread");
        for (guint f = 0; f < G_N_ELEMENTS(figures); f++)
            params_add_ullong(&r->params, named(r, "iothread.%s.%s", id, figures[f]),
                              (guint64)agent_number(thread, figures[f], 0));
    }
}

/* What DOMAIN_START_DIRTY_RATE_CALC has found. */
static void add_dirty_rate(StatsRecord *r)
{
    static const char *const states[] = { "unstarted", "measuring", "measured", NULL };
    g_autoptr(JsonNode) answer = has_machine(r) ? ask(r, "query-dirty-rate", AGENT_OBJECT) : NULL;
    JsonObject *rate = answer != NULL ? json_node_get_object(answer) : NULL;
    const char *status = rate != NULL ? agent_text(rate, "status") : NULL, *mode;
    gint32 state = 0;

    if (status == NULL)
        return;
    while (states[state] != NULL && strcmp(states[state], status) != 0)
        state++;
    params_add_int(&r->params, "dirtyrate.calc_status", state);
    params_add_llong(&r->params, "dirtyrate.calc_start_time", agent_number(rate, "start-time", 0));
    params_add_int(&r->params, "dirtyrate.calc_period", (gint32)agent_number(rate, "calc-time", 0));
    mode = agent_text(rate, "mode");
    if (mode != NULL)
        params_add_string(&r->params, "dirtyrate.calc_mode", mode);
    if (json_object_has_member(rate, "dirty-rate"))
        params_add_llong(&r->params, "dirtyrate.megabytes_per_second",
                         agent_number(rate, "dirty-rate", 0));
}

/* ---- all of them ---- */

static const struct {
    guint32 bit;
    void (*add)(StatsRecord *record);
} groups[] = {
    { STATS_STATE, add_state },
    { STATS_CPU_TOTAL, add_cpu_total },
    { STATS_BALLOON, add_balloon },
    { STATS_VCPU, add_vcpu },
    { STATS_INTERFACE, add_interface },
    { STATS_BLOCK, add_block },
    { STATS_PERF, add_perf },
    { STATS_IOTHREAD, add_iothread },
    { STATS_DIRTYRATE, add_dirty_rate },
};

void stats_groups_add(StatsRecord *record, guint32 wanted)
{
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (wanted & groups[i].bit)
            groups[i].add(record);
    }
}
