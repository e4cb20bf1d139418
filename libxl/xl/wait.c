/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "wait.h"

struct XlWaiter {
    Xl *xl;
    XlGoneFunc gone;
    gpointer data;
    KxlWatch *watch;
    GHashTable *waited; /* domid */
    GMainLoop *loop;
};

static void on_event(KxlEventKind kind, const KxlDomainInfo *info, gpointer data)
{
    XlWaiter *waiter = data;

    if (kind != KXL_EVENT_GONE ||
        !g_hash_table_remove(waiter->waited, GINT_TO_POINTER(info->domid)))
        return;
    waiter->gone(waiter->xl, info->domid, info->reason, waiter->data);
    if (g_hash_table_size(waiter->waited) == 0)
        g_main_loop_quit(waiter->loop);
}

XlWaiter *xl_waiter_new(Xl *xl, XlGoneFunc gone, gpointer data)
{
    g_autoptr(XlWaiter) waiter = g_new0(XlWaiter, 1);
    g_autoptr(GError) error = NULL;

    waiter->xl = xl;
    waiter->gone = gone;
    waiter->data = data;
    waiter->waited = g_hash_table_new(NULL, NULL);
    waiter->loop = g_main_loop_new(NULL, FALSE);
    waiter->watch = kxl_watch_new(xl->host, on_event, waiter, &error);
    if (waiter->watch)
        return g_steal_pointer(&waiter);
    xl_fail(xl, error);
    return NULL;
}

void xl_waiter_add(XlWaiter *waiter, int domid)
{
    g_hash_table_add(waiter->waited, GINT_TO_POINTER(domid));
}

/* Domains that ended before the watch began will send no event. */
static void drop_gone(XlWaiter *waiter)
{
    g_autoptr(GList) domids = g_hash_table_get_keys(waiter->waited);

    for (GList *at = domids; at; at = at->next) {
        g_autoptr(GError) error = NULL;
        g_autoptr(KxlDomainInfo) info =
            kxl_domain_get_info(waiter->xl->host, GPOINTER_TO_INT(at->data), &error);

        if (!info && g_error_matches(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN)) {
            g_hash_table_remove(waiter->waited, at->data);
            waiter->gone(waiter->xl, GPOINTER_TO_INT(at->data), KXL_REASON_NONE, waiter->data);
        }
    }
}

void xl_waiter_run(XlWaiter *waiter)
{
    while (g_main_context_iteration(NULL, FALSE)) /* what is told already */
        continue;
    drop_gone(waiter);
    if (g_hash_table_size(waiter->waited))
        g_main_loop_run(waiter->loop);
}

void xl_waiter_free(XlWaiter *waiter)
{
    if (!waiter)
        return;
    kxl_watch_free(waiter->watch);
    g_hash_table_unref(waiter->waited);
    g_main_loop_unref(waiter->loop);
    g_free(waiter);
}
