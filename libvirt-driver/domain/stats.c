/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of one domain's interfaces and processors. */
#include <string.h>

#include "netstat.h"
#include "stats-groups.h"

/* ---- DOMAIN_INTERFACE_STATS ---- */

/* The tap of the interface that device names, by its own name or the guest's MAC. */
static char *find_tap(const Kanzend *kanzend, const DomainView *view, const char *device,
                      GError **error)
{
    g_autoptr(GPtrArray) nics = kxl_domain_nic_list(kanzend->host, view->id, error);

    if (nics == NULL)
        return NULL;
    for (guint i = 0; i < nics->len; i++) {
        const KxlDeviceInfo *nic = nics->pdata[i];

        if (nic->ifname != NULL &&
            (strcmp(nic->ifname, device) == 0 ||
             (nic->nic->mac != NULL && g_ascii_strcasecmp(nic->nic->mac, device) == 0)))
            return g_strdup(nic->ifname);
    }
    fail(error, VIR_ERR_INVALID_ARG, "invalid path, '%s' is not a known interface", device);
    return NULL;
}

gboolean on_domain_interface_stats(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *tap = NULL;
    guint64 values[NETSTAT_COUNT];

    if (!call_view(call, &view, error))
        return FALSE;
    if (!check_active(&view, error))
        return FALSE;
    tap = find_tap(kanzend, &view, call->args[1].str, error);
    if (tap == NULL)
        return FALSE;
    if (!netstat_read_guest(tap, values))
        return fail(error, VIR_ERR_INTERNAL_ERROR, "interface '%s' has no statistics", tap);
    for (guint i = 0; i < NETSTAT_COUNT; i++)
        xdr_put_i64(call->ret, (gint64)values[i]);
    return TRUE;
}

/* ---- DOMAIN_GET_CPU_STATS: the total; libkxl does not tell which host cpu it was ---- */

typedef struct {
    const KxlDomainInfo *info;
    const GArray *threads;
} CpuStats;

static void fill_cpu(Params *params, gpointer data)
{
    const CpuStats *stats = data;
    guint64 user_ns, system_ns;

    params_add_ullong(params, "cpu_time", stats->info->cpu_time_ns);
    if (!stats_sum_threads(stats->threads, KXL_THREAD_VCPU, &user_ns, &system_ns))
        return;
    params_add_ullong(params, "user_time", user_ns);
    params_add_ullong(params, "system_time", system_ns);
}

gboolean on_domain_get_cpu_stats(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_autoptr(GArray) threads = NULL;
    g_auto(DomainView) view = { 0 };
    guint32 nparams = call->args[1].u;

    if (!check_flags(call, call->args[4].u, TYPED_PARAM_STRING_OKAY, error))
        return FALSE;
    if (call->args[2].i != -1)
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED,
                    "only the total over all processors is known");
    if (!call_view(call, &view, error) || !check_active(&view, error))
        return FALSE;
    info = kxl_domain_get_info(kanzend->host, view.id, error);
    if (info == NULL)
        return FALSE;
    threads = view.id > 0 ? kxl_domain_threads(kanzend->host, view.id, NULL) : NULL;
    return params_reply(call, (gint32)MIN(nparams, G_MAXINT32), fill_cpu,
                        &(CpuStats){ info, threads }, error);
}
