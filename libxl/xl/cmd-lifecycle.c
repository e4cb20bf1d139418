/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pause, unpause, shutdown, reboot, destroy */
#include "commands.h"
#include "wait.h"

#include <stdio.h>

int cmd_pause(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    return kxl_domain_pause(xl->host, domid, &error) ? XL_OK : xl_fail(xl, error);
}

int cmd_unpause(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    return kxl_domain_unpause(xl->host, domid, &error) ? XL_OK : xl_fail(xl, error);
}

int cmd_destroy(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    if (domid == 0) {
        xl_say(xl, xl_opt_given(args, "f")
                       ? "Domain 0 is this host: it cannot be destroyed."
                       : "Not destroying domain 0; use -f to force.\nThis can only be done when "
                         "using a disaggregated hardware domain and toolstack.\n");
        return XL_FAILED;
    }
    if (kxl_domain_destroy(xl->host, domid, &error))
        return XL_OK;
    xl_say(xl, "destroy failed: %s", error->message);
    return XL_FAILED;
}

/* How a domain is asked, and what is said about it. */
typedef struct {
    const char *doing; /* "Shutting down" */
    const char *failed;
    gboolean (*ask)(KxlHost *host, int domid, GError **error);
    gboolean (*force)(KxlHost *host, int domid, GError **error); /* -F, when it cannot be asked */
    const char *unasked;                                         /* without -F */
    const char *forcing;
} Request;

static gboolean ask_domain(Xl *xl, const Request *request, int domid, gboolean fallback)
{
    g_autoptr(GError) error = NULL;

    xl_say(xl, "%s domain %d", request->doing, domid);
    if (request->ask(xl->host, domid, &error))
        return TRUE;
    if (g_error_matches(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED) && request->force) {
        if (!fallback) {
            xl_say(xl, "%s", request->unasked);
            return FALSE;
        }
        xl_say(xl, "%s", request->forcing);
        g_clear_error(&error);
        if (request->force(xl->host, domid, &error))
            return TRUE;
    }
    xl_say(xl, "%s failed: %s", request->failed, error->message);
    return FALSE;
}

static void say_gone(Xl *xl, int domid, KxlShutdownReason reason, gpointer data)
{
    if (reason == KXL_REASON_NONE || reason >= KXL_REASON_DESTROYED)
        xl_say(xl, "Domain %d has been destroyed", domid);
    else
        xl_say(xl, "Domain %d has been shut down, reason code %d", domid, (int)reason);
}

/* The domains meant: all guests, or the named one. NULL after a message. */
static GArray *wanted_domains(Xl *xl, const XlArgs *args)
{
    g_autoptr(GArray) domids = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GPtrArray) all = NULL;
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_opt_given(args, "all")) {
        if (args->n_args == 0) {
            xl_say(xl, "You must specify -a or a domain id.\n");
            return NULL;
        }
        if (!xl_find_domain(xl, args->args[0], &domid))
            return NULL;
        g_array_append_val(domids, domid);
        return g_steal_pointer(&domids);
    }
    if (!xl_host(xl))
        return NULL;
    all = kxl_domain_list(xl->host, FALSE, &error);
    if (!all) {
        xl_fail(xl, error);
        return NULL;
    }
    for (guint i = 0; i < all->len; i++)
        g_array_append_val(domids, ((const KxlDomainInfo *)all->pdata[i])->domid);
    return g_steal_pointer(&domids);
}

static int request_domains(Xl *xl, const XlArgs *args, const Request *request)
{
    g_autoptr(GArray) domids = wanted_domains(xl, args);
    g_autoptr(XlWaiter) waiter = NULL;
    guint n_asked = 0;

    if (!domids)
        return XL_FAILED;
    if (xl_opt_given(args, "wait")) {
        waiter = xl_waiter_new(xl, say_gone, NULL);
        if (!waiter)
            return XL_FAILED;
    }
    for (guint i = 0; i < domids->len; i++) {
        int domid = g_array_index(domids, int, i);

        if (!ask_domain(xl, request, domid, xl_opt_given(args, "F")))
            continue;
        n_asked++;
        if (waiter)
            xl_waiter_add(waiter, domid);
    }
    if (waiter && n_asked) {
        xl_say(xl, "Waiting for %u domains", n_asked);
        xl_waiter_run(waiter);
    }
    return n_asked == domids->len ? XL_OK : XL_FAILED;
}

int cmd_shutdown(Xl *xl, const XlArgs *args)
{
    static const Request request = {
        .doing = "Shutting down",
        .failed = "shutdown",
        .ask = kxl_domain_shutdown,
    };

    return request_domains(xl, args, &request);
}

int cmd_reboot(Xl *xl, const XlArgs *args)
{
    static const Request request = {
        .doing = "Rebooting",
        .failed = "reboot",
        .ask = kxl_domain_reboot,
        .force = kxl_domain_reset,
        .unasked = "PV control interface not available: external graceful reboot not possible.\n"
                   "Use \"-F\" to fallback to ACPI reset event.",
        .forcing = "PV control interface not available: sending ACPI reset button event.",
    };

    return request_domains(xl, args, &request);
}
