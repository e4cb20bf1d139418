/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the registry's files share: registry.c keeps the tables, persist.c the definitions, sync.c
 * what runs. */
#pragma once

#include "registry.h"
#include "store.h"
#include "task.h"

G_BEGIN_DECLS

#define DOMAIN_0_NAME "Domain-0"
#define DOMAIN_0_UUID "00000000-0000-0000-0000-000000000000"

struct Domain {
    int refs; /* atomic */
    char uuid[37];
    guint8 uuid_raw[16];
    GMutex job_lock;
    GCond job_cond;
    gboolean job_busy; /* under job_lock */

    /* Under the registry's lock. */
    char *name;
    int id;
    gboolean autostart;
    GHashTable *fd_groups; /* name -> FdGroup (descriptors.c); NULL: none */
    const RpcClient *autodestroy; /* ends with this client; only compared */
    gboolean restarting;          /* its machine has ended and the supervisor makes the next one */
    KxlShutdownReason reason_ended; /* why, when restarting */
    VirState state;
    int reason;
    DomainTask task;
    struct Backup *backup; /* NULL: none goes on */
    int agent_timeout_s; /* virDomainAgentResponseTimeoutValues */
    StartOrigin expected; /* of the next start */
    guint64 memory_kib;   /* of a running domain, as last seen */
    Definition *config, *live;
};

struct DomainRegistry {
    KxlHost *host;
    RpcServer *server;
    SecretRegistry *secrets;
    PoolRegistry *pools;
    CpuHostCache *cpus;
    NetworkRegistry *networks; /* NULL: not there yet */
    NwfilterRegistry *nwfilters; /* NULL: not there yet */
    Store *store;
    PerfTable *perf;
    char *emulator;
    DomainXmlCaps xml_caps;
    char *nvram_dir;

    GMutex sync_lock;   /* one change of what runs at a time; before lock */
    GMutex define_lock; /* one change of definitions at a time; before lock */
    GMutex lock;
    GCond settled;       /* a restart has come to its end */
    GHashTable *by_uuid; /* owns a reference */
    GHashTable *by_id;            /* of those that run, and Domain-0 */
    DefinitionCache *definitions; /* the configs of all domains */
    GHashTable *by_name; /* of two domains of one name (one made by xl) the first */
    guint n_hidden;      /* those that are not in it */

    KxlWatch *watch; /* NULL: nothing is watched */
    GThread *watch_thread;
    GMainContext *watch_context;
    GMainLoop *watch_loop;
};

/* registry.c; all with the lock held */
Domain *registry_find_name_locked(DomainRegistry *registry, const char *name);
Domain *registry_insert_locked(DomainRegistry *registry, const char *name, const char *uuid);
void registry_remove_locked(DomainRegistry *registry, Domain *domain);
void registry_set_id_locked(DomainRegistry *registry, Domain *domain, int id); /* -1: none */
void registry_rename_locked(DomainRegistry *registry, Domain *domain, const char *name);
/* Take definition. The domain keeps its config (definition_keep). */
void domain_set_live_locked(Domain *domain, Definition *definition);
void domain_set_config_locked(DomainRegistry *registry, Domain *domain, Definition *definition);

/* Events are sent with the lock held, so that their order is that of the changes. */
void domain_event_locked(DomainRegistry *registry, Domain *domain, int event_id,
                         const GByteArray *body);
void domain_lifecycle_locked(DomainRegistry *registry, Domain *domain, int event, int detail);

/* The few events whose message has a number before the domain's handle. */
void domain_send_reason_event(DomainRegistry *registry, Domain *domain, int event_id,
                              gint32 reason);

/* virDomainEventType and the details we use. */
enum {
    LIFECYCLE_DEFINED = 0,
    LIFECYCLE_UNDEFINED = 1,
    LIFECYCLE_STARTED = 2,
    LIFECYCLE_SUSPENDED = 3,
    LIFECYCLE_RESUMED = 4,
    LIFECYCLE_STOPPED = 5,
    LIFECYCLE_SHUTDOWN = 6,
    LIFECYCLE_CRASHED = 8,
};
enum { DEFINED_ADDED = 0, DEFINED_UPDATED = 1, DEFINED_RENAMED = 2 };
enum { UNDEFINED_REMOVED = 0, UNDEFINED_RENAMED = 1 };
enum { STARTED_BOOTED = 0, STARTED_RESTORED = 2, STARTED_FROM_SNAPSHOT = 3 };
enum { SUSPENDED_PAUSED = 0 };
enum { RESUMED_UNPAUSED = 0 };
enum {
    STOPPED_SHUTDOWN = 0,
    STOPPED_DESTROYED = 1,
    STOPPED_CRASHED = 2,
    STOPPED_SAVED = 4,
    STOPPED_FAILED = 5,
};
enum { SHUTDOWN_FINISHED = 0 };
enum { CRASHED_PANICKED = 0 };

/* live.c: what a running domain is made of, from its userdata or its configuration. */
#define LIVE_USERDATA_KEY "libvirt-xml"
Definition *live_definition_load(DomainRegistry *registry, const KxlDomainInfo *info,
                                 GError **error);

/* sync.c */
gboolean registry_start_watch(DomainRegistry *registry, GError **error);
void registry_stop_watch(DomainRegistry *registry);
/* machine-event.c: what a running domain's emulator has said. */
void registry_machine_event(DomainRegistry *registry, int domid, const char *event,
                            const char *data);
/* dom0.c */
Definition *domain_0_definition(const KxlDomainInfo *info);

G_END_DECLS
