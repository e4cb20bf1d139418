/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-def.h"

#include <string.h>

#include "xml-doc.h"
#include "network-classes.h"

static const char *const plug_types[] = { "",
                                          [NETWORK_PLUG_NETWORK] = "network",
                                          [NETWORK_PLUG_BRIDGE] = "bridge",
                                          [NETWORK_PLUG_DIRECT] = "direct",
                                          [NETWORK_PLUG_HOSTDEV_PCI] = "hostdev-pci",
                                          NULL };
static const char *const mac_table_managers[] = { "", "kernel", "libvirt", NULL };
static const char *const direct_modes[] = { "",       "vepa",        "bridge",
                                            "private", "passthrough", NULL };
static const char *const drivers[] = { "", "kvm", "vfio", NULL };

static gboolean has_address(const void *object)
{
    return ((const NetworkPort *)object)->plug == NETWORK_PLUG_HOSTDEV_PCI;
}

#define F(field) offsetof(NetworkPort, field)
#define PCI(name, field, digits, largest)                                                          \
    {                                                                                              \
        "plug/address/@" name, XML_HEX, F(field), XML_ALWAYS, .width = (digits), .max = (largest), \
            .when = has_address                                                                    \
    }
static const XmlRow port_rows[] = {
    { "uuid", XML_STRING, F(uuid) },
    { "owner/name", XML_STRING, F(owner_name) },
    { "owner/uuid", XML_STRING, F(owner_uuid) },
    { "group", XML_STRING, F(group) },
    { "mac/@address", XML_STRING, F(mac) },
    { "virtualport", XML_OBJECT, F(virtualport), .item = &network_virtual_port_class },
    { "bandwidth/inbound", XML_OBJECT, F(inbound), .item = &domain_bandwidth_class },
    { "bandwidth/outbound", XML_OBJECT, F(outbound), .item = &domain_bandwidth_class },
    { "vlan/@trunk", XML_WORD, F(vlan_trunk), .words = xml_yes_no },
    { "vlan/tag", XML_LIST, F(vlan_tags), .item = &domain_vlan_tag_class },
    { "port/@isolated", XML_WORD, F(isolated), .words = xml_yes_no },
    { "rxfilters/@trustGuest", XML_WORD, F(trust_rx_filters), .words = xml_yes_no },
    { "plug/@type", XML_WORD, F(plug), XML_REQUIRED, .words = plug_types },
    { "plug/@bridge", XML_STRING, F(bridge) },
    { "plug/@dev", XML_STRING, F(link_dev) },
    { "plug/@mode", XML_STRING, F(mode), .words = direct_modes },
    { "plug/@macTableManager", XML_STRING, F(mac_table_manager), .words = mac_table_managers },
    { "plug/@managed", XML_STRING, F(managed), .words = xml_yes_no },
    { "plug/driver/@name", XML_STRING, F(driver), .words = drivers },
    PCI("domain", pci_domain, 4, 0xffff),
    PCI("bus", pci_bus, 2, 0xff),
    PCI("slot", pci_slot, 2, 0x1f),
    PCI("function", pci_function, 1, 7),
};
#undef PCI
#undef F

static gboolean port_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkPort *port = object;

    if (port->owner_name == NULL || port->owner_uuid == NULL)
        return bad_element(error, node, "missing network port owner name or UUID");
    if (port->mac == NULL)
        return bad_element(error, node, "missing network port mac");
    char *mac = inet_mac_normal(port->mac);
    if (mac == NULL)
        return bad_element(error, node, "Unable to parse MAC '%s'", port->mac);
    g_free(port->mac);
    port->mac = mac;
    if ((port->plug == NETWORK_PLUG_NETWORK || port->plug == NETWORK_PLUG_BRIDGE) &&
        (port->bridge == NULL || !inet_is_ifname(port->bridge)))
        return bad_element(error, node, "Missing network port bridge name");
    if (port->plug == NETWORK_PLUG_DIRECT && port->link_dev == NULL)
        return bad_element(error, node, "Missing network port link device name");
    if (port->isolated == DOMAIN_NO)
        port->isolated = DOMAIN_ABSENT;
    return network_vlan_check(&port->vlan_trunk, port->vlan_tags, node, error) &&
           network_bandwidth_check(port->inbound, port->outbound, node, error);
}
extern const XmlClass network_port_class;
XML_CLASS_DEFINE(network_port_class, NetworkPort, port_rows, port_check)

NetworkPort *network_port_new(void)
{
    return xml_object_new(&network_port_class);
}

NetworkPort *network_port_parse(const char *xml, guint flags, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(networkport)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "networkport") != 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, root, NULL,
                  "unexpected root element <%s>, expecting <networkport>",
                  (const char *)root->name);
        return NULL;
    }
    g_autoptr(NetworkPort) port = network_port_new();
    if (!xml_object_parse(&network_port_class, port, root, flags, error))
        return NULL;
    return g_steal_pointer(&port);
}

char *network_port_format(const NetworkPort *port)
{
    GString *text = g_string_sized_new(512);

    xml_object_format(&network_port_class, port, "networkport", 0, 0, text);
    return g_string_free(text, FALSE);
}

NetworkPort *network_port_dup(const NetworkPort *port)
{
    return xml_object_dup(&network_port_class, port);
}

void network_port_free(NetworkPort *port)
{
    xml_object_free(&network_port_class, port);
}

DomainBandwidth *network_bandwidth_new(void)
{
    return xml_object_new(&domain_bandwidth_class);
}

void network_port_drop_empty_bandwidth(NetworkPort *port)
{
    DomainBandwidth **const directions[] = { &port->inbound, &port->outbound };

    for (guint i = 0; i < G_N_ELEMENTS(directions); i++) {
        DomainBandwidth *rate = *directions[i];
        if (rate == NULL || rate->average > 0 || rate->floor > 0)
            continue;
        xml_object_free(&domain_bandwidth_class, rate);
        *directions[i] = NULL;
    }
}
