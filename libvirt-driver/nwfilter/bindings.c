/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interfaces that have a filter: in the table, in the kernel, and one file each in the run
 * directory, so that the next daemon knows them. The file is written before the first rule, so that
 * what a daemon that was killed has left is known and put right.
 */
#include <net/if.h>
#include <string.h>

#include "handler-util.h"
#include "nwfilter-internal.h"

/* Names of interfaces that are made for bindings; an interface's name has at most 15 characters. */
#define PORTDEV_PREFIX "vnet"
#define PORTDEV_MAX    100000000

void nwfilter_binding_free(gpointer data)
{
    NwfilterBinding *binding = data;

    if (binding->expiry != NULL) {
        g_source_destroy(binding->expiry);
        g_source_unref(binding->expiry);
    }
    nwfilter_binding_def_free(binding->def);
    nwfilter_rules_free(binding->rules);
    g_ptr_array_unref(binding->addresses);
    g_free(binding);
}

static NwfilterBinding *binding_new(NwfilterBindingDef *def)
{
    NwfilterBinding *binding = g_new0(NwfilterBinding, 1);

    binding->def = def;
    binding->addresses = g_ptr_array_new_with_free_func(nwfilter_address_free);
    return binding;
}

/* ---- finding ---- */

static NwfilterBinding *find(NwfilterRegistry *registry, const char *portdev, GError **error)
{
    NwfilterBinding *binding = g_hash_table_lookup(registry->bindings, portdev);

    if (binding == NULL)
        fail(error, VIR_ERR_NO_NWFILTER_BINDING, "no nwfilter binding for port dev '%s'", portdev);
    return binding;
}

NwfilterBindingDef *nwfilter_binding_find(NwfilterRegistry *registry, const char *portdev,
                                          GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const NwfilterBinding *binding = find(registry, portdev, error);

    return binding != NULL ? nwfilter_binding_def_dup(binding->def) : NULL;
}

static void free_def(gpointer def)
{
    nwfilter_binding_def_free(def);
}

static int compare_portdevs(gconstpointer a, gconstpointer b)
{
    const NwfilterBindingDef *const *x = a, *const *y = b;

    return strcmp((*x)->portdev, (*y)->portdev);
}

GPtrArray *nwfilter_binding_list(NwfilterRegistry *registry)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(free_def);
    GHashTableIter iter;
    gpointer binding;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->bindings);
    while (g_hash_table_iter_next(&iter, NULL, &binding))
        g_ptr_array_add(list, nwfilter_binding_def_dup(((NwfilterBinding *)binding)->def));
    g_mutex_unlock(&registry->lock);
    g_ptr_array_sort(list, compare_portdevs);
    return list;
}

char *nwfilter_choose_portdev(NwfilterRegistry *registry)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);

    for (guint i = 0; i < PORTDEV_MAX; i++) {
        g_autofree char *name = g_strdup_printf(PORTDEV_PREFIX "%u", i);
        if (!g_hash_table_contains(registry->bindings, name) && if_nametoindex(name) == 0)
            return g_steal_pointer(&name);
    }
    g_assert_not_reached();
}

gboolean nwfilter_is_chosen_portdev(const char *portdev)
{
    const char *digits = portdev + strlen(PORTDEV_PREFIX);

    return g_str_has_prefix(portdev, PORTDEV_PREFIX) && *digits != '\0' &&
           digits[strspn(digits, "0123456789")] == '\0';
}

/* ---- what a binding's rules are ---- */

static const struct {
    const char *word;
    NwfilterLearning learning;
} learnings[] = {
    { "any", NWFILTER_LEARN_ANY },
    { "dhcp", NWFILTER_LEARN_DHCP },
    { "none", NWFILTER_LEARN_NONE },
};

static gboolean get_learning(const NwfilterVariables *variables, NwfilterLearning *ret_learning,
                             GError **error)
{
    const GPtrArray *given = nwfilter_variables_get(variables, NWFILTER_IP_LEARNING);
    const char *word = given != NULL ? given->pdata[0] : learnings[0].word;

    for (guint i = 0; i < G_N_ELEMENTS(learnings); i++) {
        if (g_ascii_strcasecmp(learnings[i].word, word) == 0) {
            *ret_learning = learnings[i].learning;
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_INVALID_ARG,
                NWFILTER_IP_LEARNING " '%s' is none of 'any', 'dhcp' and 'none'", word);
}

static gboolean fail_missing(const GPtrArray *missing, GError **error)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < missing->len; i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", (char *)missing->pdata[i]);
    fail(error, VIR_ERR_INTERNAL_ERROR,
         "Cannot instantiate filter due to unresolvable variables or unavailable list elements: %s",
         names->str);
    g_string_free(names, TRUE);
    return FALSE;
}

static NwfilterVariables *make_variables(const NwfilterBinding *binding, gboolean *ret_has_ip)
{
    NwfilterVariables *variables = nwfilter_variables_new(binding->def->filterref);

    *ret_has_ip = nwfilter_variables_get(variables, NWFILTER_IP) != NULL;
    for (guint i = 0; !*ret_has_ip && i < binding->addresses->len; i++)
        nwfilter_variables_add(variables, NWFILTER_IP,
                               ((NwfilterAddress *)binding->addresses->pdata[i])->ip);
    return variables;
}

/* The rules of filters for a binding, or those for learning its guest's address; *ret_learning:
 * whether that can become another. */
static NwfilterRules *make_rules(NwfilterFilters *filters, const NwfilterBinding *binding,
                                 NwfilterLearning *ret_learning, GError **error)
{
    const NwfilterBindingDef *def = binding->def;
    const NwfilterSource source = nwfilter_filters_source(filters);
    gboolean has_ip;
    g_autoptr(NwfilterVariables) variables = make_variables(binding, &has_ip);
    g_autoptr(GPtrArray) instances =
        nwfilter_tree_rules(&source, def->filterref->filter, variables, error);
    NwfilterLearning learning = NWFILTER_LEARN_NONE;

    if (instances == NULL || !get_learning(variables, &learning, error))
        return NULL;
    g_autoptr(GPtrArray) missing = nwfilter_tree_missing(instances);
    if (missing->len == 0) {
        gboolean may_change = !has_ip && binding->addresses->len > 0;
        *ret_learning =
            may_change && learning == NWFILTER_LEARN_DHCP ? learning : NWFILTER_LEARN_NONE;
        return nwfilter_rules_new(def->portdev, instances, error);
    }
    if (missing->len > 1 || strcmp(missing->pdata[0], NWFILTER_IP) != 0 || has_ip ||
        learning == NWFILTER_LEARN_NONE) {
        fail_missing(missing, error);
        return NULL;
    }
    *ret_learning = learning;
    return nwfilter_rules_new_learning(
        def->portdev, def->mac, learning,
        nwfilter_variables_get(variables, NWFILTER_DHCPSERVER));
}

/* ---- changing what is there ---- */

/* A binding with what it is about to have. */
typedef struct {
    NwfilterBinding *binding;
    NwfilterRules *rules;
    NwfilterLearning learning;
} Next;

static void next_clear(gpointer data)
{
    nwfilter_rules_free(((Next *)data)->rules);
}

static GArray *next_new(void)
{
    GArray *nexts = g_array_new(FALSE, TRUE, sizeof(Next));

    g_array_set_clear_func(nexts, next_clear);
    return nexts;
}

static gboolean add_next(GArray *nexts, NwfilterFilters *filters, NwfilterBinding *binding,
                         GError **error)
{
    Next next = { .binding = binding };

    next.rules = make_rules(filters, binding, &next.learning, error);
    if (next.rules == NULL) {
        g_prefix_error(error, "interface '%s': ", binding->def->portdev);
        return FALSE;
    }
    g_array_append_val(nexts, next);
    return TRUE;
}

/* All of them or none. */
static gboolean take_next(NwfilterRegistry *registry, GArray *nexts, GError **error)
{
    g_autofree NwfilterChange *changes = g_new(NwfilterChange, nexts->len);

    for (guint i = 0; i < nexts->len; i++) {
        const Next *next = &g_array_index(nexts, Next, i);
        changes[i] = (NwfilterChange){ next->binding->def->portdev, next->rules,
                                       next->binding->rules };
    }
    if (nexts->len > 0 && !nwfilter_tables_apply(changes, nexts->len, error))
        return FALSE;
    for (guint i = 0; i < nexts->len; i++) {
        Next *next = &g_array_index(nexts, Next, i);
        nwfilter_rules_free(next->binding->rules);
        next->binding->rules = g_steal_pointer(&next->rules);
        next->binding->learning = next->learning;
        nwfilter_learned_settle(registry, next->binding);
    }
    return TRUE;
}

gboolean nwfilter_binding_refresh(NwfilterRegistry *registry, NwfilterBinding *binding,
                                  GError **error)
{
    NwfilterFilters filters = { registry, NULL };
    g_autoptr(GArray) nexts = next_new();

    return add_next(nexts, &filters, binding, error) && take_next(registry, nexts, error);
}

static gboolean uses(NwfilterFilters *filters, const NwfilterBinding *binding, const char *name)
{
    const NwfilterSource source = nwfilter_filters_source(filters);

    return nwfilter_tree_contains(&source, binding->def->filterref->filter, name);
}

gboolean nwfilter_bindings_follow(NwfilterFilters *filters, const char *name, GError **error)
{
    g_autoptr(GArray) nexts = next_new();
    GHashTableIter iter;
    gpointer binding;

    g_hash_table_iter_init(&iter, filters->registry->bindings);
    while (g_hash_table_iter_next(&iter, NULL, &binding))
        if (uses(filters, binding, name) && !add_next(nexts, filters, binding, error))
            return FALSE;
    return take_next(filters->registry, nexts, error);
}

gboolean nwfilter_bindings_use(NwfilterRegistry *registry, const char *name)
{
    NwfilterFilters filters = { registry, NULL };
    GHashTableIter iter;
    gpointer binding;

    g_hash_table_iter_init(&iter, registry->bindings);
    while (g_hash_table_iter_next(&iter, NULL, &binding))
        if (uses(&filters, binding, name))
            return TRUE;
    return FALSE;
}

/* ---- one binding ---- */

static gboolean save(NwfilterRegistry *registry, const NwfilterBindingDef *def, GError **error)
{
    g_autofree char *xml = nwfilter_binding_def_format(def);

    return store_save(registry->binding_store, def->portdev, xml, error);
}

static void remove_file(NwfilterRegistry *registry, const char *portdev)
{
    g_autoptr(GError) error = NULL;

    if (!store_remove(registry->binding_store, portdev, &error))
        g_warning("nwfilter: cannot forget the binding of '%s': %s", portdev, error->message);
}

static void insert(NwfilterRegistry *registry, NwfilterBinding *binding)
{
    g_mutex_lock(&registry->lock);
    g_hash_table_replace(registry->bindings, g_strdup(binding->def->portdev), binding);
    g_mutex_unlock(&registry->lock);
}

static void drop(NwfilterRegistry *registry, const char *portdev)
{
    g_mutex_lock(&registry->lock);
    g_hash_table_remove(registry->bindings, portdev);
    g_mutex_unlock(&registry->lock);
}

static gboolean add_binding(NwfilterRegistry *registry, NwfilterBindingDef *def, GError **error)
{
    NwfilterFilters filters = { registry, NULL };
    g_autoptr(GArray) nexts = next_new();
    NwfilterBinding *binding = binding_new(def);

    if (!add_next(nexts, &filters, binding, error) || !save(registry, def, error)) {
        nwfilter_binding_free(binding);
        return FALSE;
    }
    insert(registry, binding);
    if (take_next(registry, nexts, error))
        return TRUE;
    remove_file(registry, def->portdev);
    drop(registry, def->portdev);
    return FALSE;
}

gboolean nwfilter_bind(NwfilterRegistry *registry, NwfilterBindingDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);

    if (!g_hash_table_contains(registry->bindings, def->portdev))
        return add_binding(registry, def, error);
    fail(error, VIR_ERR_OPERATION_FAILED, "binding '%s' already exists", def->portdev);
    nwfilter_binding_def_free(def);
    return FALSE;
}

/* The file stays until the rules have gone: a daemon that is killed here leaves it to the next. */
static gboolean unbind(NwfilterRegistry *registry, NwfilterBinding *binding, GError **error)
{
    g_autofree char *portdev = g_strdup(binding->def->portdev);
    const NwfilterChange change = { portdev, NULL, binding->rules };

    if (!nwfilter_tables_apply(&change, 1, error))
        return FALSE;
    nwfilter_learned_forget(registry, binding);
    remove_file(registry, portdev);
    drop(registry, portdev);
    return TRUE;
}

gboolean nwfilter_unbind(NwfilterRegistry *registry, const char *portdev, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    NwfilterBinding *binding = find(registry, portdev, error);

    return binding != NULL && unbind(registry, binding, error);
}

gboolean nwfilter_rebind(NwfilterRegistry *registry, NwfilterBindingDef *def, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    g_autoptr(NwfilterBindingDef) owned = def;
    NwfilterBinding *binding = find(registry, def->portdev, error);

    if (binding == NULL)
        return FALSE;
    NwfilterBindingDef *before = binding->def;
    g_mutex_lock(&registry->lock);
    binding->def = g_steal_pointer(&owned);
    g_mutex_unlock(&registry->lock);
    gboolean ok =
        nwfilter_binding_refresh(registry, binding, error) && save(registry, def, error);
    if (ok) {
        owned = before;
        return TRUE;
    }
    g_mutex_lock(&registry->lock);
    owned = g_steal_pointer(&binding->def);
    binding->def = before;
    g_mutex_unlock(&registry->lock);
    nwfilter_binding_refresh(registry, binding, NULL);
    return FALSE;
}

/* ---- from one daemon to the next ---- */

static gboolean load(const char *portdev, const char *xml, gboolean autostart, gpointer user_data,
                     GError **error)
{
    NwfilterRegistry *registry = user_data;
    g_autoptr(NwfilterBindingDef) def = nwfilter_binding_def_parse(xml, 0, error);

    if (def == NULL)
        return FALSE;
    NwfilterBinding *binding = binding_new(g_steal_pointer(&def));
    nwfilter_learned_load(registry, binding);
    insert(registry, binding);
    return TRUE;
}

void nwfilter_bindings_load(NwfilterRegistry *registry)
{
    g_autoptr(GError) error = NULL;

    if (!store_load(registry->binding_store, load, registry, &error))
        g_warning("nwfilter: cannot load the bindings: %s", error->message);
}

static GPtrArray *list_bindings(NwfilterRegistry *registry)
{
    g_autoptr(GList) values = g_hash_table_get_values(registry->bindings);
    GPtrArray *list = g_ptr_array_new();

    for (const GList *l = values; l != NULL; l = l->next)
        g_ptr_array_add(list, l->data);
    return list;
}

/* Its rules may be those of a filter that has changed since, or not all be there. */
static void take_up(NwfilterRegistry *registry, NwfilterBinding *binding)
{
    g_autoptr(GError) error = NULL;

    if (!nwfilter_binding_refresh(registry, binding, &error))
        g_critical("nwfilter: %s: its rules stay as they are", error->message);
}

void nwfilter_sweep(NwfilterRegistry *registry, NwfilterOwnerFunc is_live, gpointer user_data)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    g_autoptr(GPtrArray) bindings = list_bindings(registry);

    for (guint i = 0; i < bindings->len; i++) {
        NwfilterBinding *binding = bindings->pdata[i];
        const NwfilterBindingDef *def = binding->def;
        g_autoptr(GError) error = NULL;

        if (is_live(def->owner_uuid, def->portdev, user_data) ||
            if_nametoindex(def->portdev) != 0)
            take_up(registry, binding);
        else if (!unbind(registry, binding, &error))
            g_warning("nwfilter: cannot remove the rules of '%s', which has gone: %s", def->portdev,
                      error->message);
    }
}
