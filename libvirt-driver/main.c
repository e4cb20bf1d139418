/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kanzend: options, start, signals, end. */
#include "kanzend.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "domain/registry.h"
#include "log.h"
#include "procedures.h"
#include "settings.h"
#include "sockets.h"
#include "xenstored.h"

#define RUN_DIR_SYSTEM "/var/run/libvirt"
#define RUN_DIR_ENV    "KANZEN_LIBVIRT_RUN_DIR"

typedef struct {
    char *run_dir;
    char *group;
    char *log_level;
    char *config;
    gboolean daemon, foreground, version;
} Options;

static gboolean parse_options(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "daemon", 'd', 0, G_OPTION_ARG_NONE, &options->daemon,
          "Run in the background; return when clients can connect", NULL },
        { "foreground", 'f', 0, G_OPTION_ARG_NONE, &options->foreground,
          "Stay in the foreground (the default)", NULL },
        { "run-dir", 0, 0, G_OPTION_ARG_FILENAME, &options->run_dir,
          "Folder of the sockets, instead of libvirt's", "DIR" },
        { "group", 'g', 0, G_OPTION_ARG_STRING, &options->group,
          "Members of GROUP may use the read-write socket", "GROUP" },
        { "config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
          "Configuration file, instead of kanzend.conf's usual place", "FILE" },
        { "log-level", 'l', 0, G_OPTION_ARG_STRING, &options->log_level,
          "error, warning, info (the default) or debug", "LEVEL" },
        { "version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
        { NULL }
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, "Serves xen:///system (for root) or xen:///session to "
                                          "libvirt clients.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (*argc > 1 || (options->daemon && options->foreground) ||
        (options->log_level != NULL && !log_set_level(options->log_level))) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s",
                    *argc > 1 ? "kanzend takes options only"
                    : options->daemon && options->foreground
                        ? "--daemon and --foreground exclude each other"
                        : "unknown log level");
        return FALSE;
    }
    return TRUE;
}

static char *choose_run_dir(const Options *options)
{
    const char *from_env = g_getenv(RUN_DIR_ENV);

    if (options->run_dir != NULL)
        return g_strdup(options->run_dir);
    if (from_env != NULL)
        return g_strdup(from_env);
    if (geteuid() == 0)
        return g_strdup(RUN_DIR_SYSTEM);
    return g_build_filename(g_get_user_runtime_dir(), "libvirt", NULL);
}

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

static void tell_ready(int fd)
{
    if (fd < 0)
        return;
    if (write(fd, "", 1) < 0)
        g_warning("kanzend: whoever started it is gone: %s", g_strerror(errno));
    close(fd);
}

/* ---- running ---- */

static void client_closed(RpcClient *client, gpointer app)
{
    const Kanzend *kanzend = app;

    domain_registry_client_closed(kanzend->domains, client);
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
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

/* The joined XenStore is a help to tools that look there; without it the domains are served all the
 * same. */
static XenstoredServer *start_xenstored(KxlHost *host, const char *run_dir)
{
    gboolean is_system = geteuid() == 0 && g_str_equal(run_dir, RUN_DIR_SYSTEM);
    g_autofree char *path = is_system
                                ? g_strdup(XENSTORED_SOCKET)
                                : g_build_filename(kxl_host_run_dir(host), "xenstored.sock", NULL);
    g_autoptr(GError) error = NULL;
    XenstoredServer *server = xenstored_server_new(host, path, &error);

    if (server == NULL)
        g_warning("kanzend: no XenStore for tools: %s", error->message);
    return server;
}

static gboolean serve(const Options *options, const char *run_dir, int ready_fd, GError **error)
{
    g_autoptr(Sockets) sockets = sockets_new(run_dir, error);
    g_auto(Kanzend) kanzend = { .session = geteuid() != 0 };
    g_autoptr(XenstoredServer) xenstored = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    Settings settings;
    RpcServerConfig config = { .programs = kanzend_programs,
                               .n_programs = kanzend_n_programs,
                               .client_closed = client_closed };

    if (sockets == NULL || !settings_load(options->config, &settings, error))
        return FALSE;
    kanzend.uri = kanzend.session ? "xen:///session" : "xen:///system";
    if (!kanzend_open(&kanzend, &config, settings.allow_arguments, error))
        return FALSE;
    xenstored = start_xenstored(kanzend.host, run_dir);
    /* First: who finds the sockets may end us, too. */
    g_unix_signal_add(SIGTERM, quit, loop);
    g_unix_signal_add(SIGINT, quit, loop);
    if (!sockets_listen(sockets, kanzend.server, options->group, kanzend.session, error))
        return FALSE;

    g_message("kanzend: version " KANZEN_VERSION " serves %s in '%s'", kanzend.uri, run_dir);
    tell_ready(ready_fd);
    domain_registry_autostart(kanzend.domains);
    g_main_loop_run(loop);
    g_message("kanzend: ending; the domains keep running");
    rpc_server_stop(kanzend.server);
    return TRUE;
}

static void options_clear(Options *options)
{
    g_free(options->run_dir);
    g_free(options->group);
    g_free(options->log_level);
    g_free(options->config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

int main(int argc, char **argv)
{
    g_auto(Options) options = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *run_dir = NULL;
    int ready_fd = -1;

    if (!parse_options(&options, &argc, &argv, &error)) {
        fprintf(stderr, "kanzend: %s\n", error->message);
        return 2;
    }
    if (options.version) {
        puts("kanzend (Kanzen) " KANZEN_VERSION);
        return 0;
    }
    log_start();
    signal(SIGPIPE, SIG_IGN);
    raise_fd_limit();
    run_dir = choose_run_dir(&options);
    if (options.daemon) {
        ready_fd = go_background();
        if (ready_fd < 0) {
            g_critical("kanzend: cannot fork: %s", g_strerror(errno));
            return 1;
        }
    }
    if (!serve(&options, run_dir, ready_fd, &error)) {
        g_critical("kanzend: %s", error->message);
        return 1;
    }
    return 0;
}
