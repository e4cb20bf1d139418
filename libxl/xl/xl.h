/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands of xl share: the program's state, the command table's row, and messages. */
#pragma once

#include <kxl.h>

typedef struct XlCommand XlCommand;

/* The program: global options and the host, which is opened when a command first needs it. */
typedef struct {
    KxlHost *host;
    const char *program; /* "xl", or "xm" when called so */
    const XlCommand *command;
    gboolean verbose;
    gboolean dry_run;
    gboolean timestamps;
} Xl;

typedef struct {
    char letter;      /* 0: only the long one */
    const char *name; /* long name, or NULL */
    const char *arg;  /* NULL: a flag */
    const char *help; /* NULL: accepted, not shown */
} XlOpt;

enum { XL_MAX_OPTS = 16 };

/* A command line, taken apart by its row. */
typedef struct {
    const XlCommand *command;
    guint count[XL_MAX_OPTS];       /* by the option's place in the row */
    const char *value[XL_MAX_OPTS]; /* the last one */
    char **args;                    /* what is left, NULL-terminated */
    guint n_args;
} XlArgs;

struct XlCommand {
    const char *name;
    int (*run)(Xl *xl,
               const XlArgs *args); /* returns the exit status. NULL: xl has it, Kanzen has not */
    guint min_args;
    int max_args;     /* -1: any number */
    gboolean dry_run; /* implements the global -N */
    const char *synopsis;
    const char *summary;
    XlOpt opts[XL_MAX_OPTS]; /* up to the first without letter and name */
    const char *more;        /* text behind the options, or NULL */
};

enum { XL_OK = 0, XL_FAILED = 1, XL_USAGE = 2 };

/* xl-command.c: the table */
extern const XlCommand xl_commands[];
const XlCommand *xl_command_find(const char *name);

/* xl-args.c */
gboolean xl_opt_given(const XlArgs *args, const char *name); /* "w" or "wait" */
guint xl_opt_count(const XlArgs *args, const char *name);
const char *xl_opt_value(const XlArgs *args, const char *name);
/* Prints what is wrong and returns XL_USAGE; XL_OK with args filled; -1 after printing the help
 * that was asked for. */
int xl_args_parse(Xl *xl, const XlCommand *command, int argc, char **argv, XlArgs *ret_args);

/* xl-help.c */
void xl_help_list(gboolean all);
void xl_help_command(const XlCommand *command);
int cmd_help(Xl *xl, const XlArgs *args);

/* xl-util.c */
KxlHost *xl_host(Xl *xl);                                         /* NULL: said why */
void xl_say(Xl *xl, const char *format, ...) G_GNUC_PRINTF(2, 3); /* a line on standard error */
int xl_fail(Xl *xl, const GError *error);                         /* says it, returns XL_FAILED */
/* Finds the domain a user named; FALSE after xl's message. */
gboolean xl_find_domain(Xl *xl, const char *spec, int *ret_domid);
/* "512" or "512m" MiB, "1g", "2048k", "4096b", "1t" to KiB. */
gboolean xl_parse_memory(const char *text, guint64 *ret_kib);
