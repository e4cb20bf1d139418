/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the variables of a filter's rules stand for: lists of values, mostly of one. */
#pragma once

#include "filter-def.h"

G_BEGIN_DECLS

#define NWFILTER_MAC "MAC" /* the interface's */
#define NWFILTER_IP  "IP"  /* the guest's; learned when it is not given */
#define NWFILTER_IP_LEARNING "CTRL_IP_LEARNING" /* how: "any", "dhcp", "none" */
#define NWFILTER_DHCPSERVER  "DHCPSERVER"

typedef struct NwfilterVariables NwfilterVariables;

/* Those of reference. */
NwfilterVariables *nwfilter_variables_new(const DomainFilterRef *reference);
/* Those of base, and those of reference that base has not: who uses a filter has the last word. */
NwfilterVariables *nwfilter_variables_under(const NwfilterVariables *base,
                                            const DomainFilterRef *reference);
NwfilterVariables *nwfilter_variables_ref(NwfilterVariables *variables);
void nwfilter_variables_free(NwfilterVariables *variables); /* gives a reference back; NULL-safe */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NwfilterVariables, nwfilter_variables_free)

/* Of strings, borrowed; NULL: it has no value. */
const GPtrArray *nwfilter_variables_get(const NwfilterVariables *variables, const char *name);
/* Appends a value to a variable's list. */
void nwfilter_variables_add(NwfilterVariables *variables, const char *name, const char *value);

/* Whether what a rule asks for is there: the variable, and the element of its list. */
gboolean nwfilter_variable_resolves(const NwfilterVariables *variables,
                                    const NwfilterVariable *variable);

/*
 * Calls func with the rule once for each combination of its variables' values, which stand in place
 * of the variables; combinations that are the same come once. FALSE with an error: lists under one
 * iterator are of different lengths, a value is none of its attribute's, or func failed.
 */
typedef gboolean (*NwfilterRuleFunc)(const NwfilterRule *rule, gpointer user_data, GError **error);
gboolean nwfilter_rule_each(const NwfilterRule *rule, const NwfilterVariables *variables,
                            NwfilterRuleFunc func, gpointer user_data, GError **error);

G_END_DECLS
