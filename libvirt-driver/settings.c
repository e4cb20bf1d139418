/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

#include <string.h>
#include <unistd.h>

#include "handler-util.h"

#define SYSTEM_FILE "/etc/kanzen/kanzend.conf"

/* All are yes or no so far. */
static const struct {
    const char *group, *key;
    gsize offset;
} rows[] = {
    { "domains", "allow-arguments", offsetof(Settings, allow_arguments) },
};

static gboolean take(GKeyFile *file, const char *group, const char *key, Settings *settings,
                     GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) wrong = NULL;

        if (strcmp(rows[i].group, group) != 0 || strcmp(rows[i].key, key) != 0)
            continue;
        G_STRUCT_MEMBER(gboolean, settings, rows[i].offset) =
            g_key_file_get_boolean(file, group, key, &wrong);
        return wrong == NULL ||
               fail(error, VIR_ERR_CONF_SYNTAX, "[%s] %s: %s", group, key, wrong->message);
    }
    return fail(error, VIR_ERR_CONF_SYNTAX, "[%s] %s: there is no such setting", group, key);
}

static gboolean take_all(GKeyFile *file, Settings *settings, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (guint i = 0; groups[i] != NULL; i++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, groups[i], NULL, error);

        for (guint j = 0; keys != NULL && keys[j] != NULL; j++)
            if (!take(file, groups[i], keys[j], settings, error))
                return FALSE;
    }
    return TRUE;
}

gboolean settings_load(const char *path, Settings *ret_settings, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) wrong = NULL;
    g_autofree char *usual =
        geteuid() == 0 ? g_strdup(SYSTEM_FILE)
                       : g_build_filename(g_get_user_config_dir(), "kanzen", "kanzend.conf", NULL);
    Settings settings = { 0 };

    if (!g_key_file_load_from_file(file, path != NULL ? path : usual, G_KEY_FILE_NONE, &wrong)) {
        if (path != NULL || !g_error_matches(wrong, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return fail(error, VIR_ERR_CONF_SYNTAX, "'%s': %s", path != NULL ? path : usual,
                        wrong->message);
    } else if (!take_all(file, &settings, error)) {
        g_prefix_error(error, "'%s': ", path != NULL ? path : usual);
        return FALSE;
    }
    *ret_settings = settings;
    return TRUE;
}
