/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where things are on this host: defaults by user, each overridden by its environment variable. */
#include "host.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct KxlHost {
    char *run_dir, *lib_dir, *log_dir, *libexec_dir, *script_dir;
    char *qemu, *hv_image, *supervisor, *probe, *ended_dir, *forced_accel;
};

/* Run directory members are 0700: configurations hold VNC passwords, sockets give control. */
static gboolean make_dir(const char *path, GError **error)
{
    if (g_mkdir_with_parents(path, 0700) == 0)
        return TRUE;
    g_set_error(error, KXL_ERROR, errno == EACCES ? KXL_ERROR_PERMISSION : KXL_ERROR_FAILED,
                "cannot make directory '%s': %s", path, g_strerror(errno));
    return FALSE;
}

static char *env_or(const char *variable, char *fallback)
{
    const char *value = g_getenv(variable);

    if (!value || !*value)
        return fallback;
    g_free(fallback);
    return g_canonicalize_filename(value, NULL);
}

/* A name without '/' is looked for in PATH when it is used, so that an emulator installed later is
 * found. */
static char *qemu_path(void)
{
    const char *value = g_getenv("KANZEN_QEMU");

    return g_strdup(value && *value ? value : "qemu-system-x86_64");
}

KxlHost *kxl_host_new(GError **error)
{
    g_autoptr(KxlHost) host = g_new0(KxlHost, 1);
    gboolean root = geteuid() == 0;
    const char *data = g_get_user_data_dir(), *run = g_get_user_runtime_dir();

    host->run_dir = env_or("KANZEN_RUN_DIR",
                           root ? g_strdup(KXL_RUN_DIR) : g_build_filename(run, "kanzen", NULL));
    host->lib_dir = env_or("KANZEN_LIB_DIR",
                           root ? g_strdup(KXL_LIB_DIR) : g_build_filename(data, "kanzen", NULL));
    host->log_dir = env_or("KANZEN_LOG_DIR", root ? g_strdup(KXL_LOG_DIR)
                                                  : g_build_filename(data, "kanzen", "log", NULL));
    host->libexec_dir = env_or("KANZEN_LIBEXEC_DIR", g_strdup(KXL_LIBEXEC_DIR));
    host->script_dir = env_or("KANZEN_SCRIPT_DIR", g_strdup(KXL_SCRIPT_DIR));
    host->qemu = qemu_path();
    host->hv_image = g_build_filename(host->libexec_dir, "kanzen-hv.elf", NULL);
    host->supervisor = g_build_filename(host->libexec_dir, "kxl-supervisor", NULL);
    host->probe = g_build_filename(host->libexec_dir, "kxl-kvm-probe", NULL);
    host->ended_dir = g_build_filename(host->run_dir, "ended", NULL);
    host->forced_accel = g_strdup(g_getenv("KANZEN_ACCEL"));

    if (host->forced_accel && !g_str_equal(host->forced_accel, "kvm") &&
        !g_str_equal(host->forced_accel, "tcg")) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "KANZEN_ACCEL='%s': neither kvm nor tcg",
                    host->forced_accel);
        return NULL;
    }
    if (!make_dir(host->run_dir, error) || !make_dir(host->ended_dir, error) ||
        !make_dir(host->lib_dir, error) || !make_dir(host->log_dir, error))
        return NULL;
    return g_steal_pointer(&host);
}

void kxl_host_free(KxlHost *host)
{
    if (!host)
        return;
    g_free(host->run_dir);
    g_free(host->lib_dir);
    g_free(host->log_dir);
    g_free(host->libexec_dir);
    g_free(host->script_dir);
    g_free(host->qemu);
    g_free(host->hv_image);
    g_free(host->supervisor);
    g_free(host->probe);
    g_free(host->ended_dir);
    g_free(host->forced_accel);
    g_free(host);
}

const char *kxl_host_run_dir(const KxlHost *host)
{
    return host->run_dir;
}

const char *kxl_host_lib_dir(const KxlHost *host)
{
    return host->lib_dir;
}

const char *kxl_host_log_dir(const KxlHost *host)
{
    return host->log_dir;
}

const char *kxl_host_script_dir(const KxlHost *host)
{
    return host->script_dir;
}

const char *kxl_host_qemu_path(const KxlHost *host)
{
    return host->qemu;
}

const char *kxl_host_libexec_dir(const KxlHost *host)
{
    return host->libexec_dir;
}

const char *kxl_host_hv_image(const KxlHost *host)
{
    return host->hv_image;
}

const char *kxl_host_supervisor_path(const KxlHost *host)
{
    return host->supervisor;
}

const char *kxl_host_probe_path(const KxlHost *host)
{
    return host->probe;
}

const char *kxl_host_ended_dir(const KxlHost *host)
{
    return host->ended_dir;
}

const char *kxl_host_forced_accel(const KxlHost *host)
{
    return host->forced_accel;
}
