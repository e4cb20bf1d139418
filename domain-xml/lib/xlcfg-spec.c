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

const XlSpecKey *xlcfg_spec_find(const XlSpecKey *keys, guint n_keys, const XlSpecItem *item)
{
    const char *name = item->key ? item->key : item->value;

    for (guint i = 0; i < n_keys; i++) {
        gboolean bare = keys[i].kind == XL_SPEC_FLAG || keys[i].bare;

        if (bare == !item->key && !strcmp(keys[i].key, name))
            return &keys[i];
    }
    return NULL;
}

gboolean xlcfg_spec_set(char **field, const char *value)
{
    g_free(*field);
    *field = *value ? g_strdup(value) : NULL;
    return TRUE;
}

gboolean xlcfg_spec_take(XlReader *reader, const XlValue *item, const XlSpecKey *key,
                         gpointer device, const char *value, GError **error)
{
    gpointer field = G_STRUCT_MEMBER_P(device, key->offset);
    gint64 number;

    switch (key->kind) {
    case XL_SPEC_STRING:
        return xlcfg_spec_set(field, value);
    case XL_SPEC_FLAG:
        *(gboolean *)field = TRUE;
        return TRUE;
    case XL_SPEC_BOOL:
        if (!xlcfg_text_to_int(value, &number))
            return xlcfg_reader_fail(reader, item, error, "'%s' is not a valid number", value);
        *(gboolean *)field = number != 0;
        return TRUE;
    case XL_SPEC_NUMBER:
        if (!xlcfg_text_to_int(value, &number) || number < 0 || number > key->max)
            return xlcfg_reader_fail(reader, item, error, "'%s' is no valid %s", value, key->key);
        *(int *)field = (int)number;
        return TRUE;
    case XL_SPEC_OTHER:
        break;
    }
    return key->read(reader, item, device, value, error);
}

gboolean xlcfg_spec_read(XlReader *reader, const XlValue *item, const XlSpecKey *keys, guint n_keys,
                         gpointer device, GError **error)
{
    g_autoptr(GPtrArray) parts = xlcfg_spec_split(item->text);

    for (guint i = 0; i < parts->len; i++) {
        const XlSpecItem *part = parts->pdata[i];
        const XlSpecKey *key = xlcfg_spec_find(keys, n_keys, part);

        if (key) {
            if (!xlcfg_spec_take(reader, item, key, device, part->value, error))
                return FALSE;
        } else if (part->key || *part->value) {
            return xlcfg_reader_fail(reader, item, error, "unrecognized argument '%s'",
                                     part->key ? part->key : part->value);
        }
    }
    return TRUE;
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

static gboolean write_key(const XlSpecKey *key, gconstpointer device, GString *spec, GError **error)
{
    gconstpointer field = G_STRUCT_MEMBER_P(device, key->offset);
    g_autofree char *value = NULL;

    switch (key->kind) {
    case XL_SPEC_STRING:
        return xlcfg_spec_add(spec, key->key, *(char *const *)field, error);
    case XL_SPEC_FLAG:
        if (*(const gboolean *)field)
            xlcfg_spec_add_flag(spec, key->key);
        return TRUE;
    case XL_SPEC_BOOL:
        return xlcfg_spec_add(spec, key->key, *(const gboolean *)field ? "1" : NULL, error);
    case XL_SPEC_NUMBER:
        if (*(const int *)field > 0)
            value = g_strdup_printf("%d", *(const int *)field);
        return xlcfg_spec_add(spec, key->key, value, error);
    case XL_SPEC_OTHER:
        break;
    }
    value = key->write ? key->write(device) : NULL;
    if (!key->bare)
        return xlcfg_spec_add(spec, key->key, value, error);
    if (value)
        xlcfg_spec_add_flag(spec, value);
    return TRUE;
}

gboolean xlcfg_spec_write(const XlSpecKey *keys, guint n_keys, gconstpointer device, GString *spec,
                          GError **error)
{
    for (guint i = 0; i < n_keys; i++)
        if (!write_key(&keys[i], device, spec, error))
            return FALSE;
    return TRUE;
}

gboolean xlcfg_spec_write_list(XlWriter *writer, const char *option, const XlSpecKey *keys,
                               guint n_keys, const GPtrArray *devices, GError **error)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < devices->len; i++) {
        GString *spec = g_string_new(NULL);
        gboolean ok = xlcfg_spec_write(keys, n_keys, devices->pdata[i], spec, error);

        g_ptr_array_add(list, g_string_free(spec, FALSE));
        if (!ok)
            return FALSE;
    }
    xlcfg_write_list(writer, option, list);
    return TRUE;
}
