/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Xen's credit scheduler, as far as the host's has it: the weight. The cap is always 0, "none". */
#include <kxl-vcpu.h>

#include "handler.h"
#include "params.h"

#define DEFAULT_WEIGHT 256u /* xl.cfg(5) */
#define MIN_WEIGHT     1u
#define MAX_WEIGHT     65535u

gboolean on_domain_get_scheduler_type(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };

    if (!call_view(call, &view, error))
        return FALSE;
    xdr_put_string(call->ret, "credit");
    xdr_put_i32(call->ret, 2);
    return TRUE;
}

static gboolean get(RpcCall *call, guint32 flags, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autoptr(KxlDomainConfig) config = NULL;
    const DomainDef *def;
    guint weight;
    Params params;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG | TYPED_PARAM_STRING_OKAY, error) ||
        !call_view(call, &view, error))
        return FALSE;
    flags &= AFFECT_LIVE | AFFECT_CONFIG;
    def = affected_def(&view, &flags, error);
    if (def == NULL)
        return FALSE;
    weight = def->cpu_shares;
    if ((flags & AFFECT_LIVE) && view.id > 0) {
        config = kxl_domain_get_config(kanzend->host, view.id, error);
        if (config == NULL)
            return FALSE;
        weight = config->cpu_weight;
    }
    params_begin(&params, call->ret, (guint)MAX(call->args[1].i, 0));
    params_add_uint(&params, "weight", weight != 0 ? weight : DEFAULT_WEIGHT);
    params_add_uint(&params, "cap", 0);
    params_end(&params);
    return TRUE;
}

gboolean on_domain_get_scheduler_parameters(RpcCall *call, GError **error)
{
    return get(call, AFFECT_CURRENT, error);
}

gboolean on_domain_get_scheduler_parameters_flags(RpcCall *call, GError **error)
{
    return get(call, call->args[2].u, error);
}

static void change_weight(DomainDef *def, gpointer data)
{
    def->cpu_shares = *(guint *)data;
}

static gboolean set(RpcCall *call, guint32 flags, GError **error)
{
    static const ParamRule rules[] = { { "weight", XDR_PARAM_UINT }, { "cap", XDR_PARAM_UINT } };
    const Kanzend *kanzend = call->app;
    const XdrValue *weight = params_find(&call->args[1], "weight");
    const XdrValue *cap = params_find(&call->args[1], "cap");
    g_auto(DomainView) view = { 0 };
    guint value;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !params_check(&call->args[1], rules, G_N_ELEMENTS(rules), error))
        return FALSE;
    if (cap != NULL && cap->u != 0)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "cap: limiting CPU time");
    if (!call_job(call, "given another weight", &view, error) ||
        !resolve_impact(&view, &flags, error))
        return FALSE;
    if (weight == NULL)
        return TRUE;
    value = weight->u;
    if (value < MIN_WEIGHT || value > MAX_WEIGHT)
        return fail(error, VIR_ERR_INVALID_ARG, "weight %u is not between %u and %u", value,
                    MIN_WEIGHT, MAX_WEIGHT);
    if ((flags & AFFECT_LIVE) && !kxl_domain_set_weight(kanzend->host, view.id, value, error))
        return FALSE;
    return change_definitions(kanzend->domains, view.domain, flags, change_weight, &value, error);
}

gboolean on_domain_set_scheduler_parameters(RpcCall *call, GError **error)
{
    return set(call, AFFECT_CURRENT, error);
}

gboolean on_domain_set_scheduler_parameters_flags(RpcCall *call, GError **error)
{
    return set(call, call->args[2].u, error);
}
