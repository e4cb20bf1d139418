/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu-flags.h"

#include <string.h>

/* Where libxl's names (xl.cfg(5) cpuid=) differ from those of QEMU and libvirt. */
static const struct {
    const char *xl, *qemu;
} names[] = {
    { "cmpxchg16", "cx16" },
    { "cntxid", "cid" },
    { "dscpl", "ds_cpl" },
    { "pclmulqdq", "pclmuldq" },
    { "sse3", "pni" },
    { "htt", "ht" },
    { "psn", "pn" },
    { "clfsh", "clflush" },
    { "sysenter", "sep" },
    { "cmpxchg8", "cx8" },
    { "nodeid", "nodeid_msr" },
    { "altmovcr8", "cr8legacy" },
    { "lahfsahf", "lahf_lm" },
    { "cmplegacy", "cmp_legacy" },
    { "ffxsr", "fxsr_opt" },
    { "page1gb", "pdpe1gb" },
    { "ibrsb", "spec-ctrl" },
};

const char *kxl_cpu_flag_to_xl(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i].qemu, name))
            return names[i].xl;
    return name;
}

const char *kxl_cpu_flag_from_xl(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i].xl, name))
            return names[i].qemu;
    return name;
}

static gboolean is_name(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == strlen(text) &&
           !g_ascii_isdigit(*text);
}

static gboolean add_flag(GStrvBuilder *flags, const char *item, GError **error)
{
    const char *equals = strchr(item, '=');
    g_autofree char *name = equals ? g_strndup(item, (gsize)(equals - item)) : NULL;
    const char *value = equals ? equals + 1 : "";
    g_autofree char *flag = NULL;

    if (!equals || !is_name(name) || strlen(value) != 1) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "cpuid '%s' is not supported: only features by name", item);
        return FALSE;
    }
    if (strchr("xks", *value))
        return TRUE;
    if (!strchr("01", *value)) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "cpuid '%s': not 0, 1, x, k or s", item);
        return FALSE;
    }
    flag = g_strdup_printf("%s=%s", kxl_cpu_flag_from_xl(name), *value == '1' ? "on" : "off");
    g_strv_builder_add(flags, flag);
    return TRUE;
}

char **kxl_cpu_flags_parse(const char *cpuid, GError **error)
{
    g_autoptr(GStrvBuilder) flags = g_strv_builder_new();
    g_auto(GStrv) items = g_strsplit(cpuid, ",", -1);

    if (!items[0] || !g_str_equal(items[0], "host")) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_UNSUPPORTED,
                    "cpuid '%s' is not supported: it must begin with 'host'", cpuid);
        return NULL;
    }
    for (char **item = items + 1; *item; item++)
        if (!add_flag(flags, *item, error))
            return NULL;
    return g_strv_builder_end(flags);
}
