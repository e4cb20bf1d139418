/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All domains kanzend knows: the persistent definitions and whatever runs, whoever started it.
 *
 * A Domain is found by UUID, name or id and referenced. Its public fields are read with
 * domain_get_view(); only the registry changes them, under its lock, which is never held while
 * anything blocks. Who changes a domain (define, start, destroy ...) holds the domain's job lock
 * meanwhile; job locks come before the registry's.
 *
 * What runs is learned from libkxl, by the watch and after each operation of our own, always
 * through domain_registry_sync(): one place that compares, changes and sends the events, so that
 * each event is sent once and in order.
 */
#pragma once

#include "definition.h"
#include "perf.h"
#include "kanzend.h"

G_BEGIN_DECLS

typedef struct Domain Domain;

typedef enum { /* virDomainState */
               VIR_STATE_RUNNING = 1,
               VIR_STATE_PAUSED = 3,
               VIR_STATE_SHUTDOWN = 4,
               VIR_STATE_SHUTOFF = 5,
               VIR_STATE_CRASHED = 6,
} VirState;

/* A domain at one moment. */
typedef struct {
    Domain *domain;  /* a reference */
    gboolean locked; /* with the domain's job lock, which ends with the view */
    char *name;
    char uuid[37];
    guint8 uuid_raw[16];
    int id; /* -1: not running */
    gboolean persistent;
    gboolean autostart;
    VirState state;
    int reason;         /* virDomain<State>Reason */
    Definition *config; /* the persistent definition; NULL: transient */
    Definition *live;   /* what runs, or is just being started; else NULL */
} DomainView;

/* Also gives back the job lock that came with it. */
void domain_view_clear(DomainView *view);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DomainView, domain_view_clear)
/* The live one of a running domain, else the persistent one. Never NULL. */
Definition *domain_view_current(const DomainView *view);

Domain *domain_ref(Domain *domain);
void domain_unref(Domain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Domain, domain_unref)
void domain_get_view(DomainRegistry *registry, Domain *domain, DomainView *ret_view);
/* The same, but waits for a domain that restarts to be back (or not), so that its id is good.
 * Blocks. */
void domain_get_settled_view(DomainRegistry *registry, Domain *domain, DomainView *ret_view);
/* Appends the handle that clients keep: name, UUID, id. */
void domain_put_handle(DomainRegistry *registry, GByteArray *out, Domain *domain);
/* Waits for the domain's job lock; FALSE: another operation takes too long. */
gboolean domain_job_begin(Domain *domain, GError **error);
void domain_job_end(Domain *domain);

/* How a domain's next start came about, for its state and events. */
typedef enum { START_BOOTED, START_RESTORED, START_FROM_SNAPSHOT } StartOrigin;
void domain_expect_start(DomainRegistry *registry, Domain *domain, StartOrigin origin);

/* Loads the definitions. */
DomainRegistry *domain_registry_new(KxlHost *host, RpcServer *server, GError **error);
/* Learns what runs, then watches. */
gboolean domain_registry_start(DomainRegistry *registry, GError **error);
/* Starts the domains marked for it, in a worker thread; once per boot of the host. */
void domain_registry_autostart(DomainRegistry *registry);
void domain_registry_free(DomainRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DomainRegistry, domain_registry_free)
KxlHost *domain_registry_host(DomainRegistry *registry);
/* Where disks that are volumes are looked for. Set once, before the first start. */
void domain_registry_set_pools(DomainRegistry *registry, PoolRegistry *pools);
void domain_registry_set_secrets(DomainRegistry *registry, SecretRegistry *secrets);
/* Where domains are plugged in; frees the ports of those that ended while nobody watched. Once,
 * before the first client. */
void domain_registry_set_networks(DomainRegistry *registry, NetworkRegistry *networks);
/* Takes up the filters of interfaces of the domains that run. */
void domain_registry_set_nwfilters(DomainRegistry *registry, NwfilterRegistry *nwfilters);
NwfilterRegistry *domain_registry_nwfilters(DomainRegistry *registry);
NetworkRegistry *domain_registry_networks(DomainRegistry *registry);
PoolRegistry *domain_registry_pools(DomainRegistry *registry);
SecretRegistry *domain_registry_secrets(DomainRegistry *registry);
/* The same for the CPUs that guests can have. */
void domain_registry_set_cpus(DomainRegistry *registry, CpuHostCache *cpus);
CpuHostCache *domain_registry_cpus(DomainRegistry *registry);
PerfTable *domain_registry_perf(DomainRegistry *registry);
/* What domain-xml's defaults need. */
/* Before it is started: whether definitions may give the emulator arguments of their own. */
void domain_registry_allow_arguments(DomainRegistry *registry, gboolean allow);
const DomainXmlCaps *domain_registry_xml_caps(DomainRegistry *registry);

/* What others (xl) did before the call is known after it: what a client asks next must not be
 * answered from before. Waits a moment when something has just happened. Not from the watch or with
 * a lock. */
void domain_registry_settle(DomainRegistry *registry);
/* It would not wait now. */
gboolean domain_registry_is_settled(DomainRegistry *registry);
/* A new reference, or NULL. */
Domain *domain_registry_find_uuid(DomainRegistry *registry, const char *uuid);
Domain *domain_registry_find_name(DomainRegistry *registry, const char *name);
Domain *domain_registry_find_id(DomainRegistry *registry, int id);
/* All of them, references, in order of name. */
GPtrArray *domain_registry_list(DomainRegistry *registry);

/* Never changes; lives as long as the domain. */
const char *domain_uuid(const Domain *domain);

/* What list calls choose domains by, borrowed. */
typedef struct {
    Domain *domain;
    int id;
    gboolean persistent, autostart;
    VirState state;
} DomainFacts;
typedef void (*DomainFactsFunc)(const DomainFacts *facts, gpointer data);
/* Of all domains at one moment, in no order. func is called with the registry's lock held: of the
 * registry it may call domain_put_handle_locked() only. */
void domain_registry_foreach(DomainRegistry *registry, DomainFactsFunc func, gpointer data);
void domain_put_handle_locked(GByteArray *out, const Domain *domain);
guint domain_registry_size(DomainRegistry *registry);

typedef enum {
    DOMAIN_ADD_DEFINE,    /* make it persistent, or change its persistent definition */
    DOMAIN_ADD_TRANSIENT, /* it is about to be started from this; must not run */
} DomainAddMode;
/* Adds or finds the domain of a complete definition; name and UUID must be free or both its own.
 * Takes definition. With DEFINE it is on disk and clients have been told when this returns. */
Domain *domain_registry_add(DomainRegistry *registry, Definition *definition, DomainAddMode mode,
                            GError **error);
/* A domain added for a start that failed goes away again. */
void domain_registry_drop_transient(DomainRegistry *registry, Domain *domain);
/* *ret_fd: see store_remove_quickly(). */
gboolean domain_registry_undefine(DomainRegistry *registry, Domain *domain, int *ret_fd,
                                  GError **error);
gboolean domain_registry_set_autostart(DomainRegistry *registry, Domain *domain, gboolean autostart,
                                       GError **error);
gboolean domain_registry_rename(DomainRegistry *registry, Domain *domain, const char *name,
                                GError **error);
/* Another persistent definition of the same name and UUID, without an event. Takes definition. */
gboolean domain_registry_set_config(DomainRegistry *registry, Domain *domain,
                                    Definition *definition, GError **error);
/* The live definition of a running domain; kept with it, so that a restarted kanzend finds it.
 * Takes definition. */
gboolean domain_registry_set_live(DomainRegistry *registry, Domain *domain, Definition *definition,
                                  GError **error);

/* Looks at a running (or just ended) domain and brings the registry up to date. */
void domain_registry_sync(DomainRegistry *registry, int domid);
/* It is known to have ended, and why. */
void domain_registry_sync_gone(DomainRegistry *registry, int domid, KxlShutdownReason reason);

/* client, when it goes, takes the running domain with it; until the domain ends. */
void domain_registry_set_autodestroy(DomainRegistry *registry, Domain *domain, RpcClient *client);
void domain_registry_client_closed(DomainRegistry *registry, const RpcClient *client);

/* Sends a domain event: body is its message behind the domain's handle, or NULL. */
void domain_send_event(DomainRegistry *registry, Domain *domain, int event_id,
                       const GByteArray *body);

G_END_DECLS
