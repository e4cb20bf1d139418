/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Name, memory, vCPUs, life cycle; then how the guest boots. */
#include "map.h"

#include <string.h>

#include "xlcfg-syntax.h"

#define KIB_PER_MIB    1024
#define MAX_CPU_WEIGHT 65535 /* xl.cfg(5) */

/* By KxlDomainType. */
static const struct {
    const char *os_type, *machine;
} types[KXL_TYPE_COUNT] = {
    [KXL_TYPE_PV] = { "xen", "xenpv" },
    [KXL_TYPE_HVM] = { "hvm", "xenfv" },
    [KXL_TYPE_PVH] = { "xenpvh", "xenpvh" },
};

/* Xen counts a domain's memory in MiB. */
static guint64 round_to_mib(guint64 kib)
{
    return (kib + KIB_PER_MIB - 1) / KIB_PER_MIB * KIB_PER_MIB;
}

/* One set for all vCPUs as it is; with pins a list, one for each vCPU. */
static void map_affinity_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    if (def->vcpu_pins->len == 0) {
        config->cpus = g_strdup(def->vcpu_cpuset);
        return;
    }

    g_autofree const char **sets = g_new0(const char *, def->vcpus_max);
    for (guint i = 0; i < def->vcpu_pins->len; i++) {
        const DomainVcpuPin *pin = g_ptr_array_index(def->vcpu_pins, i);
        if (pin->vcpu < def->vcpus_max)
            sets[pin->vcpu] = pin->cpuset;
    }
    g_autoptr(XlValue) list = xlcfg_value_new_list(0, 0);
    const char *fallback = def->vcpu_cpuset != NULL ? def->vcpu_cpuset : "all";
    for (guint i = 0; i < def->vcpus_max; i++)
        g_ptr_array_add(
            list->items,
            xlcfg_value_new_atom(XL_VALUE_STRING, sets[i] != NULL ? sets[i] : fallback, 0, 0));
    config->cpus = xlcfg_value_to_text(list);
}

static void map_affinity_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    g_autoptr(XlValue) list = config->cpus != NULL && *config->cpus == '['
                                  ? xlcfg_syntax_parse_value(config->cpus)
                                  : NULL;

    if (list == NULL || list->kind != XL_VALUE_LIST) {
        if (g_strcmp0(config->cpus, "all") != 0)
            def->vcpu_cpuset = g_strdup(config->cpus);
        return;
    }
    for (guint i = 0; i < list->items->len; i++) {
        const XlValue *item = g_ptr_array_index(list->items, i);
        if (item->kind == XL_VALUE_LIST || strcmp(item->text, "all") == 0)
            continue;
        DomainVcpuPin *pin = g_new0(DomainVcpuPin, 1);
        pin->vcpu = i;
        pin->cpuset = g_strdup(item->text);
        g_ptr_array_add(def->vcpu_pins, pin);
    }
}

static gboolean map_action(const char *word, const char *element, KxlAction *ret_action,
                           GError **error)
{
    int action = word != NULL ? kxl_action_from_string(word) : (int)*ret_action;

    if (action < 0)
        return fail_check(error, UNSUPPORTED, "unexpected value %s for %s", word, element);
    *ret_action = (KxlAction)action;
    return TRUE;
}

gboolean map_general_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(def->os_type, types[i].os_type) == 0)
            config->type = (KxlDomainType)i;
    config->name = g_strdup(def->name);
    config->uuid = g_strdup(def->uuid);
    config->max_memkb = round_to_mib(def->memory_kib);
    config->target_memkb =
        round_to_mib(def->current_memory_kib != 0 ? def->current_memory_kib : def->memory_kib);
    config->max_vcpus = def->vcpus_max;
    config->vcpus = def->vcpus_current != 0 ? def->vcpus_current : def->vcpus_max;
    map_affinity_to_config(def, config);
    if (def->cpu_shares > MAX_CPU_WEIGHT)
        return fail_check(error, UNSUPPORTED, "/domain/cputune/shares: %u is more than %d",
                          def->cpu_shares, MAX_CPU_WEIGHT);
    config->cpu_weight = def->cpu_shares;
    return map_action(def->on_poweroff, "on_poweroff", &config->on_poweroff, error) &&
           map_action(def->on_reboot, "on_reboot", &config->on_reboot, error) &&
           map_action(def->on_crash, "on_crash", &config->on_crash, error);
}

/* libvirt has no word for a soft reset: what follows it is a start anew. */
static char *action_word(KxlAction action)
{
    return g_strdup(action == KXL_ACTION_SOFT_RESET ? "restart" : kxl_action_to_string(action));
}

gboolean map_general_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    def->os_type = g_strdup(types[config->type].os_type);
    def->os_machine = g_strdup(config->board.machine != NULL ? config->board.machine
                                                             : types[config->type].machine);
    def->name = g_strdup(config->name);
    def->uuid = g_strdup(config->uuid);
    def->current_memory_kib = config->target_memkb;
    def->memory_kib = config->max_memkb != 0 ? config->max_memkb : config->target_memkb;
    def->vcpus_max = config->max_vcpus != 0 ? config->max_vcpus : MAX(config->vcpus, 1);
    def->vcpus_current = config->vcpus != def->vcpus_max ? config->vcpus : 0;
    map_affinity_from_config(config, def);
    def->cpu_shares = config->cpu_weight;
    def->on_poweroff = action_word(config->on_poweroff);
    def->on_reboot = action_word(config->on_reboot);
    def->on_crash = action_word(config->on_crash);
    return TRUE;
}
