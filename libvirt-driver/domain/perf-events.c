/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls about performance events: what a definition enables, what is counted of what runs. */
#include "handler.h"
#include "params.h"

guint32 perf_events_of(const DomainDef *def)
{
    guint32 events = 0;

    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        if (domain_perf_event_enabled(def->perf_events, domain_perf_events[i]))
            events |= 1u << i;
    }
    return events;
}

gboolean on_domain_get_perf_events(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    guint32 flags = call->args[1].u & ~TYPED_PARAM_STRING_OKAY, events;
    g_auto(DomainView) view = { 0 };
    const DomainDef *def = call_affected_def(call, &flags, &view, error);
    Params params;

    if (def == NULL)
        return FALSE;
    events = flags & AFFECT_LIVE ? perf_table_get(domain_registry_perf(kanzend->domains), view.id)
                                 : perf_events_of(def);
    params_begin(&params, call->ret, G_MAXUINT);
    for (guint i = 0; domain_perf_old_events[i] != NULL; i++)
        params_add_boolean(&params, domain_perf_old_events[i], FALSE);
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++)
        params_add_boolean(&params, domain_perf_events[i], (events & 1u << i) != 0);
    params_end(&params);
    return TRUE;
}

static gboolean check_list(const XdrValue *list, GError **error)
{
    guint n_old = g_strv_length((char **)domain_perf_old_events);
    guint n_rules = DOMAIN_PERF_EVENT_COUNT + n_old;
    g_autofree ParamRule *rules = g_new0(ParamRule, n_rules);

    for (guint i = 0; i < n_rules; i++) {
        rules[i].name = i < DOMAIN_PERF_EVENT_COUNT
                            ? domain_perf_events[i]
                            : domain_perf_old_events[i - DOMAIN_PERF_EVENT_COUNT];
        rules[i].type = XDR_PARAM_BOOLEAN;
    }
    if (!params_check(list, rules, n_rules, error))
        return FALSE;
    for (guint i = 0; i < n_old; i++) {
        const XdrValue *value = params_find(list, domain_perf_old_events[i]);

        if (value != NULL && value->i != 0)
            return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED,
                        "unable to enable host cpu perf event for %s", domain_perf_old_events[i]);
    }
    return TRUE;
}

static gboolean set_live(const Kanzend *kanzend, int domid, const XdrValue *list, GError **error)
{
    PerfTable *table = domain_registry_perf(kanzend->domains);
    g_autoptr(KxlDomainInfo) info = kxl_domain_get_info(kanzend->host, domid, error);
    g_autoptr(KxlDomainInfo) again = NULL;
    guint32 events = perf_table_get(table, domid);

    if (info == NULL)
        return FALSE;
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        const XdrValue *value = params_find(list, domain_perf_events[i]);

        if (value != NULL)
            events = value->i != 0 ? events | 1u << i : events & ~(1u << i);
    }
    if (!perf_table_set(table, domid, info->qemu_pid, events, error))
        return FALSE;
    again = kxl_domain_get_info(kanzend->host, domid, error);
    if (again == NULL) /* nobody else forgets one that had gone before */
        perf_table_forget(table, domid);
    return again != NULL;
}

static void change(DomainDef *def, gpointer list)
{
    for (int i = 0; i < DOMAIN_PERF_EVENT_COUNT; i++) {
        const XdrValue *value = params_find(list, domain_perf_events[i]);

        if (value != NULL)
            domain_perf_event_enable(def->perf_events, domain_perf_events[i], value->i != 0);
    }
}

gboolean on_domain_set_perf_events(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    gpointer list = (gpointer)&call->args[1];
    guint32 flags = call->args[2].u;
    g_auto(DomainView) view = { 0 };

    return check_flags(call, flags, AFFECT_LIVE | AFFECT_CONFIG, error) &&
           check_list(list, error) && call_job(call, "counted", &view, error) &&
           resolve_impact(&view, &flags, error) &&
           (!(flags & AFFECT_LIVE) || set_live(kanzend, view.id, list, error)) &&
           change_definitions(kanzend->domains, view.domain, flags, change, list, error);
}
