/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A running machine beside its life cycle: screen, keys, interrupts, memory, the monitor itself. */
#include <string.h>

#include "kxl-guest.h"
#include "ops.h"

static gboolean run(KxlHost *host, int domid, const char *command, JsonObject *arguments,
                    GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error)) {
        if (arguments)
            json_object_unref(arguments);
        return FALSE;
    }
    return kxl_op_qmp(&op, command, arguments, error);
}

/* --- screen and keys -------------------------------------------------------------------------- */

gboolean kxl_domain_screenshot(KxlHost *host, int domid, guint screen, gboolean png,
                               const char *path, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    JsonObject *arguments;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    arguments = kxl_qmp_args("s:filename", path, "s:format", png ? "png" : "ppm", NULL);
    if (screen > 0) { /* QEMU numbers the screens of one device */
        json_object_set_string_member(arguments, "device", "video0");
        json_object_set_int_member(arguments, "head", screen);
    }
    return kxl_op_qmp(&op, "screendump", arguments, error);
}

#define HOLD_MS 100

gboolean kxl_domain_send_keys(KxlHost *host, int domid, const guint *keys, guint n_keys,
                              guint hold_ms, GError **error)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < n_keys; i++) {
        int number = kxl_key_from_linux(keys[i]);

        if (number < 0) {
            json_array_unref(list);
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "a PC keyboard has no key %u",
                        keys[i]);
            return FALSE;
        }
        json_array_add_object_element(
            list, kxl_qmp_args("s:type", "number", "i:data", (gint64)number, NULL));
    }
    return run(
        host, domid, "send-key",
        kxl_qmp_args("a:keys", list, "i:hold-time", (gint64)(hold_ms ? hold_ms : HOLD_MS), NULL),
        error);
}

gboolean kxl_domain_inject_nmi(KxlHost *host, int domid, GError **error)
{
    return run(host, domid, "inject-nmi", NULL, error);
}

/* --- memory ----------------------------------------------------------------------------------- */

gboolean kxl_domain_read_memory(KxlHost *host, int domid, guint64 address, guint64 size,
                                gboolean physical, const char *path, GError **error)
{
    return run(
        host, domid, physical ? "pmemsave" : "memsave",
        kxl_qmp_args("i:val", (gint64)address, "i:size", (gint64)size, "s:filename", path, NULL),
        error);
}

/* --- the monitor ------------------------------------------------------------------------------ */

/* {"return": ...} as a client of QMP would see it. */
static char *answer_text(JsonNode *answer)
{
    g_autoptr(JsonObject) whole = json_object_new();
    g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), whole);

    json_object_set_member(whole, "return", json_node_copy(answer));
    return json_to_string(node, FALSE);
}

static char *human_command(KxlQmp *qmp, const char *line, GError **error)
{
    g_autoptr(JsonNode) answer =
        kxl_qmp_call(qmp, "human-monitor-command", kxl_qmp_args("s:command-line", line, NULL),
                     KXL_OP_TIMEOUT_MS, error);

    return answer ? g_strdup(json_node_get_string(answer)) : NULL;
}

char *kxl_domain_monitor_command(KxlHost *host, int domid, const char *command, gboolean hmp,
                                 GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = NULL;
    g_autoptr(JsonNode) parsed = NULL;
    g_autoptr(JsonNode) answer = NULL;
    JsonObject *object = NULL, *arguments = NULL;

    if (!hmp) {
        parsed = json_from_string(command, NULL);
        object = parsed && JSON_NODE_HOLDS_OBJECT(parsed) ? json_node_get_object(parsed) : NULL;
        if (!object || !json_object_get_string_member_with_default(object, "execute", NULL)) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "'%s' is no QMP command", command);
            return NULL;
        }
        if (json_object_has_member(object, "arguments"))
            arguments = json_object_ref(json_object_get_object_member(object, "arguments"));
    }
    qmp = kxl_op_begin_monitor(&op, host, domid, error);
    if (qmp && hmp)
        return human_command(qmp, command, error);
    if (!qmp) {
        g_clear_pointer(&arguments, json_object_unref);
        return NULL;
    }
    answer = kxl_qmp_call(qmp, json_object_get_string_member(object, "execute"), arguments,
                          KXL_OP_TIMEOUT_MS, error);
    return answer ? answer_text(answer) : NULL;
}

gboolean kxl_domain_add_display_client(KxlHost *host, int domid, const char *protocol, int fd,
                                       gboolean skip_auth, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, host, domid, error);
    g_autoptr(JsonNode) got = NULL;

    if (!qmp)
        return FALSE;
    got = kxl_qmp_call_fd(qmp, "getfd", kxl_qmp_args("s:fdname", "display", NULL), fd,
                          KXL_OP_TIMEOUT_MS, error);
    if (!got)
        return FALSE;
    if (kxl_qmp_run(qmp, "add_client",
                    kxl_qmp_args("s:protocol", protocol, "s:fdname", "display", "b:skipauth",
                                 skip_auth, NULL),
                    KXL_OP_TIMEOUT_MS, error))
        return TRUE;
    kxl_qmp_run(qmp, "closefd", kxl_qmp_args("s:fdname", "display", NULL), KXL_OP_TIMEOUT_MS, NULL);
    return FALSE;
}

/* --- balloon ---------------------------------------------------------------------------------- */

#define BALLOON_PATH "/machine/peripheral/balloon0"

/* QEMU docs/interop/virtio-balloon-stats */
static const struct {
    const char *name;
    guint64 unit;
} balloon_stats[KXL_BALLOON_COUNT] = {
    [KXL_BALLOON_SWAP_IN] = { "stat-swap-in", 1024 },
    [KXL_BALLOON_SWAP_OUT] = { "stat-swap-out", 1024 },
    [KXL_BALLOON_MAJOR_FAULT] = { "stat-major-faults", 1 },
    [KXL_BALLOON_MINOR_FAULT] = { "stat-minor-faults", 1 },
    [KXL_BALLOON_UNUSED] = { "stat-free-memory", 1024 },
    [KXL_BALLOON_AVAILABLE] = { "stat-total-memory", 1024 },
    [KXL_BALLOON_USABLE] = { "stat-available-memory", 1024 },
    [KXL_BALLOON_DISK_CACHES] = { "stat-disk-caches", 1024 },
    [KXL_BALLOON_HUGETLB_PGALLOC] = { "stat-htlb-pgalloc", 1 },
    [KXL_BALLOON_HUGETLB_PGFAIL] = { "stat-htlb-pgfail", 1 },
};

static gboolean no_balloon(GError **error, const KxlOp *op)
{
    g_clear_error(error);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "domain '%s' has no virtio balloon",
                op->config->name);
    return FALSE;
}

gboolean kxl_domain_balloon_stats(KxlHost *host, int domid, KxlBalloonStats *ret, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, host, domid, error);
    g_autoptr(JsonNode) answer = NULL;
    JsonObject *stats;

    if (!qmp)
        return FALSE;
    answer = kxl_qmp_call(qmp, "qom-get",
                          kxl_qmp_args("s:path", BALLOON_PATH, "s:property", "guest-stats", NULL),
                          KXL_OP_TIMEOUT_MS, error);
    if (!answer || !JSON_NODE_HOLDS_OBJECT(answer))
        return no_balloon(error, &op);
    ret->last_update_s =
        json_object_get_int_member_with_default(json_node_get_object(answer), "last-update", 0);
    stats = json_object_get_object_member(json_node_get_object(answer), "stats");
    for (guint i = 0; i < KXL_BALLOON_COUNT; i++) {
        gint64 value = json_object_get_int_member_with_default(stats, balloon_stats[i].name, -1);

        ret->stats[i] = value < 0 ? -1 : value / (gint64)balloon_stats[i].unit;
    }
    return TRUE;
}

gboolean kxl_domain_set_balloon_period(KxlHost *host, int domid, guint seconds, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    return kxl_op_qmp(&op, "qom-set",
                      kxl_qmp_args("s:path", BALLOON_PATH, "s:property",
                                   "guest-stats-polling-interval", "i:value", (gint64)seconds,
                                   NULL),
                      error) ||
           no_balloon(error, &op);
}
