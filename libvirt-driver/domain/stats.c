/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statistics: of one domain's interfaces and processors, and of many domains in one call. */
#include "handler.h"

#include <kxl-block.h>
#include <string.h>
#include <sys/stat.h>

#include "netstat.h"

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

/* ---- typed parameters ---- */

static void put_uint(GByteArray *out, guint *n, const char *name, guint32 value)
{
    xdr_put_string(out, name);
    xdr_put_u32(out, XDR_PARAM_UINT);
    xdr_put_u32(out, value);
    (*n)++;
}

static void put_int(GByteArray *out, guint *n, const char *name, gint32 value)
{
    xdr_put_string(out, name);
    xdr_put_u32(out, XDR_PARAM_INT);
    xdr_put_i32(out, value);
    (*n)++;
}

static void put_ull(GByteArray *out, guint *n, const char *name, guint64 value)
{
    xdr_put_string(out, name);
    xdr_put_u32(out, XDR_PARAM_ULLONG);
    xdr_put_u64(out, value);
    (*n)++;
}

static void put_string(GByteArray *out, guint *n, const char *name, const char *value)
{
    xdr_put_string(out, name);
    xdr_put_u32(out, XDR_PARAM_STRING);
    xdr_put_string(out, value);
    (*n)++;
}

/* ---- DOMAIN_GET_CPU_STATS: the total; libkxl does not tell which host cpu it was ---- */

gboolean on_domain_get_cpu_stats(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(KxlDomainInfo) info = NULL;
    g_auto(DomainView) view = { 0 };
    guint32 nparams = call->args[1].u;
    guint count, n = 0;

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
    count = xdr_put_count(call->ret);
    if (nparams > 0)
        put_ull(call->ret, &n, "cpu_time", info->cpu_time_ns);
    xdr_set_u32(call->ret, count, n);
    xdr_put_i32(call->ret, 1);
    return TRUE;
}

/* ---- CONNECT_GET_ALL_DOMAIN_STATS ---- */

enum { /* virDomainStatsTypes */
       STATS_STATE = 1 << 0,
       STATS_CPU_TOTAL = 1 << 1,
       STATS_BALLOON = 1 << 2,
       STATS_VCPU = 1 << 3,
       STATS_INTERFACE = 1 << 4,
       STATS_BLOCK = 1 << 5,
};

typedef struct {
    const DomainView *view;
    const DefinitionBrief *brief;
    const KxlDomainInfo *info; /* NULL: not running */
    KxlHost *host;
    GByteArray *out;
    guint n;
} Record;

static void add_state(Record *r)
{
    put_int(r->out, &r->n, "state.state", r->view->state);
    put_int(r->out, &r->n, "state.reason", r->view->reason);
}

static void add_cpu_total(Record *r)
{
    if (r->info != NULL)
        put_ull(r->out, &r->n, "cpu.time", r->info->cpu_time_ns);
}

static void add_balloon(Record *r)
{
    if (r->info != NULL)
        put_ull(r->out, &r->n, "balloon.current", r->info->memory_kb);
    put_ull(r->out, &r->n, "balloon.maximum",
            r->info != NULL ? r->info->max_memory_kb : r->brief->memory_kib);
}

static void add_vcpu(Record *r)
{
    put_uint(r->out, &r->n, "vcpu.current",
             r->info != NULL ? r->info->vcpus_online : r->brief->vcpus);
    put_uint(r->out, &r->n, "vcpu.maximum", r->brief->max_vcpus);
}

static void add_interface(Record *r)
{
    g_autoptr(GPtrArray) nics = NULL;

    if (r->info == NULL || r->info->domid == 0)
        return;
    nics = kxl_domain_nic_list(r->host, r->info->domid, NULL);
    if (nics == NULL)
        return;
    put_uint(r->out, &r->n, "net.count", nics->len);
    for (guint i = 0; i < nics->len; i++) {
        const KxlDeviceInfo *nic = nics->pdata[i];
        guint64 values[NETSTAT_COUNT];

        if (nic->ifname == NULL || !netstat_read_guest(nic->ifname, values))
            continue;
        {
            g_autofree char *name = g_strdup_printf("net.%u.name", i);

            put_string(r->out, &r->n, name, nic->ifname);
        }
        for (guint j = 0; j < NETSTAT_COUNT; j++) {
            g_autofree char *name = g_strdup_printf("net.%u.%s", i, netstat_names[j]);

            put_ull(r->out, &r->n, name, values[j]);
        }
    }
}

static void put_figure(Record *r, guint i, const char *what, guint64 value)
{
    g_autofree char *name = g_strdup_printf("block.%u.%s", i, what);

    put_ull(r->out, &r->n, name, value);
}

static void add_traffic(Record *r, guint i, const char *kind, const KxlBlockTraffic *traffic,
                        gboolean bytes)
{
    g_autofree char *reqs = g_strconcat(kind, ".reqs", NULL);
    g_autofree char *sizes = g_strconcat(kind, ".bytes", NULL);
    g_autofree char *times = g_strconcat(kind, ".times", NULL);

    put_figure(r, i, reqs, traffic->requests);
    if (bytes)
        put_figure(r, i, sizes, traffic->bytes);
    put_figure(r, i, times, traffic->time_ns);
}

static void add_block_figures(Record *r, guint i, const KxlBlock *block)
{
    const KxlBlockImage *top = block->chain->len > 0 ? block->chain->pdata[0] : NULL;
    struct stat st;

    add_traffic(r, i, "rd", &block->rd, TRUE);
    add_traffic(r, i, "wr", &block->wr, TRUE);
    add_traffic(r, i, "fl", &block->fl, FALSE);
    put_figure(r, i, "errors", block->failed);
    if (block->threshold != 0)
        put_figure(r, i, "threshold", block->threshold);
    if (top == NULL)
        return;
    put_figure(r, i, "allocation", top->allocated);
    put_figure(r, i, "capacity", top->capacity);
    if (top->path != NULL && stat(top->path, &st) == 0 && S_ISREG(st.st_mode))
        put_figure(r, i, "physical", (guint64)st.st_size);
}

static void add_block(Record *r)
{
    char **disks = r->brief->disks, **sources = r->brief->sources;
    g_autoptr(GPtrArray) blocks = NULL;

    /* All of its disks in one go; one that has just ended has no figures. */
    if (disks[0] != NULL && r->info != NULL && r->info->domid != 0)
        blocks = kxl_domain_block_list(r->host, r->info->domid, NULL);
    put_uint(r->out, &r->n, "block.count", g_strv_length(disks));
    for (guint i = 0; disks[i] != NULL; i++) {
        g_autofree char *name = g_strdup_printf("block.%u.name", i);
        g_autofree char *path = g_strdup_printf("block.%u.path", i);
        const KxlBlock *block = blocks != NULL ? kxl_block_find(blocks, disks[i], NULL) : NULL;

        put_string(r->out, &r->n, name, disks[i]);
        if (*sources[i] != '\0')
            put_string(r->out, &r->n, path, sources[i]);
        if (block != NULL && block->node != NULL)
            add_block_figures(r, i, block);
    }
}

static const struct {
    guint32 bit;
    void (*add)(Record *record);
} groups[] = {
    { STATS_STATE, add_state }, { STATS_CPU_TOTAL, add_cpu_total }, { STATS_BALLOON, add_balloon },
    { STATS_VCPU, add_vcpu },   { STATS_INTERFACE, add_interface }, { STATS_BLOCK, add_block },
};

#define STATS_ALL                                                                                  \
    (STATS_STATE | STATS_CPU_TOTAL | STATS_BALLOON | STATS_VCPU | STATS_INTERFACE | STATS_BLOCK)

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
} Request;

static void put_record(const Request *request, const DomainView *view, GByteArray *out)
{
    const Kanzend *kanzend = request->kanzend;
    g_autoptr(KxlDomainInfo) info = NULL;
    Record record = { .view = view, .host = kanzend->host, .out = out };
    guint count;

    /* One that ends meanwhile is reported without the figures of a running one. */
    if (view->id >= 0)
        info = kxl_domain_get_info(kanzend->host, view->id, NULL);
    record.info = info;
    record.brief = definition_brief(domain_view_current(view));
    domain_put_handle(kanzend->domains, out, view->domain);
    count = xdr_put_count(out);
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (request->stats & groups[i].bit)
            groups[i].add(&record);
    }
    xdr_set_u32(out, count, record.n);
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
    put_records(call, &(Request){ call->app, stats }, domains);
    return TRUE;
}
