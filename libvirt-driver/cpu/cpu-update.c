/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define ERRORS_FROM VIR_FROM_CPU
#include "cpu-update.h"

#include <string.h>

#include "cpu-work.h"
#include "handler-util.h"
#include "xml-util.h"

static void replace(char **field, const char *value)
{
    g_free(*field);
    *field = g_strdup(value);
}

static gboolean has_feature(const DomainCpu *cpu, const char *name)
{
    for (guint i = 0; i < cpu->features->len; i++)
        if (strcmp(((DomainCpuFeature *)g_ptr_array_index(cpu->features, i))->name, name) == 0)
            return TRUE;
    return FALSE;
}

/* The user's own policies stand. */
static void add_features(DomainCpu *cpu, xmlNodePtr described)
{
    for (xmlNodePtr node = described->children; node != NULL; node = node->next) {
        g_autofree char *name =
            node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, BAD_CAST "feature")
                ? xml_attribute(node, "", "name")
                : NULL;
        if (name == NULL || has_feature(cpu, name))
            continue;
        DomainCpuFeature *feature = g_new0(DomainCpuFeature, 1);
        feature->policy = xml_attribute(node, "", "policy");
        feature->name = g_steal_pointer(&name);
        g_ptr_array_add(cpu->features, feature);
    }
}

static gboolean take_description(DomainCpu *cpu, const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = xml_parse(xml, "cpu", error);

    if (doc == NULL)
        return FALSE;
    xmlNodePtr described = xmlDocGetRootElement(doc);
    g_autofree char *model = xml_text(described, "model");
    g_autofree char *vendor = xml_text(described, "vendor");
    replace(&cpu->mode, "custom");
    replace(&cpu->match, "exact");
    replace(&cpu->fallback, "forbid");
    replace(&cpu->model, model);
    replace(&cpu->vendor, vendor);
    add_features(cpu, described);
    return TRUE;
}

static gboolean wants_update(const DomainDef *def)
{
    const DomainCpu *cpu = def->cpu;

    if (cpu == NULL || strcmp(def->os_type, "hvm") != 0)
        return FALSE;
    return g_strcmp0(cpu->mode, "host-model") == 0 ||
           (g_strcmp0(cpu->mode, "custom") == 0 && g_strcmp0(cpu->match, "minimum") == 0);
}

gboolean cpu_update(CpuHostCache *cache, DomainDef *def, GError **error)
{
    g_autoptr(GString) xml = g_string_new("<cpu>\n");

    if (!wants_update(def))
        return TRUE;
    const CpuHost *host = cpu_host_get(cache, error);
    if (host == NULL)
        return FALSE;
    if (!cpu_describe(host->map, host->offered_vendor, host->offered,
                      CPU_DESCRIBE_MIGRATABLE | CPU_DESCRIBE_DISABLE, cpu_host_is_offered,
                      (gpointer)host, "", xml))
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "no CPU model is part of what guests get");
    g_string_append(xml, "</cpu>\n");
    return take_description(def->cpu, xml->str, error);
}

/* ---- before a start ---- */

static gboolean check_model(const CpuHost *host, const DomainCpu *cpu, GError **error)
{
    return g_strcmp0(cpu->mode, "custom") != 0 || cpu->model == NULL ||
           cpu_host_find_offered(host, cpu->model) != NULL ||
           fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "CPU model '%s' not supported by hypervisor",
                cpu->model);
}

static gboolean check_feature(const CpuHost *host, const DomainCpuFeature *feature, GError **error)
{
    gboolean required = strcmp(feature->policy, "require") == 0;
    int index;

    if (!required && strcmp(feature->policy, "forbid") != 0)
        return TRUE;
    index = cpu_map_find_feature(host->map, feature->name);
    if (index < 0)
        return fail(error, VIR_ERR_CONFIG_UNSUPPORTED, "unknown CPU feature: %s", feature->name);
    if (host->offered[index] == required)
        return TRUE;
    return fail(error, VIR_ERR_CPU_INCOMPATIBLE,
                required ? "Host CPU does not provide required features: %s"
                         : "Host CPU provides forbidden features: %s",
                feature->name);
}

gboolean cpu_check(CpuHostCache *cache, const DomainDef *def, GError **error)
{
    const DomainCpu *cpu = def->cpu;
    g_autoptr(GError) unknown = NULL;

    if (cpu == NULL || strcmp(def->os_type, "hvm") != 0 || g_strcmp0(cpu->check, "none") == 0 ||
        (cpu->model == NULL && cpu->features->len == 0))
        return TRUE;
    const CpuHost *host = cpu_host_get(cache, &unknown);
    if (host == NULL) {
        g_message("domain '%s': its CPU is not checked: %s", def->name, unknown->message);
        return TRUE;
    }
    if (!check_model(host, cpu, error))
        return FALSE;
    for (guint i = 0; i < cpu->features->len; i++)
        if (!check_feature(host, g_ptr_array_index(cpu->features, i), error))
            return FALSE;
    return TRUE;
}
