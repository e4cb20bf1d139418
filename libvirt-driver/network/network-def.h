/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * <network> as a struct: what net-define takes and net-dumpxml shows. Pure functions of their
 * arguments. Strings are owned, NULL: not given; 0 stands for "not given" in every enum.
 */
#pragma once

#include <domain-xml.h>

#include "inet.h"

G_BEGIN_DECLS

/* What NAT maps ports to where the definition does not say: all that need no privileges. */
#define NETWORK_NAT_PORT_FIRST 1024u
#define NETWORK_NAT_PORT_LAST  65535u

typedef enum {
    NETWORK_FORWARD_NONE, /* isolated */
    NETWORK_FORWARD_NAT,
    NETWORK_FORWARD_ROUTE,
    NETWORK_FORWARD_OPEN,
    NETWORK_FORWARD_BRIDGE,
    NETWORK_FORWARD_PRIVATE,
    NETWORK_FORWARD_VEPA,
    NETWORK_FORWARD_PASSTHROUGH,
    NETWORK_FORWARD_HOSTDEV,
    NETWORK_FORWARD_SAID_NONE, /* mode='none'; only while parsing */
} NetworkForwardMode;

typedef struct {
    char *dev;
    guint connections; /* live only */
} NetworkForwardInterface;

typedef struct {
    char *type;
    char *managerid, *typeid, *typeidversion, *instanceid, *interfaceid, *profileid;
} NetworkVirtualPort;

typedef struct {
    char *name;
    int is_default;  /* DomainTristate, as the next */
    int trust_rx_filters;
    int vlan_trunk;
    GPtrArray *vlan_tags; /* of DomainVlanTag */
    NetworkVirtualPort *virtualport;
    DomainBandwidth *inbound, *outbound;
} NetworkPortGroup;

typedef enum { NETWORK_LEASE_SECONDS = 1, NETWORK_LEASE_MINUTES, NETWORK_LEASE_HOURS } NetworkUnit;

typedef struct {
    guint64 expiry; /* 0: never */
    int unit;       /* NetworkUnit */
} NetworkLease;

typedef struct {
    char *start, *end;
    NetworkLease *lease;
} NetworkRange;

typedef struct {
    char *id, *mac, *name, *ip;
    NetworkLease *lease;
} NetworkHost;

typedef struct {
    char *family, *address, *netmask;
    guint prefix;  /* as given; network_ip_prefix() knows the rest */
    int local_ptr; /* DomainTristate */
    char *tftp_root;
    GPtrArray *ranges; /* of NetworkRange */
    GPtrArray *hosts;  /* of NetworkHost */
    char *boot_file, *boot_server;
} NetworkIp;

typedef struct {
    char *family, *address, *netmask;
    int prefix; /* -1: not given */
    char *gateway;
    guint metric;
} NetworkRoute;

typedef struct {
    char *domain, *addr;
} NetworkForwarder;

typedef struct {
    char *name, *value;
} NetworkTxt;

typedef struct {
    char *service, *protocol, *domain, *target;
    guint port, priority, weight;
} NetworkSrv;

typedef struct {
    char *text;
} NetworkName;

typedef struct {
    char *ip;
    GPtrArray *names; /* of NetworkName */
} NetworkDnsHost;

typedef struct {
    char *name, *uuid;
    guint connections;    /* live only */
    int ipv6;             /* DomainTristate: guests may talk IPv6 without an address of the
                             host's */
    int trust_rx_filters; /* DomainTristate */
    xmlNodePtr metadata;

    int forward;       /* NetworkForwardMode */
    char *forward_dev; /* the first interface's */
    char *managed, *forward_driver;
    int nat_ipv6;
    char *nat_start, *nat_end;
    guint nat_port_start, nat_port_end;
    char *pf;
    GPtrArray *interfaces; /* of NetworkForwardInterface */
    GPtrArray *addresses;  /* of DomainAddress: PCI functions */

    char *bridge, *zone, *mac_table_manager;
    int stp;   /* DomainTristate of on and off */
    int delay; /* seconds; -1: not given */
    guint mtu;
    char *mac;
    char *domain;
    int domain_local; /* DomainTristate */

    int dns_enable, dns_forward_plain; /* DomainTristate */
    GPtrArray *forwarders;             /* of NetworkForwarder */
    GPtrArray *txts;                   /* of NetworkTxt */
    GPtrArray *srvs;                   /* of NetworkSrv */
    GPtrArray *dns_hosts;              /* of NetworkDnsHost */

    int vlan_trunk;
    GPtrArray *vlan_tags; /* of DomainVlanTag */
    DomainBandwidth *inbound, *outbound;
    int isolated;      /* DomainTristate */
    GPtrArray *ips;    /* of NetworkIp */
    GPtrArray *routes; /* of NetworkRoute */
    NetworkVirtualPort *virtualport;
    GPtrArray *portgroups;      /* of NetworkPortGroup */
    GPtrArray *dnsmasq_options; /* of NetworkName */
} NetworkDef;

NetworkDef *network_def_parse(const char *xml, guint flags, GError **error);
/* flags: DomainXmlFormatFlags */
char *network_def_format(const NetworkDef *def, guint flags);
NetworkDef *network_def_dup(const NetworkDef *def);
void network_def_free(NetworkDef *def); /* NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NetworkDef, network_def_free)

/* Whether the host itself is part of it: nat, route, open, isolated. */
gboolean network_def_is_virtual(const NetworkDef *def);
const char *network_forward_name(int mode);
/* NULL: there is none of that name; NULL for the name: the default one. */
const NetworkPortGroup *network_def_find_portgroup(const NetworkDef *def, const char *name);

guint network_ip_prefix(const NetworkIp *ip);
gboolean network_ip_is_v6(const NetworkIp *ip);
gboolean network_ip_has_dhcp(const NetworkIp *ip);
guint network_route_prefix(const NetworkRoute *route);
/* "192.168.122.0/24" */
char *network_ip_cidr(const NetworkIp *ip);

G_END_DECLS
