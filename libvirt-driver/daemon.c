/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon.h"

#include <glib-unix.h>
#include <grp.h>
#include <signal.h>
#include <unistd.h>

#include "activation.h"
#include "admin/admin.h"
#include "auth/auth.h"
#include "auth/tls.h"
#include "config/log.h"
#include "domain/registry.h"
#include "handler-util.h"
#include "idle.h"
#include "procedures.h"
#include "sockets.h"
#include "xenstored.h"

#define RUN_DIR_SYSTEM "/var/run/libvirt"
#define RUN_DIR_ENV    "KANZEN_LIBVIRT_RUN_DIR"

/* As stock libvirt calls its modular daemon for Xen: virt-admin's users give these names. */
#define SERVER_NAME "virtxend"
#define ADMIN_NAME  "admin"

typedef struct {
    const DaemonOptions *options;
    Settings settings; /* in force */
    char *run_dir;
    TlsStore *tls;
    Kanzend kanzend;
    RpcServer *admin_server;
    Admin admin;
    XenstoredServer *xenstored; /* NULL: there is none */
    Idle *idle;
    GMainLoop *loop;
} Daemon;

static void daemon_clear(Daemon *daemon)
{
    g_clear_pointer(&daemon->idle, idle_free);
    g_clear_pointer(&daemon->xenstored, xenstored_server_free);
    g_clear_pointer(&daemon->admin_server, rpc_server_free);
    kanzend_close(&daemon->kanzend);
    g_clear_pointer(&daemon->tls, tls_store_free);
    g_clear_pointer(&daemon->loop, g_main_loop_unref);
    settings_clear(&daemon->settings);
    g_free(daemon->run_dir);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Daemon, daemon_clear)

/* ---- configuration ---- */

static void override(char **field, const char *value)
{
    if (value == NULL)
        return;
    g_free(*field);
    *field = g_strdup(value);
}

/* The file, and the command line above it. */
static gboolean load(const DaemonOptions *options, Settings *ret_settings, GError **error)
{
    if (!settings_load(options->config, ret_settings, error))
        return FALSE;
    override(&ret_settings->run_dir, options->run_dir);
    override(&ret_settings->group, options->group);
    override(&ret_settings->log_level, options->log_level);
    return TRUE;
}

static gboolean check_group(const char *group, GError **error)
{
    return group == NULL || getgrnam(group) != NULL ||
           fail(error, VIR_ERR_CONF_SYNTAX, "[sockets] group: there is no group '%s'", group);
}

/* What a file can say and the host not do. */
gboolean daemon_check_config(const DaemonOptions *options, GError **error)
{
    g_auto(Settings) settings = { 0 };
    g_autoptr(TlsStore) tls = tls_store_new();

    return load(options, &settings, error) && check_group(settings.group, error) &&
           (!settings.tls || tls_store_load(tls, &settings, error));
}

static gboolean apply_log(const Settings *settings, GError **error)
{
    return log_set_outputs(settings->log_outputs, error) &&
           log_set_filters(settings->log_filters, error) &&
           log_set_level(settings->log_level, error);
}

static void warn_about_tcp(const Settings *settings)
{
    if (settings->tcp && settings->tcp_auth == RPC_AUTH_NONE)
        g_warning("kanzend: [tcp] auth = none: whoever reaches port %u is root on this host",
                  settings->tcp_port);
    if (settings->tls && settings->tls_auth == RPC_AUTH_NONE && !settings->tls_verify)
        g_warning("kanzend: [tls] verify-clients = no and auth = none: whoever reaches port %u is "
                  "root on this host",
                  settings->tls_port);
}

/* ---- reload ---- */

static void say_change(const char *group, const char *key, const char *before, const char *after,
                       gboolean live, gpointer n_changes)
{
    (*(guint *)n_changes)++;
    if (live)
        g_message("kanzend: [%s] %s: '%s' has become '%s'", group, key, before, after);
    else
        g_warning("kanzend: [%s] %s: '%s' will become '%s' with the next start", group, key, before,
                  after);
}

/* Everything new, or everything as it was. */
static gboolean apply(Daemon *daemon, const Settings *fresh, GError **error)
{
    guint n_changes = 0;

    if (!apply_log(fresh, error)) {
        apply_log(&daemon->settings, NULL);
        return FALSE;
    }
    if (tls_store_is_loaded(daemon->tls) && !tls_store_load(daemon->tls, fresh, error)) {
        apply_log(&daemon->settings, NULL);
        return FALSE;
    }
    auth_configure(daemon->kanzend.auth, fresh);
    rpc_server_set_limits(daemon->kanzend.server, &fresh->limits);
    settings_compare(&daemon->settings, fresh, say_change, &n_changes);
    settings_adopt_live(&daemon->settings, fresh);
    g_message("kanzend: configuration read again, %u settings differ", n_changes);
    return TRUE;
}

static gboolean reload(gpointer user_data)
{
    Daemon *daemon = user_data;
    g_auto(Settings) fresh = { 0 };
    g_autoptr(GError) error = NULL;

    activation_notify("RELOADING=1");
    if (!load(daemon->options, &fresh, &error) || !apply(daemon, &fresh, &error))
        g_critical("kanzend: going on with the configuration it has: %s", error->message);
    activation_notify("READY=1");
    return G_SOURCE_CONTINUE;
}

static gboolean update_tls(gpointer user_data, GError **error)
{
    Daemon *daemon = user_data;

    if (!tls_store_is_loaded(daemon->tls))
        return fail(error, VIR_ERR_OPERATION_INVALID, "TLS is not in use");
    return tls_store_load(daemon->tls, &daemon->settings, error);
}

static void set_timeout(gpointer user_data, guint timeout_s)
{
    Daemon *daemon = user_data;

    idle_set_timeout(daemon->idle, timeout_s);
}

/* ---- start ---- */

static char *choose_run_dir(const Settings *settings)
{
    const char *from_env = g_getenv(RUN_DIR_ENV);

    if (settings->run_dir != NULL)
        return g_strdup(settings->run_dir);
    if (from_env != NULL)
        return g_strdup(from_env);
    if (geteuid() == 0)
        return g_strdup(RUN_DIR_SYSTEM);
    return g_build_filename(g_get_user_runtime_dir(), "libvirt", NULL);
}

static void client_closed(RpcClient *client, gpointer app)
{
    const Kanzend *kanzend = app;

    domain_registry_client_closed(kanzend->domains, client);
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

static gboolean open_driver(Daemon *daemon, GError **error)
{
    RpcServerConfig config = { .programs = kanzend_programs,
                               .n_programs = kanzend_n_programs,
                               .client_closed = client_closed,
                               .limits = daemon->settings.limits };

    daemon->kanzend.session = geteuid() != 0;
    daemon->kanzend.uri = daemon->kanzend.session ? "xen:///session" : "xen:///system";
    daemon->kanzend.probe_addresses = daemon->settings.probe_addresses;
    if (!kanzend_open(&daemon->kanzend, &config, daemon->settings.allow_arguments, error))
        return FALSE;
    auth_configure(daemon->kanzend.auth, &daemon->settings);
    return TRUE;
}

static void open_admin(Daemon *daemon)
{
    RpcServerConfig config = { .programs = &admin_program,
                               .n_programs = 1,
                               .app = &daemon->admin,
                               .map_error = kanzend_map_error,
                               /* root's alone: a few */
                               .limits = { .max_clients = 100, .workers = 4 } };

    daemon->admin_server = rpc_server_new(&config);
    daemon->admin = (Admin){
        .servers = { { SERVER_NAME, daemon->kanzend.server },
                     { ADMIN_NAME, daemon->admin_server } },
        .update_tls = update_tls,
        .set_timeout = set_timeout,
        .data = daemon,
    };
}

static gboolean quit(gpointer user_data)
{
    Daemon *daemon = user_data;

    g_main_loop_quit(daemon->loop);
    return G_SOURCE_REMOVE;
}

static void quit_idle(gpointer user_data)
{
    g_message("kanzend: there has been nothing to do for a while");
    quit(user_data);
}

static gboolean listen_all(Daemon *daemon, Sockets *sockets, GError **error)
{
    g_autoptr(GPtrArray) passed = activation_take_sockets();
    SocketsPlan plan = { .settings = &daemon->settings,
                         .session = daemon->kanzend.session,
                         .server = daemon->kanzend.server,
                         .admin = daemon->admin_server,
                         .tls = { .transport = RPC_TRANSPORT_TLS,
                                  .auth = daemon->settings.tls_auth,
                                  .new_codec = tls_store_new_codec,
                                  .data = daemon->tls },
                         .passed = passed };

    return sockets_listen(sockets, &plan, error);
}

static void watch_signals(Daemon *daemon)
{
    g_unix_signal_add(SIGTERM, quit, daemon);
    g_unix_signal_add(SIGINT, quit, daemon);
    g_unix_signal_add(SIGHUP, reload, daemon);
}

static void drop_signals(Daemon *daemon)
{
    while (g_source_remove_by_user_data(daemon))
        ;
}

/* With its sockets' lock: no other kanzend serves there. */
static gboolean start(Daemon *daemon, Sockets *sockets, GError **error)
{
    warn_about_tcp(&daemon->settings);
    if (daemon->settings.tls && !tls_store_load(daemon->tls, &daemon->settings, error))
        return FALSE;
    if (!open_driver(daemon, error))
        return FALSE;
    open_admin(daemon);
    daemon->xenstored = start_xenstored(daemon->kanzend.host, daemon->run_dir);
    daemon->idle = idle_new(&daemon->kanzend, daemon->admin_server, quit_idle, daemon);
    idle_set_timeout(daemon->idle, (guint)daemon->options->timeout_s);
    /* First: who finds the sockets may end us, too. */
    watch_signals(daemon);
    return listen_all(daemon, sockets, error);
}

gboolean daemon_run(const DaemonOptions *options, void (*ready)(gpointer), gpointer data,
                    GError **error)
{
    /* They end the other way round: the lock that sockets has is given back last. */
    g_autoptr(Sockets) sockets = NULL;
    g_auto(Daemon) daemon = { .options = options,
                              .tls = tls_store_new(),
                              .loop = g_main_loop_new(NULL, FALSE) };

    if (!load(options, &daemon.settings, error) || !check_group(daemon.settings.group, error) ||
        !apply_log(&daemon.settings, error))
        return FALSE;
    daemon.run_dir = choose_run_dir(&daemon.settings);
    sockets = sockets_new(daemon.run_dir, error);
    if (sockets == NULL || !start(&daemon, sockets, error)) {
        drop_signals(&daemon);
        return FALSE;
    }
    g_message("kanzend: version " KANZEN_VERSION " serves %s in '%s'", daemon.kanzend.uri,
              daemon.run_dir);
    ready(data);
    activation_notify("READY=1");
    domain_registry_autostart(daemon.kanzend.domains);
    g_main_loop_run(daemon.loop);
    activation_notify("STOPPING=1");
    g_message("kanzend: ending; the domains keep running");
    drop_signals(&daemon);
    rpc_server_stop(daemon.kanzend.server);
    return TRUE;
}
