/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a machine needs beside its emulator: folders of channels, SPICE's port, the TPM emulator. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "file.h"
#include "machine.h"
#include "process.h"
#include "session.h"

#define TPM_START_TIMEOUT_MS 10000
#define TPM_GRACE_MS         2000

/* --- channels --------------------------------------------------------------------------------- */

/* The socket of a channel that libkxl has chosen, NULL for the others. */
static char *own_socket(const Session *s, const char *target)
{
    g_autofree char *ours = g_strdup_printf("%s/channel/target/", kxl_host_lib_dir(s->host));
    g_auto(GStrv) parts = NULL;

    if (!target || !g_str_has_prefix(target, ours))
        return NULL;
    parts = kxl_options_split(target);
    return g_strdup(parts[0]);
}

static void each_socket(Session *s, gboolean (*func)(const char *path, GError **error),
                        gboolean *ret_ok, GError **error)
{
    const KxlDomainConfig *config = s->config;

    for (guint i = 0; *ret_ok && i < config->ports->len + config->channels->len; i++) {
        g_autofree char *path = NULL;

        if (i < config->ports->len)
            path = own_socket(s, ((const KxlSerial *)config->ports->pdata[i])->target);
        else
            path = own_socket(
                s,
                ((const KxlDeviceChannel *)config->channels->pdata[i - config->ports->len])->path);
        if (path)
            *ret_ok = func(path, error);
    }
}

static gboolean make_folder_of(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);

    return g_mkdir_with_parents(dir, 0750) == 0 ||
           kxl_error_set_errno(error, errno, "channel: cannot make '%s'", dir);
}

static gboolean remove_socket(const char *path, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(path);

    unlink(path);
    rmdir(dir); /* with the last one */
    return TRUE;
}

/* --- SPICE ------------------------------------------------------------------------------------ */

static gboolean choose_spice_port(Session *s, GError **error)
{
    KxlSpice *spice = &s->config->spice;
    guint port;

    if (s->config->type != KXL_TYPE_HVM || !spice->enable || spice->port >= 0 || spice->socket ||
        spice->no_listen || s->config->nographic)
        return TRUE;
    if (!displays_find_port(spice->listen, &port, error))
        return FALSE;
    spice->port = (int)port;
    return TRUE;
}

/* --- TPM -------------------------------------------------------------------------------------- */

static const KxlDeviceTpm *emulated_tpm(const KxlDomainConfig *config)
{
    const KxlDeviceTpm *tpm = config->tpms->len > 0 ? config->tpms->pdata[0] : NULL;

    return tpm && g_strcmp0(tpm->backend, "emulator") == 0 ? tpm : NULL;
}

static gboolean start_swtpm(Session *s, const KxlDeviceTpm *tpm, GError **error)
{
    gboolean is_1_2 = g_strcmp0(tpm->version, "1.2") == 0;
    g_autofree char *socket = session_path(s, KXL_TPM_SOCKET), *pid = session_path(s, "swtpm.pid");
    g_autofree char *state = g_strdup_printf("%s/tpm/%s/%s", kxl_host_lib_dir(s->host),
                                             s->config->uuid, is_1_2 ? "tpm1.2" : "tpm2");
    g_autofree char *ctrl = g_strdup_printf("type=unixio,path=%s,mode=0600", socket);
    g_autofree char *dir = g_strdup_printf("dir=%s,mode=0600", state);
    g_autofree char *log = g_strdup_printf("file=%s/swtpm-%s.log", kxl_host_log_dir(s->host),
                                           s->config->name);
    g_autofree char *pid_file = g_strdup_printf("file=%s", pid);
    const char *argv[] = { "swtpm",     "socket", "--ctrl", ctrl,     "--tpmstate", dir,
                           "--log",     log,      "--pid",  pid_file, "--terminate", "--daemon",
                           is_1_2 ? NULL : "--tpm2", NULL };

    if (g_mkdir_with_parents(state, 0700) < 0)
        return kxl_error_set_errno(error, errno, "tpm: cannot make '%s'", state);
    unlink(socket);
    if (kxl_command_run(argv, NULL, TPM_START_TIMEOUT_MS, NULL, error))
        return TRUE;
    g_prefix_error(error, "tpm: ");
    return FALSE;
}

/* It ends with its connection; this is for one that QEMU has never connected to. */
static void stop_swtpm(Session *s)
{
    g_autofree char *file = session_path(s, "swtpm.pid");
    g_autofree char *text = kxl_file_read(file, NULL);
    gint64 pid = text ? g_ascii_strtoll(text, NULL, 10) : 0;
    g_autofree char *comm_file = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/comm", pid);
    g_autofree char *comm = pid > 1 ? kxl_file_read(comm_file, NULL) : NULL;
    g_auto(KxlFd) process = -1;

    unlink(file);
    /* The pid may be another's by now. */
    if (!comm || !g_str_has_prefix(comm, "swtpm"))
        return;
    process = pidfd_open((pid_t)pid, 0);
    if (process >= 0)
        kxl_process_end(process, TPM_GRACE_MS);
}

/* --- all of them ------------------------------------------------------------------------------ */

gboolean helpers_up(Session *s, GError **error)
{
    const KxlDeviceTpm *tpm = emulated_tpm(s->config);
    gboolean ok = TRUE;

    each_socket(s, make_folder_of, &ok, error);
    return ok && choose_spice_port(s, error) && (!tpm || start_swtpm(s, tpm, error));
}

void helpers_down(Session *s)
{
    gboolean ok = TRUE;

    each_socket(s, remove_socket, &ok, NULL);
    if (emulated_tpm(s->config))
        stop_swtpm(s);
}
