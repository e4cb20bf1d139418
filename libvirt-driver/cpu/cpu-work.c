/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define ERRORS_FROM VIR_FROM_CPU
#include "cpu-work.h"

#include <string.h>

#include "handler-util.h"
#include "xml-util.h"

void cpu_wish_free(CpuWish *wish)
{
    if (wish == NULL)
        return;
    g_free(wish->vendor);
    g_free(wish->required);
    g_free(wish->optional);
    g_free(wish->forbidden);
    g_free(wish);
}

/* ---- reading <cpu> ---- */

static void set_feature(CpuWish *wish, int index, const char *policy)
{
    /* A host's features have no policy: it has them. "disable" is the guest's loss only. */
    wish->required[index] = wish->optional[index] = wish->forbidden[index] = 0;
    if (policy == NULL || strcmp(policy, "require") == 0)
        wish->required[index] = 1;
    else if (strcmp(policy, "optional") == 0 || strcmp(policy, "force") == 0)
        wish->optional[index] = 1;
    else if (strcmp(policy, "forbid") == 0)
        wish->forbidden[index] = 1;
}

static gboolean take_features(const CpuMap *map, xmlNodePtr cpu, CpuWish *wish, GError **error)
{
    for (xmlNodePtr node = cpu->children; node != NULL; node = node->next) {
        if (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, BAD_CAST "feature"))
            continue;
        g_autofree char *name = xml_attribute(node, "", "name");
        g_autofree char *policy = xml_attribute(node, "", "policy");
        int index = name != NULL ? cpu_map_find_feature(map, name) : -1;
        if (index < 0)
            return fail(error, VIR_ERR_INTERNAL_ERROR, "Unknown CPU feature %s",
                        name != NULL ? name : "");
        set_feature(wish, index, policy);
    }
    return TRUE;
}

static gboolean take_model(const CpuMap *map, xmlNodePtr cpu, CpuWish *wish, GError **error)
{
    g_autofree char *mode = xml_attribute(cpu, "", "mode");
    g_autofree char *name = xml_text(cpu, "model");
    const CpuModel *model = name != NULL ? cpu_map_find_model(map, name) : NULL;

    wish->is_host = mode != NULL && strcmp(mode, "custom") != 0;
    if (wish->is_host)
        return TRUE;
    if (name == NULL)
        return fail(error, VIR_ERR_XML_ERROR, "Missing CPU model name");
    if (model == NULL)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "Unknown CPU model %s", name);
    memcpy(wish->required, model->features, map->features->len);
    return TRUE;
}

static gboolean check_arch(xmlNodePtr cpu, GError **error)
{
    g_autofree char *arch = xml_text(cpu, "arch");

    return arch == NULL || strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0 ||
           fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "CPU arch '%s' does not match host arch", arch);
}

CpuWish *cpu_wish_parse(const CpuMap *map, const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "cpu", error);
    g_autoptr(CpuWish) wish = g_new0(CpuWish, 1);

    if (doc == NULL)
        return NULL;
    xmlNodePtr cpu = xmlDocGetRootElement(doc);
    g_autofree char *match = xml_attribute(cpu, "", "match");
    wish->required = cpu_set_new(map);
    wish->optional = cpu_set_new(map);
    wish->forbidden = cpu_set_new(map);
    wish->vendor = xml_text(cpu, "vendor");
    wish->is_strict = g_strcmp0(match, "strict") == 0;
    if (!check_arch(cpu, error) || !take_model(map, cpu, wish, error) ||
        !take_features(map, cpu, wish, error))
        return NULL;
    return g_steal_pointer(&wish);
}

/* ---- comparing ---- */

static void append_name(const CpuMap *map, guint index, GString *names)
{
    const CpuFeature *feature = g_ptr_array_index(map->features, index);

    g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", feature->name);
}

static CpuComparison incompatible(char **ret_why, const char *what, const char *names)
{
    if (ret_why != NULL)
        *ret_why = g_strdup_printf("%s: %s", what, names);
    return CPU_INCOMPATIBLE;
}

CpuComparison cpu_compare(const CpuMap *map, const char *vendor, const CpuSet *have,
                          const CpuWish *wish, char **ret_why)
{
    g_autoptr(GString) missing = g_string_new(NULL), forbidden = g_string_new(NULL);
    gboolean more = FALSE;

    if (wish->vendor != NULL && g_strcmp0(vendor, wish->vendor) != 0)
        return incompatible(ret_why, "Host CPU vendor does not match required CPU vendor",
                            wish->vendor);
    for (guint i = 0; i < map->features->len; i++) {
        if (wish->required[i] && !have[i])
            append_name(map, i, missing);
        if (wish->forbidden[i] && have[i])
            append_name(map, i, forbidden);
        more |= have[i] && !wish->required[i] && !wish->optional[i];
    }
    if (missing->len > 0)
        return incompatible(ret_why, "Host CPU does not provide required features", missing->str);
    if (forbidden->len > 0)
        return incompatible(ret_why, "Host CPU provides forbidden features", forbidden->str);
    if (wish->is_host || !more)
        return CPU_IDENTICAL;
    return wish->is_strict ? incompatible(ret_why, "Host CPU does not strictly match guest CPU",
                                          "Extra features")
                           : CPU_SUPERSET;
}

/* ---- what several have in common ---- */

CpuSet *cpu_baseline(const CpuMap *map, GPtrArray *wishes, const char **ret_vendor, GError **error)
{
    g_autofree CpuSet *set = cpu_set_new(map);

    memset(set, 1, map->features->len);
    *ret_vendor = NULL;
    for (guint i = 0; i < wishes->len; i++) {
        const CpuWish *wish = g_ptr_array_index(wishes, i);
        if (wish->is_host) {
            fail(error, VIR_ERR_CONFIG_UNSUPPORTED,
                 "cannot compute baseline of CPUs without a model");
            return NULL;
        }
        if (wish->vendor != NULL && *ret_vendor != NULL && strcmp(wish->vendor, *ret_vendor) != 0) {
            fail(error, VIR_ERR_OPERATION_FAILED, "CPU vendors do not match");
            return NULL;
        }
        if (wish->vendor != NULL)
            *ret_vendor = wish->vendor;
        for (guint j = 0; j < map->features->len; j++)
            set[j] &= wish->required[j];
    }
    if (cpu_set_count(map, set) == 0) {
        fail(error, VIR_ERR_OPERATION_FAILED, "CPUs are incompatible");
        return NULL;
    }
    return g_steal_pointer(&set);
}

/* ---- describing ---- */

/* How many features are to be said beside a model; -1: it is not for this set. */
static int distance(const CpuMap *map, const CpuSet *model, const CpuSet *set, gboolean may_disable)
{
    int n = 0;

    for (guint i = 0; i < map->features->len; i++) {
        if (model[i] && !set[i] && !may_disable)
            return -1;
        n += model[i] != set[i];
    }
    return n;
}

/* Of equals the last one: the map's newer models come later. */
static const CpuModel *nearest_model(const CpuMap *map, const char *vendor, const CpuSet *set,
                                     CpuDescribeFlags flags,
                                     gboolean (*allowed)(const char *model, gpointer data),
                                     gpointer data)
{
    const CpuModel *best = NULL;
    int least = G_MAXINT;

    for (guint i = 0; i < map->models->len; i++) {
        const CpuModel *model = g_ptr_array_index(map->models, i);
        int n = distance(map, model->features, set, flags & CPU_DESCRIBE_DISABLE);

        if (!(flags & CPU_DESCRIBE_HOST ? model->for_host : model->for_guest) || n < 0 ||
            n > least ||
            (model->vendor != NULL && vendor != NULL && strcmp(model->vendor, vendor) != 0) ||
            (allowed != NULL && !allowed(model->name, data)))
            continue;
        best = model;
        least = n;
    }
    return best;
}

static void describe_feature(const char *name, gboolean host, gboolean has, const char *indent,
                             GString *xml)
{
    if (host)
        xml_append(xml, "%s<feature name='%s'/>\n", indent, name);
    else
        xml_append(xml, "%s<feature policy='%s' name='%s'/>\n", indent, has ? "require" : "disable",
                   name);
}

gboolean cpu_describe(const CpuMap *map, const char *vendor, const CpuSet *set,
                      CpuDescribeFlags flags, gboolean (*allowed)(const char *model, gpointer data),
                      gpointer data, const char *indent, GString *xml)
{
    gboolean host = flags & CPU_DESCRIBE_HOST;
    const CpuModel *model = nearest_model(map, vendor, set, flags, allowed, data);

    if (model == NULL)
        return FALSE;
    xml_append(xml, host ? "%s<model>%s</model>\n" : "%s<model fallback='forbid'>%s</model>\n",
               indent, model->name);
    if (vendor != NULL)
        xml_append(xml, "%s<vendor>%s</vendor>\n", indent, vendor);
    for (guint i = 0; i < map->features->len; i++) {
        const CpuFeature *feature = g_ptr_array_index(map->features, i);

        if (set[i] ? model->features[i] && !(flags & CPU_DESCRIBE_EXPAND) : !model->features[i])
            continue;
        if (set[i] && !feature->migratable && (flags & CPU_DESCRIBE_MIGRATABLE))
            continue;
        describe_feature(feature->name, host, set[i], indent, xml);
    }
    return TRUE;
}
