/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewall-rules.h"

#include <string.h>

#define INP "LIBVIRT_INP" /* to the host */
#define OUT "LIBVIRT_OUT" /* from the host */
#define FWI "LIBVIRT_FWI" /* forwarded into a network */
#define FWO "LIBVIRT_FWO" /* forwarded out of one */
#define FWX "LIBVIRT_FWX" /* within one */
#define PRT "LIBVIRT_PRT" /* on the way out of the host */

#define PORT_DNS      "53"
#define PORT_TFTP     "69"
#define PORT_BOOTPS   "67" /* RFC 2131 */
#define PORT_BOOTPC   "68"
#define PORT_DHCPV6_S "547" /* RFC 8415 */
#define PORT_DHCPV6_C "546"

const FirewallChain firewall_chains[] = {
    { "filter", INP, "INPUT" },   { "filter", OUT, "OUTPUT" },    { "filter", FWO, "FORWARD" },
    { "filter", FWI, "FORWARD" }, { "filter", FWX, "FORWARD" },   { "nat", PRT, "POSTROUTING" },
    { "mangle", PRT, "POSTROUTING" }, { NULL },
};

typedef struct {
    const NetworkDef *def;
    GPtrArray *rules;
    gboolean is_v6;
} Rules;

static void rule_free(gpointer data)
{
    FirewallRule *rule = data;

    g_strfreev(rule->spec);
    g_free(rule);
}

/* words are taken; NULL ones are left out. */
static FirewallRule *add(const Rules *r, const char *table, const char *chain,
                         const char *const *words, guint n_words)
{
    FirewallRule *rule = g_new0(FirewallRule, 1);
    g_autoptr(GStrvBuilder) spec = g_strv_builder_new();

    for (guint i = 0; i < n_words; i++)
        if (words[i] != NULL)
            g_strv_builder_add(spec, words[i]);
    *rule = (FirewallRule){ .is_v6 = r->is_v6,
                            .table = table,
                            .chain = chain,
                            .spec = g_strv_builder_end(spec) };
    g_ptr_array_add(r->rules, rule);
    return rule;
}

#define ADD(r, table, chain, ...)                                                                  \
    add(r, table, chain, (const char *const[]){ __VA_ARGS__ },                                     \
        G_N_ELEMENTS(((const char *const[]){ __VA_ARGS__ })))

/* ---- services of the host itself ---- */

static void add_port(const Rules *r, const char *chain, const char *protocol, const char *port)
{
    ADD(r, "filter", chain, strcmp(chain, INP) == 0 ? "--in-interface" : "--out-interface",
        r->def->bridge, "--protocol", protocol, "--destination-port", port, "--jump", "ACCEPT");
}

static void add_service(const Rules *r, gboolean with_tcp, const char *in, const char *out)
{
    const char *const chains[] = { INP, OUT };

    for (guint i = 0; i < G_N_ELEMENTS(chains); i++) {
        const char *port = i == 0 ? in : out;
        if (with_tcp)
            add_port(r, chains[i], "tcp", port);
        add_port(r, chains[i], "udp", port);
    }
}

/* Nothing is forwarded but within the network, until the rules of its addresses say more. */
static void add_walls(const Rules *r)
{
    const char *bridge = r->def->bridge;

    ADD(r, "filter", FWO, "--in-interface", bridge, "--jump", "REJECT");
    ADD(r, "filter", FWI, "--out-interface", bridge, "--jump", "REJECT");
    ADD(r, "filter", FWX, "--in-interface", bridge, "--out-interface", bridge, "--jump", "ACCEPT");
}

static gboolean has_tftp(const NetworkDef *def)
{
    for (guint i = 0; i < def->ips->len; i++)
        if (((NetworkIp *)def->ips->pdata[i])->tftp_root != NULL)
            return TRUE;
    return FALSE;
}

static gboolean has_ip(const NetworkDef *def, gboolean is_v6)
{
    for (guint i = 0; i < def->ips->len; i++)
        if (network_ip_is_v6(def->ips->pdata[i]) == is_v6)
            return TRUE;
    return FALSE;
}

static void add_general4(const Rules *r)
{
    add_service(r, TRUE, PORT_BOOTPS, PORT_BOOTPC);
    add_service(r, TRUE, PORT_DNS, PORT_DNS);
    if (has_tftp(r->def))
        add_service(r, FALSE, PORT_TFTP, PORT_TFTP);
    add_walls(r);
}

static void add_general6(const Rules *r)
{
    if (!has_ip(r->def, TRUE) && r->def->ipv6 != DOMAIN_YES)
        return;
    add_walls(r);
    if (!has_ip(r->def, TRUE))
        return;
    add_service(r, TRUE, PORT_DNS, PORT_DNS);
    add_service(r, FALSE, PORT_DHCPV6_S, PORT_DHCPV6_C);
}

/* ---- forwarding ---- */

static void add_forward_out(const Rules *r, const char *net, const char *dev)
{
    ADD(r, "filter", FWO, "--source", net, "--in-interface", r->def->bridge,
        dev != NULL ? "--out-interface" : NULL, dev, "--jump", "ACCEPT");
}

static void add_forward_in(const Rules *r, const char *net, const char *dev, gboolean only_related)
{
    ADD(r, "filter", FWI, "--destination", net, dev != NULL ? "--in-interface" : NULL, dev,
        "--out-interface", r->def->bridge, only_related ? "--match" : NULL,
        only_related ? "conntrack" : NULL, only_related ? "--ctstate" : NULL,
        only_related ? "ESTABLISHED,RELATED" : NULL, "--jump", "ACCEPT");
}

/* ports: "A-B", only with a protocol. */
static void add_masquerade(const Rules *r, const char *net, const char *dev, const char *protocol,
                           const char *ports)
{
    const NetworkDef *def = r->def;
    const char *out_option = dev != NULL ? "--out-interface" : NULL;
    const char *protocol_option = protocol != NULL ? "-p" : NULL;

    if (def->nat_start == NULL || r->is_v6) {
        ADD(r, "nat", PRT, "--source", net, protocol_option, protocol, "!", "--destination", net,
            out_option, dev, "--jump", "MASQUERADE", protocol != NULL ? "--to-ports" : NULL,
            protocol != NULL ? ports : NULL);
        return;
    }
    gboolean is_range = strcmp(def->nat_start, def->nat_end) != 0;
    g_autofree char *source =
        g_strconcat(def->nat_start, is_range ? "-" : "", is_range ? def->nat_end : "",
                    protocol != NULL ? ":" : NULL, ports, NULL);
    ADD(r, "nat", PRT, "--source", net, protocol_option, protocol, "!", "--destination", net,
        out_option, dev, "--jump", "SNAT", "--to-source", source);
}

static void add_return(const Rules *r, const char *net, const char *dev, const char *destination)
{
    ADD(r, "nat", PRT, "--source", net, "--destination", destination,
        dev != NULL ? "--out-interface" : NULL, dev, "--jump", "RETURN");
}

static void add_nat(const Rules *r, const char *net, const char *dev)
{
    guint first = r->def->nat_port_start > 0 ? r->def->nat_port_start : NETWORK_NAT_PORT_FIRST;
    guint last = r->def->nat_port_start > 0 ? r->def->nat_port_end : NETWORK_NAT_PORT_LAST;
    g_autofree char *ports = g_strdup_printf("%u-%u", first, last);

    add_forward_out(r, net, dev);
    add_forward_in(r, net, dev, TRUE);
    add_masquerade(r, net, dev, NULL, ports);
    add_masquerade(r, net, dev, "udp", ports);
    add_masquerade(r, net, dev, "tcp", ports);
    /* What stays on the link keeps its source: broadcasts and link-local multicasts. */
    if (r->is_v6) {
        add_return(r, net, dev, "ff02::/16");
    } else {
        add_return(r, net, dev, "255.255.255.255/32");
        add_return(r, net, dev, "224.0.0.0/24");
    }
}

static void add_route(const Rules *r, const char *net, const char *dev)
{
    add_forward_out(r, net, dev);
    add_forward_in(r, net, dev, FALSE);
}

static void add_ip(Rules *r, const NetworkIp *ip)
{
    g_autofree char *net = network_ip_cidr(ip);
    guint n = MAX(r->def->interfaces->len, 1);

    r->is_v6 = network_ip_is_v6(ip);
    gboolean nat = r->def->forward == NETWORK_FORWARD_NAT &&
                   (!r->is_v6 || r->def->nat_ipv6 == DOMAIN_YES);
    for (guint i = 0; i < n; i++) {
        const NetworkForwardInterface *interface =
            r->def->interfaces->len > 0 ? r->def->interfaces->pdata[i] : NULL;
        (nat ? add_nat : add_route)(r, net, interface != NULL ? interface->dev : NULL);
    }
}

/* Old DHCP clients look at the checksum that a virtual device leaves to the hardware. */
static void add_checksum_fill(Rules *r)
{
    for (guint i = 0; i < r->def->ips->len; i++) {
        const NetworkIp *ip = r->def->ips->pdata[i];

        if (network_ip_is_v6(ip) || !network_ip_has_dhcp(ip))
            continue;
        r->is_v6 = FALSE;
        FirewallRule *rule = ADD(r, "mangle", PRT, "--out-interface", r->def->bridge, "--protocol",
                                 "udp", "--destination-port", PORT_BOOTPC, "--jump", "CHECKSUM",
                                 "--checksum-fill");
        rule->optional = TRUE;
        return;
    }
}

GPtrArray *firewall_rules_new(const NetworkDef *def)
{
    GPtrArray *rules = g_ptr_array_new_with_free_func(rule_free);
    Rules r = { .def = def, .rules = rules };

    if (!network_def_is_virtual(def) || def->forward == NETWORK_FORWARD_OPEN)
        return rules;
    add_general4(&r);
    r.is_v6 = TRUE;
    add_general6(&r);
    for (guint i = 0; i < def->ips->len && def->forward != NETWORK_FORWARD_NONE; i++)
        add_ip(&r, def->ips->pdata[i]);
    add_checksum_fill(&r);
    return rules;
}

char **firewall_rule_argv(const FirewallRule *rule, const char *action)
{
    g_autoptr(GStrvBuilder) argv = g_strv_builder_new();

    g_strv_builder_add(argv, rule->is_v6 ? "ip6tables" : "iptables");
    g_strv_builder_add_many(argv, "-w", "--table", rule->table, action, rule->chain, NULL);
    g_strv_builder_addv(argv, (const char **)rule->spec);
    return g_strv_builder_end(argv);
}
