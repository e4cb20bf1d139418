/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's memory in pages: huge pages and merging of equal ones (Linux's admin-guide/mm:
 * hugetlbpage, ksm). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "handler-util.h"
#include "node.h"
#include "params.h"

#define KSM_DIR "/sys/kernel/mm/ksm"

static gboolean read_number(const char *path, guint64 *ret)
{
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) &&
           g_ascii_string_to_unsigned(g_strstrip(text), 10, 0, G_MAXUINT64, ret, NULL);
}

/* ---- pages of each size in each cell ---- */

#define ALL_CELLS -1   /* the host's pages, whatever cell they are of */
#define PAGES_MAX 1024 /* sizes of all cells, in one call */

static char *cell_dir(int cell)
{
    return cell == ALL_CELLS ? g_strdup("/sys/kernel/mm")
                             : g_strdup_printf("/sys/devices/system/node/node%d", cell);
}

/* "<node>/hugepages/hugepages-2048kB/free_hugepages" */
static char *huge_path(int cell, guint size_kib, const char *file)
{
    g_autofree char *dir = cell_dir(cell);

    return g_strdup_printf("%s/hugepages/hugepages-%ukB/%s", dir, size_kib, file);
}

static guint own_size_kib(void)
{
    return (guint)sysconf(_SC_PAGESIZE) / 1024;
}

static int compare_sizes(gconstpointer a, gconstpointer b)
{
    return *(const guint *)a < *(const guint *)b ? -1 : 1;
}

GArray *node_page_sizes(int cell)
{
    g_autofree char *dir = cell_dir(cell);
    g_autofree char *path = g_build_filename(dir, "hugepages", NULL);
    g_autoptr(GDir) sizes_dir = g_dir_open(path, 0, NULL);
    GArray *sizes = g_array_new(FALSE, FALSE, sizeof(guint));
    guint size = own_size_kib();
    const char *name;

    g_array_append_val(sizes, size);
    while (sizes_dir != NULL && (name = g_dir_read_name(sizes_dir)) != NULL)
        if (sscanf(name, "hugepages-%ukB", &size) == 1)
            g_array_append_val(sizes, size);
    g_array_sort(sizes, compare_sizes);
    return sizes;
}

guint64 node_cell_pages(guint cell, guint size_kib)
{
    g_autoptr(GArray) sizes = node_page_sizes((int)cell);
    guint64 rest_kib = node_cell_memory_kib(cell), n = 0;

    for (guint i = 0; i < sizes->len; i++) {
        guint size = g_array_index(sizes, guint, i);
        g_autofree char *path = huge_path((int)cell, size, "nr_hugepages");

        if (size == own_size_kib() || !read_number(path, &n))
            n = 0;
        if (size == size_kib && size != own_size_kib())
            return n;
        rest_kib -= MIN(rest_kib, n * size);
    }
    return size_kib == own_size_kib() ? rest_kib / size_kib : 0;
}

static gboolean free_pages(int cell, guint size_kib, guint64 *ret, GError **error)
{
    g_autofree char *dir = cell_dir(cell), *path = NULL, *text = NULL;
    const char *at;

    if (size_kib != own_size_kib()) {
        path = huge_path(cell, size_kib, "free_hugepages");
        return read_number(path, ret) ||
               fail(error, VIR_ERR_OPERATION_FAILED, "page size %u KiB is not available on node %d",
                    size_kib, cell);
    }
    path = cell == ALL_CELLS ? g_strdup("/proc/meminfo") : g_build_filename(dir, "meminfo", NULL);
    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    at = strstr(text, "MemFree:");
    *ret = at != NULL ? g_ascii_strtoull(at + strlen("MemFree:"), NULL, 10) / size_kib : 0;
    return TRUE;
}

/* As many cells as the host has of those that were asked for. FALSE: none. */
static gboolean check_cells(int first, guint cells, guint sizes, int *ret_end, GError **error)
{
    const gint64 wanted_end = (gint64)first + cells;

    if (first < ALL_CELLS || cells == 0 || sizes == 0 || (guint64)cells * sizes > PAGES_MAX)
        return fail(error, VIR_ERR_INVALID_ARG, "%u page sizes of %u cells from %d on", sizes,
                    cells, first);
    for (*ret_end = first; *ret_end < wanted_end; (*ret_end)++) {
        g_autofree char *dir = cell_dir(*ret_end);

        if (!g_file_test(dir, G_FILE_TEST_IS_DIR))
            break;
    }
    return *ret_end > first ||
           fail(error, VIR_ERR_INTERNAL_ERROR, "start cell %d is not one of the host's", first);
}

gboolean on_node_get_free_pages(RpcCall *call, GError **error)
{
    const XdrValue *sizes = &call->args[0];
    int first = call->args[1].i, end;
    guint count, n = 0;

    if (!check_flags(call, call->args[3].u, 0, error) ||
        !check_cells(first, call->args[2].u, sizes->len, &end, error))
        return FALSE;
    count = xdr_put_count(call->ret);
    for (int cell = first; cell < end; cell++) {
        for (guint i = 0; i < sizes->len; i++, n++) {
            guint64 pages = 0;

            if (!free_pages(cell, sizes->items[i].u, &pages, error))
                return FALSE;
            xdr_put_u64(call->ret, pages);
        }
    }
    xdr_set_u32(call->ret, count, n);
    return TRUE;
}

enum { PAGES_SET = 1 }; /* else: add to those that are there */

static gboolean set_pages(int cell, guint size_kib, guint64 pages, gboolean add, GError **error)
{
    g_autofree char *path = huge_path(cell, size_kib, "nr_hugepages");
    g_autofree char *text = NULL;
    guint64 now = 0;

    if (!read_number(path, &now))
        return fail(error, VIR_ERR_OPERATION_FAILED, "page size %u KiB is not available on node %d",
                    size_kib, cell);
    text = g_strdup_printf("%" G_GUINT64_FORMAT, add ? now + pages : pages);
    if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, error))
        return FALSE;
    return !read_number(path, &now) || now == g_ascii_strtoull(text, NULL, 10) ||
           fail(error, VIR_ERR_OPERATION_FAILED,
                "the host has only room for %" G_GUINT64_FORMAT " pages of %u KiB", now, size_kib);
}

gboolean on_node_alloc_pages(RpcCall *call, GError **error)
{
    const XdrValue *sizes = &call->args[0], *counts = &call->args[1];
    int first = call->args[2].i, end;
    guint32 flags = call->args[4].u;

    if (!check_flags(call, flags, PAGES_SET, error))
        return FALSE;
    if (sizes->len != counts->len)
        return fail(error, VIR_ERR_INVALID_ARG, "as many page counts as page sizes are needed");
    if (!check_cells(first, call->args[3].u, sizes->len, &end, error))
        return FALSE;
    for (int cell = first; cell < end; cell++) {
        for (guint i = 0; i < sizes->len; i++)
            if (!set_pages(cell, sizes->items[i].u, counts->items[i].t, !(flags & PAGES_SET),
                           error))
                return FALSE;
    }
    xdr_put_i32(call->ret, (end - first) * (gint32)sizes->len);
    return TRUE;
}

/* ---- merging ---- */

static const struct {
    const char *name, *file;
    XdrParamType type;
    gboolean writable;
} ksm[] = {
    { "shm_pages_to_scan", "pages_to_scan", XDR_PARAM_UINT, TRUE },
    { "shm_sleep_millisecs", "sleep_millisecs", XDR_PARAM_UINT, TRUE },
    { "shm_pages_shared", "pages_shared", XDR_PARAM_ULLONG, FALSE },
    { "shm_pages_sharing", "pages_sharing", XDR_PARAM_ULLONG, FALSE },
    { "shm_pages_unshared", "pages_unshared", XDR_PARAM_ULLONG, FALSE },
    { "shm_pages_volatile", "pages_volatile", XDR_PARAM_ULLONG, FALSE },
    { "shm_full_scans", "full_scans", XDR_PARAM_ULLONG, FALSE },
    { "shm_merge_across_nodes", "merge_across_nodes", XDR_PARAM_UINT, TRUE },
};

static gboolean check_ksm(GError **error)
{
    return g_file_test(KSM_DIR, G_FILE_TEST_IS_DIR) ||
           fail(error, VIR_ERR_OPERATION_INVALID, "this host does not merge equal pages (KSM)");
}

static void fill_ksm(Params *params, gpointer data)
{
    for (guint i = 0; i < G_N_ELEMENTS(ksm); i++) {
        g_autofree char *path = g_build_filename(KSM_DIR, ksm[i].file, NULL);
        guint64 value;

        if (!read_number(path, &value))
            continue;
        if (ksm[i].type == XDR_PARAM_UINT)
            params_add_uint(params, ksm[i].name, (guint32)value);
        else
            params_add_ullong(params, ksm[i].name, value);
    }
}

gboolean on_node_get_memory_parameters(RpcCall *call, GError **error)
{
    return check_flags(call, call->args[1].u, 4 /* strings are fine */, error) &&
           check_ksm(error) && params_reply(call, call->args[0].i, fill_ksm, NULL, error);
}

gboolean on_node_set_memory_parameters(RpcCall *call, GError **error)
{
    const XdrValue *list = &call->args[0];
    ParamRule rules[G_N_ELEMENTS(ksm)];
    guint n = 0;

    for (guint i = 0; i < G_N_ELEMENTS(ksm); i++) {
        if (ksm[i].writable)
            rules[n++] = (ParamRule){ ksm[i].name, ksm[i].type };
    }
    if (!check_flags(call, call->args[1].u, 0, error) || !params_check(list, rules, n, error) ||
        !check_ksm(error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(ksm); i++) {
        const XdrValue *value = params_find(list, ksm[i].name);
        g_autofree char *path = g_build_filename(KSM_DIR, ksm[i].file, NULL);
        g_autofree char *text = value != NULL ? g_strdup_printf("%u", value->u) : NULL;

        if (text != NULL &&
            !g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, error))
            return FALSE;
    }
    return TRUE;
}
