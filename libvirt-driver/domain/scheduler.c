/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Xen's credit scheduler, as the host's has it: the weight is a nice value, the cap, percent of one
 * CPU, the quota of the domain's control group. */
#include <kxl-vcpu.h>

#include "tune.h"

#define DEFAULT_WEIGHT 256u /* xl.cfg(5) */
#define MIN_WEIGHT     1u
#define MAX_WEIGHT     65535u
#define MAX_CAP        65535u
/* Documentation/scheduler/sched-bwc.rst; a definition may have another. */
#define PERIOD_US 100000u

gboolean on_domain_get_scheduler_type(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_string(call->ret, "credit");
    xdr_put_i32(call->ret, 2);
    return TRUE;
}

static guint percent(guint64 period_us, gint64 quota_us)
{
    return quota_us > 0
               ? (guint)MIN((guint64)quota_us * 100 / (period_us != 0 ? period_us : PERIOD_US),
                            MAX_CAP)
               : 0;
}

static guint defined_cap(const DomainDef *def)
{
    const DomainBandwidthLimit *all = &def->cputune.global;

    return percent(all->period != NULL ? g_ascii_strtoull(all->period, NULL, 10) : 0,
                   all->quota != NULL ? g_ascii_strtoll(all->quota, NULL, 10) : 0);
}

/* xl.cfg's cap= has no place in a definition. */
static guint running_cap(const KxlDomainConfig *config)
{
    const KxlBandwidth *all = &config->limits.global;

    return all->period != 0 || all->quota != 0 ? percent(all->period, all->quota) : config->cpu_cap;
}

static gboolean get(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autoptr(KxlDomainConfig) config = NULL;
    const DomainDef *def = call_affected_def(call, &flags, &view, error);
    guint weight, cap;
    Params params;

    if (def == NULL)
        return FALSE;
    weight = def->cpu_shares;
    cap = defined_cap(def);
    if ((flags & AFFECT_LIVE) && view.id > 0) {
        config = kxl_domain_get_config(kanzend->host, view.id, error);
        if (config == NULL)
            return FALSE;
        weight = config->cpu_weight;
        cap = running_cap(config);
    }
    params_begin(&params, call->ret, (guint)MAX(call->args[1].i, 0));
    params_add_uint(&params, "weight", weight != 0 ? weight : DEFAULT_WEIGHT);
    params_add_uint(&params, "cap", cap);
    params_end(&params);
    return TRUE;
}

gboolean on_domain_get_scheduler_parameters(RpcCall *call, GError **error)
{
    return get(call, AFFECT_CURRENT, error);
}

gboolean on_domain_get_scheduler_parameters_flags(RpcCall *call, GError **error)
{
    return get(call, call->args[2].u & ~TYPED_PARAM_STRING_OKAY, error);
}

static void change_weight(DomainDef *def, gpointer data)
{
    def->cpu_shares = *(guint *)data;
}

static void change_cap(DomainDef *def, gpointer list)
{
    DomainBandwidthLimit *all = &def->cputune.global;
    guint cap = params_find(list, "cap")->u;

    g_clear_pointer(&all->period, g_free);
    g_clear_pointer(&all->quota, g_free);
    if (cap != 0)
        all->quota = g_strdup_printf("%u", cap * (PERIOD_US / 100));
}

static gboolean limit_cap(KxlDomainConfig *config, const XdrValue *list, GError **error)
{
    config->cpu_cap = params_find(list, "cap")->u;
    config->limits.global = (KxlBandwidth){ 0 };
    return TRUE;
}

static gboolean set_weight(const Kanzend *kanzend, const DomainView *view, guint32 flags,
                           guint weight, GError **error)
{
    return (!(flags & AFFECT_LIVE) ||
            kxl_domain_set_weight(kanzend->host, view->id, weight, error)) &&
           change_definitions(kanzend->domains, view->domain, flags, change_weight, &weight, error);
}

static gboolean set_cap(const Kanzend *kanzend, const DomainView *view, guint32 flags,
                        const XdrValue *list, GError **error)
{
    return (!(flags & AFFECT_LIVE) || tune_live(kanzend, view, limit_cap, list, error)) &&
           change_definitions(kanzend->domains, view->domain, flags, change_cap, (gpointer)list,
                              error);
}

static gboolean set(RpcCall *call, guint32 flags, GError **error)
{
    static const ParamRule rules[] = { { "weight", XDR_PARAM_UINT }, { "cap", XDR_PARAM_UINT } };
    const Kanzend *kanzend = call->app;
    const XdrValue *list = &call->args[1];
    const XdrValue *weight, *cap;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !params_check(list, rules, G_N_ELEMENTS(rules), error) ||
        !call_job(call, "given another weight", &view, error) ||
        !resolve_impact(&view, &flags, error))
        return FALSE;
    weight = params_find(list, "weight");
    cap = params_find(list, "cap");
    if (weight != NULL && (weight->u < MIN_WEIGHT || weight->u > MAX_WEIGHT))
        return fail(error, VIR_ERR_INVALID_ARG, "weight %u is not between %u and %u", weight->u,
                    MIN_WEIGHT, MAX_WEIGHT);
    if (cap != NULL && cap->u > MAX_CAP)
        return fail(error, VIR_ERR_INVALID_ARG, "cap %u is not between 0 and %u", cap->u, MAX_CAP);
    return (weight == NULL || set_weight(kanzend, &view, flags, weight->u, error)) &&
           (cap == NULL || set_cap(kanzend, &view, flags, list, error));
}

gboolean on_domain_set_scheduler_parameters(RpcCall *call, GError **error)
{
    return set(call, AFFECT_CURRENT, error);
}

gboolean on_domain_set_scheduler_parameters_flags(RpcCall *call, GError **error)
{
    return set(call, call->args[2].u, error);
}
