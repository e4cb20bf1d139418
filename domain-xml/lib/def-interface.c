/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <interface>. */
#include "def-classes.h"

#include <arpa/inet.h>
#include <kxl-config.h>
#include <string.h>

#include "domain-xml.h"

static const char *const interface_types[] = {
    "",
    [DOMAIN_INTERFACE_BRIDGE] = "bridge",
    [DOMAIN_INTERFACE_NETWORK] = "network",
    [DOMAIN_INTERFACE_USER] = "user",
    [DOMAIN_INTERFACE_ETHERNET] = "ethernet",
    [DOMAIN_INTERFACE_DIRECT] = "direct",
    [DOMAIN_INTERFACE_UDP] = "udp",
    [DOMAIN_INTERFACE_MCAST] = "mcast",
    [DOMAIN_INTERFACE_SERVER] = "server",
    [DOMAIN_INTERFACE_CLIENT] = "client",
    [DOMAIN_INTERFACE_NULL] = "null",
    [DOMAIN_INTERFACE_VHOSTUSER] = "vhostuser",
    [DOMAIN_INTERFACE_HOSTDEV] = "hostdev",
    NULL,
};
static const char *const other_interface_types[] = {
    "internal",
    "vdpa",
    "vds",
    NULL,
};
static const char *const direct_modes[] = { "", "vepa", "bridge", "private", "passthrough", NULL };
static const char *const vhost_types[] = { "", "unix", NULL };
static const char *const vhost_modes[] = { "", "client", "server", NULL };
static const char *const link_states[] = { "", "default", "up", "down", NULL };
static const char *const mac_types[] = { "", "generated", "static", NULL };
static const char *const ip_families[] = { "", "ipv4", "ipv6", NULL };
static const char *const native_modes[] = { "", "default", "tagged", "untagged", NULL };
static const char *const virtualport_types[] = { "", "openvswitch", NULL };
static const char *const other_virtualport_types[] = { "none", "802.1Qbg", "802.1Qbh", "midonet",
                                                       NULL };
static const char *const only_no[] = { "", "no", NULL };
static const char *const only_yes[] = { "yes", NULL };
static const char *const txmodes[] = { "", "default", "iothread", "timer", NULL };
static const char *const driver_names[] = { "", "default", "qemu", "vhost", NULL };

/* Where a function is on the host: on PCI, as USB's addresses say nothing of networks. */
static const char *const function_types[] = { "", [DOMAIN_ADDRESS_PCI] = "pci", NULL };
static const char *const other_function_types[] = { "usb", NULL };

static gboolean has_place(const void *object)
{
    return ((const DomainAddress *)object)->type == DOMAIN_ADDRESS_PCI;
}

#define F(field) offsetof(DomainAddress, field)
static const XmlRow function_rows[] = {
    { "@type", XML_WORD, F(type), XML_REQUIRED, .words = function_types,
      .refused = other_function_types },
    { "@domain", XML_HEX, F(domain), XML_ALWAYS, .width = 4, .max = 0xffff, .when = has_place },
    { "@bus", XML_HEX, F(pci_bus), XML_ALWAYS, .width = 2, .max = 0xff, .when = has_place },
    { "@slot", XML_HEX, F(slot), XML_ALWAYS, .width = 2, .max = 0x1f, .when = has_place },
    { "@function", XML_HEX, F(function), XML_ALWAYS, .width = 1, .max = 7, .when = has_place },
    { "@multifunction", XML_REFUSED },
};
#undef F
XML_CLASS_DEFINE(domain_function_class, DomainAddress, function_rows, NULL)

#define F(field) offsetof(DomainIp, field)
static const XmlRow ip_rows[] = {
    { "@address", XML_STRING, F(address), XML_REQUIRED },
    { "@family", XML_STRING, F(family), XML_KEPT, .words = ip_families },
    { "@prefix", XML_STRING, F(prefix), XML_KEPT | XML_DECIMAL },
    { "@peer", XML_STRING, F(peer), XML_KEPT },
};
#undef F

/* libvirt always shows which family an address is of. */
static gboolean ip_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainIp *ip = object;

    struct in6_addr address;
    gboolean is_ipv4 = inet_pton(AF_INET, ip->address, &address) == 1;
    if (!is_ipv4 && inet_pton(AF_INET6, ip->address, &address) != 1) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, "address", "Invalid address '%s' in <ip>",
                  ip->address);
        return FALSE;
    }
    if (ip->family == NULL)
        ip->family = g_strdup(is_ipv4 ? "ipv4" : "ipv6");
    return TRUE;
}
XML_CLASS_DEFINE(domain_ip_class, DomainIp, ip_rows, ip_check)

#define F(field) offsetof(DomainRoute, field)
static const XmlRow route_rows[] = {
    { "@family", XML_STRING, F(family), XML_KEPT, .words = ip_families },
    { "@address", XML_STRING, F(address), XML_KEPT },
    { "@netmask", XML_STRING, F(netmask), XML_KEPT },
    { "@prefix", XML_STRING, F(prefix), XML_KEPT | XML_DECIMAL },
    { "@gateway", XML_STRING, F(gateway), XML_KEPT },
    { "@metric", XML_STRING, F(metric), XML_KEPT | XML_DECIMAL },
};
#undef F
XML_CLASS_DEFINE(domain_route_class, DomainRoute, route_rows, NULL)

#define F(field) offsetof(DomainVlanTag, field)
static const XmlRow vlan_tag_rows[] = {
    { "@id", XML_UINT, F(id), XML_REQUIRED | XML_ALWAYS, .max = 4095 },
    { "@nativeMode", XML_STRING, F(native_mode), XML_KEPT, .words = native_modes },
};
#undef F
XML_CLASS_DEFINE(domain_vlan_tag_class, DomainVlanTag, vlan_tag_rows, NULL)

#define F(field) offsetof(DomainBandwidth, field)
static const XmlRow bandwidth_rows[] = {
    { "@average", XML_ULONG, F(average), .max = G_MAXUINT },
    { "@peak", XML_ULONG, F(peak), .max = G_MAXUINT },
    { "@floor", XML_ULONG, F(floor), XML_KEPT },
    { "@burst", XML_ULONG, F(burst), .max = G_MAXUINT },
};
#undef F
XML_CLASS_DEFINE(domain_bandwidth_class, DomainBandwidth, bandwidth_rows, NULL)

static gboolean is_bridge(const void *object)
{
    return ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_BRIDGE;
}

static gboolean is_network(const void *object)
{
    return ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_NETWORK;
}

static gboolean is_direct(const void *object)
{
    return ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_DIRECT;
}

static gboolean is_on_device(const void *object)
{
    return is_direct(object) ||
           ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_ETHERNET;
}

/* As domain_def_show_actual() leaves it; read, it is one of its own. */
static gboolean is_of_network(const void *object)
{
    return !is_network(object) && ((const DomainInterface *)object)->network != NULL;
}

static gboolean is_vhostuser(const void *object)
{
    return ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_VHOSTUSER;
}

static gboolean is_hostdev(const void *object)
{
    return ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_HOSTDEV;
}

static gboolean is_no_hostdev(const void *object)
{
    return !is_hostdev(object);
}

static gboolean is_udp(const void *object)
{
    return ((const DomainInterface *)object)->type == DOMAIN_INTERFACE_UDP;
}

static gboolean is_socket(const void *object)
{
    int type = ((const DomainInterface *)object)->type;
    return type >= DOMAIN_INTERFACE_UDP && type <= DOMAIN_INTERFACE_CLIENT;
}

#define F(field) offsetof(DomainInterface, field)
#define OFFLOAD_ROW(id, xml, qemu)                                                                 \
    { "driver/" xml, XML_WORD, F(offload[KXL_OFFLOAD_##id]), .words = xml_on_off },
static const XmlRow interface_rows[] = {
    { "@type", XML_WORD, F(type), XML_REQUIRED, .words = interface_types,
      .refused = other_interface_types },
    { "@managed", XML_WORD, F(managed), .words = xml_yes_no, .when = is_hostdev },
    { "@managed", XML_REFUSED, .when = is_no_hostdev },
    { "@trustGuestRxFilters", XML_STRING, F(trust_filters), XML_KEPT, .words = only_no,
      .refused = only_yes },
    { "mac/@address", XML_STRING, F(mac), XML_LOWER | XML_KEY },
    { "mac/@type", XML_STRING, F(mac_type), XML_KEPT, .words = mac_types },
    { "mac/@check", XML_STRING, F(mac_check), XML_KEPT, .words = xml_yes_no },
    { "source/address", XML_OBJECT, F(function), .item = &domain_function_class,
      .when = is_hostdev },
    { "source/@network", XML_STRING, F(network), XML_LIVE, .when = is_of_network },
    { "source/@portgroup", XML_STRING, F(portgroup), XML_LIVE, .when = is_of_network },
    { "source/@portid", XML_STRING, F(port_id), XML_LIVE, .when = is_of_network },
    { "source/@bridge", XML_STRING, F(bridge), XML_REQUIRED, .when = is_bridge },
    { "source/@network", XML_STRING, F(network), XML_REQUIRED, .when = is_network },
    { "source/@portgroup", XML_STRING, F(portgroup), .when = is_network },
    { "source/@portid", XML_STRING, F(port_id), XML_LIVE, .when = is_network },
    { "source/@bridge", XML_STRING, F(bridge), XML_LIVE, .when = is_network },
    { "source/@dev", XML_STRING, F(source_dev), XML_LIVE, .when = is_network },
    { "source/@mode", XML_STRING, F(source_mode), XML_LIVE, .words = direct_modes,
      .when = is_network },
    { "source/@dev", XML_STRING, F(source_dev), .when = is_on_device },
    { "source/@mode", XML_STRING, F(source_mode), .words = direct_modes, .when = is_direct },
    { "source/@address", XML_STRING, F(host), .when = is_socket },
    { "source/@port", XML_UINT, F(port), .max = 65535, .when = is_socket },
    { "source/local/@address", XML_STRING, F(local_host), .when = is_udp },
    { "source/local/@port", XML_UINT, F(local_port), .max = 65535, .when = is_udp },
    { "source/@type", XML_STRING, F(source_type), XML_REQUIRED, .words = vhost_types,
      .when = is_vhostuser },
    { "source/@path", XML_STRING, F(path), XML_REQUIRED, .when = is_vhostuser },
    { "source/@mode", XML_STRING, F(socket_mode), XML_REQUIRED, .words = vhost_modes,
      .when = is_vhostuser },
    { "source/reconnect/@enabled", XML_STRING, F(reconnect), XML_REQUIRED, .words = xml_yes_no,
      .when = is_vhostuser },
    { "source/reconnect/@timeout", XML_STRING, F(reconnect_timeout), XML_DECIMAL,
      .when = is_vhostuser },
    { "source/@macTableManager", XML_REFUSED },
    { "source/ip", XML_REFUSED },
    { "source/route", XML_REFUSED },
    { "actual/@type", XML_WORD, F(actual_type), XML_LIVE, .words = interface_types,
      .when = is_network },
    { "actual/@managed", XML_WORD, F(managed), XML_LIVE, .words = xml_yes_no, .when = is_network },
    { "actual/@driver", XML_STRING, F(function_driver), XML_LIVE, .when = is_network },
    { "actual/address", XML_OBJECT, F(function), XML_LIVE, .item = &domain_function_class,
      .when = is_network },
    { "vlan/@trunk", XML_WORD, F(vlan_trunk), .words = xml_yes_no },
    { "vlan/tag", XML_LIST, F(vlan_tags), .item = &domain_vlan_tag_class },
    { "virtualport/@type", XML_STRING, F(virtualport_type), .words = virtualport_types,
      .refused = other_virtualport_types },
    { "virtualport/parameters/@managerid", XML_STRING, F(vport_managerid), XML_KEPT },
    { "virtualport/parameters/@typeid", XML_STRING, F(vport_typeid), XML_KEPT },
    { "virtualport/parameters/@typeidversion", XML_STRING, F(vport_typeidversion), XML_KEPT },
    { "virtualport/parameters/@instanceid", XML_STRING, F(vport_instanceid), XML_KEPT },
    { "virtualport/parameters/@profileid", XML_STRING, F(vport_profileid), XML_KEPT },
    { "virtualport/parameters/@interfaceid", XML_STRING, F(vport_interfaceid), XML_KEPT },
    { "bandwidth/@classID", XML_REFUSED },
    { "bandwidth/inbound", XML_OBJECT, F(inbound), .item = &domain_bandwidth_class },
    { "bandwidth/outbound", XML_OBJECT, F(outbound), .item = &domain_bandwidth_class },
    { "ip", XML_LIST, F(ips), .item = &domain_ip_class },
    { "route", XML_LIST, F(routes), XML_KEPT, .item = &domain_route_class },
    { "script/@path", XML_STRING, F(script) },
    { "downscript", XML_REFUSED },
    { "backenddomain", XML_REFUSED },
    { "target/@dev", XML_STRING, F(target) },
    { "target/@managed", XML_WORD, F(target_managed), .words = xml_yes_no },
    { "guest/@dev", XML_STRING, F(guest_dev), XML_KEPT },
    { "model/@type", XML_STRING, F(model) },
    { "driver/@name", XML_STRING, F(driver_name), .words = driver_names, .when = is_no_hostdev },
    { "driver/@name", XML_STRING, F(driver_name), XML_KEPT, .words = domain_hostdev_drivers,
      .when = is_hostdev },
    { "driver/@txmode", XML_STRING, F(driver_txmode), .words = txmodes },
    { "driver/@ioeventfd", XML_WORD, F(driver_ioeventfd), .words = xml_on_off },
    { "driver/@event_idx", XML_WORD, F(driver_event_idx), .words = xml_on_off },
    { "driver/@queues", XML_UINT, F(driver_queues), XML_KEPT },
    { "driver/@rx_queue_size", XML_UINT, F(driver_rx_queue_size) },
    { "driver/@tx_queue_size", XML_UINT, F(driver_tx_queue_size) },
    /* clang-format off */
    KXL_OFFLOADS(OFFLOAD_ROW)
    /* clang-format on */
    DEVICE_VIRTIO_ROWS(DomainInterface),
    { "driver/@rss", XML_WORD, F(driver_rss), XML_HVM, .words = xml_on_off },
    { "driver/@rss_hash_report", XML_WORD, F(driver_rss_hash), XML_HVM, .words = xml_on_off },
    { "backend", XML_REFUSED },
    { "portForward", XML_REFUSED },
    { "teaming", XML_REFUSED },
    { "filterref", XML_OBJECT, F(filterref), .item = &domain_filterref_class },
    { "tune/sndbuf", XML_UINT, F(sndbuf) },
    { "link/@state", XML_STRING, F(link), .words = link_states },
    { "mtu/@size", XML_UINT, F(mtu), .max = 65535 },
    { "coalesce", XML_REFUSED },
    { "port/@isolated", XML_WORD, F(isolated), .words = xml_yes_no },
    DEVICE_BOOT_ROW(DomainInterface),
    DEVICE_ALIAS_ACPI_ROW(DomainInterface),
    DEVICE_ROM_ROWS(DomainInterface),
    DEVICE_PLACE_ROW(DomainInterface),
};
#undef F

static gboolean check_mac(DomainInterface *interface, xmlNodePtr node, GError **error)
{
    if (interface->mac == NULL)
        return TRUE;
    g_autofree char *mac = kxl_mac_normalise(interface->mac);
    if (mac != NULL) {
        g_free(interface->mac);
        interface->mac = g_steal_pointer(&mac);
        return TRUE;
    }
    /* The lowest bit of the first octet says which it is. */
    gboolean is_multicast = g_ascii_isxdigit(interface->mac[0]) &&
                            g_ascii_isxdigit(interface->mac[1]) &&
                            strlen(interface->mac) == strlen("00:16:3e:00:00:00") &&
                            g_ascii_xdigit_value(interface->mac[1]) % 2 == 1;
    xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
              is_multicast ? "expected unicast mac address, found multicast '%s'"
                           : "unable to parse mac address '%s'",
              interface->mac);
    return FALSE;
}

static gboolean check_function(DomainInterface *interface, xmlNodePtr node, GError **error)
{
    if (interface->function == NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL,
                  "No <source> 'address' specified with <interface type='hostdev'/>");
        return FALSE;
    }
    if (interface->managed == DOMAIN_NO) /* libvirt does not write it */
        interface->managed = DOMAIN_ABSENT;
    return TRUE;
}

static const char *missing_of_socket(const DomainInterface *interface)
{
    if (interface->port == 0)
        return "No <source> 'port' attribute specified with socket interface";
    if (interface->host == NULL && interface->type != DOMAIN_INTERFACE_SERVER)
        return "No <source> 'address' attribute specified with socket interface";
    if (is_udp(interface) && interface->local_port == 0)
        return "No <local> 'port' attribute specified with socket interface";
    if (is_udp(interface) && interface->local_host == NULL)
        return "No <local> 'address' attribute specified with socket interface";
    return NULL;
}

/* Rows cannot say that the whole of <source> is needed. */
static const char *missing_of_source(const DomainInterface *interface)
{
    if (interface->type == DOMAIN_INTERFACE_BRIDGE && interface->bridge == NULL)
        return "No <source> 'bridge' attribute specified with <interface type='bridge'/>";
    if (interface->type == DOMAIN_INTERFACE_NETWORK && interface->network == NULL)
        return "No <source> 'network' attribute specified with <interface type='network'/>";
    if (is_direct(interface) && interface->source_dev == NULL)
        return "No <source> 'dev' attribute specified with <interface type='direct'/>";
    if (is_vhostuser(interface) && interface->path == NULL)
        return "No <source> element specified with <interface type='vhostuser'/>";
    return is_socket(interface) ? missing_of_socket(interface) : NULL;
}

static gboolean interface_check(gpointer object, xmlNodePtr node, GError **error)
{
    DomainInterface *interface = object;

    if (!check_mac(interface, node, error))
        return FALSE;
    if (interface->filterref != NULL && interface->type != DOMAIN_INTERFACE_BRIDGE &&
        !is_network(interface) && interface->type != DOMAIN_INTERFACE_ETHERNET) {
        xml_error(error, DOMAIN_XML_ERROR_UNSUPPORTED, node, NULL,
                  "filterref is not supported for network interfaces of type %s",
                  interface_types[interface->type]);
        return FALSE;
    }
    const char *missing = missing_of_source(interface);
    if (missing != NULL) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, node, NULL, "%s", missing);
        return FALSE;
    }
    return !is_hostdev(interface) || check_function(interface, node, error);
}
XML_CLASS_DEFINE(domain_interface_class, DomainInterface, interface_rows, interface_check)
