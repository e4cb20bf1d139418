/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <dns>. What an entry must have is checked by the functions ..._check_complete: an update that
 * removes one may name a part of it only. */
#include "network-classes.h"

#include <string.h>

static const char *const protocols[] = { "", "tcp", "udp", NULL };

/* dnsmasq's configuration has a setting a line, with commas between fields. */
static gboolean check_text(const char *text, gboolean may_have_blank, const char *what,
                           xmlNodePtr node, GError **error)
{
    if (text == NULL)
        return TRUE;
    for (const char *p = text; *p != '\0'; p++)
        if (g_ascii_iscntrl(*p) || (!may_have_blank && (*p == ' ' || *p == ',')))
            return bad_element(error, node, "Invalid %s '%s' in DNS record", what, text);
    return TRUE;
}

#define F(field) offsetof(NetworkForwarder, field)
static const XmlRow forwarder_rows[] = {
    { "@domain", XML_STRING, F(domain) },
    { "@addr", XML_STRING, F(addr) },
};
#undef F

static gboolean forwarder_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkForwarder *forwarder = object;

    if (forwarder->domain == NULL && forwarder->addr == NULL)
        return bad_element(
            error, node, "Invalid forwarder element, must contain at least one of addr or domain");
    return check_text(forwarder->domain, FALSE, "domain", node, error) &&
           normalise_address(&forwarder->addr, node, error);
}
XML_CLASS_DEFINE(network_forwarder_class, NetworkForwarder, forwarder_rows, forwarder_check)

#define F(field) offsetof(NetworkTxt, field)
static const XmlRow txt_rows[] = {
    { "@name", XML_STRING, F(name), XML_REQUIRED },
    { "@value", XML_STRING, F(value) },
};
#undef F

static gboolean txt_check(gpointer object, xmlNodePtr node, GError **error)
{
    const NetworkTxt *txt = object;

    return check_text(txt->name, FALSE, "name", node, error) &&
           check_text(txt->value, TRUE, "value", node, error);
}
XML_CLASS_DEFINE(network_txt_class, NetworkTxt, txt_rows, txt_check)

gboolean network_txt_check_complete(const NetworkTxt *txt, xmlNodePtr node, GError **error)
{
    return txt->value != NULL ||
           bad_element(error, node, "missing required value in DNS TXT record '%s'", txt->name);
}

#define F(field) offsetof(NetworkSrv, field)
static const XmlRow srv_rows[] = {
    { "@service", XML_STRING, F(service) },
    { "@protocol", XML_STRING, F(protocol), .words = protocols },
    { "@domain", XML_STRING, F(domain) },
    { "@target", XML_STRING, F(target) },
    { "@port", XML_UINT, F(port), XML_NONZERO, .max = 65535 },
    { "@priority", XML_UINT, F(priority), .max = 65535 },
    { "@weight", XML_UINT, F(weight), .max = 65535 },
};
#undef F

static gboolean srv_check(gpointer object, xmlNodePtr node, GError **error)
{
    const NetworkSrv *srv = object;

    return check_text(srv->service, FALSE, "service", node, error) &&
           check_text(srv->domain, FALSE, "domain", node, error) &&
           check_text(srv->target, FALSE, "target", node, error);
}
XML_CLASS_DEFINE(network_srv_class, NetworkSrv, srv_rows, srv_check)

gboolean network_srv_check_complete(const NetworkSrv *srv, xmlNodePtr node, GError **error)
{
    if (srv->service == NULL)
        return bad_element(error, node, "missing required service attribute in DNS SRV record");
    if (srv->protocol == NULL)
        return bad_element(error, node,
                           "missing required protocol attribute in DNS SRV record '%s'",
                           srv->service);
    return srv->target != NULL || srv->port == 0 ||
           bad_element(error, node,
                       "DNS SRV port attribute not permitted without target for service '%s'",
                       srv->service);
}

#define F(field) offsetof(NetworkName, field)
static const XmlRow name_rows[] = { { ".", XML_STRING, F(text) } };
static const XmlRow option_rows[] = { { "@value", XML_STRING, F(text), XML_REQUIRED } };
#undef F

static gboolean name_check(gpointer object, xmlNodePtr node, GError **error)
{
    const NetworkName *name = object;

    if (name->text == NULL)
        return bad_element(error, node, "Missing hostname in DNS HOST record");
    return check_text(name->text, FALSE, "hostname", node, error);
}
XML_CLASS_DEFINE(network_name_class, NetworkName, name_rows, name_check)

static gboolean option_check(gpointer object, xmlNodePtr node, GError **error)
{
    const NetworkName *option = object;

    if (*option->text == '\0')
        return bad_element(error, node, "dnsmasq option without a value");
    return check_text(option->text, TRUE, "dnsmasq option", node, error);
}
XML_CLASS_DEFINE(network_option_class, NetworkName, option_rows, option_check)

#define F(field) offsetof(NetworkDnsHost, field)
static const XmlRow dns_host_rows[] = {
    { "@ip", XML_STRING, F(ip) },
    { "hostname", XML_LIST, F(names), .item = &network_name_class },
};
#undef F

static gboolean dns_host_check(gpointer object, xmlNodePtr node, GError **error)
{
    NetworkDnsHost *host = object;

    if (host->ip == NULL && host->names->len == 0)
        return bad_element(error, node, "Missing ip and hostname in DNS HOST record");
    return normalise_address(&host->ip, node, error);
}
XML_CLASS_DEFINE(network_dns_host_class, NetworkDnsHost, dns_host_rows, dns_host_check)

gboolean network_dns_host_check_complete(const NetworkDnsHost *host, xmlNodePtr node,
                                         GError **error)
{
    if (host->ip == NULL)
        return bad_element(error, node, "Missing IP address in DNS HOST record");
    return host->names->len > 0 ||
           bad_element(error, node, "Missing hostname in DNS HOST record '%s'", host->ip);
}
