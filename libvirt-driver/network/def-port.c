/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What networks and their port groups and ports have in common: VLANs, bandwidth, virtual ports. */
#include "network-classes.h"

#include <string.h>

static const char *const virtualport_types[] = { "",        "none",        "802.1Qbg", "802.1Qbh",
                                                 "midonet", "openvswitch", NULL };

#define F(field) offsetof(NetworkVirtualPort, field)
static const XmlRow virtual_port_rows[] = {
    { "@type", XML_STRING, F(type), .words = virtualport_types },
    { "parameters/@managerid", XML_STRING, F(managerid), XML_DECIMAL },
    { "parameters/@typeid", XML_STRING, F(typeid), XML_DECIMAL },
    { "parameters/@typeidversion", XML_STRING, F(typeidversion), XML_DECIMAL },
    { "parameters/@instanceid", XML_STRING, F(instanceid) },
    { "parameters/@interfaceid", XML_STRING, F(interfaceid) },
    { "parameters/@profileid", XML_STRING, F(profileid) },
};
#undef F
XML_CLASS_DEFINE(network_virtual_port_class, NetworkVirtualPort, virtual_port_rows, NULL)

gboolean network_vlan_check(int *trunk, const GPtrArray *tags, xmlNodePtr node, GError **error)
{
    gboolean needs_trunk = tags->len > 1;
    guint natives = 0;

    for (guint i = 0; i < tags->len; i++)
        natives += ((DomainVlanTag *)tags->pdata[i])->native_mode != NULL;
    if (natives > 1)
        return bad_element(error, node, "duplicate native vlan setting");
    needs_trunk |= natives > 0;
    if (*trunk == DOMAIN_NO && needs_trunk)
        return bad_element(error, node,
                           "invalid \"trunk='no'\" in <vlan> - trunk='yes' is required for more "
                           "than one vlan tag or a native mode");
    if (*trunk == DOMAIN_YES && tags->len == 0)
        return bad_element(error, node,
                           "missing tag id - each <vlan> must have at least one <tag>");
    *trunk = needs_trunk || *trunk == DOMAIN_YES ? DOMAIN_YES : DOMAIN_ABSENT;
    return TRUE;
}

static gboolean check_rate(const DomainBandwidth *rate, xmlNodePtr node, GError **error)
{
    if (rate == NULL || rate->average > 0)
        return TRUE;
    if (rate->floor == 0)
        return bad_element(error, node, "Missing mandatory average or floor attributes");
    return (rate->peak == 0 && rate->burst == 0) ||
           bad_element(error, node, "'peak' and 'burst' require 'average' attribute");
}

gboolean network_bandwidth_check(const DomainBandwidth *inbound, const DomainBandwidth *outbound,
                                 xmlNodePtr node, GError **error)
{
    if (outbound != NULL && outbound->floor > 0)
        return bad_element(error, node, "'floor' attribute allowed only in <inbound> element");
    return check_rate(inbound, node, error) && check_rate(outbound, node, error);
}

gboolean network_bandwidth_check_no_floor(const DomainBandwidth *inbound,
                                          const DomainBandwidth *outbound, xmlNodePtr node,
                                          GError **error)
{
    if (inbound != NULL && inbound->floor > 0) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                    "floor attribute is not supported for this config");
        return FALSE;
    }
    return network_bandwidth_check(inbound, outbound, node, error);
}

#define F(field) offsetof(NetworkPortGroup, field)
static const XmlRow port_group_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "@default", XML_WORD, F(is_default), .words = xml_yes_no },
    { "@trustGuestRxFilters", XML_WORD, F(trust_rx_filters), .words = xml_yes_no },
    { "vlan/@trunk", XML_WORD, F(vlan_trunk), .words = xml_yes_no },
    { "vlan/tag", XML_LIST, F(vlan_tags), .item = &domain_vlan_tag_class },
    { "virtualport", XML_OBJECT, F(virtualport), .item = &network_virtual_port_class },
    { "bandwidth/inbound", XML_OBJECT, F(inbound), .item = &domain_bandwidth_class },
    { "bandwidth/outbound", XML_OBJECT, F(outbound), .item = &domain_bandwidth_class },
};
#undef F

static gboolean port_group_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkPortGroup *group = object;

    if (group->is_default == DOMAIN_NO)
        group->is_default = DOMAIN_ABSENT;
    return network_vlan_check(&group->vlan_trunk, group->vlan_tags, node, error) &&
           network_bandwidth_check_no_floor(group->inbound, group->outbound, node, error);
}
XML_CLASS_DEFINE_OPEN(network_port_group_class, NetworkPortGroup, port_group_rows, port_group_check)
