/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bridge.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "command.h"
#include "handler-util.h"
#include "sysfs.h"

/* ---- clashes ---- */

static gboolean get_address(const struct sockaddr *from, InetAddress *ret_address)
{
    if (from == NULL || (from->sa_family != AF_INET && from->sa_family != AF_INET6))
        return FALSE;
    *ret_address = (InetAddress){ .family = from->sa_family };
    if (from->sa_family == AF_INET)
        memcpy(ret_address->bytes, (const guint8 *)from + offsetof(struct sockaddr_in, sin_addr),
               4);
    else
        memcpy(ret_address->bytes, (const guint8 *)from + offsetof(struct sockaddr_in6, sin6_addr),
               16);
    return TRUE;
}

static gboolean check_interface(const NetworkDef *def, const struct ifaddrs *interface,
                                GError **error)
{
    InetAddress host, own;

    if (!get_address(interface->ifa_addr, &host))
        return TRUE;
    for (guint i = 0; i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        inet_parse(ip->address, &own);
        if (!inet_in_network(&host, &own, network_ip_prefix(ip)))
            continue;
        g_autofree char *cidr = network_ip_cidr(ip);
        return fail(error, VIR_ERR_INTERNAL_ERROR,
                    "Network is already in use by interface %s: it has an address in %s of network "
                    "'%s'",
                    interface->ifa_name, cidr, def->name);
    }
    return TRUE;
}

gboolean bridge_check_clash(const NetworkDef *def, GError **error)
{
    struct ifaddrs *list = NULL;
    gboolean ok = TRUE;

    if (getifaddrs(&list) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot list the host's addresses: %s",
                    g_strerror(errno));
    for (const struct ifaddrs *i = list; ok && i != NULL; i = i->ifa_next)
        ok = check_interface(def, i, error);
    freeifaddrs(list);
    return ok;
}

gboolean bridge_exists(const char *name)
{
    return if_nametoindex(name) != 0;
}

/* ---- settings in /proc/sys ---- */

static gboolean has_ip(const NetworkDef *def, gboolean is_v6)
{
    for (guint i = 0; i < def->ips->len; i++)
        if (network_ip_is_v6(def->ips->pdata[i]) == is_v6)
            return TRUE;
    return FALSE;
}

/* The host takes no addresses from its guests' router advertisements, and speaks IPv6 there only
 * where it has an address. A host without IPv6 has nothing to set. */
static gboolean set_ipv6(const NetworkDef *def, GError **error)
{
    const char *const settings[][2] = { { "disable_ipv6", has_ip(def, TRUE) ? "0" : "1" },
                                        { "accept_ra", "0" },
                                        { "autoconf", "0" } };
    g_autofree char *dir = g_strdup_printf("/proc/sys/net/ipv6/conf/%s", def->bridge);

    if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
        return !has_ip(def, TRUE) ||
               fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "this host has no IPv6");
    for (guint i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autofree char *path = g_build_filename(dir, settings[i][0], NULL);
        if (!sysfs_write(path, settings[i][1], VIR_ERR_SYSTEM_ERROR, error))
            return FALSE;
    }
    return TRUE;
}

gboolean bridge_enable_forwarding(const NetworkDef *def, GError **error)
{
    if (def->forward == NETWORK_FORWARD_NONE)
        return TRUE;
    if (has_ip(def, FALSE) &&
        !sysfs_write("/proc/sys/net/ipv4/ip_forward", "1", VIR_ERR_SYSTEM_ERROR, error))
        return FALSE;
    return !has_ip(def, TRUE) ||
           sysfs_write("/proc/sys/net/ipv6/conf/all/forwarding", "1", VIR_ERR_SYSTEM_ERROR, error);
}

/* ---- ip(8) ---- */

static gboolean run_ip(const char *batch, GError **error)
{
    const char *argv[] = { "ip", "-batch", "-", NULL };

    return command_run(argv, batch, NULL, error);
}

static char *make_text(const NetworkDef *def)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "link add name %s", def->bridge);
    if (def->mac != NULL)
        g_string_append_printf(text, " address %s", def->mac);
    if (def->mtu > 0)
        g_string_append_printf(text, " mtu %u", def->mtu);
    g_string_append(text, " type bridge");
    /* In hundredths of a second; before STP, which does not take less than two seconds. */
    g_string_append_printf(text, " forward_delay %d", MAX(def->delay, 0) * 100);
    if (g_strcmp0(def->mac_table_manager, "libvirt") == 0)
        g_string_append(text, " vlan_filtering 1");
    g_string_append_printf(text, "\nlink set dev %s type bridge stp_state %d\n", def->bridge,
                           def->stp == DOMAIN_YES);
    return g_string_free(text, FALSE);
}

static void append_ip(GString *text, const NetworkDef *def, const NetworkIp *ip)
{
    /* nodad: nobody else can have it, and dnsmasq could not use it at once. */
    g_string_append_printf(text, "addr add %s/%u dev %s%s\n", ip->address, network_ip_prefix(ip),
                           def->bridge, network_ip_is_v6(ip) ? " nodad" : " brd +");
}

static void append_route(GString *text, const NetworkDef *def, const NetworkRoute *route)
{
    g_string_append_printf(text, "route add %s/%u via %s dev %s proto static", route->address,
                           network_route_prefix(route), route->gateway, def->bridge);
    if (route->metric > 0)
        g_string_append_printf(text, " metric %u", route->metric);
    g_string_append_c(text, '\n');
}

static gboolean configure(const NetworkDef *def, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!set_ipv6(def, error))
        return FALSE;
    for (guint i = 0; i < def->ips->len; i++)
        append_ip(text, def, def->ips->pdata[i]);
    g_string_append_printf(text, "link set dev %s up\n", def->bridge);
    for (guint i = 0; i < def->routes->len; i++)
        append_route(text, def, def->routes->pdata[i]);
    return run_ip(text->str, error);
}

gboolean bridge_check_free(const NetworkDef *def, GError **error)
{
    return !bridge_exists(def->bridge) ||
           fail(error, VIR_ERR_INTERNAL_ERROR,
                "cannot make bridge '%s' of network '%s': there is an interface of that name",
                def->bridge, def->name);
}

gboolean bridge_add(const NetworkDef *def, GError **error)
{
    g_autofree char *text = make_text(def);
    if (!run_ip(text, error)) {
        g_prefix_error(error, "cannot make bridge '%s' of network '%s': ", def->bridge, def->name);
        bridge_remove(def); /* the second line may have failed */
        return FALSE;
    }
    if (configure(def, error))
        return TRUE;
    g_prefix_error(error, "cannot set up bridge '%s' of network '%s': ", def->bridge, def->name);
    bridge_remove(def);
    return FALSE;
}

void bridge_remove(const NetworkDef *def)
{
    const char *argv[] = { "ip", "link", "del", "dev", def->bridge, NULL };
    g_autoptr(GError) error = NULL;

    if (bridge_exists(def->bridge) && !command_run(argv, NULL, NULL, &error))
        g_warning("network: cannot remove bridge '%s': %s", def->bridge, error->message);
}
