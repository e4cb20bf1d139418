/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <cpu>: nested virtualisation, CPUID flags, NUMA cells. */
#include "map.h"

#include <string.h>

#include "def-classes.h"
#include "xlcfg-syntax.h"

static gboolean is_off(const DomainCpuFeature *feature)
{
    return strcmp(feature->policy, "disable") == 0 || strcmp(feature->policy, "forbid") == 0;
}

static gboolean is_virtualisation(const char *name)
{
    return strcmp(name, "vmx") == 0 || strcmp(name, "svm") == 0;
}

static void map_flags_to_config(const DomainCpu *cpu, KxlDomainConfig *config)
{
    GString *flags = g_string_new("host");

    for (guint i = 0; i < cpu->features->len; i++) {
        const DomainCpuFeature *feature = g_ptr_array_index(cpu->features, i);
        const char *value = is_off(feature)                            ? "0"
                            : strcmp(feature->policy, "optional") == 0 ? "x"
                                                                       : "1";

        if (is_virtualisation(feature->name)) {
            if (is_off(feature))
                config->nested_hvm = KXL_NO;
            continue;
        }
        g_string_append_printf(flags, ",%s=%s", kxl_cpu_flag_to_xl(feature->name), value);
    }
    config->cpuid = g_string_free(flags, strcmp(flags->str, "host") == 0);
}

static void append_item(XlValue *list, char *text)
{
    g_ptr_array_add(list->items, xlcfg_value_new_atom(XL_VALUE_STRING, text, 0, 0));
    g_free(text);
}

guint map_cell_distance(const DomainCpu *cpu, guint from, guint to)
{
    const DomainNumaCell *cells[] = { g_ptr_array_index(cpu->cells, from),
                                      g_ptr_array_index(cpu->cells, to) };
    const guint others[] = { to, from };

    for (guint i = 0; i < 2; i++) {
        for (guint j = 0; j < cells[i]->distances->len; j++) {
            const DomainNumaSibling *sibling = g_ptr_array_index(cells[i]->distances, j);
            if (sibling->id == others[i])
                return sibling->value;
        }
    }
    return from == to ? 10 : 20;
}

/* xl.cfg(5) vnuma=: a list of cells, each a list of key=value. */
static void map_cells_to_config(const DomainCpu *cpu, KxlDomainConfig *config)
{
    g_autoptr(XlValue) vnuma = xlcfg_value_new_list(0, 0);

    for (guint i = 0; i < cpu->cells->len; i++) {
        const DomainNumaCell *cell = g_ptr_array_index(cpu->cells, i);
        XlValue *node = xlcfg_value_new_list(0, 0);
        GString *distances = g_string_new("vdistances=");

        for (guint j = 0; j < cpu->cells->len; j++)
            g_string_append_printf(distances, "%s%u", j > 0 ? "," : "",
                                   map_cell_distance(cpu, i, j));
        append_item(node, g_strdup_printf("pnode=%u", i));
        append_item(node,
                    g_strdup_printf("size=%" G_GUINT64_FORMAT, (cell->memory_kib + 1023) / 1024));
        append_item(node, g_strdup_printf("vcpus=%s", cell->cpus != NULL ? cell->cpus : ""));
        append_item(node, g_string_free(distances, FALSE));
        g_ptr_array_add(vnuma->items, node);
    }
    g_autofree char *text = xlcfg_value_to_text(vnuma);
    map_add_extra(config, "vnuma", text);
}

#define MAX_CELLS 64

gboolean map_cpu_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    const DomainCpu *cpu = def->cpu;

    if (cpu == NULL)
        return TRUE;
    if (g_strcmp0(cpu->mode, "host-passthrough") == 0 && config->type != KXL_TYPE_PV) {
        config->nested_hvm = KXL_YES;
        map_flags_to_config(cpu, config);
    }
    if (cpu->cells->len > MAX_CELLS)
        return fail_check(error, UNSUPPORTED, "/domain/cpu/numa: more than %d cells", MAX_CELLS);
    if (cpu->cells->len > 0)
        map_cells_to_config(cpu, config);
    return TRUE;
}

/* ---- from the config ---- */

static DomainCpu *need_cpu(DomainDef *def)
{
    if (def->cpu == NULL)
        def->cpu = xml_object_new(&domain_cpu_class);
    return def->cpu;
}

static void add_feature(DomainCpu *cpu, const char *name, const char *policy)
{
    DomainCpuFeature *feature = g_new0(DomainCpuFeature, 1);

    feature->name = g_strdup(name);
    feature->policy = g_strdup(policy);
    g_ptr_array_add(cpu->features, feature);
}

static gboolean map_flags_from_config(const char *cpuid, DomainCpu *cpu, GError **error)
{
    g_auto(GStrv) parts = g_strsplit(cpuid, ",", -1);

    for (guint i = 1; parts[0] != NULL && parts[i] != NULL; i++) {
        g_auto(GStrv) pair = g_strsplit(parts[i], "=", 2);
        if (pair[0] == NULL || pair[1] == NULL)
            return fail_check(error, CONF_SYNTAX, "Invalid libxl cpuid key=value element: %s",
                              parts[i]);
        const char *policy = strcmp(pair[1], "1") == 0   ? "force"
                             : strcmp(pair[1], "0") == 0 ? "disable"
                                                         : "optional";
        add_feature(cpu, kxl_cpu_flag_from_xl(pair[0]), policy);
    }
    return TRUE;
}

static gboolean parse_distances(const char *text, DomainNumaCell *cell)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (guint i = 0; parts[i] != NULL; i++) {
        guint64 value;
        if (i >= MAX_CELLS || !g_ascii_string_to_unsigned(parts[i], 10, 0, 255, &value, NULL))
            return FALSE;
        DomainNumaSibling *sibling = g_new0(DomainNumaSibling, 1);
        sibling->id = i;
        sibling->value = (guint)value;
        g_ptr_array_add(cell->distances, sibling);
    }
    return TRUE;
}

/* One "key=value" of a vnuma node. */
static gboolean parse_node_item(const char *text, DomainNumaCell *cell)
{
    guint64 mib;

    if (g_str_has_prefix(text, "pnode="))
        return TRUE; /* guests' cells are not bound to the host's */
    if (g_str_has_prefix(text, "size=")) {
        if (!g_ascii_string_to_unsigned(text + 5, 10, 1, G_MAXUINT32, &mib, NULL))
            return FALSE;
        cell->memory_kib = mib * 1024;
        return TRUE;
    }
    if (g_str_has_prefix(text, "vcpus=")) {
        g_free(cell->cpus);
        cell->cpus = g_strdup(text + 6);
        return TRUE;
    }
    return g_str_has_prefix(text, "vdistances=") && parse_distances(text + 11, cell);
}

static gboolean map_cells_from_config(const char *text, DomainCpu *cpu, GError **error)
{
    g_autoptr(XlValue) vnuma = xlcfg_syntax_parse_value(text);

    if (vnuma == NULL || vnuma->kind != XL_VALUE_LIST || vnuma->items->len > MAX_CELLS)
        return fail_check(error, CONF_VALUE, "vnuma vnode invalid format '%s'", text);
    for (guint i = 0; i < vnuma->items->len; i++) {
        const XlValue *node = g_ptr_array_index(vnuma->items, i);
        DomainNumaCell *cell = xml_object_new(&domain_numa_cell_class);

        cell->id = (int)i;
        g_ptr_array_add(cpu->cells, cell);
        for (guint j = 0; node->kind == XL_VALUE_LIST && j < node->items->len; j++) {
            const XlValue *item = g_ptr_array_index(node->items, j);
            if (item->kind == XL_VALUE_LIST || !parse_node_item(item->text, cell))
                return fail_check(error, CONF_VALUE, "vnuma vnode invalid format '%s'",
                                  item->kind == XL_VALUE_LIST ? "[...]" : item->text);
        }
        if (cell->memory_kib == 0 || cell->cpus == NULL)
            return fail_check(error, CONF_SYNTAX, "Incomplete vnuma configuration for vnode %u", i);
        if (*cell->cpus == '\0') /* memory without vCPUs near it */
            g_clear_pointer(&cell->cpus, g_free);
    }
    return TRUE;
}

gboolean map_cpu_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    const char *vnuma = map_find_extra(config, "vnuma");

    if (config->type != KXL_TYPE_PV &&
        (config->nested_hvm != KXL_DEFAULT || config->cpuid != NULL)) {
        DomainCpu *cpu = need_cpu(def);
        cpu->mode = g_strdup("host-passthrough");
        if (config->nested_hvm == KXL_NO)
            add_feature(cpu, "vmx", "disable");
        if (config->cpuid != NULL && !map_flags_from_config(config->cpuid, cpu, error))
            return FALSE;
    }
    return vnuma == NULL || map_cells_from_config(vnuma, need_cpu(def), error);
}
