/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a domain: a list of steps, done forward, undone backward when one fails. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <kanzen-abi.h>

#include "affinity.h"
#include "boot-file.h"
#include "bootloader.h"
#include "disk-tune.h"
#include "file.h"
#include "machine-args.h"
#include "nic-host.h"
#include "session.h"
#include "store-tree.h"

#define MONITOR_TIMEOUT_MS 20000

/* From the machine's first instruction to the guest's: unpacking under TCG on a busy host takes a
 * while. */
#define GUEST_TIMEOUT_US (120 * G_USEC_PER_SEC)
/* Then look this long whether it ends at once. */
#define SETTLE_US (50 * 1000)

/* --- boot file -------------------------------------------------------------------------------- */

/* Where count disks or nics are. */
static char **functions_of(const KxlDomainConfig *config, guint count,
                           char *(*function)(const KxlDomainConfig *config, guint i))
{
    char **functions = g_new0(char *, count + 1);

    for (guint i = 0; i < count; i++)
        functions[i] = function(config, i);
    return functions;
}

static GByteArray *make_store(const Session *s)
{
    const KxlDomainConfig *config = s->config;
    g_auto(GStrv) disk_pci = functions_of(config, config->disks->len, kxl_machine_disk_function);
    g_auto(GStrv) nic_pci = functions_of(config, config->nics->len, kxl_machine_nic_function);
    KxlStoreFunctions functions = { .disk_pci = disk_pci, .nic_pci = nic_pci };

    return kxl_store_tree_new(s->config, s->domid, &functions, s->state->start_time_us);
}

static gboolean step_boot_file(Session *s, GError **error)
{
    g_autofree char *path = session_path(s, "boot");
    g_autofree char *kernel = NULL;
    g_autoptr(GByteArray) store = NULL;
    KxlBootSpec spec;

    if (s->config->type == KXL_TYPE_PVH)
        return kxl_boot_kernel_write(path, s->config, error);
    if (s->config->type != KXL_TYPE_PV)
        return TRUE;
    if (s->image) /* hv is running already: QEMU only wants a file */
        return kxl_file_write(path, "restored\n", error);
    kernel = kxl_bootloader_kernel(s->host, s->config, error);
    if (!kernel)
        return FALSE;
    store = make_store(s);
    spec = (KxlBootSpec){ .config = s->config,
                          .kernel = kernel,
                          .domid = s->domid,
                          .store = store,
                          .now_us = g_get_real_time() };
    return kxl_boot_file_write(path, &spec, error);
}

/* --- firmware --------------------------------------------------------------------------------- */

/* OVMF keeps its variables in a file per domain, made from the empty ones that belong to it. */
static gboolean step_firmware(Session *s, GError **error)
{
    const char *to = s->config->nvram_path;
    g_autofree char *dir = NULL, *variables = NULL;
    g_autoptr(GError) local = NULL;
    gsize len;

    if (s->config->firmware != KXL_FIRMWARE_OVMF || g_file_test(to, G_FILE_TEST_EXISTS))
        return TRUE;
    dir = g_path_get_dirname(to);
    g_mkdir_with_parents(dir, 0700);
    if (g_file_get_contents(s->config->board.nvram_template, &variables, &len, &local) &&
        g_file_set_contents_full(to, variables, (gssize)len, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                 &local))
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "firmware variables: %s", local->message);
    return FALSE;
}

/* --- limits ----------------------------------------------------------------------------------- */

static gboolean step_groups(Session *s, GError **error)
{
    KxlCgroup group = session_group(s);

    return kxl_cgroup_make(&group, error);
}

static void undo_groups(Session *s)
{
    KxlCgroup group = session_group(s);

    kxl_cgroup_remove(&group);
}

/* --- emulator --------------------------------------------------------------------------------- */

/* What QEMU finds there when it opens its monitors and ports. */
static gboolean step_files(Session *s, GError **error)
{
    g_autofree char *status = session_path(s, "status");
    g_autofree char *in = session_path(s, "events.in");
    g_autofree char *out = session_path(s, "events.out");

    if (!kxl_file_write(in, "{\"execute\":\"qmp_capabilities\"}\n", error) ||
        !kxl_file_write(out, "", error) ||
        (s->config->type == KXL_TYPE_PV &&
         !kxl_file_write(status, s->image ? KZ_STATUS_GUEST "\n" : "", error)))
        return FALSE;
    s->events_read = 0;
    s->boot_used = FALSE;
    session_watch(s);
    return TRUE;
}

static void undo_emulator(Session *s)
{
    emulator_kill(s, 0);
}

static gboolean tune_disks(Session *s, GError **error)
{
    for (guint i = 0; i < s->config->disks->len; i++) {
        const KxlDeviceDisk *disk = s->config->disks->pdata[i];
        g_autofree char *device = kxl_args_disk_backend(s->config, disk);

        if (!kxl_disk_tune_apply(s->qmp, disk, device, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean settle_nics(Session *s, GError **error)
{
    for (guint i = 0; i < s->config->nics->len; i++)
        if (!kxl_nic_settle(s->qmp, s->config->nics->pdata[i], error))
            return FALSE;
    return TRUE;
}

/* What the guest's own driver tells of its memory, QEMU asks for from time to time. */
static gboolean set_balloon_polling(Session *s, GError **error)
{
    guint period = s->config->balloon.stats_period_secs;

    if (period == 0 || s->config->type != KXL_TYPE_HVM)
        return TRUE;
    return kxl_qmp_run(s->qmp, "qom-set",
                       kxl_qmp_args("s:path", "/machine/peripheral/balloon0", "s:property",
                                    "guest-stats-polling-interval", "i:value", (gint64)period,
                                    NULL),
                       MONITOR_TIMEOUT_MS, error);
}

static gboolean step_settings(Session *s, GError **error)
{
    const KxlDomainConfig *config = s->config;

    return emulator_inspect(s, error) && tune_disks(s, error) && settle_nics(s, error) &&
           displays_set_up(s, error) && set_balloon_polling(s, error) &&
           kxl_affinity_apply(config, s->state->vcpu_tids, error) &&
           threads_settle(s, error);
}

/* --- first instruction ------------------------------------------------------------------------ */

static gboolean machine_ended(Session *s)
{
    JsonObject *event;
    gboolean ended = !session_emulator_alive(s);

    while ((event = session_next_event(s))) {
        const char *name = json_object_get_string_member(event, "event");

        ended |= g_str_equal(name, "SHUTDOWN") || g_str_equal(name, "GUEST_PANICKED");
        json_object_unref(event);
    }
    return ended;
}

static gboolean start_failed(Session *s, GError **error)
{
    g_autofree char *word = NULL, *rest = NULL;
    g_autofree char *tail = session_log_tail(s);

    /* hv says why it ended the guest; its log has the detail. */
    if (session_status(s, &word, &rest) &&
        (g_str_equal(word, KZ_STATUS_CRASH) || g_str_equal(word, KZ_STATUS_PANIC)))
        g_set_error(error, KXL_ERROR, KXL_ERROR_START_FAILED, "the guest did not start: %s: %s%s%s",
                    word, rest, *tail ? "\n" : "", tail);
    else
        g_set_error(error, KXL_ERROR, KXL_ERROR_START_FAILED,
                    "the machine ended before the guest ran%s%s", *tail ? ": " : "", tail);
    return FALSE;
}

/* Until hv says that the guest runs, and a moment longer. A clean shutdown in that moment is a very
 * short run, not a failure. */
static gboolean wait_for_guest(Session *s, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + GUEST_TIMEOUT_US;
    gboolean running = FALSE;

    for (;;) {
        g_autofree char *word = NULL, *rest = NULL;

        if (session_status(s, &word, &rest)) {
            if (g_str_equal(word, KZ_STATUS_SHUTDOWN)) {
                s->ended = TRUE;
                return TRUE;
            }
            if (g_str_equal(word, KZ_STATUS_CRASH) || g_str_equal(word, KZ_STATUS_PANIC))
                return start_failed(s, error);
            if (g_str_equal(word, KZ_STATUS_GUEST) && !running) {
                running = TRUE;
                deadline = g_get_monotonic_time() + SETTLE_US;
            }
        }
        if (session_interrupted(s, error))
            return FALSE;
        if (machine_ended(s))
            return start_failed(s, error);
        if (g_get_monotonic_time() >= deadline) {
            if (running)
                return TRUE;
            g_set_error_literal(error, KXL_ERROR, KXL_ERROR_TIMEOUT,
                                "the guest did not reach its first instruction");
            return FALSE;
        }
        session_wait(s, deadline);
    }
}

static gboolean step_run(Session *s, GError **error)
{
    if (s->paused) {
        emulator_disconnect(s);
        return TRUE;
    }
    if (!kxl_qmp_run(s->qmp, "cont", NULL, MONITOR_TIMEOUT_MS, error))
        return FALSE;
    emulator_disconnect(s);
    return s->config->type != KXL_TYPE_PV || s->image || wait_for_guest(s, error);
}

/* --- the list --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    gboolean (*run)(Session *s, GError **error);
    void (*undo)(Session *s); /* may be called when the step has not run, or not to its end */
} steps[] = {
    { "boot file", step_boot_file, NULL }, /* goes with the folder */
    { "firmware", step_firmware, NULL },
    { "overlays", overlays_make, overlays_remove },
    { "host devices", passthrough_take, passthrough_return },
    { "network", network_up, network_down },
    { "files", step_files, NULL },
    { "control groups", step_groups, undo_groups },
    { "helpers", helpers_up, helpers_down },
    { "emulator", emulator_spawn, undo_emulator },
    { "monitor", emulator_connect, NULL },
    { "settings", step_settings, NULL },
    { "image", restore_load, NULL },
    { "run", step_run, NULL },
};

void session_undo(Session *s)
{
    for (guint i = G_N_ELEMENTS(steps); i-- > 0;)
        if (steps[i].undo)
            steps[i].undo(s);
}

gboolean session_start(Session *s, GError **error)
{
    restore_prepare(s);
    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        gint64 begin = g_get_monotonic_time();

        if (session_interrupted(s, error) || !steps[i].run(s, error)) {
            session_undo(s);
            return FALSE;
        }
        g_debug("domain %d: %s took %" G_GINT64_FORMAT " us", s->domid, steps[i].name,
                g_get_monotonic_time() - begin);
    }
    return TRUE;
}
