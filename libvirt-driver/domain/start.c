/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting domains. */
#include "cpu/cpu-update.h"
#include "descriptors.h"
#include "filter-source.h"
#include "handler.h"
#include "network-source.h"
#include "save.h"
#include "secret-source.h"
#include "volume-source.h"

enum { /* virDomainCreateFlags */
       START_PAUSED = 1,
       START_AUTODESTROY = 2,
       START_BYPASS_CACHE = 4,
       START_FORCE_BOOT = 8,
       START_VALIDATE = 16,
};

/* The client cannot be told with a success; the daemon's log is where its user looks next. */
static void log_limits(KxlDomainConfig *config)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    kxl_domain_config_limit(config, notes);
    for (guint i = 0; i < notes->len; i++)
        g_warning("domain '%s': %s", config->name, (char *)notes->pdata[i]);
}

/* -1: it did not start. */
static int create_machine(DomainRegistry *registry, Domain *domain, const DomainDef *shown,
                          gboolean paused, GError **error)
{
    /* One more copy, in which everything else is found that the definition only names. */
    g_autoptr(DomainDef) def = domain_def_dup(shown);
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GArray) held = NULL;
    g_autofree char *xml = domain_def_format(shown, DOMAIN_XML_FORMAT_SECURE);

    if (!resolve_volumes(domain_registry_pools(registry), def, error))
        return -1;
    config = domain_def_to_config(def, error);
    if (config == NULL || !resolve_secrets(domain_registry_secrets(registry), config, error) ||
        !resolve_descriptors(registry, domain, config, &held, error))
        return -1;
    log_limits(config);
    return kxl_domain_create(domain_registry_host(registry), config,
                             paused ? KXL_CREATE_PAUSED : KXL_CREATE_NONE, "libvirt-xml", xml,
                             error);
}

gboolean domain_start(DomainRegistry *registry, Domain *domain, Definition *definition,
                      gboolean paused, GError **error)
{
    NetworkRegistry *networks = domain_registry_networks(registry);
    NwfilterRegistry *nwfilters = domain_registry_nwfilters(registry);
    /* Its own copy, which is what clients will see: it knows where its interfaces are plugged in.
     */
    g_autoptr(DomainDef) def = domain_def_dup(definition_def(definition));

    if (!perf_check_host(perf_events_of(def), error) ||
        !cpu_check(domain_registry_cpus(registry), def, error) ||
        !place_displays(networks, def, error) || !plug_interfaces(networks, def, error))
        return FALSE;
    if (!filter_interfaces(nwfilters, def, error)) {
        unplug_interfaces(networks, def);
        return FALSE;
    }
    int domid = create_machine(registry, domain, def, paused, error);
    if (domid < 0) {
        unfilter_interfaces(nwfilters, def);
        unplug_interfaces(networks, def);
        return FALSE;
    }
    domain_registry_sync(registry, domid);
    return TRUE;
}

/* ---- starting a persistent domain ---- */

/* From its managed image if there is one, which then has served. */
static gboolean start_or_restore(RpcCall *call, const DomainView *view, guint32 flags,
                                 GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autofree char *path = managed_save_path(kanzend->domains, view->uuid);

    if (has_managed_save(kanzend->domains, view->uuid)) {
        if (!(flags & START_FORCE_BOOT))
            return restore_domain(kanzend->domains, view->domain, path, NULL,
                                  flags & START_PAUSED ? SAVE_PAUSED : 0, error) &&
                   managed_save_remove(kanzend->domains, view->uuid, error);
        if (!managed_save_remove(kanzend->domains, view->uuid, error))
            return FALSE;
    }
    return domain_start(kanzend->domains, view->domain, view->config, flags & START_PAUSED, error);
}

static gboolean start_defined(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    if (!call_job(call, "started", &view, error))
        return FALSE;
    if (view.id >= 0)
        return fail(error, VIR_ERR_OPERATION_INVALID, "domain is already running");
    if (!check_persistent(&view, error) || !start_or_restore(call, &view, flags, error))
        return FALSE;
    if (flags & START_AUTODESTROY)
        domain_registry_set_autodestroy(kanzend->domains, view.domain, call->client);
    return TRUE;
}

gboolean on_domain_create(RpcCall *call, GError **error)
{
    return start_defined(call, 0, error);
}

gboolean on_domain_create_with_flags(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL ||
        !check_flags(call, call->args[1].u,
                     START_PAUSED | START_AUTODESTROY | START_BYPASS_CACHE | START_FORCE_BOOT,
                     error) ||
        !start_defined(call, call->args[1].u, error))
        return FALSE;
    domain_put_handle(kanzend->domains, call->ret, domain);
    return TRUE;
}

/* ---- starting from a definition that need not be kept ---- */

gboolean on_domain_create_xml(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Definition) definition = NULL;
    g_autoptr(Domain) domain = NULL;
    gboolean ok;

    if (!check_flags(call, call->args[1].u, START_PAUSED | START_AUTODESTROY | START_VALIDATE,
                     error))
        return FALSE;
    definition = parse_definition(kanzend->domains, call->args[0].str,
                                  call->args[1].u & START_VALIDATE, error);
    if (definition == NULL)
        return FALSE;
    domain = domain_registry_add(kanzend->domains, definition_ref(definition), DOMAIN_ADD_TRANSIENT,
                                 error);
    if (domain == NULL)
        return FALSE;
    ok = domain_job_begin(domain, error);
    if (ok) {
        ok = domain_start(kanzend->domains, domain, definition, call->args[1].u & START_PAUSED,
                          error);
        if (ok && (call->args[1].u & START_AUTODESTROY))
            domain_registry_set_autodestroy(kanzend->domains, domain, call->client);
        domain_job_end(domain);
    }
    if (!ok) {
        domain_registry_drop_transient(kanzend->domains, domain);
        return FALSE;
    }
    domain_put_handle(kanzend->domains, call->ret, domain);
    return TRUE;
}
