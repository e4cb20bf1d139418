/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sysfs.h"

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
