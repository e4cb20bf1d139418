/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "port-plug.h"

#include <string.h>

#include "handler-util.h"
#include "network-classes.h"

/* ---- who uses what ---- */

typedef gboolean (*IsOn)(const NetworkPort *port, gconstpointer device);

static gboolean is_on_link(const NetworkPort *port, gconstpointer interface)
{
    return port->plug == NETWORK_PLUG_DIRECT &&
           strcmp(port->link_dev, ((const NetworkForwardInterface *)interface)->dev) == 0;
}

static gboolean is_on_function(const NetworkPort *port, gconstpointer function)
{
    const DomainAddress *address = function;

    return port->plug == NETWORK_PLUG_HOSTDEV_PCI && port->pci_domain == address->domain &&
           port->pci_bus == address->pci_bus && port->pci_slot == address->slot &&
           port->pci_function == address->function;
}

static guint count(GHashTable *ports, IsOn is_on, gconstpointer device)
{
    GHashTableIter iter;
    gpointer port;
    guint n = 0;

    g_hash_table_iter_init(&iter, ports);
    while (g_hash_table_iter_next(&iter, NULL, &port))
        n += is_on(port, device);
    return n;
}

void network_count_connections(NetworkDef *def, GHashTable *ports)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        NetworkForwardInterface *interface = def->interfaces->pdata[i];
        interface->connections = count(ports, is_on_link, interface);
    }
}

/* The one with the fewest ports, the first of such; exclusive: with none. NULL: there is none. */
static gpointer pick(const GPtrArray *devices, GHashTable *ports, IsOn is_on, gboolean exclusive)
{
    guint fewest = exclusive ? 1 : G_MAXUINT;
    gpointer found = NULL;

    for (guint i = 0; i < devices->len; i++) {
        guint n = count(ports, is_on, devices->pdata[i]);
        if (n >= fewest)
            continue;
        fewest = n;
        found = devices->pdata[i];
    }
    return found;
}

/* ---- places ---- */

static gboolean fail_taken(const NetworkDef *def, GError **error)
{
    return fail(error, VIR_ERR_INTERNAL_ERROR,
                "network '%s' requires exclusive access to interfaces, but none are available",
                def->name);
}

/* What was asked for is not heard: the network decides. */
static void clear_place(NetworkPort *port)
{
    char **const texts[] = { &port->bridge, &port->mac_table_manager, &port->link_dev,
                             &port->mode,   &port->managed,           &port->driver };

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(texts[i], g_free);
}

static gboolean plug_bridge(NetworkPort *port, const NetworkDef *def)
{
    port->plug = network_def_is_virtual(def) ? NETWORK_PLUG_NETWORK : NETWORK_PLUG_BRIDGE;
    port->bridge = g_strdup(def->bridge);
    port->mac_table_manager = g_strdup(def->mac_table_manager);
    return TRUE;
}

/* A guest that is passed a whole device, or speaks for itself with the switch behind it, shares it
 * with nobody. */
static gboolean plug_link(NetworkPort *port, const NetworkDef *def, GHashTable *ports,
                          GError **error)
{
    gboolean is_qbh =
        port->virtualport != NULL && g_strcmp0(port->virtualport->type, "802.1Qbh") == 0;
    gboolean exclusive = def->forward == NETWORK_FORWARD_PASSTHROUGH ||
                         (def->forward == NETWORK_FORWARD_PRIVATE && is_qbh);
    const NetworkForwardInterface *interface = pick(def->interfaces, ports, is_on_link, exclusive);

    if (def->interfaces->len == 0)
        return fail(error, VIR_ERR_INTERNAL_ERROR,
                    "network '%s' uses a direct mode, but has no forward dev and no interface pool",
                    def->name);
    if (interface == NULL)
        return fail_taken(def, error);
    port->plug = NETWORK_PLUG_DIRECT;
    port->link_dev = g_strdup(interface->dev);
    port->mode = g_strdup(network_forward_name(def->forward));
    return TRUE;
}

static gboolean plug_function(NetworkPort *port, const NetworkDef *def, GHashTable *ports,
                              GError **error)
{
    const DomainAddress *address = pick(def->addresses, ports, is_on_function, TRUE);

    if (address == NULL)
        return fail_taken(def, error);
    port->plug = NETWORK_PLUG_HOSTDEV_PCI;
    port->pci_domain = address->domain;
    port->pci_bus = address->pci_bus;
    port->pci_slot = address->slot;
    port->pci_function = address->function;
    port->managed = g_strdup(def->managed);
    port->driver = g_strdup(def->forward_driver);
    return TRUE;
}

/* ---- what it takes from the network ---- */

static void inherit_bandwidth(DomainBandwidth **own, const DomainBandwidth *from)
{
    if (*own == NULL)
        *own = xml_object_dup(&domain_bandwidth_class, from);
}

static void inherit_vlan(NetworkPort *port, const GPtrArray *tags, int trunk)
{
    if (port->vlan_tags->len > 0 || tags->len == 0)
        return;
    for (guint i = 0; i < tags->len; i++)
        g_ptr_array_add(port->vlan_tags, xml_object_dup(&domain_vlan_tag_class, tags->pdata[i]));
    port->vlan_trunk = trunk;
}

/* The network's bandwidth is that of its whole bridge; a port inherits only its group's. */
static void inherit(NetworkPort *port, const NetworkDef *def)
{
    const NetworkPortGroup *group = network_def_find_portgroup(def, port->group);

    if (group != NULL) {
        inherit_bandwidth(&port->inbound, group->inbound);
        inherit_bandwidth(&port->outbound, group->outbound);
        inherit_vlan(port, group->vlan_tags, group->vlan_trunk);
    }
    inherit_vlan(port, def->vlan_tags, def->vlan_trunk);
    if (port->isolated == 0)
        port->isolated = def->isolated;
    if (port->virtualport == NULL && group != NULL)
        port->virtualport = xml_object_dup(&network_virtual_port_class, group->virtualport);
    if (port->virtualport == NULL)
        port->virtualport = xml_object_dup(&network_virtual_port_class, def->virtualport);
    else if (port->virtualport->type == NULL && def->virtualport != NULL)
        port->virtualport->type = g_strdup(def->virtualport->type);
}

/* ---- what each place can do ---- */

static const struct {
    const char *what;
    const char *virtualports[3]; /* types it can have */
    gboolean has_vlans;          /* by itself */
} places[] = {
    [NETWORK_PLUG_NETWORK] = { "IP forwarding", { NULL }, FALSE },
    [NETWORK_PLUG_BRIDGE] = { "a bridge device", { "openvswitch", "midonet" }, FALSE },
    [NETWORK_PLUG_DIRECT] = { "a macvtap device", { "802.1Qbg", "802.1Qbh" }, FALSE },
    [NETWORK_PLUG_HOSTDEV_PCI] = { "an SR-IOV Virtual Function via PCI passthrough",
                                   { "802.1Qbh" },
                                   TRUE },
};

static gboolean check_place(const NetworkPort *port, const NetworkDef *def, GError **error)
{
    const char *type = port->virtualport != NULL ? port->virtualport->type : NULL;

    if (type != NULL && !g_strv_contains(places[port->plug].virtualports, type))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "<virtualport type='%s'> not supported for network '%s' which uses %s", type,
                    def->name, places[port->plug].what);
    if (port->vlan_tags->len > 0 && !places[port->plug].has_vlans &&
        g_strcmp0(type, "openvswitch") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "an interface connecting to network '%s' is requesting a vlan tag, but that is "
                    "not supported for this type of network",
                    def->name);
    return TRUE;
}

gboolean network_port_plug(NetworkPort *port, const NetworkDef *def, GHashTable *ports,
                           GError **error)
{
    gboolean found;

    inherit(port, def);
    clear_place(port);
    if (def->forward == NETWORK_FORWARD_HOSTDEV)
        found = plug_function(port, def, ports, error);
    else if (network_def_is_virtual(def) || def->bridge != NULL)
        found = plug_bridge(port, def);
    else
        found = plug_link(port, def, ports, error);
    return found && check_place(port, def, error);
}
