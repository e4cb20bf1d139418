/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "variables.h"

#include <string.h>

#include "handler-util.h"

/* Rules that one rule may stand for: lists multiply. */
#define COMBINATIONS_MAX 65536

struct NwfilterVariables {
    guint refs;
    GHashTable *lists; /* of GPtrArray of strings, by name */
};

static void free_list(gpointer list)
{
    g_ptr_array_unref(list);
}

static NwfilterVariables *new_empty(void)
{
    NwfilterVariables *variables = g_new(NwfilterVariables, 1);

    variables->refs = 1;
    variables->lists = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_list);
    return variables;
}

NwfilterVariables *nwfilter_variables_ref(NwfilterVariables *variables)
{
    variables->refs++;
    return variables;
}

void nwfilter_variables_free(NwfilterVariables *variables)
{
    if (variables == NULL || --variables->refs > 0)
        return;
    g_hash_table_unref(variables->lists);
    g_free(variables);
}

void nwfilter_variables_add(NwfilterVariables *variables, const char *name, const char *value)
{
    GPtrArray *list = g_hash_table_lookup(variables->lists, name);

    if (list == NULL) {
        list = g_ptr_array_new_with_free_func(g_free);
        g_hash_table_insert(variables->lists, g_strdup(name), list);
    }
    g_ptr_array_add(list, g_strdup(value));
}

static void add_reference(NwfilterVariables *variables, const NwfilterVariables *except,
                          const DomainFilterRef *reference)
{
    for (guint i = 0; i < reference->parameters->len; i++) {
        const DomainFilterParameter *p = reference->parameters->pdata[i];
        if (except == NULL || nwfilter_variables_get(except, p->name) == NULL)
            nwfilter_variables_add(variables, p->name, p->value);
    }
}

NwfilterVariables *nwfilter_variables_new(const DomainFilterRef *reference)
{
    NwfilterVariables *variables = new_empty();

    add_reference(variables, NULL, reference);
    return variables;
}

NwfilterVariables *nwfilter_variables_under(const NwfilterVariables *base,
                                            const DomainFilterRef *reference)
{
    NwfilterVariables *variables = new_empty();
    GHashTableIter iter;
    gpointer name, list;

    g_hash_table_iter_init(&iter, base->lists);
    while (g_hash_table_iter_next(&iter, &name, &list))
        g_hash_table_insert(variables->lists, g_strdup(name), g_ptr_array_ref(list));
    add_reference(variables, base, reference);
    return variables;
}

const GPtrArray *nwfilter_variables_get(const NwfilterVariables *variables, const char *name)
{
    return g_hash_table_lookup(variables->lists, name);
}

gboolean nwfilter_variable_resolves(const NwfilterVariables *variables,
                                    const NwfilterVariable *variable)
{
    const GPtrArray *list = nwfilter_variables_get(variables, variable->name);

    return list != NULL && (!variable->is_index || variable->number < list->len);
}

/* ---- combinations ---- */

typedef struct {
    guint number, length, at;
} Iterator;

typedef struct {
    const NwfilterRule *rule;
    const NwfilterVariables *variables;
    GArray *iterators; /* of Iterator, as the rule's attributes come to them */
} Combination;

static Iterator *find_iterator(const Combination *c, guint number)
{
    for (guint i = 0; i < c->iterators->len; i++) {
        Iterator *iterator = &g_array_index(c->iterators, Iterator, i);
        if (iterator->number == number)
            return iterator;
    }
    return NULL;
}

static gboolean add_iterator(Combination *c, const NwfilterVariable *variable, GError **error)
{
    const GPtrArray *list = nwfilter_variables_get(c->variables, variable->name);
    Iterator *present = variable->is_index ? NULL : find_iterator(c, variable->number);

    if (variable->is_index)
        return TRUE;
    if (present == NULL) {
        Iterator iterator = { variable->number, list->len, 0 };
        g_array_append_val(c->iterators, iterator);
        return TRUE;
    }
    return present->length == list->len ||
           fail(error, VIR_ERR_INTERNAL_ERROR,
                "list of variable '%s' has %u elements, others under the same iterator have %u",
                variable->name, list->len, present->length);
}

static gboolean start(Combination *c, GError **error)
{
    guint64 total = 1;

    for (guint i = 0; c->rule->protocol != NULL && i < c->rule->protocol->n_attributes; i++) {
        const NwfilterItem *item = &c->rule->items[c->rule->protocol->attributes[i].id];
        if (item->present && item->variable.name != NULL &&
            !add_iterator(c, &item->variable, error))
            return FALSE;
    }
    for (guint i = 0; i < c->iterators->len && total <= COMBINATIONS_MAX; i++)
        total *= g_array_index(c->iterators, Iterator, i).length;
    return total <= COMBINATIONS_MAX ||
           fail(error, VIR_ERR_INTERNAL_ERROR, "a rule's variables have more than %u combinations",
                COMBINATIONS_MAX);
}

/* The first iterator is the fastest. */
static gboolean advance(Combination *c)
{
    for (guint i = 0; i < c->iterators->len; i++) {
        Iterator *iterator = &g_array_index(c->iterators, Iterator, i);
        if (++iterator->at < iterator->length)
            return TRUE;
        iterator->at = 0;
    }
    return FALSE;
}

static const char *value_of(const Combination *c, const NwfilterVariable *variable)
{
    const GPtrArray *list = nwfilter_variables_get(c->variables, variable->name);
    guint at = variable->is_index ? variable->number : find_iterator(c, variable->number)->at;

    return list->pdata[at];
}

static void clear_items(NwfilterRule *rule)
{
    for (guint i = 0; i < NWFILTER_N_ATTRIBUTES; i++)
        nwfilter_item_clear(&rule->items[i]);
}

/* key: what tells this combination from others. */
static gboolean fill(const Combination *c, NwfilterRule *filled, GString *key, GError **error)
{
    for (guint i = 0; c->rule->protocol != NULL && i < c->rule->protocol->n_attributes; i++) {
        const NwfilterAttribute *a = &c->rule->protocol->attributes[i];
        const NwfilterItem *from = &c->rule->items[a->id];
        NwfilterItem *to = &filled->items[a->id];

        if (!from->present)
            continue;
        if (from->variable.name == NULL) {
            nwfilter_item_copy(to, from);
            continue;
        }
        const char *value = value_of(c, &from->variable);
        to->negated = from->negated;
        if (*value == '$' || !nwfilter_item_parse(to, a->type, value))
            return fail(error, VIR_ERR_INTERNAL_ERROR, "'%s' of variable '%s' is no value of '%s'",
                        value, from->variable.name, a->name);
        g_string_append_printf(key, "%s\n", to->text);
    }
    return TRUE;
}

static gboolean call(const Combination *c, GHashTable *seen, NwfilterRuleFunc func,
                     gpointer user_data, GError **error)
{
    NwfilterRule filled = { .action = c->rule->action,
                            .direction = c->rule->direction,
                            .priority = c->rule->priority,
                            .stateless = c->rule->stateless,
                            .protocol = c->rule->protocol };
    g_autoptr(GString) key = g_string_new(NULL);
    gboolean ok = fill(c, &filled, key, error);

    if (ok && g_hash_table_add(seen, g_strdup(key->str)))
        ok = func(&filled, user_data, error);
    clear_items(&filled);
    return ok;
}

gboolean nwfilter_rule_each(const NwfilterRule *rule, const NwfilterVariables *variables,
                            NwfilterRuleFunc func, gpointer user_data, GError **error)
{
    g_autoptr(GArray) iterators = g_array_new(FALSE, FALSE, sizeof(Iterator));
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Combination c = { rule, variables, iterators };

    if (!start(&c, error))
        return FALSE;
    do {
        if (!call(&c, seen, func, user_data, error))
            return FALSE;
    } while (advance(&c));
    return TRUE;
}
