/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host-interface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "handler-util.h"
#include "interface-def.h"
#include "network/inet.h"
#include "sysfs.h"

#define SYS_NET   "/sys/class/net"
#define PROC_VLAN "/proc/net/vlan"

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
        if (has(name, "address") &&
            (with_ports || !(has(name, "brport") || has(name, "bonding_slave"))))
            g_ptr_array_add(interfaces, read_interface(name));
    g_ptr_array_sort(interfaces, compare_names);
    return interfaces;
}

/* One that is configured and not there. */
static HostInterface *absent(const InterfaceDef *def)
{
    HostInterface *interface = g_new0(HostInterface, 1);

    interface->name = g_strdup(def->name);
    interface->mac = g_strdup(def->mac);
    return interface;
}

GPtrArray *host_interfaces_list(HostConfig *config)
{
    GPtrArray *interfaces = list(FALSE, NULL);
    g_autoptr(GPtrArray) defs = host_config_list(config);

    for (guint i = 0; i < defs->len; i++)
        if (!has(((const InterfaceDef *)defs->pdata[i])->name, "address"))
            g_ptr_array_add(interfaces, absent(defs->pdata[i]));
    g_ptr_array_sort(interfaces, compare_names);
    return interfaces;
}

HostInterface *host_interface_find(const char *name, GError **error)
{
    if (inet_is_ifname(name) && has(name, "address"))
        return read_interface(name);
    fail(error, VIR_ERR_NO_INTERFACE, "couldn't find interface named '%s'", name);
    return NULL;
}

HostInterface *host_interface_find_any(HostConfig *config, const char *name, GError **error)
{
    g_autoptr(InterfaceDef) def = NULL;
    HostInterface *there = host_interface_find(name, NULL);

    if (there != NULL)
        return there;
    def = host_config_find(config, name);
    return def != NULL ? absent(def) : host_interface_find(name, error);
}

/* ---- what it is ---- */

static guint mask_prefix(const struct sockaddr *mask)
{
    const guint8 *bytes = (const guint8 *)mask + (mask->sa_family == AF_INET
                                                      ? offsetof(struct sockaddr_in, sin_addr)
                                                      : offsetof(struct sockaddr_in6, sin6_addr));
    guint prefix = 0;

    while (prefix < inet_bits(mask->sa_family) && (bytes[prefix / 8] & (0x80 >> prefix % 8)))
        prefix++;
    return prefix;
}

static void add_address(InterfaceDef *def, const struct ifaddrs *from)
{
    InetAddress address = { .family = from->ifa_addr->sa_family };
    gboolean is_v4 = address.family == AF_INET;

    if (is_v4)
        memcpy(address.bytes,
               (const guint8 *)from->ifa_addr + offsetof(struct sockaddr_in, sin_addr), 4);
    else
        memcpy(address.bytes,
               (const guint8 *)from->ifa_addr + offsetof(struct sockaddr_in6, sin6_addr), 16);
    g_autofree char *text = inet_text(&address);
    interface_protocol_add_ip(interface_protocol(def, is_v4 ? "ipv4" : "ipv6"), text,
                              mask_prefix(from->ifa_netmask));
}

static void add_protocols(InterfaceDef *def)
{
    static const int families[] = { AF_INET, AF_INET6 };
    struct ifaddrs *all = NULL;

    if (getifaddrs(&all) < 0)
        return;
    for (guint f = 0; f < G_N_ELEMENTS(families); f++)
        for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
            if (i->ifa_addr != NULL && i->ifa_netmask != NULL &&
                i->ifa_addr->sa_family == families[f] && strcmp(i->ifa_name, def->name) == 0)
                add_address(def, i);
    freeifaddrs(all);
}

static guint number(const char *name, const char *file)
{
    g_autofree char *text = attribute(name, file);
    gint64 value = text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;

    return value > 0 ? (guint)value : 0; /* a speed of -1 is none */
}

/* One that is part of another, or the device below all. */
static InterfaceDef *describe_link(const char *name, InterfaceType type)
{
    InterfaceDef *def = interface_def_new();

    def->type = type;
    def->name = g_strdup(name);
    def->mac = attribute(name, "address");
    def->link_state = attribute(name, "operstate");
    def->link_speed = number(name, "speed");
    return def;
}

/* The delay is in seconds here, in hundredths there. */
static void describe_bridge(InterfaceDef *def)
{
    g_autoptr(GPtrArray) ports = list(TRUE, def->name);
    guint hundredths = number(def->name, "bridge/forward_delay");

    def->stp = number(def->name, "bridge/stp_state") > 0 ? DOMAIN_YES : DOMAIN_NO;
    def->delay = g_strdup_printf("%u.%02u", hundredths / 100, hundredths % 100);
    for (guint i = 0; i < ports->len; i++)
        g_ptr_array_add(def->ports, describe_link(((const HostInterface *)ports->pdata[i])->name,
                                                  INTERFACE_ETHERNET));
}

/* Linux Documentation/networking/bonding.rst: "active-backup 1". */
static char *bond_word(const char *name, const char *file)
{
    char *text = attribute(name, file);
    char *blank = text != NULL ? strchr(text, ' ') : NULL;

    if (blank != NULL)
        *blank = '\0';
    return text;
}

static void describe_bond(InterfaceDef *def)
{
    g_autofree char *slaves = attribute(def->name, "bonding/slaves");
    g_auto(GStrv) names = g_strsplit(slaves != NULL ? slaves : "", " ", -1);

    def->bond_mode = bond_word(def->name, "bonding/mode");
    def->mii_freq = number(def->name, "bonding/miimon");
    def->mii_up_delay = number(def->name, "bonding/updelay");
    def->mii_down_delay = number(def->name, "bonding/downdelay");
    def->arp_interval = number(def->name, "bonding/arp_interval");
    if (def->arp_interval > 0) {
        def->arp_target = bond_word(def->name, "bonding/arp_ip_target");
        def->arp_validate = bond_word(def->name, "bonding/arp_validate");
    }
    for (char **slave = names; *slave != NULL; slave++)
        if (**slave != '\0')
            g_ptr_array_add(def->ports, describe_link(*slave, INTERFACE_ETHERNET));
}

/* "eth0.5  VID: 5 ...", and a line "Device: eth0" */
static void describe_vlan(InterfaceDef *def)
{
    g_autofree char *path = g_build_filename(PROC_VLAN, def->name, NULL);
    g_autofree char *text = NULL;
    const char *at;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    if ((at = strstr(text, "VID: ")) != NULL)
        def->vlan_tag = (guint)g_ascii_strtoull(at + strlen("VID: "), NULL, 10);
    if ((at = strstr(text, "Device: ")) != NULL) {
        at += strlen("Device: ");
        def->vlan_device = g_strndup(at, strcspn(at, " \n"));
    }
}

static InterfaceType type_of(const char *name)
{
    g_autofree char *vlan = g_build_filename(PROC_VLAN, name, NULL);

    return has(name, "bridge")                     ? INTERFACE_BRIDGE
           : has(name, "bonding")                  ? INTERFACE_BOND
           : g_file_test(vlan, G_FILE_TEST_EXISTS) ? INTERFACE_VLAN
                                                   : INTERFACE_ETHERNET;
}

char *host_interface_xml(const HostInterface *interface)
{
    static void (*const describe[])(InterfaceDef * def) = {
        [INTERFACE_ETHERNET] = NULL,
        [INTERFACE_BRIDGE] = describe_bridge,
        [INTERFACE_BOND] = describe_bond,
        [INTERFACE_VLAN] = describe_vlan,
    };
    InterfaceType type = type_of(interface->name);
    g_autoptr(InterfaceDef) def = describe_link(interface->name, type);

    if (type == INTERFACE_BRIDGE)
        g_clear_pointer(&def->link_state, g_free); /* its ports have links */
    def->mtu = number(interface->name, "mtu");
    add_protocols(def);
    if (describe[type] != NULL)
        describe[type](def);
    return interface_def_format(def);
}
