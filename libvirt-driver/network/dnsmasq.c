/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dnsmasq.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dnsmasq-conf.h"
#include "handler-util.h"
#include "store.h"

#define STOP_STEP_US  20000
#define STOP_STEPS    100 /* 2 s, then it is killed */

static const char *const file_suffixes[] = { "conf", "hostsfile", "addnhosts", "pid" };

char *dnsmasq_lease_path(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    return dnsmasq_path(dirs->lease_dir, def, "leases");
}

/* ---- files ---- */

/* Where net-scripts put the addresses of guests that have ip=, a file each, by bridge; and in it,
 * for them, where the pid is. */
#define PID_NOTE ".pid-file"

static char *hosts_dir(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    return g_strdup_printf("%s/%s.hosts", dirs->conf_dir, def->bridge);
}

static gboolean make_hosts_dir(const DnsmasqDirs *dirs, const NetworkDef *def, GError **error)
{
    g_autofree char *dir = hosts_dir(dirs, def);
    g_autofree char *note = g_build_filename(dir, PID_NOTE, NULL);
    g_autofree char *pid_file = dnsmasq_path(dirs->conf_dir, def, "pid");

    if (g_mkdir(dir, 0755) < 0 && errno != EEXIST)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", dir, g_strerror(errno));
    return g_file_set_contents(note, pid_file, -1, error);
}

static void remove_hosts_dir(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    g_autofree char *path = hosts_dir(dirs, def);

    store_remove_dir(path);
}

static void remove_files(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    remove_hosts_dir(dirs, def);
    for (guint i = 0; i < G_N_ELEMENTS(file_suffixes); i++) {
        g_autofree char *path = dnsmasq_path(dirs->conf_dir, def, file_suffixes[i]);
        unlink(path);
    }
}

/* Readable for the user that dnsmasq becomes. */
static gboolean write_file(const DnsmasqDirs *dirs, const NetworkDef *def, const char *suffix,
                           const char *text, GError **error)
{
    g_autofree char *path = dnsmasq_path(dirs->conf_dir, def, suffix);

    return g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644, error);
}

static char *conf_text(const DnsmasqDirs *dirs, const NetworkDef *def, GError **error)
{
    g_autofree char *pid_file = dnsmasq_path(dirs->conf_dir, def, "pid");

    return dnsmasq_conf(def, dirs->conf_dir, pid_file, error);
}

static gboolean write_files(const DnsmasqDirs *dirs, const NetworkDef *def, const char *conf,
                            GError **error)
{
    g_autofree char *hosts = dnsmasq_hostsfile(def);
    g_autofree char *addn = dnsmasq_addnhosts(def);

    return make_hosts_dir(dirs, def, error) && write_file(dirs, def, "conf", conf, error) &&
           write_file(dirs, def, "hostsfile", hosts, error) &&
           write_file(dirs, def, "addnhosts", addn, error);
}

/* ---- the process ---- */

/* The pid in the file may be another's by now: its command line names our configuration. */
pid_t dnsmasq_find(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    g_autofree char *pid_file = dnsmasq_path(dirs->conf_dir, def, "pid");
    g_autofree char *conf = dnsmasq_path(dirs->conf_dir, def, "conf");
    g_autofree char *option = g_strconcat("--conf-file=", conf, NULL);
    g_autofree char *text = NULL;
    g_autofree char *arguments = NULL;
    gsize len = 0;

    if (!g_file_get_contents(pid_file, &text, NULL, NULL))
        return 0;
    pid_t pid = (pid_t)g_ascii_strtoll(text, NULL, 10);
    g_autofree char *path = g_strdup_printf("/proc/%d/cmdline", (int)pid);
    if (pid <= 1 || !g_file_get_contents(path, &arguments, &len, NULL))
        return 0;
    for (const char *p = arguments; p < arguments + len; p += strlen(p) + 1)
        if (strcmp(p, option) == 0)
            return pid;
    return 0;
}

static gboolean run(const DnsmasqDirs *dirs, const NetworkDef *def, pid_t *ret_pid, GError **error)
{
    g_autofree char *conf = dnsmasq_path(dirs->conf_dir, def, "conf");
    g_autofree char *leases = dnsmasq_lease_path(dirs, def);
    g_autofree char *conf_option = g_strconcat("--conf-file=", conf, NULL);
    g_autofree char *lease_option = g_strconcat("--dhcp-leasefile=", leases, NULL);
    g_autofree char *hosts = hosts_dir(dirs, def);
    g_autofree char *hosts_option = g_strconcat("--dhcp-hostsdir=", hosts, NULL);
    /* On the command line, as the configuration is libvirt's to the letter. */
    const char *argv[] = { "dnsmasq",    conf_option,
                           lease_option, hosts_option,
                           dirs->probe_addresses ? NULL : "--no-ping", NULL };

    /* It comes back when its child serves. */
    if (!command_run(argv, NULL, NULL, error))
        return FALSE;
    *ret_pid = dnsmasq_find(dirs, def);
    return TRUE;
}

static void end_process(pid_t pid)
{
    kill(pid, SIGTERM);
    for (guint i = 0; i < STOP_STEPS; i++) {
        if (kill(pid, 0) < 0)
            return;
        g_usleep(STOP_STEP_US);
    }
    kill(pid, SIGKILL);
}

gboolean dnsmasq_start(const DnsmasqDirs *dirs, const NetworkDef *def, pid_t *ret_pid,
                       GError **error)
{
    *ret_pid = 0;
    if (!dnsmasq_wanted(def))
        return TRUE;
    g_autofree char *conf = conf_text(dirs, def, error);
    if (conf == NULL)
        return FALSE;
    if (write_files(dirs, def, conf, error) && run(dirs, def, ret_pid, error))
        return TRUE;
    g_prefix_error(error, "network '%s': ", def->name);
    remove_files(dirs, def);
    return FALSE;
}

gboolean dnsmasq_update(const DnsmasqDirs *dirs, const NetworkDef *def, pid_t *ret_pid,
                        GError **error)
{
    pid_t pid = dnsmasq_find(dirs, def);
    g_autofree char *path = dnsmasq_path(dirs->conf_dir, def, "conf");
    g_autofree char *before = NULL;

    if (pid == 0)
        return dnsmasq_start(dirs, def, ret_pid, error);
    *ret_pid = pid;
    g_autofree char *conf = conf_text(dirs, def, error);
    g_file_get_contents(path, &before, NULL, NULL);
    if (conf == NULL || !write_files(dirs, def, conf, error))
        return FALSE;
    if (g_strcmp0(before, conf) == 0)
        return kill(pid, SIGHUP) == 0 || run(dirs, def, ret_pid, error);
    end_process(pid);
    return run(dirs, def, ret_pid, error);
}

void dnsmasq_stop(const DnsmasqDirs *dirs, const NetworkDef *def)
{
    pid_t pid = dnsmasq_find(dirs, def);

    if (pid > 0)
        end_process(pid);
    remove_files(dirs, def);
}
