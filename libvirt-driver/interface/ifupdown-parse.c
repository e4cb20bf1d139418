/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ifupdown-text.h"

#include <string.h>

#include "network/inet.h"

typedef struct {
    GHashTable *by_name; /* of InterfaceDef, borrowed from all */
    GPtrArray *all;      /* of InterfaceDef, owned */
    GHashTable *starts;  /* name -> "onboot", "hotplug" */
    GHashTable *ports;   /* name -> names of its ports, char ** */
    InterfaceDef *now;   /* whose stanza it is; NULL: none that we know */
    InterfaceProtocol *protocol;
    char *address; /* of the stanza: it may come before its netmask */
    guint prefix;
} Parser;

/* ---- options, by the words interfaces(5), bridge-utils-interfaces(5) and ifenslave have ---- */

typedef enum { AS_TEXT, AS_NUMBER } OptionKind;

#define F(field) offsetof(InterfaceDef, field)
static const struct {
    const char *word;
    OptionKind kind;
    gsize offset;
    int type; /* what it makes the interface; 0: nothing */
} options[] = {
    { "hwaddress", AS_TEXT, F(mac) },
    { "mtu", AS_NUMBER, F(mtu) },
    { "bridge-fd", AS_TEXT, F(delay), INTERFACE_BRIDGE },
    { "bond-mode", AS_TEXT, F(bond_mode), INTERFACE_BOND },
    { "bond-miimon", AS_NUMBER, F(mii_freq), INTERFACE_BOND },
    { "bond-updelay", AS_NUMBER, F(mii_up_delay), INTERFACE_BOND },
    { "bond-downdelay", AS_NUMBER, F(mii_down_delay), INTERFACE_BOND },
    { "bond-arp-interval", AS_NUMBER, F(arp_interval), INTERFACE_BOND },
    { "bond-arp-ip-target", AS_TEXT, F(arp_target), INTERFACE_BOND },
    { "bond-arp-validate", AS_TEXT, F(arp_validate), INTERFACE_BOND },
    { "vlan-raw-device", AS_TEXT, F(vlan_device), INTERFACE_VLAN },
    { "vlan-id", AS_NUMBER, F(vlan_tag), INTERFACE_VLAN },
};
#undef F

/* Of several words the last one: "ether 00:16:3e:00:00:01". */
static const char *last_word(const char *value)
{
    const char *blank = strrchr(value, ' ');

    return blank != NULL ? blank + 1 : value;
}

static void set_option(InterfaceDef *def, const char *word, const char *value)
{
    for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strcmp(options[i].word, word) != 0)
            continue;
        gpointer field = G_STRUCT_MEMBER_P(def, options[i].offset);
        if (options[i].type != 0)
            def->type = options[i].type;
        if (options[i].kind == AS_NUMBER) {
            *(guint *)field = (guint)g_ascii_strtoull(value, NULL, 10);
        } else {
            g_free(*(char **)field);
            *(char **)field = g_strdup(last_word(value));
        }
    }
}

static void set_ports(Parser *p, const char *value, int type)
{
    p->now->type = type;
    g_hash_table_replace(p->ports, g_strdup(p->now->name),
                         strcmp(value, "none") != 0 ? g_strsplit(value, " ", -1)
                                                    : g_new0(char *, 1));
}

static void set_address(Parser *p, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "/", 2);

    g_free(p->address);
    p->address = g_strdup(parts[0]);
    if (parts[0] != NULL && parts[1] != NULL)
        p->prefix = (guint)g_ascii_strtoull(parts[1], NULL, 10);
}

/* "255.255.255.0" or "24". */
static void set_netmask(Parser *p, const char *value)
{
    int prefix = strchr(value, '.') != NULL ? inet_mask_prefix(value)
                                            : (int)g_ascii_strtoull(value, NULL, 10);

    p->prefix = (guint)MAX(prefix, 0);
}

static void take_option(Parser *p, const char *word, const char *value)
{
    if (strcmp(word, "bridge-ports") == 0)
        set_ports(p, value, INTERFACE_BRIDGE);
    else if (strcmp(word, "bond-slaves") == 0)
        set_ports(p, value, INTERFACE_BOND);
    else if (strcmp(word, "bridge-stp") == 0)
        p->now->stp =
            strcmp(value, "on") == 0 || strcmp(value, "yes") == 0 ? DOMAIN_YES : DOMAIN_NO;
    else if (strcmp(word, "bond-use-carrier") == 0)
        p->now->mii_carrier =
            (g_free(p->now->mii_carrier), g_strdup(strcmp(value, "0") == 0 ? "ioctl" : "netif"));
    else if (p->protocol != NULL && strcmp(word, "address") == 0)
        set_address(p, value);
    else if (p->protocol != NULL && strcmp(word, "netmask") == 0)
        set_netmask(p, value);
    else if (p->protocol != NULL && strcmp(word, "gateway") == 0)
        p->protocol->gateway = (g_free(p->protocol->gateway), g_strdup(value));
    else if (p->protocol != NULL && strcmp(word, "dhcp") == 0)
        p->protocol->dhcp = strcmp(value, "1") == 0;
    else
        set_option(p->now, word, value);
}

/* ---- stanzas ---- */

static void end_stanza(Parser *p)
{
    InetAddress address;

    if (p->protocol != NULL && p->address != NULL && inet_parse(p->address, &address))
        interface_protocol_add_ip(p->protocol, p->address,
                                  p->prefix > 0 ? MIN(p->prefix, inet_bits(address.family))
                                                : inet_bits(address.family));
    g_clear_pointer(&p->address, g_free);
    p->prefix = 0;
    p->now = NULL;
    p->protocol = NULL;
}

static InterfaceDef *ensure(Parser *p, const char *name)
{
    InterfaceDef *def = g_hash_table_lookup(p->by_name, name);

    if (def != NULL)
        return def;
    def = interface_def_new();
    def->type = INTERFACE_ETHERNET;
    def->name = g_strdup(name);
    g_ptr_array_add(p->all, def);
    g_hash_table_insert(p->by_name, def->name, def);
    return def;
}

/* "iface NAME inet METHOD" */
static void begin_stanza(Parser *p, char **words)
{
    if (g_strv_length(words) < 4 || !inet_is_ifname(words[1]))
        return;
    gboolean is_v6 = strcmp(words[2], "inet6") == 0;
    p->now = ensure(p, words[1]);
    if (strcmp(words[3], "manual") == 0 || strcmp(words[3], "loopback") == 0 ||
        (!is_v6 && strcmp(words[2], "inet") != 0))
        return;
    p->protocol = interface_protocol(p->now, is_v6 ? "ipv6" : "ipv4");
    if (strcmp(words[3], "dhcp") == 0)
        p->protocol->dhcp = TRUE;
    if (strcmp(words[3], "auto") == 0)
        p->protocol->autoconf = is_v6;
}

static void note_start(Parser *p, char **names, const char *start)
{
    for (; *names != NULL; names++)
        g_hash_table_replace(p->starts, g_strdup(*names), (gpointer)start);
}

/* Words of options may be written with either. */
static char *option_word(const char *word)
{
    return g_strdelimit(g_strdup(word), "_", '-');
}

/* In words separated by one blank. */
static char *tidy(const char *line)
{
    g_auto(GStrv) words = g_strsplit_set(line, " \t", -1);
    g_autoptr(GStrvBuilder) kept = g_strv_builder_new();

    for (char **w = words; *w != NULL; w++)
        if (**w != '\0')
            g_strv_builder_add(kept, *w);
    g_auto(GStrv) list = g_strv_builder_end(kept);
    return g_strjoinv(" ", list);
}

static const char *const stanza_words[] = {
    "auto",   "iface",        "mapping",    "source",   "source-directory",
    "rename", "no-auto-down", "no-scripts", "template", NULL
};

static void take_line(Parser *p, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", -1);

    if (words[0] == NULL || *words[0] == '#')
        return;
    gboolean is_allow = g_str_has_prefix(words[0], "allow-");
    if (is_allow || g_strv_contains(stanza_words, words[0])) {
        end_stanza(p);
        if (strcmp(words[0], "iface") == 0)
            begin_stanza(p, words);
        else if (strcmp(words[0], "auto") == 0 || strcmp(words[0], "allow-auto") == 0)
            note_start(p, words + 1, "onboot");
        else if (strcmp(words[0], "allow-hotplug") == 0)
            note_start(p, words + 1, "hotplug");
    } else if (p->now != NULL && words[1] != NULL) {
        g_autofree char *word = option_word(words[0]);
        take_option(p, word, line + strlen(words[0]) + 1);
    }
}

/* A backslash at its end joins a line with the next one. */
static GPtrArray *split_lines(const char *text)
{
    g_auto(GStrv) joined = g_strsplit(text, "\\\n", -1);
    g_autofree char *whole = g_strjoinv(" ", joined);
    g_auto(GStrv) raw = g_strsplit(whole, "\n", -1);
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

    for (char **line = raw; *line != NULL; line++)
        g_ptr_array_add(lines, tidy(*line));
    return lines;
}

/* ---- the whole ---- */

static InterfaceDef *plain_port(const char *name)
{
    InterfaceDef *port = interface_def_new();

    port->type = INTERFACE_ETHERNET;
    port->name = g_strdup(name);
    return port;
}

/* Its ports, which are taken out of the list when they have stanzas: a port has no ports that have
 * it. */
static void assemble(Parser *p, InterfaceDef *def)
{
    char **names = g_hash_table_lookup(p->ports, def->name);

    for (; names != NULL && *names != NULL; names++) {
        InterfaceDef *own = g_hash_table_lookup(p->by_name, *names);
        guint index;

        if (!inet_is_ifname(*names) || own == def)
            continue;
        if (own != NULL && def->type == INTERFACE_BRIDGE && own->type != INTERFACE_BRIDGE &&
            own->protocols->len == 0 && g_ptr_array_find(p->all, own, &index))
            g_ptr_array_add(def->ports, g_ptr_array_steal_index(p->all, index));
        else
            g_ptr_array_add(def->ports, plain_port(*names));
    }
}

static void assemble_all(Parser *p)
{
    static const int inner_first[] = { INTERFACE_BOND, INTERFACE_BRIDGE };
    g_autoptr(GPtrArray) before = g_ptr_array_copy(p->all, NULL, NULL);

    g_ptr_array_set_free_func(before, NULL);
    for (guint t = 0; t < G_N_ELEMENTS(inner_first); t++)
        for (guint i = 0; i < before->len; i++)
            if (((InterfaceDef *)before->pdata[i])->type == inner_first[t])
                assemble(p, before->pdata[i]);
}

static void set_starts(const Parser *p)
{
    for (guint i = 0; i < p->all->len; i++) {
        InterfaceDef *def = p->all->pdata[i];
        const char *start = g_hash_table_lookup(p->starts, def->name);
        def->start = g_strdup(start != NULL ? start : "none");
    }
}

/* The kernel's and ifupdown's rule for names without an option: "eth0.5". */
static void settle_vlan(InterfaceDef *def)
{
    const char *dot = strrchr(def->name, '.');
    guint64 tag = dot != NULL ? g_ascii_strtoull(dot + 1, NULL, 10) : 0;

    if (def->type == INTERFACE_ETHERNET && tag > 0 && tag < 4095)
        def->type = INTERFACE_VLAN;
    if (def->type != INTERFACE_VLAN)
        return;
    if (def->vlan_tag == 0)
        def->vlan_tag = (guint)tag;
    if (def->vlan_device == NULL && dot != NULL)
        def->vlan_device = g_strndup(def->name, (gsize)(dot - def->name));
}

static void free_def(gpointer def)
{
    interface_def_free(def);
}

static void free_names(gpointer names)
{
    g_strfreev(names);
}

GPtrArray *ifupdown_parse(const char *text)
{
    Parser p = {
        .by_name = g_hash_table_new(g_str_hash, g_str_equal),
        .all = g_ptr_array_new_with_free_func(free_def),
        .starts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_names),
    };
    g_autoptr(GPtrArray) lines = split_lines(text);

    for (guint i = 0; i < lines->len; i++)
        take_line(&p, lines->pdata[i]);
    end_stanza(&p);
    for (guint i = 0; i < p.all->len; i++)
        settle_vlan(p.all->pdata[i]);
    assemble_all(&p);
    set_starts(&p);
    g_hash_table_unref(p.by_name);
    g_hash_table_unref(p.starts);
    g_hash_table_unref(p.ports);
    return p.all;
}

void ifupdown_list_sources(const char *text, GPtrArray *ret_patterns)
{
    g_autoptr(GPtrArray) lines = split_lines(text);

    for (guint i = 0; i < lines->len; i++) {
        g_auto(GStrv) words = g_strsplit(lines->pdata[i], " ", -1);
        for (guint w = 1; words[0] != NULL && words[w] != NULL; w++) {
            if (strcmp(words[0], "source") == 0)
                g_ptr_array_add(ret_patterns, g_strdup(words[w]));
            else if (strcmp(words[0], "source-directory") == 0)
                g_ptr_array_add(ret_patterns, g_strconcat(words[w], "/*", NULL));
        }
    }
}
