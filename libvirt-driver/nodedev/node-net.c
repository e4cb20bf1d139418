/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network interfaces: their link, and what the driver does for them. */
#include "node-internal.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xml-util.h"

static const struct {
    const char *name;
    guint32 command, flag; /* flag 0: the answer is yes or no */
} features[] = {
    { "rx", ETHTOOL_GRXCSUM, 0 },
    { "tx", ETHTOOL_GTXCSUM, 0 },
    { "sg", ETHTOOL_GSG, 0 },
    { "tso", ETHTOOL_GTSO, 0 },
    { "gso", ETHTOOL_GGSO, 0 },
    { "gro", ETHTOOL_GGRO, 0 },
    { "lro", ETHTOOL_GFLAGS, ETH_FLAG_LRO },
    { "rxvlan", ETHTOOL_GFLAGS, ETH_FLAG_RXVLAN },
    { "txvlan", ETHTOOL_GFLAGS, ETH_FLAG_TXVLAN },
    { "ntuple", ETHTOOL_GFLAGS, ETH_FLAG_NTUPLE },
    { "rxhash", ETHTOOL_GFLAGS, ETH_FLAG_RXHASH },
};

static gboolean has_feature(int fd, const char *interface, guint32 command, guint32 flag)
{
    struct ethtool_value value = { .cmd = command };
    struct ifreq request = { .ifr_data = (void *)&value };

    g_strlcpy(request.ifr_name, interface, sizeof request.ifr_name);
    if (ioctl(fd, SIOCETHTOOL, &request) < 0)
        return FALSE;
    return flag != 0 ? (value.data & flag) != 0 : value.data != 0;
}

static void append_features(GString *xml, const char *interface)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(features); i++)
        if (has_feature(fd, interface, features[i].command, features[i].flag))
            xml_append(xml, "    <feature name='%s'/>\n", features[i].name);
    close(fd);
}

static void append_link(GString *xml, GUdevDevice *device)
{
    g_autofree char *state = node_attribute(device, "operstate");
    g_autofree char *speed = node_attribute(device, "speed");

    if (state == NULL)
        return;
    xml_append(xml, "    <link");
    if (speed != NULL && g_ascii_strtoll(speed, NULL, 10) > 0)
        xml_append(xml, " speed='%s'", speed);
    xml_append(xml, " state='%s'/>\n", state);
}

void node_append_net(GString *xml, GUdevDevice *device)
{
    const char *name = g_udev_device_get_name(device);
    gboolean wireless = g_strcmp0(g_udev_device_get_devtype(device), "wlan") == 0;
    g_autofree char *address = node_attribute(device, "address");

    node_append(xml, 4, "interface", name);
    node_append(xml, 4, "address", address);
    append_link(xml, device);
    append_features(xml, name);
    xml_append(xml, "    <capability type='%s'/>\n", wireless ? "80211" : "80203");
}
