/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rules.h"

#include <string.h>

#include "chains.h"
#include "match.h"

#define FROM_GUEST 'I' /* into the host */
#define TO_GUEST   'O'

static NwfilterRules *rules_new_empty(const char *ifname)
{
    NwfilterRules *rules = g_new0(NwfilterRules, 1);

    rules->ifname = g_strdup(ifname);
    for (guint i = 0; i < NWFILTER_N_LAYERS; i++) {
        rules->chains[i] = g_ptr_array_new_with_free_func(g_free);
        rules->lines[i] = g_ptr_array_new_with_free_func(g_free);
    }
    return rules;
}

void nwfilter_rules_free(NwfilterRules *rules)
{
    if (rules == NULL)
        return;
    for (guint i = 0; i < NWFILTER_N_LAYERS; i++) {
        g_ptr_array_unref(rules->chains[i]);
        g_ptr_array_unref(rules->lines[i]);
    }
    g_free(rules->ifname);
    g_free(rules);
}

char *nwfilter_root_chain(char direction, const char *ifname)
{
    return g_strdup_printf("libvirt-%c-%s", direction, ifname);
}

static NwfilterLayer layer_of(const NwfilterRule *rule)
{
    return rule->protocol != NULL ? rule->protocol->layer : NWFILTER_LAYER_ETHERNET;
}

static gboolean is_in_root(const NwfilterInstance *instance)
{
    return strcmp(instance->filter->chain, NWFILTER_ROOT_CHAIN) == 0;
}

/* Those of the root chain come first; the sort is stable, so equals stay as they stand. */
static int compare_instances(gconstpointer a, gconstpointer b)
{
    const NwfilterInstance *x = *(const NwfilterInstance *const *)a;
    const NwfilterInstance *y = *(const NwfilterInstance *const *)b;

    if (is_in_root(x) != is_in_root(y))
        return is_in_root(x) ? -1 : 1;
    return x->rule->priority - y->rule->priority;
}

/* ---- the bridge's chains ---- */

typedef struct {
    const char *name; /* as in a filter */
    int priority;
    gboolean entered; /* from the root chain */
} SubChain;

/* What is made for one direction. */
typedef struct {
    NwfilterRules *rules;
    char direction;
    char *root;
    GArray *subs; /* of SubChain, by priority */
} Side;

static char *sub_chain_name(const Side *side, const char *name)
{
    return g_strdup_printf("%c-%s-%s", side->direction, side->rules->ifname, name);
}

static gboolean is_on_side(const Side *side, const NwfilterInstance *instance)
{
    NwfilterDirection other = side->direction == FROM_GUEST ? NWFILTER_IN : NWFILTER_OUT;

    return layer_of(instance->rule) == NWFILTER_LAYER_ETHERNET &&
           instance->rule->direction != other;
}

static void note_sub_chain(Side *side, const NwfilterDef *filter)
{
    SubChain sub = { filter->chain, filter->priority, FALSE };
    guint i = 0;

    for (; i < side->subs->len; i++)
        if (strcmp(g_array_index(side->subs, SubChain, i).name, filter->chain) == 0)
            return;
    for (i = 0; i < side->subs->len; i++)
        if (g_array_index(side->subs, SubChain, i).priority > sub.priority)
            break;
    g_array_insert_val(side->subs, i, sub);
    g_ptr_array_add(side->rules->chains[NWFILTER_LAYER_ETHERNET],
                    sub_chain_name(side, filter->chain));
}

/* FALSE: there is nothing to do in that direction. */
static gboolean find_chains(Side *side, const GPtrArray *instances)
{
    GPtrArray *chains = side->rules->chains[NWFILTER_LAYER_ETHERNET];
    gboolean any = FALSE;

    for (guint i = 0; i < instances->len; i++) {
        const NwfilterInstance *instance = instances->pdata[i];
        if (!is_on_side(side, instance))
            continue;
        if (!any)
            g_ptr_array_add(chains, g_strdup(side->root));
        any = TRUE;
        if (!is_in_root(instance))
            note_sub_chain(side, instance->filter);
    }
    return any;
}

/* Chains are entered before the root chain's rules of their priority. */
static void enter_sub_chains(Side *side, int priority)
{
    for (guint i = 0; i < side->subs->len; i++) {
        SubChain *sub = &g_array_index(side->subs, SubChain, i);
        const NwfilterChainKind *kind = nwfilter_chain_kind(sub->name);
        g_autofree char *name = sub_chain_name(side, sub->name);
        g_autoptr(GString) line = g_string_new(NULL);

        if (sub->entered || sub->priority > priority)
            continue;
        sub->entered = TRUE;
        g_string_append_printf(line, "-A %s", side->root);
        if (kind->option != NULL)
            g_string_append_printf(line, " %s %s", kind->option, kind->value);
        g_string_append_printf(line, " -j %s", name);
        g_ptr_array_add(side->rules->lines[NWFILTER_LAYER_ETHERNET],
                        g_string_free(g_steal_pointer(&line), FALSE));
    }
}

typedef struct {
    const Side *side;
    const char *chain;
} Adding;

/* A rule of both directions is written as what the guest receives. */
static gboolean add_ethernet(const NwfilterRule *rule, gpointer user_data, GError **error)
{
    const Adding *adding = user_data;
    gboolean reversed =
        adding->side->direction == FROM_GUEST && rule->direction == NWFILTER_INOUT;

    return nwfilter_match_ethernet(rule, adding->chain, reversed,
                                   adding->side->rules->lines[NWFILTER_LAYER_ETHERNET], error);
}

static gboolean add_side(Side *side, const GPtrArray *instances, GError **error)
{
    if (!find_chains(side, instances))
        return TRUE;
    for (guint i = 0; i < instances->len; i++) {
        const NwfilterInstance *instance = instances->pdata[i];
        gboolean in_root = is_in_root(instance);
        g_autofree char *chain = in_root ? g_strdup(side->root)
                                         : sub_chain_name(side, instance->filter->chain);
        Adding adding = { side, chain };

        if (!is_on_side(side, instance))
            continue;
        if (in_root)
            enter_sub_chains(side, instance->rule->priority);
        if (!nwfilter_rule_each(instance->rule, instance->variables, add_ethernet, &adding, error))
            return FALSE;
    }
    enter_sub_chains(side, G_MAXINT);
    return TRUE;
}

static gboolean add_ethernet_side(NwfilterRules *rules, char direction, const GPtrArray *instances,
                                  GError **error)
{
    g_autofree char *root = nwfilter_root_chain(direction, rules->ifname);
    g_autoptr(GArray) subs = g_array_new(FALSE, FALSE, sizeof(SubChain));
    Side side = { rules, direction, root, subs };

    return add_side(&side, instances, error);
}

/* ---- those of IPv4 and IPv6 ---- */

typedef struct {
    char *from_guest, *to_guest, *to_host;
    GPtrArray *lines;
} InetChains;

static gboolean add_inet(const NwfilterRule *rule, gpointer user_data, GError **error)
{
    const InetChains *chains = user_data;

    nwfilter_match_inet(rule, chains->from_guest, chains->to_guest, chains->to_host,
                        chains->lines);
    return TRUE;
}

static gboolean add_inet_layer(NwfilterRules *rules, NwfilterLayer layer,
                               const GPtrArray *instances, GError **error)
{
    g_autofree char *from_guest = g_strdup_printf("FI-%s", rules->ifname);
    g_autofree char *to_guest = g_strdup_printf("FO-%s", rules->ifname);
    g_autofree char *to_host = g_strdup_printf("HI-%s", rules->ifname);
    InetChains chains = { from_guest, to_guest, to_host, rules->lines[layer] };
    gboolean any = FALSE;

    for (guint i = 0; i < instances->len; i++) {
        const NwfilterInstance *instance = instances->pdata[i];
        if (layer_of(instance->rule) != layer)
            continue;
        any = TRUE;
        if (!nwfilter_rule_each(instance->rule, instance->variables, add_inet, &chains, error))
            return FALSE;
    }
    if (any) {
        g_ptr_array_add(rules->chains[layer], g_steal_pointer(&from_guest));
        g_ptr_array_add(rules->chains[layer], g_steal_pointer(&to_guest));
        g_ptr_array_add(rules->chains[layer], g_steal_pointer(&to_host));
    }
    return TRUE;
}

NwfilterRules *nwfilter_rules_new(const char *ifname, const GPtrArray *instances, GError **error)
{
    g_autoptr(NwfilterRules) rules = rules_new_empty(ifname);
    g_autoptr(GPtrArray) sorted = g_ptr_array_copy((GPtrArray *)instances, NULL, NULL);

    g_ptr_array_set_free_func(sorted, NULL);
    g_ptr_array_sort(sorted, compare_instances);
    if (!add_ethernet_side(rules, FROM_GUEST, sorted, error) ||
        !add_ethernet_side(rules, TO_GUEST, sorted, error) ||
        !add_inet_layer(rules, NWFILTER_LAYER_IPV4, sorted, error) ||
        !add_inet_layer(rules, NWFILTER_LAYER_IPV6, sorted, error))
        return NULL;
    return g_steal_pointer(&rules);
}

/* ---- while an address is being learned ---- */

static void add(NwfilterRules *rules, char direction, const char *match, const char *target)
{
    g_autofree char *root = nwfilter_root_chain(direction, rules->ifname);
    const char *gap = *match != '\0' ? " " : "";

    g_ptr_array_add(rules->lines[NWFILTER_LAYER_ETHERNET],
                    g_strdup_printf("-A %s%s%s -j %s", root, gap, match, target));
}

static void add_root(NwfilterRules *rules, char direction)
{
    g_ptr_array_add(rules->chains[NWFILTER_LAYER_ETHERNET],
                    nwfilter_root_chain(direction, rules->ifname));
}

static void add_server(NwfilterRules *rules, const char *mac, const char *server)
{
    const char *const to[] = { mac, "ff:ff:ff:ff:ff:ff" };

    for (guint i = 0; i < G_N_ELEMENTS(to); i++) {
        g_autofree char *match =
            g_strdup_printf("-d %s -p ipv4 --ip-protocol 17%s%s --ip-source-port 67 "
                            "--ip-destination-port 68",
                            to[i], server != NULL ? " --ip-source " : "",
                            server != NULL ? server : "");
        add(rules, TO_GUEST, match, "ACCEPT");
    }
}

/* Questions of its DHCP client's and their answers: RFC 2131, 4.1. */
static void add_dhcp_only(NwfilterRules *rules, const char *mac, const GPtrArray *servers)
{
    g_autofree char *questions =
        g_strdup_printf("-s %s -p ipv4 --ip-protocol 17 --ip-source-port 68 "
                        "--ip-destination-port 67",
                        mac);

    add_root(rules, FROM_GUEST);
    add_root(rules, TO_GUEST);
    add(rules, FROM_GUEST, questions, "ACCEPT");
    add(rules, FROM_GUEST, "", "DROP");
    for (guint i = 0; servers != NULL && i < servers->len; i++)
        add_server(rules, mac, servers->pdata[i]);
    if (servers == NULL)
        add_server(rules, mac, NULL);
    add(rules, TO_GUEST, "", "DROP");
}

NwfilterRules *nwfilter_rules_new_learning(const char *ifname, const char *mac,
                                           NwfilterLearning learning, const GPtrArray *servers)
{
    NwfilterRules *rules = rules_new_empty(ifname);

    if (learning == NWFILTER_LEARN_DHCP) {
        add_dhcp_only(rules, mac, servers);
        return rules;
    }
    g_autofree char *others = g_strdup_printf("-s ! %s", mac);
    add_root(rules, FROM_GUEST);
    add(rules, FROM_GUEST, others, "DROP");
    add(rules, FROM_GUEST, "-p ipv4", "ACCEPT");
    add(rules, FROM_GUEST, "-p arp", "ACCEPT");
    add(rules, FROM_GUEST, "", "DROP");
    return rules;
}
