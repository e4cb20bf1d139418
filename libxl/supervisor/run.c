/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* While a domain runs: follow what QEMU tells until the machine has stopped. */
#include <string.h>

#include "file.h"
#include "session.h"

#define MONITOR_TIMEOUT_MS 20000
#define RECONNECT_US       (500 * 1000)

static void on_stop(Session *s)
{
    if (!s->ended)
        session_enter(s, KXL_STATE_PAUSED, KXL_REASON_NONE);
}

static void on_resume(Session *s)
{
    if (!s->ended)
        session_enter(s, KXL_STATE_RUNNING, KXL_REASON_NONE);
}

static void on_end(Session *s)
{
    s->ended = TRUE;
}

static const struct {
    const char *event;
    void (*handle)(Session *s);
} handlers[] = {
    { "STOP", on_stop },
    { "RESUME", on_resume },
    { "SHUTDOWN", on_end },
    { "GUEST_PANICKED", on_end },
};

static void handle_events(Session *s)
{
    JsonObject *event;

    while (s->qmp && (event = kxl_qmp_next_event(s->qmp))) {
        const char *name = json_object_get_string_member_with_default(event, "event", "");

        for (guint i = 0; i < G_N_ELEMENTS(handlers); i++)
            if (g_str_equal(handlers[i].event, name))
                handlers[i].handle(s);
        json_object_unref(event);
    }
}

/* What happened while nobody listened. */
static void catch_up(Session *s)
{
    g_autoptr(JsonNode) answer = NULL;
    const char *status;

    if (!s->qmp || !(answer = kxl_qmp_call(s->qmp, "query-status", NULL, MONITOR_TIMEOUT_MS, NULL)))
        return;
    status = json_object_get_string_member_with_default(json_node_get_object(answer), "status", "");
    if (g_str_equal(status, "shutdown") || g_str_equal(status, "guest-panicked"))
        on_end(s);
    else if (g_str_equal(status, "running"))
        on_resume(s);
    else
        on_stop(s);
}

static void reconnect(Session *s)
{
    g_autoptr(GError) error = NULL;

    if (emulator_connect(s, &error))
        catch_up(s);
    else if (session_emulator_alive(s) && !session_destroy_wanted(s))
        g_warning("domain %d: %s", s->domid, error ? error->message : "no monitor");
}

void session_run(Session *s)
{
    if (s->qmp)
        catch_up(s);
    while (!s->ended && session_emulator_alive(s) && !session_destroy_wanted(s)) {
        if (!s->qmp)
            reconnect(s);
        handle_events(s);
        if (s->ended || session_destroy_wanted(s))
            break;
        /* Without a monitor only the process itself tells; try again now and then. */
        session_wait(s, s->qmp ? -1 : g_get_monotonic_time() + RECONNECT_US);
        handle_events(s);
    }
}
