/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "conf-file.h"

#include <string.h>

#include "handler-util.h"

static void entry_free(gpointer data)
{
    ConfEntry *entry = data;

    g_free(entry->group);
    g_free(entry->key);
    g_free(entry->value);
    g_free(entry);
}

/* "[group]" */
static gboolean parse_group(const char *text, guint line, char **group, GError **error)
{
    gsize len = strlen(text);

    if (len < 3 || text[len - 1] != ']')
        return fail(error, VIR_ERR_CONF_SYNTAX, "line %u: '%s' is not a [group]", line, text);
    g_free(*group);
    *group = g_strndup(text + 1, len - 2);
    return TRUE;
}

/* "key = value" */
static gboolean parse_entry(const char *text, guint line, const char *group, GPtrArray *entries,
                            GError **error)
{
    const char *equals = strchr(text, '=');
    ConfEntry *entry;

    if (equals == NULL || equals == text)
        return fail(error, VIR_ERR_CONF_SYNTAX, "line %u: '%s' is neither KEY = VALUE nor [GROUP]",
                    line, text);
    if (group == NULL)
        return fail(error, VIR_ERR_CONF_SYNTAX, "line %u: '%s' stands before the first [GROUP]",
                    line, text);
    entry = g_new0(ConfEntry, 1);
    entry->line = line;
    entry->group = g_strdup(group);
    entry->key = g_strchomp(g_strndup(text, (gsize)(equals - text)));
    entry->value = g_strstrip(g_strdup(equals + 1));
    g_ptr_array_add(entries, entry);
    return TRUE;
}

static gboolean parse_line(char *text, guint line, char **group, GPtrArray *entries, GError **error)
{
    g_strstrip(text);
    if (*text == '\0' || *text == '#')
        return TRUE;
    return *text == '[' ? parse_group(text, line, group, error)
                        : parse_entry(text, line, *group, entries, error);
}

GPtrArray *conf_file_parse(const char *text, GError **error)
{
    g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *group = NULL;

    if (!g_utf8_validate(text, -1, NULL)) {
        fail(error, VIR_ERR_CONF_SYNTAX, "the file is not UTF-8 text");
        return NULL;
    }
    for (guint i = 0; lines[i] != NULL; i++) {
        if (!parse_line(lines[i], i + 1, &group, entries, error))
            return NULL;
    }
    return g_steal_pointer(&entries);
}
