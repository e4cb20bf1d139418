/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* I/O threads of a domain: those that run, those of its definition, where they may run. */
#include <kxl-guest.h>
#include <sched.h>
#include <string.h>

#include "cpu-bits.h"
#include "handler.h"
#include "params.h"

/* Numbers are the definition's own; QEMU's are as many as one can name. */
#define IOTHREAD_MAX 65536u

/* ---- asking ---- */

static void put_map(RpcCall *call, const cpu_set_t *set, guint n_cpus)
{
    guint len = (n_cpus + 7) / 8;
    g_autofree guint8 *map = g_malloc0(len);

    for (guint cpu = 0; cpu < n_cpus; cpu++) {
        if (CPU_ISSET(cpu, set))
            map[cpu / 8] |= (guint8)(1u << cpu % 8);
    }
    xdr_put_opaque(call->ret, map, len);
}

static gboolean put_running(RpcCall *call, const DomainView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GArray) threads = kxl_domain_threads(kanzend->host, view->id, error);
    guint count, n = 0, n_cpus = host_cpus();

    if (threads == NULL)
        return FALSE;
    count = xdr_put_count(call->ret);
    for (guint i = 0; i < threads->len; i++) {
        const KxlThread *thread = &g_array_index(threads, KxlThread, i);
        cpu_set_t set;

        if (thread->kind != KXL_THREAD_IO)
            continue;
        CPU_ZERO(&set);
        sched_getaffinity(thread->tid, sizeof set, &set);
        xdr_put_u32(call->ret, (guint32)thread->id);
        put_map(call, &set, n_cpus);
        n++;
    }
    xdr_set_u32(call->ret, count, n);
    xdr_put_u32(call->ret, n);
    return TRUE;
}

/* Those with a number of their own; the rest take the numbers that are free. */
static gboolean has_id(const DomainDef *def, guint id)
{
    for (guint i = 0; i < def->iothread_ids->len; i++) {
        if (((const DomainIothread *)def->iothread_ids->pdata[i])->id == id)
            return TRUE;
    }
    return FALSE;
}

/* Whether one of the domain's threads has that number. */
static gboolean is_defined(const DomainDef *def, guint id)
{
    guint unnamed = def->iothreads - MIN(def->iothreads, def->iothread_ids->len);

    if (has_id(def, id))
        return TRUE;
    for (guint other = 1; other < id && unnamed > 0; other++)
        unnamed -= !has_id(def, other);
    return id > 0 && unnamed > 0;
}

static DomainIothreadPin *find_pin(const DomainDef *def, guint id)
{
    for (guint i = 0; i < def->cputune.iothread_pins->len; i++) {
        DomainIothreadPin *pin = def->cputune.iothread_pins->pdata[i];

        if (pin->iothread == id)
            return pin;
    }
    return NULL;
}

static gboolean put_defined(RpcCall *call, const DomainDef *def)
{
    guint maplen = (host_cpus() + 7) / 8, count = xdr_put_count(call->ret), n = 0;
    g_autofree guint8 *map = g_malloc0(maplen);

    for (guint id = 1; n < def->iothreads && id < IOTHREAD_MAX; id++) {
        const DomainIothreadPin *pin = find_pin(def, id);

        if (!is_defined(def, id))
            continue;
        cpu_bits_from_text(map, maplen, pin != NULL ? pin->cpuset : NULL);
        xdr_put_u32(call->ret, id);
        xdr_put_opaque(call->ret, map, maplen);
        n++;
    }
    xdr_set_u32(call->ret, count, n);
    xdr_put_u32(call->ret, n);
    return TRUE;
}

gboolean on_domain_get_iothread_info(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def;

    def = call_affected_def(call, &flags, &view, error);
    if (def == NULL)
        return FALSE;
    return flags & AFFECT_LIVE ? put_running(call, &view, error) : put_defined(call, def);
}

/* ---- pinning ---- */

typedef struct {
    guint id;
    const char *cpus;
} Pinning;

static void change_pin(DomainDef *def, gpointer data)
{
    const Pinning *pinning = data;
    DomainIothreadPin *pin = find_pin(def, pinning->id);

    if (pin == NULL) {
        pin = g_new0(DomainIothreadPin, 1);
        pin->iothread = pinning->id;
        g_ptr_array_add(def->cputune.iothread_pins, pin);
    }
    g_free(pin->cpuset);
    pin->cpuset = g_strdup(pinning->cpus);
}

gboolean on_domain_pin_iothread(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 id = call->args[1].u, flags = call->args[3].u;
    g_autofree char *cpus = cpu_bits_to_text(call->args[2].bytes, call->args[2].len, error);
    Pinning pinning = { id, cpus };
    g_auto(DomainView) view = { 0 };

    if (cpus == NULL || !check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !call_job(call, "pinned", &view, error) || !resolve_impact(&view, &flags, error))
        return FALSE;
    if ((flags & AFFECT_CONFIG) && !is_defined(definition_def(view.config), id))
        return fail(error, VIR_ERR_INVALID_ARG, "iothread %u not found", id);
    return (!(flags & AFFECT_LIVE) ||
            kxl_domain_pin_threads(kanzend->host, view.id, KXL_THREAD_IO, (int)id, cpus, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change_pin, &pinning, error);
}

/* ---- more and fewer ---- */

static gboolean live_command(RpcCall *call, const DomainView *view, const char *command, guint id,
                             GError **error)
{
    const Kanzend *kanzend = call->app;
    gboolean add = *command == 'a';
    g_autofree char *text =
        g_strdup_printf("{\"execute\":\"object-%s\",\"arguments\":{%s\"id\":\"iothread%u\"}}",
                        command, add ? "\"qom-type\":\"iothread\"," : "", id);
    g_autofree char *answer =
        kxl_domain_monitor_command(kanzend->host, view->id, text, FALSE, error);

    return answer != NULL;
}

static void add_thread(DomainDef *def, gpointer data)
{
    DomainIothread *thread = g_new0(DomainIothread, 1);

    thread->id = *(guint *)data;
    thread->pool_min = thread->pool_max = -1;
    g_ptr_array_add(def->iothread_ids, thread);
    def->iothreads++;
}

static void del_thread(DomainDef *def, gpointer data)
{
    for (guint i = 0; i < def->iothread_ids->len; i++) {
        if (((const DomainIothread *)def->iothread_ids->pdata[i])->id == *(guint *)data) {
            g_ptr_array_remove_index(def->iothread_ids, i);
            def->iothreads--;
            return;
        }
    }
}

static gboolean change(RpcCall *call, gboolean add, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint id = call->args[1].u;
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };
    const DomainDef *defs[2];

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error))
        return FALSE;
    if (id == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "invalid value of 0 for iothread_id");
    if (!call_job(call, "given I/O threads", &view, error) || !resolve_impact(&view, &flags, error))
        return FALSE;
    defs[0] = flags & AFFECT_LIVE ? definition_def(view.live) : NULL;
    defs[1] = flags & AFFECT_CONFIG ? definition_def(view.config) : NULL;
    for (guint i = 0; i < G_N_ELEMENTS(defs); i++) {
        if (defs[i] != NULL && has_id(defs[i], id) == add)
            return fail(error, VIR_ERR_INVALID_ARG,
                        add ? "an IOThread is already using iothread_id '%u'"
                            : "cannot find IOThread '%u'",
                        id);
    }
    return (!(flags & AFFECT_LIVE) || live_command(call, &view, add ? "add" : "del", id, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, add ? add_thread : del_thread,
                              &id, error);
}

gboolean on_domain_add_iothread(RpcCall *call, GError **error)
{
    return change(call, TRUE, error);
}

gboolean on_domain_del_iothread(RpcCall *call, GError **error)
{
    return change(call, FALSE, error);
}

/* ---- how they poll, and how many help them ---- */

/* libvirt's names and QEMU's. */
static const struct {
    const char *name, *property;
    XdrParamType type;
} parameters[] = {
    { "poll_max_ns", "poll-max-ns", XDR_PARAM_ULLONG },
    { "poll_grow", "poll-grow", XDR_PARAM_UINT },
    { "poll_shrink", "poll-shrink", XDR_PARAM_UINT },
    { "thread_pool_min", "thread-pool-min", XDR_PARAM_INT },
    { "thread_pool_max", "thread-pool-max", XDR_PARAM_INT },
};
enum { POOL_MIN = 3, POOL_MAX = 4 };

static gint64 number_of(const XdrValue *value, XdrParamType type)
{
    switch (type) {
    case XDR_PARAM_ULLONG:
        return (gint64)value->t;
    case XDR_PARAM_UINT:
        return value->u;
    default:
        return value->i;
    }
}

static gboolean set_property(const Kanzend *kanzend, int domid, guint id, guint i,
                             const XdrValue *value, GError **error)
{
    g_autofree char *command = g_strdup_printf(
        "{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"/objects/iothread%u\",\"property\":"
        "\"%s\",\"value\":%" G_GINT64_FORMAT "}}",
        id, parameters[i].property, number_of(value, parameters[i].type));
    g_autofree char *answer =
        kxl_domain_monitor_command(kanzend->host, domid, command, FALSE, error);

    return answer != NULL;
}

/* What grows goes first: QEMU refuses a minimum above the maximum at any time. */
static gboolean set_running(const Kanzend *kanzend, int domid, guint id, const XdrValue *list,
                            GError **error)
{
    const XdrValue *max = params_find(list, parameters[POOL_MAX].name);
    const XdrValue *min = params_find(list, parameters[POOL_MIN].name);

    for (guint i = 0; i < POOL_MIN; i++) {
        const XdrValue *value = params_find(list, parameters[i].name);

        if (value != NULL && !set_property(kanzend, domid, id, i, value, error))
            return FALSE;
    }
    if (max != NULL && set_property(kanzend, domid, id, POOL_MAX, max, NULL))
        return min == NULL || set_property(kanzend, domid, id, POOL_MIN, min, error);
    return (min == NULL || set_property(kanzend, domid, id, POOL_MIN, min, error)) &&
           (max == NULL || set_property(kanzend, domid, id, POOL_MAX, max, error));
}

typedef struct {
    guint id;
    const XdrValue *list;
} PoolChange;

static void change_pool(DomainDef *def, gpointer data)
{
    const PoolChange *change = data;
    const XdrValue *min = params_find(change->list, parameters[POOL_MIN].name);
    const XdrValue *max = params_find(change->list, parameters[POOL_MAX].name);
    DomainIothread *thread = NULL;

    for (guint i = 0; i < def->iothread_ids->len; i++) {
        if (((const DomainIothread *)def->iothread_ids->pdata[i])->id == change->id)
            thread = def->iothread_ids->pdata[i];
    }
    if (thread == NULL) {
        thread = g_new0(DomainIothread, 1);
        *thread = (DomainIothread){ change->id, -1, -1 };
        g_ptr_array_add(def->iothread_ids, thread);
    }
    if (min != NULL)
        thread->pool_min = min->i;
    if (max != NULL)
        thread->pool_max = max->i;
}

static gboolean check_params(const XdrValue *list, GError **error)
{
    ParamRule rules[G_N_ELEMENTS(parameters)];
    const XdrValue *min = params_find(list, parameters[POOL_MIN].name);
    const XdrValue *max = params_find(list, parameters[POOL_MAX].name);

    for (guint i = 0; i < G_N_ELEMENTS(parameters); i++)
        rules[i] = (ParamRule){ parameters[i].name, parameters[i].type };
    if (!params_check(list, rules, G_N_ELEMENTS(rules), error))
        return FALSE;
    for (guint i = 0; i < POOL_MIN; i++) {
        const XdrValue *value = params_find(list, parameters[i].name);

        if (value != NULL && (guint64)number_of(value, parameters[i].type) > G_MAXINT32)
            return fail(error, VIR_ERR_INVALID_ARG,
                        "%s (%" G_GUINT64_FORMAT ") must be less than or equal to %d",
                        parameters[i].name, (guint64)number_of(value, parameters[i].type),
                        G_MAXINT32);
    }
    if ((min != NULL && min->i < 0) || (max != NULL && max->i < 1))
        return fail(error, VIR_ERR_OPERATION_INVALID, "invalid size of a thread pool");
    return min == NULL || max == NULL || min->i <= max->i ||
           fail(error, VIR_ERR_OPERATION_INVALID,
                "thread_pool_min must be smaller or equal to thread_pool_max");
}

static gboolean polls(const XdrValue *list)
{
    for (guint i = 0; i < POOL_MIN; i++) {
        if (params_find(list, parameters[i].name) != NULL)
            return TRUE;
    }
    return FALSE;
}

gboolean on_domain_set_iothread_params(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    PoolChange change_of = { call->args[1].u, &call->args[2] };
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !check_params(change_of.list, error) ||
        !call_job(call, "given I/O threads", &view, error) || !resolve_impact(&view, &flags, error))
        return FALSE;
    if (change_of.id == 0)
        return fail(error, VIR_ERR_INVALID_ARG, "invalid value of 0 for iothread_id");
    def = definition_def(flags & AFFECT_LIVE ? view.live : view.config);
    if (!is_defined(def, change_of.id) ||
        ((flags & AFFECT_CONFIG) && !is_defined(definition_def(view.config), change_of.id)))
        return fail(error, VIR_ERR_INVALID_ARG, "cannot find IOThread '%u'", change_of.id);
    if ((flags & AFFECT_CONFIG) && polls(change_of.list))
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "configuring persistent polling values is not supported");
    return (!(flags & AFFECT_LIVE) ||
            set_running(kanzend, view.id, change_of.id, change_of.list, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change_pool, &change_of, error);
}
