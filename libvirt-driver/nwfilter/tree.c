/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

#include <string.h>

#include "handler-util.h"

/* The second bounds what filters that refer to others more than once can multiply to. */
#define DEPTH_MAX     64
#define INSTANCES_MAX 65536

static void instance_free(gpointer data)
{
    NwfilterInstance *instance = data;

    nwfilter_variables_free(instance->variables);
    g_free(instance);
}

typedef struct {
    const NwfilterSource *source;
    GPtrArray *instances;
    guint visited;
} Walk;

static gboolean walk(Walk *w, const char *name, NwfilterVariables *variables, guint depth,
                     GError **error);

static void add_rule(Walk *w, const NwfilterDef *filter, const NwfilterRule *rule,
                     NwfilterVariables *variables)
{
    NwfilterInstance *instance = g_new(NwfilterInstance, 1);

    *instance = (NwfilterInstance){ filter, rule, nwfilter_variables_ref(variables) };
    g_ptr_array_add(w->instances, instance);
}

static gboolean walk_reference(Walk *w, const DomainFilterRef *reference,
                               NwfilterVariables *variables, guint depth, GError **error)
{
    g_autoptr(NwfilterVariables) inner = nwfilter_variables_under(variables, reference);

    return walk(w, reference->filter, inner, depth + 1, error);
}

static gboolean walk(Walk *w, const char *name, NwfilterVariables *variables, guint depth,
                     GError **error)
{
    const NwfilterDef *filter = w->source->find(name, w->source->user_data);

    if (filter == NULL)
        return fail(error, VIR_ERR_NO_NWFILTER, "referenced filter '%s' is missing", name);
    if (depth > DEPTH_MAX || ++w->visited > INSTANCES_MAX || w->instances->len > INSTANCES_MAX)
        return fail(error, VIR_ERR_OPERATION_FAILED,
                    "filter '%s' and those it refers to have too many rules", name);
    for (guint i = 0; i < filter->entries->len; i++) {
        const NwfilterEntry *entry = filter->entries->pdata[i];
        if (entry->rule != NULL)
            add_rule(w, filter, entry->rule, variables);
        else if (!walk_reference(w, entry->reference, variables, depth, error))
            return FALSE;
    }
    return TRUE;
}

GPtrArray *nwfilter_tree_rules(const NwfilterSource *source, const char *filter,
                               NwfilterVariables *variables, GError **error)
{
    g_autoptr(GPtrArray) instances = g_ptr_array_new_with_free_func(instance_free);
    Walk w = { source, instances, 0 };

    return walk(&w, filter, variables, 0, error) ? g_steal_pointer(&instances) : NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *nwfilter_tree_missing(const GPtrArray *instances)
{
    GPtrArray *missing = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < instances->len; i++) {
        const NwfilterInstance *instance = instances->pdata[i];
        for (guint a = 0; a < NWFILTER_N_ATTRIBUTES; a++) {
            const NwfilterItem *item = &instance->rule->items[a];
            if (!item->present || item->variable.name == NULL ||
                nwfilter_variable_resolves(instance->variables, &item->variable) ||
                g_ptr_array_find_with_equal_func(missing, item->variable.name, g_str_equal, NULL))
                continue;
            g_ptr_array_add(missing, g_strdup(item->variable.name));
        }
    }
    g_ptr_array_sort(missing, compare_names);
    return missing;
}

static gboolean contains(const NwfilterSource *source, const char *filter, const char *wanted,
                         GHashTable *seen)
{
    const NwfilterDef *def = source->find(filter, source->user_data);

    if (strcmp(filter, wanted) == 0)
        return TRUE;
    if (def == NULL || !g_hash_table_add(seen, (gpointer)filter))
        return FALSE;
    for (guint i = 0; i < def->entries->len; i++) {
        const NwfilterEntry *entry = def->entries->pdata[i];
        if (entry->reference != NULL && contains(source, entry->reference->filter, wanted, seen))
            return TRUE;
    }
    return FALSE;
}

gboolean nwfilter_tree_contains(const NwfilterSource *source, const char *filter,
                                const char *wanted)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    return contains(source, filter, wanted, seen);
}
