/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a machine has stopped: why, and what on_poweroff, on_reboot and on_crash make of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <kanzen-abi.h>
#include <xen/sched.h>

#include "core.h"
#include "create.h"
#include "disk-fds.h"
#include "file.h"
#include "ops.h"
#include "rename.h"
#include "session.h"

G_STATIC_ASSERT((int)KXL_REASON_POWEROFF == SHUTDOWN_poweroff &&
                (int)KXL_REASON_REBOOT == SHUTDOWN_reboot &&
                (int)KXL_REASON_SUSPEND == SHUTDOWN_suspend &&
                (int)KXL_REASON_CRASH == SHUTDOWN_crash &&
                (int)KXL_REASON_WATCHDOG == SHUTDOWN_watchdog &&
                (int)KXL_REASON_SOFT_RESET == SHUTDOWN_soft_reset);

/* QEMU flushes its images when it is asked to end. */
#define END_GRACE_MS 5000

/* A guest that crashes sooner than this after its start would only do it again and again. */
#define MIN_UPTIME_US (10 * G_USEC_PER_SEC)

/* --- reasons ---------------------------------------------------------------------------------- */

/* QEMU docs/qapi ShutdownCause. */
static KxlShutdownReason shutdown_cause(const char *cause)
{
    if (g_str_equal(cause, "guest-reset") || g_str_equal(cause, "host-qmp-system-reset"))
        return KXL_REASON_REBOOT;
    if (g_str_equal(cause, "guest-panic"))
        return KXL_REASON_CRASH;
    if (g_str_equal(cause, "host-error"))
        return KXL_REASON_FAILED;
    if (g_str_equal(cause, "host-signal") || g_str_equal(cause, "host-qmp-quit"))
        return KXL_REASON_DESTROYED; /* by somebody else than kxl_domain_destroy(): it was not the
                                        guest */
    return KXL_REASON_POWEROFF;
}

static const char *const ending_watchdog_actions[] = { "reset", "shutdown", "poweroff", NULL };

static KxlShutdownReason event_reason(JsonObject *event, KxlShutdownReason before)
{
    const char *name = json_object_get_string_member(event, "event");
    JsonObject *data =
        json_object_has_member(event, "data") ? json_object_get_object_member(event, "data") : NULL;
    const char *action =
        data ? json_object_get_string_member_with_default(data, "action", "none") : "none";

    if (g_str_equal(name, "GUEST_PANICKED"))
        return KXL_REASON_CRASH;
    if (g_str_equal(name, "WATCHDOG"))
        return g_strv_contains(ending_watchdog_actions, action) ? KXL_REASON_WATCHDOG : before;
    if (!g_str_equal(name, "SHUTDOWN"))
        return before;
    /* The watchdog or the panic made QEMU shut down. */
    if (before == KXL_REASON_WATCHDOG || before == KXL_REASON_CRASH)
        return before;
    return data ? shutdown_cause(json_object_get_string_member_with_default(data, "reason", ""))
                : KXL_REASON_POWEROFF;
}

/* From all that QEMU has told, so that an adopter knows as well. The first end counts: the next one
 * is that of the emulator itself. */
static KxlShutdownReason machine_reason(Session *s)
{
    KxlShutdownReason reason = KXL_REASON_FAILED;
    JsonObject *event;

    s->events_read = 0;
    while ((event = session_next_event(s))) {
        gboolean last = g_str_equal(json_object_get_string_member(event, "event"), "SHUTDOWN");

        reason = event_reason(event, reason);
        json_object_unref(event);
        if (last)
            break;
    }
    return reason;
}

static KxlShutdownReason pv_reason(Session *s)
{
    g_autofree char *word = NULL, *rest = NULL;

    if (!session_status(s, &word, &rest))
        word = g_strdup("");
    if (g_str_equal(word, KZ_STATUS_SHUTDOWN)) {
        gint64 reason = g_ascii_strtoll(rest, NULL, 10);

        return reason >= KXL_REASON_POWEROFF && reason <= KXL_REASON_SOFT_RESET
                   ? (KxlShutdownReason)reason
                   : KXL_REASON_CRASH; /* Xen: unknown reasons are the guest's fault */
    }
    if (g_str_equal(word, KZ_STATUS_CRASH) || g_str_equal(word, KZ_STATUS_PANIC))
        return KXL_REASON_CRASH;
    /* Ended without hv's doing: by kxl_domain_reset(), or hv itself fell. */
    return machine_reason(s) == KXL_REASON_REBOOT ? KXL_REASON_REBOOT : KXL_REASON_FAILED;
}

/* Who wants it gone may have it for another reason: it is in an image now. */
static KxlShutdownReason destroy_reason(const Session *s)
{
    g_autofree char *path = session_path(s, "destroy");
    g_autofree char *how = kxl_file_read(path, NULL);

    return g_strcmp0(how, KXL_END_SAVED) == 0 ? KXL_REASON_SUSPEND : KXL_REASON_DESTROYED;
}

KxlShutdownReason session_end_reason(Session *s)
{
    if (session_destroy_wanted(s))
        return destroy_reason(s);
    if (s->state->state == KXL_STATE_SHUTDOWN || s->state->state == KXL_STATE_CRASHED)
        return s->state->reason; /* known before the last supervisor died */
    return s->config->type == KXL_TYPE_PV ? pv_reason(s) : machine_reason(s);
}

static KxlAction action_for(const Session *s, KxlShutdownReason reason)
{
    switch (reason) {
    case KXL_REASON_POWEROFF:
        return s->config->on_poweroff;
    case KXL_REASON_REBOOT:
    case KXL_REASON_SOFT_RESET:
        return s->config->on_reboot;
    case KXL_REASON_SUSPEND:
        return KXL_ACTION_PRESERVE;
    case KXL_REASON_DESTROYED:
        return KXL_ACTION_DESTROY;
    case KXL_REASON_WATCHDOG:
        return s->config->on_watchdog;
    default:
        return s->config->on_crash;
    }
}

/* What is left of an action when the guest would only end again and again, or leave ever more
 * machines. */
static KxlAction without_restart(KxlAction action, gboolean crashed)
{
    switch (action) {
    case KXL_ACTION_RENAME_RESTART:
        return KXL_ACTION_PRESERVE;
    case KXL_ACTION_RESTART:
    case KXL_ACTION_SOFT_RESET:
        return crashed ? KXL_ACTION_DESTROY : action;
    case KXL_ACTION_COREDUMP_RESTART:
        return crashed ? KXL_ACTION_COREDUMP_DESTROY : action;
    default:
        return action;
    }
}

static KxlAction choose_action(const Session *s, KxlShutdownReason reason, gboolean crashed)
{
    gint64 uptime = g_get_real_time() - s->state->start_time_us;
    KxlAction wanted = action_for(s, reason), action = wanted;

    if (uptime < MIN_UPTIME_US)
        action = without_restart(wanted, crashed);
    if (action != wanted)
        g_warning("domain %d: ended %" G_GINT64_FORMAT " ms after its start: not restarted",
                  s->domid, uptime / 1000);
    return action;
}

/* --- actions ---------------------------------------------------------------------------------- */

static void set_message(Session *s)
{
    g_free(s->state->message);
    s->state->message = session_log_tail(s);
}

void session_dump_core(Session *s)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%Y-%m%d-%H%M.%S");
    g_autofree char *dir = g_build_filename(kxl_host_lib_dir(s->host), "dump", NULL);
    g_autofree char *path =
        g_strdup_printf("%s/%s-%s.%d.core", dir, time, s->config->name, s->domid);
    g_autoptr(GError) error = NULL;

    g_mkdir_with_parents(dir, 0700);
    if (!emulator_connect(s, &error) || !kxl_core_write(s->qmp, s->config->type, path, &error))
        g_warning("domain %d: no core dump: %s", s->domid, error->message);
    emulator_disconnect(s);
}

void session_remove(Session *s, KxlShutdownReason reason)
{
    g_autoptr(GError) error = NULL;
    g_auto(KxlFd) lock = -1;

    session_enter(s, KXL_STATE_DYING, reason);
    emulator_kill(s, END_GRACE_MS);
    session_undo(s);
    lock = kxl_rundir_lock(s->host, NULL);
    if (!kxl_rundir_record_end(s->host, s->state, &error))
        g_warning("domain %d: cannot record why it ended: %s", s->domid, error->message);
    kxl_rundir_remove(s->host, s->domid);
}

static EndResult preserve(Session *s)
{
    while (session_emulator_alive(s) && !session_destroy_wanted(s))
        session_wait(s, -1);
    session_remove(s, session_destroy_wanted(s) ? KXL_REASON_DESTROYED : s->state->reason);
    return END_GONE;
}

static EndResult rename_restart(Session *s)
{
    g_autoptr(GError) error = NULL;

    if (!session_rename_restart(s, &error)) {
        g_warning("domain %d: preserved, but no domain takes its place: %s", s->domid,
                  error->message);
        g_free(s->state->message);
        s->state->message = g_strdup(error->message);
        session_save(s);
    }
    return preserve(s);
}

/* What its disks are opened through is the next machine's as well. Without, that says what it
 * lacks. */
static void keep_descriptors(Session *s)
{
    g_autoptr(GError) error = NULL;

    if (kxl_disk_fds_wanted(s->config) &&
        (!emulator_connect(s, &error) ||
         !kxl_disk_fds_fetch(s->qmp, s->emulator, s->config, &error)))
        g_warning("domain %d: cannot keep its disks' descriptors: %s", s->domid, error->message);
    emulator_disconnect(s);
}

/* A new life under a new domid, in the same folder: its renaming is the moment in which the old
 * domain is gone and the new one is there. */
static EndResult restart(Session *s)
{
    g_autoptr(GError) error = NULL;
    int old = s->domid;

    keep_descriptors(s);
    emulator_kill(s, END_GRACE_MS);
    session_undo(s);
    if (kxl_rundir_record_end(s->host, s->state, &error) &&
        kxl_create_successor(s->host, old, &error)) {
        g_autoptr(KxlState) state = NULL;

        s->ended = FALSE;
        s->domid = kxl_create_move(s->host, old, &error);
        if (s->domid > 0)
            return END_RESTART;
        s->domid = old;
    }
    g_warning("domain %d: cannot restart: %s", old, error->message);
    g_free(s->state->message);
    s->state->message = g_strdup(error->message);
    session_remove(s, KXL_REASON_FAILED);
    return END_GONE;
}

EndResult session_end(Session *s)
{
    KxlShutdownReason reason = session_end_reason(s);
    gboolean crashed =
        reason == KXL_REASON_CRASH || reason == KXL_REASON_WATCHDOG || reason == KXL_REASON_FAILED;
    g_autoptr(KxlDomainConfig) config = kxl_rundir_load_config(s->host, s->domid, NULL);

    /* It may have been renamed, and its actions changed, since it was started. */
    if (config) {
        kxl_domain_config_free(s->config);
        s->config = g_steal_pointer(&config);
    }
    if (reason == KXL_REASON_DESTROYED || session_destroy_wanted(s)) {
        session_remove(s, reason);
        return END_GONE;
    }
    if (crashed)
        set_message(s);
    session_enter(s, crashed ? KXL_STATE_CRASHED : KXL_STATE_SHUTDOWN, reason);
    switch (choose_action(s, reason, crashed)) {
    case KXL_ACTION_COREDUMP_RESTART:
        session_dump_core(s);
        return restart(s);
    case KXL_ACTION_RESTART:
    case KXL_ACTION_SOFT_RESET:
        return restart(s);
    case KXL_ACTION_PRESERVE:
        return preserve(s);
    case KXL_ACTION_RENAME_RESTART:
        return rename_restart(s);
    case KXL_ACTION_COREDUMP_DESTROY:
        session_dump_core(s);
        break;
    default:
        break;
    }
    session_remove(s, reason);
    return END_GONE;
}
