/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dnsmasq-conf.h"

#include <string.h>

#include "xml-value.h"

typedef struct {
    const NetworkDef *def;
    const char *dir;
    gboolean want_dns;
    const NetworkIp *dhcp4, *dhcp6; /* those with DHCP, or NULL */
    GString *out;
} Conf;

/* Names are escaped as XML text, as libvirt does: then the path stands in the configuration as it
 * is, where a quote would begin a string. So would a '#' begin a comment. */
char *dnsmasq_path(const char *dir, const NetworkDef *def, const char *suffix)
{
    GString *path = g_string_new(dir);

    g_string_append_c(path, '/');
    xml_escape(path, def->name, FALSE);
    g_string_replace(path, "#", "%23", 0);
    g_string_append_printf(path, ".%s", suffix);
    return g_string_free(path, FALSE);
}

gboolean dnsmasq_wanted(const NetworkDef *def)
{
    if (!network_def_is_virtual(def) || def->ips->len == 0)
        return FALSE;
    if (def->dns_enable != DOMAIN_NO)
        return TRUE;
    for (guint i = 0; i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];
        if (network_ip_has_dhcp(ip) || ip->tftp_root != NULL || network_ip_is_v6(ip))
            return TRUE;
    }
    return FALSE;
}

/* ---- DNS ---- */

static void add_forwarders(const Conf *c)
{
    gboolean no_resolv = FALSE;

    for (guint i = 0; i < c->def->forwarders->len; i++) {
        const NetworkForwarder *forwarder = c->def->forwarders->pdata[i];

        g_string_append(c->out, "server=");
        if (forwarder->domain != NULL)
            g_string_append_printf(c->out, "/%s/", forwarder->domain);
        else
            no_resolv = TRUE;
        g_string_append_printf(c->out, "%s\n", forwarder->addr != NULL ? forwarder->addr : "#");
    }
    if (no_resolv)
        g_string_append(c->out, "no-resolv\n");
}

static void add_domain(const Conf *c)
{
    if (c->def->domain == NULL)
        return;
    if (c->def->domain_local == DOMAIN_YES)
        g_string_append_printf(c->out, "local=/%s/\n", c->def->domain);
    g_string_append_printf(c->out, "domain=%s\nexpand-hosts\n", c->def->domain);
}

/* "122.168.192.in-addr.arpa": whole octets, or with IPv6 nibbles, of the prefix, last first. */
static char *reverse_zone(const NetworkIp *ip, GError **error)
{
    guint prefix = network_ip_prefix(ip);
    GString *zone = g_string_new(NULL);
    InetAddress address;

    inet_parse(ip->address, &address);
    guint step = address.family == AF_INET6 ? 4 : 8;
    if (prefix == 0 || prefix % step != 0) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                    "PTR domain for %s network with prefix %u cannot be automatically created",
                    step == 4 ? "IPv6" : "IPv4", prefix);
        g_string_free(zone, TRUE);
        return NULL;
    }
    for (guint i = prefix / step; i > 0; i--) {
        if (step == 8)
            g_string_append_printf(zone, "%u.", address.bytes[i - 1]);
        else
            g_string_append_printf(
                zone, "%x.", (guint)(address.bytes[(i - 1) / 2] >> (i % 2 == 1 ? 4 : 0)) & 15);
    }
    g_string_append(zone, step == 8 ? "in-addr.arpa" : "ip6.arpa");
    return g_string_free(zone, FALSE);
}

static gboolean add_local_ptrs(const Conf *c, GError **error)
{
    for (guint i = 0; i < c->def->ips->len; i++) {
        const NetworkIp *ip = c->def->ips->pdata[i];

        if (ip->local_ptr != DOMAIN_YES)
            continue;
        g_autofree char *zone = reverse_zone(ip, error);
        if (zone == NULL)
            return FALSE;
        g_string_append_printf(c->out, "local=/%s/\n", zone);
    }
    return TRUE;
}

/* Fields may be left out from the right only; the defaults are those of RFC 2782's users. */
static void add_srv(const Conf *c, const NetworkSrv *srv)
{
    g_string_append_printf(c->out, "srv-host=_%s._%s", srv->service, srv->protocol);
    if (srv->domain != NULL)
        g_string_append_printf(c->out, ".%s", srv->domain);
    /* RFC 2782: a target of "." says that there is no such service. */
    if (srv->target != NULL && strcmp(srv->target, ".") != 0) {
        gboolean has_priority = srv->priority > 0 || srv->weight > 0;

        g_string_append_printf(c->out, ",%s", srv->target);
        if (srv->port > 0 || has_priority)
            g_string_append_printf(c->out, ",%u", MAX(srv->port, 1));
        if (has_priority)
            g_string_append_printf(c->out, ",%u", srv->priority);
        if (srv->weight > 0)
            g_string_append_printf(c->out, ",%u", srv->weight);
    }
    g_string_append_c(c->out, '\n');
}

static void add_records(const Conf *c)
{
    for (guint i = 0; i < c->def->txts->len; i++) {
        const NetworkTxt *txt = c->def->txts->pdata[i];
        g_string_append_printf(c->out, "txt-record=%s,%s\n", txt->name, txt->value);
    }
    for (guint i = 0; i < c->def->srvs->len; i++)
        add_srv(c, c->def->srvs->pdata[i]);
}

static gboolean add_dns(const Conf *c, GError **error)
{
    if (!c->want_dns)
        g_string_append(c->out, "port=0\n");
    else
        add_forwarders(c);
    add_domain(c);
    if (!c->want_dns)
        return TRUE;
    if (!add_local_ptrs(c, error))
        return FALSE;
    if (c->def->dns_forward_plain == DOMAIN_NO)
        g_string_append(c->out, "domain-needed\nlocal=//\n");
    return TRUE;
}

/* ---- DHCP ---- */

static char *lease_time(const NetworkLease *lease)
{
    static const char units[] = { [NETWORK_LEASE_SECONDS] = 's',
                                  [NETWORK_LEASE_MINUTES] = 'm',
                                  [NETWORK_LEASE_HOURS] = 'h' };

    if (lease == NULL)
        return g_strdup("");
    if (lease->expiry == 0)
        return g_strdup(",infinite");
    return g_strdup_printf(",%" G_GUINT64_FORMAT "%c", lease->expiry, units[lease->unit]);
}

static gint64 add_range(const Conf *c, const NetworkIp *ip, const NetworkRange *range)
{
    gboolean is_v6 = network_ip_is_v6(ip);
    guint prefix = network_ip_prefix(ip);
    g_autofree char *mask =
        is_v6 ? g_strdup_printf("%u", prefix) : inet_netmask_text(AF_INET, prefix);
    g_autofree char *time = lease_time(range->lease);
    InetAddress start, end;

    g_string_append_printf(c->out, "dhcp-range=%s,%s,%s%s\n", range->start, range->end, mask, time);
    inet_parse(range->start, &start);
    inet_parse(range->end, &end);
    return inet_range_size(&start, &end, G_MAXINT32);
}

static void add_ipv4_options(const Conf *c, const NetworkIp *ip)
{
    g_string_append(c->out, "dhcp-no-override\ndhcp-authoritative\n");
    if (ip->boot_file == NULL)
        return;
    g_string_append_printf(c->out, "dhcp-boot=%s", ip->boot_file);
    if (ip->boot_server != NULL)
        g_string_append_printf(c->out, ",,%s", ip->boot_server);
    g_string_append_c(c->out, '\n');
}

/* Without a range dnsmasq needs to hear that its static hosts are meant. */
static gint64 add_dhcp(const Conf *c, const NetworkIp *ip)
{
    gint64 leases = 0;

    if (ip == NULL)
        return 0;
    for (guint i = 0; i < ip->ranges->len; i++)
        leases += add_range(c, ip, ip->ranges->pdata[i]);
    if (ip->ranges->len == 0 && network_ip_is_v6(ip))
        g_string_append_printf(c->out, "dhcp-range=%s,static,%u\n", ip->address,
                               network_ip_prefix(ip));
    else if (ip->ranges->len == 0)
        g_string_append_printf(c->out, "dhcp-range=%s,static\n", ip->address);
    if (!network_ip_is_v6(ip))
        add_ipv4_options(c, ip);
    return leases;
}

static gboolean find_dhcp(Conf *c, GError **error)
{
    for (guint i = 0; i < c->def->ips->len; i++) {
        const NetworkIp *ip = c->def->ips->pdata[i];
        gboolean is_v6 = network_ip_is_v6(ip);
        const NetworkIp **place = is_v6 ? &c->dhcp6 : &c->dhcp4;

        if (!network_ip_has_dhcp(ip))
            continue;
        if (*place != NULL) {
            g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                        "For %s, multiple DHCP definitions cannot be specified.",
                        is_v6 ? "IPv6" : "IPv4");
            return FALSE;
        }
        *place = ip;
    }
    return TRUE;
}

static void add_tftp(const Conf *c)
{
    for (guint i = 0; i < c->def->ips->len; i++) {
        const NetworkIp *ip = c->def->ips->pdata[i];

        if (ip->tftp_root != NULL && !network_ip_is_v6(ip))
            g_string_append_printf(c->out, "enable-tftp\ntftp-root=%s\n", ip->tftp_root);
    }
}

/* Router advertisements: with DHCPv6 it manages the addresses; else guests make their own. */
static void add_ra(const Conf *c)
{
    if (c->dhcp6 != NULL) {
        g_string_append(c->out, "enable-ra\n");
        return;
    }
    for (guint i = 0; i < c->def->ips->len; i++) {
        const NetworkIp *ip = c->def->ips->pdata[i];
        if (network_ip_is_v6(ip))
            g_string_append_printf(c->out, "dhcp-range=%s,ra-only\n", ip->address);
    }
}

static void add_file(const Conf *c, const char *option, const char *suffix)
{
    g_autofree char *path = dnsmasq_path(c->dir, c->def, suffix);

    g_string_append_printf(c->out, "%s=%s\n", option, path);
}

static void add_services(const Conf *c)
{
    add_tftp(c);
    gint64 leases = add_dhcp(c, c->dhcp4) + add_dhcp(c, c->dhcp6);
    if (leases > 0)
        g_string_append_printf(c->out, "dhcp-lease-max=%" G_GINT64_FORMAT "\n", leases);
    if (c->dhcp4 != NULL || c->dhcp6 != NULL)
        add_file(c, "dhcp-hostsfile", "hostsfile");
    if (c->want_dns)
        add_file(c, "addn-hosts", "addnhosts");
    if (c->def->mtu > 0)
        g_string_append_printf(c->out, "dhcp-option=option:mtu,%u\n", c->def->mtu);
    add_ra(c);
}

static void add_header(const Conf *c)
{
    g_string_append_printf(
        c->out,
        "##WARNING:  THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE\n"
        "##OVERWRITTEN AND LOST.  Changes to this configuration should be made using:\n"
        "##    virsh net-edit %s\n"
        "## or other application using the libvirt API.\n"
        "##\n"
        "## dnsmasq conf file created by libvirt\n"
        "strict-order\n",
        c->def->name);
}

char *dnsmasq_conf(const NetworkDef *def, const char *dir, const char *pid_file, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    Conf c = { .def = def, .dir = dir, .want_dns = def->dns_enable != DOMAIN_NO, .out = out };

    if (!find_dhcp(&c, error))
        return NULL;
    add_header(&c);
    if (!add_dns(&c, error))
        return NULL;
    if (pid_file != NULL)
        g_string_append_printf(out, "pid-file=%s\n", pid_file);
    g_string_append_printf(out, "except-interface=lo\nbind-dynamic\ninterface=%s\n", def->bridge);
    /* Guests of an isolated network get no default route (option 3, RFC 2132; lifetime 0 in router
     * advertisements), and no way out through this DNS server. */
    if (def->forward == NETWORK_FORWARD_NONE)
        g_string_append(out, "dhcp-option=3\nno-resolv\nra-param=*,0,0\n");
    if (c.want_dns)
        add_records(&c);
    add_services(&c);
    for (guint i = 0; i < def->dnsmasq_options->len; i++)
        g_string_append_printf(out, "%s\n", ((NetworkName *)def->dnsmasq_options->pdata[i])->text);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* ---- the other files ---- */

static void add_host4(GString *out, const NetworkHost *host)
{
    if (host->mac != NULL)
        g_string_append_printf(out, "%s,%s", host->mac, host->ip);
    if (host->mac != NULL && host->name != NULL)
        g_string_append_printf(out, ",%s", host->name);
    if (host->mac == NULL)
        g_string_append_printf(out, "%s,%s", host->name, host->ip);
}

static void add_host6(GString *out, const NetworkHost *host)
{
    if (host->id != NULL)
        g_string_append_printf(out, "id:%s,", host->id);
    if (host->name != NULL)
        g_string_append_printf(out, "%s,", host->name);
    g_string_append_printf(out, "[%s]", host->ip);
}

char *dnsmasq_hostsfile(const NetworkDef *def)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < def->ips->len; i++) {
        const NetworkIp *ip = def->ips->pdata[i];

        for (guint j = 0; j < ip->hosts->len; j++) {
            const NetworkHost *host = ip->hosts->pdata[j];
            g_autofree char *time = lease_time(host->lease);

            if (network_ip_is_v6(ip))
                add_host6(out, host);
            else
                add_host4(out, host);
            g_string_append_printf(out, "%s\n", time);
        }
    }
    return g_string_free(out, FALSE);
}

char *dnsmasq_addnhosts(const NetworkDef *def)
{
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < def->dns_hosts->len; i++) {
        const NetworkDnsHost *host = def->dns_hosts->pdata[i];

        g_string_append_printf(out, "%s\t", host->ip);
        for (guint j = 0; j < host->names->len; j++)
            g_string_append_printf(out, "%s\t", ((NetworkName *)host->names->pdata[j])->text);
        g_string_append_c(out, '\n');
    }
    return g_string_free(out, FALSE);
}
