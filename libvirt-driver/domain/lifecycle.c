/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations on a running domain that change what it does: suspend, shut down, destroy ... */
#include "agent.h"

/* Does one libkxl call on a running domain with its job lock held, and learns what came of it. */
typedef gboolean (*Operation)(KxlHost *host, int domid, GError **error);

static gboolean operate(RpcCall *call, const char *verb, Operation operation, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    if (!call_job_running(call, verb, &view, error) || !operation(kanzend->host, view.id, error))
        return FALSE;
    domain_registry_sync(kanzend->domains, view.id);
    return TRUE;
}

gboolean on_domain_suspend(RpcCall *call, GError **error)
{
    return operate(call, "suspended", kxl_domain_pause, error);
}

gboolean on_domain_resume(RpcCall *call, GError **error)
{
    return operate(call, "resumed", kxl_domain_unpause, error);
}

enum { /* virDomainShutdownFlagValues and virDomainRebootFlagValues: how to ask the guest */
       ASK_ACPI = 1 << 0,
       ASK_AGENT = 1 << 1,
       ASK_PARAVIRT = 1 << 4,
};

/* There is one way for each kind of guest; 0: that one. */
static gboolean check_how(RpcCall *call, guint32 flags, GError **error)
{
    g_auto(DomainView) view = { 0 };
    gboolean hvm;

    if (!check_flags(call, flags, ASK_ACPI | ASK_AGENT | ASK_PARAVIRT, error) ||
        !call_view(call, &view, error))
        return FALSE;
    hvm = g_strcmp0(definition_def(domain_view_current(&view))->os_type, "hvm") == 0;
    return (flags & ~ASK_AGENT) == 0 || (flags & (hvm ? ASK_ACPI : ASK_PARAVIRT)) ||
           fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "this guest is asked through %s only",
                hvm ? "ACPI" : "XenStore");
}

/* The agent says nothing when it does as asked. */
static gboolean ask_agent(RpcCall *call, const char *mode, GError **error)
{
    g_auto(DomainView) view = { 0 };
    JsonObject *arguments;

    if (!agent_begin(call, &view, error))
        return FALSE;
    arguments = json_object_new();
    json_object_set_string_member(arguments, "mode", mode);
    return agent_tell_unanswered(call, &view, "guest-shutdown", arguments, error);
}

gboolean on_domain_shutdown(RpcCall *call, GError **error)
{
    return operate(call, "shut down", kxl_domain_shutdown, error);
}

gboolean on_domain_shutdown_flags(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;

    if (!check_how(call, flags, error))
        return FALSE;
    return flags & ASK_AGENT ? ask_agent(call, "powerdown", error)
                             : operate(call, "shut down", kxl_domain_shutdown, error);
}

/* That a kind of guest cannot be asked is no fault of its configuration. */
static gboolean reboot(KxlHost *host, int domid, GError **error)
{
    g_autoptr(GError) refused = NULL;

    if (kxl_domain_reboot(host, domid, &refused))
        return TRUE;
    if (g_error_matches(refused, KXL_ERROR, KXL_ERROR_UNSUPPORTED))
        return fail(error, VIR_ERR_OPERATION_UNSUPPORTED, "%s", refused->message);
    g_propagate_error(error, g_steal_pointer(&refused));
    return FALSE;
}

gboolean on_domain_reboot(RpcCall *call, GError **error)
{
    guint32 flags = call->args[1].u;

    if (!check_how(call, flags, error))
        return FALSE;
    return flags & ASK_AGENT ? ask_agent(call, "reboot", error)
                             : operate(call, "rebooted", reboot, error);
}

gboolean on_domain_reset(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, 0, error) &&
           operate(call, "reset", kxl_domain_reset, error);
}

/* ---- destroying: without the job lock, so that a start or shutdown that hangs can be ended --- */

static gboolean destroy(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };

    if (!call_running(call, "destroyed", &view, error) ||
        !kxl_domain_destroy(kanzend->host, view.id, error))
        return FALSE;
    domain_registry_sync_gone(kanzend->domains, view.id, KXL_REASON_DESTROYED);
    return TRUE;
}

gboolean on_domain_destroy(RpcCall *call, GError **error)
{
    return destroy(call, error);
}

#define DESTROY_GRACEFUL 1u

gboolean on_domain_destroy_flags(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, DESTROY_GRACEFUL, error) && destroy(call, error);
}
