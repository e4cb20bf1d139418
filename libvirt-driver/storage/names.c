/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "names.h"

#include <limits.h>
#include <string.h>

gboolean is_plain_text(const char *text)
{
    if (!g_utf8_validate(text, -1, NULL))
        return FALSE;
    for (const char *p = text; *p != '\0'; p++) {
        if (g_ascii_iscntrl(*p))
            return FALSE;
    }
    return TRUE;
}

gboolean is_file_name(const char *name)
{
    return *name != '\0' && strlen(name) <= NAME_MAX && strchr(name, '/') == NULL &&
           strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && is_plain_text(name);
}
