/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buttons, keys and pins of a running machine, and its memory in a core file. */
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kxl-guest.h"
#include "ops.h"

/* --- SysRq ------------------------------------------------------------------------------------ */

/* The keys in their rows on a PC keyboard, from the code of the leftmost. */
static const struct {
    guint first;
    const char *keys;
} key_rows[] = {
    { KEY_1, "1234567890" },
    { KEY_Q, "qwertyuiop" },
    { KEY_A, "asdfghjkl" },
    { KEY_Z, "zxcvbnm" },
};

static guint key_code(char key)
{
    for (guint i = 0; i < G_N_ELEMENTS(key_rows); i++) {
        const char *at = strchr(key_rows[i].keys, g_ascii_tolower(key));

        if (at)
            return key_rows[i].first + (guint)(at - key_rows[i].keys);
    }
    return 0;
}

static gboolean ask_by_store(KxlOp *op, char key, GError **error)
{
    g_autofree char *path = g_strdup_printf("/local/domain/%d/control/sysrq", op->domid);
    const char value[] = { key, '\0' };
    g_autoptr(KxlXs) xs = kxl_op_store(op, error);

    return xs && kxl_xs_write(xs, path, value, error);
}

gboolean kxl_domain_sysrq(KxlHost *host, int domid, char key, GError **error)
{
    const guint keys[] = { KEY_LEFTALT, KEY_SYSRQ, key_code(key) };

    if (!g_ascii_isalnum(key)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "sysrq: a letter or a digit is needed");
        return FALSE;
    }
    {
        g_auto(KxlOp) op = { .lock = -1 };

        if (!kxl_op_begin(&op, host, domid, error))
            return FALSE;
        if (op.config->type == KXL_TYPE_PV)
            return ask_by_store(&op, key, error);
    }
    return kxl_domain_send_keys(host, domid, keys, G_N_ELEMENTS(keys), 0, error);
}

/* --- triggers --------------------------------------------------------------------------------- */

static gboolean wake_up(KxlHost *host, int domid, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };

    return kxl_op_begin(&op, host, domid, error) && kxl_op_qmp(&op, "system_wakeup", NULL, error);
}

static gboolean not_here(KxlHost *host, int domid, GError **error)
{
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                        "this trigger is not supported: the machine has no such button");
    return FALSE;
}

static const struct {
    const char *word;
    gboolean (*pull)(KxlHost *host, int domid, GError **error);
} triggers[KXL_TRIGGER_COUNT] = {
    [KXL_TRIGGER_NMI] = { "nmi", kxl_domain_inject_nmi },
    [KXL_TRIGGER_RESET] = { "reset", kxl_domain_reset },
    [KXL_TRIGGER_INIT] = { "init", not_here },
    [KXL_TRIGGER_POWER] = { "power", kxl_domain_shutdown },
    [KXL_TRIGGER_SLEEP] = { "sleep", not_here },
    [KXL_TRIGGER_S3RESUME] = { "s3resume", wake_up },
};

int kxl_trigger_from_string(const char *word)
{
    for (int i = 0; i < KXL_TRIGGER_COUNT; i++)
        if (g_str_equal(triggers[i].word, word))
            return i;
    return -1;
}

gboolean kxl_domain_trigger(KxlHost *host, int domid, KxlTrigger trigger, GError **error)
{
    return triggers[trigger].pull(host, domid, error);
}

/* --- core files ------------------------------------------------------------------------------- */

gboolean kxl_domain_dump_core(KxlHost *host, int domid, const char *path, GError **error)
{
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlQmp) qmp = kxl_op_begin_monitor(&op, host, domid, error);

    return qmp && kxl_core_write(qmp, op.config->type, absolute, error);
}
