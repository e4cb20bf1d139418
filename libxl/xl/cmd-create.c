/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands.h"
#include "config-file.h"
#include "console.h"
#include "vnc.h"
#include "wait.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

enum { RESTART_TIMEOUT_MS = 60000, RESTART_POLL_MS = 100 };

/* What `list -l` will show, without a domain. */
static int print_config(Xl *xl, const KxlDomainConfig *config)
{
    g_autofree char *inner = kxl_domain_config_to_json(config);
    g_autofree char *whole = g_strdup_printf("{\"domid\":null,\"config\":%s}", inner);
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) root = json_from_string(whole, &error);
    g_autoptr(JsonGenerator) generator = NULL;
    g_autofree char *text = NULL;

    if (!root)
        return xl_fail(xl, error);
    generator = json_generator_new();
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_indent(generator, 4);
    json_generator_set_root(generator, root);
    text = json_generator_to_data(generator, NULL);
    printf("%s\n", text);
    return XL_OK;
}

/* Splits the words behind the options: one file, and settings. */
static gboolean take_words(Xl *xl, const XlArgs *args, const char **ret_file, GPtrArray *overrides)
{
    *ret_file = xl_opt_value(args, "defconfig");
    for (guint i = 0; i < args->n_args; i++) {
        if (strchr(args->args[i], '=')) {
            g_ptr_array_add(overrides, args->args[i]);
        } else if (!*ret_file) {
            *ret_file = args->args[i];
        } else {
            xl_say(xl, "'%s': only one config file can be given", args->args[i]);
            xl_help_command(args->command);
            return FALSE;
        }
    }
    return TRUE;
}

typedef struct {
    const KxlDomainConfig *config;
    gboolean restarts;
} End;

static void note_end(Xl *xl, int domid, KxlShutdownReason reason, gpointer data)
{
    End *end = data;
    KxlAction action = KXL_ACTION_DESTROY;

    switch (reason) {
    case KXL_REASON_POWEROFF:
        action = end->config->on_poweroff;
        break;
    case KXL_REASON_REBOOT:
        action = end->config->on_reboot;
        break;
    case KXL_REASON_CRASH:
        action = end->config->on_crash;
        break;
    case KXL_REASON_WATCHDOG:
        action = end->config->on_watchdog;
        break;
    default:
        break;
    }
    end->restarts = action == KXL_ACTION_RESTART || action == KXL_ACTION_RENAME_RESTART ||
                    action == KXL_ACTION_COREDUMP_RESTART;
    xl_say(xl, "Domain %d has ended, reason code %d", domid, (int)reason);
}

/* The domain that follows one that restarts: -1 when none comes. */
static int wait_for_successor(Xl *xl, const char *name)
{
    for (guint waited = 0; waited < RESTART_TIMEOUT_MS; waited += RESTART_POLL_MS) {
        int domid = kxl_domain_find(xl->host, name, NULL);

        if (domid >= 0)
            return domid;
        g_usleep(RESTART_POLL_MS * 1000);
    }
    return -1;
}

/* -F: returns when the domain has ended for good. */
static int run_in_foreground(Xl *xl, const KxlDomainConfig *config, int domid)
{
    End end = { .config = config };

    while (domid >= 0) {
        g_autoptr(XlWaiter) waiter = xl_waiter_new(xl, note_end, &end);

        if (!waiter)
            return XL_FAILED;
        xl_waiter_add(waiter, domid);
        xl_waiter_run(waiter);
        domid = end.restarts ? wait_for_successor(xl, config->name) : -1;
    }
    return XL_OK;
}

/* Attached before the guest's first instruction, so that none of its output is lost. */
static int start_with_console(Xl *xl, const XlArgs *args, int domid)
{
    g_autoptr(GError) error = NULL;
    int fd = xl_console_open(xl, domid, NULL, 0);

    if (!xl_opt_given(args, "p") && !kxl_domain_unpause(xl->host, domid, &error))
        return xl_fail(xl, error);
    return fd < 0 ? XL_FAILED : xl_console_run(xl, fd);
}

/* Says what the domain will be without. */
static void tell_limits(Xl *xl, const KxlDomainConfig *config)
{
    g_autoptr(KxlDomainConfig) limited = kxl_domain_config_dup(config);
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    kxl_domain_config_limit(limited, notes);
    for (guint i = 0; i < notes->len; i++)
        xl_say(xl, "warning: %s", (char *)notes->pdata[i]);
}

static int start(Xl *xl, const XlArgs *args, const KxlDomainConfig *config)
{
    gboolean console = xl_opt_given(args, "c");
    gboolean paused = console || xl_opt_given(args, "p");
    gboolean autopass = xl_opt_given(args, "vncviewer-autopass");
    g_autoptr(GError) error = NULL;
    int domid, status = XL_OK;

    tell_limits(xl, config);
    domid = kxl_domain_create(xl->host, config, paused ? KXL_CREATE_PAUSED : KXL_CREATE_NONE, NULL,
                              NULL, &error);
    if (domid < 0)
        return xl_fail(xl, error);
    if (autopass || xl_opt_given(args, "vncviewer"))
        status = xl_vnc_view(xl, domid, autopass);
    if (console)
        status = start_with_console(xl, args, domid);
    if (xl_opt_given(args, "F"))
        status = run_in_foreground(xl, config, domid);
    return status;
}

int cmd_create(Xl *xl, const XlArgs *args)
{
    g_autoptr(GPtrArray) overrides = g_ptr_array_new();
    gboolean dry_run = xl->dry_run || xl_opt_given(args, "dryrun");
    gboolean quiet = xl_opt_given(args, "quiet");
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GError) error = NULL;
    const char *file;

    if (xl_opt_given(args, "d"))
        xl->verbose = TRUE;
    if (!take_words(xl, args, &file, overrides))
        return XL_USAGE;
    config = xl_config_load(xl, file, (char *const *)overrides->pdata, overrides->len, quiet);
    if (!config)
        return XL_FAILED;
    if (!kxl_domain_config_validate(config, &error))
        return xl_fail(xl, error);
    if (dry_run)
        return print_config(xl, config);
    if (!xl_host(xl))
        return XL_FAILED;
    return start(xl, args, config);
}
