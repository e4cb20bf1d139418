/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a domain is and does: reading only. */
#include "cpu/cpu-update.h"
#include "handler.h"
#include "memory-device.h"

#include <string.h>

enum { XML_SECURE = 1, XML_INACTIVE = 2, XML_UPDATE_CPU = 4, XML_MIGRATABLE = 8 };

/* Of a running domain: what its definition does not tell, for its guest changes it. */
static gboolean must_ask(const DomainView *view, Definition *definition,
                         DomainXmlFormatFlags format)
{
    return view->id >= 0 && !(format & DOMAIN_XML_FORMAT_INACTIVE) &&
           definition_brief(definition)->has_virtio_mem;
}

/* UPDATE_CPU: what host-model stands for here is said in full. */
static gboolean put_updated(RpcCall *call, const DomainView *view, Definition *definition,
                            DomainXmlFormatFlags format, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(DomainDef) updated = domain_def_dup(definition_def(definition));

    if ((call->args[1].u & XML_UPDATE_CPU) && !cpu_update(kanzend->cpus, updated, error))
        return FALSE;
    if (must_ask(view, definition, format))
        memory_device_tell_current(kanzend->host, view->id, updated);
    g_autofree char *xml = domain_def_format(updated, format);
    xdr_put_string(call->ret, xml);
    return TRUE;
}

/* Which definition, and how it is written. */
static Definition *choose_text(const DomainView *view, guint32 flags, DomainXmlFormatFlags *format)
{
    *format = DOMAIN_XML_FORMAT_ACTUAL;
    /* Where it is to run next it gets new taps, ttys and ports: they are not for a destination. */
    if ((flags & (XML_INACTIVE | XML_MIGRATABLE)) || view->id < 0)
        *format = DOMAIN_XML_FORMAT_INACTIVE;
    if (flags & XML_SECURE)
        *format |= DOMAIN_XML_FORMAT_SECURE;
    return (flags & XML_INACTIVE) && view->config != NULL ? view->config
                                                          : domain_view_current(view);
}

gboolean domains_settled(const RpcCall *call)
{
    const Kanzend *kanzend = call->app;

    return domain_registry_is_settled(kanzend->domains);
}

gboolean domain_xml_is_made(const RpcCall *call)
{
    g_auto(DomainView) view = { 0 };
    DomainXmlFormatFlags format;
    Definition *definition;

    if (!domains_settled(call) || !call_view(call, &view, NULL))
        return FALSE;
    definition = choose_text(&view, call->args[1].u, &format);
    return !(call->args[1].u & XML_UPDATE_CPU) && definition_has_xml(definition, format) &&
           !must_ask(&view, definition, format);
}

gboolean on_domain_get_xml_desc(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    guint32 flags = call->args[1].u;
    DomainXmlFormatFlags format;
    Definition *definition;

    if (!check_flags(call, flags, XML_SECURE | XML_INACTIVE | XML_UPDATE_CPU | XML_MIGRATABLE,
                     error) ||
        !call_view(call, &view, error))
        return FALSE;
    definition = choose_text(&view, flags, &format);
    if ((flags & XML_UPDATE_CPU) || must_ask(&view, definition, format))
        return put_updated(call, &view, definition, format, error);
    xdr_put_string(call->ret, definition_xml(definition, format));
    return TRUE;
}

gboolean on_domain_get_state(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, call->args[1].u, 0, error) || !call_view(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.state);
    xdr_put_i32(call->ret, view.reason);
    return TRUE;
}

gboolean domain_is_shutoff(const RpcCall *call)
{
    g_auto(DomainView) view = { 0 };

    return domains_settled(call) && call_view(call, &view, NULL) && view.id < 0;
}

/* Of a running domain from libkxl, else from its definition. */
gboolean on_domain_get_info(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_autoptr(GError) failed = NULL;
    g_auto(DomainView) view = { 0 };
    const DefinitionBrief *brief;

    if (!call_view(call, &view, error))
        return FALSE;
    brief = definition_brief(domain_view_current(&view));
    if (view.id >= 0) {
        info = kxl_domain_get_info(kanzend->host, view.id, &failed);
        /* One that has just ended is told like one that does not run. */
        if (info == NULL && !g_error_matches(failed, KXL_ERROR, KXL_ERROR_NO_DOMAIN)) {
            g_propagate_error(error, g_steal_pointer(&failed));
            return FALSE;
        }
    }
    xdr_put_u32(call->ret, view.state);
    xdr_put_u64(call->ret, info != NULL ? info->max_memory_kb : brief->memory_kib);
    xdr_put_u64(call->ret, info != NULL ? info->memory_kb : brief->current_memory_kib);
    xdr_put_u32(call->ret, info != NULL ? info->vcpus_online : brief->vcpus);
    xdr_put_u64(call->ret, info != NULL ? info->cpu_time_ns : 0);
    return TRUE;
}

gboolean on_domain_get_os_type(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_string(call->ret, definition_def(domain_view_current(&view))->os_type);
    return TRUE;
}

gboolean on_domain_is_active(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.id >= 0);
    return TRUE;
}

gboolean on_domain_is_persistent(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.persistent);
    return TRUE;
}

static void forget_address(DomainGraphics *live, const DomainGraphics *config)
{
    if (config->listen == NULL)
        g_clear_pointer(&live->listen, g_free);
    for (guint i = 0; i < live->listens->len && i < config->listens->len; i++) {
        DomainListen *listen = live->listens->pdata[i];

        if (((const DomainListen *)config->listens->pdata[i])->address == NULL)
            g_clear_pointer(&listen->address, g_free);
    }
}

/* What was chosen for the machine that runs and the definition leaves open: the names of taps, the
 * addresses of displays. */
static void forget_chosen(DomainDef *live, const DomainDef *config)
{
    for (guint i = 0; i < live->interfaces->len && i < config->interfaces->len; i++) {
        DomainInterface *interface = live->interfaces->pdata[i];

        if (((const DomainInterface *)config->interfaces->pdata[i])->target == NULL)
            g_clear_pointer(&interface->target, g_free);
    }
    for (guint i = 0; i < live->graphics->len && i < config->graphics->len; i++)
        forget_address(live->graphics->pdata[i], config->graphics->pdata[i]);
}

/* Whether the next start will be of something else than what runs. */
static gboolean is_updated(const DomainView *view)
{
    const DomainXmlFormatFlags flags = DOMAIN_XML_FORMAT_SECURE | DOMAIN_XML_FORMAT_INACTIVE;
    g_autoptr(DomainDef) live = NULL;
    g_autofree char *text = NULL;

    if (view->live == NULL || view->config == NULL || view->live == view->config)
        return FALSE;
    live = domain_def_dup(definition_def(view->live));
    forget_chosen(live, definition_def(view->config));
    text = domain_def_format(live, flags);
    return strcmp(text, definition_stored_xml(view->config)) != 0;
}

gboolean on_domain_is_updated(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, is_updated(&view));
    return TRUE;
}

gboolean on_domain_get_autostart(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_i32(call->ret, view.autostart);
    return TRUE;
}
