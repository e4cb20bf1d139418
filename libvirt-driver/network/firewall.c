/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "firewall.h"

#include <string.h>

#include "command.h"
#include "firewall-rules.h"

static const char *const tables[] = { "filter", "nat", "mangle" };

static const char *const save_tools[] = { "iptables-save", "ip6tables-save" };
static const char *const restore_tools[] = { "iptables-restore", "ip6tables-restore" };

/* ---- the text for iptables-restore ---- */

/* Whether a line that begins so stands in a table of iptables-save's output. */
static gboolean is_there(const char *saved, const char *table, const char *line)
{
    g_autofree char *start = g_strdup_printf("*%s\n", table);
    const char *p = strstr(saved, start);
    const char *end = p != NULL ? strstr(p, "\nCOMMIT") : NULL;

    if (end == NULL)
        return FALSE;
    p = strstr(p, line);
    return p != NULL && p < end;
}

/* Network filters decide first (nwfilter/tables.c): a network that starts when some are there must
 * not come before them. */
static guint hook_place(const char *saved, const char *table, const char *hook)
{
    static const char *const first[] = { "libvirt-in", "libvirt-out", "libvirt-in-post",
                                         "libvirt-host-in" };
    guint place = 1;

    for (guint i = 0; i < G_N_ELEMENTS(first); i++) {
        g_autofree char *jump = g_strdup_printf("\n-A %s -j %s\n", hook, first[i]);
        place += is_there(saved, table, jump);
    }
    return place;
}

/* Chains that are missing, and the jumps to them. A chain that is there must not be named: that
 * would empty it. */
static void append_chains(GString *text, const char *saved, const char *table)
{
    for (const FirewallChain *c = firewall_chains; c->table != NULL; c++) {
        g_autofree char *chain = g_strdup_printf("\n:%s ", c->chain);
        if (strcmp(c->table, table) == 0 && !is_there(saved, table, chain))
            g_string_append_printf(text, ":%s - [0:0]\n", c->chain);
    }
    for (const FirewallChain *c = firewall_chains; c->table != NULL; c++) {
        g_autofree char *jump = g_strdup_printf("\n-A %s -j %s\n", c->hook, c->chain);
        if (strcmp(c->table, table) == 0 && !is_there(saved, table, jump))
            g_string_append_printf(text, "-I %s %u -j %s\n", c->hook,
                                   hook_place(saved, table, c->hook), c->chain);
    }
}

static char *restore_text(const GPtrArray *rules, gboolean is_v6, const char *action,
                          const char *saved)
{
    GString *text = g_string_new(NULL);

    for (guint t = 0; t < G_N_ELEMENTS(tables); t++) {
        g_string_append_printf(text, "*%s\n", tables[t]);
        if (saved != NULL)
            append_chains(text, saved, tables[t]);
        for (guint i = 0; i < rules->len; i++) {
            const FirewallRule *rule = rules->pdata[i];
            if (rule->is_v6 != is_v6 || rule->optional || strcmp(rule->table, tables[t]) != 0)
                continue;
            g_autofree char *spec = g_strjoinv(" ", rule->spec);
            g_string_append_printf(text, "%s %s %s\n", action, rule->chain, spec);
        }
        g_string_append(text, "COMMIT\n");
    }
    return g_string_free(text, FALSE);
}

static gboolean has_family(const GPtrArray *rules, gboolean is_v6)
{
    for (guint i = 0; i < rules->len; i++)
        if (((FirewallRule *)rules->pdata[i])->is_v6 == is_v6)
            return TRUE;
    return FALSE;
}

/* ---- doing it ---- */

static gboolean restore(gboolean is_v6, const char *text, GError **error)
{
    const char *argv[] = { restore_tools[is_v6], "-w", "--noflush", NULL };

    return command_run(argv, text, NULL, error);
}

static gboolean add_family(const GPtrArray *rules, gboolean is_v6, GError **error)
{
    const char *argv[] = { save_tools[is_v6], NULL };
    g_autofree char *saved = NULL;

    if (!has_family(rules, is_v6))
        return TRUE;
    if (!command_run(argv, NULL, &saved, error))
        return FALSE;
    g_autofree char *text = restore_text(rules, is_v6, "-I", saved);
    return restore(is_v6, text, error);
}

static void run_one(const FirewallRule *rule, const char *action)
{
    g_auto(GStrv) argv = firewall_rule_argv(rule, action);
    g_autoptr(GError) error = NULL;

    if (!command_run((const char *const *)argv, NULL, NULL, &error))
        g_debug("network: firewall: %s", error->message);
}

static void remove_family(const GPtrArray *rules, gboolean is_v6)
{
    g_autofree char *text = restore_text(rules, is_v6, "-D", NULL);

    /* One rule that somebody else has removed keeps a whole batch from being removed. */
    gboolean one_by_one = has_family(rules, is_v6) && !restore(is_v6, text, NULL);
    for (guint i = 0; i < rules->len; i++) {
        const FirewallRule *rule = rules->pdata[i];
        if (rule->is_v6 == is_v6 && (one_by_one || rule->optional))
            run_one(rule, "--delete");
    }
}

gboolean firewall_add(const NetworkDef *def, GError **error)
{
    g_autoptr(GPtrArray) rules = firewall_rules_new(def);

    if (!add_family(rules, FALSE, error))
        return FALSE;
    if (!add_family(rules, TRUE, error)) {
        remove_family(rules, FALSE);
        return FALSE;
    }
    for (guint i = 0; i < rules->len; i++)
        if (((FirewallRule *)rules->pdata[i])->optional)
            run_one(rules->pdata[i], "--insert");
    return TRUE;
}

void firewall_remove(const NetworkDef *def)
{
    g_autoptr(GPtrArray) rules = firewall_rules_new(def);

    remove_family(rules, FALSE);
    remove_family(rules, TRUE);
}
