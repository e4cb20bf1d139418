/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's processors: accelerator, number and arrangement, model and features. */
#include <string.h>

#include "cpu-flags.h"
#include "machine-args.h"

/* What Xen's viridian=1 gives: the base set of Hyper-V's interfaces. */
#define VIRIDIAN ",hv-relaxed=on,hv-vapic=on,hv-time=on,hv-spinlocks=0x1fff"

/* QEMU's TCG_PHYS_ADDR_BITS of a 64-bit guest: TCG knows no other. */
#define TCG_PHYS_BITS 40

void kxl_args_accel(KxlArgs *args, const KxlMachine *m)
{
    guint64 tb_mb = m->config->tb_cache_kb / 1024;
    g_autofree char *options = NULL;

    if (m->accel != KXL_ACCEL_KVM && tb_mb)
        options = g_strdup_printf(",tb-size=%" G_GUINT64_FORMAT, tb_mb);
    else if (m->accel == KXL_ACCEL_KVM && m->config->cpu.dirty_ring)
        options = g_strdup_printf(",dirty-ring-size=%u", m->config->cpu.dirty_ring);
    kxl_args_add(args, "-accel", "%s%s", m->accel == KXL_ACCEL_KVM ? "kvm" : "tcg",
                 options ? options : "");
}

/* QEMU wants sockets * dies * cores * threads to be maxcpus; a guest whose topology has room for
 * more CPUs than it may have shows that room. */
static guint possible_cpus(const KxlMachine *m)
{
    const KxlCpu *cpu = &m->config->cpu;
    guint max = MAX(m->config->max_vcpus, 1);
    guint64 places = (guint64)cpu->sockets * MAX(cpu->dies, 1) * cpu->cores * cpu->threads;

    if (m->config->type == KXL_TYPE_HVM && places >= max && places <= KXL_MAX_PLACES)
        return (guint)places;
    /* QEMU before 8.1 leaves the guest's memory barriers out when TCG can have one CPU only, and
     * then a virtio notification gets lost now and then: the device's side runs in another thread
     * all the same. */
    return m->accel == KXL_ACCEL_KVM ? max : MAX(max, 2);
}

void kxl_args_smp(KxlArgs *args, const KxlMachine *m)
{
    const KxlCpu *cpu = &m->config->cpu;
    guint max = MAX(m->config->max_vcpus, 1);
    guint possible = possible_cpus(m);
    /* An HVM guest's others are plugged in; hv keeps a PV guest's until they are wanted. */
    guint present =
        m->config->type == KXL_TYPE_HVM && m->config->vcpus ? MIN(m->config->vcpus, max) : max;
    g_autofree char *places = NULL;

    if (m->config->type == KXL_TYPE_HVM && cpu->sockets != 0 &&
        possible == cpu->sockets * MAX(cpu->dies, 1) * cpu->cores * cpu->threads)
        places = g_strdup_printf(",sockets=%u,dies=%u,cores=%u,threads=%u", cpu->sockets,
                                 MAX(cpu->dies, 1), cpu->cores, cpu->threads);
    kxl_args_add(args, "-smp", "%u,maxcpus=%u%s", present, possible, places ? places : "");
}

/* --- -cpu ------------------------------------------------------------------------------------- */

static const char *base_model(const KxlMachine *m)
{
    const KxlCpu *cpu = &m->config->cpu;

    if (g_strcmp0(cpu->mode, "custom") == 0 && cpu->model)
        return cpu->model;
    if (m->accel != KXL_ACCEL_KVM)
        return KXL_TCG_CPU;
    return g_strcmp0(cpu->mode, "maximum") == 0 ? "max" : "host";
}

static void append_list(GString *text, char *const *flags)
{
    for (; flags && *flags; flags++) {
        g_autofree char *quoted = kxl_args_quote(*flags);

        g_string_append_printf(text, ",%s", quoted);
    }
}

static void append_switch(GString *text, const char *name, gboolean on)
{
    g_string_append_printf(text, ",%s=%s", name, on ? "on" : "off");
}

/* What the guest sees of the host's caches: an L3 of QEMU's own, the host's, or none. */
static void append_cache(GString *text, const char *mode)
{
    if (!mode)
        return;
    if (g_str_equal(mode, "passthrough"))
        append_switch(text, "host-cache-info", TRUE);
    append_switch(text, "l3-cache", g_str_equal(mode, "emulate"));
}

static gboolean append_phys_bits(GString *text, const KxlMachine *m, GError **error)
{
    const KxlCpu *cpu = &m->config->cpu;

    if (!cpu->phys_mode)
        return TRUE;
    if (g_str_equal(cpu->phys_mode, "passthrough")) {
        if (m->accel != KXL_ACCEL_KVM)
            return kxl_args_unsupported(error, "the host's number of address bits without KVM");
        append_switch(text, "host-phys-bits", TRUE);
        if (cpu->phys_bits)
            g_string_append_printf(text, ",host-phys-bits-limit=%u", cpu->phys_bits);
        return TRUE;
    }
    if (m->accel != KXL_ACCEL_KVM && cpu->phys_bits != TCG_PHYS_BITS)
        return kxl_args_unsupported(error, "%u address bits without KVM, which has %d",
                                    cpu->phys_bits, TCG_PHYS_BITS);
    g_string_append_printf(text, ",phys-bits=%u", cpu->phys_bits);
    return TRUE;
}

/* nestedhvm=, viridian= and the like. */
static void append_features(GString *text, const KxlMachine *m)
{
    const KxlDomainConfig *config = m->config;
    gboolean kvm = m->accel == KXL_ACCEL_KVM;

    if (config->pae == KXL_NO)
        append_switch(text, "pae", FALSE);
    if (config->nx == KXL_NO)
        append_switch(text, "nx", FALSE);
    if (config->apic == KXL_NO)
        append_switch(text, "apic", FALSE);
    /*
     * TCG knows no Hyper-V interface and always has SVM at hand; KVM passes the host's VMX or SVM
     * on. SVM stays on under TCG also for those who did not ask for it: with svm=off programs of a
     * Linux guest crash (QEMU 7.2). A model brings what it brings.
     */
    if (kvm && config->nested_hvm != KXL_YES && g_str_equal(base_model(m), "host"))
        g_string_append(text, ",vmx=off,svm=off");
    if (kvm && config->viridian == KXL_YES)
        g_string_append(text, VIRIDIAN);
}

gboolean kxl_args_hvm_cpu(KxlArgs *args, const KxlMachine *m, GError **error)
{
    const KxlCpu *cpu = &m->config->cpu;
    gboolean kvm = m->accel == KXL_ACCEL_KVM;
    g_autoptr(GString) text = g_string_new(base_model(m));
    g_auto(GStrv) cpuid = NULL;

    append_features(text, m);
    if (kvm && cpu->migratable != KXL_DEFAULT && g_str_equal(base_model(m), "host"))
        append_switch(text, "migratable", cpu->migratable == KXL_YES);
    if (cpu->vendor_id)
        g_string_append_printf(text, ",vendor=%s", cpu->vendor_id);
    if (m->config->cpuid && !(cpuid = kxl_cpu_flags_parse(m->config->cpuid, error)))
        return FALSE;
    append_list(text, cpuid);
    append_list(text, cpu->features);
    if (kvm)
        append_list(text, cpu->kvm_flags);
    append_cache(text, cpu->cache_mode);
    if (!append_phys_bits(text, m, error))
        return FALSE;
    if (kvm && cpu->pmu != KXL_DEFAULT)
        append_switch(text, "pmu", cpu->pmu == KXL_YES);
    if (kvm && cpu->tsc_hz)
        g_string_append_printf(text, ",tsc-frequency=%" G_GUINT64_FORMAT, cpu->tsc_hz);
    if (cpu->enforce)
        g_string_append(text, ",enforce");
    kxl_args_add(args, "-cpu", "%s", text->str);
    return TRUE;
}
