/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpu-bits.h"

#include <kxl-vcpu.h>
#include <unistd.h>

#include "handler-util.h"

guint host_cpus(void)
{
    return (guint)sysconf(_SC_NPROCESSORS_CONF);
}

void cpu_bits_from_text(guint8 *map, guint maplen, const char *text)
{
    cpu_set_t cpus;

    CPU_ZERO(&cpus);
    kxl_affinity_parse(text != NULL ? text : "all", host_cpus(), &cpus, NULL);
    for (guint i = 0; i < maplen; i++)
        map[i] = 0;
    for (guint cpu = 0; cpu < maplen * 8 && cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &cpus))
            map[cpu / 8] |= (guint8)(1u << cpu % 8);
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
