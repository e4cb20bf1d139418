/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interface-def.h"

#include <string.h>

#include "def-classes.h"
#include "network/inet.h"
#include "xml-doc.h"

#define VLAN_MAX 4094 /* IEEE 802.1Q 9.6: 4095 is reserved, 0 is no VLAN */

#define bad_element(error, node, ...)                                                              \
    (xml_error((error), DOMAIN_XML_ERROR_SYNTAX, (node), NULL, __VA_ARGS__), FALSE)

static const char *const types[] = {
    "",
    [INTERFACE_ETHERNET] = "ethernet",
    [INTERFACE_BRIDGE] = "bridge",
    [INTERFACE_BOND] = "bond",
    [INTERFACE_VLAN] = "vlan",
    NULL,
};
static const char *const starts[] = { "", "none", "onboot", "hotplug", NULL };
static const char *const families[] = { "", "ipv4", "ipv6", NULL };
static const char *const bond_modes[] = { "",          "balance-rr", "active-backup", "balance-xor",
                                          "broadcast", "802.3ad",    "balance-tlb",   "balance-alb",
                                          NULL };
static const char *const carriers[] = { "", "ioctl", "netif", NULL };
static const char *const validations[] = { "", "none", "active", "backup", "all", NULL };

const char *interface_type_name(int type)
{
    return types[type];
}

/* ---- <protocol> ---- */

static gboolean ip_check(gpointer object, xmlNodePtr node, GError **error)
{
    const InterfaceIp *ip = object;
    InetAddress address;

    if (!inet_parse(ip->address, &address))
        return bad_element(error, node, "Invalid address '%s'", ip->address);
    return ip->prefix <= inet_bits(address.family) ||
           bad_element(error, node, "Invalid prefix %u of '%s'", ip->prefix, ip->address);
}

#define F(field) offsetof(InterfaceIp, field)
static const XmlRow ip_rows[] = {
    { "@address", XML_STRING, F(address), XML_REQUIRED },
    { "@prefix", XML_UINT, F(prefix), .max = 128 },
};
#undef F
extern const XmlClass interface_ip_class;
XML_CLASS_DEFINE(interface_ip_class, InterfaceIp, ip_rows, ip_check)

static gboolean is_of_family(const char *text, const char *family)
{
    InetAddress address;

    return inet_parse(text, &address) &&
           (address.family == AF_INET6) == (strcmp(family, "ipv6") == 0);
}

static gboolean protocol_check(gpointer object, xmlNodePtr node, GError **error)
{
    const InterfaceProtocol *protocol = object;

    for (guint i = 0; i < protocol->ips->len; i++) {
        const InterfaceIp *ip = protocol->ips->pdata[i];
        if (!is_of_family(ip->address, protocol->family))
            return bad_element(error, node, "'%s' is no %s address", ip->address, protocol->family);
    }
    if (protocol->gateway != NULL && !is_of_family(protocol->gateway, protocol->family))
        return bad_element(error, node, "'%s' is no %s gateway", protocol->gateway,
                           protocol->family);
    return !protocol->autoconf || strcmp(protocol->family, "ipv6") == 0 ||
           bad_element(error, node, "only IPv6 has <autoconf>");
}

#define F(field) offsetof(InterfaceProtocol, field)
static const XmlRow protocol_rows[] = {
    { "@family", XML_STRING, F(family), XML_REQUIRED, .words = families },
    { "autoconf", XML_FLAG, F(autoconf) },
    { "dhcp", XML_FLAG, F(dhcp) },
    { "dhcp/@peerdns", XML_STRING, F(peerdns), .words = xml_yes_no },
    { "ip", XML_LIST, F(ips), .item = &interface_ip_class },
    { "route/@gateway", XML_STRING, F(gateway), XML_REQUIRED },
};
#undef F
extern const XmlClass interface_protocol_class;
XML_CLASS_DEFINE(interface_protocol_class, InterfaceProtocol, protocol_rows, protocol_check)

/* ---- <interface> ---- */

static gboolean is_bridge(const void *object)
{
    return ((const InterfaceDef *)object)->type == INTERFACE_BRIDGE;
}

static gboolean is_bond(const void *object)
{
    return ((const InterfaceDef *)object)->type == INTERFACE_BOND;
}

static gboolean is_vlan(const void *object)
{
    return ((const InterfaceDef *)object)->type == INTERFACE_VLAN;
}

static gboolean has_mac(const void *object)
{
    return !is_bridge(object) && !is_bond(object);
}

extern const XmlClass interface_def_class;
#define F(field) offsetof(InterfaceDef, field)
static const XmlRow interface_rows[] = {
    { "@type", XML_WORD, F(type), XML_REQUIRED, .words = types },
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "link/@speed", XML_UINT, F(link_speed) },
    { "link/@state", XML_STRING, F(link_state) },
    { "start/@mode", XML_STRING, F(start), .words = starts },
    { "mac/@address", XML_STRING, F(mac), .when = has_mac },
    { "mtu/@size", XML_UINT, F(mtu), .max = 65536 },
    { "protocol", XML_LIST, F(protocols), .item = &interface_protocol_class },
    { "bridge/@stp", XML_WORD, F(stp), .words = xml_on_off, .when = is_bridge },
    { "bridge/@delay", XML_STRING, F(delay), .when = is_bridge },
    { "bridge/interface", XML_LIST, F(ports), .item = &interface_def_class, .when = is_bridge },
    { "bond/@mode", XML_STRING, F(bond_mode), .words = bond_modes, .when = is_bond },
    { "bond/miimon/@freq", XML_UINT, F(mii_freq), .when = is_bond },
    { "bond/miimon/@updelay", XML_UINT, F(mii_up_delay), .when = is_bond },
    { "bond/miimon/@downdelay", XML_UINT, F(mii_down_delay), .when = is_bond },
    { "bond/miimon/@carrier", XML_STRING, F(mii_carrier), .words = carriers, .when = is_bond },
    { "bond/arpmon/@interval", XML_UINT, F(arp_interval), .when = is_bond },
    { "bond/arpmon/@target", XML_STRING, F(arp_target), .when = is_bond },
    { "bond/arpmon/@validate", XML_STRING, F(arp_validate), .words = validations, .when = is_bond },
    { "bond/interface", XML_LIST, F(ports), .item = &interface_def_class, .when = is_bond },
    { "vlan/@tag", XML_UINT, F(vlan_tag), .max = VLAN_MAX, .when = is_vlan },
    { "vlan/interface/@name", XML_STRING, F(vlan_device), .when = is_vlan },
};
#undef F

static gboolean check_ports(const InterfaceDef *def, xmlNodePtr node, GError **error)
{
    for (guint i = 0; i < def->ports->len; i++) {
        const InterfaceDef *port = def->ports->pdata[i];

        if (port->type == INTERFACE_BRIDGE ||
            (def->type == INTERFACE_BOND && port->type != INTERFACE_ETHERNET))
            return bad_element(error, node, "%s '%s' cannot be part of %s '%s'", types[port->type],
                               port->name, types[def->type], def->name);
        if (port->protocols->len > 0)
            return bad_element(error, node, "'%s' is part of '%s' and cannot have addresses",
                               port->name, def->name);
        for (guint j = 0; j < i; j++)
            if (strcmp(((const InterfaceDef *)def->ports->pdata[j])->name, port->name) == 0)
                return bad_element(error, node, "'%s' is twice in '%s'", port->name, def->name);
    }
    return TRUE;
}

static gboolean check_numbers(const InterfaceDef *def, xmlNodePtr node, GError **error)
{
    char *end = NULL;

    if (def->delay != NULL &&
        (!g_ascii_isdigit(def->delay[0]) || (g_ascii_strtod(def->delay, &end), *end != '\0')))
        return bad_element(error, node, "'%s' is no bridge delay", def->delay);
    if (def->mii_freq > 0 && def->arp_interval > 0)
        return bad_element(error, node, "bond '%s' cannot have both miimon and arpmon", def->name);
    if (def->arp_interval > 0 &&
        (def->arp_target == NULL || !is_of_family(def->arp_target, "ipv4")))
        return bad_element(error, node, "bond '%s' needs the IPv4 address of a target for arpmon",
                           def->name);
    return TRUE;
}

/* Of any kind: the host's own devices may have what no guest should. */
static gboolean is_mac(const char *text)
{
    static const char form[] = "xx:xx:xx:xx:xx:xx";

    for (guint i = 0; i < sizeof form; i++)
        if (form[i] == 'x' ? !g_ascii_isxdigit(text[i]) : text[i] != form[i])
            return FALSE;
    return TRUE;
}

static gboolean check(const InterfaceDef *def, xmlNodePtr node, GError **error)
{
    if (!inet_is_ifname(def->name))
        return bad_element(error, node, "'%s' cannot be an interface's name", def->name);
    if (def->mac != NULL && !is_mac(def->mac))
        return bad_element(error, node, "Unable to parse MAC '%s'", def->mac);
    if (is_vlan(def) &&
        (def->vlan_tag == 0 || def->vlan_device == NULL || !inet_is_ifname(def->vlan_device)))
        return bad_element(error, node, "vlan '%s' needs a tag and the name of an interface",
                           def->name);
    if (def->protocols->len > 2 ||
        (def->protocols->len == 2 &&
         strcmp(((const InterfaceProtocol *)def->protocols->pdata[0])->family,
                ((const InterfaceProtocol *)def->protocols->pdata[1])->family) == 0))
        return bad_element(error, node, "'%s' has a protocol family twice", def->name);
    return check_ports(def, node, error) && check_numbers(def, node, error);
}

static gboolean interface_check(gpointer object, xmlNodePtr node, GError **error)
{
    return check(object, node, error);
}
XML_CLASS_DEFINE_OPEN(interface_def_class, InterfaceDef, interface_rows, interface_check)

/* ---- */

InterfaceDef *interface_def_new(void)
{
    return xml_object_new(&interface_def_class);
}

InterfaceDef *interface_def_parse(const char *xml, guint flags, GError **error)
{
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(interface_definition)", error);

    if (doc == NULL)
        return NULL;
    xmlNodePtr root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "interface") != 0) {
        xml_error(error, DOMAIN_XML_ERROR_SYNTAX, root, NULL,
                  "unexpected root element <%s>, expecting <interface>", (const char *)root->name);
        return NULL;
    }
    g_autoptr(InterfaceDef) def = interface_def_new();
    if (!xml_object_parse(&interface_def_class, def, root, flags, error))
        return NULL;
    return g_steal_pointer(&def);
}

char *interface_def_format(const InterfaceDef *def)
{
    GString *text = g_string_sized_new(512);

    xml_object_format(&interface_def_class, def, "interface", 0, 0, text);
    return g_string_free(text, FALSE);
}

void interface_def_free(InterfaceDef *def)
{
    xml_object_free(&interface_def_class, def);
}

InterfaceProtocol *interface_protocol(InterfaceDef *def, const char *family)
{
    for (guint i = 0; i < def->protocols->len; i++) {
        InterfaceProtocol *protocol = def->protocols->pdata[i];
        if (strcmp(protocol->family, family) == 0)
            return protocol;
    }
    InterfaceProtocol *protocol = xml_object_new(&interface_protocol_class);
    protocol->family = g_strdup(family);
    g_ptr_array_add(def->protocols, protocol);
    return protocol;
}

void interface_protocol_add_ip(InterfaceProtocol *protocol, const char *address, guint prefix)
{
    InterfaceIp *ip = xml_object_new(&interface_ip_class);

    ip->address = g_strdup(address);
    ip->prefix = prefix;
    g_ptr_array_add(protocol->ips, ip);
}
