/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nic-host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "command.h"
#include "file.h"

#define COMMAND_TIMEOUT_MS 30000

/* Runs "ip link add ..." and the like; every argument a word of words, up to NULL. */
static gboolean run(GError **error, const char *const *words)
{
    return kxl_command_run(words, NULL, COMMAND_TIMEOUT_MS, NULL, error);
}
#define RUN(error, ...) run(error, (const char *const[]){ __VA_ARGS__, NULL })

gboolean kxl_nic_has_tap(const KxlDeviceNic *nic)
{
    return nic->kind == KXL_NIC_BRIDGE || nic->kind == KXL_NIC_TAP || nic->kind == KXL_NIC_DIRECT;
}

gboolean kxl_nic_needs_host(const KxlDeviceNic *nic)
{
    return kxl_nic_has_tap(nic) || nic->kind == KXL_NIC_FUNCTION;
}

static gboolean set_flags(int fd, const char *name, int more, GError **error)
{
    struct ifreq request = { .ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | more) };

    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    return ioctl(fd, TUNSETIFF, &request) == 0 ||
           kxl_error_set_errno(error, errno, "cannot open tap '%s'", name);
}

static KxlFd open_queue(const char *name, int more, GError **error)
{
    g_auto(KxlFd) fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        kxl_error_set_errno(error, errno, "/dev/net/tun");
    return fd >= 0 && set_flags(fd, name, more, error) ? kxl_fd_steal(&fd) : -1;
}

gboolean kxl_tap_open(const char *name, guint queues, KxlTap *ret_tap, GError **error)
{
    g_auto(KxlTap) tap = { 0 };

    while (tap.nr < queues) {
        int fd = open_queue(name, queues > 1 ? IFF_MULTI_QUEUE : 0, error);

        if (fd < 0)
            return FALSE;
        tap.fd[tap.nr++] = fd;
    }
    *ret_tap = tap;
    tap.nr = 0;
    return TRUE;
}

void kxl_tap_close(KxlTap *tap)
{
    while (tap->nr > 0)
        kxl_fd_close(tap->fd[--tap->nr]);
}

KxlFd kxl_nic_open_tap(const KxlDeviceNic *nic, GError **error)
{
    g_autofree char *path = g_build_filename("/sys/class/net", nic->ifname, "tun_flags", NULL);

    /* TUNSETIFF would make one that is not there. */
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_NOT_FOUND, "there is no tap '%s'", nic->ifname);
        return -1;
    }
    return open_queue(nic->ifname, 0, error);
}

/* --- macvtap ---------------------------------------------------------------------------------- */

/* "MAJOR:MINOR" of the interface's character device, which sysfs knows by its number. */
static gboolean device_number(const char *ifname, dev_t *ret_device)
{
    g_autofree char *index_path = g_build_filename("/sys/class/net", ifname, "ifindex", NULL);
    g_autofree char *index = kxl_file_read(index_path, NULL);
    g_autofree char *path = NULL, *text = NULL;
    unsigned int major_number, minor_number;

    if (!index)
        return FALSE;
    g_strchomp(index);
    path = g_strdup_printf("/sys/class/net/%s/tap%s/dev", ifname, index);
    text = kxl_file_read(path, NULL);
    if (!text || sscanf(text, "%u:%u", &major_number, &minor_number) != 2)
        return FALSE;
    *ret_device = makedev(major_number, minor_number);
    return TRUE;
}

/* /dev/tapN is udev's, comes late, and in a network namespace N may be another's. */
static KxlFd open_macvtap(const KxlDeviceNic *nic, const char *dir, GError **error)
{
    g_autofree char *file = g_strdup_printf("macvtap-%d", nic->devid);
    g_autofree char *node = g_build_filename(dir, file, NULL);
    g_auto(KxlFd) fd = -1;
    dev_t device;

    if (!device_number(nic->ifname, &device)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_FAILED, "'%s' has no device", nic->ifname);
        return -1;
    }
    remove(node);
    if (mknod(node, S_IFCHR | 0600, device) < 0) {
        kxl_error_set_errno(error, errno, "cannot make '%s'", node);
        return -1;
    }
    fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        kxl_error_set_errno(error, errno, "cannot open '%s'", node);
    remove(node);
    return fd >= 0 && set_flags(fd, nic->ifname, 0, error) ? kxl_fd_steal(&fd) : -1;
}

KxlFd kxl_macvtap_make(const KxlDeviceNic *nic, const char *dir, GError **error)
{
    const char *mode = nic->source_mode ? nic->source_mode : "vepa";
    g_autofree char *mtu = nic->mtu ? g_strdup_printf("%u", nic->mtu) : NULL;
    KxlFd fd;

    /* ip(8)'s word for it. */
    if (g_str_equal(mode, "passthrough"))
        mode = "passthru";
    if (!RUN(error, "ip", "link", "add", "link", nic->source_dev, "name", nic->ifname, "address",
             nic->mac, "type", "macvtap", "mode", mode))
        return -1;
    fd = (!mtu || RUN(error, "ip", "link", "set", "dev", nic->ifname, "mtu", mtu)) &&
                 RUN(error, "ip", "link", "set", "dev", nic->ifname, "up")
             ? open_macvtap(nic, dir, error)
             : -1;
    if (fd < 0)
        kxl_macvtap_remove(nic);
    return fd;
}

void kxl_macvtap_remove(const KxlDeviceNic *nic)
{
    RUN(NULL, "ip", "link", "delete", "dev", nic->ifname, "type", "macvtap");
}

/* --- limits ----------------------------------------------------------------------------------- */

/* What goes to the guest waits its turn in a queue of the tap. */
static gboolean limit_inbound(const KxlDeviceNic *nic, GError **error)
{
    const KxlNicBandwidth *limit = &nic->inbound;
    g_autofree char *rate = g_strdup_printf("%" G_GUINT64_FORMAT "kbps", limit->average);
    g_autofree char *ceil =
        g_strdup_printf("%" G_GUINT64_FORMAT "kbps", MAX(limit->peak, limit->average));
    g_autofree char *burst = g_strdup_printf("%" G_GUINT64_FORMAT "kb", limit->burst);

    if (!RUN(error, "tc", "qdisc", "replace", "dev", nic->ifname, "root", "handle", "1:", "htb",
             "default", "1"))
        return FALSE;
    if (limit->burst == 0) /* tc's own */
        return RUN(error, "tc", "class", "add", "dev", nic->ifname, "parent", "1:", "classid",
                   "1:1", "htb", "rate", rate, "ceil", ceil);
    return RUN(error, "tc", "class", "add", "dev", nic->ifname, "parent", "1:", "classid", "1:1",
               "htb", "rate", rate, "ceil", ceil, "burst", burst);
}

/* What comes from the guest cannot be made to wait; what is too much is dropped. */
static gboolean limit_outbound(const KxlDeviceNic *nic, GError **error)
{
    const KxlNicBandwidth *limit = &nic->outbound;
    guint64 burst_kib = limit->burst ? limit->burst : limit->average;
    g_autofree char *rate = g_strdup_printf("%" G_GUINT64_FORMAT "kbps", limit->average);
    g_autofree char *burst = g_strdup_printf("%" G_GUINT64_FORMAT "kb", burst_kib);

    return RUN(error, "tc", "qdisc", "add", "dev", nic->ifname, "ingress") &&
           RUN(error, "tc", "filter", "add", "dev", nic->ifname, "parent", "ffff:", "protocol",
               "all", "u32", "match", "u32", "0", "0", "police", "rate", rate, "burst", burst,
               "mtu", "64kb", "drop", "flowid", ":1");
}

/* A bridge's script limits what comes from the guest by rate=, without a burst of one's own. */
gboolean kxl_nic_script_limits(const KxlDeviceNic *nic)
{
    return nic->kind == KXL_NIC_BRIDGE && nic->rate_bytes_per_interval != 0 &&
           nic->outbound.burst == 0;
}

gboolean kxl_nic_shape(const KxlDeviceNic *nic, GError **error)
{
    return (nic->inbound.average == 0 || limit_inbound(nic, error)) &&
           (nic->outbound.average == 0 || kxl_nic_script_limits(nic) ||
            limit_outbound(nic, error)) &&
           (!nic->isolated ||
            RUN(error, "bridge", "link", "set", "dev", nic->ifname, "isolated", "on"));
}

gboolean kxl_nic_settle(KxlQmp *qmp, const KxlDeviceNic *nic, GError **error)
{
    g_autofree char *device = g_strdup_printf("vif-%d", nic->devid);

    if (!nic->link_down || nic->kind == KXL_NIC_NONE ||
        kxl_qmp_run(qmp, "set_link", kxl_qmp_args("s:name", device, "b:up", FALSE, NULL),
                    COMMAND_TIMEOUT_MS, error))
        return TRUE;
    g_prefix_error(error, "vif %d: ", nic->devid);
    return FALSE;
}
