/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sysrq, trigger, button-press, dump-core */
#include "commands.h"

#include <kxl-guest.h>
#include <stdio.h>
#include <string.h>

int cmd_sysrq(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    if (strlen(args->args[1]) != 1) {
        xl_say(xl, "Invalid sysrq.\n");
        xl_help_command(args->command);
        return XL_FAILED;
    }
    return kxl_domain_sysrq(xl->host, domid, args->args[1][0], &error) ? XL_OK : xl_fail(xl, error);
}

static int pull(Xl *xl, const char *domain, int trigger)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, domain, &domid))
        return XL_FAILED;
    return kxl_domain_trigger(xl->host, domid, (KxlTrigger)trigger, &error) ? XL_OK
                                                                            : xl_fail(xl, error);
}

/* xl's vcpu argument concerns NMI and init; an NMI goes to all of them here. */
int cmd_trigger(Xl *xl, const XlArgs *args)
{
    int trigger = kxl_trigger_from_string(args->args[1]);

    if (trigger < 0) {
        xl_say(xl, "Invalid trigger \"%s\"", args->args[1]);
        return XL_FAILED;
    }
    return pull(xl, args->args[0], trigger);
}

int cmd_button_press(Xl *xl, const XlArgs *args)
{
    const char *button = args->args[1];

    xl_say(xl, "WARNING: \"button-press\" is deprecated. Please use \"trigger\"");
    if (!g_str_equal(button, "power") && !g_str_equal(button, "sleep")) {
        xl_say(xl, "%s is an invalid button identifier", button);
        return XL_USAGE;
    }
    return pull(xl, args->args[0], kxl_trigger_from_string(button));
}

int cmd_dump_core(Xl *xl, const XlArgs *args)
{
    g_autoptr(GError) error = NULL;
    int domid;

    if (!xl_find_domain(xl, args->args[0], &domid))
        return XL_FAILED;
    return kxl_domain_dump_core(xl->host, domid, args->args[1], &error) ? XL_OK
                                                                        : xl_fail(xl, error);
}
