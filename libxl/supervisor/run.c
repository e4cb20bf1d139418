/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* While a domain runs: follow what QEMU tells until the machine has stopped. */
#include <fcntl.h>
#include <string.h>

#include <kanzen-abi.h>

#include "affinity.h"
#include "session.h"

/* Events that change a domain's state. The machine stops after the last two of them, for good. */
static const struct {
    const char *event;
    KxlDomainState state;
    gboolean ends;
} rows[] = {
    { "STOP", KXL_STATE_PAUSED, FALSE },
    { "RESUME", KXL_STATE_RUNNING, FALSE },
    { "SHUTDOWN", KXL_STATE_SHUTDOWN, TRUE },
    { "GUEST_PANICKED", KXL_STATE_CRASHED, TRUE },
};

/* The state after one event, KXL_STATE_UNKNOWN: it changes nothing. */
static KxlDomainState follow(Session *s, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (!g_str_equal(rows[i].event, name))
            continue;
        s->ended |= rows[i].ends;
        return s->ended ? KXL_STATE_UNKNOWN : rows[i].state;
    }
    return KXL_STATE_UNKNOWN;
}

#define MONITOR_TIMEOUT_MS 20000

/* The watchdog's action "dump": QEMU has stopped the machine, which goes on afterwards. */
static gboolean asks_for_dump(const Session *s, const char *event)
{
    return g_str_equal(event, "WATCHDOG") && g_strcmp0(s->config->watchdog_action, "dump") == 0;
}

static void dump_and_go_on(Session *s)
{
    g_autoptr(GError) error = NULL;

    session_dump_core(s);
    if (!emulator_connect(s, &error) ||
        !kxl_qmp_run(s->qmp, "cont", NULL, MONITOR_TIMEOUT_MS, &error))
        g_warning("domain %d: stays stopped after its dump: %s", s->domid, error->message);
    emulator_disconnect(s);
}

/* replay: they are old; only what has come of them counts. */
static void handle_events(Session *s, gboolean replay)
{
    KxlDomainState last = KXL_STATE_UNKNOWN;
    gboolean dump = FALSE;
    JsonObject *event;

    while ((event = session_next_event(s))) {
        const char *name = json_object_get_string_member(event, "event");
        KxlDomainState state = follow(s, name);

        dump |= !replay && asks_for_dump(s, name);
        json_object_unref(event);
        if (state == KXL_STATE_UNKNOWN)
            continue;
        last = state;
        if (!replay)
            session_enter(s, state, KXL_REASON_NONE);
    }
    if (replay && last != KXL_STATE_UNKNOWN && !s->ended)
        session_enter(s, last, KXL_REASON_NONE);
    if (dump)
        dump_and_go_on(s);
}

void session_catch_up(Session *s)
{
    s->events_read = 0;
    handle_events(s, TRUE);
}

/* Once the guest runs hv has taken its kernel and ramdisk out of the boot file. A PVH kernel is in
 * the guest's memory before QEMU answers on its monitor. */
static gboolean boot_file_is_used(Session *s)
{
    g_autofree char *word = NULL, *rest = NULL;

    if (s->config->type == KXL_TYPE_PV)
        return session_status(s, &word, &rest) && g_str_equal(word, KZ_STATUS_GUEST);
    return s->config->type == KXL_TYPE_PVH;
}

/* The run directory is in memory and QEMU keeps the file mapped, so the pages are given back by
 * making it a hole. */
static void release_boot_file(Session *s)
{
    g_autofree char *path = NULL;
    g_auto(KxlFd) fd = -1;

    if (s->boot_used || !boot_file_is_used(s))
        return;
    s->boot_used = TRUE;
    path = session_path(s, "boot");
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) /* a file system that cannot do it keeps them */
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, lseek(fd, 0, SEEK_END));
}

/* vCPUs have come or gone: their threads are in the state, and where the configuration wants
 * them. */
static void inspect_again(Session *s)
{
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GError) error = NULL;

    if (!kxl_rundir_take_inspection(s->host, s->domid))
        return;
    config = kxl_rundir_load_config(s->host, s->domid, NULL);
    if (!config || !emulator_connect(s, &error) || !emulator_inspect(s, &error) ||
        !kxl_affinity_apply(config, s->state->vcpu_tids, &error))
        g_warning("domain %d: cannot look at its vCPUs: %s", s->domid,
                  error ? error->message : "it has gone");
    emulator_disconnect(s);
    session_save(s);
}

void session_run(Session *s)
{
    handle_events(s, FALSE);
    while (!s->ended && session_emulator_alive(s) && !session_destroy_wanted(s)) {
        release_boot_file(s);
        inspect_again(s);
        session_wait(s, -1);
        handle_events(s, FALSE);
    }
}
