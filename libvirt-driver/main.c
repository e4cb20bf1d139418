/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kanzend: options, the background, and what a process has to set up before it serves. */
#include <errno.h>
#include <gio/gio.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config/log.h"
#include "daemon.h"

typedef struct {
    DaemonOptions daemon;
    gboolean background, foreground, check, version;
} Options;

static gboolean check_options(const Options *options, int argc, GError **error)
{
    const char *wrong = NULL;

    if (argc > 1)
        wrong = "kanzend takes options only";
    else if (options->background && options->foreground)
        wrong = "--daemon and --foreground exclude each other";
    else if (options->daemon.timeout_s < 0)
        wrong = "--timeout is a number of seconds";
    if (wrong != NULL)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, wrong);
    return wrong == NULL &&
           (options->daemon.log_level == NULL || log_check_level(options->daemon.log_level, error));
}

static gboolean parse_options(Options *options, int *argc, char ***argv, GError **error)
{
    DaemonOptions *daemon = &options->daemon;
    const GOptionEntry entries[] = {
        { "daemon", 'd', 0, G_OPTION_ARG_NONE, &options->background,
          "Run in the background; return when clients can connect", NULL },
        { "foreground", 'f', 0, G_OPTION_ARG_NONE, &options->foreground,
          "Stay in the foreground (the default)", NULL },
        { "run-dir", 0, 0, G_OPTION_ARG_FILENAME, &daemon->run_dir,
          "Folder of the sockets, instead of libvirt's", "DIR" },
        { "group", 'g', 0, G_OPTION_ARG_STRING, &daemon->group,
          "Members of GROUP may use the read-write socket", "GROUP" },
        { "config", 'c', 0, G_OPTION_ARG_FILENAME, &daemon->config,
          "Configuration file, instead of kanzend.conf's usual place", "FILE" },
        { "check-config", 0, 0, G_OPTION_ARG_NONE, &options->check,
          "Say whether the configuration is right, and end", NULL },
        { "log-level", 'l', 0, G_OPTION_ARG_STRING, &daemon->log_level,
          "error, warning, info (the default) or debug", "LEVEL" },
        { "timeout", 't', 0, G_OPTION_ARG_INT, &daemon->timeout_s,
          "End after so long without clients, running domains and active networks", "SECONDS" },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
        { NULL }
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, "Serves xen:///system (for root) or xen:///session to "
                                          "libvirt clients.");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error) &&
           check_options(options, *argc, error);
}

static void options_clear(Options *options)
{
    g_free(options->daemon.run_dir);
    g_free(options->daemon.group);
    g_free(options->daemon.log_level);
    g_free(options->daemon.config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* ---- the background ---- */

/* Forks; the child gets the descriptor to write to when it is ready, the parent waits for that and
 * exits. */
static int go_background(void)
{
    int ready[2];
    char byte;

    if (pipe(ready) < 0)
        return -1;
    switch (fork()) {
    case -1:
        return -1;
    case 0:
        close(ready[0]);
        setsid();
        return ready[1];
    default:
        close(ready[1]);
        _exit(read(ready[0], &byte, 1) == 1 ? 0 : 1);
    }
}

static void tell_ready(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);

    if (fd < 0)
        return;
    if (write(fd, "", 1) < 0)
        g_warning("kanzend: whoever started it is gone: %s", g_strerror(errno));
    close(fd);
}

/* A descriptor per client, console and domain. */
static void raise_fd_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        g_warning("kanzend: cannot raise the limit of open files: %s", g_strerror(errno));
}

/*
 * Without these glibc gives each worker a heap of its own, whose freed pieces stay with it, and
 * takes what is larger than ever before from there, too: with thousands of definitions, lists of
 * them and workers that come and go half of the memory would be holes.
 */
static void keep_heap_small(void)
{
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 512 * 1024);
}

static int check_config(const Options *options)
{
    g_autoptr(GError) error = NULL;

    if (daemon_check_config(&options->daemon, &error))
        return 0;
    fprintf(stderr, "kanzend: %s\n", error->message);
    return 1;
}

static int serve(const Options *options)
{
    g_autoptr(GError) error = NULL;
    int ready_fd = -1;

    log_start();
    signal(SIGPIPE, SIG_IGN);
    raise_fd_limit();
    keep_heap_small();
    if (options->background) {
        ready_fd = go_background();
        if (ready_fd < 0) {
            g_critical("kanzend: cannot fork: %s", g_strerror(errno));
            return 1;
        }
    }
    if (daemon_run(&options->daemon, tell_ready, GINT_TO_POINTER(ready_fd), &error))
        return 0;
    g_critical("kanzend: %s", error->message);
    return 1;
}

int main(int argc, char **argv)
{
    g_auto(Options) options = { 0 };
    g_autoptr(GError) error = NULL;

    if (!parse_options(&options, &argc, &argv, &error)) {
        fprintf(stderr, "kanzend: %s\n", error->message);
        return 2;
    }
    if (options.version) {
        puts("kanzend (Kanzen) " KANZEN_VERSION);
        return 0;
    }
    return options.check ? check_config(&options) : serve(&options);
}
