/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <interface> of the host, as a struct. Strings are owned, NULL: not given; so is 0 of numbers. */
#pragma once

#include <domain-xml.h>

G_BEGIN_DECLS

typedef enum {
    INTERFACE_ETHERNET = 1,
    INTERFACE_BRIDGE,
    INTERFACE_BOND,
    INTERFACE_VLAN,
} InterfaceType;

typedef struct {
    char *address;
    guint prefix;
} InterfaceIp;

typedef struct {
    char *family; /* "ipv4", "ipv6" */
    gboolean autoconf, dhcp;
    char *peerdns;
    GPtrArray *ips; /* of InterfaceIp */
    char *gateway;
} InterfaceProtocol;

typedef struct {
    int type; /* InterfaceType */
    char *name;
    char *link_state; /* live only, as the next */
    guint link_speed; /* Mbit/s */
    char *start;      /* "none", "onboot", "hotplug" */
    char *mac;
    guint mtu;
    GPtrArray *protocols; /* of InterfaceProtocol */

    int stp;          /* DomainTristate: on, off */
    char *delay;      /* seconds, with a fraction */
    GPtrArray *ports; /* of a bridge or bond: of InterfaceDef */

    char *bond_mode;
    guint mii_freq, mii_up_delay, mii_down_delay;
    char *mii_carrier; /* "ioctl", "netif" */
    guint arp_interval;
    char *arp_target, *arp_validate;

    guint vlan_tag;
    char *vlan_device;
} InterfaceDef;

InterfaceDef *interface_def_new(void);
InterfaceDef *interface_def_parse(const char *xml, guint flags, GError **error);
char *interface_def_format(const InterfaceDef *def);
void interface_def_free(InterfaceDef *def); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(InterfaceDef, interface_def_free)

const char *interface_type_name(int type);
/* That family's; it is made when there is none. */
InterfaceProtocol *interface_protocol(InterfaceDef *def, const char *family);
void interface_protocol_add_ip(InterfaceProtocol *protocol, const char *address, guint prefix);

G_END_DECLS
