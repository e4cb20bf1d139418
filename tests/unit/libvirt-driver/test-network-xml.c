/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Network definitions: own golden files (tests/data/network), bad definitions, updates, and
 * libvirt's corpora where the shared folder is ($KANZEN_SHARED or ../shared). With
 * NETWORK_REGENERATE=1 in the environment the expected files are written anew: review them by diff.
 */
#include <string.h>

#include "network/dnsmasq-conf.h"
#include "network/firewall-rules.h"
#include "network/leases.h"
#include "network/network-def.h"
#include "network/port-def.h"
#include "network/update.h"

#define DNSMASQ_DIR "/var/lib/libvirt/dnsmasq"

static char *shared; /* NULL: not there */

static char *read_file(const char *path)
{
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static char *data_path(const char *folder, const char *name, const char *suffix)
{
    return g_strdup_printf("%s/%s/%s%s", TEST_DATA, folder, name, suffix);
}

static char *corpus_path(const char *folder, const char *name, const char *suffix)
{
    return g_strdup_printf("%s/corpora/%s/%s%s", shared, folder, name, suffix);
}

typedef void (*CaseFunc)(const char *folder, const char *stem);

/* Calls func with the stem of each file that ends so. */
static void each_case(const char *folder, const char *suffix, CaseFunc func)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    for (; (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, suffix))
            continue;
        g_autofree char *stem = g_strndup(name, strlen(name) - strlen(suffix));
        g_test_message("%s/%s", folder, stem);
        func(folder, stem);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

static gboolean each_corpus_case(const char *corpus, const char *suffix, CaseFunc func)
{
    if (shared == NULL) {
        g_test_skip("no shared folder");
        return FALSE;
    }
    g_autofree char *folder = corpus_path(corpus, "", "");
    each_case(folder, suffix, func);
    return TRUE;
}

static void assert_text(const char *path, const char *text)
{
    if (g_getenv("NETWORK_REGENERATE") != NULL && g_str_has_prefix(path, TEST_DATA)) {
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        return;
    }
    g_autofree char *expected = read_file(path);
    if (expected == NULL)
        g_error("no file %s", path);
    g_assert_cmpstr(text, ==, expected);
}

static NetworkDef *parse(const char *folder, const char *stem, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/%s.xml", folder, stem);
    g_autofree char *xml = read_file(path);

    g_assert_nonnull(xml);
    return network_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, error);
}

static NetworkDef *parse_good(const char *folder, const char *stem)
{
    g_autoptr(GError) error = NULL;
    NetworkDef *def = parse(folder, stem, &error);

    g_assert_no_error(error);
    return def;
}

/* What is written is read as the same again. */
static char *format_checked(const NetworkDef *def)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *xml = network_def_format(def, DOMAIN_XML_FORMAT_INACTIVE);
    g_autoptr(NetworkDef) again = network_def_parse(xml, DOMAIN_XML_PARSE_INACTIVE, &error);

    g_assert_no_error(error);
    g_autoptr(NetworkDef) copy = network_def_dup(again);
    g_autofree char *xml_again = network_def_format(copy, DOMAIN_XML_FORMAT_INACTIVE);
    g_assert_cmpstr(xml_again, ==, xml);
    return g_steal_pointer(&xml);
}

/* ---- own cases ---- */

static void check_golden(const char *folder, const char *stem)
{
    g_autoptr(NetworkDef) def = parse_good(folder, stem);
    g_autofree char *xml = format_checked(def);
    g_autofree char *path = data_path("out", stem, ".xml");

    assert_text(path, xml);
}

static void test_golden(void)
{
    each_case(TEST_DATA "/in", ".xml", check_golden);
}

static char *rules_text(const NetworkDef *def)
{
    g_autoptr(GPtrArray) rules = firewall_rules_new(def);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < rules->len; i++) {
        g_auto(GStrv) argv = firewall_rule_argv(rules->pdata[i], "--insert");
        g_autofree char *line = g_strjoinv(" ", argv);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

/* The services of each virtual network among the golden cases. */
static void check_services(const char *folder, const char *stem)
{
    g_autoptr(NetworkDef) def = parse_good(folder, stem);
    g_autoptr(GError) error = NULL;

    if (!network_def_is_virtual(def) || def->bridge == NULL)
        return;
    g_autofree char *conf = dnsmasq_conf(def, "/dir", "/run/x.pid", &error);
    g_assert_no_error(error);
    g_autofree char *hosts = dnsmasq_hostsfile(def);
    g_autofree char *addn = dnsmasq_addnhosts(def);
    g_autofree char *rules = rules_text(def);
    g_autofree char *all = g_strconcat(conf, "-- hostsfile\n", hosts, "-- addnhosts\n", addn,
                                       "-- rules\n", rules, NULL);
    g_autofree char *path = data_path("out", stem, ".services");
    assert_text(path, all);
}

static void test_services(void)
{
    each_case(TEST_DATA "/in", ".xml", check_services);
}

#define NET(rest)       "<network><name>n</name>" rest "</network>"
#define NAT(dhcp)       NET("<forward/><ip address='10.1.1.1' prefix='24'>" dhcp "</ip>")
#define DNS(rest)       NET("<dns>" rest "</dns>")
#define HOST(rest)      NAT("<dhcp><host " rest "/></dhcp>")
static const char *const bad[] = {
    "<network/>",
    "<domain/>",
    "<network><name>../x</name></network>",
    "<network><name>..</name></network>",
    "<network><name>a&#10;b</name></network>",
    NET("<bridge name='-x'/>"),
    NET("<bridge name='a b'/>"),
    NET("<bridge name='sixteen-letters!'/>"),
    NET("<bridge name='x' delay='-1'/>"),
    NET("<bridge name='x' stp='maybe'/>"),
    NET("<forward mode='sideways'/>"),
    NET("<forward/>"), /* nothing to forward from */
    NET("<forward mode='bridge'/><bridge name='x' stp='on'/>"),
    NET("<forward mode='bridge'/><mtu size='9000'/>"),
    NET("<forward mode='vepa'/><bridge name='x'/>"),
    NET("<forward mode='bridge' dev='eth0'/><bridge name='x'/>"),
    NET("<forward mode='nat' dev='a'><interface dev='b'/></forward>"
        "<ip address='10.1.1.1' prefix='24'/>"),
    NET("<forward mode='route'><nat ipv6='yes'/></forward><ip address='10.1.1.1' prefix='24'/>"),
    NET("<forward><nat><address start='1.2.3.4'/></nat></forward>"
        "<ip address='10.1.1.1' prefix='24'/>"),
    NET("<forward><nat><address start='1.2.3.5' end='1.2.3.4'/></nat></forward>"
        "<ip address='10.1.1.1' prefix='24'/>"),
    NET("<forward><nat><port start='9' end='8'/></nat></forward>"
        "<ip address='10.1.1.1' prefix='24'/>"),
    NET("<mac address='01:00:5e:00:00:01'/>"),
    NET("<mac address='nonsense'/>"),
    NET("<domain name='a,b'/>"),
    NET("<ip address='10.1.1.1' family='ipv6'/>"),
    NET("<ip address='10.1.1.256'/>"),
    NET("<ip address='10.1.1.1' netmask='255.0.255.0'/>"),
    NET("<ip address='10.1.1.1' netmask='255.255.255.0' prefix='24'/>"),
    NET("<ip address='10.1.1.1' prefix='33'/>"),
    NAT("<dhcp><range start='10.1.1.9' end='10.1.1.8'/></dhcp>"),
    NAT("<dhcp><range start='10.1.2.2' end='10.1.2.8'/></dhcp>"),
    NAT("<dhcp><range start='10.1.1.2' end='10.1.1.8'><lease expiry='1'/></range></dhcp>"),
    HOST("mac='00:16:3e:00:00:01'"),
    HOST("ip='10.1.1.5'"),
    HOST("mac='00:16:3e:00:00:01' name='1x' ip='10.1.1.5'"),
    HOST("mac='00:16:3e:00:00:01' name='x,y' ip='10.1.1.5'"),
    HOST("id='00:01' ip='10.1.1.5'"),
    HOST("name='x' ip='fd00::5'"),
    DNS("<forwarder/>"),
    DNS("<txt name='x'/>"),
    DNS("<txt name='a b' value='c'/>"),
    DNS("<txt name='a' value='c&#10;conf-dir=/'/>"),
    DNS("<srv protocol='tcp'/>"),
    DNS("<srv service='s' protocol='sctp'/>"),
    DNS("<srv service='s' protocol='tcp' port='65536'/>"),
    DNS("<host ip='10.1.1.1'/>"),
    DNS("<host><hostname>a</hostname></host>"),
    NET("<dns enable='no'><forwarder addr='1.1.1.1'/></dns>"),
    NET("<route address='10.2.0.0' prefix='16' gateway='10.1.1.2'/>"),
    NET("<vlan trunk='no'><tag id='1'/><tag id='2'/></vlan>"),
    NET("<vlan><tag id='4096'/></vlan>"),
    NET("<bandwidth><inbound peak='1'/></bandwidth>"),
    NET("<bandwidth><outbound average='5' floor='1'/></bandwidth>"),
    NET("<portgroup name='a'/><portgroup name='a'/>"),
    NET("<portgroup name='a' default='yes'/><portgroup name='b' default='yes'/>"),
    "<network xmlns:d='http://libvirt.org/schemas/network/dnsmasq/1.0'><name>n</name><d:options>"
    "<d:option value='a&#10;b'/></d:options></network>",
};

static void test_bad(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(NetworkDef) def = network_def_parse(bad[i], DOMAIN_XML_PARSE_INACTIVE, &error);

        g_test_message("%s", bad[i]);
        g_assert_null(def);
        g_assert_nonnull(error);
    }
}

/* ---- updates ---- */

typedef struct {
    const char *xml, *net; /* files without .xml; xml may be a text */
    const char *out;       /* NULL: it must fail */
    guint section, command;
    int parent;
} UpdateCase;

static void check_update(const UpdateCase *c, const char *in, const char *net_dir,
                         const char *out_dir)
{
    g_autofree char *xml_path = g_strdup_printf("%s/%s.xml", in, c->xml);
    g_autofree char *xml = *c->xml == '<' ? g_strdup(c->xml) : read_file(xml_path);
    g_autoptr(NetworkDef) def = parse_good(net_dir, c->net);
    g_autofree char *before = format_checked(def);
    g_autoptr(GError) error = NULL;

    g_test_message("%s: %s, command %u of section %u", c->net, c->xml, c->command, c->section);
    g_assert_nonnull(xml);
    gboolean ok = network_def_update(def, c->command, c->section, c->parent, xml, &error);
    g_autofree char *after = format_checked(def);
    if (c->out == NULL) {
        g_assert_false(ok);
        g_assert_nonnull(error);
        g_assert_cmpstr(after, ==, before);
        return;
    }
    g_assert_no_error(error);
    g_autofree char *path = g_strdup_printf("%s/%s.xml", out_dir, c->out);
    assert_text(path, after);
}

enum { MOD = NETWORK_UPDATE_MODIFY, DEL = NETWORK_UPDATE_DELETE, LAST = NETWORK_UPDATE_ADD_LAST,
       FIRST = NETWORK_UPDATE_ADD_FIRST };
enum { S_HOST = NETWORK_SECTION_IP_DHCP_HOST, S_RANGE = NETWORK_SECTION_IP_DHCP_RANGE,
       S_IF = NETWORK_SECTION_FORWARD_INTERFACE, S_GROUP = NETWORK_SECTION_PORTGROUP,
       S_DNS = NETWORK_SECTION_DNS_HOST, S_TXT = NETWORK_SECTION_DNS_TXT,
       S_SRV = NETWORK_SECTION_DNS_SRV };

static void test_update(void)
{
    static const UpdateCase cases[] = {
        { "<host mac='00:16:3e:00:00:09' name='new' ip='10.5.0.9'/>", "full", "host-last", S_HOST,
          LAST, -1 },
        { "<host mac='00:16:3e:00:00:09' ip='10.5.0.9'/>", "full", "host-first", S_HOST, FIRST, 0 },
        { "<host id='00:04' ip='fd05::9'/>", "full", "host6", S_HOST, LAST, 1 },
        { "<host id='00:04' ip='fd05::9'/>", "full", NULL, S_HOST, LAST, 0 },
        { "<host mac='00:16:3e:00:00:09' ip='10.5.0.9'/>", "full", NULL, S_HOST, LAST, 7 },
        { "<host mac='00:16:3e:00:00:05' ip='10.5.0.9'/>", "full", NULL, S_HOST, LAST, -1 },
        { "<host mac='00:16:3e:00:00:05' ip='10.5.0.9'/>", "full", "host-modified", S_HOST, MOD, -1 },
        { "<host name='five'/>", "full", "host-deleted", S_HOST, DEL, -1 },
        { "<host name='nobody'/>", "full", NULL, S_HOST, DEL, -1 },
        { "<host name='nobody'", "full", NULL, S_HOST, DEL, -1 },
        { "<range start='10.5.0.60' end='10.5.0.70'/>", "full", "range-last", S_RANGE, LAST, -1 },
        { "<range start='10.5.0.10' end='10.5.0.50'/>", "full", NULL, S_RANGE, LAST, -1 },
        { "<range start='10.5.0.10' end='10.5.0.50'/>", "full", "range-deleted", S_RANGE, DEL, -1 },
        { "<range start='10.5.0.10' end='10.5.0.50'/>", "full", NULL, S_RANGE, MOD, -1 },
        { "<range start='10.6.0.10' end='10.6.0.50'/>", "full", NULL, S_RANGE, LAST, -1 },
        { "<interface dev='eth9'/>", "full", "interface-first", S_IF, FIRST, -1 },
        { "<interface dev='eth0'/>", "full", NULL, S_IF, LAST, -1 },
        { "<interface dev='eth0'/>", "full", "interface-deleted", S_IF, DEL, -1 },
        { "<interface dev='eth0'/>", "open", NULL, S_IF, LAST, -1 },
        { "<portgroup name='c' default='yes'/>", "full", NULL, S_GROUP, LAST, -1 },
        { "<portgroup name='c'/>", "full", "portgroup-last", S_GROUP, LAST, -1 },
        { "<portgroup name='a'/>", "full", "portgroup-modified", S_GROUP, MOD, -1 },
        { "<host ip='10.5.0.77'><hostname>www</hostname></host>", "full", "dns-host", S_DNS, LAST,
          -1 },
        { "<host ip='10.5.0.1'><hostname>x</hostname></host>", "full", NULL, S_DNS, LAST, -1 },
        { "<host><hostname>www</hostname></host>", "full", "dns-host-deleted", S_DNS, DEL, -1 },
        { "<host ip='10.5.0.1'><hostname>x</hostname></host>", "full", NULL, S_DNS, MOD, -1 },
        { "<txt name='b' value='v'/>", "full", "txt", S_TXT, FIRST, -1 },
        { "<txt name='a' value='v'/>", "full", NULL, S_TXT, FIRST, -1 },
        { "<txt name='a'/>", "full", "txt-deleted", S_TXT, DEL, -1 },
        { "<srv service='y' protocol='udp'/>", "full", "srv", S_SRV, LAST, -1 },
        { "<srv protocol='tcp'/>", "full", "srv-deleted", S_SRV, DEL, -1 },
        { "<bridge name='x'/>", "full", NULL, NETWORK_SECTION_BRIDGE, MOD, -1 },
        { "<txt name='b' value='v'/>", "full", NULL, NETWORK_SECTION_COUNT, LAST, -1 },
        { "<txt name='b' value='v'/>", "full", NULL, S_TXT, 9, -1 },
        { "<srv service='y' protocol='udp'/>", "full", NULL, S_TXT, LAST, -1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_update(&cases[i], "", TEST_DATA "/in", TEST_DATA "/update");
}

/* Verbs and targets stand in libvirt's networkxml2xmlupdatetest.c; here those whose files we have. */
static void test_corpus_update(void)
{
    static const UpdateCase cases[] = {
        { "host-existing", "nat-network", NULL, S_HOST, LAST, -1 },
        { "host-incomplete", "nat-network", NULL, S_HOST, LAST, -1 },
        { "host-new-incomplete", "nat-network", NULL, S_HOST, LAST, -1 },
        { "host-updated", "nat-network", "nat-network-host-updated", S_HOST, MOD, -1 },
        { "host-incomplete", "nat-network", NULL, S_HOST, MOD, -1 },
        { "host-existing", "nat-network", "nat-network-one-host", S_HOST, DEL, -1 },
        { "host-incomplete", "nat-network", "nat-network-one-host", S_HOST, DEL, -1 },
        { "host-new-incomplete", "nat-network", NULL, S_HOST, DEL, -1 },
        { "dhcp-range-existing", "nat-network", NULL, S_RANGE, LAST, -1 },
        { "interface-eth1", "nat-network", NULL, S_IF, LAST, -1 },
        { "interface-eth47", "nat-network", NULL, S_IF, DEL, -1 },
        { "interface-eth47", "open-network", NULL, S_IF, LAST, -1 },
        { "dns-host-pudding", "nat-network-dns-hosts", "nat-network-dns-more-hosts", S_DNS, FIRST,
          -1 },
        { "unparsable-dns-host", "nat-network-dns-hosts", NULL, S_DNS, DEL, -1 },
        { "unparsable-dns-host", "nat-network-dns-hosts", NULL, S_DNS, LAST, -1 },
        { "dns-txt-record-snowman", "nat-network-dns-txt-record", "nat-network-dns-txt-records",
          S_TXT, FIRST, -1 },
        { "dns-txt-record-snowman", "nat-network-dns-txt-record", NULL, S_TXT, DEL, -1 },
        { "srv-record-invalid", "nat-network", NULL, S_SRV, LAST, -1 },
        { "srv-record", "nat-network", "nat-network-dns-srv-record", S_SRV, LAST, -1 },
        { "srv-record-protocol", "nat-network-dns-srv-records", NULL, S_SRV, DEL, -1 },
        { "srv-record-invalid", "nat-network-dns-srv-records", NULL, S_SRV, DEL, -1 },
    };

    if (shared == NULL) {
        g_test_skip("no shared folder");
        return;
    }
    g_autofree char *in = corpus_path("networkxml2xmlupdatein", "", "");
    g_autofree char *out = corpus_path("networkxml2xmlupdateout", "", "");
    g_autofree char *nets = corpus_path("networkxml2xmlin", "", "");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        check_update(&cases[i], in, nets, out);
}

/* ---- corpora ---- */

static void check_corpus_xml(const char *folder, const char *stem)
{
    static const char *const refused[] = { "routed-network-no-dns-extra-elements",
                                           "open-network-with-forward-dev", "hostdev-duplicate",
                                           "passthrough-duplicate", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(NetworkDef) def = parse(folder, stem, &error);

    if (g_strv_contains(refused, stem)) {
        g_assert_null(def);
        return;
    }
    g_assert_no_error(error);
    g_autofree char *xml = format_checked(def);
    g_autofree char *path = corpus_path("networkxml2xmlout", stem, ".xml");
    assert_text(path, xml);
}

static void test_corpus_xml(void)
{
    each_corpus_case("networkxml2xmlin", ".xml", check_corpus_xml);
}

static void check_corpus_conf(const char *folder, const char *stem)
{
    g_autoptr(NetworkDef) def = parse_good(folder, stem);
    g_autoptr(GError) error = NULL;
    g_autofree char *conf = dnsmasq_conf(def, DNSMASQ_DIR, NULL, &error);
    g_autofree char *path = corpus_path("networkxml2confdata", stem, ".conf");
    g_autofree char *hosts = dnsmasq_hostsfile(def);
    g_autofree char *hosts_path = corpus_path("networkxml2confdata", stem, ".hostsfile");

    g_assert_no_error(error);
    assert_text(path, conf);
    g_autofree char *expected = read_file(hosts_path);
    g_assert_cmpstr(hosts, ==, expected != NULL ? expected : "");
}

static void test_corpus_conf(void)
{
    each_corpus_case("networkxml2confdata", ".xml", check_corpus_conf);
}

/* "iptables \\\n-w \\\n" and quotes become one line a command. */
static char *join_args(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] == '\n')
            text++;
        else if (*text != '\'')
            g_string_append_c(out, *text);
    }
    return g_string_free(out, FALSE);
}

static void check_corpus_firewall(const char *folder, const char *stem)
{
    g_autoptr(NetworkDef) def = parse_good(folder, stem);
    g_autofree char *path = corpus_path("networkxml2firewalldata", stem, "-linux.args");
    g_autofree char *text = read_file(path);
    g_autofree char *expected = join_args(text);
    g_autofree char *rules = rules_text(def);

    g_assert_cmpstr(rules, ==, expected);
}

static void test_corpus_firewall(void)
{
    each_corpus_case("networkxml2firewalldata", ".xml", check_corpus_firewall);
}

static void check_port(const char *folder, const char *stem)
{
    g_autofree char *path = g_strdup_printf("%s/%s.xml", folder, stem);
    g_autofree char *text = read_file(path);
    g_autoptr(GError) error = NULL;
    g_autoptr(NetworkPort) port = network_port_parse(text, DOMAIN_XML_PARSE_INACTIVE, &error);

    g_assert_no_error(error);
    g_autoptr(NetworkPort) copy = network_port_dup(port);
    g_autofree char *xml = network_port_format(copy);
    g_assert_cmpstr(xml, ==, text);
}

static void test_ports(void)
{
    each_case(TEST_DATA "/ports", ".xml", check_port);
    each_corpus_case("virnetworkportxml2xmldata", ".xml", check_port);
}

/* ---- addresses ---- */

static void test_inet(void)
{
    static const struct {
        const char *start, *end;
        gint64 size;
    } ranges[] = {
        { "10.0.0.1", "10.0.0.1", 1 },       { "10.0.0.255", "10.0.1.0", 2 },
        { "10.0.0.2", "10.0.0.1", -1 },      { "10.0.0.0", "10.0.255.254", 65535 },
        { "10.0.0.0", "10.0.255.255", -1 },  { "fd00::1", "fd00::ff", 255 },
        { "fd00::1", "fd01::1", -1 },        { "10.0.0.1", "fd00::1", -1 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(ranges); i++) {
        InetAddress start, end;

        g_assert_true(inet_parse(ranges[i].start, &start));
        g_assert_true(inet_parse(ranges[i].end, &end));
        g_assert_cmpint(inet_range_size(&start, &end, 65535), ==, ranges[i].size);
    }
    g_assert_cmpint(inet_mask_prefix("255.255.255.0"), ==, 24);
    g_assert_cmpint(inet_mask_prefix("255.255.255.255"), ==, 32);
    g_assert_cmpint(inet_mask_prefix("0.0.0.0"), ==, 0);
    g_assert_cmpint(inet_mask_prefix("255.0.255.0"), ==, -1);
}

/* ---- leases ---- */

static void assert_lease(const Lease *lease, const char *ip, guint prefix, const char *mac,
                         const char *hostname)
{
    g_assert_cmpstr(lease->ip, ==, ip);
    g_assert_cmpuint(lease->prefix, ==, prefix);
    g_assert_cmpstr(lease->mac, ==, mac);
    g_assert_cmpstr(lease->hostname, ==, hostname);
}

static void test_leases(void)
{
    static const char text[] =
        "1000 00:16:3e:00:00:01 10.5.0.10 one 01:00:16:3e:00:00:01\n"
        "0 06-00:16:3e:00:00:02 10.5.0.11 * *\n"
        "999 00:16:3e:00:00:03 10.5.0.12 over *\n" /* has run out */
        "duid 00:01:00:01:2a:2b:2c:2d:00:16:3e:00:00:09\n"
        "2000 4207 fd05::10 three 00:01:00:01:11:22:33:44:00:16:3e:00:00:03\n"
        "2000 4208 fd05::11 * 00:03:00:01:00:16:3e:00:00:04\n"
        "2000 4209 fd05::12 * 00:04:11:22\n"
        "2000 00:16:3e:00:00:05 10.5.0.999 x *\n"
        "junk\n\n2000 a b";
    g_autoptr(NetworkDef) def = parse_good(TEST_DATA "/in", "full");
    g_autoptr(GPtrArray) leases = leases_parse(text, def, 1000);

    g_assert_cmpuint(leases->len, ==, 5);
    assert_lease(leases->pdata[0], "10.5.0.10", 24, "00:16:3e:00:00:01", "one");
    assert_lease(leases->pdata[1], "10.5.0.11", 24, "00:16:3e:00:00:02", NULL);
    assert_lease(leases->pdata[2], "fd05::10", 64, "00:16:3e:00:00:03", "three");
    assert_lease(leases->pdata[3], "fd05::11", 64, "00:16:3e:00:00:04", NULL);
    assert_lease(leases->pdata[4], "fd05::12", 64, NULL, NULL);
    g_assert_cmpstr(((Lease *)leases->pdata[2])->iaid, ==, "4207");
}

static void find_shared(void)
{
    const char *given = g_getenv("KANZEN_SHARED");

    shared = given != NULL ? g_strdup(given) : g_build_filename(TEST_ROOT, "..", "shared", NULL);
    g_autofree char *corpora = g_build_filename(shared, "corpora", NULL);
    if (!g_file_test(corpora, G_FILE_TEST_IS_DIR))
        g_clear_pointer(&shared, g_free);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    find_shared();
    g_test_add_func("/network/inet", test_inet);
    g_test_add_func("/network/leases", test_leases);
    g_test_add_func("/network/golden", test_golden);
    g_test_add_func("/network/services", test_services);
    g_test_add_func("/network/bad", test_bad);
    g_test_add_func("/network/update", test_update);
    g_test_add_func("/network/ports", test_ports);
    g_test_add_func("/network/corpus/xml", test_corpus_xml);
    g_test_add_func("/network/corpus/update", test_corpus_update);
    g_test_add_func("/network/corpus/conf", test_corpus_conf);
    g_test_add_func("/network/corpus/firewall", test_corpus_firewall);
    int status = g_test_run();
    g_free(shared);
    return status;
}
