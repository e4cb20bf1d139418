/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of the configuration that can be taken back: what was there before is kept aside
 * meanwhile. */
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "handler-util.h"
#include "host-config-internal.h"
#include "store.h"

static gboolean is_begun(const HostConfig *config)
{
    return g_file_test(config->backup, G_FILE_TEST_IS_DIR);
}

/* The names of kanzend's own files in a folder. */
static GPtrArray *list_own(const char *dir_path)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(dir_path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(dir_path, name, NULL);
        g_autofree char *text = NULL;
        if (g_file_get_contents(path, &text, NULL, NULL) &&
            g_str_has_prefix(text, HOST_CONFIG_MARK))
            g_ptr_array_add(names, g_strdup(name));
    }
    return names;
}

static gboolean copy_file(const char *from_dir, const char *to_dir, const char *name,
                          GError **error)
{
    g_autofree char *from = g_build_filename(from_dir, name, NULL);
    g_autofree char *to = g_build_filename(to_dir, name, NULL);
    g_autofree char *text = NULL;

    return g_file_get_contents(from, &text, NULL, error) &&
           g_file_set_contents_full(to, text, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0644, error);
}

/* Whole or not at all: beside, then renamed. */
gboolean host_config_begin(HostConfig *config, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);
    g_autoptr(GPtrArray) names = list_own(config->own_dir);
    g_autofree char *beside = g_strconcat(config->backup, ".new", NULL);
    gboolean ok = TRUE;

    if (!host_config_check_supported(config, error))
        return FALSE;
    if (is_begun(config))
        return fail(error, VIR_ERR_OPERATION_INVALID, "there is already a change in progress");
    store_remove_dir(beside);
    if (g_mkdir_with_parents(beside, 0700) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", beside, g_strerror(errno));
    for (guint i = 0; ok && i < names->len; i++)
        ok = copy_file(config->own_dir, beside, names->pdata[i], error);
    if (ok && g_rename(beside, config->backup) < 0)
        ok = fail(error, VIR_ERR_SYSTEM_ERROR, "cannot make '%s': %s", config->backup,
                  g_strerror(errno));
    if (!ok)
        store_remove_dir(beside);
    return ok;
}

static gboolean check_begun(const HostConfig *config, GError **error)
{
    return host_config_check_supported(config, error) &&
           (is_begun(config) ||
            fail(error, VIR_ERR_OPERATION_INVALID, "there is no change in progress"));
}

/* In one step, as it was begun. */
static gboolean end_change(const HostConfig *config, GError **error)
{
    g_autofree char *done = g_strconcat(config->backup, ".done", NULL);

    store_remove_dir(done);
    if (g_rename(config->backup, done) < 0)
        return fail(error, VIR_ERR_SYSTEM_ERROR, "cannot end the change: %s", g_strerror(errno));
    store_remove_dir(done);
    return TRUE;
}

gboolean host_config_commit(HostConfig *config, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);

    return check_begun(config, error) && end_change(config, error);
}

static gboolean is_same(const char *dir, const char *other_dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *other_path = g_build_filename(other_dir, name, NULL);
    g_autofree char *text = NULL;
    g_autofree char *other_text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    g_file_get_contents(other_path, &other_text, NULL, NULL);
    return g_strcmp0(text, other_text) == 0;
}

/* One file as it was before, and its interface by it if it runs. */
static gboolean roll_back(const HostConfig *config, const char *name, GError **error)
{
    g_autofree char *path = host_config_own_path(config, name);
    g_autofree char *before = g_build_filename(config->backup, name, NULL);
    gboolean was_there = g_file_test(before, G_FILE_TEST_EXISTS);
    gboolean runs = host_config_is_running(name);
    g_autoptr(GError) why = NULL;

    if (is_same(config->own_dir, config->backup, name))
        return TRUE;
    if (runs && !host_config_run(config, "ifdown", name, &why))
        g_warning("interface: %s", why->message);
    if (!(was_there ? copy_file(config->backup, config->own_dir, name, error)
                    : host_config_remove_file(path, error)))
        return FALSE;
    g_clear_error(&why);
    if (runs && was_there && !host_config_run(config, "ifup", name, &why))
        g_warning("interface: %s", why->message);
    return TRUE;
}

gboolean host_config_rollback(HostConfig *config, GError **error)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&config->change);

    if (!check_begun(config, error))
        return FALSE;
    const char *const dirs[] = { config->own_dir, config->backup };
    for (guint d = 0; d < G_N_ELEMENTS(dirs); d++) {
        g_autoptr(GPtrArray) names = list_own(dirs[d]);
        for (guint i = 0; i < names->len; i++)
            if (!roll_back(config, names->pdata[i], error))
                return FALSE;
    }
    return end_change(config, error);
}
