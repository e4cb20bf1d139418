/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a migration of the running domain would be bounded by; QEMU keeps it with the machine. */
#include <json-glib/json-glib.h>
#include <kxl-guest.h>

#include "handler.h"

#define MIB 1048576u

static JsonObject *ask(RpcCall *call, DomainView *view, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autofree char *answer = NULL;
    g_autoptr(JsonNode) node = NULL;

    if (!call_running(call, "migrated", view, error))
        return NULL;
    answer = kxl_domain_monitor_command(kanzend->host, view->id,
                                        "{\"execute\":\"query-migrate-parameters\"}", FALSE, error);
    node = answer != NULL ? json_from_string(answer, NULL) : NULL;
    return node != NULL ? json_object_ref(
                              json_object_get_object_member(json_node_get_object(node), "return"))
                        : NULL;
}

static gboolean get(RpcCall *call, const char *name, guint64 unit, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonObject) parameters = ask(call, &view, error);

    if (parameters == NULL)
        return FALSE;
    xdr_put_u64(call->ret,
                (guint64)json_object_get_int_member_with_default(parameters, name, 0) / unit);
    return TRUE;
}

static gboolean set(RpcCall *call, const char *name, guint64 value, guint64 unit, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *command = NULL, *answer = NULL;

    if (value > G_MAXINT64 / unit)
        return fail(error, VIR_ERR_OVERFLOW, "%s must be less than %" G_GUINT64_FORMAT, name,
                    G_MAXINT64 / unit);
    if (!call_job_running(call, "migrated", &view, error))
        return FALSE;
    command = g_strdup_printf(
        "{\"execute\":\"migrate-set-parameters\",\"arguments\":{\"%s\":%" G_GUINT64_FORMAT "}}",
        name, value * unit);
    answer = kxl_domain_monitor_command(kanzend->host, view.id, command, FALSE, error);
    return answer != NULL;
}

gboolean on_domain_migrate_get_max_downtime(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, 0, error) && get(call, "downtime-limit", 1, error);
}

gboolean on_domain_migrate_set_max_downtime(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[2].u, 0, error) &&
           set(call, "downtime-limit", call->args[1].t, 1, error);
}

gboolean on_domain_migrate_get_max_speed(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, 0, error) && get(call, "max-bandwidth", MIB, error);
}

gboolean on_domain_migrate_set_max_speed(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[2].u, 0, error) &&
           set(call, "max-bandwidth", call->args[1].t, MIB, error);
}

gboolean on_domain_migrate_get_compression_cache(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, 0, error) && get(call, "xbzrle-cache-size", 1, error);
}

gboolean on_domain_migrate_set_compression_cache(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[2].u, 0, error) &&
           set(call, "xbzrle-cache-size", call->args[1].t, 1, error);
}
