/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-spec.h"

#include <string.h>

#include "domain-xml.h"

static void spec_item_free(XlSpecItem *item)
{
    g_free(item->key);
    g_free(item->value);
    g_free(item);
}

static gboolean is_key(const char *text)
{
    if (!g_ascii_isalpha(*text))
        return FALSE;
    while (g_ascii_isalnum(*text) || *text == '_' || *text == '-')
        text++;
    return !*text;
}

GPtrArray *xlcfg_spec_split(const char *text)
{
    GPtrArray *items = g_ptr_array_new_with_free_func((GDestroyNotify)spec_item_free);
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    for (guint i = 0; parts[i]; i++) {
        XlSpecItem *item = g_new0(XlSpecItem, 1);
        char *equals = strchr(parts[i], '=');

        if (equals) {
            item->key = g_strstrip(g_strndup(parts[i], (gsize)(equals - parts[i])));
            if (!is_key(item->key))
                g_clear_pointer(&item->key, g_free);
        }
        item->value = g_strstrip(g_strdup(item->key ? equals + 1 : parts[i]));
        g_ptr_array_add(items, item);
    }
    return items;
}

const XlSpecKey *xlcfg_spec_find(const XlSpecKey *keys, guint n_keys, const char *key,
                                 gboolean bare)
{
    for (guint i = 0; i < n_keys; i++)
        if (keys[i].bare == bare && !strcmp(keys[i].key, key))
            return &keys[i];
    return NULL;
}

gboolean xlcfg_spec_add(GString *spec, const char *key, const char *value, GError **error)
{
    gsize len = value ? strlen(value) : 0;

    if (!value)
        return TRUE;
    if (strchr(value, ',') ||
        (len && (g_ascii_isspace(value[0]) || g_ascii_isspace(value[len - 1])))) {
        g_set_error(error, DOMAIN_XML_ERROR, DOMAIN_XML_ERROR_UNSUPPORTED,
                    "xl.cfg has no way to write %s '%s'", key, value);
        return FALSE;
    }
    g_string_append_printf(spec, "%s%s=%s", spec->len ? "," : "", key, value);
    return TRUE;
}

void xlcfg_spec_add_flag(GString *spec, const char *flag)
{
    g_string_append_printf(spec, "%s%s", spec->len ? "," : "", flag);
}
