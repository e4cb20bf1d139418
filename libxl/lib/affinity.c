/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "affinity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "file.h"
#include "kxl-vcpu.h"

#define DEFAULT_WEIGHT 256  /* xl.cfg(5) */
#define MAX_NODES      1024 /* Linux's limit on x86-64 (NODES_SHIFT) */

static void change_cpus(cpu_set_t *set, gboolean remove, guint64 first, guint64 last, guint nr_cpus)
{
    for (guint64 cpu = first; cpu <= last && cpu < nr_cpus && cpu < CPU_SETSIZE; cpu++) {
        if (remove)
            CPU_CLR(cpu, set);
        else
            CPU_SET(cpu, set);
    }
}

/* "all", "3" or "3-5". */
static gboolean parse_range(const char *text, guint64 *ret_first, guint64 *ret_last)
{
    char *end;

    if (g_str_equal(text, "all")) {
        *ret_first = 0;
        *ret_last = CPU_SETSIZE - 1;
        return TRUE;
    }
    if (!g_ascii_isdigit(*text))
        return FALSE;
    *ret_first = *ret_last = g_ascii_strtoull(text, &end, 10);
    if (*end == '-') {
        if (!g_ascii_isdigit(end[1]))
            return FALSE;
        *ret_last = g_ascii_strtoull(end + 1, &end, 10);
    }
    return *end == '\0' && *ret_last >= *ret_first;
}

/* The CPUs of a NUMA node of the host; a node that is not there has none. */
static void change_node(cpu_set_t *set, gboolean remove, guint64 node, guint nr_cpus)
{
    g_autofree char *path =
        g_strdup_printf("/sys/devices/system/node/node%" G_GUINT64_FORMAT "/cpulist", node);
    g_autofree char *list = kxl_file_read(path, NULL);
    g_auto(GStrv) ranges = g_strsplit(list ? g_strchomp(list) : "", ",", -1);
    guint64 first, last;

    for (char **range = ranges; *range; range++)
        if (parse_range(*range, &first, &last))
            change_cpus(set, remove, first, last, nr_cpus);
}

/* xl.cfg(5) CPULIST: a range of CPUs, or "nodes:" and one of nodes; '^' takes away. */
static gboolean parse_item(const char *item, guint nr_cpus, cpu_set_t *set)
{
    static const char *const prefixes[] = { "nodes:", "node:" };
    gboolean remove = *item == '^', nodes = FALSE;
    const char *at = item + remove;
    guint64 first, last;

    for (guint i = 0; i < G_N_ELEMENTS(prefixes) && !nodes; i++)
        if ((nodes = g_str_has_prefix(at, prefixes[i])))
            at += strlen(prefixes[i]);
    if (*at == '^' && nodes && !remove) { /* libxl has it on either side of the prefix */
        remove = TRUE;
        at++;
    }
    if (!parse_range(at, &first, &last))
        return FALSE;
    if (!nodes)
        change_cpus(set, remove, first, last, nr_cpus);
    for (guint64 node = first; nodes && node <= last && node < MAX_NODES; node++)
        change_node(set, remove, node, nr_cpus);
    return TRUE;
}

gboolean kxl_affinity_parse(const char *cpus, guint nr_cpus, cpu_set_t *ret_set, GError **error)
{
    g_auto(GStrv) items = g_strsplit(cpus, ",", -1);
    cpu_set_t set;

    CPU_ZERO(&set);
    for (char **item = items; *item; item++) {
        g_strstrip(*item);
        /* Like libxl: a list that begins with an exclusion begins with all. */
        if (item == items && **item == '^')
            parse_item("all", nr_cpus, &set);
        if (!parse_item(*item, nr_cpus, &set)) {
            g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "cpus '%s': cannot understand '%s'",
                        cpus, *item);
            return FALSE;
        }
    }
    if (CPU_COUNT(&set) == 0) {
        g_set_error(error, KXL_ERROR, KXL_ERROR_INVALID, "cpus '%s': none of the host's %u CPUs",
                    cpus, nr_cpus);
        return FALSE;
    }
    *ret_set = set;
    return TRUE;
}

char *kxl_affinity_format(const cpu_set_t *set, guint nr_cpus)
{
    GString *text = g_string_new(NULL);

    for (guint first = 0; first < nr_cpus; first++) {
        guint last = first;

        if (!CPU_ISSET(first, set))
            continue;
        while (last + 1 < nr_cpus && CPU_ISSET(last + 1, set))
            last++;
        g_string_append_printf(text, "%s%u", text->len ? "," : "", first);
        if (last > first)
            g_string_append_printf(text, "-%u", last);
        first = last;
    }
    return g_string_free(text, FALSE);
}

char *kxl_cpus_expand(const char *cpus, GError **error)
{
    guint nr_cpus = (guint)sysconf(_SC_NPROCESSORS_CONF);
    cpu_set_t set;

    return kxl_affinity_parse(cpus, nr_cpus, &set, error) ? kxl_affinity_format(&set, nr_cpus)
                                                          : NULL;
}

/* The items of [ "0", '1-2', 3 ] without their quotes; NULL when cpus is no such list. */
static char **split_vcpus(const char *cpus)
{
    GStrvBuilder *items;
    char **list;

    if (*cpus != '[')
        return NULL;
    items = g_strv_builder_new();
    for (cpus++; *(cpus += strspn(cpus, " \t\n,]")) != '\0';) {
        char quote = *cpus == '"' || *cpus == '\'' ? *cpus : '\0';
        const char end[] = { quote, '\0' };
        gsize length = strcspn(cpus += quote != '\0', quote ? end : " \t\n,]");
        g_autofree char *item = g_strndup(cpus, length);

        g_strv_builder_add(items, item);
        cpus += length + (quote != '\0' && cpus[length] == quote);
    }
    list = g_strv_builder_end(items);
    g_strv_builder_unref(items);
    return list;
}

char *kxl_affinity_of_vcpu(const char *cpus, guint vcpu)
{
    g_auto(GStrv) list = split_vcpus(cpus);

    if (list)
        cpus = vcpu < g_strv_length(list) ? list[vcpu] : "all";
    return g_strdup(cpus);
}

gboolean kxl_affinity_parse_vcpu(const char *cpus, guint vcpu, guint nr_cpus, cpu_set_t *ret_set,
                                 GError **error)
{
    g_autofree char *own = kxl_affinity_of_vcpu(cpus, vcpu);

    return kxl_affinity_parse(own, nr_cpus, ret_set, error);
}

gboolean kxl_affinity_check(const char *cpus, guint nr_cpus, GError **error)
{
    g_auto(GStrv) list = split_vcpus(cpus);
    cpu_set_t set;

    if (!list)
        return kxl_affinity_parse(cpus, nr_cpus, &set, error);
    for (char **item = list; *item; item++)
        if (!kxl_affinity_parse(*item, nr_cpus, &set, error))
            return FALSE;
    return TRUE;
}

/* Each step of nice is a factor of 1.25 (Linux sched_prio_to_weight). */
int kxl_affinity_nice(guint weight)
{
    double ratio = weight ? (double)DEFAULT_WEIGHT / weight : 1;
    int nice_value = 0;

    for (; ratio > 1.118 && nice_value < 19; nice_value++)
        ratio /= 1.25;
    for (; ratio < 1 / 1.118 && nice_value > -20; nice_value--)
        ratio *= 1.25;
    return nice_value;
}

gboolean kxl_affinity_apply(const KxlDomainConfig *config, char *const *tids, GError **error)
{
    int nice_value = kxl_affinity_nice(config->cpu_weight);
    guint nr_cpus = (guint)sysconf(_SC_NPROCESSORS_CONF);
    cpu_set_t set;

    for (guint vcpu = 0; tids && tids[vcpu]; vcpu++) {
        pid_t tid = atoi(tids[vcpu]);

        if (config->cpus && !kxl_affinity_parse_vcpu(config->cpus, vcpu, nr_cpus, &set, error))
            return FALSE;
        if (config->cpus && sched_setaffinity(tid, sizeof set, &set) < 0)
            return kxl_error_set_errno(error, errno, "cpus '%s'", config->cpus);
        if (nice_value != 0 && setpriority(PRIO_PROCESS, (id_t)tid, nice_value) < 0)
            return kxl_error_set_errno(error, errno, "cpu_weight %u", config->cpu_weight);
    }
    return TRUE;
}
