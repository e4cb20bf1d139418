/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network-source.h"

#include <string.h>

#include "handler-util.h"
#include "network/network-classes.h"
#include "network/network.h"

/* ---- what the port is asked for, and what it gets ---- */

static NetworkPort *make_port(const DomainDef *owner, const DomainInterface *interface)
{
    NetworkPort *port = network_port_new();

    port->owner_name = g_strdup(owner->name);
    port->owner_uuid = g_strdup(owner->uuid);
    port->mac = g_strdup(interface->mac);
    port->group = g_strdup(interface->portgroup);
    return port;
}

static void take_rate(DomainBandwidth **own, DomainBandwidth **from)
{
    if (*own == NULL)
        *own = g_steal_pointer(from);
}

static void take_text(char **own, const char *from)
{
    g_free(*own);
    *own = g_strdup(from);
}

/* Which function of the network's pool it is, and how that comes to the guest. */
static void take_function(DomainInterface *interface, const NetworkPort *port)
{
    if (port->plug != NETWORK_PLUG_HOSTDEV_PCI) {
        xml_object_free(&domain_function_class, interface->function);
        interface->function = NULL;
        return;
    }
    if (interface->function == NULL)
        interface->function = xml_object_new(&domain_function_class);
    interface->function->type = DOMAIN_ADDRESS_PCI;
    interface->function->domain = port->pci_domain;
    interface->function->pci_bus = port->pci_bus;
    interface->function->slot = port->pci_slot;
    interface->function->function = port->pci_function;
    interface->managed = g_strcmp0(port->managed, "yes") == 0 ? DOMAIN_YES : DOMAIN_ABSENT;
    take_text(&interface->function_driver, port->driver);
}

/* What its interfaces are of, as libvirt shows it; a virtual network's are nothing else. */
static const int actual_types[] = {
    [NETWORK_PLUG_BRIDGE] = DOMAIN_INTERFACE_BRIDGE,
    [NETWORK_PLUG_DIRECT] = DOMAIN_INTERFACE_DIRECT,
    [NETWORK_PLUG_HOSTDEV_PCI] = DOMAIN_INTERFACE_HOSTDEV,
};

/* What the interface says itself stays. */
static void take_port(DomainInterface *interface, NetworkPort *port)
{
    take_text(&interface->bridge, port->bridge);
    take_text(&interface->source_dev, port->link_dev);
    take_text(&interface->source_mode, port->mode);
    take_text(&interface->port_id, port->uuid);
    interface->actual_type = actual_types[port->plug];
    take_function(interface, port);
    take_rate(&interface->inbound, &port->inbound);
    take_rate(&interface->outbound, &port->outbound);
    if (interface->virtualport_type == NULL && port->virtualport != NULL)
        interface->virtualport_type = g_strdup(port->virtualport->type);
    if (interface->vlan_tags->len == 0 && port->vlan_tags->len > 0) {
        interface->vlan_trunk = port->vlan_trunk;
        while (port->vlan_tags->len > 0)
            g_ptr_array_add(interface->vlan_tags, g_ptr_array_steal_index(port->vlan_tags, 0));
    }
    if (interface->isolated == DOMAIN_ABSENT)
        interface->isolated = port->isolated;
}

/* ---- plugging ---- */

/* What a domain's interface cannot do, although a network can. */
static gboolean check_port(const DomainInterface *interface, const NetworkPort *port,
                           GError **error)
{
    const char *virtualport = port->virtualport != NULL ? port->virtualport->type : NULL;

    if (port->plug == NETWORK_PLUG_DIRECT && interface->filterref != NULL)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "filterref is not supported for network interfaces of type direct");
    if (virtualport != NULL && strcmp(virtualport, "openvswitch") != 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "interface %s: virtualport type '%s' of network '%s' is not supported",
                    interface->mac, virtualport, interface->network);
    return TRUE;
}

gboolean plug_interface(NetworkRegistry *networks, const DomainDef *owner,
                        DomainInterface *interface, GError **error)
{
    g_auto(NetworkView) network = { 0 };

    if (interface->type != DOMAIN_INTERFACE_NETWORK)
        return TRUE;
    if (!network_find_name(networks, interface->network, &network, error))
        return FALSE;
    g_autoptr(NetworkPort) port = make_port(owner, interface);
    if (!network_port_add(networks, network.def->uuid, port, error))
        return FALSE;
    if (!check_port(interface, port, error)) {
        network_port_remove(networks, network.def->uuid, port->uuid, NULL);
        return FALSE;
    }
    take_port(interface, port);
    if (interface->function == NULL || domain_interface_check_function(owner, interface, error))
        return TRUE;
    g_prefix_error(error, "network '%s': ", interface->network);
    network_port_remove(networks, network.def->uuid, port->uuid, NULL);
    return FALSE;
}

gboolean name_bridges(NetworkRegistry *networks, DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        DomainInterface *interface = g_ptr_array_index(def->interfaces, i);
        g_auto(NetworkView) network = { 0 };

        if (interface->type != DOMAIN_INTERFACE_NETWORK)
            continue;
        if (!network_find_name(networks, interface->network, &network, error))
            return FALSE;
        if (network.def->bridge == NULL)
            return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                        "network '%s' has no bridge (/domain/devices/interface[%u]/source)",
                        interface->network, i + 1);
        take_text(&interface->bridge, network.def->bridge);
    }
    return TRUE;
}

/* ---- staying ---- */

static gboolean same_function(const DomainAddress *a, const DomainAddress *b)
{
    return a != NULL && b != NULL && a->domain == b->domain && a->pci_bus == b->pci_bus &&
           a->slot == b->slot && a->function == b->function;
}

/* Live XML tells what the network has made of an interface; its readers hand that back. */
static gboolean is_in_place(const DomainInterface *before, const DomainInterface *interface)
{
    if (interface->type == DOMAIN_INTERFACE_NETWORK)
        return g_strcmp0(before->network, interface->network) == 0;
    if (interface->type != before->actual_type)
        return FALSE;
    if (interface->type == DOMAIN_INTERFACE_HOSTDEV)
        return same_function(before->function, interface->function);
    return g_strcmp0(before->bridge, interface->bridge) == 0 &&
           g_strcmp0(before->source_dev, interface->source_dev) == 0 &&
           g_strcmp0(before->source_mode, interface->source_mode) == 0;
}

gboolean stay_plugged(const DomainInterface *before, DomainInterface *interface)
{
    const struct {
        char **own;
        const char *before;
    } texts[] = {
        { &interface->network, before->network },
        { &interface->bridge, before->bridge },
        { &interface->source_dev, before->source_dev },
        { &interface->source_mode, before->source_mode },
        { &interface->port_id, before->port_id },
        { &interface->function_driver, before->function_driver },
    };

    if (before->type != DOMAIN_INTERFACE_NETWORK || !is_in_place(before, interface))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        take_text(texts[i].own, texts[i].before);
    if (interface->type != DOMAIN_INTERFACE_NETWORK)
        take_text(&interface->portgroup, before->portgroup);
    if (interface->type == DOMAIN_INTERFACE_HOSTDEV) /* whose word is of another driver */
        take_text(&interface->driver_name, before->driver_name);
    interface->type = DOMAIN_INTERFACE_NETWORK;
    interface->actual_type = before->actual_type;
    interface->managed = before->managed;
    xml_object_free(&domain_function_class, interface->function);
    interface->function = xml_object_dup(&domain_function_class, before->function);
    if (interface->function == NULL || interface->vlan_tags->len > 0)
        return TRUE;
    for (guint i = 0; i < before->vlan_tags->len; i++)
        g_ptr_array_add(interface->vlan_tags,
                        xml_object_dup(&domain_vlan_tag_class, before->vlan_tags->pdata[i]));
    return TRUE;
}

/* ---- all of a domain's ---- */

gboolean plug_interfaces(NetworkRegistry *networks, DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        if (plug_interface(networks, def, def->interfaces->pdata[i], error))
            continue;
        unplug_interfaces(networks, def);
        return FALSE;
    }
    return TRUE;
}

static char **list_ports(const DomainDef *def)
{
    g_autoptr(GStrvBuilder) ports = g_strv_builder_new();

    for (guint i = 0; i < def->interfaces->len; i++) {
        const DomainInterface *interface = def->interfaces->pdata[i];
        if (interface->port_id != NULL)
            g_strv_builder_add(ports, interface->port_id);
    }
    return g_strv_builder_end(ports);
}

void unplug_interfaces(NetworkRegistry *networks, const DomainDef *def)
{
    g_auto(GStrv) ports = list_ports(def);

    network_ports_release(networks, (const char *const *)ports);
}

typedef struct {
    NetworkRegistry *networks;
    char **ports;
} Release;

static void release_task(gpointer data)
{
    Release *release = data;

    network_ports_release(release->networks, (const char *const *)release->ports);
    g_strfreev(release->ports);
    g_free(release);
}

void unplug_interfaces_later(NetworkRegistry *networks, RpcServer *server, const DomainDef *def)
{
    g_auto(GStrv) ports = list_ports(def);

    if (networks == NULL || ports[0] == NULL)
        return;
    Release *release = g_new(Release, 1);
    *release = (Release){ networks, g_steal_pointer(&ports) };
    rpc_server_run(server, release_task, release);
}

/* ---- displays ---- */

static gboolean place_display(NetworkRegistry *networks, DomainGraphics *graphics, GError **error)
{
    DomainListen *listen = graphics->listens->len > 0 ? graphics->listens->pdata[0] : NULL;
    g_auto(NetworkView) network = { 0 };
    const NetworkIp *ip;

    if (listen == NULL || listen->type != DOMAIN_LISTEN_NETWORK)
        return TRUE;
    if (!network_find_name(networks, listen->network, &network, error))
        return FALSE;
    if (!network.active)
        return fail(error, VIR_ERR_OPERATION_INVALID, "network '%s' is not active",
                    listen->network);
    ip = network.def->ips->len > 0 ? network.def->ips->pdata[0] : NULL;
    if (ip == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "network '%s' doesn't have an IP address",
                    listen->network);
    g_free(listen->address);
    listen->address = g_strdup(ip->address);
    g_free(graphics->listen);
    graphics->listen = g_strdup(ip->address);
    return TRUE;
}

gboolean place_displays(NetworkRegistry *networks, DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->graphics->len; i++)
        if (!place_display(networks, def->graphics->pdata[i], error))
            return FALSE;
    return TRUE;
}
