/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's side of bridged nics: a tap that lives as long as QEMU holds it, and the network
 * script that puts it where it belongs, called as Xen's hotplug calls it (docs of Xen: "vif-bridge
 * online|offline").
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "command.h"
#include "file.h"
#include "session.h"

#define SCRIPT_TIMEOUT_MS 30000

static KxlFd tap_open(const char *name, GError **error)
{
    g_auto(KxlFd) fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    g_autofree char *there = g_build_filename("/sys/class/net", name, NULL);
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };

    if (fd < 0) {
        kxl_error_set_errno(error, errno, "/dev/net/tun");
        return -1;
    }
    /* TUNSETIFF would take over another's persistent tap of that name. */
    if (g_file_test(there, G_FILE_TEST_EXISTS)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_IN_USE, "network interface '%s' exists already",
                    name);
        return -1;
    }
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        kxl_error_set_errno(error, errno, "cannot make tap '%s'", name);
        return -1;
    }
    return kxl_fd_steal(&fd);
}

static char **set_if(char **env, const char *name, const char *value)
{
    return value ? g_environ_setenv(env, name, value, TRUE) : env;
}

static char **script_environment(const Session *s, const KxlDeviceNic *nic)
{
    char **env = g_get_environ();
    g_autofree char *path = g_strdup_printf("backend/vif/%d/%d", s->domid, nic->devid);
    g_autofree char *mtu = nic->mtu ? g_strdup_printf("%u", nic->mtu) : NULL;
    g_autofree char *domid = g_strdup_printf("%d", s->domid);
    g_autofree char *rate = NULL;

    if (nic->rate_bytes_per_interval)
        rate = g_strdup_printf("%" G_GUINT64_FORMAT ",%u", nic->rate_bytes_per_interval,
                               nic->rate_interval_usecs);
    env = set_if(env, "XENBUS_TYPE", "vif");
    env = set_if(env, "XENBUS_PATH", path);
    env = set_if(env, "XENBUS_BASE_PATH", "backend");
    env = set_if(env, "script", nic->script);
    env = set_if(env, "vif", nic->ifname);
    env = set_if(env, "domid", domid);
    env = set_if(env, "bridge", nic->bridge);
    env = set_if(env, "mac", nic->mac);
    env = set_if(env, "ip", nic->ip);
    env = set_if(env, "mtu", mtu);
    env = set_if(env, "rate", rate);
    return env;
}

static gboolean run_script(const Session *s, const KxlDeviceNic *nic, const char *verb,
                           GError **error)
{
    const char *argv[] = { nic->script, verb, "type_if=vif", NULL };
    g_auto(GStrv) env = script_environment(s, nic);

    return kxl_command_run(argv, (const char *const *)env, SCRIPT_TIMEOUT_MS, NULL, error);
}

/* The mark that the script has run, so that it is undone by whoever undoes it. */
static char *mark_path(const Session *s, const KxlDeviceNic *nic)
{
    g_autofree char *file = g_strdup_printf("nic-%d", nic->devid);

    return session_path(s, file);
}

static gboolean nic_up(Session *s, guint i, GError **error)
{
    const KxlDeviceNic *nic = s->config->nics->pdata[i];
    g_autofree char *mark = mark_path(s, nic);

    if (nic->kind != KXL_NIC_BRIDGE)
        return TRUE;
    s->tap_fds[i] = tap_open(nic->ifname, error);
    if (s->tap_fds[i] < 0 || !kxl_file_write(mark, "", error) ||
        !run_script(s, nic, "online", error)) {
        g_prefix_error(error, "vif %d: ", nic->devid);
        return FALSE;
    }
    return TRUE;
}

gboolean network_up(Session *s, GError **error)
{
    s->tap_fds = g_new(int, s->config->nics->len + 1);
    for (guint i = 0; i < s->config->nics->len; i++)
        s->tap_fds[i] = -1;
    for (guint i = 0; i < s->config->nics->len; i++)
        if (!nic_up(s, i, error))
            return FALSE;
    return TRUE;
}

void network_close_taps(Session *s)
{
    for (guint i = 0; s->tap_fds && i < s->config->nics->len; i++)
        kxl_fd_close(s->tap_fds[i]);
    g_clear_pointer(&s->tap_fds, g_free);
}

/* After QEMU is gone, and the taps with it: the scripts take down what else they have set up. */
void network_down(Session *s)
{
    for (guint i = 0; i < s->config->nics->len; i++) {
        const KxlDeviceNic *nic = s->config->nics->pdata[i];
        g_autofree char *mark = mark_path(s, nic);
        g_autoptr(GError) error = NULL;

        if (!g_file_test(mark, G_FILE_TEST_EXISTS))
            continue;
        if (!run_script(s, nic, "offline", &error))
            g_warning("domain %d: vif %d: %s; ignoring", s->domid, nic->devid, error->message);
        remove(mark);
    }
    network_close_taps(s);
}
