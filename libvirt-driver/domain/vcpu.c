/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many virtual processors a domain has. */
#include <kxl-vcpu.h>
#include <number-set.h>

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
    gboolean maximum = call->args[1].u & VCPU_MAXIMUM;
    guint32 flags = call->args[1].u & ~(guint32)VCPU_MAXIMUM;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def = call_affected_def(call, &flags, &view, error);
    guint n;

    if (def == NULL)
        return FALSE;
    n = vcpus_of(def, maximum);
    if ((flags & AFFECT_LIVE) && !maximum) {
        info = kxl_domain_get_info(kanzend->host, view.id, error);
        if (info == NULL)
            return FALSE;
        n = info->vcpus_online;
    }
    xdr_put_i32(call->ret, (gint32)n);
    return TRUE;
}

/* ---- changing ---- */

/* Where each is described, that is what counts when the definition is read again. */
static void change_current(DomainDef *def, gpointer data)
{
    guint n = *(guint *)data;

    def->vcpus_current = n;
    for (guint i = 0; i < def->vcpus->len; i++) {
        DomainVcpu *vcpu = def->vcpus->pdata[i];

        g_free(vcpu->enabled);
        vcpu->enabled = g_strdup(vcpu->id < n ? "yes" : "no");
    }
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

/* ---- one by one ---- */

static gboolean read_map(const char *text, guint8 *map, GError **error)
{
    if (*text == '\0')
        return fail(error, VIR_ERR_INVALID_ARG, "no vcpus selected for modification");
    return number_set_read(text, map, KXL_MAX_VCPUS) ||
           fail(error, VIR_ERR_INVALID_ARG, "Invalid value '%s' for 'vcpumap'", text);
}

/* How many there are when those with a 1 in the map come, or go. A guest has the first ones of
 * those it may have: neither Xen nor hv knows which others it is asked for. */
static gboolean count_after(const guint8 *map, guint max, guint now, gboolean online, guint *ret_n,
                            GError **error)
{
    guint n = now;

    if (online)
        while (n < max && map[n])
            n++;
    else
        while (n > 0 && map[n - 1])
            n--;
    for (guint i = 0; i < KXL_MAX_VCPUS; i++) {
        if (!map[i])
            continue;
        if (i >= max)
            return fail(error, VIR_ERR_INVALID_ARG, "vcpu '%u' is not present in domain definition",
                        i);
        if (i == 0 && !online)
            return fail(error, VIR_ERR_INVALID_ARG, "vCPU '0' must be enabled");
        if (online ? i >= n : i < n)
            return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                        "vcpu '%u' alone: the first vCPUs are the enabled ones", i);
    }
    *ret_n = n;
    return TRUE;
}

static gboolean set_in_config(const Kanzend *kanzend, const DomainView *view, const guint8 *map,
                              gboolean online, GError **error)
{
    const DomainDef *def = definition_def(view->config);
    guint n;

    return count_after(map, vcpus_of(def, TRUE), vcpus_of(def, FALSE), online, &n, error) &&
           change_definitions(kanzend->domains, view->domain, AFFECT_CONFIG, change_current, &n,
                              error);
}

static gboolean set_running(const Kanzend *kanzend, const DomainView *view, const guint8 *map,
                            gboolean online, GError **error)
{
    g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(kanzend->host, view->id, error);
    guint n;

    return info != NULL &&
           count_after(map, info->max_vcpus, info->vcpus_online, online, &n, error) &&
           (n == info->vcpus_online || kxl_domain_set_vcpus(kanzend->host, view->id, n, error)) &&
           change_definitions(kanzend->domains, view->domain, AFFECT_LIVE, change_current, &n,
                              error);
}

gboolean on_domain_set_vcpu(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    gint32 state = call->args[2].i;
    guint32 flags = call->args[3].u;
    guint8 map[KXL_MAX_VCPUS];
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error))
        return FALSE;
    if (state != 0 && state != 1)
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported state value");
    return read_map(call->args[1].str, map, error) &&
           call_job(call, "given other vCPUs", &view, error) &&
           resolve_impact(&view, &flags, error) &&
           (!(flags & AFFECT_LIVE) || set_running(kanzend, &view, map, state == 1, error)) &&
           (!(flags & AFFECT_CONFIG) || set_in_config(kanzend, &view, map, state == 1, error));
}
