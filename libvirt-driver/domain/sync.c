/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What runs: the watch's thread and every operation of our own end here. libkxl is asked again each
 * time instead of believing an older report, so it does not matter who comes first: the one that
 * finds a difference changes the registry and sends the event, the next one finds none.
 */
#include "registry-internal.h"

#include <string.h>

#include "backup.h"
#include "descriptors.h"
#include "filter-source.h"
#include "network-source.h"
#include "rpc/client.h"
#include "rpc/event.h"

/* A restart that has not come by then will not come. */
#define RESTART_WAIT_S 30

enum { RUNNING_BOOTED = 1, RUNNING_RESTORED = 3, RUNNING_FROM_SNAPSHOT = 4, RUNNING_UNPAUSED = 5 };
enum { PAUSED_USER = 1 };
enum { SHUTDOWN_USER = 1 };
enum { CRASHED_PANICKED_REASON = 1 };
enum {
    SHUTOFF_SHUTDOWN = 1,
    SHUTOFF_DESTROYED = 2,
    SHUTOFF_CRASHED = 3,
    SHUTOFF_SAVED = 5,
    SHUTOFF_FAILED = 6,
};

/* ---- a domain runs ---- */

static gboolean restarts(const Domain *domain, KxlShutdownReason reason);

/* What clients see of it. One that is being destroyed or restarted stays what it was until that is
 * done. */
static VirState state_of_info(const Domain *domain, const KxlDomainInfo *info)
{
    switch (info->state) {
    case KXL_STATE_CRASHED:
        /* A watchdog's reset is none. */
        return info->reason == KXL_REASON_WATCHDOG && restarts(domain, info->reason)
                   ? domain->state
                   : VIR_STATE_CRASHED;
    case KXL_STATE_SHUTDOWN:
    case KXL_STATE_DYING:
        if (info->reason == KXL_REASON_POWEROFF && !restarts(domain, info->reason))
            return VIR_STATE_SHUTDOWN;
        return domain->state;
    default:
        return info->paused ? VIR_STATE_PAUSED : VIR_STATE_RUNNING;
    }
}

static int reason_of_state(VirState old, VirState state)
{
    switch (state) {
    case VIR_STATE_PAUSED:
        return PAUSED_USER;
    case VIR_STATE_CRASHED:
        return CRASHED_PANICKED_REASON;
    case VIR_STATE_SHUTDOWN:
        return SHUTDOWN_USER;
    default:
        return old == VIR_STATE_PAUSED ? RUNNING_UNPAUSED : RUNNING_BOOTED;
    }
}

static const struct {
    VirState state;
    int event, detail;
} transitions[] = {
    { VIR_STATE_PAUSED, LIFECYCLE_SUSPENDED, SUSPENDED_PAUSED },
    { VIR_STATE_RUNNING, LIFECYCLE_RESUMED, RESUMED_UNPAUSED },
    { VIR_STATE_SHUTDOWN, LIFECYCLE_SHUTDOWN, SHUTDOWN_FINISHED },
    { VIR_STATE_CRASHED, LIFECYCLE_CRASHED, CRASHED_PANICKED },
};

static void set_state_locked(DomainRegistry *registry, Domain *domain, const KxlDomainInfo *info)
{
    VirState state = state_of_info(domain, info);

    if (state == domain->state)
        return;
    domain->reason = reason_of_state(domain->state, state);
    domain->state = state;
    for (guint i = 0; i < G_N_ELEMENTS(transitions); i++) {
        if (transitions[i].state == state)
            domain_lifecycle_locked(registry, domain, transitions[i].event, transitions[i].detail);
    }
}

static void set_memory_locked(DomainRegistry *registry, Domain *domain, guint64 memory_kib)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    if (domain->memory_kib == memory_kib)
        return;
    domain->memory_kib = memory_kib;
    xdr_put_u64(body, memory_kib);
    domain_event_locked(registry, domain, VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, body);
}

/* By StartOrigin. */
static const struct {
    int reason, detail;
} origins[] = {
    [START_BOOTED] = { RUNNING_BOOTED, STARTED_BOOTED },
    [START_RESTORED] = { RUNNING_RESTORED, STARTED_RESTORED },
    [START_FROM_SNAPSHOT] = { RUNNING_FROM_SNAPSHOT, STARTED_FROM_SNAPSHOT },
};

void domain_expect_start(DomainRegistry *registry, Domain *domain, StartOrigin origin)
{
    g_mutex_lock(&registry->lock);
    domain->expected = origin;
    g_mutex_unlock(&registry->lock);
}

static void set_started_locked(DomainRegistry *registry, Domain *domain, const KxlDomainInfo *info,
                               Definition *live)
{
    registry_set_id_locked(registry, domain, info->domid);
    domain->restarting = FALSE;
    g_cond_broadcast(&registry->settled);
    domain->state = VIR_STATE_RUNNING;
    domain->reason = origins[domain->expected].reason;
    domain->memory_kib = info->memory_kb;
    domain_set_live_locked(domain, live);
    if (info->domid == 0) /* the host's own is always there */
        domain_set_config_locked(registry, domain, definition_ref(live));
    else
        domain_lifecycle_locked(registry, domain, LIFECYCLE_STARTED,
                                origins[domain->expected].detail);
}

static void set_gone_locked(DomainRegistry *registry, Domain *domain, KxlShutdownReason reason);

/* xl renames what runs; a persistent definition keeps its name. */
static void follow_name_locked(DomainRegistry *registry, Domain *domain, const char *name)
{
    DomainDef *def;

    if (domain->config != NULL || strcmp(domain->name, name) == 0)
        return;
    def = domain_def_dup(definition_def(domain->live));
    g_free(def->name);
    def->name = g_strdup(name);
    domain_set_live_locked(domain, definition_new(def));
    registry_rename_locked(registry, domain, name);
}

/* What its definition has counted; one event that the host cannot count does not keep another from
 * being. */
static void count_events(DomainRegistry *registry, const KxlDomainInfo *info, Definition *live)
{
    guint32 events = info->domid != 0 ? perf_events_of(definition_def(live)) : 0, counted = 0;

    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        g_autoptr(GError) error = NULL;

        if (!(events & 1u << i))
            continue;
        if (perf_table_set(registry->perf, info->domid, info->qemu_pid, counted | 1u << i, &error))
            counted |= 1u << i;
        else
            g_warning("domain: '%s': %s", info->name, error->message);
    }
}

/* Under sync_lock. */
static void update(DomainRegistry *registry, const KxlDomainInfo *info)
{
    g_autoptr(Domain) known = domain_registry_find_uuid(registry, info->uuid);
    g_autoptr(Definition) live = NULL;
    g_autoptr(GError) error = NULL;
    gboolean is_new;
    Domain *domain;

    if (info->state == KXL_STATE_STARTING)
        return;
    g_mutex_lock(&registry->lock);
    is_new = known == NULL || known->id != info->domid;
    g_mutex_unlock(&registry->lock);
    if (is_new) {
        live = live_definition_load(registry, info, &error);
        if (live == NULL) {
            if (!g_error_matches(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN)) /* ended already */
                g_warning("domain: cannot tell what domain %d '%s' is made of, ignoring it: %s",
                          info->domid, info->name, error->message);
            return;
        }
        count_events(registry, info, live);
    }

    g_mutex_lock(&registry->lock);
    domain = g_hash_table_lookup(registry->by_uuid, info->uuid);
    if (domain == NULL)
        domain = registry_insert_locked(registry, info->name, info->uuid);
    if (is_new) {
        if (domain->id >= 0) {
            perf_table_forget(registry->perf, domain->id);
            set_gone_locked(registry, domain,
                            domain->restarting ? domain->reason_ended : KXL_REASON_NONE);
        }
        set_started_locked(registry, domain, info, g_steal_pointer(&live));
    }
    follow_name_locked(registry, domain, info->name);
    set_state_locked(registry, domain, info);
    set_memory_locked(registry, domain, info->memory_kb);
    g_mutex_unlock(&registry->lock);
}

/* ---- a domain has ended ---- */

static const struct {
    KxlShutdownReason reason;
    int shutoff, stopped;
} endings[] = {
    { KXL_REASON_POWEROFF, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN },
    { KXL_REASON_REBOOT, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN },
    { KXL_REASON_SUSPEND, SHUTOFF_SAVED, STOPPED_SAVED },
    { KXL_REASON_SOFT_RESET, SHUTOFF_SHUTDOWN, STOPPED_SHUTDOWN },
    { KXL_REASON_CRASH, SHUTOFF_CRASHED, STOPPED_CRASHED },
    { KXL_REASON_WATCHDOG, SHUTOFF_CRASHED, STOPPED_CRASHED },
    { KXL_REASON_DESTROYED, SHUTOFF_DESTROYED, STOPPED_DESTROYED },
};

static gboolean is_restart_action(const char *action)
{
    return action != NULL && strstr(action, "restart") != NULL;
}

/* Whether the supervisor is about to start it again, by its rules for each way to end. */
static gboolean restarts(const Domain *domain, KxlShutdownReason reason)
{
    const DomainDef *def = definition_def(domain->live);

    switch (reason) {
    case KXL_REASON_REBOOT:
        return def->on_reboot == NULL || is_restart_action(def->on_reboot);
    case KXL_REASON_POWEROFF:
        return is_restart_action(def->on_poweroff);
    case KXL_REASON_CRASH:
        return is_restart_action(def->on_crash);
    case KXL_REASON_WATCHDOG:
        return def->watchdog != NULL && strcmp(def->watchdog->action, "reset") == 0;
    default:
        return FALSE;
    }
}

static void set_gone_locked(DomainRegistry *registry, Domain *domain, KxlShutdownReason reason)
{
    int stopped = STOPPED_FAILED;

    domain->reason = SHUTOFF_FAILED;
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++) {
        if (endings[i].reason == reason) {
            domain->reason = endings[i].shutoff;
            stopped = endings[i].stopped;
        }
    }
    domain->state = VIR_STATE_SHUTOFF;
    registry_set_id_locked(registry, domain, -1);
    domain->restarting = FALSE;
    g_cond_broadcast(&registry->settled);
    domain_set_live_locked(domain, NULL);
    backup_gone_locked(registry, domain);
    domain_lifecycle_locked(registry, domain, LIFECYCLE_STOPPED, stopped);
}

/* It does not come back. One that restarts keeps its ports and filters. */
static void set_ended_locked(DomainRegistry *registry, Domain *domain, KxlShutdownReason reason)
{
    if (domain->live != NULL) {
        unplug_interfaces_later(registry->networks, registry->server,
                                definition_def(domain->live));
        unfilter_interfaces_later(registry->nwfilters, registry->server,
                                  definition_def(domain->live));
    }
    set_gone_locked(registry, domain, reason);
    domain->autodestroy = NULL;
    if (domain->config == NULL)
        registry_remove_locked(registry, domain);
}

typedef struct {
    DomainRegistry *registry;
    Domain *domain;
    int domid;
} Restart;

static gboolean restart_overdue(gpointer user_data)
{
    Restart *restart = user_data;
    DomainRegistry *registry = restart->registry;

    g_mutex_lock(&registry->lock);
    if (restart->domain->restarting && restart->domain->id == restart->domid) {
        g_warning("domain: '%s' has not come back after its reboot", restart->domain->name);
        set_ended_locked(registry, restart->domain, KXL_REASON_FAILED);
    }
    g_mutex_unlock(&registry->lock);
    return G_SOURCE_REMOVE;
}

static void restart_free(gpointer user_data)
{
    Restart *restart = user_data;

    domain_unref(restart->domain);
    g_free(restart);
}

/*
 * Between two machines of one domain clients keep seeing it run, with its old id: a reboot is not
 * an end. The events of the end are sent with those of the start.
 */
static void set_restarting_locked(DomainRegistry *registry, Domain *domain,
                                  KxlShutdownReason reason)
{
    GSource *source = g_timeout_source_new_seconds(RESTART_WAIT_S);
    Restart *restart = g_new(Restart, 1);

    *restart = (Restart){ registry, domain_ref(domain), domain->id };
    domain->restarting = TRUE;
    domain->reason_ended = reason;
    if (reason == KXL_REASON_REBOOT)
        domain_event_locked(registry, domain, VIR_DOMAIN_EVENT_ID_REBOOT, NULL);
    g_source_set_callback(source, restart_overdue, restart, restart_free);
    g_source_attach(source, registry->watch_context);
    g_source_unref(source);
}

/* Under sync_lock. */
static void gone(DomainRegistry *registry, int domid, KxlShutdownReason reason)
{
    g_autoptr(Domain) domain = domain_registry_find_id(registry, domid);

    perf_table_forget(registry->perf, domid);
    if (domain == NULL)
        return;
    g_mutex_lock(&registry->lock);
    if (domain->id == domid && (!domain->restarting || reason == KXL_REASON_DESTROYED)) {
        if (restarts(domain, reason))
            set_restarting_locked(registry, domain, reason);
        else
            set_ended_locked(registry, domain, reason);
    }
    g_mutex_unlock(&registry->lock);
}

/* ---- entry points ---- */

void domain_registry_sync(DomainRegistry *registry, int domid)
{
    g_autoptr(KxlDomainInfo) info = NULL;
    g_autoptr(GError) error = NULL;

    g_mutex_lock(&registry->sync_lock);
    info = kxl_domain_get_info(registry->host, domid, &error);
    if (info != NULL)
        update(registry, info);
    else if (!g_error_matches(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN))
        g_warning("domain: cannot look at domain %d: %s", domid, error->message);
    g_mutex_unlock(&registry->sync_lock);
}

void domain_registry_sync_gone(DomainRegistry *registry, int domid, KxlShutdownReason reason)
{
    g_mutex_lock(&registry->sync_lock);
    gone(registry, domid, reason);
    g_mutex_unlock(&registry->sync_lock);
}

/* ---- domains that end with a client ---- */

void domain_registry_set_autodestroy(DomainRegistry *registry, Domain *domain, RpcClient *client)
{
    g_mutex_lock(&registry->lock);
    domain->autodestroy = client;
    g_mutex_unlock(&registry->lock);
    if (rpc_client_is_gone(client)) /* while the domain was being started */
        domain_registry_client_closed(registry, client);
}

typedef struct {
    DomainRegistry *registry;
    int domid;
} Destruction;

static void destroy_task(gpointer data)
{
    g_autofree Destruction *task = data;
    g_autoptr(GError) error = NULL;

    if (kxl_domain_destroy(task->registry->host, task->domid, &error))
        domain_registry_sync_gone(task->registry, task->domid, KXL_REASON_DESTROYED);
    else
        g_warning("domain: cannot destroy domain %d with its client: %s", task->domid,
                  error->message);
}

void domain_registry_client_closed(DomainRegistry *registry, const RpcClient *client)
{
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->by_uuid);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Domain *domain = value;
        Destruction *task;

        fd_groups_drop_locked(domain, client);
        if (domain->autodestroy != client)
            continue;
        domain->autodestroy = NULL;
        if (domain->id < 0)
            continue;
        task = g_new(Destruction, 1);
        *task = (Destruction){ registry, domain->id };
        rpc_server_run(registry->server, destroy_task, task);
    }
    g_mutex_unlock(&registry->lock);
}

/* ---- the watch ---- */

/* The life that it was to restart into is gone before it had begun. */
static void give_up_restart(DomainRegistry *registry, const KxlDomainInfo *info)
{
    g_autoptr(Domain) domain = domain_registry_find_uuid(registry, info->uuid);

    g_mutex_lock(&registry->sync_lock);
    g_mutex_lock(&registry->lock);
    if (domain != NULL && domain->restarting && domain->id != info->domid)
        set_ended_locked(registry, domain, info->reason);
    g_mutex_unlock(&registry->lock);
    g_mutex_unlock(&registry->sync_lock);
}

static void watch_event(KxlEventKind kind, const KxlDomainInfo *info, gpointer user_data)
{
    DomainRegistry *registry = user_data;

    g_debug("domain: watch: %d '%s' event %d state %d reason %d", info->domid, info->name, kind,
            info->state, info->reason);
    if (kind == KXL_EVENT_GONE) {
        domain_registry_sync_gone(registry, info->domid, info->reason);
        give_up_restart(registry, info);
    } else {
        domain_registry_sync(registry, info->domid);
    }
}

static void machine_event(int domid, const char *event, const char *data, gpointer user_data)
{
    registry_machine_event(user_data, domid, event, data);
}

typedef struct {
    DomainRegistry *registry;
    GMutex lock;
    GCond cond;
    gboolean done;
    GError *error;
} WatchStart;

/* A thread of its own: looking at a domain may block. */
static gpointer watch_thread(gpointer user_data)
{
    WatchStart *start = user_data;
    DomainRegistry *registry = start->registry;
    g_autoptr(KxlWatch) watch = NULL;
    GError *error = NULL;

    g_main_context_push_thread_default(registry->watch_context);
    watch = kxl_watch_new(registry->host, watch_event, registry, &error);
    if (watch != NULL)
        kxl_watch_machines(watch, machine_event);
    g_mutex_lock(&start->lock);
    registry->watch = watch;
    start->error = error;
    start->done = TRUE;
    g_cond_signal(&start->cond);
    g_mutex_unlock(&start->lock);
    if (watch != NULL)
        g_main_loop_run(registry->watch_loop);
    g_clear_pointer(&watch, kxl_watch_free);
    g_main_context_pop_thread_default(registry->watch_context);
    return NULL;
}

/* Short: some callers are in the event loop, where everybody waits with them. */
#define SETTLE_MS 100

void domain_registry_settle(DomainRegistry *registry)
{
    if (registry->watch != NULL)
        kxl_watch_settle(registry->watch, SETTLE_MS);
}

gboolean domain_registry_is_settled(DomainRegistry *registry)
{
    return registry->watch == NULL || kxl_watch_is_settled(registry->watch);
}

/* What runs already is known before the first client asks. */
static gboolean find_running(DomainRegistry *registry, GError **error)
{
    g_autoptr(GPtrArray) infos = kxl_domain_list(registry->host, TRUE, error);

    if (infos == NULL)
        return FALSE;
    g_mutex_lock(&registry->sync_lock);
    for (guint i = 0; i < infos->len; i++)
        update(registry, infos->pdata[i]);
    g_mutex_unlock(&registry->sync_lock);
    return TRUE;
}

gboolean registry_start_watch(DomainRegistry *registry, GError **error)
{
    WatchStart start = { .registry = registry };

    registry->watch_context = g_main_context_new();
    registry->watch_loop = g_main_loop_new(registry->watch_context, FALSE);
    if (!find_running(registry, error))
        return FALSE;
    g_mutex_init(&start.lock);
    g_cond_init(&start.cond);
    registry->watch_thread = g_thread_new("watch", watch_thread, &start);
    g_mutex_lock(&start.lock);
    while (!start.done)
        g_cond_wait(&start.cond, &start.lock);
    g_mutex_unlock(&start.lock);
    g_mutex_clear(&start.lock);
    g_cond_clear(&start.cond);
    if (start.error == NULL)
        return TRUE;
    g_propagate_error(error, start.error);
    return FALSE;
}

static gboolean quit_loop(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

void registry_stop_watch(DomainRegistry *registry)
{
    if (registry->watch_thread != NULL) {
        /* In its own loop, so that it is not lost when the thread has not got there yet. */
        g_main_context_invoke(registry->watch_context, quit_loop, registry->watch_loop);
        g_thread_join(g_steal_pointer(&registry->watch_thread));
        registry->watch = NULL;
    }
    g_clear_pointer(&registry->watch_loop, g_main_loop_unref);
    g_clear_pointer(&registry->watch_context, g_main_context_unref);
}
