/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cpuid= in xend's form, a string of bits for each register, and viridian= as a list of groups:
 * both become features by QEMU's names. What was written is kept beside it.
 */
#include "xlcfg-custom.h"

#include <string.h>

#include "xlcfg-syntax.h"

/* The features of a CPUID register by bit, from bit 0 (SDM 2A "CPUID", APM 3 appendix E); NULL:
 * none that QEMU can switch. */
typedef struct {
    guint32 leaf;
    const char *reg;
    const char *const names[32];
} Register;

static const Register registers[] = {
    { 0x1, "edx", { "fpu",  "vme",   "de",   "pse",     "tsc",  "msr", "pae",  "mce",
                    "cx8",  "apic",  NULL,   "sep",     "mtrr", "pge", "mca",  "cmov",
                    "pat",  "pse36", "pn",   "clflush", NULL,   "ds",  "acpi", "mmx",
                    "fxsr", "sse",   "sse2", "ss",      "ht",   "tm",  "ia64", "pbe" } },
    { 0x1, "ecx", { "pni",    "pclmulqdq", "dtes64", "monitor",      "ds_cpl", "vmx",    "smx",
                    "est",    "tm2",       "ssse3",  "cid",          NULL,     "fma",    "cx16",
                    "xtpr",   "pdcm",      NULL,     "pcid",         "dca",    "sse4.1", "sse4.2",
                    "x2apic", "movbe",     "popcnt", "tsc-deadline", "aes",    "xsave",  NULL,
                    "avx",    "f16c",      "rdrand", "hypervisor" } },
    { 0x7, "ebx", { "fsgsbase", "tsc-adjust", "sgx",      "bmi1",       "hle",      "avx2",
                    NULL,       "smep",       "bmi2",     "erms",       "invpcid",  "rtm",
                    NULL,       NULL,         "mpx",      NULL,         "avx512f",  "avx512dq",
                    "rdseed",   "adx",        "smap",     "avx512ifma", "pcommit",  "clflushopt",
                    "clwb",     "intel-pt",   "avx512pf", "avx512er",   "avx512cd", "sha-ni",
                    "avx512bw", "avx512vl" } },
    { 0x80000001,
      "edx",
      { NULL, NULL,       NULL,      NULL,      NULL, NULL, NULL,       NULL,
        NULL, NULL,       NULL,      "syscall", NULL, NULL, NULL,       NULL,
        NULL, NULL,       NULL,      NULL,      "nx", NULL, "mmxext",   NULL,
        NULL, "fxsr-opt", "pdpe1gb", "rdtscp",  NULL, "lm", "3dnowext", "3dnow" } },
    { 0x80000001, "ecx", { "lahf-lm",    "cmp-legacy",  "svm",
                           "extapic",    "cr8legacy",   "abm",
                           "sse4a",      "misalignsse", "3dnowprefetch",
                           "osvw",       "ibs",         "xop",
                           "skinit",     "wdt",         NULL,
                           "lwp",        "fma4",        "tce",
                           NULL,         "nodeid-msr",  NULL,
                           "tbm",        "topoext",     "perfctr-core",
                           "perfctr-nb", NULL,          NULL,
                           NULL,         NULL,          NULL,
                           NULL,         NULL } },
};

enum { REGISTER_BITS = 32 };

static void add_flag(char ***field, const char *name, gboolean on)
{
    g_autofree char *flag = g_strdup_printf("%s=%s", name, on ? "on" : "off");

    xlcfg_append_strings(field, (const char *[]){ flag, NULL });
}

static const Register *find_register(guint32 leaf, const char *reg)
{
    for (guint i = 0; i < G_N_ELEMENTS(registers); i++)
        if (registers[i].leaf == leaf && !strcmp(registers[i].reg, reg))
            return &registers[i];
    return NULL;
}

/* "ecx=x...10": from bit 31 down. x, k and s leave a bit to the host. */
static gboolean read_bits(XlReader *reader, const XlValue *item, guint32 leaf, const char *reg,
                          const char *bits, GError **error)
{
    const Register *known = find_register(leaf, reg);

    if (strlen(bits) != REGISTER_BITS || strspn(bits, "01xks") != REGISTER_BITS)
        return xlcfg_reader_fail(reader, item, error,
                                 "'%s=%s' is no string of 32 of the letters 0, 1, x, k and s", reg,
                                 bits);
    for (guint i = 0; i < REGISTER_BITS; i++) {
        guint bit = REGISTER_BITS - 1 - i;
        const char *name = known ? known->names[bit] : NULL;

        if (!strchr("01", bits[i]))
            continue;
        if (name)
            add_flag(&reader->config->cpu.features, name, bits[i] == '1');
        else
            xlcfg_reader_warn(reader, item, "cpuid: bit %u of %s in leaf %#x is left as it is", bit,
                              reg, leaf);
    }
    return TRUE;
}

/* "leaf[,subleaf]:reg=bits,reg=bits" */
static gboolean read_leaf(XlReader *reader, const XlValue *item, GError **error)
{
    static const char *const regs[] = { "eax", "ebx", "ecx", "edx", NULL };
    g_auto(GStrv) halves = g_strsplit(item->text, ":", 2);
    g_auto(GStrv) leaf = g_strsplit(halves[0] ? halves[0] : "", ",", 2);
    g_auto(GStrv) parts = g_strsplit(halves[0] && halves[1] ? halves[1] : "", ",", -1);
    gint64 number = 0, sub = 0;

    if (!leaf[0] || !xlcfg_text_to_int(g_strstrip(leaf[0]), &number) || number < 0 ||
        number > G_MAXUINT32 ||
        (leaf[1] && (!xlcfg_text_to_int(g_strstrip(leaf[1]), &sub) || sub < 0)) || !parts[0])
        return xlcfg_reader_fail(reader, item, error, "'%s' is no \"leaf:reg=bits,...\"",
                                 item->text);
    for (char **part = parts; *part; part++) {
        g_auto(GStrv) pair = g_strsplit(g_strstrip(*part), "=", 2);

        if (!pair[0] || !pair[1] || !g_strv_contains(regs, pair[0]))
            return xlcfg_reader_fail(reader, item, error, "'%s' is no \"reg=bits\"", *part);
        /* features stand in the first subleaf only */
        if (!read_bits(reader, item, sub == 0 ? (guint32)number : G_MAXUINT32, pair[0], pair[1],
                       error))
            return FALSE;
    }
    return TRUE;
}

gboolean xlcfg_cpuid_parse(XlReader *reader, const XlValue *value, GError **error)
{
    if (value->kind != XL_VALUE_LIST) {
        if (!g_str_has_prefix(value->text, "host"))
            return xlcfg_reader_fail(reader, value, error, "first word must be \"host\"");
        return xlcfg_reader_string(reader, value, &reader->config->cpuid, error);
    }
    if (!xlcfg_reader_each(reader, value, read_leaf, error))
        return FALSE;
    if (value->items->len && reader->config->type == KXL_TYPE_PV)
        xlcfg_reader_warn(reader, NULL, "option 'cpuid' has no effect in a PV guest");
    if (value->items->len)
        xlcfg_reader_keep(reader, "cpuid", value);
    return TRUE;
}

/* --- viridian --------------------------------------------------------------------------------- */

/* xl.cfg(5)'s groups and what stands for them in QEMU (docs/system/i386/hyperv). NULL: what QEMU
 * gives with the others. */
static const struct {
    const char *group;
    gboolean is_default;
    const char *flags[4];
} groups[] = {
    { "base", TRUE, { "hv-relaxed", "hv-vpindex" } },
    { "freq", TRUE, { "hv-frequencies" } },
    { "time_ref_count", TRUE, { "hv-time" } },
    { "reference_tsc", FALSE, { "hv-time" } },
    { "hcall_remote_tlb_flush", FALSE, { "hv-vpindex", "hv-tlbflush" } },
    { "apic_assist", TRUE, { "hv-vapic" } },
    { "crash_ctl", TRUE, { "hv-crash" } },
    { "stimer", TRUE, { "hv-time", "hv-vpindex", "hv-synic", "hv-stimer" } },
    { "hcall_ipi", FALSE, { "hv-vpindex", "hv-ipi" } },
    { "ex_processor_masks", FALSE, { NULL } },
    { "no_vp_limit", TRUE, { NULL } },
    { "cpu_hotplug", TRUE, { NULL } },
};

/* One word of the list changes which groups are on. */
static gboolean select_groups(const char *word, gboolean *on)
{
    gboolean negated = *word == '!', found = FALSE;
    const char *name = word + negated;

    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (strcmp(name, groups[i].group) != 0 && strcmp(name, "all") != 0 &&
            (strcmp(name, "defaults") != 0 || !groups[i].is_default))
            continue;
        on[i] = !negated;
        found = TRUE;
    }
    return found;
}

static gboolean read_groups(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on[G_N_ELEMENTS(groups)] = { FALSE };
    g_autoptr(GHashTable) given = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < value->items->len; i++) {
        const XlValue *item = value->items->pdata[i];

        if (item->kind == XL_VALUE_LIST || !select_groups(item->text, on))
            return xlcfg_reader_fail(reader, item, error, "unknown viridian enlightenment '%s'",
                                     item->kind == XL_VALUE_LIST ? "[...]" : item->text);
    }
    reader->config->viridian = on[0] ? KXL_YES : KXL_NO;
    for (guint i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (!on[i])
            continue;
        if (!on[0])
            return xlcfg_reader_fail(reader, value, error, "the group 'base' is needed by '%s'",
                                     groups[i].group);
        for (guint k = 0; k < G_N_ELEMENTS(groups[i].flags) && groups[i].flags[k]; k++)
            if (g_hash_table_add(given, (gpointer)groups[i].flags[k]))
                add_flag(&reader->config->cpu.kvm_flags, groups[i].flags[k], TRUE);
    }
    return TRUE;
}

gboolean xlcfg_viridian_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (value->kind == XL_VALUE_LIST) {
        if (!read_groups(reader, value, error))
            return FALSE;
        if (value->items->len)
            xlcfg_reader_keep(reader, "viridian", value);
        return TRUE;
    }
    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    reader->config->viridian = on ? KXL_YES : KXL_NO;
    return TRUE;
}

/* The invariant TSC, which QEMU gives to machines that need not move. */
gboolean xlcfg_nomigrate_parse(XlReader *reader, const XlValue *value, GError **error)
{
    gboolean on;

    if (!xlcfg_reader_bool(reader, value, &on, error))
        return FALSE;
    if (!on)
        return TRUE;
    xlcfg_reader_keep(reader, "nomigrate", value);
    if (reader->config->type == KXL_TYPE_PV) {
        xlcfg_reader_warn(reader, NULL, "option 'nomigrate' has no effect in a PV guest");
        return TRUE;
    }
    reader->config->cpu.migratable = KXL_NO;
    add_flag(&reader->config->cpu.kvm_flags, "invtsc", TRUE);
    return TRUE;
}
