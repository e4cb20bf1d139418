/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds between the elements of a <network>, as libvirt has it. */
#include "network-classes.h"

#include <string.h>

#define NAME_MAX_BYTES 200 /* it becomes part of file names */

typedef gboolean (*Check)(NetworkDef *def, xmlNodePtr node, GError **error);

/* ---- names ---- */

static gboolean check_name(NetworkDef *def, xmlNodePtr node, GError **error)
{
    if (def->name == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_NO_NAME, node, NULL, "<network>");
        return FALSE;
    }
    if (strchr(def->name, '/') != NULL)
        return bad_element(error, node, "name %s cannot contain '/'", def->name);
    if (strcmp(def->name, ".") == 0 || strcmp(def->name, "..") == 0)
        return bad_element(error, node, "'%s' cannot be a network's name", def->name);
    if (strlen(def->name) > NAME_MAX_BYTES)
        return bad_element(error, node, "the network's name is longer than %d bytes",
                           NAME_MAX_BYTES);
    for (const char *p = def->name; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p))
            return bad_element(error, node, "control character in the network's name");
    return TRUE;
}

static gboolean check_ifname(const char *name, const char *what, xmlNodePtr node, GError **error)
{
    return name == NULL || inet_is_ifname(name) ||
           bad_element(error, node, "'%s' cannot be the name of a %s", name, what);
}

static gboolean check_texts(NetworkDef *def, xmlNodePtr node, GError **error)
{
    if (def->domain != NULL && strpbrk(def->domain, " ,/\t\n\r") != NULL)
        return bad_element(error, node, "'%s' cannot be a domain's name", def->domain);
    /* "virbr%d": a free number is to be found. */
    gboolean is_pattern = def->bridge != NULL && strstr(def->bridge, "%d") != NULL;
    g_autofree char *stem = is_pattern ? g_strdup(def->bridge) : NULL;
    if (stem != NULL)
        *strstr(stem, "%d") = '\0';
    return check_ifname(stem != NULL ? stem : def->bridge, "bridge", node, error) &&
           check_ifname(def->forward_dev, "forward device", node, error) &&
           check_ifname(def->pf, "physical function", node, error);
}

static gboolean check_mac(NetworkDef *def, xmlNodePtr node, GError **error)
{
    if (def->mac == NULL)
        return TRUE;
    char *mac = inet_mac_normal(def->mac);
    if (mac == NULL)
        return bad_element(error, node, "Invalid bridge mac address '%s' in network '%s'", def->mac,
                           def->name);
    g_free(def->mac);
    def->mac = mac;
    return TRUE;
}

/* ---- forward ---- */

static gboolean check_sources(NetworkDef *def, xmlNodePtr node, GError **error)
{
    if ((def->pf != NULL) + (def->interfaces->len > 0) + (def->addresses->len > 0) > 1)
        return bad_element(error, node,
                           "<address>, <interface>, and <pf> elements in <forward> of network %s "
                           "are mutually exclusive",
                           def->name);
    if (def->forward_dev != NULL && (def->pf != NULL || def->addresses->len > 0))
        return bad_element(error, node,
                           "the <forward> 'dev' attribute cannot be used when <address> or <pf> "
                           "sub-elements are present in network %s",
                           def->name);
    if (def->forward_dev != NULL && def->interfaces->len > 0) {
        const NetworkForwardInterface *first = def->interfaces->pdata[0];
        if (strcmp(first->dev, def->forward_dev) != 0)
            return bad_element(error, node,
                               "forward dev '%s' must match first interface element dev '%s' in "
                               "network '%s'",
                               def->forward_dev, first->dev, def->name);
    }
    return TRUE;
}

static gboolean same_function(const DomainAddress *a, const DomainAddress *b)
{
    return a->domain == b->domain && a->pci_bus == b->pci_bus && a->slot == b->slot &&
           a->function == b->function;
}

static gboolean check_listed_once(NetworkDef *def, xmlNodePtr node, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        const NetworkForwardInterface *interface = def->interfaces->pdata[i];
        for (guint j = 0; j < i; j++)
            if (strcmp(((NetworkForwardInterface *)def->interfaces->pdata[j])->dev,
                       interface->dev) == 0)
                return bad_element(error, node,
                                   "interface '%s' can only be listed once in network %s",
                                   interface->dev, def->name);
    }
    for (guint i = 0; i < def->addresses->len; i++) {
        const DomainAddress *address = def->addresses->pdata[i];
        if (address->type != DOMAIN_ADDRESS_PCI)
            return bad_element(error, node, "unknown address type in network %s", def->name);
        for (guint j = 0; j < i; j++)
            if (same_function(def->addresses->pdata[j], address))
                return bad_element(error, node,
                                   "PCI device '%04x:%02x:%02x.%x' can only be listed once in "
                                   "network %s",
                                   address->domain, address->pci_bus, address->slot,
                                   address->function, def->name);
    }
    return TRUE;
}

static gboolean check_nat(NetworkDef *def, xmlNodePtr node, GError **error)
{
    gboolean has_nat = def->nat_ipv6 != 0 || def->nat_start != NULL || def->nat_end != NULL ||
                       def->nat_port_start > 0 || def->nat_port_end > 0;
    InetAddress start, end;

    if (def->nat_ipv6 == DOMAIN_NO)
        def->nat_ipv6 = DOMAIN_ABSENT;
    if (!has_nat)
        return TRUE;
    if (def->forward != NETWORK_FORWARD_NAT)
        return bad_element(error, node,
                           "The <nat> element can only be used when <forward> 'mode' is 'nat' in "
                           "network %s",
                           def->name);
    if (!normalise_address(&def->nat_start, node, error) ||
        !normalise_address(&def->nat_end, node, error))
        return FALSE;
    if ((def->nat_start == NULL) != (def->nat_end == NULL) ||
        (def->nat_port_start == 0) != (def->nat_port_end == 0))
        return bad_element(error, node, "missing start or end in a <nat> range of network %s",
                           def->name);
    if (def->nat_port_start > def->nat_port_end)
        return bad_element(error, node, "port range is reversed in <nat> of network %s", def->name);
    if (def->nat_start == NULL)
        return TRUE;
    inet_parse(def->nat_start, &start);
    inet_parse(def->nat_end, &end);
    if (start.family != AF_INET || inet_range_size(&start, &end, G_MAXINT32) < 0)
        return bad_element(error, node,
                           "<nat> addresses of network %s must be a range of IPv4 addresses",
                           def->name);
    return TRUE;
}

/* What each group of forward modes may have. */
static gboolean check_mode(NetworkDef *def, xmlNodePtr node, GError **error)
{
    const char *mode = network_forward_name(def->forward);
    gboolean has_dev = def->interfaces->len > 0 || def->pf != NULL || def->forward_dev != NULL;
    gboolean may_have_bridge = def->forward <= NETWORK_FORWARD_BRIDGE;

    if (def->forward >= NETWORK_FORWARD_NAT && def->forward <= NETWORK_FORWARD_OPEN &&
        def->ips->len == 0)
        return bad_element(error, node,
                           "%s forwarding requested, but no IP address provided for network '%s'",
                           mode, def->name);
    if (def->forward == NETWORK_FORWARD_OPEN && has_dev)
        return bad_element(error, node,
                           "forward dev not allowed for network '%s' with forward mode='%s'",
                           def->name, mode);
    if (!may_have_bridge && def->bridge != NULL)
        return bad_element(error, node, "bridge name not allowed in %s mode (network '%s')", mode,
                           def->name);
    if (def->forward == NETWORK_FORWARD_BRIDGE && def->bridge != NULL && has_dev)
        return bad_element(error, node,
                           "A network with forward mode='%s' can specify a bridge name or a "
                           "forward dev, but not both (network '%s')",
                           mode, def->name);
    if (def->managed != NULL && def->forward != NETWORK_FORWARD_HOSTDEV)
        g_clear_pointer(&def->managed, g_free);
    return TRUE;
}

static gboolean check_not_virtual(NetworkDef *def, xmlNodePtr node, GError **error)
{
    const char *mode = network_forward_name(def->forward);
    const char *what = NULL;

    if (network_def_is_virtual(def))
        return TRUE;
    if (def->stp != 0 || def->delay >= 0)
        what = "bridge delay/stp options";
    else if (def->zone != NULL)
        what = "bridge zone";
    else if (def->mtu > 0)
        what = "mtu size";
    return what == NULL ||
           bad_element(error, node,
                       "%s only allowed in open, route, nat, and isolated mode, not in %s "
                       "(network '%s')",
                       what, mode, def->name);
}

/* ---- the rest ---- */

static gboolean check_dhcp(NetworkDef *def, xmlNodePtr node, GError **error)
{
    gboolean seen[2] = { FALSE, FALSE };

    for (guint i = 0; i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        gboolean is_v6 = network_ip_is_v6(ip);
        const char *family = is_v6 ? "IPv6" : "IPv4";

        if (!network_ip_has_dhcp(ip))
            continue;
        if (seen[is_v6]) {
            g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                        "Multiple %s dhcp sections found -- dhcp is supported only for a single %s "
                        "address on each network",
                        family, family);
            return FALSE;
        }
        seen[is_v6] = TRUE;
    }
    return TRUE;
}

static gboolean check_dns(NetworkDef *def, xmlNodePtr node, GError **error)
{
    if (def->dns_enable == DOMAIN_NO && (def->forwarders->len > 0 || def->txts->len > 0 ||
                                         def->srvs->len > 0 || def->dns_hosts->len > 0))
        return bad_element(error, node, "Extra data in disabled network '%s'", def->name);
    for (guint i = 0; i < def->txts->len; i++)
        if (!network_txt_check_complete(def->txts->pdata[i], node, error))
            return FALSE;
    for (guint i = 0; i < def->srvs->len; i++)
        if (!network_srv_check_complete(def->srvs->pdata[i], node, error))
            return FALSE;
    for (guint i = 0; i < def->dns_hosts->len; i++)
        if (!network_dns_host_check_complete(def->dns_hosts->pdata[i], node, error))
            return FALSE;
    return TRUE;
}

static gboolean check_portgroups(NetworkDef *def, xmlNodePtr node, GError **error)
{
    const NetworkPortGroup *the_default = NULL;

    for (guint i = 0; i < def->portgroups->len; i++) {
        const NetworkPortGroup *group = def->portgroups->pdata[i];
        for (guint j = 0; j < i; j++)
            if (strcmp(((NetworkPortGroup *)def->portgroups->pdata[j])->name, group->name) == 0)
                return bad_element(error, node,
                                   "multiple <portgroup> elements with the name '%s' in network "
                                   "'%s'",
                                   group->name, def->name);
        if (group->is_default != DOMAIN_YES)
            continue;
        if (the_default != NULL)
            return bad_element(error, node,
                               "network '%s' has multiple default <portgroup> elements (%s and "
                               "%s), but only one default is allowed",
                               def->name, the_default->name, group->name);
        the_default = group;
    }
    return TRUE;
}

/* The host must know how to reach the gateway: it is in one of the network's own address ranges. */
static gboolean check_routes(NetworkDef *def, xmlNodePtr node, GError **error)
{
    for (guint i = 0; i < def->routes->len; i++) {
        const NetworkRoute *route = def->routes->pdata[i];
        gboolean reachable = FALSE;
        InetAddress gateway, own;

        inet_parse(route->gateway, &gateway);
        for (guint j = 0; j < def->ips->len && !reachable; j++) {
            const NetworkIp *ip = def->ips->pdata[j];
            inet_parse(ip->address, &own);
            reachable = inet_in_network(&gateway, &own, network_ip_prefix(ip));
        }
        if (!reachable)
            return bad_element(error, node,
                               "unreachable static route gateway '%s' specified for network '%s'",
                               route->gateway, def->name);
    }
    return TRUE;
}

static gboolean check_traffic(NetworkDef *def, xmlNodePtr node, GError **error)
{
    return network_vlan_check(&def->vlan_trunk, def->vlan_tags, node, error) &&
           network_bandwidth_check_no_floor(def->inbound, def->outbound, node, error);
}

/* A minus sign is not how -1, "not given", may come in. */
static gboolean check_delay(NetworkDef *def, xmlNodePtr node, GError **error)
{
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (!xmlStrEqual(child->name, BAD_CAST "bridge"))
            continue;
        xmlChar *delay = xmlGetNoNsProp(child, BAD_CAST "delay");
        gboolean is_negative = delay != NULL && strchr((const char *)delay, '-') != NULL;
        xmlFree(delay);
        if (is_negative)
            return bad_element(error, node, "Unable to parse delay of network '%s'", def->name);
    }
    return TRUE;
}

void network_def_settle_forward(NetworkDef *def)
{
    g_clear_pointer(&def->forward_dev, g_free);
    if (def->interfaces->len > 0)
        def->forward_dev = g_strdup(((NetworkForwardInterface *)def->interfaces->pdata[0])->dev);
}

/* What libvirt shows of a network without being told. */
static void complete(NetworkDef *def)
{
    if (def->forward_dev != NULL && def->interfaces->len == 0) {
        NetworkForwardInterface *interface = xml_object_new(&network_forward_interface_class);
        interface->dev = g_strdup(def->forward_dev);
        g_ptr_array_add(def->interfaces, interface);
    }
    network_def_settle_forward(def);
    if (def->forward == NETWORK_FORWARD_HOSTDEV && def->managed == NULL)
        def->managed = g_strdup("no");
    if (network_def_is_virtual(def) && def->bridge != NULL) {
        if (def->stp == 0)
            def->stp = DOMAIN_YES;
        if (def->delay < 0)
            def->delay = 0;
    }
}

/* An isolated network has no <forward> to say more in. */
static void drop_forward(NetworkDef *def)
{
    g_clear_pointer(&def->forward_dev, g_free);
    g_clear_pointer(&def->forward_driver, g_free);
    g_clear_pointer(&def->managed, g_free);
    g_clear_pointer(&def->pf, g_free);
    g_ptr_array_set_size(def->interfaces, 0);
    g_ptr_array_set_size(def->addresses, 0);
}

gboolean network_def_check(gpointer object, xmlNodePtr node, GError **error)
{
    static const Check checks[] = { check_name,    check_texts,       check_mac,
                                    check_sources, check_listed_once, check_nat,
                                    check_mode,    check_not_virtual, check_dhcp,
                                    check_dns,     check_portgroups,  check_routes,
                                    check_traffic, check_delay };
    NetworkDef *def = object;

    if (def->forward == NETWORK_FORWARD_SAID_NONE)
        def->forward = NETWORK_FORWARD_NONE;
    if (def->forward == NETWORK_FORWARD_NONE)
        drop_forward(def);
    if (def->ipv6 == DOMAIN_NO)
        def->ipv6 = DOMAIN_ABSENT;
    for (guint i = 0; i < G_N_ELEMENTS(checks); i++)
        if (!checks[i](def, node, error))
            return FALSE;
    complete(def);
    return TRUE;
}
