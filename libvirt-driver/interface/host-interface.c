/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "handler-util.h"
#include "network/inet.h"
#include "sysfs.h"
#include "xml-util.h"

#define SYS_NET "/sys/class/net"

static void interface_free(gpointer interface)
{
    host_interface_free(interface);
}

void host_interface_free(HostInterface *interface)
{
    if (interface == NULL)
        return;
    g_free(interface->name);
    g_free(interface->mac);
    g_free(interface);
}

/* ---- /sys/class/net, Documentation/ABI/testing/sysfs-class-net ---- */

static char *attribute(const char *name, const char *file)
{
    g_autofree char *dir = g_build_filename(SYS_NET, name, NULL);

    return sysfs_text(dir, file);
}

static gboolean has(const char *name, const char *file)
{
    g_autofree char *path = g_build_filename(SYS_NET, name, file, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Loopback's state is "unknown" while it works. */
static HostInterface *read_interface(const char *name)
{
    HostInterface *interface = g_new0(HostInterface, 1);
    g_autofree char *state = attribute(name, "operstate");
    g_autofree char *flags = attribute(name, "flags");
    gboolean is_up = flags != NULL && (g_ascii_strtoull(flags, NULL, 0) & IFF_UP) != 0;

    interface->name = g_strdup(name);
    interface->mac = attribute(name, "address");
    if (interface->mac == NULL) /* a tunnel has none */
        interface->mac = g_strdup("");
    interface->active = g_strcmp0(state, "up") == 0 || (g_strcmp0(state, "unknown") == 0 && is_up);
    return interface;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const HostInterface *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

static GPtrArray *list(gboolean with_ports, const char *bridge)
{
    GPtrArray *interfaces = g_ptr_array_new_with_free_func(interface_free);
    g_autofree char *path =
        bridge != NULL ? g_build_filename(SYS_NET, bridge, "brif", NULL) : g_strdup(SYS_NET);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL)
        if (has(name, "address") && (with_ports || !has(name, "brport")))
            g_ptr_array_add(interfaces, read_interface(name));
    g_ptr_array_sort(interfaces, compare_names);
    return interfaces;
}

GPtrArray *host_interfaces_list(void)
{
    return list(FALSE, NULL);
}

HostInterface *host_interface_find(const char *name, GError **error)
{
    if (inet_is_ifname(name) && has(name, "address"))
        return read_interface(name);
    fail(error, VIR_ERR_NO_INTERFACE, "couldn't find interface named '%s'", name);
    return NULL;
}

/* ---- XML ---- */

static guint mask_prefix(const struct sockaddr *mask)
{
    const guint8 *bytes =
        (const guint8 *)mask + (mask->sa_family == AF_INET ? offsetof(struct sockaddr_in, sin_addr)
                                                           : offsetof(struct sockaddr_in6, sin6_addr));
    guint prefix = 0;

    while (prefix < inet_bits(mask->sa_family) && (bytes[prefix / 8] & (0x80 >> prefix % 8)))
        prefix++;
    return prefix;
}

static void append_address(GString *xml, const struct ifaddrs *from)
{
    InetAddress address = { .family = from->ifa_addr->sa_family };

    if (address.family == AF_INET)
        memcpy(address.bytes,
               (const guint8 *)from->ifa_addr + offsetof(struct sockaddr_in, sin_addr), 4);
    else
        memcpy(address.bytes,
               (const guint8 *)from->ifa_addr + offsetof(struct sockaddr_in6, sin6_addr), 16);
    g_autofree char *text = inet_text(&address);
    xml_append(xml, "    <ip address='%s' prefix='%u'/>\n", text, mask_prefix(from->ifa_netmask));
}

static void append_protocol(GString *xml, const char *name, const struct ifaddrs *all, int family)
{
    g_autoptr(GString) addresses = g_string_new(NULL);

    for (; all != NULL; all = all->ifa_next)
        if (all->ifa_addr != NULL && all->ifa_netmask != NULL &&
            all->ifa_addr->sa_family == family && strcmp(all->ifa_name, name) == 0)
            append_address(addresses, all);
    if (addresses->len > 0)
        g_string_append_printf(xml, "  <protocol family='%s'>\n%s  </protocol>\n",
                               family == AF_INET ? "ipv4" : "ipv6", addresses->str);
}

static void append_protocols(GString *xml, const char *name)
{
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) < 0)
        return;
    append_protocol(xml, name, all, AF_INET);
    append_protocol(xml, name, all, AF_INET6);
    freeifaddrs(all);
}

static void append_link(GString *xml, const char *name, const char *indent)
{
    g_autofree char *state = attribute(name, "operstate");
    g_autofree char *speed = attribute(name, "speed");

    xml_append(xml, "%s<link", indent);
    if (speed != NULL && g_ascii_strtoll(speed, NULL, 10) > 0)
        xml_append(xml, " speed='%s'", speed);
    xml_append(xml, " state='%s'/>\n", state != NULL ? state : "unknown");
}

/* The delay is in seconds here, in hundredths there. */
static void append_bridge(GString *xml, const char *name)
{
    g_autofree char *stp = attribute(name, "bridge/stp_state");
    g_autofree char *delay = attribute(name, "bridge/forward_delay");
    g_autoptr(GPtrArray) ports = list(TRUE, name);
    guint64 hundredths = delay != NULL ? g_ascii_strtoull(delay, NULL, 10) : 0;

    xml_append(xml, "  <bridge stp='%s' delay='%u.%02u'>\n", g_strcmp0(stp, "0") == 0 ? "off" : "on",
               (guint)(hundredths / 100), (guint)(hundredths % 100));
    for (guint i = 0; i < ports->len; i++) {
        const HostInterface *port = ports->pdata[i];
        xml_append(xml, "    <interface type='ethernet' name='%s'>\n", port->name);
        append_link(xml, port->name, "      ");
        xml_append(xml, "      <mac address='%s'/>\n    </interface>\n", port->mac);
    }
    xml_append(xml, "  </bridge>\n");
}

char *host_interface_xml(const HostInterface *interface)
{
    const char *name = interface->name;
    gboolean is_bridge = has(name, "bridge");
    g_autofree char *mtu = attribute(name, "mtu");
    GString *xml = g_string_new(NULL);

    xml_append(xml, "<interface type='%s' name='%s'>\n", is_bridge ? "bridge" : "ethernet", name);
    if (mtu != NULL)
        xml_append(xml, "  <mtu size='%s'/>\n", mtu);
    append_protocols(xml, name);
    if (is_bridge)
        append_bridge(xml, name);
    else
        append_link(xml, name, "  ");
    if (!is_bridge && interface->mac != NULL && *interface->mac != '\0')
        xml_append(xml, "  <mac address='%s'/>\n", interface->mac);
    xml_append(xml, "</interface>\n");
    return g_string_free(xml, FALSE);
}
