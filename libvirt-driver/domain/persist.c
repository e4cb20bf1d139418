/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of definitions: memory, disk and events together. */
#include "registry-internal.h"

#include <string.h>

#include "handler-util.h"

static gboolean save(DomainRegistry *registry, Definition *definition, GError **error)
{
    return store_save(registry->store, definition_def(definition)->uuid,
                      definition_stored_xml(definition), error);
}

/* The rules of libvirt: name and UUID belong together, and a domain that runs is not started
 * again. */
static gboolean may_add_locked(DomainRegistry *registry, const DomainDef *def, DomainAddMode mode,
                               Domain **ret_domain, GError **error)
{
    Domain *by_uuid = g_hash_table_lookup(registry->by_uuid, def->uuid);
    Domain *by_name = registry_find_name_locked(registry, def->name);

    if (by_uuid != NULL && by_uuid->id == 0)
        return fail_from(error, VIR_FROM_DOMAIN, VIR_ERR_OPERATION_INVALID,
                         DOMAIN_0_NAME " is the host");
    if (by_uuid != NULL && strcmp(by_uuid->name, def->name) != 0)
        return fail_from(error, VIR_FROM_DOMAIN, VIR_ERR_OPERATION_FAILED,
                         "domain '%s' is already defined with uuid %s", by_uuid->name, def->uuid);
    if (by_uuid != NULL && by_uuid->id >= 0 && mode == DOMAIN_ADD_TRANSIENT)
        return fail_from(error, VIR_FROM_DOMAIN, VIR_ERR_OPERATION_INVALID,
                         "domain '%s' is already active", by_uuid->name);
    if (by_uuid == NULL && by_name != NULL)
        return fail_from(error, VIR_FROM_DOMAIN, VIR_ERR_OPERATION_FAILED,
                         "domain '%s' already exists with uuid %s", def->name, by_name->uuid);
    *ret_domain = by_uuid;
    return TRUE;
}

static Domain *add_transient(DomainRegistry *registry, Definition *definition, GError **error)
{
    const DomainDef *def = definition_def(definition);
    Domain *domain = NULL;

    g_mutex_lock(&registry->lock);
    if (may_add_locked(registry, def, DOMAIN_ADD_TRANSIENT, &domain, error)) {
        if (domain == NULL)
            domain = registry_insert_locked(registry, def->name, def->uuid);
        if (domain->config == NULL)
            domain_set_live_locked(domain, definition_ref(definition));
        domain_ref(domain);
    }
    g_mutex_unlock(&registry->lock);
    return domain;
}

/* Disk first, so that what clients are told survives; define_lock keeps others from taking the
 * name. */
static Domain *define(DomainRegistry *registry, Definition *definition, GError **error)
{
    const DomainDef *def = definition_def(definition);
    Domain *domain = NULL;
    gboolean ok, added;

    g_mutex_lock(&registry->lock);
    ok = may_add_locked(registry, def, DOMAIN_ADD_DEFINE, &domain, error);
    g_mutex_unlock(&registry->lock);
    if (!ok || !save(registry, definition, error))
        return NULL;

    g_mutex_lock(&registry->lock);
    /* xl may have started or ended it meanwhile. */
    domain = g_hash_table_lookup(registry->by_uuid, def->uuid);
    if (domain == NULL)
        domain = registry_insert_locked(registry, def->name, def->uuid);
    domain_ref(domain);
    added = domain->config == NULL;
    domain_set_config_locked(registry, domain, definition_ref(definition));
    domain_lifecycle_locked(registry, domain, LIFECYCLE_DEFINED,
                            added ? DEFINED_ADDED : DEFINED_UPDATED);
    g_mutex_unlock(&registry->lock);
    return domain;
}

Domain *domain_registry_add(DomainRegistry *registry, Definition *definition, DomainAddMode mode,
                            GError **error)
{
    g_autoptr(Definition) owned = definition;
    Domain *domain;

    g_mutex_lock(&registry->define_lock);
    if (mode == DOMAIN_ADD_DEFINE)
        domain = define(registry, definition, error);
    else
        domain = add_transient(registry, definition, error);
    g_mutex_unlock(&registry->define_lock);
    return domain;
}

void domain_registry_drop_transient(DomainRegistry *registry, Domain *domain)
{
    g_mutex_lock(&registry->lock);
    if (domain->config == NULL && domain->id < 0 &&
        g_hash_table_lookup(registry->by_uuid, domain->uuid) == domain)
        registry_remove_locked(registry, domain);
    g_mutex_unlock(&registry->lock);
}

/* Under define_lock: whether it has a persistent definition that may be changed. */
static gboolean check_persistent(DomainRegistry *registry, Domain *domain, const char *what,
                                 GError **error)
{
    gboolean persistent;

    g_mutex_lock(&registry->lock);
    persistent = domain->config != NULL;
    g_mutex_unlock(&registry->lock);
    return persistent || fail(error, VIR_ERR_OPERATION_INVALID, "cannot %s transient domain", what);
}

gboolean domain_registry_undefine(DomainRegistry *registry, Domain *domain, int *ret_fd,
                                  GError **error)
{
    gboolean ok;

    g_mutex_lock(&registry->define_lock);
    ok = check_persistent(registry, domain, "undefine", error) &&
         store_remove_quickly(registry->store, domain->uuid, ret_fd, error);
    if (ok) {
        g_mutex_lock(&registry->lock);
        domain_set_config_locked(registry, domain, NULL);
        domain->autostart = FALSE;
        domain_lifecycle_locked(registry, domain, LIFECYCLE_UNDEFINED, UNDEFINED_REMOVED);
        if (domain->id < 0)
            registry_remove_locked(registry, domain);
        g_mutex_unlock(&registry->lock);
    }
    g_mutex_unlock(&registry->define_lock);
    return ok;
}

gboolean domain_registry_set_autostart(DomainRegistry *registry, Domain *domain, gboolean autostart,
                                       GError **error)
{
    gboolean ok;

    g_mutex_lock(&registry->define_lock);
    ok = check_persistent(registry, domain, "set autostart for", error) &&
         store_set_autostart(registry->store, domain->uuid, autostart, error);
    if (ok) {
        g_mutex_lock(&registry->lock);
        domain->autostart = autostart;
        g_mutex_unlock(&registry->lock);
    }
    g_mutex_unlock(&registry->define_lock);
    return ok;
}

/* Under define_lock. */
static gboolean replace_config(DomainRegistry *registry, Domain *domain, Definition *definition,
                               GError **error)
{
    if (!check_persistent(registry, domain, "change the persistent configuration of", error) ||
        !save(registry, definition, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    domain_set_config_locked(registry, domain, definition_ref(definition));
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

gboolean domain_registry_set_config(DomainRegistry *registry, Domain *domain,
                                    Definition *definition, GError **error)
{
    g_autoptr(Definition) owned = definition;
    gboolean ok;

    g_mutex_lock(&registry->define_lock);
    ok = replace_config(registry, domain, definition, error);
    g_mutex_unlock(&registry->define_lock);
    return ok;
}

gboolean domain_registry_set_live(DomainRegistry *registry, Domain *domain, Definition *definition,
                                  GError **error)
{
    g_autoptr(Definition) owned = definition;
    const char *xml = definition_xml(definition, DOMAIN_XML_FORMAT_SECURE);
    int id;

    g_mutex_lock(&registry->lock);
    id = domain->id;
    g_mutex_unlock(&registry->lock);
    if (!kxl_domain_userdata_store(registry->host, id, LIVE_USERDATA_KEY, xml, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    if (domain->id == id)
        domain_set_live_locked(domain, g_steal_pointer(&owned));
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

/* Under define_lock. The file is named by UUID, so one save renames. */
static gboolean rename_config(DomainRegistry *registry, Domain *domain, const char *name,
                              GError **error)
{
    g_autoptr(DomainDef) def = NULL;
    g_autoptr(Definition) definition = NULL;
    g_autoptr(Definition) old = NULL;
    gboolean ok = FALSE;

    g_mutex_lock(&registry->lock);
    if (domain->id >= 0)
        fail(error, VIR_ERR_OPERATION_INVALID, "cannot rename active domain");
    else if (registry_find_name_locked(registry, name) != NULL)
        fail(error, VIR_ERR_OPERATION_INVALID, "domain with name '%s' already exists", name);
    else
        ok = TRUE;
    if (ok)
        old = definition_ref(domain->config);
    g_mutex_unlock(&registry->lock);
    if (!ok)
        return FALSE;

    def = domain_def_dup(definition_def(old));
    g_free(def->name);
    def->name = g_strdup(name);
    definition = definition_new(g_steal_pointer(&def));
    if (!save(registry, definition, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    domain_lifecycle_locked(registry, domain, LIFECYCLE_UNDEFINED, UNDEFINED_RENAMED);
    registry_rename_locked(registry, domain, name);
    domain_set_config_locked(registry, domain, g_steal_pointer(&definition));
    domain_lifecycle_locked(registry, domain, LIFECYCLE_DEFINED, DEFINED_RENAMED);
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

gboolean domain_registry_rename(DomainRegistry *registry, Domain *domain, const char *name,
                                GError **error)
{
    gboolean ok;

    g_mutex_lock(&registry->define_lock);
    ok = check_persistent(registry, domain, "rename", error) &&
         rename_config(registry, domain, name, error);
    g_mutex_unlock(&registry->define_lock);
    return ok;
}
