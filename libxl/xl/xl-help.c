/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, produced from the command table. */
#include "xl.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 19 };

/* xl's short list: what is used daily. */
static const char *const common[] = { "create", "list",    "destroy", "shutdown", "reboot",
                                      "pause",  "unpause", "console", "mem-set",  "info",
                                      "domid",  "domname", "rename",  "dmesg",    "uptime",
                                      "help",   NULL };

static void print_row(const XlCommand *command)
{
    if (strlen(command->name) > NAME_WIDTH)
        printf(" %s\n %-*s %s\n", command->name, NAME_WIDTH, "", command->summary);
    else
        printf(" %-*s %s\n", NAME_WIDTH, command->name, command->summary);
}

void xl_help_list(gboolean all)
{
    printf("Usage xl [-vfNtT] <subcommand> [args]\n\n");
    printf(all ? "xl full list of subcommands:\n\n" : "xl list of common subcommands:\n\n");
    for (const XlCommand *command = xl_commands; command->name; command++)
        if (command->run && (all || g_strv_contains(common, command->name)))
            print_row(command);
    if (!all) {
        printf("\nSee 'xl help --long' for the full list.\n");
        return;
    }
    printf("\nSubcommands of Xen's xl that are not supported here:\n\n");
    for (const XlCommand *command = xl_commands; command->name; command++)
        if (!command->run)
            printf(" %s\n", command->name);
}

static void print_option(const XlOpt *opt)
{
    g_autofree char *arg =
        opt->arg ? g_strdup_printf(opt->name ? "=%s" : " %s", opt->arg) : g_strdup("");
    g_autofree char *names = NULL;

    if (!opt->help)
        return;
    if (opt->letter && opt->name)
        names = g_strdup_printf("-%c, --%s%s", opt->letter, opt->name, arg);
    else if (opt->letter)
        names = g_strdup_printf("-%c%s", opt->letter, arg);
    else
        names = g_strdup_printf("--%s%s", opt->name, arg);
    printf("%-26s %s\n", names, opt->help);
}

void xl_help_command(const XlCommand *command)
{
    printf("Usage: xl [-vtT%s] %s %s\n\n%s.\n\n", command->dry_run ? "N" : "", command->name,
           command->synopsis ? command->synopsis : "", command->summary);
    printf("Options:\n\n");
    for (guint i = 0; i < XL_MAX_OPTS && (command->opts[i].letter || command->opts[i].name); i++)
        print_option(&command->opts[i]);
    printf("%-26s %s\n", "-h, --help", "Print this help.");
    if (command->more)
        printf("\n%s\n", command->more);
}

int cmd_help(Xl *xl, const XlArgs *args)
{
    const XlCommand *command;

    if (args->n_args == 0) {
        xl_help_list(xl_opt_given(args, "long"));
        return XL_OK;
    }
    command = xl_command_find(args->args[0]);
    if (!command) {
        printf("command \"%s\" not implemented\n", args->args[0]);
        return XL_FAILED;
    }
    if (!command->run)
        printf("xl: %s: not supported\n", command->name);
    else
        xl_help_command(command);
    return XL_OK;
}
