/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The classes of the tables behind NetworkDef, and their checks. */
#pragma once

#include "def-classes.h"
#include "network-def.h"

G_BEGIN_DECLS

extern const XmlClass network_def_class;
extern const XmlClass network_ip_class;
extern const XmlClass network_range_class;
extern const XmlClass network_host_class;
extern const XmlClass network_route_class;
extern const XmlClass network_forwarder_class;
extern const XmlClass network_txt_class;
extern const XmlClass network_srv_class;
extern const XmlClass network_dns_host_class;
extern const XmlClass network_name_class;
extern const XmlClass network_option_class;
extern const XmlClass network_forward_interface_class;
extern const XmlClass network_virtual_port_class;
extern const XmlClass network_port_group_class;

/* An error about the element; FALSE. */
#define bad_element(error, node, ...)                                                              \
    (xml_error((error), DOMAIN_XML_ERROR_SYNTAX, (node), NULL, __VA_ARGS__), FALSE)

/* Replaces *text by its usual spelling; an error when it is no address. NULL stays. */
gboolean normalise_address(char **text, xmlNodePtr node, GError **error);
/* What an update that only looks for an entry may leave out is checked here instead. */
gboolean network_host_check_complete(const NetworkHost *host, gboolean is_v6, xmlNodePtr node,
                                     GError **error);
gboolean network_range_check_in(const NetworkRange *range, const NetworkIp *ip, xmlNodePtr node,
                                GError **error);
gboolean network_srv_check_complete(const NetworkSrv *srv, xmlNodePtr node, GError **error);
gboolean network_txt_check_complete(const NetworkTxt *txt, xmlNodePtr node, GError **error);
gboolean network_dns_host_check_complete(const NetworkDnsHost *host, xmlNodePtr node,
                                         GError **error);
gboolean network_vlan_check(int *trunk, const GPtrArray *tags, xmlNodePtr node, GError **error);
gboolean network_bandwidth_check(const DomainBandwidth *inbound, const DomainBandwidth *outbound,
                                 xmlNodePtr node, GError **error);
/* The same where no minimum can be promised: of a whole network and its port groups. */
gboolean network_bandwidth_check_no_floor(const DomainBandwidth *inbound,
                                          const DomainBandwidth *outbound, xmlNodePtr node,
                                          GError **error);

/* What depends on several elements; also completes what is implied. node: <network>. */
gboolean network_def_check(gpointer object, xmlNodePtr node, GError **error);
/* forward_dev follows the interfaces. */
void network_def_settle_forward(NetworkDef *def);

G_END_DECLS
