/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <ip> with its DHCP, and <route>. */
#include "network-classes.h"

#include <string.h>

#define RANGE_MAX 65535u /* libvirt's own limit, and one dnsmasq can live with */

static const char *const families[] = { "", "ipv4", "ipv6", NULL };
static const char *const lease_units[] = {
    "", [NETWORK_LEASE_SECONDS] = "seconds", [NETWORK_LEASE_MINUTES] = "minutes",
    [NETWORK_LEASE_HOURS] = "hours", NULL
};

gboolean normalise_address(char **text, xmlNodePtr node, GError **error)
{
    if (*text == NULL)
        return TRUE;
    char *normal = inet_normal(*text);
    if (normal == NULL)
        return bad_element(error, node, "Invalid address '%s'", *text);
    g_free(*text);
    *text = normal;
    return TRUE;
}

/* ---- <lease> ---- */

#define F(field) offsetof(NetworkLease, field)
static const XmlRow lease_rows[] = {
    { "@expiry", XML_ULONG, F(expiry), XML_REQUIRED | XML_ALWAYS },
    { "@unit", XML_WORD, F(unit), .words = lease_units },
};
#undef F

/* dnsmasq(8): the least lease time is two minutes. */
static gboolean lease_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkLease *lease = object;

    if (lease->unit == 0)
        lease->unit = NETWORK_LEASE_MINUTES;
    if (lease->expiry == 0)
        lease->unit = 0;
    else if ((lease->unit == NETWORK_LEASE_SECONDS && lease->expiry < 120) ||
             (lease->unit == NETWORK_LEASE_MINUTES && lease->expiry < 2))
        return bad_element(error, node, "The minimum lease time should be greater than 2 minutes");
    if (lease->expiry > G_MAXUINT32)
        return bad_element(error, node, "lease time '%" G_GUINT64_FORMAT "' is too large",
                           lease->expiry);
    return TRUE;
}
XML_CLASS_DEFINE(network_lease_class, NetworkLease, lease_rows, lease_check)

/* ---- <dhcp> ---- */

#define F(field) offsetof(NetworkRange, field)
static const XmlRow range_rows[] = {
    { "@start", XML_STRING, F(start), XML_REQUIRED },
    { "@end", XML_STRING, F(end), XML_REQUIRED },
    { "lease", XML_OBJECT, F(lease), .item = &network_lease_class },
};
#undef F

static gboolean range_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkRange *range = object;
    InetAddress start, end;

    if (!normalise_address(&range->start, node, error) ||
        !normalise_address(&range->end, node, error))
        return FALSE;
    inet_parse(range->start, &start);
    inet_parse(range->end, &end);
    if (inet_range_size(&start, &end, RANGE_MAX) < 0)
        return bad_element(error, node, "Invalid dhcp range '%s' to '%s': reversed or too large",
                           range->start, range->end);
    return TRUE;
}
XML_CLASS_DEFINE(network_range_class, NetworkRange, range_rows, range_check)

gboolean network_range_check_in(const NetworkRange *range, const NetworkIp *ip, xmlNodePtr node,
                                GError **error)
{
    InetAddress start, end, own;
    guint prefix = network_ip_prefix(ip);

    inet_parse(ip->address, &own);
    inet_parse(range->start, &start);
    inet_parse(range->end, &end);
    if (!inet_in_network(&start, &own, prefix) || !inet_in_network(&end, &own, prefix))
        return bad_element(error, node, "range %s - %s is not entirely within network %s/%u",
                           range->start, range->end, ip->address, prefix);
    if (own.family == AF_INET6)
        return TRUE;
    if (inet_is_network(&start, prefix))
        return bad_element(error, node,
                           "start of range %s - %s in network %s/%u is the network "
                           "address",
                           range->start, range->end, ip->address, prefix);
    return !inet_is_broadcast(&end, prefix) ||
           bad_element(error, node,
                       "end of range %s - %s in network %s/%u is the broadcast "
                       "address",
                       range->start, range->end, ip->address, prefix);
}

#define F(field) offsetof(NetworkHost, field)
static const XmlRow host_rows[] = {
    { "@id", XML_STRING, F(id) },
    { "@mac", XML_STRING, F(mac) },
    { "@name", XML_STRING, F(name) },
    { "@ip", XML_STRING, F(ip) },
    { "lease", XML_OBJECT, F(lease), .item = &network_lease_class },
};
#undef F

/* What goes into dnsmasq's files must stay in its field and line. */
static gboolean is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if (g_ascii_iscntrl(*text) || g_ascii_isspace(*text) || *text == ',')
            return FALSE;
    return TRUE;
}

static gboolean host_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkHost *host = object;

    if (host->mac != NULL) {
        char *mac = inet_mac_normal(host->mac);

        if (mac == NULL)
            return bad_element(error, node, "Cannot use MAC address '%s'", host->mac);
        g_free(host->mac);
        host->mac = mac;
    }
    if (host->id != NULL && strspn(host->id, "0123456789abcdefABCDEF:") != strlen(host->id))
        return bad_element(error, node, "Invalid character in id '%s'", host->id);
    if (host->name != NULL && (!g_ascii_isalpha(host->name[0]) || !is_plain(host->name)))
        return bad_element(error, node, "Cannot use host name '%s'", host->name);
    return normalise_address(&host->ip, node, error);
}
XML_CLASS_DEFINE(network_host_class, NetworkHost, host_rows, host_check)

gboolean network_host_check_complete(const NetworkHost *host, gboolean is_v6, xmlNodePtr node,
                                     GError **error)
{
    InetAddress address;

    if (host->ip == NULL)
        return bad_element(error, node, "Missing IP address in static host definition");
    inet_parse(host->ip, &address);
    if ((address.family == AF_INET6) != is_v6)
        return bad_element(error, node, "address '%s' is not of the network's family", host->ip);
    if (is_v6 && host->mac != NULL)
        return bad_element(error, node, "Invalid to specify MAC address '%s' in IPv6 host",
                           host->mac);
    if (!is_v6 && host->id != NULL)
        return bad_element(error, node, "Invalid to specify id '%s' in IPv4 host", host->id);
    if (host->name == NULL && host->mac == NULL && host->id == NULL)
        return bad_element(error, node,
                           "At least one of name, mac, or id attribute must be "
                           "specified for static host definition");
    return TRUE;
}

/* ---- <ip> ---- */

#define F(field) offsetof(NetworkIp, field)
static const XmlRow ip_rows[] = {
    { "@family", XML_STRING, F(family), .words = families },
    { "@address", XML_STRING, F(address), XML_REQUIRED },
    { "@netmask", XML_STRING, F(netmask) },
    { "@prefix", XML_UINT, F(prefix), .max = 128 },
    { "@localPtr", XML_WORD, F(local_ptr), .words = xml_yes_no },
    { "tftp/@root", XML_STRING, F(tftp_root) },
    { "dhcp/range", XML_LIST, F(ranges), .item = &network_range_class },
    { "dhcp/host", XML_LIST, F(hosts), .item = &network_host_class },
    { "dhcp/bootp/@file", XML_STRING, F(boot_file) },
    { "dhcp/bootp/@server", XML_STRING, F(boot_server) },
};
#undef F

guint network_ip_prefix(const NetworkIp *ip)
{
    InetAddress address;

    if (ip->prefix > 0)
        return ip->prefix;
    if (ip->netmask != NULL)
        return (guint)inet_mask_prefix(ip->netmask);
    inet_parse(ip->address, &address);
    return inet_natural_prefix(&address);
}

gboolean network_ip_is_v6(const NetworkIp *ip)
{
    return strchr(ip->address, ':') != NULL;
}

gboolean network_ip_has_dhcp(const NetworkIp *ip)
{
    return ip->ranges->len > 0 || ip->hosts->len > 0;
}

char *network_ip_cidr(const NetworkIp *ip)
{
    guint prefix = network_ip_prefix(ip);
    InetAddress address;

    inet_parse(ip->address, &address);
    address = inet_mask(&address, prefix);
    g_autofree char *text = inet_text(&address);
    return g_strdup_printf("%s/%u", text, prefix);
}

static gboolean check_mask(const char *family, const char *address, const char *netmask, int prefix,
                           xmlNodePtr node, GError **error)
{
    InetAddress parsed;

    inet_parse(address, &parsed);
    gboolean is_v6 = parsed.family == AF_INET6;
    if (family == NULL && is_v6)
        return bad_element(error, node, "no family specified for non-IPv4 address '%s'", address);
    if (family != NULL && (strcmp(family, "ipv6") == 0) != is_v6)
        return bad_element(error, node, "family '%s' does not fit the address '%s'", family,
                           address);
    if (netmask != NULL && is_v6)
        return bad_element(error, node, "netmask is not for IPv6 address '%s'", address);
    if (netmask != NULL && prefix > 0)
        return bad_element(error, node, "cannot have both prefix='%d' and a netmask", prefix);
    if (netmask != NULL && inet_mask_prefix(netmask) < 0)
        return bad_element(error, node, "Invalid netmask '%s' for address '%s'", netmask, address);
    if (prefix > (int)inet_bits(parsed.family))
        return bad_element(error, node, "prefix %d is too large for address '%s'", prefix, address);
    return TRUE;
}

static gboolean check_tftp(const NetworkIp *ip, xmlNodePtr node, GError **error)
{
    const char *const texts[] = { ip->tftp_root, ip->boot_file };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i] != NULL && strpbrk(texts[i], "\n\r") != NULL)
            return bad_element(error, node, "line break in a file name");
    return TRUE;
}

static gboolean ip_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkIp *ip = object;

    if (!normalise_address(&ip->address, node, error) ||
        !normalise_address(&ip->boot_server, node, error) ||
        !check_mask(ip->family, ip->address, ip->netmask, (int)ip->prefix, node, error) ||
        !check_tftp(ip, node, error))
        return FALSE;
    if (ip->tftp_root != NULL && network_ip_is_v6(ip)) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                    "Unsupported <tftp> element in the IPv6 element '%s'", ip->address);
        return FALSE;
    }
    for (guint i = 0; i < ip->ranges->len; i++)
        if (!network_range_check_in(ip->ranges->pdata[i], ip, node, error))
            return FALSE;
    for (guint i = 0; i < ip->hosts->len; i++)
        if (!network_host_check_complete(ip->hosts->pdata[i], network_ip_is_v6(ip), node, error))
            return FALSE;
    return TRUE;
}
XML_CLASS_DEFINE_OPEN(network_ip_class, NetworkIp, ip_rows, ip_check)

/* ---- <route> ---- */

#define F(field) offsetof(NetworkRoute, field)
static const XmlRow route_rows[] = {
    { "@family", XML_STRING, F(family), .words = families },
    { "@address", XML_STRING, F(address), XML_REQUIRED },
    { "@netmask", XML_STRING, F(netmask) },
    { "@prefix", XML_INT, F(prefix), XML_OPTIONAL, .def = "-1" },
    { "@gateway", XML_STRING, F(gateway), XML_REQUIRED },
    { "@metric", XML_UINT, F(metric), XML_NONZERO },
};
#undef F

guint network_route_prefix(const NetworkRoute *route)
{
    InetAddress address;

    if (route->prefix >= 0)
        return (guint)route->prefix;
    if (route->netmask != NULL)
        return (guint)inet_mask_prefix(route->netmask);
    inet_parse(route->address, &address);
    return inet_natural_prefix(&address);
}

static gboolean route_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkRoute *route = object;
    InetAddress address, gateway;

    if (!normalise_address(&route->address, node, error) ||
        !normalise_address(&route->gateway, node, error) ||
        !check_mask(route->family, route->address, route->netmask, route->prefix, node, error))
        return FALSE;
    inet_parse(route->address, &address);
    inet_parse(route->gateway, &gateway);
    if (address.family != gateway.family)
        return bad_element(error, node, "route address '%s' and gateway '%s' are of two families",
                           route->address, route->gateway);
    return inet_is_network(&address, network_route_prefix(route)) ||
           bad_element(error, node, "Address '%s' in route definition is not a network address",
                       route->address);
}
XML_CLASS_DEFINE(network_route_class, NetworkRoute, route_rows, route_check)
