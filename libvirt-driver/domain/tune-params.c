/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory, block I/O and NUMA parameters. They are of the definition: what it says is what the
 * domain's control groups are given when it starts. Those of a running domain can be read; changing
 * them there is refused.
 */
#include <string.h>

#include "handler.h"
#include "params.h"

#define UNLIMITED_KIB G_GUINT64_CONSTANT(9007199254740991) /* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */

static gboolean get(RpcCall *call, ParamsFill fill, GError **error)
{
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG | TYPED_PARAM_STRING_OKAY, error) ||
        !call_view(call, &view, error))
        return FALSE;
    flags &= AFFECT_LIVE | AFFECT_CONFIG;
    def = affected_def(&view, &flags, error);
    return def != NULL && params_reply(call, call->args[1].i, fill, (gpointer)def, error);
}

static gboolean set(RpcCall *call, const ParamRule *rules, guint n_rules, DefChange change,
                    GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !params_check(&call->args[1], rules, n_rules, error) ||
        !call_job(call, "tuned", &view, error) || !resolve_impact(&view, &flags, error))
        return FALSE;
    if (flags & AFFECT_LIVE)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "the control groups of a running domain are not changed; use --config");
    return change_definitions(kanzend->domains, view.domain, flags, change,
                              (gpointer)&call->args[1], error);
}

/* ---- memory ---- */

static const ParamRule memory_rules[] = {
    { "hard_limit", XDR_PARAM_ULLONG },
    { "soft_limit", XDR_PARAM_ULLONG },
    { "swap_hard_limit", XDR_PARAM_ULLONG },
};

static guint64 limit(const guint64 *kib)
{
    return kib != NULL && *kib != 0 ? *kib : UNLIMITED_KIB;
}

static void fill_memory(Params *params, gpointer data)
{
    const DomainMemtune *tune = ((const DomainDef *)data)->memtune;

    params_add_ullong(params, "hard_limit", limit(tune != NULL ? &tune->hard_limit_kib : NULL));
    params_add_ullong(params, "soft_limit", limit(tune != NULL ? &tune->soft_limit_kib : NULL));
    params_add_ullong(params, "swap_hard_limit",
                      limit(tune != NULL ? &tune->swap_hard_limit_kib : NULL));
}

gboolean on_domain_get_memory_parameters(RpcCall *call, GError **error)
{
    return get(call, fill_memory, error);
}

static void change_memory(DomainDef *def, gpointer data)
{
    guint64 *slots[G_N_ELEMENTS(memory_rules)];

    if (def->memtune == NULL)
        def->memtune = g_new0(DomainMemtune, 1);
    slots[0] = &def->memtune->hard_limit_kib;
    slots[1] = &def->memtune->soft_limit_kib;
    slots[2] = &def->memtune->swap_hard_limit_kib;
    for (guint i = 0; i < G_N_ELEMENTS(memory_rules); i++) {
        const XdrValue *value = params_find(data, memory_rules[i].name);

        if (value != NULL)
            *slots[i] = value->t >= UNLIMITED_KIB ? 0 : value->t;
    }
}

gboolean on_domain_set_memory_parameters(RpcCall *call, GError **error)
{
    return set(call, memory_rules, G_N_ELEMENTS(memory_rules), change_memory, error);
}

/* ---- block I/O ---- */

static const ParamRule blkio_rules[] = { { "weight", XDR_PARAM_UINT } };

static void fill_blkio(Params *params, gpointer data)
{
    const DomainBlkiotune *tune = ((const DomainDef *)data)->blkiotune;

    params_add_uint(params, "weight", tune != NULL ? tune->weight : 0);
}

gboolean on_domain_get_blkio_parameters(RpcCall *call, GError **error)
{
    return get(call, fill_blkio, error);
}

static void change_blkio(DomainDef *def, gpointer data)
{
    const XdrValue *weight = params_find(data, "weight");

    if (weight == NULL)
        return;
    if (def->blkiotune == NULL) {
        def->blkiotune = g_new0(DomainBlkiotune, 1);
        def->blkiotune->devices = g_ptr_array_new();
    }
    def->blkiotune->weight = weight->u;
}

gboolean on_domain_set_blkio_parameters(RpcCall *call, GError **error)
{
    const XdrValue *weight = params_find(&call->args[1], "weight");

    if (weight != NULL && (weight->u < 10 || weight->u > 1000))
        return fail(error, VIR_ERR_INVALID_ARG,
                    "Value of blkiotune 'weight' must be in range "
                    "[10, 1000]");
    return set(call, blkio_rules, G_N_ELEMENTS(blkio_rules), change_blkio, error);
}

/* ---- NUMA: where the host's memory comes from ---- */

/* By virDomainNumatuneMemMode. */
static const char *const numa_modes[] = { "strict", "preferred", "interleave", "restrictive" };

static void fill_numa(Params *params, gpointer data)
{
    const DomainNumatune *tune = ((const DomainDef *)data)->numatune;
    gint32 mode = 0;

    for (guint i = 0; tune != NULL && i < G_N_ELEMENTS(numa_modes); i++) {
        if (g_strcmp0(tune->mode, numa_modes[i]) == 0)
            mode = (gint32)i;
    }
    params_add_int(params, "numa_mode", mode);
    params_add_string(params, "numa_nodeset",
                      tune != NULL && tune->nodeset != NULL ? tune->nodeset : "");
}

gboolean on_domain_get_numa_parameters(RpcCall *call, GError **error)
{
    return get(call, fill_numa, error);
}

static void change_numa(DomainDef *def, gpointer data)
{
    const XdrValue *mode = params_find(data, "numa_mode");
    const char *nodes = params_find_string(data, "numa_nodeset");

    if (def->numatune == NULL) {
        def->numatune = g_new0(DomainNumatune, 1);
        def->numatune->memnodes = g_ptr_array_new();
    }
    if (mode != NULL) {
        g_free(def->numatune->mode);
        def->numatune->mode = g_strdup(numa_modes[mode->i]);
    }
    if (nodes != NULL) {
        g_free(def->numatune->nodeset);
        def->numatune->nodeset = *nodes != '\0' ? g_strdup(nodes) : NULL;
    }
}

gboolean on_domain_set_numa_parameters(RpcCall *call, GError **error)
{
    static const ParamRule rules[] = { { "numa_mode", XDR_PARAM_INT },
                                       { "numa_nodeset", XDR_PARAM_STRING } };
    const char *nodes = params_find_string(&call->args[1], "numa_nodeset");
    const XdrValue *mode;

    if (!params_check(&call->args[1], rules, G_N_ELEMENTS(rules), error))
        return FALSE;
    mode = params_find(&call->args[1], "numa_mode");
    if (mode != NULL && (mode->i < 0 || mode->i >= (gint32)G_N_ELEMENTS(numa_modes)))
        return fail(error, VIR_ERR_INVALID_ARG, "unsupported numatune mode: '%d'", mode->i);
    if (nodes != NULL && strspn(nodes, "0123456789,-^") != strlen(nodes))
        return fail(error, VIR_ERR_INVALID_ARG, "Invalid nodeset of 'numatune': %s", nodes);
    return set(call, rules, G_N_ELEMENTS(rules), change_numa, error);
}
