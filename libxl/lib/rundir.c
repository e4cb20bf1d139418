/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rundir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

/* Ended domains remembered. */
#define MAX_ENDED 256

char *kxl_rundir_path(const KxlHost *host, int domid, const char *file)
{
    return file ? g_strdup_printf("%s/%d/%s", kxl_host_run_dir(host), domid, file)
                : g_strdup_printf("%s/%d", kxl_host_run_dir(host), domid);
}

/* The number a folder or "<number>.json" is named by, -1: something else. */
static int parse_domid(const char *name, const char *suffix)
{
    char *end;
    gint64 value;

    if (!g_ascii_isdigit(*name) || *name == '0')
        return -1;
    value = g_ascii_strtoll(name, &end, 10);
    return g_str_equal(end, suffix) && value <= KXL_DOMID_LAST ? (int)value : -1;
}

static int compare_ints(gconstpointer a, gconstpointer b)
{
    return *(const int *)a - *(const int *)b;
}

static GArray *list_numbers(const char *path, const char *suffix)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int));
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        int domid = parse_domid(name, suffix);

        if (domid > 0)
            g_array_append_val(numbers, domid);
    }
    g_array_sort(numbers, compare_ints);
    return numbers;
}

GArray *kxl_rundir_list(const KxlHost *host)
{
    return list_numbers(kxl_host_run_dir(host), "");
}

KxlFd kxl_rundir_lock(const KxlHost *host, GError **error)
{
    g_autofree char *path = g_build_filename(kxl_host_run_dir(host), "lock", NULL);

    return kxl_lock_take(path, KXL_LOCK_WAIT, error);
}

int kxl_rundir_next_domid(const KxlHost *host, GError **error)
{
    g_autofree char *counter = g_build_filename(kxl_host_run_dir(host), "last-domid", NULL);
    g_autofree char *text = kxl_file_read(counter, NULL);
    g_autofree char *chosen = NULL;
    int domid = text ? parse_domid(g_strchomp(text), "") : 0;

    for (int tries = KXL_DOMID_FIRST; tries <= KXL_DOMID_LAST; tries++) {
        g_autofree char *path = NULL;

        domid =
            domid < KXL_DOMID_FIRST - 1 || domid >= KXL_DOMID_LAST ? KXL_DOMID_FIRST : domid + 1;
        path = kxl_rundir_path(host, domid, NULL);
        if (g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        chosen = g_strdup_printf("%d\n", domid);
        return kxl_file_write(counter, chosen, error) ? domid : -1;
    }
    g_set_error_literal(error, KXL_ERROR, KXL_ERROR_FAILED, "all domain ids are in use");
    return -1;
}

void kxl_rundir_no_domain(GError **error, int domid)
{
    g_set_error(error, KXL_ERROR, KXL_ERROR_NO_DOMAIN, "there is no domain with id %d", domid);
}

/* A missing file means the domain has gone, whatever the path says. */
static void missing_is_no_domain(GError **error, int domid)
{
    if (error && g_error_matches(*error, KXL_ERROR, KXL_ERROR_NOT_FOUND)) {
        g_clear_error(error);
        kxl_rundir_no_domain(error, domid);
    }
}

KxlState *kxl_rundir_load_state(const KxlHost *host, int domid, GError **error)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "state");
    KxlState *state = kxl_state_load(path, error);

    missing_is_no_domain(error, domid);
    return state;
}

KxlDomainConfig *kxl_rundir_load_config(const KxlHost *host, int domid, GError **error)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "config.json");
    g_autofree char *text = kxl_file_read(path, error);

    missing_is_no_domain(error, domid);
    return text ? kxl_domain_config_from_json(text, error) : NULL;
}

gboolean kxl_rundir_save_config(const KxlHost *host, int domid, const KxlDomainConfig *config,
                                GError **error)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "config.json");
    g_autofree char *text = kxl_domain_config_to_json(config);

    return kxl_file_write(path, text, error);
}

void kxl_rundir_remove(const KxlHost *host, int domid)
{
    g_autofree char *path = kxl_rundir_path(host, domid, NULL);
    g_autofree char *gone = g_strdup_printf("%s/.gone.%d", kxl_host_run_dir(host), domid);

    kxl_remove_tree(gone);
    if (rename(path, gone) == 0)
        kxl_remove_tree(gone);
}

static gboolean is_left_over(const char *name)
{
    return g_str_has_prefix(name, ".new.") || g_str_has_prefix(name, ".gone.");
}

void kxl_rundir_sweep(const KxlHost *host)
{
    g_autoptr(GDir) dir = g_dir_open(kxl_host_run_dir(host), 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(kxl_host_run_dir(host), name, NULL);

        if (is_left_over(name))
            kxl_remove_tree(path);
    }
}

void kxl_rundir_tidy(const KxlHost *host)
{
    g_autoptr(GDir) dir = g_dir_open(kxl_host_run_dir(host), 0, NULL);
    const char *name = NULL;

    while (dir && (name = g_dir_read_name(dir)) && !is_left_over(name))
        continue;
    if (name) {
        g_auto(KxlFd) lock = kxl_rundir_lock(host, NULL);

        kxl_rundir_sweep(host);
    }
}

static char *ended_path(const KxlHost *host, int domid)
{
    return g_strdup_printf("%s/%d.json", kxl_host_ended_dir(host), domid);
}

/* The oldest record goes when there are too many. */
static void prune_ended(const KxlHost *host)
{
    g_autoptr(GArray) domids = list_numbers(kxl_host_ended_dir(host), ".json");
    g_autofree char *oldest = NULL;
    gint64 oldest_time = G_MAXINT64;

    if (domids->len <= MAX_ENDED)
        return;
    for (guint i = 0; i < domids->len; i++) {
        g_autofree char *path = ended_path(host, g_array_index(domids, int, i));
        struct stat st;

        if (stat(path, &st) < 0 || st.st_mtim.tv_sec >= oldest_time)
            continue;
        oldest_time = st.st_mtim.tv_sec;
        g_free(oldest);
        oldest = g_steal_pointer(&path);
    }
    if (oldest)
        remove(oldest);
}

gboolean kxl_rundir_record_end(const KxlHost *host, const KxlState *state, GError **error)
{
    g_autofree char *path = ended_path(host, state->domid);

    prune_ended(host);
    return kxl_state_save(state, path, error);
}

KxlState *kxl_rundir_load_end(const KxlHost *host, int domid, GError **error)
{
    g_autofree char *path = ended_path(host, domid);

    return kxl_state_load(path, error);
}

void kxl_rundir_ask_inspection(const KxlHost *host, int domid)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "inspect");

    kxl_file_write(path, "", NULL);
}

gboolean kxl_rundir_take_inspection(const KxlHost *host, int domid)
{
    g_autofree char *path = kxl_rundir_path(host, domid, "inspect");

    return remove(path) == 0;
}

gboolean kxl_rundir_mark_replugged(const KxlHost *host, int domid, const char *unsaved,
                                   GError **error)
{
    g_autofree char *path = kxl_rundir_path(host, domid, KXL_RUNDIR_REPLUGGED);

    if (!unsaved && g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    return kxl_file_write(path, unsaved ? unsaved : "", error);
}

char *kxl_rundir_replugged(const KxlHost *host, int domid)
{
    g_autofree char *path = kxl_rundir_path(host, domid, KXL_RUNDIR_REPLUGGED);

    return kxl_file_read(path, NULL);
}
