/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <network>: the table. */
#include "network-classes.h"

static const char *const forward_modes[] = {
    "",
    [NETWORK_FORWARD_NAT] = "nat",
    [NETWORK_FORWARD_ROUTE] = "route",
    [NETWORK_FORWARD_OPEN] = "open",
    [NETWORK_FORWARD_BRIDGE] = "bridge",
    [NETWORK_FORWARD_PRIVATE] = "private",
    [NETWORK_FORWARD_VEPA] = "vepa",
    [NETWORK_FORWARD_PASSTHROUGH] = "passthrough",
    [NETWORK_FORWARD_HOSTDEV] = "hostdev",
    [NETWORK_FORWARD_SAID_NONE] = "none",
    NULL,
};
static const char *const forward_drivers[] = { "", "kvm", "vfio", NULL };
static const char *const mac_table_managers[] = { "", "kernel", "libvirt", NULL };

const char *network_forward_name(int mode)
{
    return mode == NETWORK_FORWARD_NONE ? "none" : forward_modes[mode];
}

gboolean network_def_is_virtual(const NetworkDef *def)
{
    return def->forward <= NETWORK_FORWARD_OPEN;
}


#define F(field) offsetof(NetworkForwardInterface, field)
static const XmlRow forward_interface_rows[] = {
    { "@dev", XML_STRING, F(dev), XML_REQUIRED },
    { "@connections", XML_UINT, F(connections), XML_LIVE },
};
#undef F

static gboolean forward_interface_check(gpointer object, xmlNodePtr node, GError **error)
{
    const NetworkForwardInterface *interface = object;

    return inet_is_ifname(interface->dev) ||
           bad_element(error, node, "'%s' cannot be the name of an interface", interface->dev);
}
XML_CLASS_DEFINE(network_forward_interface_class, NetworkForwardInterface, forward_interface_rows,
                 forward_interface_check)

#define F(field) offsetof(NetworkDef, field)
static const XmlRow network_rows[] = {
    { "@connections", XML_UINT, F(connections), XML_LIVE },
    { "@ipv6", XML_WORD, F(ipv6), .words = xml_yes_no },
    { "@trustGuestRxFilters", XML_WORD, F(trust_rx_filters), .words = xml_yes_no },
    { "name", XML_STRING, F(name), XML_REQUIRED },
    { "uuid", XML_STRING, F(uuid) },
    { "metadata", XML_NODE, F(metadata) },
    { "forward/@dev", XML_STRING, F(forward_dev) },
    { "forward/@mode", XML_WORD, F(forward), XML_IMPLIED, .words = forward_modes, .def = "nat" },
    { "forward/@managed", XML_STRING, F(managed), .words = xml_yes_no },
    { "forward/driver/@name", XML_STRING, F(forward_driver), .words = forward_drivers },
    { "forward/nat/@ipv6", XML_WORD, F(nat_ipv6), .words = xml_yes_no },
    { "forward/nat/address/@start", XML_STRING, F(nat_start) },
    { "forward/nat/address/@end", XML_STRING, F(nat_end) },
    { "forward/nat/port/@start", XML_UINT, F(nat_port_start), XML_NONZERO, .max = 65535 },
    { "forward/nat/port/@end", XML_UINT, F(nat_port_end), XML_NONZERO, .max = 65535 },
    { "forward/pf/@dev", XML_STRING, F(pf) },
    { "forward/interface", XML_LIST, F(interfaces), .item = &network_forward_interface_class },
    { "forward/address", XML_LIST, F(addresses), .item = &domain_address_class },
    { "bridge/@name", XML_STRING, F(bridge) },
    { "bridge/@zone", XML_STRING, F(zone) },
    { "bridge/@stp", XML_WORD, F(stp), .words = xml_on_off },
    { "bridge/@delay", XML_INT, F(delay), XML_OPTIONAL, .def = "-1" },
    { "bridge/@macTableManager", XML_STRING, F(mac_table_manager), .words = mac_table_managers },
    { "mtu/@size", XML_UINT, F(mtu), .max = 65535 },
    { "mac/@address", XML_STRING, F(mac) },
    { "domain/@name", XML_STRING, F(domain) },
    { "domain/@localOnly", XML_WORD, F(domain_local), .words = xml_yes_no },
    { "dns/@enable", XML_WORD, F(dns_enable), .words = xml_yes_no },
    { "dns/@forwardPlainNames", XML_WORD, F(dns_forward_plain), .words = xml_yes_no },
    { "dns/forwarder", XML_LIST, F(forwarders), .item = &network_forwarder_class },
    { "dns/txt", XML_LIST, F(txts), .item = &network_txt_class },
    { "dns/srv", XML_LIST, F(srvs), .item = &network_srv_class },
    { "dns/host", XML_LIST, F(dns_hosts), .item = &network_dns_host_class },
    { "vlan/@trunk", XML_WORD, F(vlan_trunk), .words = xml_yes_no },
    { "vlan/tag", XML_LIST, F(vlan_tags), .item = &domain_vlan_tag_class },
    { "bandwidth/inbound", XML_OBJECT, F(inbound), .item = &domain_bandwidth_class },
    { "bandwidth/outbound", XML_OBJECT, F(outbound), .item = &domain_bandwidth_class },
    { "port/@isolated", XML_WORD, F(isolated), .words = xml_yes_no },
    { "ip", XML_LIST, F(ips), .item = &network_ip_class },
    { "route", XML_LIST, F(routes), .item = &network_route_class },
    { "virtualport", XML_OBJECT, F(virtualport), .item = &network_virtual_port_class },
    { "portgroup", XML_LIST, F(portgroups), .item = &network_port_group_class },
    { "dnsmasq:options/dnsmasq:option", XML_LIST, F(dnsmasq_options),
      .item = &network_option_class },
};
#undef F
XML_CLASS_DEFINE(network_def_class, NetworkDef, network_rows, network_def_check)
