/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* I/O threads of a domain: those that run, those of its definition, where they may run. */
#include <errno.h>
#include <kxl-guest.h>
#include <sched.h>

#include "handler.h"
#include "node.h"

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

static guint count_cpus(void)
{
    g_autoptr(GArray) present = node_read_cpu_list("/sys/devices/system/cpu/present");

    return present != NULL && present->len > 0 ? g_array_index(present, guint, present->len - 1) + 1
                                               : 1;
}

static gboolean put_running(RpcCall *call, const DomainView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(GArray) threads = kxl_domain_threads(kanzend->host, view->id, error);
    guint count, n = 0, n_cpus = count_cpus();

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

static gboolean put_defined(RpcCall *call, const DomainDef *def)
{
    guint n_cpus = count_cpus(),
          unnamed = def->iothreads - MIN(def->iothreads, def->iothread_ids->len);
    guint count = xdr_put_count(call->ret), n = 0;
    cpu_set_t all;

    CPU_ZERO(&all);
    for (guint cpu = 0; cpu < n_cpus; cpu++)
        CPU_SET(cpu, &all);
    for (guint id = 1; n < def->iothreads; id++) {
        if (!has_id(def, id) && unnamed-- == 0)
            break;
        xdr_put_u32(call->ret, id);
        put_map(call, &all, n_cpus);
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

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !call_view(call, &view, error))
        return FALSE;
    def = affected_def(&view, &flags, error);
    if (def == NULL)
        return FALSE;
    return flags & AFFECT_LIVE ? put_running(call, &view, error) : put_defined(call, def);
}

/* ---- pinning one that runs ---- */

gboolean on_domain_pin_iothread(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 id = call->args[1].u, flags = call->args[3].u;
    const XdrValue *map = &call->args[2];
    g_auto(DomainView) view = { 0 };
    g_autoptr(GArray) threads = NULL;
    cpu_set_t set;

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) ||
        !call_job(call, "pinned", &view, error) || !resolve_impact(&view, &flags, error))
        return FALSE;
    if (flags & AFFECT_CONFIG)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "where I/O threads run at the next start is said by <iothreadpin>");
    CPU_ZERO(&set);
    for (guint cpu = 0; cpu < map->len * 8 && cpu < CPU_SETSIZE; cpu++) {
        if (map->bytes[cpu / 8] & (1u << cpu % 8))
            CPU_SET(cpu, &set);
    }
    threads = kxl_domain_threads(kanzend->host, view.id, error);
    for (guint i = 0; threads != NULL && i < threads->len; i++) {
        const KxlThread *thread = &g_array_index(threads, KxlThread, i);

        if (thread->kind != KXL_THREAD_IO || thread->id != (int)id)
            continue;
        return sched_setaffinity(thread->tid, sizeof set, &set) == 0 ||
               fail(error, VIR_ERR_SYSTEM_ERROR, "cannot pin I/O thread %u: %s", id,
                    g_strerror(errno));
    }
    return threads != NULL && fail(error, VIR_ERR_INVALID_ARG, "iothread %u not found", id);
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
