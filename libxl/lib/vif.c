/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vif.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "config.h"
#include "file.h"
#include "kxl-sysfs.h"
#include "nic-function.h"
#include "nic-host.h"
#include "rundir.h"

#define SCRIPT_TIMEOUT_MS 30000
#define MARK_PREFIX       "nic-"

static gboolean name_is_free(const char *name, GError **error)
{
    g_autofree char *there = g_build_filename("/sys/class/net", name, NULL);

    if (!g_file_test(there, G_FILE_TEST_EXISTS))
        return TRUE;
    g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE, "network interface '%s' exists already", name);
    return FALSE;
}

static char **set_if(char **env, const char *name, const char *value)
{
    return value ? g_environ_setenv(env, name, value, TRUE) : env;
}

static char **script_environment(int domid, const KxlDeviceNic *nic)
{
    char **env = g_get_environ();
    g_autofree char *path = g_strdup_printf("backend/vif/%d/%d", domid, nic->devid);
    g_autofree char *mtu = nic->mtu ? g_strdup_printf("%u", nic->mtu) : NULL;
    g_autofree char *domid_text = g_strdup_printf("%d", domid);
    g_autofree char *rate = NULL;

    if (nic->outbound.average == 0 ? nic->rate_bytes_per_interval != 0 : kxl_nic_script_limits(nic))
        rate = g_strdup_printf("%" G_GUINT64_FORMAT ",%u", nic->rate_bytes_per_interval,
                               nic->rate_interval_usecs);
    env = set_if(env, "XENBUS_TYPE", "vif");
    env = set_if(env, "XENBUS_PATH", path);
    env = set_if(env, "XENBUS_BASE_PATH", "backend");
    env = set_if(env, "script", nic->script);
    env = set_if(env, "vif", nic->ifname);
    env = set_if(env, "domid", domid_text);
    env = set_if(env, "bridge", nic->bridge);
    env = set_if(env, "mac", nic->mac);
    env = set_if(env, "gatewaydev", nic->gatewaydev);
    env = set_if(env, "ip", nic->ip);
    env = set_if(env, "mtu", mtu);
    env = set_if(env, "rate", rate);
    return env;
}

static gboolean run_script(int domid, const KxlDeviceNic *nic, const char *verb, GError **error)
{
    const char *argv[] = { nic->script, verb, "type_if=vif", NULL };
    g_auto(GStrv) env = script_environment(domid, nic);

    return kxl_command_run(argv, (const char *const *)env, SCRIPT_TIMEOUT_MS, NULL, error);
}

static char *mark_path(const KxlHost *host, int domid, int devid)
{
    g_autofree char *file = g_strdup_printf(MARK_PREFIX "%d", devid);

    return kxl_rundir_path(host, domid, file);
}

static gboolean mark(const KxlHost *host, int domid, const KxlDeviceNic *nic, GError **error)
{
    g_autofree char *path = mark_path(host, domid, nic->devid);
    g_autofree char *text = kxl_type_to_text(&kxl_type_device_nic, nic);

    return kxl_file_write(path, text, error);
}

/* What a function and its card were told before. */
static char *function_path(const KxlHost *host, int domid, int devid)
{
    g_autofree char *file = g_strdup_printf("function-%d", devid);

    return kxl_rundir_path(host, domid, file);
}

static gboolean take_function(const KxlHost *host, int domid, const KxlDeviceNic *nic,
                              GError **error)
{
    g_autofree char *before = function_path(host, domid, nic->devid);

    return mark(host, domid, nic, error) &&
           kxl_nic_function_take(kxl_sysfs_dir(), nic, before, error);
}

static gboolean open_host_side(const KxlHost *host, int domid, const KxlDeviceNic *nic,
                               guint queues, KxlTap *tap, GError **error)
{
    g_autofree char *folder = kxl_rundir_path(host, domid, NULL);

    /* TUNSETIFF would take over another's persistent tap of that name. */
    if (nic->kind == KXL_NIC_BRIDGE)
        return name_is_free(nic->ifname, error) && kxl_tap_open(nic->ifname, queues, tap, error);
    tap->fd[0] = nic->kind == KXL_NIC_DIRECT ? kxl_macvtap_make(nic, folder, error)
                                             : kxl_nic_open_tap(nic, error);
    tap->nr = tap->fd[0] >= 0;
    return tap->nr > 0;
}

/* A macvtap does not end with who has it open: it is marked before it is made. */
static gboolean set_up(const KxlHost *host, int domid, const KxlDeviceNic *nic, guint queues,
                       KxlTap *tap, GError **error)
{
    if (nic->kind == KXL_NIC_FUNCTION)
        return take_function(host, domid, nic, error);
    if (nic->kind == KXL_NIC_DIRECT &&
        (!name_is_free(nic->ifname, error) || !mark(host, domid, nic, error)))
        return FALSE;
    /* Marked before the script runs: half of it may be done when we are killed. */
    return open_host_side(host, domid, nic, queues, tap, error) && mark(host, domid, nic, error) &&
           (nic->kind != KXL_NIC_BRIDGE || run_script(domid, nic, "online", error)) &&
           kxl_nic_shape(nic, error);
}

gboolean kxl_vif_up(const KxlHost *host, int domid, const KxlDeviceNic *nic, guint queues,
                    KxlTap *ret_tap, GError **error)
{
    g_auto(KxlTap) tap = { 0 };

    if (!set_up(host, domid, nic, queues, &tap, error)) {
        g_prefix_error(error, "vif %d: ", nic->devid);
        return FALSE;
    }
    *ret_tap = tap;
    tap.nr = 0;
    return TRUE;
}

gboolean kxl_vif_replug(const KxlHost *host, int domid, const KxlDeviceNic *nic, GError **error)
{
    if (mark(host, domid, nic, error) && run_script(domid, nic, "online", error))
        return TRUE;
    g_prefix_error(error, "vif %d: ", nic->devid);
    return FALSE;
}

void kxl_vif_down(const KxlHost *host, int domid, int devid)
{
    g_autofree char *path = mark_path(host, domid, devid);
    g_autofree char *text = kxl_file_read(path, NULL);
    g_autofree char *before = function_path(host, domid, devid);
    g_autoptr(GError) error = NULL;
    KxlDeviceNic *nic;

    if (!text)
        return;
    nic = kxl_type_from_text(&kxl_type_device_nic, text, path, &error);
    if (nic && nic->kind == KXL_NIC_DIRECT)
        kxl_macvtap_remove(nic);
    else if (nic && nic->kind == KXL_NIC_FUNCTION)
        kxl_nic_function_return(kxl_sysfs_dir(), nic, before);
    else if (!nic || (nic->kind == KXL_NIC_BRIDGE && !run_script(domid, nic, "offline", &error)))
        g_warning("domain %d: vif %d: %s; ignoring", domid, devid, error->message);
    kxl_device_nic_free(nic);
    remove(path);
}

void kxl_vif_down_all(const KxlHost *host, int domid)
{
    g_autofree char *folder = kxl_rundir_path(host, domid, NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (g_str_has_prefix(name, MARK_PREFIX) && !strchr(name, '.')) /* no half-written one */
            kxl_vif_down(host, domid, atoi(name + strlen(MARK_PREFIX)));
}
