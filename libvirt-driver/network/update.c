/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each section is a list of elements of one class. A row says which list, when two elements are the
 * same thing, and whether an element may be replaced; the verbs are the same for all.
 */
#include "update.h"

#include <string.h>

#include "xml-doc.h"
#include "network-classes.h"

G_DEFINE_QUARK(kanzend-network-update-error, network_update_error)

/* How much of a wanted element must be found in one that is there. */
typedef enum {
    MATCH_ADD,    /* they cannot both be there */
    MATCH_MODIFY, /* the wanted one replaces it */
    MATCH_DELETE, /* the wanted one names it */
} MatchKind;

typedef struct {
    const char *element; /* of the update's XML */
    const char *what;
    const XmlClass *class;
    gsize list; /* in NetworkDef, or in NetworkIp */
    gboolean in_ip;
    gboolean can_modify;
    gboolean (*matches)(gconstpointer wanted, gconstpointer present, MatchKind kind);
    gboolean (*check)(NetworkDef *def, const NetworkIp *ip, gpointer element, xmlNodePtr node,
                      GError **error); /* of one to be there afterwards */
    guint (*users)(gconstpointer present); /* how many guests need it; NULL: it is no matter */
} Section;

static gboolean invalid(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean invalid(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, NETWORK_UPDATE_ERROR, NETWORK_UPDATE_ERROR_INVALID, what);
    return FALSE;
}

/* ---- what is the same ---- */

static gboolean equal(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static gboolean equal_or_unsaid(const char *wanted, const char *present)
{
    return wanted == NULL || equal(wanted, present);
}

static gboolean host_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    const NetworkHost *a = wanted, *b = present;

    if (kind == MATCH_DELETE)
        return equal_or_unsaid(a->id, b->id) && equal_or_unsaid(a->mac, b->mac) &&
               equal_or_unsaid(a->name, b->name) && equal_or_unsaid(a->ip, b->ip);
    return equal(a->mac, b->mac) || equal(a->id, b->id) || equal(a->name, b->name) ||
           (kind == MATCH_ADD && equal(a->ip, b->ip));
}

static gboolean range_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    const NetworkRange *a = wanted, *b = present;

    return equal(a->start, b->start) && equal(a->end, b->end);
}

static gboolean interface_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    return equal(((const NetworkForwardInterface *)wanted)->dev,
                 ((const NetworkForwardInterface *)present)->dev);
}

static guint interface_users(gconstpointer present)
{
    return ((const NetworkForwardInterface *)present)->connections;
}

static gboolean portgroup_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    return equal(((const NetworkPortGroup *)wanted)->name,
                 ((const NetworkPortGroup *)present)->name);
}

/* One name may have several addresses, so that to be added is not compared by names. */
static gboolean dns_host_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    const NetworkDnsHost *a = wanted, *b = present;

    if (equal(a->ip, b->ip))
        return TRUE;
    for (guint i = 0; kind == MATCH_DELETE && i < a->names->len; i++)
        for (guint j = 0; j < b->names->len; j++)
            if (equal(((NetworkName *)a->names->pdata[i])->text,
                      ((NetworkName *)b->names->pdata[j])->text))
                return TRUE;
    return FALSE;
}

static gboolean txt_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    return equal(((const NetworkTxt *)wanted)->name, ((const NetworkTxt *)present)->name);
}

static gboolean srv_matches(gconstpointer wanted, gconstpointer present, MatchKind kind)
{
    const NetworkSrv *a = wanted, *b = present;

    return equal_or_unsaid(a->domain, b->domain) && equal_or_unsaid(a->service, b->service) &&
           equal_or_unsaid(a->protocol, b->protocol) && equal_or_unsaid(a->target, b->target);
}

/* ---- what may be there ---- */

/* dnsmasq serves one range of each family on an interface. */
static gboolean check_one_dhcp(const NetworkDef *def, const NetworkIp *ip, GError **error)
{
    for (guint i = 0; i < def->ips->len; i++) {
        const NetworkIp *other = def->ips->pdata[i];
        gboolean is_v6 = network_ip_is_v6(ip);

        if (other != ip && network_ip_has_dhcp(other) && network_ip_is_v6(other) == is_v6)
            return invalid(error, "dhcp is supported only for a single %s address on each network",
                           is_v6 ? "IPv6" : "IPv4");
    }
    return TRUE;
}

static gboolean check_host(NetworkDef *def, const NetworkIp *ip, gpointer element, xmlNodePtr node,
                           GError **error)
{
    return network_host_check_complete(element, network_ip_is_v6(ip), node, error) &&
           check_one_dhcp(def, ip, error);
}

static gboolean check_range(NetworkDef *def, const NetworkIp *ip, gpointer element, xmlNodePtr node,
                            GError **error)
{
    return network_range_check_in(element, ip, node, error) && check_one_dhcp(def, ip, error);
}

static gboolean check_interface(NetworkDef *def, const NetworkIp *ip, gpointer element,
                                xmlNodePtr node, GError **error)
{
    if (def->forward == NETWORK_FORWARD_NONE || def->forward == NETWORK_FORWARD_OPEN ||
        def->pf != NULL || def->addresses->len > 0)
        return invalid(error, "network '%s' cannot have forward interfaces", def->name);
    return TRUE;
}

static gboolean check_portgroup(NetworkDef *def, const NetworkIp *ip, gpointer element,
                                xmlNodePtr node, GError **error)
{
    const NetworkPortGroup *group = element;
    const NetworkPortGroup *the_default = network_def_find_portgroup(def, NULL);

    if (group->is_default == DOMAIN_YES && the_default != NULL &&
        strcmp(the_default->name, group->name) != 0)
        return invalid(error,
                       "a different portgroup entry in network '%s' is already set as the default. "
                       "Only one default is allowed.",
                       def->name);
    return TRUE;
}

static gboolean check_dns_on(const NetworkDef *def, GError **error)
{
    return def->dns_enable != DOMAIN_NO ||
           invalid(error, "DNS is disabled in network '%s'", def->name);
}

static gboolean check_dns_host(NetworkDef *def, const NetworkIp *ip, gpointer element,
                               xmlNodePtr node, GError **error)
{
    return network_dns_host_check_complete(element, node, error) && check_dns_on(def, error);
}

static gboolean check_txt(NetworkDef *def, const NetworkIp *ip, gpointer element, xmlNodePtr node,
                          GError **error)
{
    return network_txt_check_complete(element, node, error) && check_dns_on(def, error);
}

static gboolean check_srv(NetworkDef *def, const NetworkIp *ip, gpointer element, xmlNodePtr node,
                          GError **error)
{
    return network_srv_check_complete(element, node, error) && check_dns_on(def, error);
}

#define D(field) offsetof(NetworkDef, field)
static const Section sections[NETWORK_SECTION_COUNT] = {
    [NETWORK_SECTION_BRIDGE] = { NULL, "bridge" },
    [NETWORK_SECTION_DOMAIN] = { NULL, "domain" },
    [NETWORK_SECTION_IP] = { NULL, "ip" },
    [NETWORK_SECTION_IP_DHCP_HOST] = { "host", "dhcp host", &network_host_class,
                                       offsetof(NetworkIp, hosts), TRUE, TRUE, host_matches,
                                       check_host },
    [NETWORK_SECTION_IP_DHCP_RANGE] = { "range", "dhcp range", &network_range_class,
                                        offsetof(NetworkIp, ranges), TRUE, FALSE, range_matches,
                                        check_range },
    [NETWORK_SECTION_FORWARD] = { NULL, "forward" },
    [NETWORK_SECTION_FORWARD_INTERFACE] = { "interface", "forward interface",
                                            &network_forward_interface_class, D(interfaces), FALSE,
                                            FALSE, interface_matches, check_interface,
                                            interface_users },
    [NETWORK_SECTION_FORWARD_PF] = { NULL, "forward pf" },
    [NETWORK_SECTION_PORTGROUP] = { "portgroup", "portgroup", &network_port_group_class,
                                    D(portgroups), FALSE, TRUE, portgroup_matches,
                                    check_portgroup },
    [NETWORK_SECTION_DNS_HOST] = { "host", "DNS HOST", &network_dns_host_class, D(dns_hosts), FALSE,
                                   FALSE, dns_host_matches, check_dns_host },
    [NETWORK_SECTION_DNS_TXT] = { "txt", "DNS TXT", &network_txt_class, D(txts), FALSE, FALSE,
                                  txt_matches, check_txt },
    [NETWORK_SECTION_DNS_SRV] = { "srv", "DNS SRV", &network_srv_class, D(srvs), FALSE, FALSE,
                                  srv_matches, check_srv },
};
#undef D

/* ---- which <ip> ---- */

/* Not said: the one that has DHCP, else the first of IPv4. */
static NetworkIp *find_ip(NetworkDef *def, int parent_index, const char *what, GError **error)
{
    if (parent_index >= 0) {
        if ((guint)parent_index < def->ips->len)
            return def->ips->pdata[parent_index];
        invalid(error,
                "couldn't update %s entry - no <ip> element found at index %d in network '%s'",
                what, parent_index, def->name);
        return NULL;
    }
    for (guint i = 0; i < def->ips->len; i++)
        if (network_ip_has_dhcp(def->ips->pdata[i]))
            return def->ips->pdata[i];
    for (guint i = 0; i < def->ips->len; i++)
        if (!network_ip_is_v6(def->ips->pdata[i]))
            return def->ips->pdata[i];
    invalid(error, "couldn't update %s entry - no <ip> element found in network '%s'", what,
            def->name);
    return NULL;
}

/* ---- the verbs ---- */

typedef struct {
    const Section *section;
    NetworkDef *def;
    const NetworkIp *ip;
    GPtrArray *list;
    xmlNodePtr node;
    gpointer element;
} Update;

static guint count_matches(const Update *u, MatchKind kind, guint *ret_first)
{
    guint n = 0;

    for (guint i = u->list->len; i > 0; i--) {
        if (!u->section->matches(u->element, u->list->pdata[i - 1], kind))
            continue;
        *ret_first = i - 1;
        n++;
    }
    return n;
}

static gboolean check(const Update *u, GError **error)
{
    return u->section->check(u->def, u->ip, u->element, u->node, error);
}

static gboolean add(Update *u, gboolean first, GError **error)
{
    guint index;

    if (!check(u, error))
        return FALSE;
    if (count_matches(u, MATCH_ADD, &index) > 0)
        return invalid(error,
                       "there is an existing %s entry in network '%s' that matches the new one",
                       u->section->what, u->def->name);
    g_ptr_array_insert(u->list, first ? 0 : -1, g_steal_pointer(&u->element));
    return TRUE;
}

static gboolean find_one(const Update *u, MatchKind kind, guint *ret_index, GError **error)
{
    guint n = count_matches(u, kind, ret_index);

    if (n == 0)
        return invalid(error, "couldn't locate a matching %s entry in network '%s'",
                       u->section->what, u->def->name);
    return n == 1 || invalid(error, "multiple matching %s entries were found in network '%s'",
                             u->section->what, u->def->name);
}

static gboolean modify(Update *u, GError **error)
{
    guint index;

    if (!u->section->can_modify)
        return invalid(error, "%s entries cannot be modified, only added or deleted",
                       u->section->what);
    if (!check(u, error) || !find_one(u, MATCH_MODIFY, &index, error))
        return FALSE;
    u->section->class->destroy(u->list->pdata[index]);
    u->list->pdata[index] = g_steal_pointer(&u->element);
    return TRUE;
}

static gboolean delete(Update *u, GError **error)
{
    guint index;

    if (!find_one(u, MATCH_DELETE, &index, error))
        return FALSE;
    guint users = u->section->users != NULL ? u->section->users(u->list->pdata[index]) : 0;
    if (users > 0)
        return invalid(error, "unable to delete %s in network '%s': it is used by %u domains",
                       u->section->what, u->def->name, users);
    g_ptr_array_remove_index(u->list, index);
    return TRUE;
}

static gboolean apply(Update *u, guint command, GError **error)
{
    switch (command) {
    case NETWORK_UPDATE_MODIFY:
        return modify(u, error);
    case NETWORK_UPDATE_DELETE:
        return delete (u, error);
    case NETWORK_UPDATE_ADD_LAST:
    case NETWORK_UPDATE_ADD_FIRST:
        return add(u, command == NETWORK_UPDATE_ADD_FIRST, error);
    default:
        g_set_error(error, NETWORK_UPDATE_ERROR, NETWORK_UPDATE_ERROR_ARGUMENT,
                    "unrecognized network update command code %u", command);
        return FALSE;
    }
}

static const Section *find_section(const NetworkDef *def, guint number, GError **error)
{
    const Section *section = number < NETWORK_SECTION_COUNT ? &sections[number] : NULL;

    if (section == NULL || section->what == NULL)
        g_set_error(error, NETWORK_UPDATE_ERROR, NETWORK_UPDATE_ERROR_ARGUMENT,
                    "can't update unrecognized section of network '%s'", def->name);
    else if (section->element == NULL)
        g_set_error(error, NETWORK_UPDATE_ERROR, NETWORK_UPDATE_ERROR_UNSUPPORTED,
                    "can't update '%s' section of network '%s'", section->what, def->name);
    else
        return section;
    return NULL;
}

gboolean network_def_update(NetworkDef *def, guint command, guint number, int parent_index,
                            const char *xml, GError **error)
{
    const Section *section = find_section(def, number, error);

    if (section == NULL)
        return FALSE;
    g_autoptr(XmlDocument) doc = xml_document_parse(xml, "(network_update)", error);
    if (doc == NULL)
        return FALSE;
    Update u = { .section = section, .def = def, .node = xmlDocGetRootElement(doc) };
    if (strcmp((const char *)u.node->name, section->element) != 0)
        return bad_element(error, u.node, "unexpected element <%s>, expecting <%s>",
                           (const char *)u.node->name, section->element);
    if (section->in_ip) {
        u.ip = find_ip(def, parent_index, section->what, error);
        if (u.ip == NULL)
            return FALSE;
    }
    u.list =
        G_STRUCT_MEMBER(GPtrArray *, section->in_ip ? (gconstpointer)u.ip : def, section->list);
    u.element = xml_object_new(section->class);
    gboolean ok = xml_object_parse(section->class, u.element, u.node, DOMAIN_XML_PARSE_INACTIVE,
                                   error) &&
                  apply(&u, command, error);
    xml_object_free(section->class, u.element);
    if (ok)
        network_def_settle_forward(def);
    return ok;
}
