/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network filters: their table, their definitions on disk. */
#include <errno.h>
#include <string.h>

#include "handler-util.h"
#include "nwfilter-internal.h"

#define BINDING_STORE "libvirt-nwfilter-binding" /* below the run directory */
/* Names of the standard filters that were put there: one that was undefined does not come back. */
#define STANDARD_MARK "standard-filters"

static void filter_free(gpointer def)
{
    nwfilter_def_free(def);
}

void nwfilter_view_clear(NwfilterView *view)
{
    g_clear_pointer(&view->name, g_free);
    g_clear_pointer(&view->uuid, g_free);
    g_clear_pointer(&view->xml, g_free);
}

static void view_free(gpointer view)
{
    nwfilter_view_clear(view);
    g_free(view);
}

/* ---- finding ---- */

static void fill_view(const NwfilterDef *def, NwfilterView *view)
{
    *view = (NwfilterView){ g_strdup(def->name), g_strdup(def->uuid), nwfilter_def_format(def) };
}

static const NwfilterDef *find_name(NwfilterRegistry *registry, const char *name)
{
    GHashTableIter iter;
    gpointer def;

    g_hash_table_iter_init(&iter, registry->filters);
    while (g_hash_table_iter_next(&iter, NULL, &def))
        if (strcmp(((NwfilterDef *)def)->name, name) == 0)
            return def;
    return NULL;
}

static const NwfilterDef *find_in_filters(const char *name, gpointer user_data)
{
    const NwfilterFilters *filters = user_data;

    if (filters->instead != NULL && strcmp(filters->instead->name, name) == 0)
        return filters->instead;
    return find_name(filters->registry, name);
}

NwfilterSource nwfilter_filters_source(NwfilterFilters *filters)
{
    return (NwfilterSource){ find_in_filters, filters };
}

static const NwfilterDef *find_uuid(NwfilterRegistry *registry, const char *uuid, GError **error)
{
    const NwfilterDef *def = g_hash_table_lookup(registry->filters, uuid);

    if (def == NULL)
        fail(error, VIR_ERR_NO_NWFILTER, "no nwfilter with matching uuid '%s'", uuid);
    return def;
}

gboolean nwfilter_find_uuid(NwfilterRegistry *registry, const char *uuid, NwfilterView *ret_view,
                            GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const NwfilterDef *def = find_uuid(registry, uuid, error);

    if (def != NULL)
        fill_view(def, ret_view);
    return def != NULL;
}

gboolean nwfilter_find_name(NwfilterRegistry *registry, const char *name, NwfilterView *ret_view,
                            GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->lock);
    const NwfilterDef *def = find_name(registry, name);

    if (def == NULL)
        return fail(error, VIR_ERR_NO_NWFILTER, "no nwfilter with matching name '%s'", name);
    fill_view(def, ret_view);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const NwfilterView *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

GPtrArray *nwfilter_list(NwfilterRegistry *registry)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(view_free);
    GHashTableIter iter;
    gpointer value;

    g_mutex_lock(&registry->lock);
    g_hash_table_iter_init(&iter, registry->filters);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const NwfilterDef *def = value;
        NwfilterView *view = g_new0(NwfilterView, 1);

        view->name = g_strdup(def->name);
        view->uuid = g_strdup(def->uuid);
        g_ptr_array_add(list, view);
    }
    g_mutex_unlock(&registry->lock);
    g_ptr_array_sort(list, compare_names);
    return list;
}

/* ---- changes ---- */

/* Name and UUID belong together; a filter does not lead back to itself. */
static gboolean check_new(NwfilterRegistry *registry, const NwfilterDef *def, GError **error)
{
    const NwfilterDef *by_uuid = g_hash_table_lookup(registry->filters, def->uuid);
    const NwfilterDef *by_name = find_name(registry, def->name);
    NwfilterFilters filters = { registry, def };
    const NwfilterSource source = nwfilter_filters_source(&filters);

    if (by_uuid != NULL && by_uuid != by_name)
        return fail(error, VIR_ERR_OPERATION_FAILED,
                    "filter with same UUID but different name ('%s') already exists",
                    by_uuid->name);
    if (by_name != NULL && by_name != by_uuid)
        return fail(error, VIR_ERR_OPERATION_FAILED, "filter '%s' already exists with uuid %s",
                    def->name, by_name->uuid);
    for (guint i = 0; i < def->entries->len; i++) {
        const NwfilterEntry *entry = def->entries->pdata[i];
        if (entry->reference != NULL &&
            nwfilter_tree_contains(&source, entry->reference->filter, def->name))
            return fail(error, VIR_ERR_OPERATION_FAILED, "filter would introduce a loop");
    }
    return TRUE;
}

static gboolean save(NwfilterRegistry *registry, const NwfilterDef *def, GError **error)
{
    g_autofree char *xml = nwfilter_def_format(def);

    return store_save(registry->store, def->uuid, xml, error);
}

static void insert(NwfilterRegistry *registry, NwfilterDef *def)
{
    g_mutex_lock(&registry->lock);
    g_hash_table_replace(registry->filters, g_strdup(def->uuid), def);
    g_mutex_unlock(&registry->lock);
}

/* The interfaces first: when one cannot follow, nothing has changed. */
static gboolean define(NwfilterRegistry *registry, const NwfilterDef *def, GError **error)
{
    NwfilterFilters filters = { registry, def };
    NwfilterFilters before = { registry, NULL };

    if (!check_new(registry, def, error) ||
        !nwfilter_bindings_follow(&filters, def->name, error))
        return FALSE;
    if (save(registry, def, error))
        return TRUE;
    nwfilter_bindings_follow(&before, def->name, NULL);
    return FALSE;
}

gboolean nwfilter_define(NwfilterRegistry *registry, NwfilterDef *def, NwfilterView *ret_view,
                         GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);

    if (def->uuid == NULL)
        def->uuid = g_uuid_string_random();
    if (!define(registry, def, error)) {
        nwfilter_def_free(def);
        return FALSE;
    }
    fill_view(def, ret_view);
    insert(registry, def);
    return TRUE;
}

gboolean nwfilter_undefine(NwfilterRegistry *registry, const char *uuid, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&registry->change);
    const NwfilterDef *def = find_uuid(registry, uuid, error);

    if (def == NULL)
        return FALSE;
    if (nwfilter_bindings_use(registry, def->name))
        return fail(error, VIR_ERR_OPERATION_INVALID, "nwfilter is in use");
    if (!store_remove(registry->store, uuid, error))
        return FALSE;
    g_mutex_lock(&registry->lock);
    g_hash_table_remove(registry->filters, uuid);
    g_mutex_unlock(&registry->lock);
    return TRUE;
}

/* ---- the registry ---- */

static gboolean load_filter(const char *uuid, const char *xml, gboolean autostart,
                            gpointer user_data, GError **error)
{
    NwfilterRegistry *registry = user_data;
    g_autoptr(NwfilterDef) def = nwfilter_def_parse(xml, error);

    if (def == NULL)
        return FALSE;
    if (g_strcmp0(def->uuid, uuid) != 0)
        return fail(error, VIR_ERR_XML_ERROR, "the filter in it has another uuid");
    if (!check_new(registry, def, error))
        return FALSE;
    insert(registry, g_steal_pointer(&def));
    return TRUE;
}

static gboolean add_standard(NwfilterRegistry *registry, const NwfilterStandard *standard,
                             GError **error)
{
    g_autoptr(NwfilterDef) def = nwfilter_def_parse(standard->xml, error);

    if (def == NULL || find_name(registry, def->name) != NULL)
        return def != NULL;
    def->uuid = g_uuid_string_random();
    if (!save(registry, def, error))
        return FALSE;
    insert(registry, g_steal_pointer(&def));
    return TRUE;
}

static gboolean add_standards(NwfilterRegistry *registry, const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, STANDARD_MARK, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GString) names = g_string_new(NULL);

    g_file_get_contents(path, &text, NULL, NULL);
    g_auto(GStrv) there = g_strsplit(text != NULL ? text : "", "\n", -1);
    for (const NwfilterStandard *s = nwfilter_standards; s->name != NULL; s++) {
        if (!g_strv_contains((const char *const *)there, s->name) &&
            !add_standard(registry, s, error))
            return FALSE;
        g_string_append_printf(names, "%s\n", s->name);
    }
    return g_strcmp0(text, names->str) == 0 ||
           g_file_set_contents(path, names->str, (gssize)names->len, error);
}

NwfilterRegistry *nwfilter_registry_new(const char *lib_dir, const char *run_dir,
                                        RpcServer *server, GError **error)
{
    g_autoptr(NwfilterRegistry) registry = g_new0(NwfilterRegistry, 1);
    g_autofree char *dir = g_build_filename(lib_dir, "libvirt", "nwfilter", NULL);

    registry->server = server;
    registry->binding_dir = g_build_filename(run_dir, BINDING_STORE, NULL);
    g_mutex_init(&registry->lock);
    g_mutex_init(&registry->change);
    registry->filters = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, filter_free);
    registry->bindings =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, nwfilter_binding_free);
    registry->learner = nwfilter_learner_new(nwfilter_learned_sighting, registry);
    if ((registry->store = store_new(dir, error)) == NULL ||
        (registry->binding_store = store_new(registry->binding_dir, error)) == NULL ||
        !store_load(registry->store, load_filter, registry, error) ||
        !add_standards(registry, dir, error))
        return NULL;
    nwfilter_bindings_load(registry);
    return g_steal_pointer(&registry);
}

void nwfilter_registry_free(NwfilterRegistry *registry)
{
    if (registry == NULL)
        return;
    nwfilter_learner_free(registry->learner);
    g_hash_table_unref(registry->bindings);
    g_hash_table_unref(registry->filters);
    g_clear_pointer(&registry->store, store_free);
    g_clear_pointer(&registry->binding_store, store_free);
    g_mutex_clear(&registry->lock);
    g_mutex_clear(&registry->change);
    g_free(registry->binding_dir);
    g_free(registry);
}
