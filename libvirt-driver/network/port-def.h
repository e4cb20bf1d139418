/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <networkport>: where an interface of a domain is plugged into a network. */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

typedef enum {
    NETWORK_PLUG_NONE,
    NETWORK_PLUG_NETWORK, /* the bridge of a virtual network */
    NETWORK_PLUG_BRIDGE,  /* a bridge that was there before */
    NETWORK_PLUG_DIRECT,
    NETWORK_PLUG_HOSTDEV_PCI,
} NetworkPlugType;

typedef struct {
    char *uuid;
    char *owner_name, *owner_uuid;
    char *group;
    char *mac;
    NetworkVirtualPort *virtualport;
    DomainBandwidth *inbound, *outbound;
    int vlan_trunk;
    GPtrArray *vlan_tags; /* of DomainVlanTag */
    int isolated;         /* DomainTristate, as the next */
    int trust_rx_filters;
    int plug; /* NetworkPlugType */
    char *bridge, *mac_table_manager;
    char *link_dev, *mode; /* direct */
    char *managed, *driver;
    guint pci_domain, pci_bus, pci_slot, pci_function;
} NetworkPort;

NetworkPort *network_port_new(void);
NetworkPort *network_port_parse(const char *xml, guint flags, GError **error);
char *network_port_format(const NetworkPort *port);
NetworkPort *network_port_dup(const NetworkPort *port);
void network_port_free(NetworkPort *port); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkPort, network_port_free)

/* For a direction of a port: no limits yet. */
DomainBandwidth *network_bandwidth_new(void);
/* A direction without an average is one without a limit. */
void network_port_drop_empty_bandwidth(NetworkPort *port);

G_END_DECLS
