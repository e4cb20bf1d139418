/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Operations on running domains. They talk to the machine themselves; its supervisor sees what
 * comes of it. */
#include "ops.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <kanzen-abi.h>

#include "config-check.h"
#include "file.h"
#include "guest-domid.h"
#include "job.h"
#include "block.h"
#include "hot-device.h"
#include "kxl-guest.h"
#include "supervise.h"

#define STORE_TIMEOUT_MS 5000

/* For the supervisor to write down what an operation has changed. */
#define SETTLE_US (2 * G_USEC_PER_SEC)
/* For a domain to vanish: its emulator may have much to flush. */
#define DESTROY_US (60 * G_USEC_PER_SEC)

gboolean kxl_op_begin(KxlOp *op, KxlHost *host, int domid, GError **error)
{
    g_autofree char *dir = kxl_rundir_path(host, domid, NULL);
    g_autofree char *lock = kxl_rundir_path(host, domid, "ops.lock");

    *op = (KxlOp){ .host = host, .domid = domid, .lock = -1 };
    if (domid == 0) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "Domain-0 is the host itself");
        return FALSE;
    }
    if (!kxl_supervise_ensure(host, domid, error))
        return FALSE;
    kxl_job_recover(host, domid);
    if (!g_file_test(dir, G_FILE_TEST_IS_DIR)) {
        kxl_rundir_no_domain(error, domid);
        return FALSE;
    }
    op->lock = kxl_lock_take(lock, KXL_LOCK_WAIT, error);
    op->state = op->lock < 0 ? NULL : kxl_rundir_load_state(host, domid, error);
    op->config = op->state ? kxl_rundir_load_config(host, domid, error) : NULL;
    if (!op->config)
        return FALSE;
    if (op->state->state == KXL_STATE_PAUSED || op->state->state == KXL_STATE_RUNNING) {
        kxl_hot_recover(op);
        kxl_block_recover(op);
        return TRUE;
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "domain '%s' is %s", op->config->name,
                op->state->state == KXL_STATE_STARTING
                    ? "being started"
                    : kxl_words_to_string(&kxl_words_state, (int)op->state->state));
    return FALSE;
}

void kxl_op_end(KxlOp *op)
{
    kxl_fd_close(op->lock);
    kxl_state_free(op->state);
    kxl_domain_config_free(op->config);
    *op = (KxlOp){ .lock = -1 };
}

KxlQmp *kxl_op_monitor(KxlOp *op, GError **error)
{
    g_autofree char *path = kxl_rundir_path(op->host, op->domid, "qmp.sock");

    return kxl_qmp_connect(path, KXL_OP_TIMEOUT_MS, error);
}

KxlQmp *kxl_op_begin_monitor(KxlOp *op, KxlHost *host, int domid, GError **error)
{
    return kxl_op_begin(op, host, domid, error) ? kxl_op_monitor(op, error) : NULL;
}

gboolean kxl_op_qmp(KxlOp *op, const char *command, JsonObject *arguments, GError **error)
{
    g_autoptr(KxlQmp) qmp = kxl_op_monitor(op, error);

    if (!qmp && arguments)
        json_object_unref(arguments);
    return qmp && kxl_qmp_run(qmp, command, arguments, KXL_OP_TIMEOUT_MS, error);
}

KxlXs *kxl_op_store(KxlOp *op, GError **error)
{
    g_autofree char *path = kxl_rundir_path(op->host, op->domid, "xs-ops.sock");
    KxlXs *xs;

    if (op->config->type != KXL_TYPE_PV) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "%s domains have no XenStore",
                    kxl_domain_type_to_string(op->config->type));
        return NULL;
    }
    if (op->state->state == KXL_STATE_PAUSED) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE, "domain '%s' is paused", op->config->name);
        return NULL;
    }
    xs = kxl_xs_connect(path, STORE_TIMEOUT_MS, error);
    if (xs)
        kxl_xs_translate(xs, op->domid, kxl_guest_domid(op->host, op->domid));
    return xs;
}

static gboolean store_write(KxlOp *op, const char *path, const char *value, GError **error)
{
    g_autoptr(KxlXs) xs = kxl_op_store(op, error);

    return xs && kxl_xs_write(xs, path, value, error);
}

/* Until the supervisor has noted a state after the one we began with: our caller may look at
 * once. */
static void settle(const KxlOp *op)
{
    gint64 deadline = g_get_monotonic_time() + SETTLE_US;
    gulong pause_us = 500;

    while (g_get_monotonic_time() < deadline) {
        g_autoptr(KxlState) now = kxl_rundir_load_state(op->host, op->domid, NULL);

        if (!now || now->seq != op->state->seq)
            return;
        g_usleep(pause_us);
        pause_us = MIN(pause_us * 2, 10000);
    }
}

/* --- running ---------------------------------------------------------------------------------- */

void kxl_op_tell_time(KxlOp *op)
{
    g_autofree char *status_path = kxl_rundir_path(op->host, op->domid, "status");
    g_autofree char *status = kxl_file_read(status_path, NULL);
    g_autofree char *now = g_strdup_printf("%" G_GINT64_FORMAT "000", g_get_real_time());
    g_autoptr(GError) error = NULL;

    if (op->config->type != KXL_TYPE_PV || !status || !strstr(status, KZ_STATUS_GUEST "\n"))
        return;
    op->state->state = KXL_STATE_RUNNING; /* it is by now */
    if (!store_write(op, KZ_STORE_CLOCK, now, &error))
        g_message("domain %d: its clock stays behind: %s", op->domid, error->message);
}

gboolean kxl_op_go_on(KxlOp *op, GError **error)
{
    if (!kxl_op_qmp(op, "cont", NULL, error))
        return FALSE;
    settle(op);
    kxl_op_tell_time(op);
    return TRUE;
}

static gboolean set_running(KxlHost *host, int domid, gboolean run, GError **error)
{
    KxlDomainState already = run ? KXL_STATE_RUNNING : KXL_STATE_PAUSED;
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (op.state->state == already)
        return TRUE;
    if (run && kxl_job_is_active(host, domid)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_STATE,
                    "domain '%s' is being saved, dumped or reverted", op.config->name);
        return FALSE;
    }
    if (run)
        return kxl_op_go_on(&op, error);
    if (!kxl_op_qmp(&op, "stop", NULL, error))
        return FALSE;
    settle(&op);
    return TRUE;
}

gboolean kxl_domain_pause(KxlHost *host, int domid, GError **error)
{
    return set_running(host, domid, FALSE, error);
}

gboolean kxl_domain_unpause(KxlHost *host, int domid, GError **error)
{
    return set_running(host, domid, TRUE, error);
}

/* --- ending ----------------------------------------------------------------------------------- */

static gboolean control_shutdown(KxlOp *op, const char *what, GError **error)
{
    g_autofree char *path = g_strdup_printf("/local/domain/%d/control/shutdown", op->domid);

    return store_write(op, path, what, error);
}

gboolean kxl_domain_shutdown(KxlHost *host, int domid, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (op.config->type == KXL_TYPE_PV)
        return control_shutdown(&op, "poweroff", error);
    if (op.config->acpi == KXL_NO) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "domain '%s' has no ACPI: it cannot be asked to shut down", op.config->name);
        return FALSE;
    }
    return kxl_op_qmp(&op, "system_powerdown", NULL, error);
}

gboolean kxl_domain_reboot(KxlHost *host, int domid, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (op.config->type == KXL_TYPE_PV)
        return control_shutdown(&op, "reboot", error);
    g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED, "an %s domain cannot be asked to reboot",
                kxl_domain_type_to_string(op.config->type));
    return FALSE;
}

gboolean kxl_domain_reset(KxlHost *host, int domid, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    return kxl_op_begin(&op, host, domid, error) && kxl_op_qmp(&op, "system_reset", NULL, error);
}

static gboolean is_gone(const KxlHost *host, int domid)
{
    g_autofree char *dir = kxl_rundir_path(host, domid, NULL);

    if (g_file_test(dir, G_FILE_TEST_EXISTS))
        return FALSE;
    kxl_rundir_tidy(host); /* it may be on its way out under another name */
    return TRUE;
}

/* One life of a domain. TRUE when it is over, also when that is another's doing. */
static gboolean end_life(KxlHost *host, int domid, const char *how, gint64 deadline, GError **error)
{
    g_autofree char *mark = kxl_rundir_path(host, domid, "destroy");
    gulong pause_us = 500;

    /* The mark outlives us and the supervisor: whoever looks after the domain next does it. */
    if (!kxl_file_write(mark, how, error)) {
        if (is_gone(host, domid)) {
            g_clear_error(error);
            return TRUE;
        }
        return FALSE;
    }
    while (!is_gone(host, domid)) {
        kxl_supervise_ensure(host, domid, NULL);
        if (g_get_monotonic_time() > deadline) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_TIMEOUT, "domain %d does not go away", domid);
            return FALSE;
        }
        g_usleep(pause_us);
        pause_us = MIN(pause_us * 2, 20000);
    }
    return TRUE;
}

/* The present life of a domain that has restarted; -1: none. One that somebody has created in the
 * meantime is another domain. */
static int find_successor(const KxlHost *host, int domid)
{
    g_autoptr(KxlState) end = kxl_rundir_load_end(host, domid, NULL);
    g_autoptr(GArray) domids = NULL;

    if (!end || end->reason == KXL_REASON_DESTROYED)
        return -1;
    domids = kxl_rundir_list(host);
    for (guint i = 0; i < domids->len; i++) {
        int other = g_array_index(domids, int, i);
        g_autoptr(KxlState) state = kxl_rundir_load_state(host, other, NULL);

        if (state && state->restarted && other != domid && g_strcmp0(state->uuid, end->uuid) == 0)
            return other;
    }
    return -1;
}

gboolean kxl_domain_end(KxlHost *host, int domid, const char *how, GError **error)
{
    g_autofree char *dir = kxl_rundir_path(host, domid, NULL);
    gint64 deadline = g_get_monotonic_time() + DESTROY_US;
    int life;

    if (domid == 0) {
        g_set_error_literal(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                            "Domain-0 cannot be destroyed");
        return FALSE;
    }
    /* It may restart before we ask or while we do: then its folder has got the next domid, with the
     * mark or without. */
    life = g_file_test(dir, G_FILE_TEST_IS_DIR) ? domid : find_successor(host, domid);
    if (life < 0) {
        kxl_rundir_no_domain(error, domid);
        return FALSE;
    }
    for (; life >= 0; life = find_successor(host, life))
        if (!end_life(host, life, how, deadline, error))
            return FALSE;
    return TRUE;
}

gboolean kxl_domain_destroy(KxlHost *host, int domid, GError **error)
{
    return kxl_domain_end(host, domid, "", error);
}

/* --- settings --------------------------------------------------------------------------------- */

gboolean kxl_op_change_config(KxlHost *host, int domid, KxlConfigChange change, gconstpointer data,
                              GError **error)
{
    g_auto(KxlFd) all = kxl_rundir_lock(host, error);
    g_autoptr(KxlDomainConfig) config = all < 0 ? NULL : kxl_rundir_load_config(host, domid, error);

    if (!config)
        return FALSE;
    change(config, data);
    return kxl_rundir_save_config(host, domid, config, error);
}

static void change_name(KxlDomainConfig *config, gconstpointer name)
{
    g_free(config->name);
    config->name = g_strdup(name);
}

static gboolean name_is_free(KxlHost *host, int domid, const char *name, GError **error)
{
    g_autoptr(GArray) domids = kxl_rundir_list(host);

    for (guint i = 0; i < domids->len; i++) {
        int other = g_array_index(domids, int, i);
        g_autoptr(KxlDomainConfig) config = kxl_rundir_load_config(host, other, NULL);

        if (!config || other == domid || !g_str_equal(config->name, name))
            continue;
        g_set_error(error, KXL_ERROR, KXL_ERROR_EXISTS, "a domain with name '%s' exists already",
                    name);
        return FALSE;
    }
    return TRUE;
}

gboolean kxl_domain_rename(KxlHost *host, int domid, const char *name, GError **error)
{
    g_autofree char *path = g_strdup_printf("/local/domain/%d/name", domid);
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_domain_name_check(name, error) || !kxl_op_begin(&op, host, domid, error) ||
        !name_is_free(host, domid, name, error) ||
        !kxl_op_change_config(host, domid, change_name, name, error))
        return FALSE;
    if (op.config->type ==
        KXL_TYPE_PV) /* a copy for the guest and for tools; a paused one gets it never */
        store_write(&op, path, name, NULL);
    return TRUE;
}

static void change_target(KxlDomainConfig *config, gconstpointer target)
{
    config->target_memkb = *(const guint64 *)target;
}

static gboolean balloon(KxlOp *op, guint64 target_kb, GError **error)
{
    JsonObject *arguments;

    if (op->state->max_memory_kb <= op->state->memory_kb) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "domain '%s' was started without room for ballooning (maxmem)",
                    op->config->name);
        return FALSE;
    }
    arguments = json_object_new();
    json_object_set_int_member(arguments, "value", (gint64)target_kb * 1024);
    return kxl_op_qmp(op, "balloon", arguments, error);
}

gboolean kxl_domain_set_memory_target(KxlHost *host, int domid, guint64 target_kb, GError **error)
{
    g_autofree char *path = g_strdup_printf("/local/domain/%d/memory/target", domid);
    g_autofree char *value = g_strdup_printf("%" G_GUINT64_FORMAT, target_kb);
    g_auto(KxlOp) op = { .lock = -1 };
    guint64 max_kb;
    gboolean ok;

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    max_kb = MIN(op.state->max_memory_kb, MAX(op.config->max_memkb, op.config->target_memkb));
    if (target_kb < 1024 || target_kb > max_kb) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                    "memory: %" G_GUINT64_FORMAT
                    " KiB is not between 1 MiB and the domain's maximum of %" G_GUINT64_FORMAT
                    " KiB",
                    target_kb, max_kb);
        return FALSE;
    }
    ok = op.config->type == KXL_TYPE_PV ? store_write(&op, path, value, error)
                                        : balloon(&op, target_kb, error);
    return ok && kxl_op_change_config(host, domid, change_target, &target_kb, error);
}

static void change_max_memory(KxlDomainConfig *config, gconstpointer max)
{
    config->max_memkb = *(const guint64 *)max;
}

gboolean kxl_domain_set_max_memory(KxlHost *host, int domid, guint64 max_kb, GError **error)
{
    g_autofree char *path = g_strdup_printf("/local/domain/%d/memory/static-max", domid);
    g_autofree char *value = g_strdup_printf("%" G_GUINT64_FORMAT, max_kb);
    g_auto(KxlOp) op = { .lock = -1 };

    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    if (max_kb < op.config->target_memkb || max_kb > op.state->max_memory_kb) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "maxmem: %" G_GUINT64_FORMAT
                    " KiB is not between what the domain has (%" G_GUINT64_FORMAT
                    " KiB) and what it was started with (%" G_GUINT64_FORMAT " KiB)",
                    max_kb, op.config->target_memkb, op.state->max_memory_kb);
        return FALSE;
    }
    return (op.config->type != KXL_TYPE_PV || store_write(&op, path, value, error)) &&
           kxl_op_change_config(host, domid, change_max_memory, &max_kb, error);
}

typedef struct {
    KxlAction on_poweroff, on_reboot, on_crash;
} Actions;

static void change_actions(KxlDomainConfig *config, gconstpointer data)
{
    const Actions *actions = data;

    config->on_poweroff = actions->on_poweroff;
    config->on_reboot = actions->on_reboot;
    config->on_crash = actions->on_crash;
}

gboolean kxl_domain_set_actions(KxlHost *host, int domid, KxlAction on_poweroff,
                                KxlAction on_reboot, KxlAction on_crash, GError **error)
{
    Actions actions = { on_poweroff, on_reboot, on_crash };
    g_auto(KxlOp) op = { .lock = -1 };

    return kxl_op_begin(&op, host, domid, error) &&
           kxl_op_change_config(host, domid, change_actions, &actions, error);
}

/* --- the store -------------------------------------------------------------------------------- */

char *kxl_domain_xenstore_socket(KxlHost *host, int domid)
{
    return kxl_rundir_path(host, domid, "xs-daemon.sock");
}

char *kxl_domain_xenstore_read(KxlHost *host, int domid, const char *path, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlXs) xs = NULL;

    if (!kxl_op_begin(&op, host, domid, error))
        return NULL;
    xs = kxl_op_store(&op, error);
    return xs ? kxl_xs_read(xs, path, error) : NULL;
}

gboolean kxl_domain_xenstore_write(KxlHost *host, int domid, const char *path, const char *value,
                                   GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    return kxl_op_begin(&op, host, domid, error) && store_write(&op, path, value, error);
}
