/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ifupdown-text.h"

#include <string.h>

/* ---- what belongs to the device, in its first stanza ---- */

static void append_number(GString *out, const char *option, guint number)
{
    if (number > 0)
        g_string_append_printf(out, "    %s %u\n", option, number);
}

static void append_text(GString *out, const char *option, const char *text)
{
    if (text != NULL)
        g_string_append_printf(out, "    %s %s\n", option, text);
}

static void append_ports(GString *out, const char *option, const InterfaceDef *def)
{
    g_string_append_printf(out, "    %s", option);
    for (guint i = 0; i < def->ports->len; i++)
        g_string_append_printf(out, " %s", ((const InterfaceDef *)def->ports->pdata[i])->name);
    g_string_append(out, def->ports->len > 0 ? "\n" : " none\n");
}

/* Ports that are devices of their own have stanzas, which must have been gone through before. */
static void append_bridge(GString *out, const InterfaceDef *def)
{
    for (guint i = 0; i < def->ports->len; i++) {
        const InterfaceDef *port = def->ports->pdata[i];
        if (port->type != INTERFACE_ETHERNET)
            g_string_append_printf(out, "    pre-up ifup %s\n    post-down ifdown %s\n", port->name,
                                   port->name);
    }
    append_ports(out, "bridge_ports", def); /* bridge-utils-interfaces(5) */
    if (def->stp != DOMAIN_ABSENT)
        append_text(out, "bridge_stp", def->stp == DOMAIN_YES ? "on" : "off");
    append_text(out, "bridge_fd", def->delay);
}

/* Package ifenslave; Linux Documentation/networking/bonding.rst has what they mean. */
static void append_bond(GString *out, const InterfaceDef *def)
{
    append_ports(out, "bond-slaves", def);
    append_text(out, "bond-mode", def->bond_mode);
    append_number(out, "bond-miimon", def->mii_freq);
    append_number(out, "bond-updelay", def->mii_up_delay);
    append_number(out, "bond-downdelay", def->mii_down_delay);
    if (def->mii_carrier != NULL)
        append_text(out, "bond-use-carrier", strcmp(def->mii_carrier, "netif") == 0 ? "1" : "0");
    append_number(out, "bond-arp-interval", def->arp_interval);
    append_text(out, "bond-arp-ip-target", def->arp_target);
    append_text(out, "bond-arp-validate", def->arp_validate);
}

static void append_device(GString *out, const InterfaceDef *def)
{
    append_text(out, "hwaddress", def->mac);
    append_number(out, "mtu", def->mtu);
    if (def->type == INTERFACE_BRIDGE)
        append_bridge(out, def);
    if (def->type == INTERFACE_BOND)
        append_bond(out, def);
    if (def->type == INTERFACE_VLAN) {
        append_text(out, "vlan-raw-device", def->vlan_device);
        append_number(out, "vlan-id", def->vlan_tag);
    }
}

/* ---- stanzas: one for each way an address comes ---- */

typedef struct {
    GString *out;
    const InterfaceDef *def;
    gboolean begun; /* the device's own options are written */
} Writer;

static void begin_stanza(Writer *w, const char *family, const char *method)
{
    const char *start = w->def->start;

    if (!w->begun && g_strcmp0(start, "onboot") == 0)
        g_string_append_printf(w->out, "auto %s\n", w->def->name);
    if (!w->begun && g_strcmp0(start, "hotplug") == 0)
        g_string_append_printf(w->out, "allow-hotplug %s\n", w->def->name);
    g_string_append_printf(w->out, "iface %s %s %s\n", w->def->name, family, method);
    if (!w->begun)
        append_device(w->out, w->def);
    w->begun = TRUE;
}

static void append_address(Writer *w, const char *family, const InterfaceIp *ip,
                           const char *gateway)
{
    guint whole = strcmp(family, "inet6") == 0 ? 128 : 32;

    begin_stanza(w, family, "static");
    g_string_append_printf(w->out, "    address %s/%u\n", ip->address,
                           ip->prefix > 0 ? ip->prefix : whole);
    append_text(w->out, "gateway", gateway);
}

static gboolean append_protocol(Writer *w, const InterfaceProtocol *protocol, GError **error)
{
    const char *family = strcmp(protocol->family, "ipv6") == 0 ? "inet6" : "inet";

    if (g_strcmp0(protocol->peerdns, "no") == 0) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                    "interface '%s': ifupdown knows no peerdns='no'", w->def->name);
        return FALSE;
    }
    if (protocol->gateway != NULL && protocol->ips->len == 0) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                    "interface '%s': ifupdown takes a gateway only with an <ip>", w->def->name);
        return FALSE;
    }
    if (protocol->autoconf) {
        begin_stanza(w, family, "auto");
        if (protocol->dhcp)
            append_number(w->out, "dhcp", 1);
    } else if (protocol->dhcp) {
        begin_stanza(w, family, "dhcp");
    }
    for (guint i = 0; i < protocol->ips->len; i++)
        append_address(w, family, protocol->ips->pdata[i], i == 0 ? protocol->gateway : NULL);
    return TRUE;
}

static gboolean append_interface(GString *out, const InterfaceDef *def, GError **error)
{
    Writer w = { out, def, FALSE };

    for (guint i = 0; i < def->ports->len; i++) {
        const InterfaceDef *port = def->ports->pdata[i];
        if (port->type != INTERFACE_ETHERNET && !append_interface(out, port, error))
            return FALSE;
    }
    for (guint i = 0; i < def->protocols->len; i++)
        if (!append_protocol(&w, def->protocols->pdata[i], error))
            return FALSE;
    if (!w.begun)
        begin_stanza(&w, "inet", "manual");
    g_string_append_c(out, '\n');
    return TRUE;
}

char *ifupdown_format(const InterfaceDef *def, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (!append_interface(out, def, error))
        return NULL;
    g_string_truncate(out, out->len - 1); /* the last empty line */
    return g_string_free(g_steal_pointer(&out), FALSE);
}
