/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a definition's general part, however right, cannot be had here. Devices:
 * check-supported.c. */
#include "complete.h"

#include <string.h>

#include "seclabel.h"

static gboolean asks_for(const DomainDef *def, const char *name, const char *enabled)
{
    for (guint i = 0; i < def->firmware_features->len; i++) {
        const DomainFirmwareFeature *feature = g_ptr_array_index(def->firmware_features, i);
        if (strcmp(feature->name, name) == 0 && strcmp(feature->enabled, enabled) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Secure boot needs system management mode, which no other board than q35's has for firmware. */
static gboolean check_os(const DomainDef *def, GError **error)
{
    gboolean by_loader = g_strcmp0(def->loader_secure, "yes") == 0;
    gboolean keys = asks_for(def, "enrolled-keys", "yes");
    gboolean by_feature = keys || asks_for(def, "secure-boot", "yes");

    if (by_feature && g_strcmp0(def->os_firmware, "efi") != 0)
        return fail_check(error, UNSUPPORTED,
                          "cannot use feature-based firmware autoselection when firmware "
                          "autoselection is disabled (/domain/os/firmware)");
    if ((by_loader || by_feature) && !domain_is_q35(def))
        return fail_check(error, UNSUPPORTED,
                          "Secure boot is not supported on Xen, but by machine 'q35' (%s)",
                          by_loader ? "/domain/os/loader/@secure" : "/domain/os/firmware");
    if (keys && asks_for(def, "secure-boot", "no"))
        return fail_check(error, UNSUPPORTED,
                          "firmware feature 'enrolled-keys' cannot be enabled when firmware "
                          "feature 'secure-boot' is disabled (/domain/os/firmware)");
    if ((by_loader || by_feature) && def->features.smm == DOMAIN_NO)
        return fail_check(error, UNSUPPORTED,
                          "Secure boot requires SMM feature enabled (/domain/features/smm)");
    return TRUE;
}

/* The time stamp counter is every guest's, the rest is an HVM guest's. What may be said of each:
 * NULL stands for nothing. */
static const struct {
    const char *name;
    const char *tickpolicies[3], *tracks[3];
    gboolean may_be_absent;
} hvm_timers[] = {
    { "hpet", { NULL }, { NULL }, TRUE },
    { "rtc", { "delay", "catchup", NULL }, { "guest", "wall", NULL }, FALSE },
    { "pit", { "delay", "discard", NULL }, { NULL }, TRUE },
    { "kvmclock", { NULL }, { NULL }, TRUE },
    { "hypervclock", { NULL }, { NULL }, TRUE },
};

static gboolean check_word(const char *word, const char *const *known, const DomainTimer *timer,
                           const char *attribute, GError **error)
{
    if (word == NULL || g_strv_contains(known, word))
        return TRUE;
    return fail_check(error, UNSUPPORTED,
                      "unsupported %s timer %s '%s' (/domain/clock/timer[@name='%s']/@%s)",
                      timer->name, attribute, word, timer->name, attribute);
}

/* hv can stand in for it, QEMU cannot; Xen 4.17 has no paravirtual one any more. */
static gboolean check_tsc(const DomainDef *def, const DomainTimer *timer, GError **error)
{
    static const char *const of_pv[] = { "auto", "native", "emulate", "smpsafe", NULL };
    static const char *const of_others[] = { "auto", "native", "smpsafe", NULL };

    return check_word(timer->mode, strcmp(def->os_type, "xen") == 0 ? of_pv : of_others, timer,
                      "mode", error);
}

static gboolean check_timer(const DomainDef *def, const DomainTimer *timer, guint number,
                            GError **error)
{
    if (strcmp(timer->name, "tsc") == 0)
        return check_tsc(def, timer, error);
    for (guint i = 0; domain_is_hvm(def) && i < G_N_ELEMENTS(hvm_timers); i++) {
        if (strcmp(timer->name, hvm_timers[i].name) != 0)
            continue;
        if (timer->present == DOMAIN_NO && !hvm_timers[i].may_be_absent)
            return fail_check(error, UNSUPPORTED,
                              "a machine without a '%s' timer (/domain/clock/timer[%u]/@present)",
                              timer->name, number);
        return check_word(timer->tickpolicy, hvm_timers[i].tickpolicies, timer, "tickpolicy",
                          error) &&
               check_word(timer->track, hvm_timers[i].tracks, timer, "track", error);
    }
    return fail_check(error, UNSUPPORTED,
                      "unsupported timer type (name) '%s' (/domain/clock/timer[%u]/@name)",
                      timer->name, number);
}

static gboolean check_timers(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->timers->len; i++)
        if (!check_timer(def, g_ptr_array_index(def->timers, i), i + 1, error))
            return FALSE;
    return TRUE;
}

static gboolean check_cpu(const DomainDef *def, GError **error)
{
    const DomainCpu *cpu = def->cpu;

    if (cpu == NULL || cpu->cache_mode == NULL || !domain_is_hvm(def))
        return TRUE;
    if (strcmp(cpu->cache_mode, "emulate") == 0 ? g_strcmp0(cpu->cache_level, "3") != 0
                                                : cpu->cache_level != NULL)
        return fail_check(error, UNSUPPORTED,
                          "unsupported CPU cache level for mode '%s' (/domain/cpu/cache)",
                          cpu->cache_mode);
    if (strcmp(cpu->cache_mode, "passthrough") == 0 &&
        g_strcmp0(cpu->mode, "host-passthrough") != 0 && g_strcmp0(cpu->mode, "maximum") != 0)
        return fail_check(error, UNSUPPORTED,
                          "CPU cache mode '%s' can only be used with 'host-passthrough' CPUs "
                          "(/domain/cpu/cache)",
                          cpu->cache_mode);
    return TRUE;
}

/* Whether the host can count them is seen when the domain starts. */
static gboolean check_perf(const DomainDef *def, GError **error)
{
    for (guint i = 0; i < def->perf_events->len; i++) {
        const DomainPerfEvent *event = g_ptr_array_index(def->perf_events, i);
        gboolean old = g_strv_contains(domain_perf_old_events, event->name);

        if (old ? strcmp(event->enabled, "yes") == 0
                : domain_perf_event_find(event->name) < 0)
            return fail_check(error, UNSUPPORTED,
                              "performance event '%s' is not supported (/domain/perf/event[%u])",
                              event->name, i + 1);
        for (guint j = 0; j < i; j++) {
            const DomainPerfEvent *other = g_ptr_array_index(def->perf_events, j);

            if (strcmp(other->name, event->name) == 0)
                return fail_check(error, SYNTAX,
                                  "perf event '%s' was already specified (/domain/perf/event[%u])",
                                  event->name, i + 1);
        }
    }
    return TRUE;
}

/* A label of the user's own that nobody would apply. */
static gboolean check_seclabels(const DomainDef *def, GError **error)
{
    guint at = 0;
    g_autoptr(DomainLabel) label = domain_label_next(def, &at);

    return label == NULL ||
           fail_check(error, UNSUPPORTED,
                      "Unable to find security driver for model %s (/domain/seclabel[%u])",
                      label->model, label->number);
}

static gboolean check_arguments(const DomainDef *def, const DomainXmlCaps *caps, GError **error)
{
    if (caps->allow_arguments)
        return TRUE;
    if (def->xen_args->len > 0)
        return fail_check(error, UNSUPPORTED,
                          "/domain/xen:commandline is not enabled in the configuration");
    if (def->qemu_args->len > 0 || def->qemu_env->len > 0)
        return fail_check(error, UNSUPPORTED,
                          "/domain/qemu:commandline is not enabled in the configuration");
    return TRUE;
}

gboolean check_supported_host(const DomainDef *def, const DomainXmlCaps *caps, GError **error)
{
    return check_arguments(def, caps, error) && check_os(def, error) && check_timers(def, error) &&
           check_cpu(def, error) && check_perf(def, error) && check_seclabels(def, error);
}
