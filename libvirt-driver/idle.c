/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "idle.h"

#include "domain/registry.h"
#include "network/network.h"
#include "nwfilter/nwfilter.h"

struct Idle {
    const Kanzend *kanzend;
    RpcServer *admin;
    void (*quit)(gpointer);
    gpointer data;
    guint timeout_s;
    gint64 since; /* monotonic; 0: something was going on when last looked at */
    guint timer;
};

static gboolean domains_run(const Kanzend *kanzend)
{
    g_autoptr(GPtrArray) domains = domain_registry_list(kanzend->domains);

    for (guint i = 0; i < domains->len; i++) {
        g_auto(DomainView) view = { 0 };

        domain_get_view(kanzend->domains, domains->pdata[i], &view);
        if (view.id > 0) /* Domain-0 always is */
            return TRUE;
    }
    return FALSE;
}

static gboolean networks_run(const Kanzend *kanzend)
{
    g_autoptr(GPtrArray) networks = network_list(kanzend->networks);

    for (guint i = 0; i < networks->len; i++) {
        const NetworkView *view = networks->pdata[i];

        if (view->active)
            return TRUE;
    }
    return FALSE;
}

/* Addresses are learned for them. */
static gboolean interfaces_are_filtered(const Kanzend *kanzend)
{
    g_autoptr(GPtrArray) bindings = nwfilter_binding_list(kanzend->nwfilters);

    return bindings->len > 0;
}

static gboolean is_busy(const Idle *idle)
{
    return rpc_server_n_clients(idle->kanzend->server) > 0 ||
           rpc_server_n_clients(idle->admin) > 0 || domains_run(idle->kanzend) ||
           networks_run(idle->kanzend) || interfaces_are_filtered(idle->kanzend);
}

static gboolean look(gpointer user_data)
{
    Idle *idle = user_data;
    gint64 now = g_get_monotonic_time();

    if (is_busy(idle))
        idle->since = 0;
    else if (idle->since == 0)
        idle->since = now;
    else if (now - idle->since >= (gint64)idle->timeout_s * G_USEC_PER_SEC)
        idle->quit(idle->data);
    return G_SOURCE_CONTINUE;
}

Idle *idle_new(const Kanzend *kanzend, RpcServer *admin, void (*quit)(gpointer), gpointer data)
{
    Idle *idle = g_new0(Idle, 1);

    idle->kanzend = kanzend;
    idle->admin = admin;
    idle->quit = quit;
    idle->data = data;
    return idle;
}

void idle_set_timeout(Idle *idle, guint timeout_s)
{
    g_clear_handle_id(&idle->timer, g_source_remove);
    idle->timeout_s = timeout_s;
    idle->since = 0;
    if (timeout_s > 0)
        idle->timer = g_timeout_add_seconds(1, look, idle);
}

void idle_free(Idle *idle)
{
    if (idle == NULL)
        return;
    idle_set_timeout(idle, 0);
    g_free(idle);
}
