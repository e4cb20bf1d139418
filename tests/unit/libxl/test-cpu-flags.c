/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cpuid= of xl.cfg(5) as QEMU's flags. */
#include "cpu-flags.h"

static const struct {
    const char *cpuid, *flags; /* NULL: an error */
    int code;
} rows[] = {
    { "host", "" },
    { "host,aes=0", "aes=off" },
    { "host,cmpxchg16=1,sse3=0,tm=x,page1gb=k,nx=s", "cx16=on,pni=off" },
    { "host,spec-ctrl=1", "spec-ctrl=on" },
    { "guest,aes=0", NULL, KXL_ERROR_UNSUPPORTED },
    { "host,aes", NULL, KXL_ERROR_UNSUPPORTED },
    { "host,aes=", NULL, KXL_ERROR_UNSUPPORTED },
    { "host,aes=2", NULL, KXL_ERROR_INVALID },
    { "host,0x1:ecx=xx", NULL, KXL_ERROR_UNSUPPORTED },
    { "host,family=6", NULL, KXL_ERROR_INVALID },
    { "host,a b=1", NULL, KXL_ERROR_UNSUPPORTED },
    { "host,,", NULL, KXL_ERROR_UNSUPPORTED },
    { "", NULL, KXL_ERROR_UNSUPPORTED },
};

static void test_parse(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) flags = kxl_cpu_flags_parse(rows[i].cpuid, &error);
        g_autofree char *text = flags ? g_strjoinv(",", flags) : NULL;

        g_test_message("%s", rows[i].cpuid);
        g_assert_cmpstr(text, ==, rows[i].flags);
        if (!rows[i].flags)
            g_assert_error(error, KXL_ERROR, rows[i].code);
    }
}

static void test_names(void)
{
    g_assert_cmpstr(kxl_cpu_flag_to_xl("cx16"), ==, "cmpxchg16");
    g_assert_cmpstr(kxl_cpu_flag_from_xl("cmpxchg16"), ==, "cx16");
    g_assert_cmpstr(kxl_cpu_flag_to_xl("aes"), ==, "aes");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cpu-flags/parse", test_parse);
    g_test_add_func("/cpu-flags/names", test_names);
    return g_test_run();
}
