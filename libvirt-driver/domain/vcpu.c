/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many virtual processors a domain has. */
#include <kxl-vcpu.h>

#include "handler.h"

enum { VCPU_MAXIMUM = 4 }; /* virDomainVcpuFlags */

static guint vcpus_of(const DomainDef *def, gboolean maximum)
{
    return maximum || def->vcpus_current == 0 ? def->vcpus_max : def->vcpus_current;
}

gboolean on_domain_get_max_vcpus(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    if (!check_active(&view, error))
        return FALSE;
    xdr_put_i32(call->ret, (gint32)vcpus_of(definition_def(view.live), TRUE));
    return TRUE;
}

gboolean on_domain_get_vcpus_flags(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_auto(DomainView) view = { 0 };
    guint32 flags = call->args[1].u;
    const DomainDef *def;
    guint n;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG | VCPU_MAXIMUM, error) ||
        !call_view(call, &view, error))
        return FALSE;
    def = affected_def(&view, &flags, error);
    if (def == NULL)
        return FALSE;
    n = vcpus_of(def, call->args[1].u & VCPU_MAXIMUM);
    if ((flags & AFFECT_LIVE) && !(call->args[1].u & VCPU_MAXIMUM)) {
        info = kxl_domain_get_info(kanzend->host, view.id, error);
        if (info == NULL)
            return FALSE;
        n = info->vcpus_online;
    }
    xdr_put_i32(call->ret, (gint32)n);
    return TRUE;
}

/* ---- changing ---- */

static void change_current(DomainDef *def, gpointer data)
{
    def->vcpus_current = *(guint *)data;
}

static void change_maximum(DomainDef *def, gpointer data)
{
    def->vcpus_max = *(guint *)data;
    if (def->vcpus_current > def->vcpus_max)
        def->vcpus_current = def->vcpus_max;
}

static gboolean check_count(const DomainView *view, guint32 flags, guint n, gboolean maximum,
                            GError **error)
{
    guint max = KXL_MAX_VCPUS;

    if (maximum && (flags & AFFECT_LIVE))
        return fail(error, VIR_ERR_INVALID_ARG,
                    "maximum vcpu count of a live domain can't be modified");
    if (!maximum && (flags & AFFECT_LIVE))
        max = definition_def(view->live)->vcpus_max;
    if (!maximum && (flags & AFFECT_CONFIG))
        max = MIN(max, definition_def(view->config)->vcpus_max);
    if (n == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "nvcpus is zero");
    if (n > max)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "requested vcpus is greater than max allowable vcpus for the domain: %u > %u",
                    n, max);
    return TRUE;
}

static gboolean set_vcpus(RpcCall *call, guint n, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    gboolean maximum = flags & VCPU_MAXIMUM;

    return check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG | VCPU_MAXIMUM, error) &&
           call_job(call, "given other vCPUs", &view, error) &&
           resolve_impact(&view, &flags, error) && check_count(&view, flags, n, maximum, error) &&
           (!(flags & AFFECT_LIVE) || kxl_domain_set_vcpus(kanzend->host, view.id, n, error)) &&
           change_definitions(kanzend->domains, view.domain, flags,
                              maximum ? change_maximum : change_current, &n, error);
}

gboolean on_domain_set_vcpus(RpcCall *call, GError **error)
{
    return set_vcpus(call, call->args[1].u, AFFECT_LIVE, error);
}

gboolean on_domain_set_vcpus_flags(RpcCall *call, GError **error)
{
    return set_vcpus(call, call->args[1].u, call->args[2].u, error);
}
