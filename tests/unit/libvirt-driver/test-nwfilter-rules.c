/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What network filters become: golden files of rules (tests/data/nwfilter/rules: FILTER.xml, and
 * FILTER.rules as the restore tools get it on a host without any), what a change makes of rules that
 * are there, and what packets tell. NWFILTER_REGENERATE=1 writes the expected files anew.
 */
#include <string.h>

#include "nwfilter/learn-packet.h"
#include "nwfilter/tables.h"

#define RULES_DIR TEST_DATA "/rules"

static const char *const tables[NWFILTER_N_LAYERS] = {
    "*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n",
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n",
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\nCOMMIT\n",
};

/* ---- filters ---- */

/* One document, or the others that it refers to. */
static const NwfilterDef *find(const char *name, gpointer user_data)
{
    return g_hash_table_lookup(user_data, name);
}

static void free_def(gpointer def)
{
    nwfilter_def_free(def);
}

static GHashTable *filters_new(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_def);
}

static const char *add_filter(GHashTable *filters, const char *xml)
{
    g_autoptr(GError) error = NULL;
    NwfilterDef *def = nwfilter_def_parse(xml, &error);

    g_assert_no_error(error);
    g_hash_table_replace(filters, def->name, def);
    return def->name;
}

static NwfilterVariables *make_variables(void)
{
    static const char *const values[][2] = {
        { "MAC", "52:54:00:12:34:56" }, { "IP", "10.1.2.3" }, { "IP", "10.1.2.4" },
        { "PORTS", "80" },              { "PORTS", "443" },   { "PEERS", "10.9.9.1" },
        { "PEERS", "10.9.9.2" },        { "SET", "hosts" },
    };
    DomainFilterRef none = { .filter = NULL, .parameters = g_ptr_array_new() };
    NwfilterVariables *variables = nwfilter_variables_new(&none);

    for (guint i = 0; i < G_N_ELEMENTS(values); i++)
        nwfilter_variables_add(variables, values[i][0], values[i][1]);
    g_ptr_array_unref(none.parameters);
    return variables;
}

static NwfilterRules *rules_of(const char *ifname, const char *xml, GError **error)
{
    g_autoptr(GHashTable) filters = filters_new();
    const NwfilterSource source = { find, filters };
    g_autoptr(NwfilterVariables) variables = make_variables();
    const char *name = add_filter(filters, xml);
    g_autoptr(GPtrArray) instances = nwfilter_tree_rules(&source, name, variables, error);

    return instances != NULL ? nwfilter_rules_new(ifname, instances, error) : NULL;
}

static NwfilterRules *good_rules(const char *ifname, const char *xml)
{
    g_autoptr(GError) error = NULL;
    NwfilterRules *rules = rules_of(ifname, xml, &error);

    g_assert_no_error(error);
    return rules;
}

/* ---- golden files ---- */

static char *all_text(const NwfilterRules *rules)
{
    const NwfilterChange change = { rules->ifname, rules, NULL };
    GString *text = g_string_new(NULL);

    for (guint layer = 0; layer < NWFILTER_N_LAYERS; layer++) {
        g_autofree char *one =
            nwfilter_tables_text((NwfilterLayer)layer, tables[layer], &change, 1);
        if (one != NULL)
            g_string_append(text, one);
    }
    return g_string_free(text, FALSE);
}

static void check_golden(const char *name)
{
    g_autofree char *path = g_build_filename(RULES_DIR, name, NULL);
    g_autofree char *stem = g_strndup(path, strlen(path) - strlen(".xml"));
    g_autofree char *expected_path = g_strconcat(stem, ".rules", NULL);
    g_autofree char *xml = NULL;
    g_autofree char *expected = NULL;

    g_test_message("%s", name);
    g_assert_true(g_file_get_contents(path, &xml, NULL, NULL));
    g_autoptr(NwfilterRules) rules = good_rules("vnet0", xml);
    g_autofree char *actual = all_text(rules);
    if (g_getenv("NWFILTER_REGENERATE") != NULL)
        g_assert_true(g_file_set_contents(expected_path, actual, -1, NULL));
    g_assert_true(g_file_get_contents(expected_path, &expected, NULL, NULL));
    g_assert_cmpstr(actual, ==, expected);
}

static void test_golden(void)
{
    g_autoptr(GDir) dir = g_dir_open(RULES_DIR, 0, NULL);
    const char *name;
    guint n = 0;

    g_assert_nonnull(dir);
    for (; (name = g_dir_read_name(dir)) != NULL;) {
        if (!g_str_has_suffix(name, ".xml"))
            continue;
        check_golden(name);
        n++;
    }
    g_assert_cmpuint(n, >, 0);
}

#define RULE(inner)                                                                                \
    "<filter name='f'><rule action='accept' direction='inout'>" inner "</rule></filter>"

static void test_no_rules(void)
{
    static const struct {
        const char *xml, *says;
    } bad[] = {
        { RULE("<tcp srcipaddr='$IP' srcportstart='$MAC'/>"), "under the same iterator" },
        { RULE("<tcp srcportstart='$IP'/>"), "'10.1.2.3' of variable 'IP' is no value of 'src" },
        { RULE("<stp srcmacaddr='1:2:3:4:5:6'/>"), "STP filtering in inout" },
        { "<filter name='f'><filterref filter='g'/></filter>", "filter 'g' is missing" },
        { "<filter name='f'><filterref filter='f'/></filter>", "too many rules" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(rules_of("vnet0", bad[i].xml, &error));
        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error->message, bad[i].says));
    }
}

/* Filters that refer to the next one twice each would have 2^40 rules. */
static void test_explosion(void)
{
    g_autoptr(GHashTable) filters = filters_new();
    const NwfilterSource source = { find, filters };
    g_autoptr(NwfilterVariables) variables = make_variables();
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 40; i++) {
        g_autofree char *xml = g_strdup_printf("<filter name='f%u'><filterref filter='f%u'/>"
                                               "<filterref filter='f%u'/></filter>",
                                               i, i + 1, i + 1);
        add_filter(filters, xml);
    }
    add_filter(filters, "<filter name='f40'><rule action='drop' direction='in'/></filter>");
    g_assert_null(nwfilter_tree_rules(&source, "f0", variables, &error));
    g_assert_nonnull(strstr(error->message, "too many rules"));
    g_assert_true(nwfilter_tree_contains(&source, "f0", "f40"));
    g_assert_false(nwfilter_tree_contains(&source, "f1", "f0"));
}

/* ---- changes of what is there ---- */

#define DROP_ALL "<filter name='f'><rule action='drop' direction='out'/></filter>"
#define ETHERNET_SAVED                                                                             \
    "# by hand\n*nat\n:PREROUTING ACCEPT\n:POSTROUTING ACCEPT\n:I-vnet1-mac RETURN\n"              \
    ":I-vnet10-mac RETURN\n:libvirt-I-vnet1 RETURN\n:libvirt-O-vnet1 RETURN\n"                     \
    "-A PREROUTING -i vnet1 -j libvirt-I-vnet1\n-A POSTROUTING -o vnet1 -j libvirt-O-vnet1\n"      \
    "-A libvirt-I-vnet1 -j I-vnet1-mac\n-A libvirt-I-vnet1 -j DROP\n"
#define INET_SAVED                                                                                 \
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:FI-vnet1 - [0:0]\n:FO-vnet1 - [0:0]\n"  \
    ":HI-vnet1 - [0:0]\n:libvirt-host-in - [0:0]\n:libvirt-in - [0:0]\n"                           \
    ":libvirt-in-post - [0:0]\n:libvirt-out - [0:0]\n-A INPUT -j libvirt-host-in\n"                \
    "-A FORWARD -j OTHER\n-A FORWARD -j libvirt-in\n-A FORWARD -j libvirt-out\n"                   \
    "-A FORWARD -j libvirt-in-post\n-A libvirt-host-in -m physdev --physdev-in vnet1 -g "          \
    "HI-vnet1\n-A libvirt-in -m physdev --physdev-in vnet1 -g FI-vnet1\n-A libvirt-in-post -m "    \
    "physdev --physdev-in vnet1 -j ACCEPT\n-A libvirt-out -m physdev --physdev-out vnet1 "         \
    "--physdev-is-bridged -g FO-vnet1\nCOMMIT\n"

static void check_text(NwfilterLayer layer, const char *saved, const char *ifname,
                       const NwfilterRules *rules, const char *expected)
{
    const NwfilterChange change = { ifname, rules, NULL };
    g_autofree char *text = nwfilter_tables_text(layer, saved, &change, 1);

    g_assert_cmpstr(text, ==, expected);
}

static void test_changes(void)
{
    g_autoptr(NwfilterRules) drop = good_rules("vnet1", DROP_ALL);
    g_autoptr(NwfilterRules) inet = good_rules("vnet1", RULE("<icmp/>"));

    /* Fewer chains, one direction only: the other's link and chains go, others' stay. */
    check_text(NWFILTER_LAYER_ETHERNET, ETHERNET_SAVED, "vnet1", drop,
               "*nat\n:libvirt-I-vnet1 RETURN\n-A libvirt-I-vnet1 -j DROP\n"
               "-D POSTROUTING -o vnet1 -j libvirt-O-vnet1\n-F I-vnet1-mac\n-F libvirt-O-vnet1\n"
               "-X I-vnet1-mac\n-X libvirt-O-vnet1\nCOMMIT\n");
    check_text(NWFILTER_LAYER_ETHERNET, ETHERNET_SAVED, "vnet1", NULL,
               "*nat\n-D PREROUTING -i vnet1 -j libvirt-I-vnet1\n"
               "-D POSTROUTING -o vnet1 -j libvirt-O-vnet1\n-F I-vnet1-mac\n-F libvirt-I-vnet1\n"
               "-F libvirt-O-vnet1\n-X I-vnet1-mac\n-X libvirt-I-vnet1\n-X libvirt-O-vnet1\n"
               "COMMIT\n");
    check_text(NWFILTER_LAYER_ETHERNET, ETHERNET_SAVED, "vnet10", NULL, NULL);
    check_text(NWFILTER_LAYER_ETHERNET, ETHERNET_SAVED, "vnet2", NULL, NULL);
    /* Something else has come before our chains, which go to the front again. */
    check_text(NWFILTER_LAYER_IPV4, INET_SAVED, "vnet1", inet,
               "*filter\n:FI-vnet1 - [0:0]\n:FO-vnet1 - [0:0]\n:HI-vnet1 - [0:0]\n"
               "-A FI-vnet1 -p icmp -j RETURN\n-A FO-vnet1 -p icmp -j ACCEPT\n"
               "-A HI-vnet1 -p icmp -j RETURN\n"
               "-D FORWARD -j libvirt-in\n-D FORWARD -j libvirt-out\n-D FORWARD -j libvirt-in-post\n"
               "-D INPUT -j libvirt-host-in\n-I FORWARD 1 -j libvirt-in\n"
               "-I FORWARD 2 -j libvirt-out\n-I FORWARD 3 -j libvirt-in-post\n"
               "-I INPUT 1 -j libvirt-host-in\nCOMMIT\n");
    /* The last interface takes the base chains with it. */
    check_text(NWFILTER_LAYER_IPV4, INET_SAVED, "vnet1", drop,
               "*filter\n"
               "-D libvirt-out -m physdev --physdev-out vnet1 --physdev-is-bridged -g FO-vnet1\n"
               "-D libvirt-in -m physdev --physdev-in vnet1 -g FI-vnet1\n"
               "-D libvirt-host-in -m physdev --physdev-in vnet1 -g HI-vnet1\n"
               "-D libvirt-in-post -m physdev --physdev-in vnet1 -j ACCEPT\n"
               "-F FI-vnet1\n-F FO-vnet1\n-F HI-vnet1\n-X FI-vnet1\n-X FO-vnet1\n-X HI-vnet1\n"
               "-D FORWARD -j libvirt-in\n-D FORWARD -j libvirt-out\n-D FORWARD -j libvirt-in-post\n"
               "-D INPUT -j libvirt-host-in\n-X libvirt-in\n-X libvirt-out\n-X libvirt-in-post\n"
               "-X libvirt-host-in\nCOMMIT\n");
}

static void test_learning_rules(void)
{
    g_autoptr(GPtrArray) servers = g_ptr_array_new();
    g_ptr_array_add(servers, (gpointer)"10.0.0.1");
    g_autoptr(NwfilterRules) any =
        nwfilter_rules_new_learning("vnet0", "52:54:00:12:34:56", NWFILTER_LEARN_ANY, NULL);
    g_autoptr(NwfilterRules) dhcp =
        nwfilter_rules_new_learning("vnet0", "52:54:00:12:34:56", NWFILTER_LEARN_DHCP, servers);
    g_autofree char *any_text = all_text(any);
    g_autofree char *dhcp_text = all_text(dhcp);

    g_assert_nonnull(strstr(any_text, "-A libvirt-I-vnet0 -s ! 52:54:00:12:34:56 -j DROP\n"));
    g_assert_null(strstr(any_text, "libvirt-O-vnet0"));
    g_assert_nonnull(strstr(dhcp_text, "--ip-source 10.0.0.1 --ip-source-port 67"));
    g_assert_nonnull(strstr(dhcp_text, "-A libvirt-O-vnet0 -j DROP\n"));
}

/* ---- packets ---- */

static const guint8 mac[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

#define DHCP_AT 42 /* behind the headers of Ethernet, IPv4 and UDP */

typedef struct {
    guint8 bytes[400];
    gsize length;
} Frame;

static void set_ends(Frame *f, gboolean to_guest, guint16 ethertype)
{
    memcpy(f->bytes + (to_guest ? 0 : 6), mac, sizeof mac);
    f->bytes[12] = (guint8)(ethertype >> 8);
    f->bytes[13] = (guint8)ethertype;
}

static Frame make_ip(gboolean to_guest, const guint8 *source)
{
    Frame f = { .length = 60 };

    set_ends(&f, to_guest, 0x0800);
    f.bytes[14] = 0x45;
    f.bytes[17] = 46; /* total length */
    memcpy(f.bytes + 26, source, 4);
    return f;
}

static Frame make_dhcp(gboolean to_guest, guint8 type, guint8 op)
{
    static const guint8 server[] = { 10, 0, 0, 1 };
    const guint8 options[] = { 99, 130, 83, 99, 0, 53, 1, type, 51, 4, 0, 0, 14, 16, 255 };
    Frame f = make_ip(to_guest, server);

    f.length = DHCP_AT + 236 + sizeof options;
    f.bytes[16] = (guint8)((f.length - 14) >> 8);
    f.bytes[17] = (guint8)(f.length - 14);
    f.bytes[23] = 17;
    f.bytes[35] = to_guest ? 67 : 68;
    f.bytes[37] = to_guest ? 68 : 67;
    f.bytes[DHCP_AT] = op;
    memcpy(f.bytes + DHCP_AT + 12, (const guint8[]){ 10, 0, 0, 9 }, 4); /* the client's own */
    memcpy(f.bytes + DHCP_AT + 16, (const guint8[]){ 10, 0, 0, 7 }, 4); /* the one it gets */
    memcpy(f.bytes + DHCP_AT + 28, mac, sizeof mac);
    memcpy(f.bytes + DHCP_AT + 236, options, sizeof options);
    return f;
}

static NwfilterSighting look(const Frame *f, gboolean to_guest, NwfilterLearning learning)
{
    return nwfilter_packet_look(f->bytes, f->length, mac, to_guest, learning);
}

static void check_seen(const Frame *f, gboolean to_guest, NwfilterLearning learning,
                       NwfilterSeen seen, const char *ip)
{
    NwfilterSighting s = look(f, to_guest, learning);

    g_assert_cmpint(s.seen, ==, seen);
    if (seen != NWFILTER_SEEN_NOTHING)
        g_assert_cmpstr(s.ip, ==, ip);
}

static void test_dhcp_packets(void)
{
    Frame ack = make_dhcp(TRUE, 5, 2), offer = make_dhcp(TRUE, 2, 2);
    Frame release = make_dhcp(FALSE, 7, 1), false_ack = make_dhcp(FALSE, 5, 2);
    Frame others = ack, fragment = ack, inform = ack;

    others.bytes[DHCP_AT + 28] ^= 1;
    fragment.bytes[21] = 1;
    inform.bytes[DHCP_AT + 236 + 8] = 52; /* no lease */
    check_seen(&ack, TRUE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_LEASED, "10.0.0.7");
    g_assert_cmpuint(look(&ack, TRUE, NWFILTER_LEARN_ANY).lease_s, ==, 3600);
    check_seen(&release, FALSE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_RELEASED, "10.0.0.9");
    check_seen(&offer, TRUE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&false_ack, FALSE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&others, TRUE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&fragment, TRUE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&inform, TRUE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    for (gsize length = ack.length - 1; length > 0; length--) { /* cut off anywhere */
        Frame cut = ack;
        cut.length = length;
        check_seen(&cut, TRUE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    }
}

static void test_other_packets(void)
{
    static const guint8 head[] = { 0, 1, 8, 0, 6, 4, 0, 1 };
    Frame arp = { .length = 42 };
    Frame ip = make_ip(FALSE, (const guint8[]){ 10, 0, 0, 5 });
    Frame nobody = make_ip(FALSE, (const guint8[]){ 0, 0, 0, 0 });
    Frame multicast = make_ip(FALSE, (const guint8[]){ 224, 0, 0, 1 });
    Frame spoofed = ip;

    set_ends(&arp, FALSE, 0x0806);
    memcpy(arp.bytes + 14, head, sizeof head);
    memcpy(arp.bytes + 22, mac, sizeof mac);
    memcpy(arp.bytes + 28, (const guint8[]){ 10, 0, 0, 6 }, 4);
    spoofed.bytes[6] ^= 2;
    check_seen(&arp, FALSE, NWFILTER_LEARN_ANY, NWFILTER_SEEN_USED, "10.0.0.6");
    check_seen(&ip, FALSE, NWFILTER_LEARN_ANY, NWFILTER_SEEN_USED, "10.0.0.5");
    check_seen(&arp, FALSE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&ip, FALSE, NWFILTER_LEARN_DHCP, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&ip, TRUE, NWFILTER_LEARN_ANY, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&nobody, FALSE, NWFILTER_LEARN_ANY, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&multicast, FALSE, NWFILTER_LEARN_ANY, NWFILTER_SEEN_NOTHING, NULL);
    check_seen(&spoofed, FALSE, NWFILTER_LEARN_ANY, NWFILTER_SEEN_NOTHING, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/nwfilter-rules/golden", test_golden);
    g_test_add_func("/nwfilter-rules/no-rules", test_no_rules);
    g_test_add_func("/nwfilter-rules/explosion", test_explosion);
    g_test_add_func("/nwfilter-rules/changes", test_changes);
    g_test_add_func("/nwfilter-rules/learning", test_learning_rules);
    g_test_add_func("/nwfilter-rules/dhcp-packets", test_dhcp_packets);
    g_test_add_func("/nwfilter-rules/other-packets", test_other_packets);
    return g_test_run();
}
