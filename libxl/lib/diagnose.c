/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hypervisor below a PV guest tells when it is asked; kanzen-abi.h says how. */
#include <kanzen-abi.h>

#include "kxl-guest.h"
#include "ops.h"

/* hv answers when it next handles an interrupt. */
#define ANSWER_TIMEOUT_US (5 * G_USEC_PER_SEC)
#define ANSWER_POLL_US    2000

/* hv removes the node when it is done. */
static gboolean ask(KxlXs *xs, const char *path, const char *value, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + ANSWER_TIMEOUT_US;

    if (!kxl_xs_write(xs, path, value, error))
        return FALSE;
    while (g_get_monotonic_time() < deadline) {
        g_autoptr(GError) local = NULL;
        g_autofree char *left = kxl_xs_read(xs, path, &local);

        if (local) {
            g_propagate_error(error, g_steal_pointer(&local));
            return FALSE;
        }
        if (!left)
            return TRUE;
        g_usleep(ANSWER_POLL_US);
    }
    g_set_error(error, KXL_ERROR, KXL_ERROR_TIMEOUT, "the hypervisor does not answer");
    return FALSE;
}

gboolean kxl_domain_debug_keys(KxlHost *host, int domid, const char *keys, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlXs) xs = NULL;

    if (!*keys) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "debug keys: none given");
        return FALSE;
    }
    for (const char *key = keys; *key; key++)
        if (!g_ascii_isgraph(*key)) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID,
                        "debug keys: a key is a printable character");
            return FALSE;
        }
    if (!kxl_op_begin(&op, host, domid, error))
        return FALSE;
    xs = kxl_op_store(&op, error);
    return xs && ask(xs, KZ_STORE_DEBUG_KEYS, keys, error);
}

/* text, which it takes, with the counters of all devices' rings behind it. */
static char *with_rings(KxlXs *xs, char *text, GError **error)
{
    g_autoptr(GString) all = g_string_new(text);

    g_free(text);
    for (guint told = 0;; told += KZ_STATS_DEVICES) {
        g_autofree char *from = g_strdup_printf("%u", told);
        g_autofree char *more = NULL;

        if (!ask(xs, KZ_STORE_RINGS_ASK, from, error))
            return NULL;
        more = kxl_xs_read(xs, KZ_STORE_STATS, error);
        if (!more)
            return NULL;
        if (!*more)
            return g_string_free(g_steal_pointer(&all), FALSE);
        g_string_append(all, more);
    }
}

char *kxl_domain_hv_stats(KxlHost *host, int domid, int vcpu, GError **error)
{
    g_auto(KxlOp) op = { .lock = -1 };
    g_autoptr(KxlXs) xs = NULL;
    g_autofree char *text = NULL;
    g_autofree char *which = vcpu < 0 ? g_strdup("all") : g_strdup_printf("%d", vcpu);

    if (!kxl_op_begin(&op, host, domid, error))
        return NULL;
    if (vcpu >= (int)MAX(op.config->max_vcpus, 1)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "domain '%s' has no vCPU %d",
                    op.config->name, vcpu);
        return NULL;
    }
    xs = kxl_op_store(&op, error);
    if (!xs || !ask(xs, KZ_STORE_STATS_ASK, which, error))
        return NULL;
    text = kxl_xs_read(xs, KZ_STORE_STATS, error);
    return text && vcpu < 0 ? with_rings(xs, g_steal_pointer(&text), error)
                            : g_steal_pointer(&text);
}
