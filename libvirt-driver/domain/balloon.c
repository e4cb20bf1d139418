/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a guest's balloon driver tells, how often it is asked, and how fast its memory changes. */
#include <kxl-guest.h>

#include "handler.h"

static void change_period(DomainDef *def, gpointer data)
{
    if (def->memballoon != NULL)
        def->memballoon->stats_period = (guint) * (gint32 *)data;
}

gboolean on_domain_set_memory_stats_period(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    gint32 period = call->args[1].i;
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error))
        return FALSE;
    if (period < 0)
        return fail(error, VIR_ERR_INVALID_ARG, "period in %s must be zero or greater",
                    call->proc->api);
    return call_job(call, "asked for statistics", &view, error) &&
           resolve_impact(&view, &flags, error) &&
           (!(flags & AFFECT_LIVE) ||
            kxl_domain_set_balloon_period(kanzend->host, view.id, (guint)period, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change_period, &period, error);
}

enum { CALC_MIN_S = 1, CALC_MAX_S = 60 };

gboolean on_domain_start_dirty_rate_calc(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    gint32 seconds = call->args[1].i;
    g_auto(DomainView) view = { 0 };
    g_autofree char *command = NULL, *answer = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (seconds < CALC_MIN_S || seconds > CALC_MAX_S)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "seconds=%d is invalid, please choose value within [%d, %d].", seconds,
                    CALC_MIN_S, CALC_MAX_S);
    if (!call_job_running(call, "measured", &view, error))
        return FALSE;
    command = g_strdup_printf("{\"execute\":\"calc-dirty-rate\",\"arguments\":{\"calc-time\":%d}}",
                              seconds);
    answer = kxl_domain_monitor_command(kanzend->host, view.id, command, FALSE, error);
    return answer != NULL;
}
