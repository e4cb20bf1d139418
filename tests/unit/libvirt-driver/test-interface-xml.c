/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Definitions of the host's interfaces: from XML to XML, to ifupdown's stanzas and back, and libvirt's corpus where
 * the shared folder is ($KANZEN_SHARED or ../shared).
 */
#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <string.h>

#include "interface/ifupdown-text.h"

static char *read_file(const char *path)
{
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

static InterfaceDef *parse_good(const char *xml)
{
    g_autoptr(GError) error = NULL;
    InterfaceDef *def = interface_def_parse(xml, DOMAIN_XML_PARSE_NONE, &error);

    g_assert_no_error(error);
    return def;
}

/* Without the blanks between elements. */
static char *canonical(const char *xml)
{
    g_autoptr(GRegex) blanks = g_regex_new(">\\s+<", 0, 0, NULL);
    g_autofree char *dense = g_regex_replace_literal(blanks, xml, -1, 0, "><", 0, NULL);
    xmlDocPtr doc = xmlReadMemory(dense, (int)strlen(dense), NULL, NULL, 0);
    xmlChar *text = NULL;

    g_assert_nonnull(doc);
    g_assert_cmpint(xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 0, &text), >=, 0);
    char *copy = g_strdup((const char *)text);
    xmlFree(text);
    xmlFreeDoc(doc);
    return copy;
}

static void assert_same_xml(const char *xml, const char *expected)
{
    g_autofree char *a = canonical(xml);
    g_autofree char *b = canonical(expected);

    g_assert_cmpstr(a, ==, b);
}

/* The definition's one interface of an ifupdown file. */
static char *through_ifupdown(const InterfaceDef *def)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *stanzas = ifupdown_format(def, &error);

    g_assert_no_error(error);
    g_autoptr(GPtrArray) defs = ifupdown_parse(stanzas);
    g_assert_cmpuint(defs->len, ==, 1);
    return interface_def_format(defs->pdata[0]);
}

/* ---- own cases ---- */

#define IFACE(type, rest) "<interface type='" type "' name='x0'>" rest "</interface>"
#define ONBOOT            "<start mode='onboot'/>"

static const struct {
    const char *xml, *stanzas;
} cases[] = {
    { IFACE("ethernet", "<start mode='none'/>"), "iface x0 inet manual\n" },
    { IFACE("ethernet", ONBOOT "<mac address='00:16:3e:00:00:01'/><mtu size='9000'/>"
                               "<protocol family='ipv4'><dhcp/></protocol>"
                               "<protocol family='ipv6'><autoconf/><dhcp/></protocol>"),
      "auto x0\niface x0 inet dhcp\n    hwaddress 00:16:3e:00:00:01\n    mtu 9000\n"
      "iface x0 inet6 auto\n    dhcp 1\n" },
    { IFACE("ethernet", "<start mode='hotplug'/><protocol family='ipv4'><ip address='10.0.0.2' prefix='24'/>"
                        "<ip address='10.0.1.2' prefix='16'/><route gateway='10.0.0.1'/></protocol>"
                        "<protocol family='ipv6'><ip address='fd00::2' prefix='64'/><route gateway='fd00::1'/></protocol>"),
      "allow-hotplug x0\niface x0 inet static\n    address 10.0.0.2/24\n    gateway 10.0.0.1\n"
      "iface x0 inet static\n    address 10.0.1.2/16\n"
      "iface x0 inet6 static\n    address fd00::2/64\n    gateway fd00::1\n" },
    { IFACE("bridge", "<start mode='none'/><bridge stp='on' delay='0.5'><interface type='ethernet' name='e0'/>"
                      "<interface type='bond' name='b0'><bond mode='802.3ad'><miimon freq='100' updelay='10' carrier='netif'/>"
                      "<interface type='ethernet' name='e1'/></bond></interface></bridge>"),
      "iface b0 inet manual\n    bond-slaves e1\n    bond-mode 802.3ad\n    bond-miimon 100\n    bond-updelay 10\n"
      "    bond-use-carrier 1\n\n"
      "iface x0 inet manual\n    pre-up ifup b0\n    post-down ifdown b0\n    bridge_ports e0 b0\n    bridge_stp on\n"
      "    bridge_fd 0.5\n" },
    { IFACE("bond", ONBOOT "<bond mode='active-backup'><arpmon interval='100' target='10.0.0.1' validate='all'/>"
                           "<interface type='ethernet' name='e1'/><interface type='ethernet' name='e0'/></bond>"),
      "auto x0\niface x0 inet manual\n    bond-slaves e1 e0\n    bond-mode active-backup\n    bond-arp-interval 100\n"
      "    bond-arp-ip-target 10.0.0.1\n    bond-arp-validate all\n" },
    { IFACE("vlan", "<start mode='none'/><vlan tag='5'><interface name='e0'/></vlan>"),
      "iface x0 inet manual\n    vlan-raw-device e0\n    vlan-id 5\n" },
};

static void test_own(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(InterfaceDef) def = parse_good(cases[i].xml);
        g_autofree char *xml = interface_def_format(def);
        g_autofree char *stanzas = ifupdown_format(def, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(stanzas, ==, cases[i].stanzas);
        g_autofree char *back = through_ifupdown(def);
        g_assert_cmpstr(back, ==, xml);
    }
}

/* ---- what others write ---- */

static void test_files(void)
{
    static const char file[] = "# comment\n"
                               "source /etc/network/interfaces.d/*\n"
                               "source-directory more\n"
                               "auto lo eth0\n"
                               "iface lo inet loopback\n"
                               "iface eth0 inet static\n"
                               "\taddress 192.0.2.7\n"
                               "\tnetmask 255.255.255.0\n"
                               "\tgateway 192.0.2.254\n"
                               "\tup something with words\n"
                               "iface eth0.7 inet dhcp\n"
                               "iface br0 inet static\n"
                               "    bridge_ports eth1 \\\n"
                               "                 eth2\n"
                               "    hwaddress ether 00:16:3e:00:00:02\n"
                               "    address 10.1.1.1/24\n"
                               "iface lonely\n"
                               "iface ../x inet dhcp\n"
                               "iface eth0 can static\n"
                               "    address nonsense\n";
    static const char *const expected[] = {
        "<interface type='ethernet' name='lo'><start mode='onboot'/></interface>",
        "<interface type='ethernet' name='eth0'><start mode='onboot'/><protocol family='ipv4'>"
        "<ip address='192.0.2.7' prefix='24'/><route gateway='192.0.2.254'/></protocol></interface>",
        "<interface type='vlan' name='eth0.7'><start mode='none'/><protocol family='ipv4'><dhcp/></protocol>"
        "<vlan tag='7'><interface name='eth0'/></vlan></interface>",
        "<interface type='bridge' name='br0'><start mode='none'/><protocol family='ipv4'>"
        "<ip address='10.1.1.1' prefix='24'/></protocol><bridge><interface type='ethernet' name='eth1'/>"
        "<interface type='ethernet' name='eth2'/></bridge></interface>",
    };
    g_autoptr(GPtrArray) defs = ifupdown_parse(file);
    g_autoptr(GPtrArray) patterns = g_ptr_array_new_with_free_func(g_free);

    g_assert_cmpuint(defs->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < defs->len; i++) {
        g_autofree char *xml = interface_def_format(defs->pdata[i]);
        assert_same_xml(xml, expected[i]);
    }
    ifupdown_list_sources(file, patterns);
    g_assert_cmpuint(patterns->len, ==, 2);
    g_assert_cmpstr(patterns->pdata[0], ==, "/etc/network/interfaces.d/*");
    g_assert_cmpstr(patterns->pdata[1], ==, "more/*");
}

/* Bridges that have each other must not make a ring. */
static void test_ring(void)
{
    g_autoptr(GPtrArray) defs = ifupdown_parse("iface a inet manual\n bond-slaves b a\n"
                                               "iface b inet manual\n bond-slaves a\n"
                                               "iface c inet manual\n bridge_ports c a d\n"
                                               "iface d inet manual\n bridge_ports c\n");

    for (guint i = 0; i < defs->len; i++) {
        g_autofree char *xml = interface_def_format(defs->pdata[i]);
        g_assert_nonnull(strstr(xml, "</interface>"));
    }
}

static const char *const bad[] = {
    "<interface/>",
    "<network><name>x</name></network>",
    "<interface type='ethernet'/>",
    "<interface type='tunnel' name='x0'/>",
    "<interface type='ethernet' name='../x'/>",
    "<interface type='ethernet' name='a&#10;auto b'/>",
    "<interface type='ethernet' name='sixteen-letters!'/>",
    IFACE("ethernet", "<start mode='sometimes'/>"),
    IFACE("ethernet", "<mac address='x'/>"),
    IFACE("ethernet", "<mtu size='70000'/>"),
    IFACE("ethernet", "<protocol family='ipx'/>"),
    IFACE("ethernet", "<protocol family='ipv4'><ip address='fd00::1'/></protocol>"),
    IFACE("ethernet", "<protocol family='ipv4'><ip address='10.0.0.1' prefix='33'/></protocol>"),
    IFACE("ethernet", "<protocol family='ipv4'><ip address='10.0.0.1&#10;up reboot'/></protocol>"),
    IFACE("ethernet", "<protocol family='ipv4'><autoconf/></protocol>"),
    IFACE("ethernet", "<protocol family='ipv4'/><protocol family='ipv4'/>"),
    IFACE("ethernet", "<protocol family='ipv4'><ip address='10.0.0.1'/><route gateway='x'/></protocol>"),
    IFACE("bridge", "<bridge delay='1&#10;up reboot'/>"),
    IFACE("bridge", "<bridge><interface type='bridge' name='y'/></bridge>"),
    IFACE("bridge", "<bridge><interface type='ethernet' name='y'/><interface type='ethernet' name='y'/></bridge>"),
    IFACE("bond", "<bond><interface type='vlan' name='y'><vlan tag='1'><interface name='z'/></vlan></interface></bond>"),
    IFACE("bond", "<bond mode='fast'/>"),
    IFACE("bond", "<bond><arpmon interval='1' target='x'/></bond>"),
    IFACE("bond", "<bond><miimon freq='1'/><arpmon interval='1' target='10.0.0.1'/></bond>"),
    IFACE("vlan", "<vlan tag='4095'><interface name='e0'/></vlan>"),
    IFACE("vlan", "<vlan tag='1'/>"),
};

static void test_bad(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(InterfaceDef) def = interface_def_parse(bad[i], DOMAIN_XML_PARSE_NONE, &error);

        g_test_message("%s", bad[i]);
        g_assert_null(def);
        g_assert_nonnull(error);
    }
}

static void test_unsupported(void)
{
    static const char *const xml[] = {
        IFACE("ethernet", "<protocol family='ipv4'><dhcp peerdns='no'/></protocol>"),
        IFACE("ethernet", "<protocol family='ipv4'><dhcp/><route gateway='10.0.0.1'/></protocol>"),
    };

    for (guint i = 0; i < G_N_ELEMENTS(xml); i++) {
        g_autoptr(InterfaceDef) def = parse_good(xml[i]);
        g_autoptr(GError) error = NULL;

        g_assert_null(ifupdown_format(def, &error));
        g_assert_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED);
    }
}

/* libvirt's own: the same XML comes out, and comes back from ifupdown's files but for what they have no word for. */
static void test_corpus(void)
{
    const char *variable = g_getenv("KANZEN_SHARED");
    g_autofree char *shared = variable != NULL ? g_strdup(variable) : g_strdup(TEST_ROOT "/../shared");
    g_autofree char *folder = g_build_filename(shared, "corpora", "interfaceschemadata", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    if (dir == NULL) {
        g_test_skip("no shared folder");
        return;
    }
    while ((name = g_dir_read_name(dir)) != NULL) {
        if (!g_str_has_suffix(name, ".xml"))
            continue;
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *expected = read_file(path);
        g_test_message("%s", name);
        g_autoptr(InterfaceDef) def = parse_good(expected);
        g_autofree char *xml = interface_def_format(def);
        assert_same_xml(xml, expected);
        g_autofree char *back = through_ifupdown(def);
        g_autoptr(InterfaceDef) again = parse_good(back);
        g_assert_cmpstr(again->name, ==, def->name);
        g_assert_cmpint(again->type, ==, def->type);
        g_assert_cmpuint(again->ports->len, ==, def->ports->len);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/interface/own", test_own);
    g_test_add_func("/interface/files", test_files);
    g_test_add_func("/interface/ring", test_ring);
    g_test_add_func("/interface/bad", test_bad);
    g_test_add_func("/interface/unsupported", test_unsupported);
    g_test_add_func("/interface/corpus", test_corpus);
    return g_test_run();
}
