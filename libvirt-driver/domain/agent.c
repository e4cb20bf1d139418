/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the guest agent does for clients (QEMU docs/interop/qemu-ga-ref): a command each. */
#include "agent.h"

#include <kxl-guest.h>
#include <string.h>

#include "params.h"
#include "registry-internal.h"

/* virDomainAgentResponseTimeoutValues */
enum { TIMEOUT_BLOCK = -2, TIMEOUT_DEFAULT = -1, TIMEOUT_NOWAIT = 0 };

#define DEFAULT_TIMEOUT_S 5
#define BLOCK_TIMEOUT_S   (24 * 3600)

gboolean agent_begin(const RpcCall *call, DomainView *view, GError **error)
{
    return call_job_running(call, "asked through an agent", view, error);
}

static guint timeout_of(const RpcCall *call, const DomainView *view)
{
    const Kanzend *kanzend = call->app;
    int timeout;

    g_mutex_lock(&kanzend->domains->lock);
    timeout = view->domain->agent_timeout_s;
    g_mutex_unlock(&kanzend->domains->lock);
    switch (timeout) {
    case TIMEOUT_BLOCK:
        return BLOCK_TIMEOUT_S;
    case TIMEOUT_DEFAULT:
        return DEFAULT_TIMEOUT_S;
    default:
        return (guint)MAX(timeout, 1);
    }
}

/* libvirt's numbers for what can go wrong with an agent. */
static gboolean agent_failed(GError *failed, GError **error)
{
    g_autoptr(GError) owned = failed;
    VirErrorCode code = g_error_matches(failed, KXL_ERROR, KXL_ERROR_UNSUPPORTED)
                            ? VIR_ERR_ARGUMENT_UNSUPPORTED
                        : g_error_matches(failed, KXL_ERROR, KXL_ERROR_TIMEOUT) ||
                                g_error_matches(failed, KXL_ERROR, KXL_ERROR_NOT_FOUND)
                            ? VIR_ERR_AGENT_UNRESPONSIVE
                            : VIR_ERR_INTERNAL_ERROR;

    return fail(error, code, "%s", failed->message);
}

static char *send_command(const RpcCall *call, const DomainView *view, const char *command,
                          JsonObject *arguments, gboolean answered, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(JsonObject) whole = json_object_new();
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), whole);
    g_autofree char *text = NULL;
    GError *failed = NULL;
    char *answer;

    json_object_set_string_member(whole, "execute", command);
    if (arguments != NULL)
        json_object_set_object_member(whole, "arguments", arguments);
    text = json_to_string(node, FALSE);
    answer = kxl_domain_agent_command(kanzend->host, view->id, text, timeout_of(call, view),
                                      answered, &failed);
    if (answer == NULL)
        agent_failed(failed, error);
    return answer;
}

JsonNode *agent_ask(const RpcCall *call, const DomainView *view, const char *command,
                    AgentShape shape, JsonObject *arguments, GError **error)
{
    g_autofree char *answer = send_command(call, view, command, arguments, TRUE, error);
    g_autoptr(JsonNode) node = answer != NULL ? json_from_string(answer, NULL) : NULL;

    if (node != NULL && agent_has_shape(node, shape))
        return g_steal_pointer(&node);
    if (answer != NULL)
        fail(error, VIR_ERR_INTERNAL_ERROR, "guest agent: %s: malformed answer", command);
    return NULL;
}

gboolean agent_tell(const RpcCall *call, const DomainView *view, const char *command,
                    JsonObject *arguments, GError **error)
{
    g_autofree char *answer = send_command(call, view, command, arguments, TRUE, error);

    return answer != NULL;
}

gboolean agent_tell_unanswered(const RpcCall *call, const DomainView *view, const char *command,
                               JsonObject *arguments, GError **error)
{
    g_autofree char *answer = send_command(call, view, command, arguments, FALSE, error);

    return answer != NULL;
}

/* ---- the agent itself ---- */

gboolean on_domain_agent_set_response_timeout(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    gint32 timeout = call->args[1].i;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, call->args[2].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    if (timeout < TIMEOUT_BLOCK)
        return fail(error, VIR_ERR_INVALID_ARG,
                    "guest agent timeout '%d' is less than the minimum '%d'", timeout,
                    TIMEOUT_BLOCK);
    g_mutex_lock(&kanzend->domains->lock);
    view.domain->agent_timeout_s = timeout;
    g_mutex_unlock(&kanzend->domains->lock);
    xdr_put_i32(call->ret, 0);
    return TRUE;
}

gboolean on_domain_agent_command(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    gint32 timeout = call->args[2].i;
    g_auto(DomainView) view = { 0 };
    g_autofree char *answer = NULL, *whole = NULL;
    GError *failed = NULL;

    if (!check_flags(call, call->args[3].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    answer = kxl_domain_agent_command(kanzend->host, view.id, call->args[1].str,
                                      timeout > 0                ? (guint)timeout
                                      : timeout == TIMEOUT_BLOCK ? BLOCK_TIMEOUT_S
                                                                 : timeout_of(call, &view),
                                      timeout != TIMEOUT_NOWAIT, &failed);
    if (answer == NULL)
        return agent_failed(failed, error);
    whole = g_strdup_printf("{\"return\":%s}", answer);
    xdr_put_optional_string(call->ret, whole);
    return TRUE;
}

/* ---- file systems ---- */

static JsonArray *string_array(const XdrValue *list)
{
    JsonArray *array = json_array_new();

    for (guint i = 0; i < list->len; i++)
        json_array_add_string_element(array, list->items[i].str);
    return array;
}

static gboolean put_count(RpcCall *call, JsonNode *answer, GError **error)
{
    if (answer == NULL)
        return FALSE;
    xdr_put_i32(call->ret, (gint32)json_node_get_int(answer));
    return TRUE;
}

gboolean on_domain_fsfreeze(RpcCall *call, GError **error)
{
    const XdrValue *points = &call->args[1];
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;
    JsonObject *arguments = NULL;

    if (!check_flags(call, call->args[2].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    if (points->len > 0) {
        arguments = json_object_new();
        json_object_set_array_member(arguments, "mountpoints", string_array(points));
    }
    answer = agent_ask(call, &view,
                       points->len > 0 ? "guest-fsfreeze-freeze-list" : "guest-fsfreeze-freeze",
                       AGENT_NUMBER, arguments, error);
    return put_count(call, answer, error);
}

gboolean on_domain_fsthaw(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    if (call->args[1].len > 0)
        return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED, "specifying mountpoints is not supported");
    if (!agent_begin(call, &view, error))
        return FALSE;
    answer = agent_ask(call, &view, "guest-fsfreeze-thaw", AGENT_NUMBER, NULL, error);
    return put_count(call, answer, error);
}

gboolean on_domain_fstrim(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    JsonObject *arguments;

    if (!check_flags(call, call->args[3].u, 0, error))
        return FALSE;
    if (call->args[1].str != NULL)
        return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED,
                    "Specifying mount point is not supported for now");
    if (!agent_begin(call, &view, error))
        return FALSE;
    arguments = json_object_new();
    json_object_set_int_member(arguments, "minimum", (gint64)call->args[2].t);
    return agent_tell(call, &view, "guest-fstrim", arguments, error);
}

/* What a handle of a file system must have. */
static void put_text(RpcCall *call, JsonObject *object, const char *name)
{
    const char *text = agent_text(object, name);

    xdr_put_string(call->ret, text != NULL ? text : "");
}

/* The target of the guest's disk that the agent describes by its place on a bus. */
static void put_aliases(RpcCall *call, JsonObject *fs)
{
    JsonArray *disks = agent_objects(fs, "disk");
    guint count = xdr_put_count(call->ret), n = 0;

    for (guint i = 0; disks != NULL && i < json_array_get_length(disks); i++) {
        const char *device = agent_text(json_array_get_object_element(disks, i), "dev");

        if (device == NULL)
            continue;
        xdr_put_string(call->ret, g_str_has_prefix(device, "/dev/") ? device + 5 : device);
        n++;
    }
    xdr_set_u32(call->ret, count, n);
}

gboolean on_domain_get_fsinfo(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;
    JsonArray *list;

    if (!check_flags(call, call->args[1].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    answer = agent_ask(call, &view, "guest-get-fsinfo", AGENT_OBJECTS, NULL, error);
    if (answer == NULL)
        return FALSE;
    list = json_node_get_array(answer);
    xdr_put_u32(call->ret, json_array_get_length(list));
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *fs = json_array_get_object_element(list, i);

        put_text(call, fs, "mountpoint");
        put_text(call, fs, "name");
        put_text(call, fs, "type");
        put_aliases(call, fs);
    }
    xdr_put_u32(call->ret, json_array_get_length(list));
    return TRUE;
}

/* ---- time ---- */

#define NS_PER_S G_GINT64_CONSTANT(1000000000)

gboolean on_domain_get_time(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;
    gint64 ns;

    if (!check_flags(call, call->args[1].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    answer = agent_ask(call, &view, "guest-get-time", AGENT_NUMBER, NULL, error);
    if (answer == NULL)
        return FALSE;
    ns = json_node_get_int(answer);
    xdr_put_i64(call->ret, ns / NS_PER_S);
    xdr_put_u32(call->ret, (guint32)(ns % NS_PER_S));
    return TRUE;
}

enum { TIME_SYNC = 1 };

static gboolean to_ns(gint64 seconds, guint32 rest_ns, gint64 *ret_ns, GError **error)
{
    if (!__builtin_mul_overflow(seconds, NS_PER_S, ret_ns) &&
        !__builtin_add_overflow(*ret_ns, rest_ns, ret_ns))
        return TRUE;
    return fail(error, VIR_ERR_INVALID_ARG,
                "Time '%" G_GINT64_FORMAT "' is too big for guest agent", seconds);
}

gboolean on_domain_set_time(RpcCall *call, GError **error)
{
    /* By the guest's RTC, which the agent takes without a time: that of the call is of no use. */
    gboolean sync = call->args[3].u & TIME_SYNC;
    g_auto(DomainView) view = { 0 };
    JsonObject *arguments = NULL;
    gint64 ns = 0;

    if (!check_flags(call, call->args[3].u, TIME_SYNC, error) ||
        (!sync && !to_ns(call->args[1].x, call->args[2].u, &ns, error)) ||
        !agent_begin(call, &view, error))
        return FALSE;
    if (!sync) {
        arguments = json_object_new();
        json_object_set_int_member(arguments, "time", ns);
    }
    return agent_tell(call, &view, "guest-set-time", arguments, error);
}

/* ---- users ---- */

enum { PASSWORD_ENCRYPTED = 1 };

gboolean on_domain_set_user_password(RpcCall *call, GError **error)
{
    const char *user = call->args[1].str, *password = call->args[2].str;
    g_auto(DomainView) view = { 0 };
    g_autofree char *encoded = NULL;
    JsonObject *arguments;

    if (!check_flags(call, call->args[3].u, PASSWORD_ENCRYPTED, error))
        return FALSE;
    if (user == NULL || password == NULL)
        return fail(error, VIR_ERR_INVALID_ARG, "%s in %s must not be NULL",
                    user == NULL ? "user" : "password", call->proc->api);
    if (!agent_begin(call, &view, error))
        return FALSE;
    encoded = g_base64_encode((const guchar *)password, strlen(password));
    arguments = json_object_new();
    json_object_set_string_member(arguments, "username", user);
    json_object_set_string_member(arguments, "password", encoded);
    json_object_set_boolean_member(arguments, "crypted", call->args[3].u & PASSWORD_ENCRYPTED);
    return agent_tell(call, &view, "guest-set-user-password", arguments, error);
}

gboolean on_domain_authorized_ssh_keys_get(RpcCall *call, GError **error)
{
    g_auto(DomainView) view = { 0 };
    g_autoptr(JsonNode) answer = NULL;
    JsonObject *arguments;
    JsonArray *keys;

    if (!check_flags(call, call->args[2].u, 0, error) || !agent_begin(call, &view, error))
        return FALSE;
    arguments = json_object_new();
    json_object_set_string_member(arguments, "username", call->args[1].str);
    answer =
        agent_ask(call, &view, "guest-ssh-get-authorized-keys", AGENT_OBJECT, arguments, error);
    if (answer == NULL)
        return FALSE;
    keys = agent_texts(json_node_get_object(answer), "keys");
    if (keys == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "guest agent: malformed list of keys");
    xdr_put_u32(call->ret, json_array_get_length(keys));
    for (guint i = 0; i < json_array_get_length(keys); i++)
        xdr_put_string(call->ret, json_array_get_string_element(keys, i));
    return TRUE;
}

enum { SSH_KEYS_APPEND = 1, SSH_KEYS_REMOVE = 2 };

gboolean on_domain_authorized_ssh_keys_set(RpcCall *call, GError **error)
{
    guint32 flags = call->args[3].u;
    g_auto(DomainView) view = { 0 };
    JsonObject *arguments;

    if (!check_flags(call, flags, SSH_KEYS_APPEND | SSH_KEYS_REMOVE, error))
        return FALSE;
    if (flags == (SSH_KEYS_APPEND | SSH_KEYS_REMOVE))
        return fail(error, VIR_ERR_INVALID_ARG, "append and remove flags are mutually exclusive");
    if (!agent_begin(call, &view, error))
        return FALSE;
    arguments = json_object_new();
    json_object_set_string_member(arguments, "username", call->args[1].str);
    json_object_set_array_member(arguments, "keys", string_array(&call->args[2]));
    if (!(flags & SSH_KEYS_REMOVE))
        json_object_set_boolean_member(arguments, "reset", !(flags & SSH_KEYS_APPEND));
    return agent_tell(call, &view,
                      flags & SSH_KEYS_REMOVE ? "guest-ssh-remove-authorized-keys"
                                              : "guest-ssh-add-authorized-keys",
                      arguments, error);
}

/* ---- sleep ---- */

gboolean on_domain_pm_suspend_for_duration(RpcCall *call, GError **error)
{
    /* By virNodeSuspendTarget. */
    static const char *const commands[] = { "guest-suspend-ram", "guest-suspend-disk",
                                            "guest-suspend-hybrid" };
    guint32 target = call->args[1].u;
    g_auto(DomainView) view = { 0 };

    if (!check_flags(call, call->args[3].u, 0, error))
        return FALSE;
    if (call->args[2].t != 0)
        return fail(error, VIR_ERR_ARGUMENT_UNSUPPORTED, "Duration not supported. Use 0 for now");
    if (target >= G_N_ELEMENTS(commands))
        return fail(error, VIR_ERR_INVALID_ARG, "Unknown suspend target: %u", target);
    return agent_begin(call, &view, error) &&
           agent_tell_unanswered(call, &view, commands[target], NULL, error);
}

gboolean on_domain_pm_wakeup(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_auto(DomainView) view = { 0 };
    g_autofree char *answer = NULL;

    if (!check_flags(call, call->args[1].u, 0, error) ||
        !call_job_running(call, "woken up", &view, error))
        return FALSE;
    answer = kxl_domain_monitor_command(kanzend->host, view.id, "{\"execute\":\"system_wakeup\"}",
                                        FALSE, error);
    return answer != NULL;
}
