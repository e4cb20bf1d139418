/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host: processors and memory. */
#include "node.h"

#include "handler-util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NODE_MODEL_LEN 32

/* ---- what Linux says ---- */

GArray *node_read_cpu_list(const char *path)
{
    g_autofree char *text = NULL;
    GArray *cpus;
    char *p;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    cpus = g_array_new(FALSE, FALSE, sizeof(guint));
    for (p = text; g_ascii_isdigit(*p);) {
        guint first = (guint)g_ascii_strtoull(p, &p, 10), last = first;

        if (*p == '-')
            last = (guint)g_ascii_strtoull(p + 1, &p, 10);
        for (guint cpu = first; cpu <= last; cpu++)
            g_array_append_val(cpus, cpu);
        if (*p == ',')
            p++;
    }
    return cpus;
}

/* "Name:   123 kB" of /proc/meminfo, or of a node's meminfo, in KiB. */
static gboolean find_kib(const char *text, const char *name, guint64 *ret)
{
    const char *at = strstr(text, name);

    if (at == NULL)
        return FALSE;
    *ret = g_ascii_strtoull(at + strlen(name), NULL, 10);
    return TRUE;
}

guint64 node_cell_memory_kib(guint cell)
{
    g_autofree char *path = g_strdup_printf("/sys/devices/system/node/node%u/meminfo", cell);
    g_autofree char *text = NULL;
    guint64 kib = 0;

    if (g_file_get_contents(path, &text, NULL, NULL))
        find_kib(text, "MemTotal:", &kib);
    return kib;
}

static gboolean read_meminfo(char **ret_text, GError **error)
{
    return g_file_get_contents("/proc/meminfo", ret_text, NULL, error);
}

guint64 node_free_memory_kib(GError **error)
{
    g_autofree char *text = NULL;
    guint64 kib = 0;

    if (read_meminfo(&text, error))
        find_kib(text, "MemAvailable:", &kib);
    return kib;
}

/* ---- calls ---- */

gboolean on_node_get_info(RpcCall *call, GError **error)
{
    const Kanzend *kanzend = call->app;
    g_autoptr(HostInfo) cached = host_info_get(kanzend->host_info, error);
    const KxlHostInfo *info;
    gsize len;

    if (cached == NULL)
        return FALSE;
    info = cached->kxl;
    len = strlen(info->machine);
    for (guint i = 0; i < NODE_MODEL_LEN; i++)
        xdr_put_i32(call->ret, i < len && i < NODE_MODEL_LEN - 1 ? info->machine[i] : 0);
    xdr_put_u64(call->ret, info->total_memkb);
    xdr_put_i32(call->ret, (gint32)info->nr_cpus);
    xdr_put_i32(call->ret, (gint32)info->cpu_mhz);
    xdr_put_i32(call->ret, (gint32)info->nr_nodes);
    /* nodes * sockets * cores * threads must not be less than cpus */
    xdr_put_i32(call->ret, (gint32)node_sockets(info));
    xdr_put_i32(call->ret, (gint32)info->cores_per_socket);
    xdr_put_i32(call->ret, (gint32)info->threads_per_core);
    return TRUE;
}

guint node_sockets(const KxlHostInfo *info)
{
    guint per_socket = MAX(1, info->cores_per_socket) * MAX(1, info->threads_per_core);
    guint per_node = MAX(1, info->nr_cpus / MAX(1, info->nr_nodes));

    return MAX(1, (per_node + per_socket - 1) / per_socket);
}

gboolean on_node_get_free_memory(RpcCall *call, GError **error)
{
    g_autoptr(GError) failed = NULL;
    guint64 kib = node_free_memory_kib(&failed);

    if (failed != NULL) {
        g_propagate_error(error, g_steal_pointer(&failed));
        return FALSE;
    }
    xdr_put_u64(call->ret, kib * 1024);
    return TRUE;
}

gboolean on_node_get_cells_free_memory(RpcCall *call, GError **error)
{
    gint32 start = call->args[0].i, max = call->args[1].i;
    g_autoptr(GArray) cells = node_read_cpu_list("/sys/devices/system/node/online");
    guint count = xdr_put_count(call->ret), n = 0;

    if (cells == NULL || start < 0 || (guint)start >= cells->len || max <= 0)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "start cell %d out of range (0-%d)", start,
                    cells != NULL ? (int)cells->len - 1 : 0);
    for (guint i = (guint)start; i < cells->len && n < (guint)max; i++, n++) {
        g_autofree char *path = g_strdup_printf("/sys/devices/system/node/node%u/meminfo",
                                                g_array_index(cells, guint, i));
        g_autofree char *text = NULL;
        guint64 kib = 0;

        if (!g_file_get_contents(path, &text, NULL, error))
            return FALSE;
        find_kib(text, "MemFree:", &kib);
        xdr_put_u64(call->ret, kib * 1024);
    }
    xdr_set_u32(call->ret, count, n);
    return TRUE;
}

gboolean on_node_get_cpu_map(RpcCall *call, GError **error)
{
    gboolean need_map = call->args[0].i != 0, need_online = call->args[1].i != 0;
    g_autoptr(GArray) present = NULL;
    g_autoptr(GArray) online = NULL;
    g_autofree guint8 *map = NULL;
    guint n_cpus, map_len;

    if (!check_flags(call, call->args[2].u, 0, error))
        return FALSE;
    present = node_read_cpu_list("/sys/devices/system/cpu/present");
    online = node_read_cpu_list("/sys/devices/system/cpu/online");
    if (present == NULL || online == NULL || present->len == 0)
        return fail(error, VIR_ERR_INTERNAL_ERROR, "cannot read the processors of the host");
    n_cpus = g_array_index(present, guint, present->len - 1) + 1;
    map_len = (n_cpus + 7) / 8;
    map = g_malloc0(map_len);
    for (guint i = 0; i < online->len; i++) {
        guint cpu = g_array_index(online, guint, i);

        if (cpu < n_cpus)
            map[cpu / 8] |= (guint8)(1u << cpu % 8);
    }
    xdr_put_opaque(call->ret, map, need_map ? map_len : 0);
    xdr_put_u32(call->ret, need_online ? online->len : 0);
    xdr_put_i32(call->ret, (gint32)n_cpus);
    return TRUE;
}

/* The getters below: nparams 0 asks how many there are. */

#define ALL_CPUS  (-1)
#define ALL_CELLS (-1)

static gboolean check_nparams(gint32 nparams, guint have, GError **error)
{
    return nparams == 0 || nparams == (gint32)have ||
           fail(error, VIR_ERR_INVALID_ARG, "nparams in the call is %d, must be 0 or %u", nparams,
                have);
}

gboolean on_node_get_cpu_stats(RpcCall *call, GError **error)
{
    static const char *const names[] = { "kernel", "user", "idle", "iowait" };
    gint32 cpu = call->args[0].i, nparams = call->args[1].i;
    g_autofree char *stat = NULL, *prefix = NULL;
    guint64 user, nice, system, idle, iowait, irq, softirq;
    guint64 tick = G_GUINT64_CONSTANT(1000000000) / (guint64)sysconf(_SC_CLK_TCK), values[4];
    const char *line;

    if (!check_flags(call, call->args[2].u, 0, error) ||
        !check_nparams(nparams, G_N_ELEMENTS(names), error) ||
        !g_file_get_contents("/proc/stat", &stat, NULL, error))
        return FALSE;
    prefix = cpu == ALL_CPUS ? g_strdup("cpu ") : g_strdup_printf("\ncpu%d ", cpu);
    line = strstr(stat, prefix);
    if (line == NULL || sscanf(line + strlen(prefix),
                               "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                               " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                               " %" G_GUINT64_FORMAT,
                               &user, &nice, &system, &idle, &iowait, &irq, &softirq) != 7)
        return fail(error, VIR_ERR_INVALID_ARG, "Invalid cpuNum in virNodeGetCPUStats: %d", cpu);
    values[0] = (system + irq + softirq) * tick;
    values[1] = (user + nice) * tick;
    values[2] = idle * tick;
    values[3] = iowait * tick;

    xdr_put_u32(call->ret, nparams == 0 ? 0 : G_N_ELEMENTS(names));
    for (guint i = 0; nparams != 0 && i < G_N_ELEMENTS(names); i++) {
        xdr_put_string(call->ret, names[i]);
        xdr_put_u64(call->ret, values[i]);
    }
    xdr_put_i32(call->ret, G_N_ELEMENTS(names));
    return TRUE;
}

gboolean on_node_get_memory_stats(RpcCall *call, GError **error)
{
    static const struct {
        const char *name, *line;
    } rows[] = {
        { "total", "MemTotal:" },
        { "free", "MemFree:" },
        { "buffers", "Buffers:" },
        { "cached", "\nCached:" },
    };
    gint32 nparams = call->args[0].i, cell = call->args[1].i;
    guint n = cell == ALL_CELLS ? G_N_ELEMENTS(rows) : 2; /* a node tells less */
    g_autofree char *path = NULL, *text = NULL;

    if (!check_flags(call, call->args[2].u, 0, error) || !check_nparams(nparams, n, error))
        return FALSE;
    path = cell == ALL_CELLS ? g_strdup("/proc/meminfo")
                             : g_strdup_printf("/sys/devices/system/node/node%d/meminfo", cell);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return fail(error, VIR_ERR_INVALID_ARG, "cellNum in virNodeGetMemoryStats: %d", cell);
    xdr_put_u32(call->ret, nparams == 0 ? 0 : n);
    for (guint i = 0; nparams != 0 && i < n; i++) {
        guint64 kib = 0;

        find_kib(text, rows[i].line, &kib);
        xdr_put_string(call->ret, rows[i].name);
        xdr_put_u64(call->ret, kib);
    }
    xdr_put_i32(call->ret, (gint32)n);
    return TRUE;
}

gboolean on_connect_get_max_vcpus(RpcCall *call, GError **error)
{
    xdr_put_i32(call->ret, KXL_MAX_VCPUS);
    return TRUE;
}
