/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The iptables(8) rules of a network, in the order they are inserted: each goes to the top of its
 * chain, so the last one is looked at first. Chains and rules are those of libvirt, so that what
 * people know of its hosts holds here.
 */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

typedef struct {
    gboolean is_v6;
    const char *table, *chain;
    char **spec;       /* what follows "--insert CHAIN" */
    gboolean optional; /* an old kernel may lack it: not worth failing for */
} FirewallRule;

typedef struct {
    const char *table, *chain, *hook;
} FirewallChain;
/* Our chains, and where they hang; ends with a NULL table. The same for both families. */
extern const FirewallChain firewall_chains[];

/* Of FirewallRule; empty for networks whose traffic is not the host's to decide on. */
GPtrArray *firewall_rules_new(const NetworkDef *def);
/* The command that inserts (or with "--delete" removes) it, new; for messages and tests. */
char **firewall_rule_argv(const FirewallRule *rule, const char *action);

G_END_DECLS
