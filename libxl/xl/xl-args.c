/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of a command from its row, by getopt_long(3), with xl's messages. */
#include "xl.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { LONG_ONLY = 256 }; /* getopt's value of the first option without a letter */

static guint count_opts(const XlCommand *command)
{
    guint n = 0;

    while (n < XL_MAX_OPTS && (command->opts[n].letter || command->opts[n].name))
        n++;
    return n;
}

static int find_opt(const XlCommand *command, const char *name)
{
    for (guint i = 0; i < count_opts(command); i++) {
        const XlOpt *opt = &command->opts[i];

        if (name[1] ? !g_strcmp0(opt->name, name) : opt->letter == name[0])
            return (int)i;
    }
    g_return_val_if_reached(-1);
}

guint xl_opt_count(const XlArgs *args, const char *name)
{
    int i = find_opt(args->command, name);

    return i < 0 ? 0 : args->count[i];
}

gboolean xl_opt_given(const XlArgs *args, const char *name)
{
    return xl_opt_count(args, name) > 0;
}

const char *xl_opt_value(const XlArgs *args, const char *name)
{
    int i = find_opt(args->command, name);

    return i < 0 ? NULL : args->value[i];
}

/* getopt's tables for a row; -h and --help come with every command. */
static void build_tables(const XlCommand *command, GString *letters, struct option *longs)
{
    guint n = 0;

    g_string_assign(letters, "h");
    for (guint i = 0; i < count_opts(command); i++) {
        const XlOpt *opt = &command->opts[i];

        if (opt->letter)
            g_string_append_printf(letters, "%c%s", opt->letter, opt->arg ? ":" : "");
        if (opt->name)
            longs[n++] = (struct option){ opt->name, opt->arg ? required_argument : no_argument,
                                          NULL, LONG_ONLY + (int)i };
    }
    longs[n] = (struct option){ "help", no_argument, NULL, 'h' };
}

static int opt_index(const XlCommand *command, int found)
{
    if (found >= LONG_ONLY)
        return found - LONG_ONLY;
    for (guint i = 0; i < count_opts(command); i++)
        if (command->opts[i].letter == found)
            return (int)i;
    return -1;
}

static int usage_error(Xl *xl, const XlCommand *command, const char *what, guint n)
{
    xl_say(xl, "'%s %s' %s %u argument%s.\n", xl->program, command->name, what, n,
           n == 1 ? "" : "s");
    xl_help_command(command);
    return XL_USAGE;
}

int xl_args_parse(Xl *xl, const XlCommand *command, int argc, char **argv, XlArgs *ret_args)
{
    struct option longs[XL_MAX_OPTS + 2] = { 0 };
    g_autoptr(GString) letters = g_string_new(NULL);
    int found;

    *ret_args = (XlArgs){ .command = command };
    build_tables(command, letters, longs);
    optind = 0;
    opterr = 0;
    while ((found = getopt_long(argc, argv, letters->str, longs, NULL)) != -1) {
        int i = opt_index(command, found);

        if (found == 'h' && i < 0) {
            xl_help_command(command);
            return -1;
        }
        if (i < 0) {
            if (optopt && optopt < LONG_ONLY)
                xl_say(xl, "option `%c' not supported.", optopt);
            else
                xl_say(xl, "option `%s' not supported.", argv[optind - 1]);
            return XL_USAGE;
        }
        ret_args->count[i]++;
        ret_args->value[i] = optarg;
    }
    ret_args->args = argv + optind;
    ret_args->n_args = (guint)(argc - optind);
    if (ret_args->n_args < command->min_args)
        return usage_error(xl, command, "requires at least", command->min_args);
    if (command->max_args >= 0 && ret_args->n_args > (guint)command->max_args)
        return usage_error(xl, command, "takes at most", (guint)command->max_args);
    return XL_OK;
}
