/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DomainDef <-> KxlDomainConfig, subject by subject. */
#include "map.h"

#include <string.h>

#include "number-set.h"

static const struct {
    gboolean (*to)(const DomainDef *def, KxlDomainConfig *config, GError **error);
    gboolean (*from)(const KxlDomainConfig *config, DomainDef *def, GError **error);
} subjects[] = {
    { map_general_to_config, map_general_from_config },
    { map_boot_to_config, map_boot_from_config },
    { map_features_to_config, map_features_from_config },
    { map_cpu_to_config, map_cpu_from_config },
    { map_machine_to_config, NULL },
    { map_tuning_to_config, NULL },
    { map_memory_to_config, map_memory_from_config },
    { map_disks_to_config, map_disks_from_config },
    { map_nics_to_config, map_nics_from_config },
    { map_display_to_config, map_display_from_config },
    { map_chars_to_config, map_chars_from_config },
    { map_sounds_to_config, map_sounds_from_config },
    { map_misc_to_config, map_misc_from_config },
    { map_host_to_config, map_host_from_config },
    { map_devices_to_config, map_devices_from_config },
};

KxlDomainConfig *domain_def_to_config(const DomainDef *def, GError **error)
{
    g_autoptr(KxlDomainConfig) config = kxl_domain_config_new();

    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++)
        if (!subjects[i].to(def, config, error))
            return NULL;
    return g_steal_pointer(&config);
}

/* The host's emulator and firmware, which a config leaves to libkxl and libvirt's XML names. */
static void name_host_files(DomainDef *def, const DomainXmlCaps *caps)
{
    if (def->emulator == NULL)
        def->emulator = g_strdup(caps->emulator);
    if (def->loader != NULL || caps->loader == NULL)
        return;
    if (def->os_firmware == NULL) {
        def->loader = g_strdup(caps->loader);
        def->loader_type = g_strdup("rom");
        return;
    }
    g_autofree char *folder = g_path_get_dirname(caps->loader);
    def->loader = g_build_filename(folder, "ovmf.bin", NULL);
    def->loader_readonly = g_strdup("yes");
    def->loader_type = g_strdup("pflash");
    g_clear_pointer(&def->os_firmware, g_free);
}

/* xl.cfg(5) names CPUs also by the host's nodes, or as all but some; libvirt's XML by their
 * numbers. What the host cannot say is left for the checks to name. */
static void expand_set(char **set, const DomainXmlCaps *caps)
{
    g_autofree char *plain = *set != NULL ? number_set_normalise(*set) : NULL;

    if (*set == NULL || plain != NULL || caps->expand_cpus == NULL)
        return;
    char *expanded = caps->expand_cpus(*set, NULL);
    if (expanded != NULL) {
        g_free(*set);
        *set = expanded;
    }
}

static void expand_affinity(DomainDef *def, const DomainXmlCaps *caps)
{
    expand_set(&def->vcpu_cpuset, caps);
    for (guint i = 0; i < def->vcpu_pins->len; i++)
        expand_set(&((DomainVcpuPin *)g_ptr_array_index(def->vcpu_pins, i))->cpuset, caps);
}

DomainDef *domain_def_from_config(const KxlDomainConfig *config, const DomainXmlCaps *caps,
                                  GError **error)
{
    g_autoptr(DomainDef) def = domain_def_new();

    def->virt_type = g_strdup("xen");
    def->os_arch = g_strdup("x86_64");
    for (guint i = 0; i < G_N_ELEMENTS(subjects); i++)
        if (subjects[i].from != NULL && !subjects[i].from(config, def, error))
            return NULL;
    if (config->type == KXL_TYPE_HVM)
        name_host_files(def, caps);
    expand_affinity(def, caps);
    return g_steal_pointer(&def);
}

void map_add_string(char ***list, const char *text)
{
    guint n = *list != NULL ? g_strv_length(*list) : 0;

    *list = g_renew(char *, *list, n + 2);
    (*list)[n] = g_strdup(text);
    (*list)[n + 1] = NULL;
}

void map_add_extra(KxlDomainConfig *config, const char *key, const char *value)
{
    g_ptr_array_add(config->extras, kxl_extra_new(key, value));
}

const char *map_find_extra(const KxlDomainConfig *config, const char *key)
{
    for (guint i = 0; i < config->extras->len; i++) {
        const KxlExtra *extra = g_ptr_array_index(config->extras, i);
        if (strcmp(extra->key, key) == 0)
            return extra->value;
    }
    return NULL;
}
