/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A filter with those it refers to, and those they refer to. */
#pragma once

#include "variables.h"

G_BEGIN_DECLS

/* How filters are found. The result is borrowed; NULL: there is none of that name. */
typedef struct {
    const NwfilterDef *(*find)(const char *name, gpointer user_data);
    gpointer user_data;
} NwfilterSource;

/* A rule with what it knows where it stands. */
typedef struct {
    const NwfilterDef *filter;
    const NwfilterRule *rule;
    NwfilterVariables *variables;
} NwfilterInstance;

/* Of NwfilterInstance, in the order in which they stand; NULL with VIR_ERR_NO_NWFILTER: a filter
 * is not there. Borrows the filters. */
GPtrArray *nwfilter_tree_rules(const NwfilterSource *source, const char *filter,
                               NwfilterVariables *variables, GError **error);

/* Names of the variables that rules ask for and that have no such value, each once, sorted. */
GPtrArray *nwfilter_tree_missing(const GPtrArray *instances);

/* Whether wanted is filter or one that it leads to. What is not there leads nowhere. */
gboolean nwfilter_tree_contains(const NwfilterSource *source, const char *filter,
                                const char *wanted);

G_END_DECLS
