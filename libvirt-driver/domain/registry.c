/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of domains, and reading them. */
#include "registry-internal.h"

#include <string.h>

#include <kxl-vcpu.h>

#include "backup.h"
#include "handler-util.h"
#include "network/network.h"
#include "nwfilter/nwfilter.h"
#include "rpc/event.h"

#define DEFAULT_EMULATOR "/usr/bin/qemu-system-x86_64"
#define SETTLE_WAIT_S    10
#define JOB_WAIT_S       30 /* as libvirt waits */
/* Definitions that stay parsed without being used: some 8 KiB each. */
#define PARSED_MAX 256

Domain *domain_ref(Domain *domain)
{
    g_atomic_int_inc(&domain->refs);
    return domain;
}

void domain_unref(Domain *domain)
{
    if (domain == NULL || !g_atomic_int_dec_and_test(&domain->refs))
        return;
    definition_release(domain->config);
    definition_unref(domain->live);
    g_clear_object(&domain->task.cancellable);
    backup_unref(domain->backup);
    g_clear_pointer(&domain->fd_groups, g_hash_table_unref);
    g_mutex_clear(&domain->job_lock);
    g_cond_clear(&domain->job_cond);
    g_free(domain->name);
    g_free(domain);
}

const char *domain_uuid(const Domain *domain)
{
    return domain->uuid;
}

gboolean domain_job_begin(Domain *domain, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + JOB_WAIT_S * G_TIME_SPAN_SECOND;
    gboolean got = TRUE;

    g_mutex_lock(&domain->job_lock);
    while (domain->job_busy && got)
        got = g_cond_wait_until(&domain->job_cond, &domain->job_lock, deadline);
    got = !domain->job_busy;
    if (got)
        domain->job_busy = TRUE;
    g_mutex_unlock(&domain->job_lock);
    return got ||
           fail(error, VIR_ERR_OPERATION_TIMEOUT,
                "another operation on the domain has not ended within %d seconds", JOB_WAIT_S);
}

void domain_job_end(Domain *domain)
{
    g_mutex_lock(&domain->job_lock);
    domain->job_busy = FALSE;
    g_cond_signal(&domain->job_cond);
    g_mutex_unlock(&domain->job_lock);
}

/* ---- views ---- */

static Definition *ref_or_null(Definition *definition)
{
    return definition != NULL ? definition_ref(definition) : NULL;
}

void domain_get_view(DomainRegistry *registry, Domain *domain, DomainView *view)
{
    g_mutex_lock(&registry->lock);
    *view = (DomainView){
        .domain = domain_ref(domain),
        .name = g_strdup(domain->name),
        .id = domain->id,
        .persistent = domain->config != NULL,
        .autostart = domain->autostart,
        .state = domain->state,
        .reason = domain->reason,
        .config = ref_or_null(domain->config),
        .live = ref_or_null(domain->live),
    };
    g_mutex_unlock(&registry->lock);
    memcpy(view->uuid, domain->uuid, sizeof view->uuid);
    memcpy(view->uuid_raw, domain->uuid_raw, sizeof view->uuid_raw);
}

void domain_get_settled_view(DomainRegistry *registry, Domain *domain, DomainView *view)
{
    gint64 deadline = g_get_monotonic_time() + SETTLE_WAIT_S * G_TIME_SPAN_SECOND;

    g_mutex_lock(&registry->lock);
    while (domain->restarting && g_cond_wait_until(&registry->settled, &registry->lock, deadline))
        ;
    g_mutex_unlock(&registry->lock);
    domain_get_view(registry, domain, view);
}

void domain_view_clear(DomainView *view)
{
    if (view->locked)
        domain_job_end(view->domain);
    domain_unref(view->domain);
    g_free(view->name);
    definition_unref(view->config);
    definition_unref(view->live);
}

Definition *domain_view_current(const DomainView *view)
{
    return view->live != NULL ? view->live : view->config;
}

void domain_put_handle_locked(GByteArray *out, const Domain *domain)
{
    xdr_put_string(out, domain->name);
    xdr_put_raw(out, domain->uuid_raw, XDR_UUID_LEN);
    xdr_put_i32(out, domain->id);
}

void domain_put_handle(DomainRegistry *registry, GByteArray *out, Domain *domain)
{
    g_mutex_lock(&registry->lock);
    domain_put_handle_locked(out, domain);
    g_mutex_unlock(&registry->lock);
}

/* ---- events ---- */

void domain_event_locked(DomainRegistry *registry, Domain *domain, int event_id,
                         const GByteArray *body)
{
    g_autoptr(GByteArray) message = g_byte_array_sized_new(128);

    domain_put_handle_locked(message, domain);
    if (body != NULL)
        g_byte_array_append(message, body->data, body->len);
    rpc_events_send(registry->server, RPC_EVENT_DOMAIN, event_id, domain->uuid, message);
}

void domain_lifecycle_locked(DomainRegistry *registry, Domain *domain, int event, int detail)
{
    g_autoptr(GByteArray) body = g_byte_array_new();

    xdr_put_i32(body, event);
    xdr_put_i32(body, detail);
    domain_event_locked(registry, domain, VIR_DOMAIN_EVENT_ID_LIFECYCLE, body);
}

void domain_send_event(DomainRegistry *registry, Domain *domain, int event_id,
                       const GByteArray *body)
{
    g_mutex_lock(&registry->lock);
    domain_event_locked(registry, domain, event_id, body);
    g_mutex_unlock(&registry->lock);
}

void domain_send_reason_event(DomainRegistry *registry, Domain *domain, int event_id, gint32 reason)
{
    g_autoptr(GByteArray) message = g_byte_array_new();

    g_mutex_lock(&registry->lock);
    xdr_put_i32(message, reason);
    domain_put_handle_locked(message, domain);
    rpc_events_send(registry->server, RPC_EVENT_DOMAIN, event_id, domain->uuid, message);
    g_mutex_unlock(&registry->lock);
}

/* ---- tables ---- */

Domain *registry_find_name_locked(DomainRegistry *registry, const char *name)
{
    return g_hash_table_lookup(registry->by_name, name);
}

static void add_name_locked(DomainRegistry *registry, Domain *domain)
{
    if (g_hash_table_contains(registry->by_name, domain->name))
        registry->n_hidden++;
    else
        g_hash_table_insert(registry->by_name, domain->name, domain);
}

/* When two domains had the name, the other one can be found by it now. */
static void remove_name_locked(DomainRegistry *registry, Domain *domain)
{
    GHashTableIter iter;
    gpointer value;

    if (registry_find_name_locked(registry, domain->name) != domain) {
        registry->n_hidden--;
        return;
    }
    g_hash_table_remove(registry->by_name, domain->name);
    if (registry->n_hidden == 0)
        return;
    g_hash_table_iter_init(&iter, registry->by_uuid);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Domain *other = value;

        if (other != domain && strcmp(other->name, domain->name) == 0) {
            registry->n_hidden--;
            add_name_locked(registry, other);
            return;
        }
    }
}

Domain *registry_insert_locked(DomainRegistry *registry, const char *name, const char *uuid)
{
    Domain *domain = g_new0(Domain, 1);

    domain->refs = 1;
    domain->id = -1;
    domain->state = VIR_STATE_SHUTOFF;
    domain->agent_timeout_s = -1;
    domain->name = g_strdup(name);
    g_strlcpy(domain->uuid, uuid, sizeof domain->uuid);
    uuid_from_text(uuid, domain->uuid_raw);
    g_mutex_init(&domain->job_lock);
    g_cond_init(&domain->job_cond);
    g_hash_table_insert(registry->by_uuid, domain->uuid, domain);
    add_name_locked(registry, domain);
    return domain;
}

void registry_set_id_locked(DomainRegistry *registry, Domain *domain, int id)
{
    gpointer old = GINT_TO_POINTER(domain->id);

    /* Another may have it by now: one that was renamed, and followed by a new one of its UUID. */
    if (domain->id >= 0 && g_hash_table_lookup(registry->by_id, old) == domain)
        g_hash_table_remove(registry->by_id, old);
    domain->id = id;
    if (id >= 0)
        g_hash_table_insert(registry->by_id, GINT_TO_POINTER(id), domain);
}

void registry_remove_locked(DomainRegistry *registry, Domain *domain)
{
    registry_set_id_locked(registry, domain, -1);
    remove_name_locked(registry, domain);
    g_hash_table_remove(registry->by_uuid, domain->uuid); /* drops the table's reference */
}

void registry_rename_locked(DomainRegistry *registry, Domain *domain, const char *name)
{
    remove_name_locked(registry, domain);
    g_free(domain->name);
    domain->name = g_strdup(name);
    add_name_locked(registry, domain);
}

void domain_set_live_locked(Domain *domain, Definition *definition)
{
    definition_unref(domain->live);
    domain->live = definition;
}

void domain_set_config_locked(DomainRegistry *registry, Domain *domain, Definition *definition)
{
    definition_release(domain->config);
    domain->config =
        definition != NULL ? definition_keep(definition, registry->definitions) : NULL;
}

/* ---- finding ---- */

static Domain *ref_domain(Domain *domain)
{
    return domain != NULL ? domain_ref(domain) : NULL;
}

Domain *domain_registry_find_uuid(DomainRegistry *registry, const char *uuid)
{
    Domain *domain;

    g_mutex_lock(&registry->lock);
    domain = ref_domain(g_hash_table_lookup(registry->by_uuid, uuid));
    g_mutex_unlock(&registry->lock);
    return domain;
}

Domain *domain_registry_find_name(DomainRegistry *registry, const char *name)
{
    Domain *domain;

    g_mutex_lock(&registry->lock);
    domain = ref_domain(registry_find_name_locked(registry, name));
    g_mutex_unlock(&registry->lock);
    return domain;
}

Domain *domain_registry_find_id(DomainRegistry *registry, int id)
{
    Domain *domain;

    g_mutex_lock(&registry->lock);
    domain = ref_domain(g_hash_table_lookup(registry->by_id, GINT_TO_POINTER(id)));
    g_mutex_unlock(&registry->lock);
    return domain;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const Domain *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *domain_registry_list(DomainRegistry *registry)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->by_uuid);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_ptr_array_add(list, domain_ref(value));
    g_ptr_array_sort(list, compare_names);
    g_mutex_unlock(&registry->lock);
    return list;
}

void domain_registry_foreach(DomainRegistry *registry, DomainFactsFunc func, gpointer data)
{
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->by_uuid);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        Domain *domain = value;
        DomainFacts facts = { .domain = domain,
                              .id = domain->id,
                              .persistent = domain->config != NULL,
                              .autostart = domain->autostart,
                              .state = domain->state };

        func(&facts, data);
    }
    g_mutex_unlock(&registry->lock);
}

guint domain_registry_size(DomainRegistry *registry)
{
    guint size;

    g_mutex_lock(&registry->lock);
    size = g_hash_table_size(registry->by_uuid);
    g_mutex_unlock(&registry->lock);
    return size;
}

/* ---- the registry ---- */

/* One that is as we wrote it is not read before it is needed: thousands would make a start slow. */
static Definition *load(const char *xml, char **ret_name, char **ret_uuid, GError **error)
{
    const char *intact = store_text_intact(xml);
    g_autoptr(DomainDef) def = NULL;

    if (intact != NULL && domain_def_peek(intact, ret_name, ret_uuid))
        return definition_new_stored(g_strdup(intact));
    def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);
    if (def == NULL)
        return NULL;
    *ret_name = g_strdup(def->name);
    *ret_uuid = g_strdup(def->uuid);
    return definition_new(g_steal_pointer(&def));
}

static gboolean load_definition(const char *file_uuid, const char *xml, gboolean autostart,
                                gpointer user_data, GError **error)
{
    DomainRegistry *registry = user_data;
    g_autofree char *name = NULL;
    g_autofree char *uuid = NULL;
    g_autoptr(Definition) definition = load(xml, &name, &uuid, error);
    Domain *other, *domain;

    if (definition == NULL)
        return FALSE;
    if (g_strcmp0(uuid, file_uuid) != 0)
        return fail(error, VIR_ERR_XML_ERROR, "it is of the domain with UUID %s",
                    uuid != NULL ? uuid : "(none)");
    g_mutex_lock(&registry->lock);
    other = registry_find_name_locked(registry, name);
    if (other != NULL)
        g_warning("domain: two definitions are named '%s': %s and %s", name, other->uuid, uuid);
    domain = registry_insert_locked(registry, name, uuid);
    domain_set_config_locked(registry, domain, g_steal_pointer(&definition));
    domain->autostart = autostart;
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

static char *find_emulator(KxlHost *host)
{
    char *found = g_find_program_in_path(kxl_host_qemu_path(host));

    return found != NULL ? found : g_strdup(DEFAULT_EMULATOR);
}

DomainRegistry *domain_registry_new(KxlHost *host, RpcServer *server, GError **error)
{
    g_autoptr(DomainRegistry) registry = g_new0(DomainRegistry, 1);
    g_autofree char *dir = g_build_filename(kxl_host_lib_dir(host), "libvirt", NULL);

    registry->host = host;
    registry->server = server;
    g_mutex_init(&registry->lock);
    g_mutex_init(&registry->sync_lock);
    g_cond_init(&registry->settled);
    g_mutex_init(&registry->define_lock);
    registry->by_uuid =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)domain_unref);
    registry->by_name = g_hash_table_new(g_str_hash, g_str_equal);
    registry->by_id = g_hash_table_new(NULL, NULL);
    registry->definitions = definition_cache_new(PARSED_MAX);
    registry->perf = perf_table_new();
    registry->emulator = find_emulator(host);
    registry->xml_caps.emulator = registry->emulator;
    registry->xml_caps.expand_cpus = kxl_cpus_expand;
    registry->nvram_dir = g_build_filename(kxl_host_lib_dir(host), "nvram", NULL);
    registry->xml_caps.nvram_dir = registry->nvram_dir;
    registry->store = store_new(dir, error);
    if (registry->store == NULL || !store_load(registry->store, load_definition, registry, error))
        return NULL;
    g_message("domain: %u definitions in '%s'", g_hash_table_size(registry->by_uuid), dir);
    return g_steal_pointer(&registry);
}

void domain_registry_allow_arguments(DomainRegistry *registry, gboolean allow)
{
    registry->xml_caps.allow_arguments = allow;
}

gboolean domain_registry_start(DomainRegistry *registry, GError **error)
{
    return registry_start_watch(registry, error);
}

void domain_registry_free(DomainRegistry *registry)
{
    if (registry == NULL)
        return;
    registry_stop_watch(registry);
    g_hash_table_unref(registry->by_name);
    g_hash_table_unref(registry->by_id);
    g_hash_table_unref(registry->by_uuid);
    definition_cache_free(registry->definitions);
    store_free(registry->store);
    perf_table_free(registry->perf);
    g_mutex_clear(&registry->lock);
    g_mutex_clear(&registry->sync_lock);
    g_cond_clear(&registry->settled);
    g_mutex_clear(&registry->define_lock);
    g_free(registry->emulator);
    g_free(registry->nvram_dir);
    g_free(registry);
}

void domain_registry_set_pools(DomainRegistry *registry, PoolRegistry *pools)
{
    registry->pools = pools;
}

void domain_registry_set_cpus(DomainRegistry *registry, CpuHostCache *cpus)
{
    registry->cpus = cpus;
}

PerfTable *domain_registry_perf(DomainRegistry *registry)
{
    return registry->perf;
}

CpuHostCache *domain_registry_cpus(DomainRegistry *registry)
{
    return registry->cpus;
}

void domain_registry_set_secrets(DomainRegistry *registry, SecretRegistry *secrets)
{
    registry->secrets = secrets;
}

SecretRegistry *domain_registry_secrets(DomainRegistry *registry)
{
    return registry->secrets;
}

PoolRegistry *domain_registry_pools(DomainRegistry *registry)
{
    return registry->pools;
}

KxlHost *domain_registry_host(DomainRegistry *registry)
{
    return registry->host;
}

const DomainXmlCaps *domain_registry_xml_caps(DomainRegistry *registry)
{
    return &registry->xml_caps;
}

/* The owner is known not to run; a port whose owner nobody knows may be another program's. */
static gboolean is_stale(DomainRegistry *registry, const NetworkPort *port)
{
    g_autoptr(Domain) owner =
        port->owner_uuid != NULL ? domain_registry_find_uuid(registry, port->owner_uuid) : NULL;

    return owner != NULL && owner->id < 0;
}

static void release_stale_ports(DomainRegistry *registry)
{
    g_autoptr(GPtrArray) networks = network_list(registry->networks);
    g_autoptr(GStrvBuilder) stale = g_strv_builder_new();

    for (guint i = 0; i < networks->len; i++) {
        const NetworkView *network = networks->pdata[i];
        g_autoptr(GPtrArray) ports =
            network_port_list(registry->networks, network->def->uuid, NULL);
        for (guint j = 0; ports != NULL && j < ports->len; j++) {
            const NetworkPort *port = ports->pdata[j];
            if (is_stale(registry, port))
                g_strv_builder_add(stale, port->uuid);
        }
    }
    g_auto(GStrv) uuids = g_strv_builder_end(stale);
    network_ports_release(registry->networks, (const char *const *)uuids);
}

void domain_registry_set_networks(DomainRegistry *registry, NetworkRegistry *networks)
{
    registry->networks = networks;
    release_stale_ports(registry);
}

NetworkRegistry *domain_registry_networks(DomainRegistry *registry)
{
    return registry->networks;
}

/* Whether a domain runs that has the interface. */
static gboolean is_live_port(const char *uuid, const char *portdev, gpointer user_data)
{
    g_autoptr(Domain) owner = domain_registry_find_uuid(user_data, uuid);
    g_auto(DomainView) view = { 0 };

    if (owner == NULL)
        return FALSE;
    domain_get_view(user_data, owner, &view);
    const GPtrArray *interfaces =
        view.live != NULL ? definition_def(view.live)->interfaces : NULL;
    for (guint i = 0; interfaces != NULL && i < interfaces->len; i++)
        if (g_strcmp0(((DomainInterface *)interfaces->pdata[i])->target, portdev) == 0)
            return TRUE;
    return FALSE;
}

void domain_registry_set_nwfilters(DomainRegistry *registry, NwfilterRegistry *nwfilters)
{
    registry->nwfilters = nwfilters;
    nwfilter_sweep(nwfilters, is_live_port, registry);
}

NwfilterRegistry *domain_registry_nwfilters(DomainRegistry *registry)
{
    return registry->nwfilters;
}
