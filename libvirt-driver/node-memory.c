/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's memory in pages: huge pages and merging of equal ones (Linux's admin-guide/mm:
 * hugetlbpage, ksm). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "handler-util.h"
#include "params.h"

#define KSM_DIR "/sys/kernel/mm/ksm"

static gboolean read_number(const char *path, guint64 *ret)
{
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) &&
           g_ascii_string_to_unsigned(g_strstrip(text), 10, 0, G_MAXUINT64, ret, NULL);
}

/* ---- pages of each size in each cell ---- */

/* "<node>/hugepages/hugepages-2048kB/free_hugepages" */
static char *huge_path(guint cell, guint size_kib, const char *file)
{
    return g_strdup_printf("/sys/devices/system/node/node%u/hugepages/hugepages-%ukB/%s", cell,
                           size_kib, file);
}

static gboolean free_pages(guint cell, guint size_kib, guint64 *ret, GError **error)
{
    guint own_kib = (guint)sysconf(_SC_PAGESIZE) / 1024;
    g_autofree char *path = NULL, *text = NULL;
    const char *at;

    if (size_kib != own_kib) {
        path = huge_path(cell, size_kib, "free_hugepages");
        return read_number(path, ret) ||
               fail(error, VIR_ERR_OPERATION_FAILED, "page size %u KiB is not available on node %u",
                    size_kib, cell);
    }
    path = g_strdup_printf("/sys/devices/system/node/node%u/meminfo", cell);
    if (!g_file_get_contents(path, &text, NULL, error))
        return FALSE;
    at = strstr(text, "MemFree:");
    *ret = at != NULL ? g_ascii_strtoull(at + strlen("MemFree:"), NULL, 10) / own_kib : 0;
    return TRUE;
}

gboolean on_node_get_free_pages(RpcCall *call, GError **error)
{
    const XdrValue *sizes = &call->args[0];
    gint32 first = call->args[1].i;
    guint32 cells = call->args[2].u;
    guint count, n = 0;

    if (!check_flags(call, call->args[3].u, 0, error))
        return FALSE;
    if (first < 0 || cells == 0 || (guint64)cells * sizes->len > 1024)
        return fail(error, VIR_ERR_INVALID_ARG, "start cell %d, %u cells", first, cells);
    count = xdr_put_count(call->ret);
    for (guint cell = (guint)first; cell < (guint)first + cells; cell++) {
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

static gboolean set_pages(guint cell, guint size_kib, guint64 pages, gboolean add, GError **error)
{
    g_autofree char *path = huge_path(cell, size_kib, "nr_hugepages");
    g_autofree char *text = NULL;
    guint64 now = 0;

    if (!read_number(path, &now))
        return fail(error, VIR_ERR_OPERATION_FAILED, "page size %u KiB is not available on node %u",
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
    gint32 first = call->args[2].i;
    guint32 cells = call->args[3].u, flags = call->args[4].u;

    if (!check_flags(call, flags, PAGES_SET, error))
        return FALSE;
    if (sizes->len != counts->len || first < 0)
        return fail(error, VIR_ERR_INVALID_ARG, "as many page counts as page sizes are needed");
    for (guint cell = (guint)first; cell < (guint)first + cells; cell++) {
        for (guint i = 0; i < sizes->len; i++)
            if (!set_pages(cell, sizes->items[i].u, counts->items[i].t, !(flags & PAGES_SET),
                           error))
                return FALSE;
    }
    xdr_put_i32(call->ret, (gint32)(cells * sizes->len));
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
