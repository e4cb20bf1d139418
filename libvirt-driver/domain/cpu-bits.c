/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu-bits.h"

#include <string.h>
#include <unistd.h>

#include "handler-util.h"

guint host_cpus(void)
{
    return (guint)sysconf(_SC_NPROCESSORS_CONF);
}

void cpu_bits_from_text(guint8 *map, guint maplen, const char *text)
{
    g_auto(GStrv) items = g_strsplit(text != NULL ? text : "all", ",", -1);

    if (maplen == 0)
        return;
    memset(map, 0, maplen);
    for (guint i = 0; items[i] != NULL; i++) {
        gboolean out = *items[i] == '^', all = strcmp(items[i], "all") == 0;
        const char *at = items[i] + out;
        const char *dash = strchr(at, '-');
        guint64 first = all ? 0 : g_ascii_strtoull(at, NULL, 10);
        guint64 last = all ? host_cpus() - 1 : dash ? g_ascii_strtoull(dash + 1, NULL, 10) : first;

        if (out && i == 0)
            cpu_bits_from_text(map, maplen, NULL);
        for (guint64 cpu = first; cpu <= last && cpu < host_cpus() && cpu < maplen * 8; cpu++) {
            if (out)
                map[cpu / 8] &= (guint8) ~(1u << cpu % 8);
            else
                map[cpu / 8] |= (guint8)(1u << cpu % 8);
        }
    }
}

char *cpu_bits_to_text(const guint8 *map, guint maplen, GError **error)
{
    GString *text = g_string_new(NULL);

    for (guint cpu = 0; cpu < maplen * 8 && cpu < host_cpus(); cpu++)
        if (map[cpu / 8] & 1u << cpu % 8)
            g_string_append_printf(text, "%s%u", text->len > 0 ? "," : "", cpu);
    if (text->len == 0) {
        g_string_free(text, TRUE);
        fail(error, VIR_ERR_INVALID_ARG, "Empty cpu list for pinning");
        return NULL;
    }
    return g_string_free(text, FALSE);
}
