/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define ERRORS_FROM VIR_FROM_DOMAIN
#include "handler.h"

#include <string.h>

#include "random.h"
#include "schema.h"

#define DOMAIN_SCHEMA "domain.rng"

Domain *call_domain(const RpcCall *call, guint index, GError **error)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *handle = &call->args[index];
    char uuid[UUID_TEXT_LEN];
    Domain *domain;

    domain_registry_settle(kanzend->domains);
    uuid_to_text(handle->items[1].bytes, uuid);
    domain = domain_registry_find_uuid(kanzend->domains, uuid);
    if (domain == NULL)
        fail(error, VIR_ERR_NO_DOMAIN, "no domain with matching uuid '%s' (%s)", uuid,
             handle->items[0].str);
    return domain;
}

gboolean call_view(const RpcCall *call, DomainView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL)
        return FALSE;
    domain_get_view(kanzend->domains, domain, view);
    return TRUE;
}

gboolean call_active(const RpcCall *call, DomainView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL)
        return FALSE;
    domain_get_settled_view(kanzend->domains, domain, view);
    return check_active(view, error);
}

gboolean call_running(const RpcCall *call, const char *verb, DomainView *view, GError **error)
{
    return call_active(call, view, error) && check_not_host(view, verb, error);
}

static gboolean begin_job(const RpcCall *call, const char *verb, gboolean settled, DomainView *view,
                          GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(Domain) domain = call_domain(call, 0, error);

    if (domain == NULL || !domain_job_begin(domain, error))
        return FALSE;
    if (settled)
        domain_get_settled_view(kanzend->domains, domain, view);
    else
        domain_get_view(kanzend->domains, domain, view);
    view->locked = TRUE;
    return check_not_host(view, verb, error);
}

gboolean call_job(const RpcCall *call, const char *verb, DomainView *view, GError **error)
{
    return begin_job(call, verb, FALSE, view, error);
}

gboolean call_job_running(const RpcCall *call, const char *verb, DomainView *view, GError **error)
{
    return begin_job(call, verb, TRUE, view, error) && check_active(view, error);
}

gboolean check_not_host(const DomainView *view, const char *verb, GError **error)
{
    return view->id != 0 || fail_from(error, VIR_FROM_LIBXL, VIR_ERR_OPERATION_INVALID,
                                      "%s is the host and cannot be %s", view->name, verb);
}

gboolean check_active(const DomainView *view, GError **error)
{
    return view->id >= 0 || fail(error, VIR_ERR_OPERATION_INVALID, "domain is not running");
}

gboolean check_persistent(const DomainView *view, GError **error)
{
    return view->persistent || fail(error, VIR_ERR_OPERATION_INVALID,
                                    "transient domains do not have any persistent config");
}

gboolean resolve_impact(const DomainView *view, guint32 *flags, GError **error)
{
    guint32 impact = *flags & (AFFECT_LIVE | AFFECT_CONFIG);

    if (impact == AFFECT_CURRENT)
        impact = view->id >= 0 ? AFFECT_LIVE : AFFECT_CONFIG;
    if ((impact & AFFECT_LIVE) && !check_active(view, error))
        return FALSE;
    if ((impact & AFFECT_CONFIG) && !check_persistent(view, error))
        return FALSE;
    *flags = impact;
    return TRUE;
}

/* Resolves as well, to the one definition that is asked for. */
static const DomainDef *affected_def(const DomainView *view, guint32 *flags, GError **error)
{
    if ((*flags & AFFECT_LIVE) && (*flags & AFFECT_CONFIG)) {
        fail(error, VIR_ERR_INVALID_ARG,
             "live and persistent configuration cannot be asked for together");
        return NULL;
    }
    if (!resolve_impact(view, flags, error))
        return NULL;
    return definition_def(*flags & AFFECT_LIVE ? view->live : view->config);
}

const DomainDef *call_affected_def(const RpcCall *call, guint32 *flags, DomainView *ret_view,
                                   GError **error)
{
    if (!check_flags(call, *flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !call_view(call, ret_view, error))
        return NULL;
    return affected_def(ret_view, flags, error);
}

/* By libvirt's schema where it is installed. It names an element around the wrong one; what our own
 * tables do not know is said first. */
static gboolean validate_definition(const char *xml, GError **error)
{
    g_autoptr(GError) invalid = NULL, unknown = NULL;

    if (schema_validate(DOMAIN_SCHEMA, xml, &invalid))
        return TRUE;
    g_autoptr(DomainDef) def =
        domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE | DOMAIN_XML_PARSE_VALIDATE, &unknown);
    if (def != NULL || !g_error_matches(unknown, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_SCHEMA)) {
        g_propagate_error(error, g_steal_pointer(&invalid));
        return FALSE;
    }
    return fail(error, VIR_ERR_XML_INVALID_SCHEMA, "%s\n%s", unknown->message, invalid->message);
}

static DomainDef *parse_valid(const char *xml, GError **error)
{
    g_autoptr(GError) wrong = NULL;
    g_autoptr(DomainDef) def = NULL;

    if (!schema_is_there(DOMAIN_SCHEMA))
        return domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE | DOMAIN_XML_PARSE_VALIDATE, error);
    def = domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &wrong);
    /* A document that is none is not for the schema. */
    if ((def != NULL || !g_error_matches(wrong, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_DETAIL)) &&
        !validate_definition(xml, error))
        return NULL;
    if (def == NULL)
        g_propagate_error(error, g_steal_pointer(&wrong));
    return g_steal_pointer(&def);
}

Definition *parse_definition(DomainRegistry *registry, const char *xml, gboolean validate,
                             GError **error)
{
    g_autoptr(DomainDef) def = validate ? parse_valid(xml, error)
                                        : domain_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);

    if (def == NULL ||
        !domain_def_complete(def, domain_registry_xml_caps(registry), random_fill, error))
        return NULL;
    return definition_new(g_steal_pointer(&def));
}

static Definition *changed(Definition *definition, DefChange change, gpointer data)
{
    DomainDef *def = domain_def_dup(definition_def(definition));

    change(def, data);
    return definition_new(def);
}

gboolean change_definitions(DomainRegistry *registry, Domain *domain, guint32 flags,
                            DefChange change, gpointer data, GError **error)
{
    g_auto(DomainView) view = { 0 };

    domain_get_view(registry, domain, &view);
    if ((flags & AFFECT_CONFIG) &&
        !domain_registry_set_config(registry, domain, changed(view.config, change, data), error))
        return FALSE;
    return !(flags & AFFECT_LIVE) ||
           domain_registry_set_live(registry, domain, changed(view.live, change, data), error);
}
