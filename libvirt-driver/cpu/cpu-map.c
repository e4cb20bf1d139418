/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define ERRORS_FROM VIR_FROM_CPU
#include "cpu-map.h"

#include <string.h>

#include "handler-util.h"
#include "xml-util.h"

/* x86_vendors.xml; CPUID leaf 0. */
static const struct {
    const char *name, *string;
} vendors[] = {
    { "Intel", "GenuineIntel" },
    { "AMD", "AuthenticAMD" },
    { "Hygon", "HygonGenuine" },
};

static void feature_free(gpointer object)
{
    CpuFeature *feature = object;

    g_free(feature->name);
    g_strfreev(feature->aliases);
    g_free(feature);
}

static void model_free(gpointer object)
{
    CpuModel *model = object;

    g_free(model->name);
    g_free(model->vendor);
    g_free(model->features);
    g_free(model);
}

void cpu_map_free(CpuMap *map)
{
    if (map == NULL)
        return;
    g_ptr_array_unref(map->features);
    g_ptr_array_unref(map->models);
    g_hash_table_unref(map->by_name);
    g_free(map);
}

CpuSet *cpu_set_new(const CpuMap *map)
{
    return g_new0(CpuSet, map->features->len + 1);
}

guint cpu_set_count(const CpuMap *map, const CpuSet *set)
{
    guint n = 0;

    for (guint i = 0; i < map->features->len; i++)
        n += set[i];
    return n;
}

/* QEMU writes dashes where libvirt has underscores and dots. */
static char *plain_name(const char *name)
{
    return g_strdelimit(g_ascii_strdown(name, -1), "_.", '-');
}

int cpu_map_find_feature(const CpuMap *map, const char *name)
{
    g_autofree char *plain = plain_name(name);

    return GPOINTER_TO_INT(g_hash_table_lookup(map->by_name, plain)) - 1;
}

const CpuModel *cpu_map_find_model(const CpuMap *map, const char *name)
{
    for (guint i = 0; i < map->models->len; i++) {
        const CpuModel *model = g_ptr_array_index(map->models, i);
        if (strcmp(model->name, name) == 0)
            return model;
    }
    return NULL;
}

const char *cpu_map_vendor(const char *cpuid_string)
{
    for (guint i = 0; i < G_N_ELEMENTS(vendors); i++)
        if (strcmp(vendors[i].string, cpuid_string) == 0)
            return vendors[i].name;
    return NULL;
}

/* ---- reading ---- */

static char *take_attribute(xmlNodePtr node, const char *name)
{
    xmlChar *value = xmlGetNoNsProp(node, BAD_CAST name);
    char *copy = g_strdup((const char *)value);

    xmlFree(value);
    return copy;
}

static guint number_attribute(xmlNodePtr node, const char *name)
{
    g_autofree char *text = take_attribute(node, name);

    return text != NULL ? (guint)g_ascii_strtoull(text, NULL, 0) : 0;
}

static gboolean is_element(xmlNodePtr node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST name);
}

static void add_name(CpuMap *map, const char *name, guint index)
{
    g_hash_table_insert(map->by_name, plain_name(name), GUINT_TO_POINTER(index + 1));
}

static void read_feature(CpuMap *map, xmlNodePtr node)
{
    static const char *const registers[] = { "eax", "ebx", "ecx", "edx" };
    CpuFeature *feature = g_new0(CpuFeature, 1);
    g_autoptr(GStrvBuilder) aliases = g_strv_builder_new();
    g_autofree char *migratable = take_attribute(node, "migratable");

    feature->name = take_attribute(node, "name");
    feature->migratable = g_strcmp0(migratable, "no") != 0;
    if (feature->name == NULL) {
        feature_free(feature);
        return;
    }
    add_name(map, feature->name, map->features->len);
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (is_element(child, "cpuid") && !feature->in_cpuid) {
            feature->in_cpuid = TRUE;
            feature->eax_in = number_attribute(child, "eax_in");
            feature->ecx_in = number_attribute(child, "ecx_in");
            for (guint i = 0; i < G_N_ELEMENTS(registers); i++)
                feature->bits[i] = number_attribute(child, registers[i]);
        } else if (is_element(child, "alias")) {
            g_autofree char *alias = take_attribute(child, "name");
            if (alias == NULL)
                continue;
            g_strv_builder_add(aliases, alias);
            add_name(map, alias, map->features->len);
        }
    }
    feature->aliases = g_strv_builder_end(aliases);
    g_ptr_array_add(map->features, feature);
}

static gboolean is_on(xmlNodePtr node, const char *name)
{
    g_autofree char *text = take_attribute(node, name);

    return g_strcmp0(text, "on") == 0;
}

static void read_model(CpuMap *map, xmlNodePtr node)
{
    CpuModel *model = g_new0(CpuModel, 1);

    model->name = take_attribute(node, "name");
    model->features = cpu_set_new(map);
    model->for_host = model->for_guest = TRUE;
    for (xmlNodePtr child = node->children; child != NULL; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        g_autofree char *name = take_attribute(child, "name");
        if (is_element(child, "decode")) {
            model->for_host = is_on(child, "host");
            model->for_guest = is_on(child, "guest");
        } else if (is_element(child, "vendor") && name != NULL && model->vendor == NULL) {
            model->vendor = g_steal_pointer(&name);
        } else if (is_element(child, "model") && name != NULL) {
            const CpuModel *base = cpu_map_find_model(map, name);
            for (guint i = 0; base != NULL && i < map->features->len; i++)
                model->features[i] |= base->features[i];
        } else if (is_element(child, "feature") && name != NULL) {
            int index = cpu_map_find_feature(map, name);
            if (index >= 0)
                model->features[index] = 1;
        }
    }
    if (model->name != NULL)
        g_ptr_array_add(map->models, model);
    else
        model_free(model);
}

static gboolean read_file(CpuMap *map, const char *dir, const char *name, GError **error)
{
    g_autofree char *base = g_path_get_basename(name);
    g_autofree char *path = g_build_filename(dir, base, NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    g_autoptr(xmlDoc) doc = xml_parse(text, "cpus", error);
    if (doc == NULL)
        return FALSE;
    for (xmlNodePtr node = xmlDocGetRootElement(doc)->children; node != NULL; node = node->next) {
        if (is_element(node, "feature"))
            read_feature(map, node);
        else if (is_element(node, "model"))
            read_model(map, node);
    }
    return TRUE;
}

static gboolean read_includes(CpuMap *map, const char *dir, xmlNodePtr arch, GError **error)
{
    for (xmlNodePtr node = arch->children; node != NULL; node = node->next) {
        g_autofree char *name =
            is_element(node, "include") ? take_attribute(node, "filename") : NULL;
        if (name != NULL && !read_file(map, dir, name, error))
            return FALSE;
    }
    return TRUE;
}

CpuMap *cpu_map_load(const char *dir, GError **error)
{
    g_autofree char *path = g_build_filename(dir, "index.xml", NULL);
    g_autofree char *text = NULL;
    g_autoptr(CpuMap) map = g_new0(CpuMap, 1);

    map->features = g_ptr_array_new_with_free_func(feature_free);
    map->models = g_ptr_array_new_with_free_func(model_free);
    map->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!g_file_get_contents(path, &text, NULL, error))
        return NULL;
    g_autoptr(xmlDoc) doc = xml_parse(text, "cpus", error);
    if (doc == NULL)
        return NULL;
    for (xmlNodePtr node = xmlDocGetRootElement(doc)->children; node != NULL; node = node->next) {
        g_autofree char *name = is_element(node, "arch") ? take_attribute(node, "name") : NULL;
        if (g_strcmp0(name, "x86") == 0 && !read_includes(map, dir, node, error))
            return NULL;
    }
    if (map->models->len == 0) {
        fail(error, VIR_ERR_INTERNAL_ERROR, "no CPU models in '%s'", path);
        return NULL;
    }
    return g_steal_pointer(&map);
}
