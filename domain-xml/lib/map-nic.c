/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <interface>. */
#include "map.h"

#include <string.h>

#include "def-classes.h"

#define RATE_INTERVAL_USECS 50000 /* xl-network-configuration(5): the default of rate= */
#define USECS_PER_SEC       1000000
#define BYTES_PER_KB        1000 /* of rate=KB/s and of <bandwidth> alike */

#define OVS_SCRIPT "vif-openvswitch"

/* Xen's scripts take the VLAN with the bridge: BRIDGE[.TAG][:TRUNK[:TRUNK...]]. */
static char *ovs_bridge(const DomainInterface *interface)
{
    GString *bridge = g_string_new(interface->bridge);

    for (guint i = 0; i < interface->vlan_tags->len; i++) {
        const DomainVlanTag *tag = g_ptr_array_index(interface->vlan_tags, i);
        gboolean is_trunk = interface->vlan_trunk == DOMAIN_YES || i > 0;
        g_string_append_printf(bridge, "%c%u", is_trunk ? ':' : '.', tag->id);
    }
    return g_string_free(bridge, FALSE);
}

static char *join_ips(const GPtrArray *ips)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < ips->len; i++) {
        const DomainIp *ip = g_ptr_array_index(ips, i);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", ip->address);
    }
    return g_string_free(text, ips->len == 0);
}

static const KxlNicKind socket_kinds[] = {
    [DOMAIN_INTERFACE_UDP] = KXL_NIC_UDP,
    [DOMAIN_INTERFACE_MCAST] = KXL_NIC_MCAST,
    [DOMAIN_INTERFACE_SERVER] = KXL_NIC_SERVER,
    [DOMAIN_INTERFACE_CLIENT] = KXL_NIC_CLIENT,
};

static void map_direct(const DomainInterface *from, KxlDeviceNic *to)
{
    to->kind = KXL_NIC_DIRECT;
    to->source_dev = g_strdup(from->source_dev);
    to->source_mode = g_strdup(from->source_mode);
}

static void map_function(const DomainInterface *from, KxlDeviceNic *to)
{
    const DomainVlanTag *tag =
        from->vlan_tags->len > 0 ? g_ptr_array_index(from->vlan_tags, 0) : NULL;

    to->kind = KXL_NIC_FUNCTION;
    to->pci.domain = from->function->domain;
    to->pci.bus = from->function->pci_bus;
    to->pci.dev = from->function->slot;
    to->pci.fn = from->function->function;
    to->pci.managed = from->managed == DOMAIN_YES;
    to->vlan = tag != NULL ? tag->id : 0;
}

static void map_socket(const DomainInterface *from, KxlDeviceNic *to)
{
    to->kind = socket_kinds[from->type];
    to->host = g_strdup(from->host);
    to->port = from->port;
    to->local_host = g_strdup(from->local_host);
    to->local_port = from->local_port;
}

static void map_vhost_user(const DomainInterface *from, KxlDeviceNic *to)
{
    to->kind = KXL_NIC_VHOST_USER;
    to->path = g_strdup(from->path);
    to->listens = strcmp(from->socket_mode, "server") == 0;
    if (g_strcmp0(from->reconnect, "yes") == 0 && from->reconnect_timeout != NULL)
        to->reconnect_secs = (guint)g_ascii_strtoull(from->reconnect_timeout, NULL, 10);
    to->queues = from->driver_queues;
}

static gboolean map_connection(const DomainInterface *from, KxlDeviceNic *to, GError **error)
{
    gboolean is_ovs = g_strcmp0(from->virtualport_type, "openvswitch") == 0;

    switch ((DomainInterfaceType)from->type) {
    case DOMAIN_INTERFACE_NETWORK:
        if (from->bridge == NULL && from->source_dev == NULL && from->function == NULL)
            return fail_check(error, UNSUPPORTED,
                              "interface %s: network '%s' must be looked up first", from->mac,
                              from->network);
        to->network = g_strdup(from->network);
        if (from->function != NULL) {
            map_function(from, to);
            return TRUE;
        }
        if (from->source_dev != NULL)
            map_direct(from, to);
        else
            to->bridge = is_ovs ? ovs_bridge(from) : g_strdup(from->bridge);
        break;
    case DOMAIN_INTERFACE_BRIDGE:
        to->bridge = is_ovs ? ovs_bridge(from) : g_strdup(from->bridge);
        break;
    case DOMAIN_INTERFACE_USER:
        to->kind = KXL_NIC_USER;
        break;
    case DOMAIN_INTERFACE_ETHERNET:
        if (from->target_managed == DOMAIN_NO && from->target == NULL)
            return fail_check(error, SYNTAX,
                              "interface %s: target dev must be specified when managed='no'",
                              from->mac);
        if (from->target_managed == DOMAIN_NO)
            to->kind = KXL_NIC_TAP;
        break;
    case DOMAIN_INTERFACE_DIRECT:
        map_direct(from, to);
        break;
    case DOMAIN_INTERFACE_UDP:
    case DOMAIN_INTERFACE_MCAST:
    case DOMAIN_INTERFACE_SERVER:
    case DOMAIN_INTERFACE_CLIENT:
        map_socket(from, to);
        break;
    case DOMAIN_INTERFACE_VHOSTUSER:
        map_vhost_user(from, to);
        break;
    case DOMAIN_INTERFACE_HOSTDEV:
        map_function(from, to);
        return TRUE;
    case DOMAIN_INTERFACE_NULL:
        to->kind = KXL_NIC_UNPLUGGED;
        break;
    }
    to->script = g_strdup(from->script == NULL && is_ovs ? OVS_SCRIPT : from->script);
    if (!is_ovs && from->vlan_tags->len > 0)
        return fail_check(error, UNSUPPORTED,
                          "interface %s: VLAN tags need virtualport type 'openvswitch'", from->mac);
    return TRUE;
}

static void map_bandwidth(const DomainBandwidth *from, KxlNicBandwidth *to)
{
    if (from != NULL)
        *to = (KxlNicBandwidth){ from->average, from->peak, from->burst };
}

/* The word "default" is libkxl's own choice. */
static char *choice(const char *word)
{
    return word == NULL || strcmp(word, "default") == 0 ? NULL : g_strdup(word);
}

static void map_driver(const DomainInterface *from, KxlDeviceNic *to)
{
    if (to->kind != KXL_NIC_FUNCTION) /* whose word is VFIO's */
        to->driver = choice(from->driver_name);
    to->tx_mode = choice(from->driver_txmode);
    to->ioeventfd = map_tristate(from->driver_ioeventfd);
    to->event_idx = map_tristate(from->driver_event_idx);
    to->rss = map_tristate(from->driver_rss);
    to->rss_hash = map_tristate(from->driver_rss_hash);
    to->rx_queue_size = from->driver_rx_queue_size;
    to->tx_queue_size = from->driver_tx_queue_size;
    for (guint i = 0; i < KXL_OFFLOAD_COUNT; i++)
        to->offload[i] = map_tristate(from->offload[i]);
}

static gboolean map_nic_to_config(const DomainInterface *from, KxlDeviceNic *to, GError **error)
{
    if (!map_connection(from, to, error))
        return FALSE;
    to->mac = g_strdup(from->mac);
    to->ifname = g_strdup(from->target);
    to->ip = join_ips(from->ips);
    to->model = g_strdup(from->model);
    to->bootindex = (int)from->info.boot_order;
    to->mtu = from->mtu;
    to->link_down = g_strcmp0(from->link, "down") == 0;
    to->isolated = from->isolated == DOMAIN_YES;
    to->sndbuf = from->sndbuf;
    map_bandwidth(from->inbound, &to->inbound);
    map_bandwidth(from->outbound, &to->outbound);
    map_driver(from, to);
    to->rom_file = g_strdup(from->rom_file);
    to->rom_bar = map_tristate(from->rom_bar);
    to->rom_enabled = map_tristate(from->rom_enabled);
    map_address(&from->info, &to->address);
    if (from->outbound != NULL && from->outbound->average > 0) {
        to->rate_interval_usecs = RATE_INTERVAL_USECS;
        to->rate_bytes_per_interval =
            from->outbound->average * BYTES_PER_KB / (USECS_PER_SEC / RATE_INTERVAL_USECS);
    }
    return TRUE;
}

gboolean map_nics_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < def->interfaces->len; i++) {
        KxlDeviceNic *nic = kxl_device_nic_new();

        g_ptr_array_add(config->nics, nic);
        if (!map_nic_to_config(g_ptr_array_index(def->interfaces, i), nic, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- from the config ---- */

static void add_tag(DomainInterface *interface, const char *digits)
{
    guint64 id;

    if (!g_ascii_string_to_unsigned(digits, 10, 0, 4095, &id, NULL))
        return;
    DomainVlanTag *tag = g_new0(DomainVlanTag, 1);
    tag->id = (guint)id;
    g_ptr_array_add(interface->vlan_tags, tag);
}

static void split_ovs_bridge(const char *text, DomainInterface *interface)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    char *dot = strchr(parts[0], '.');

    interface->virtualport_type = g_strdup("openvswitch");
    if (dot != NULL) {
        *dot = '\0';
        add_tag(interface, dot + 1);
    }
    interface->bridge = g_strdup(parts[0]);
    for (guint i = 1; parts[i] != NULL; i++)
        add_tag(interface, parts[i]);
    if (parts[1] != NULL)
        interface->vlan_trunk = DOMAIN_YES;
}

static void map_vhost_user_back(const KxlDeviceNic *from, DomainInterface *to)
{
    if (from->kind != KXL_NIC_VHOST_USER)
        return;
    to->source_type = g_strdup("unix");
    to->path = g_strdup(from->path);
    to->socket_mode = g_strdup(from->listens ? "server" : "client");
    to->driver_queues = from->queues;
    if (from->reconnect_secs != 0) {
        to->reconnect = g_strdup("yes");
        to->reconnect_timeout = g_strdup_printf("%u", from->reconnect_secs);
    }
}

static void map_function_back(const KxlDeviceNic *from, DomainInterface *to)
{
    if (from->kind != KXL_NIC_FUNCTION)
        return;
    to->function = xml_object_new(&domain_function_class);
    to->function->type = DOMAIN_ADDRESS_PCI;
    to->function->domain = from->pci.domain;
    to->function->pci_bus = from->pci.bus;
    to->function->slot = from->pci.dev;
    to->function->function = from->pci.fn;
    to->managed = from->pci.managed ? DOMAIN_YES : DOMAIN_ABSENT;
    if (from->vlan != 0) {
        DomainVlanTag *tag = xml_object_new(&domain_vlan_tag_class);
        tag->id = from->vlan;
        g_ptr_array_add(to->vlan_tags, tag);
    }
}

/* The kind of interface a vif= stands for, in libvirt's reading: without a bridge and without a
 * bridge's script it is none's but its own script's. */
static void map_connection_from_config(const KxlDeviceNic *from, DomainInterface *to)
{
    static const DomainInterfaceType types[KXL_NIC_KIND_COUNT] = {
        [KXL_NIC_USER] = DOMAIN_INTERFACE_USER,     [KXL_NIC_TAP] = DOMAIN_INTERFACE_ETHERNET,
        [KXL_NIC_DIRECT] = DOMAIN_INTERFACE_DIRECT, [KXL_NIC_UDP] = DOMAIN_INTERFACE_UDP,
        [KXL_NIC_MCAST] = DOMAIN_INTERFACE_MCAST,   [KXL_NIC_SERVER] = DOMAIN_INTERFACE_SERVER,
        [KXL_NIC_CLIENT] = DOMAIN_INTERFACE_CLIENT, [KXL_NIC_UNPLUGGED] = DOMAIN_INTERFACE_NULL,
        [KXL_NIC_VHOST_USER] = DOMAIN_INTERFACE_VHOSTUSER,
        [KXL_NIC_FUNCTION] = DOMAIN_INTERFACE_HOSTDEV,
    };
    gboolean is_ovs = g_strcmp0(from->script, OVS_SCRIPT) == 0;
    gboolean has_bridge_script =
        g_strcmp0(from->script, "vif-bridge") == 0 || g_strcmp0(from->script, "vif-vnic") == 0;

    to->script = g_strdup(from->script);
    if (from->kind != KXL_NIC_BRIDGE && from->kind != KXL_NIC_NONE) {
        to->type = (int)types[from->kind];
        to->target_managed = from->kind == KXL_NIC_TAP ? DOMAIN_NO : DOMAIN_ABSENT;
        to->source_dev = g_strdup(from->source_dev);
        to->source_mode = g_strdup(from->source_mode);
        to->host = g_strdup(from->host);
        to->port = from->port;
        to->local_host = g_strdup(from->local_host);
        to->local_port = from->local_port;
        map_vhost_user_back(from, to);
        map_function_back(from, to);
    } else if (from->network != NULL) {
        to->type = DOMAIN_INTERFACE_NETWORK;
        to->network = g_strdup(from->network);
        to->bridge = g_strdup(from->bridge);
        g_clear_pointer(&to->script, g_free);
    } else if (from->bridge != NULL || has_bridge_script) {
        to->type = DOMAIN_INTERFACE_BRIDGE;
        if (is_ovs && from->bridge != NULL)
            split_ovs_bridge(from->bridge, to);
        else
            to->bridge = g_strdup(from->bridge != NULL ? from->bridge : "xenbr0");
    } else {
        to->type = DOMAIN_INTERFACE_ETHERNET;
    }
}

static void map_ips_from_config(const char *text, DomainInterface *to)
{
    g_auto(GStrv) words = g_strsplit_set(text, " ", -1);

    for (guint i = 0; words[i] != NULL; i++) {
        if (*words[i] == '\0')
            continue;
        DomainIp *ip = g_new0(DomainIp, 1);
        ip->address = g_strdup(words[i]);
        ip->family = g_strdup(strchr(words[i], ':') != NULL ? "ipv6" : "ipv4");
        g_ptr_array_add(to->ips, ip);
    }
}

static DomainBandwidth *map_bandwidth_from_config(const KxlNicBandwidth *from)
{
    DomainBandwidth *to;

    if (from->average == 0)
        return NULL;
    to = xml_object_new(&domain_bandwidth_class);
    to->average = from->average;
    to->peak = from->peak;
    to->burst = from->burst;
    return to;
}

static void map_options_from_config(const KxlDeviceNic *from, DomainInterface *to)
{
    to->isolated = from->isolated ? DOMAIN_YES : DOMAIN_ABSENT;
    to->sndbuf = from->sndbuf;
    to->inbound = map_bandwidth_from_config(&from->inbound);
    to->outbound = map_bandwidth_from_config(&from->outbound);
    to->driver_name = g_strdup(from->driver);
    to->driver_txmode = g_strdup(from->tx_mode);
    to->driver_ioeventfd = map_tristate_back(from->ioeventfd);
    to->driver_event_idx = map_tristate_back(from->event_idx);
    to->driver_rss = map_tristate_back(from->rss);
    to->driver_rss_hash = map_tristate_back(from->rss_hash);
    to->driver_rx_queue_size = from->rx_queue_size;
    to->driver_tx_queue_size = from->tx_queue_size;
    for (guint i = 0; i < KXL_OFFLOAD_COUNT; i++)
        to->offload[i] = map_tristate_back(from->offload[i]);
    to->rom_file = g_strdup(from->rom_file);
    to->rom_bar = map_tristate_back(from->rom_bar);
    to->rom_enabled = map_tristate_back(from->rom_enabled);
    map_address_from_config(&from->address, &to->info);
}

static DomainInterface *map_nic_from_config(const KxlDeviceNic *from)
{
    DomainInterface *to = domain_interface_new();

    map_connection_from_config(from, to);
    to->mac = g_strdup(from->mac);
    to->target = g_strdup(from->ifname);
    if (from->ip != NULL)
        map_ips_from_config(from->ip, to);
    to->model = g_strdup(from->model);
    to->info.boot_order = (guint)MAX(from->bootindex, 0);
    to->mtu = from->mtu;
    if (from->link_down)
        to->link = g_strdup("down");
    map_options_from_config(from, to);
    if (to->outbound == NULL && from->rate_bytes_per_interval > 0 &&
        from->rate_interval_usecs > 0) {
        to->outbound = xml_object_new(&domain_bandwidth_class);
        to->outbound->average = (guint64)((double)from->rate_bytes_per_interval * USECS_PER_SEC /
                                              from->rate_interval_usecs / BYTES_PER_KB +
                                          0.5);
    }
    return to;
}

gboolean map_nics_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    for (guint i = 0; i < config->nics->len; i++)
        g_ptr_array_add(def->interfaces, map_nic_from_config(g_ptr_array_index(config->nics, i)));
    return TRUE;
}
