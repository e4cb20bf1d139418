/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* <features> and <clock>. */
#include "map.h"

#include <stdlib.h>
#include <string.h>

static KxlTristate yes_or_no(gboolean on)
{
    return on ? KXL_YES : KXL_NO;
}

static KxlTristate to_kxl(int tristate)
{
    return tristate == DOMAIN_ABSENT ? KXL_DEFAULT : yes_or_no(tristate == DOMAIN_YES);
}

/* ---- timers and the clock ---- */

/* libvirt's word for how the TSC is kept, and xl.cfg(5)'s. */
static const char *const tsc_modes[][2] = {
    { "native", "native" },
    { "paravirt", "native_paravirt" },
    { "emulate", "always_emulate" },
    { "auto", "default" },
};

static void map_timers_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    for (guint i = 0; i < def->timers->len; i++) {
        const DomainTimer *timer = g_ptr_array_index(def->timers, i);

        if (strcmp(timer->name, "hpet") == 0) {
            config->hpet = yes_or_no(timer->present != DOMAIN_NO);
        } else if (strcmp(timer->name, "tsc") == 0) {
            g_free(config->tsc_mode);
            config->tsc_mode = g_strdup("default");
            for (guint j = 0; j < G_N_ELEMENTS(tsc_modes); j++) {
                if (g_strcmp0(timer->mode, tsc_modes[j][0]) != 0)
                    continue;
                g_free(config->tsc_mode);
                config->tsc_mode = g_strdup(tsc_modes[j][1]);
            }
        }
    }
}

static void add_timer(DomainDef *def, const char *name, gboolean present, const char *mode)
{
    DomainTimer *timer = g_new0(DomainTimer, 1);

    timer->name = g_strdup(name);
    timer->present = present ? DOMAIN_YES : DOMAIN_NO;
    timer->mode = g_strdup(mode);
    g_ptr_array_add(def->timers, timer);
}

static void map_timers_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    for (guint j = 0; j < G_N_ELEMENTS(tsc_modes); j++)
        if (g_strcmp0(config->tsc_mode, tsc_modes[j][1]) == 0)
            add_timer(def, "tsc", TRUE, tsc_modes[j][0]);
    if (config->type == KXL_TYPE_HVM && config->hpet != KXL_DEFAULT)
        add_timer(def, "hpet", config->hpet == KXL_YES, NULL);
}

static void map_clock_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    gboolean is_variable = def->clock == DOMAIN_CLOCK_VARIABLE;

    config->localtime = yes_or_no(def->clock == DOMAIN_CLOCK_LOCALTIME ||
                                  (is_variable && g_strcmp0(def->clock_basis, "localtime") == 0));
    if (def->clock_adjustment != NULL && strcmp(def->clock_adjustment, "reset") != 0)
        config->rtc_timeoffset = atoi(def->clock_adjustment);
    map_timers_to_config(def, config);
}

/* libvirt's reading: an HVM guest's clock runs on from where it is set, a PV guest's is the host's
 * at each start. */
static void map_clock_from_config(const KxlDomainConfig *config, DomainDef *def)
{
    gboolean localtime = config->localtime == KXL_YES;

    if (config->type == KXL_TYPE_HVM) {
        def->clock = DOMAIN_CLOCK_VARIABLE;
        def->clock_adjustment = g_strdup_printf("%d", config->rtc_timeoffset);
        def->clock_basis = g_strdup(localtime ? "localtime" : "utc");
    } else {
        def->clock = localtime ? DOMAIN_CLOCK_LOCALTIME : DOMAIN_CLOCK_UTC;
        def->clock_adjustment = g_strdup("reset");
    }
    map_timers_from_config(config, def);
}

/* ---- features ---- */

static gboolean map_passthrough_to_config(const DomainDef *def, KxlDomainConfig *config)
{
    if (def->features.passthrough == DOMAIN_NO)
        config->passthrough = g_strdup("disabled");
    else if (def->features.passthrough == DOMAIN_YES)
        config->passthrough =
            g_strdup(def->features.passthrough_mode != NULL &&
                             strcmp(def->features.passthrough_mode, "default") != 0
                         ? def->features.passthrough_mode
                         : "enabled");
    return TRUE;
}

gboolean map_features_to_config(const DomainDef *def, KxlDomainConfig *config, GError **error)
{
    if (config->type == KXL_TYPE_HVM) {
        gboolean has_numa = def->cpu != NULL && def->cpu->cells->len > 0;
        config->pae = yes_or_no(def->features.pae);
        config->acpi = yes_or_no(def->features.acpi || has_numa); /* the cells are told by ACPI */
        config->apic = yes_or_no(def->features.apic);
        config->viridian = yes_or_no(def->features.viridian);
    }
    if (config->type == KXL_TYPE_PV)
        config->e820_host = to_kxl(def->features.e820_host);
    else
        config->hap = to_kxl(def->features.hap);
    map_clock_to_config(def, config);
    return map_passthrough_to_config(def, config);
}

gboolean map_features_from_config(const KxlDomainConfig *config, DomainDef *def, GError **error)
{
    if (config->type == KXL_TYPE_HVM) {
        def->features.pae = config->pae != KXL_NO;
        def->features.acpi = config->acpi != KXL_NO;
        def->features.apic = config->apic != KXL_NO;
        def->features.viridian = config->viridian == KXL_YES;
    }
    if (config->type != KXL_TYPE_PV && config->hap == KXL_NO)
        def->features.hap = DOMAIN_NO;
    if (config->type == KXL_TYPE_PV && config->e820_host == KXL_YES)
        def->features.e820_host = DOMAIN_YES;
    if (config->passthrough != NULL && strcmp(config->passthrough, "disabled") != 0 &&
        strcmp(config->passthrough, "default") != 0) {
        def->features.passthrough = DOMAIN_YES;
        if (strcmp(config->passthrough, "enabled") != 0)
            def->features.passthrough_mode = g_strdup(config->passthrough);
    }
    map_clock_from_config(config, def);
    return TRUE;
}
