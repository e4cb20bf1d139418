/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tables.h"

#include <string.h>

#include "command.h"
#include "handler-util.h"

static const struct {
    const char *save, *restore, *table;
    const char *policy; /* behind the name of a chain of ours */
    const char *call;   /* the setting that sends bridged packets there; NULL: they all go */
    const char *wait;   /* the restore tool's option to wait for others */
} layers[NWFILTER_N_LAYERS] = {
    [NWFILTER_LAYER_ETHERNET] = { "ebtables-save", "ebtables-restore", "nat", "RETURN", NULL,
                                  NULL },
    [NWFILTER_LAYER_IPV4] = { "iptables-save", "iptables-restore", "filter", "- [0:0]",
                              "bridge-nf-call-iptables", "-w" },
    [NWFILTER_LAYER_IPV6] = { "ip6tables-save", "ip6tables-restore", "filter", "- [0:0]",
                              "bridge-nf-call-ip6tables", "-w" },
};

/* Chains that the interfaces' chains of IPv4 and IPv6 hang in, and where they hang themselves: in
 * this order, before everything else. */
static const struct {
    const char *chain, *hook;
    guint place;
} bases[] = {
    { "libvirt-in", "FORWARD", 1 },
    { "libvirt-out", "FORWARD", 2 },
    { "libvirt-in-post", "FORWARD", 3 },
    { "libvirt-host-in", "INPUT", 1 },
};

/* Where an interface's chains are entered; %s is its name. What a guest sends and no filter of the
 * receiver's has decided about is accepted behind them. */
static const char *const ethernet_links[] = {
    "PREROUTING -i %s -j libvirt-I-%s",
    "POSTROUTING -o %s -j libvirt-O-%s",
};
static const char *const inet_links[] = {
    "libvirt-out -m physdev --physdev-out %s --physdev-is-bridged -g FO-%s",
    "libvirt-in -m physdev --physdev-in %s -g FI-%s",
    "libvirt-host-in -m physdev --physdev-in %s -g HI-%s",
    "libvirt-in-post -m physdev --physdev-in %s -j ACCEPT",
};

/* ---- what is there ---- */

/* A table as its save tool wrote it, with line breaks around every line. */
static gboolean has_line(const char *saved, const char *line)
{
    g_autofree char *whole = g_strdup_printf("\n%s\n", line);

    return strstr(saved, whole) != NULL;
}

static gboolean has_chain(const char *saved, const char *chain)
{
    g_autofree char *start = g_strdup_printf("\n:%s ", chain);

    return strstr(saved, start) != NULL;
}

static gboolean contains(const GPtrArray *names, const char *name)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)names, name, g_str_equal, NULL);
}

/* Chains that root's lines jump to, and whose names begin so. */
static void find_jumps(const char *saved, const char *root, const char *prefix, GPtrArray *found)
{
    g_autofree char *start = g_strdup_printf("\n-A %s ", root);

    for (const char *p = saved; (p = strstr(p, start)) != NULL; p++) {
        g_autofree char *line = g_strndup(p + 1, strcspn(p + 1, "\n"));
        const char *jump = strstr(line, " -j ");
        if (jump != NULL && g_str_has_prefix(jump + 4, prefix) && !contains(found, jump + 4))
            g_ptr_array_add(found, g_strdup(jump + 4));
    }
}

static void find_ethernet_chains(const char *saved, const char *ifname, GPtrArray *found)
{
    for (const char *direction = "IO"; *direction != '\0'; direction++) {
        g_autofree char *root = nwfilter_root_chain(*direction, ifname);
        g_autofree char *prefix = g_strdup_printf("%c-%s-", *direction, ifname);
        if (!has_chain(saved, root))
            continue;
        find_jumps(saved, root, prefix, found);
        g_ptr_array_add(found, g_steal_pointer(&root));
    }
}

static void find_inet_chains(const char *saved, const char *ifname, GPtrArray *found)
{
    static const char *const prefixes[] = { "FI-", "FO-", "HI-" };

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        g_autofree char *chain = g_strconcat(prefixes[i], ifname, NULL);
        if (has_chain(saved, chain))
            g_ptr_array_add(found, g_steal_pointer(&chain));
    }
}

static GPtrArray *find_chains(NwfilterLayer layer, const char *saved, const char *ifname)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);

    if (layer == NWFILTER_LAYER_ETHERNET)
        find_ethernet_chains(saved, ifname, found);
    else
        find_inet_chains(saved, ifname, found);
    return found;
}

/* ---- the text ---- */

typedef struct {
    NwfilterLayer layer;
    const char *saved;
    const NwfilterChange *changes;
    guint n_changes;
    GString *text;
} Writer;

static const GPtrArray *wanted_chains(const Writer *w, const NwfilterChange *change)
{
    static const GPtrArray none = { NULL, 0 };

    return change->rules != NULL ? change->rules->chains[w->layer] : &none;
}

static void add(const Writer *w, const char *verb, const char *rest)
{
    g_string_append_printf(w->text, "%s %s\n", verb, rest);
}

static void declare_chains(const Writer *w, const NwfilterChange *change)
{
    const GPtrArray *chains = wanted_chains(w, change);

    for (guint i = 0; i < chains->len; i++)
        g_string_append_printf(w->text, ":%s %s\n", (char *)chains->pdata[i],
                               layers[w->layer].policy);
}

static void add_lines(const Writer *w, const NwfilterChange *change)
{
    const GPtrArray *lines = change->rules != NULL ? change->rules->lines[w->layer] : NULL;

    for (guint i = 0; lines != NULL && i < lines->len; i++)
        g_string_append_printf(w->text, "%s\n", (char *)lines->pdata[i]);
}

static char *link_text(const char *pattern, const char *ifname)
{
    g_auto(GStrv) parts = g_strsplit(pattern, "%s", -1);

    return g_strjoinv(ifname, parts);
}

/* The link of a direction of the bridge is wanted when its chain is; the others are all or none. */
static gboolean is_link_wanted(const Writer *w, const NwfilterChange *change, guint i)
{
    if (w->layer != NWFILTER_LAYER_ETHERNET)
        return wanted_chains(w, change)->len > 0;
    g_autofree char *root = nwfilter_root_chain("IO"[i], change->ifname);
    return contains(wanted_chains(w, change), root);
}

static void settle_links(const Writer *w, const NwfilterChange *change)
{
    gboolean is_ethernet = w->layer == NWFILTER_LAYER_ETHERNET;
    guint n = is_ethernet ? G_N_ELEMENTS(ethernet_links) : G_N_ELEMENTS(inet_links);

    for (guint i = 0; i < n; i++) {
        g_autofree char *link =
            link_text(is_ethernet ? ethernet_links[i] : inet_links[i], change->ifname);
        g_autofree char *line = g_strconcat("-A ", link, NULL);
        gboolean is = has_line(w->saved, line), wanted = is_link_wanted(w, change, i);
        if (wanted != is)
            add(w, wanted ? "-A" : "-D", link);
    }
}

/* A chain can go when nothing jumps to it: all are emptied before the first goes. */
static void remove_stale(const Writer *w)
{
    g_autoptr(GPtrArray) stale = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < w->n_changes; i++) {
        const GPtrArray *wanted = wanted_chains(w, &w->changes[i]);
        g_autoptr(GPtrArray) found = find_chains(w->layer, w->saved, w->changes[i].ifname);
        for (guint c = 0; c < found->len; c++)
            if (!contains(wanted, found->pdata[c]))
                g_ptr_array_add(stale, g_strdup(found->pdata[c]));
    }
    for (guint i = 0; i < stale->len; i++)
        add(w, "-F", stale->pdata[i]);
    for (guint i = 0; i < stale->len; i++)
        add(w, "-X", stale->pdata[i]);
}

/* ---- the base chains of IPv4 and IPv6 ---- */

static guint count_lines(const char *saved, const char *chain)
{
    g_autofree char *start = g_strdup_printf("\n-A %s ", chain);
    guint n = 0;

    for (const char *p = saved; (p = strstr(p, start)) != NULL; p++)
        n++;
    return n;
}

/* Interfaces that will hang in the base chains, others' that we do not know included. */
static guint count_interfaces(const Writer *w)
{
    guint n = count_lines(w->saved, bases[0].chain);

    for (guint i = 0; i < w->n_changes; i++) {
        g_autofree char *link = link_text(inet_links[1], w->changes[i].ifname);
        g_autofree char *line = g_strconcat("-A ", link, NULL);
        if (has_line(w->saved, line))
            n--;
        if (wanted_chains(w, &w->changes[i])->len > 0)
            n++;
    }
    return n;
}

/* Whether the chain hangs where it belongs. */
static gboolean is_in_place(const char *saved, guint base)
{
    g_autofree char *start = g_strdup_printf("\n-A %s ", bases[base].hook);
    const char *p = strstr(saved, start);

    for (guint place = 1; p != NULL && place < bases[base].place; place++)
        p = strstr(p + 1, start);
    g_autofree char *line = g_strdup_printf("%s-j %s\n", start, bases[base].chain);
    return p != NULL && g_str_has_prefix(p, line);
}

static gboolean are_in_place(const char *saved)
{
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++)
        if (!is_in_place(saved, i))
            return FALSE;
    return TRUE;
}

static void unhook_bases(const Writer *w)
{
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
        g_autofree char *jump = g_strdup_printf("%s -j %s", bases[i].hook, bases[i].chain);
        g_autofree char *line = g_strconcat("-A ", jump, NULL);
        if (has_line(w->saved, line))
            add(w, "-D", jump);
    }
}

static void declare_bases(const Writer *w)
{
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++)
        if (!has_chain(w->saved, bases[i].chain))
            g_string_append_printf(w->text, ":%s %s\n", bases[i].chain, layers[w->layer].policy);
}

static void hook_bases(const Writer *w)
{
    unhook_bases(w);
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++) {
        g_autofree char *rest = g_strdup_printf("%s %u -j %s", bases[i].hook, bases[i].place,
                                                bases[i].chain);
        add(w, "-I", rest);
    }
}

static void remove_bases(const Writer *w)
{
    unhook_bases(w);
    for (guint i = 0; i < G_N_ELEMENTS(bases); i++)
        if (has_chain(w->saved, bases[i].chain))
            add(w, "-X", bases[i].chain);
}

/* ---- both ---- */

static gboolean is_concerned(const Writer *w)
{
    for (guint i = 0; i < w->n_changes; i++) {
        g_autoptr(GPtrArray) found = find_chains(w->layer, w->saved, w->changes[i].ifname);
        if (found->len > 0 || wanted_chains(w, &w->changes[i])->len > 0)
            return TRUE;
    }
    return FALSE;
}

static void write_changes(const Writer *w)
{
    for (guint i = 0; i < w->n_changes; i++)
        declare_chains(w, &w->changes[i]);
    for (guint i = 0; i < w->n_changes; i++)
        add_lines(w, &w->changes[i]);
    for (guint i = 0; i < w->n_changes; i++)
        settle_links(w, &w->changes[i]);
    remove_stale(w);
}

char *nwfilter_tables_text(NwfilterLayer layer, const char *saved, const NwfilterChange *changes,
                           guint n_changes)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const Writer w = { layer, saved, changes, n_changes, text };
    gboolean has_bases = layer != NWFILTER_LAYER_ETHERNET;

    if (!is_concerned(&w))
        return NULL;
    gboolean bases_stay = has_bases && count_interfaces(&w) > 0;
    g_string_append_printf(text, "*%s\n", layers[layer].table);
    if (bases_stay)
        declare_bases(&w);
    write_changes(&w);
    if (bases_stay && !are_in_place(saved))
        hook_bases(&w);
    else if (has_bases && !bases_stay)
        remove_bases(&w);
    g_string_append(text, "COMMIT\n");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* ---- doing it ---- */

static guint count_chains(const NwfilterRules *rules, NwfilterLayer layer)
{
    return rules != NULL ? rules->chains[layer]->len : 0;
}

static gboolean wants(NwfilterLayer layer, const NwfilterChange *changes, guint n_changes)
{
    for (guint i = 0; i < n_changes; i++)
        if (count_chains(changes[i].rules, layer) > 0)
            return TRUE;
    return FALSE;
}

/* Rules that no packet comes by would be worse than none. What the host's administrator has
 * switched off is not for us to switch on. */
static gboolean check_bridged(NwfilterLayer layer, GError **error)
{
    const char *const modprobe[] = { "modprobe", "br_netfilter", NULL };
    g_autofree char *path =
        g_build_filename("/proc/sys/net/bridge", layers[layer].call, NULL);
    g_autofree char *text = NULL;

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        command_run(modprobe, NULL, NULL, NULL);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                    "this filter needs the kernel's br_netfilter, which is not there");
    return g_strcmp0(g_strstrip(text), "0") != 0 ||
           fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                "this filter needs bridged packets to pass %s: set net.bridge.%s to 1",
                layers[layer].restore, layers[layer].call);
}

/* Whether none of them has anything there, before or after. What an interface has of which nothing
 * is known is looked for: a daemon that was killed may have left it. */
static gboolean is_untouched(NwfilterLayer layer, const NwfilterChange *changes, guint n_changes)
{
    for (guint i = 0; i < n_changes; i++)
        if (changes[i].before == NULL || count_chains(changes[i].before, layer) > 0 ||
            count_chains(changes[i].rules, layer) > 0)
            return FALSE;
    return TRUE;
}

static gboolean apply_layer(NwfilterLayer layer, const NwfilterChange *changes, guint n_changes,
                            GError **error)
{
    const char *const save[] = { layers[layer].save, "-t", layers[layer].table, NULL };
    const char *const restore[] = { layers[layer].restore, "--noflush", layers[layer].wait, NULL };
    g_autofree char *saved = NULL;

    if (is_untouched(layer, changes, n_changes))
        return TRUE;
    if (layers[layer].call != NULL && wants(layer, changes, n_changes) &&
        !check_bridged(layer, error))
        return FALSE;
    if (!command_run(save, NULL, &saved, error))
        return FALSE;
    g_autofree char *text = nwfilter_tables_text(layer, saved, changes, n_changes);
    return text == NULL || command_run(restore, text, NULL, error);
}

static void revert(guint n_layers, const NwfilterChange *changes, guint n_changes)
{
    g_autofree NwfilterChange *back = g_new(NwfilterChange, n_changes);

    for (guint i = 0; i < n_changes; i++)
        back[i] = (NwfilterChange){ changes[i].ifname, changes[i].before, NULL };
    while (n_layers-- > 0) {
        g_autoptr(GError) error = NULL;
        if (!apply_layer((NwfilterLayer)n_layers, back, n_changes, &error))
            g_critical("nwfilter: cannot go back to the rules before: %s", error->message);
    }
}

gboolean nwfilter_tables_apply(const NwfilterChange *changes, guint n_changes, GError **error)
{
    for (guint layer = 0; layer < NWFILTER_N_LAYERS; layer++) {
        if (apply_layer((NwfilterLayer)layer, changes, n_changes, error))
            continue;
        revert(layer, changes, n_changes);
        return FALSE;
    }
    return TRUE;
}
