/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory and NUMA parameters. They are of the definition: what it says is what the domain's control
 * groups are given when it starts, and what they are given when it is changed while the domain
 * runs.
 */
#include <kxl-vcpu.h>
#include <string.h>

#include "tune.h"

#define UNLIMITED_KIB G_GUINT64_CONSTANT(9007199254740991) /* VIR_DOMAIN_MEMORY_PARAM_UNLIMITED */

gboolean tune_get(RpcCall *call, ParamsFill fill, GError **error)
{
    guint32 flags = call->args[2].u & ~TYPED_PARAM_STRING_OKAY;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def = call_affected_def(call, &flags, &view, error);

    return def != NULL && params_reply(call, call->args[1].i, fill, (gpointer)def, error);
}

gboolean tune_live(const Kanzend *kanzend, const DomainView *view, LimitsChange live,
                   const XdrValue *list, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_get_config(kanzend->host, view->id, error);

    return config != NULL && live(config, list, error) &&
           kxl_domain_set_limits(kanzend->host, view->id, config, error);
}

gboolean tune_set(RpcCall *call, const ParamRule *rules, guint n_rules, DefChange change,
                  LimitsChange live, GError **error)
{
    const Kanzend *kanzend = call->app;
    gpointer list = (gpointer)&call->args[1];
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };

    return check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) &&
           params_check(list, rules, n_rules, error) && call_job(call, "tuned", &view, error) &&
           resolve_impact(&view, &flags, error) &&
           (!(flags & AFFECT_LIVE) || tune_live(kanzend, &view, live, list, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change, list, error);
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
    return tune_get(call, fill_memory, error);
}

/* By memory_rules. 0: no limit. */
static void take_memory(const XdrValue *list, guint64 *const *slots)
{
    for (guint i = 0; i < G_N_ELEMENTS(memory_rules); i++) {
        const XdrValue *value = params_find(list, memory_rules[i].name);

        if (value != NULL)
            *slots[i] = value->t >= UNLIMITED_KIB ? 0 : value->t;
    }
}

static void change_memory(DomainDef *def, gpointer data)
{
    guint64 *slots[G_N_ELEMENTS(memory_rules)];

    if (def->memtune == NULL)
        def->memtune = g_new0(DomainMemtune, 1);
    slots[0] = &def->memtune->hard_limit_kib;
    slots[1] = &def->memtune->soft_limit_kib;
    slots[2] = &def->memtune->swap_hard_limit_kib;
    take_memory(data, slots);
}

static gboolean limit_memory(KxlDomainConfig *config, const XdrValue *list, GError **error)
{
    guint64 *slots[G_N_ELEMENTS(memory_rules)] = {
        &config->limits.mem_hard_kb,
        &config->limits.mem_soft_kb,
        &config->limits.swap_hard_kb,
    };

    take_memory(list, slots);
    return TRUE;
}

/* Memory and swap together are no less than memory. */
static gboolean check_memory(RpcCall *call, GError **error)
{
    const XdrValue *hard = params_find(&call->args[1], "hard_limit");
    const XdrValue *both = params_find(&call->args[1], "swap_hard_limit");

    return hard == NULL || both == NULL || hard->t <= both->t ||
           fail(error, VIR_ERR_INVALID_ARG,
                "hard_limit %" G_GUINT64_FORMAT
                " KiB is more than swap_hard_limit %" G_GUINT64_FORMAT
                " KiB, which counts memory too",
                hard->t, both->t);
}

gboolean on_domain_set_memory_parameters(RpcCall *call, GError **error)
{
    return params_check(&call->args[1], memory_rules, G_N_ELEMENTS(memory_rules), error) &&
           check_memory(call, error) &&
           tune_set(call, memory_rules, G_N_ELEMENTS(memory_rules), change_memory, limit_memory,
                    error);
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
    return tune_get(call, fill_numa, error);
}

static void change_numa(DomainDef *def, gpointer data)
{
    const XdrValue *mode = params_find(data, "numa_mode");
    const char *nodes = params_find_string(data, "numa_nodeset");

    if (def->numatune == NULL)
        def->numatune = domain_numatune_new();
    if (mode != NULL) {
        g_free(def->numatune->mode);
        def->numatune->mode = g_strdup(numa_modes[mode->i]);
    }
    if (nodes != NULL) {
        g_free(def->numatune->nodeset);
        def->numatune->nodeset = *nodes != '\0' ? g_strdup(nodes) : NULL;
    }
}

/* The policy is settled at the start, and only a strict one says where all of the memory is. */
static gboolean move_memory(KxlDomainConfig *config, const XdrValue *list, GError **error)
{
    const char *is = config->memory.mode != NULL ? config->memory.mode : numa_modes[0];
    const XdrValue *mode = params_find(list, "numa_mode");
    const char *nodes = params_find_string(list, "numa_nodeset");

    if (mode != NULL && strcmp(numa_modes[mode->i], is) != 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "the NUMA mode of a running domain cannot be changed");
    if (nodes == NULL || *nodes == '\0')
        return TRUE;
    if (strcmp(is, "strict") != 0 && strcmp(is, "restrictive") != 0)
        return fail(error, VIR_ERR_OPERATION_INVALID,
                    "the NUMA nodes of a running domain can be changed in strict mode only");
    if (strchr(nodes, '^') != NULL)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "nodeset '%s': a running domain's is a list of nodes, without '^'", nodes);
    g_free(config->memory.nodes);
    config->memory.nodes = g_strdup(nodes);
    return TRUE;
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
    return tune_set(call, rules, G_N_ELEMENTS(rules), change_numa, move_memory, error);
}
