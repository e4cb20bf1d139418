/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory: its size now, at the next start, and at most. */
#include "handler.h"

#define MEM_MAXIMUM 4u /* VIR_DOMAIN_MEM_MAXIMUM */

static guint64 max_memory_kib(const DomainView *view)
{
    return definition_def(domain_view_current(view))->memory_kib;
}

gboolean on_domain_get_max_memory(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_u64(call->ret, max_memory_kib(&view));
    return TRUE;
}

/* ---- changing ---- */

static void change_current(DomainDef *def, gpointer data)
{
    def->current_memory_kib = *(guint64 *)data;
}

static void change_maximum(DomainDef *def, gpointer data)
{
    def->memory_kib = *(guint64 *)data;
    if (def->current_memory_kib > def->memory_kib)
        def->current_memory_kib = def->memory_kib;
}

static gboolean set_current(const Kanzend *kanzend, const DomainView *view, guint32 flags,
                            guint64 kib, GError **error)
{
    guint64 max = (flags & AFFECT_LIVE) ? definition_def(view->live)->memory_kib : G_MAXUINT64;

    if (flags & AFFECT_CONFIG)
        max = MIN(max, definition_def(view->config)->memory_kib);
    if (kib > max)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "cannot set memory higher than max memory (%" G_GUINT64_FORMAT
                    " KiB asked for, %" G_GUINT64_FORMAT " KiB at most)",
                    kib, max);
    if ((flags & AFFECT_LIVE) && !kxl_domain_set_memory_target(kanzend->host, view->id, kib, error))
        return FALSE;
    if (!change_definitions(kanzend->domains, view->domain, flags, change_current, &kib, error))
        return FALSE;
    if (flags & AFFECT_LIVE)
        domain_registry_sync(kanzend->domains, view->id);
    return TRUE;
}

static gboolean set_maximum(const Kanzend *kanzend, Domain *domain, guint32 flags, guint64 kib,
                            GError **error)
{
    if (flags & AFFECT_LIVE)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "the maximum memory of a running domain cannot be changed");
    return change_definitions(kanzend->domains, domain, flags, change_maximum, &kib, error);
}

static gboolean set_memory(RpcCall *call, guint64 kib, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    gboolean maximum = flags & MEM_MAXIMUM;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG | MEM_MAXIMUM, error))
        return FALSE;
    if (kib == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "memory in %s must not be zero", call->proc->api);
    if (!call_job(call, "given other memory", &view, error))
        return FALSE;
    return resolve_impact(&view, &flags, error) &&
           (maximum ? set_maximum(kanzend, view.domain, flags, kib, error)
                    : set_current(kanzend, &view, flags, kib, error));
}

gboolean on_domain_set_memory(RpcCall *call, GError **error)
{
    return set_memory(call, call->args[1].t, AFFECT_LIVE, error);
}

gboolean on_domain_set_memory_flags(RpcCall *call, GError **error)
{
    return set_memory(call, call->args[1].t, call->args[2].u, error);
}

gboolean on_domain_set_max_memory(RpcCall *call, GError **error)
{
    return set_memory(call, call->args[1].t, MEM_MAXIMUM, error);
}
