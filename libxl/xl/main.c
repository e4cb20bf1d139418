/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl: global options, then the command's row. */
#include "xl.h"

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

static void log_handler(const char *domain, GLogLevelFlags level, const char *message,
                        gpointer data)
{
    Xl *xl = data;

    if ((level & G_LOG_LEVEL_MASK) <= G_LOG_LEVEL_WARNING || xl->verbose)
        xl_say(xl, "%s: %s", domain ? domain : "xl", message);
}

static int run_command(Xl *xl, int argc, char **argv)
{
    const XlCommand *command = xl_command_find(argv[0]);
    XlArgs args;
    int status;

    if (!command) {
        xl_say(xl, "command not implemented");
        return XL_FAILED;
    }
    if (!command->run) {
        xl_say(xl, "xl: %s: not supported", command->name);
        return XL_FAILED;
    }
    if (xl->dry_run && !command->dry_run) {
        xl_say(xl, "command does not implement -N (dryrun) option");
        return XL_FAILED;
    }
    xl->command = command;
    status = xl_args_parse(xl, command, argc, argv, &args);
    if (status < 0)
        return XL_OK;
    return status == XL_OK ? command->run(xl, &args) : status;
}

int main(int argc, char **argv)
{
    Xl xl = { 0 };
    g_autofree char *base = g_path_get_basename(argv[0]);
    int opt, status;

    setlocale(LC_ALL, "");
    xl.program = strcmp(base, "xm") ? "xl" : "xm";
    while ((opt = getopt(argc, argv, "+vftTN")) != -1) {
        switch (opt) {
        case 'v':
            xl.verbose = TRUE;
            break;
        case 'f': /* there is no xend to be forced past */
        case 't': /* no progress is shown, with carriage returns or without */
            break;
        case 'T':
            xl.timestamps = TRUE;
            break;
        case 'N':
            xl.dry_run = TRUE;
            break;
        default:
            xl_say(&xl, "unknown global option");
            return XL_FAILED;
        }
    }
    g_log_set_default_handler(log_handler, &xl);
    if (optind == argc) {
        xl_help_list(TRUE);
        return XL_FAILED;
    }
    status = run_command(&xl, argc - optind, argv + optind);
    kxl_host_free(xl.host);
    if (fflush(stdout)) {
        perror("stdout");
        return XL_FAILED;
    }
    return status;
}
