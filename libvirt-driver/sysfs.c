/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysfs.h"

#include <kxl-sysfs.h>

#include "handler-util.h"

char *sysfs_path(const char *path)
{
    return g_build_filename(kxl_sysfs_dir(), path, NULL);
}

gboolean sysfs_write(const char *path, const char *value, VirErrorCode code, GError **error)
{
    int failed = kxl_sysfs_write(path, value);

    return failed == 0 ||
           fail(error, code, "cannot write '%s' to '%s': %s", value, path, g_strerror(failed));
}

gboolean sysfs_vport(const char *host, VportVerb verb, const char *names, VirErrorCode code,
                     GError **error)
{
    static const char *const files[] = {
        [VPORT_CREATE] = "vport_create", [VPORT_DELETE] = "vport_delete"
    };
    g_autofree char *file = g_build_filename("class/fc_host", host, files[verb], NULL);
    g_autofree char *path = sysfs_path(file);

    return sysfs_write(path, names, code, error);
}

char *sysfs_text(const char *dir, const char *file)
{
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL) || *g_strstrip(text) == '\0' ||
        !g_utf8_validate(text, -1, NULL))
        return NULL;
    return g_steal_pointer(&text);
}

gboolean sysfs_number(const char *dir, const char *file, guint64 *ret)
{
    g_autofree char *text = sysfs_text(dir, file);

    return text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret, NULL);
}
