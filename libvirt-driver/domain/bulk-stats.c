/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics of many domains in one call. */
#include "stats-groups.h"

/* virConnectGetAllDomainStatsFlags above the filters of LIST_ALL_DOMAINS */
#define FILTERS       0xffu
#define NOWAIT        (1u << 29)
#define BACKING       (1u << 30)
#define ENFORCE_STATS (1u << 31)

/* Running domains that are looked at together: enough to wait for several emulators, few enough to
 * leave workers to others. */
#define ASKED_AT_ONCE 8

/* What one answer is made of. */
typedef struct {
    const Kanzend *kanzend;
    guint32 stats;
    gboolean backing;
} Request;

static void put_record(const Request *request, const DomainView *view, GByteArray *out)
{
    const Kanzend *kanzend = request->kanzend;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_autoptr(GArray) threads = NULL;
    StatsRecord record = { .kanzend = kanzend, .view = view, .backing = request->backing };

    /* One that ends meanwhile is reported without the figures of a running one. */
    if (view->id >= 0)
        info = kxl_domain_get_info(kanzend->host, view->id, NULL);
    if (info != NULL && view->id > 0 && (request->stats & STATS_OF_THREADS))
        threads = kxl_domain_threads(kanzend->host, view->id, NULL);
    record.info = info;
    record.threads = threads;
    record.brief = definition_brief(domain_view_current(view));
    domain_put_handle(kanzend->domains, out, view->domain);
    params_begin(&record.params, out, G_MAXUINT);
    stats_groups_add(&record, request->stats);
    params_end(&record.params);
}

/* A domain that runs, and its part of the answer. */
typedef struct {
    DomainView view;
    GByteArray *bytes;
} Running;

static void running_free(gpointer data)
{
    Running *running = data;

    domain_view_clear(&running->view);
    g_byte_array_unref(running->bytes);
    g_free(running);
}

static void ask_running(gpointer item, gpointer request)
{
    Running *running = item;

    put_record(request, &running->view, running->bytes);
}

/* Those that run are asked side by side: their emulators take their time, and one that hangs holds
 * up the others only when there are several. */
static void put_records(RpcCall *call, Request *request, const GPtrArray *domains)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(running_free);

    for (guint i = 0; i < domains->len; i++) {
        g_auto(DomainView) view = { 0 };

        domain_get_view(request->kanzend->domains, domains->pdata[i], &view);
        if (view.id <= 0) {
            put_record(request, &view, call->ret);
        } else {
            Running *running = g_new0(Running, 1);

            running->bytes = g_byte_array_new();
            running->view = view;
            view = (DomainView){ 0 };
            g_ptr_array_add(all, running);
        }
    }
    rpc_server_each(request->kanzend->server, all, ASKED_AT_ONCE, ask_running, request);
    for (guint i = 0; i < all->len; i++) {
        const Running *running = all->pdata[i];

        g_byte_array_append(call->ret, running->bytes->data, running->bytes->len);
    }
}

/* The domains asked for, or all that the filters let through. */
static GPtrArray *select_domains(RpcCall *call, guint32 filters)
{
    const Kanzend *kanzend = call->app;
    const XdrValue *asked = &call->args[0];
    GPtrArray *selected;

    if (asked->len == 0)
        return domain_list_matching(call, filters);
    domain_registry_settle(kanzend->domains);
    selected = g_ptr_array_new_with_free_func((GDestroyNotify)domain_unref);
    for (guint i = 0; i < asked->len; i++) {
        char uuid[UUID_TEXT_LEN];
        Domain *domain;

        uuid_to_text(asked->items[i].items[1].bytes, uuid);
        domain = domain_registry_find_uuid(kanzend->domains, uuid);
        if (domain != NULL) /* one that is gone is left out, as libvirt does */
            g_ptr_array_add(selected, domain);
    }
    return selected;
}

gboolean on_connect_get_all_domain_stats(RpcCall *call, GError **error)
{
    guint32 stats = call->args[1].u, flags = call->args[2].u;
    g_autoptr(GPtrArray) domains = NULL;

    if (!check_flags(call, flags, FILTERS | NOWAIT | BACKING | ENFORCE_STATS, error))
        return FALSE;
    if ((stats & ~STATS_ALL) && (flags & ENFORCE_STATS))
        return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED,
                    "Stats types bits 0x%x are not supported by this daemon", stats & ~STATS_ALL);
    if (stats == 0)
        stats = STATS_ALL;
    domains = select_domains(call, flags & FILTERS);
    xdr_put_u32(call->ret, domains->len);
    put_records(call, &(Request){ call->app, stats, (flags & BACKING) != 0 }, domains);
    return TRUE;
}
