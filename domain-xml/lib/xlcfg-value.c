/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "xlcfg-value.h"

#include <errno.h>
#include <string.h>

XlValue *xlcfg_value_new_atom(XlValueKind kind, const char *text, guint line, guint column)
{
    XlValue *value = g_new0(XlValue, 1);

    value->kind = kind;
    value->text = g_strdup(text);
    value->line = line;
    value->column = column;
    return value;
}

XlValue *xlcfg_value_new_list(guint line, guint column)
{
    XlValue *value = g_new0(XlValue, 1);

    value->kind = XL_VALUE_LIST;
    value->items = g_ptr_array_new_with_free_func((GDestroyNotify)xlcfg_value_free);
    value->line = line;
    value->column = column;
    return value;
}

void xlcfg_value_free(XlValue *value)
{
    if (!value)
        return;
    g_free(value->text);
    g_clear_pointer(&value->items, g_ptr_array_unref);
    g_free(value);
}

XlValue *xlcfg_value_dup(const XlValue *value)
{
    XlValue *copy;

    if (value->kind != XL_VALUE_LIST)
        return xlcfg_value_new_atom(value->kind, value->text, value->line, value->column);
    copy = xlcfg_value_new_list(value->line, value->column);
    for (guint i = 0; i < value->items->len; i++)
        g_ptr_array_add(copy->items, xlcfg_value_dup(value->items->pdata[i]));
    return copy;
}

gboolean xlcfg_text_to_int(const char *text, gint64 *ret_number)
{
    const char *digits = text;
    char *end;
    gint64 number;

    if (*digits == '-' || *digits == '+')
        digits++;
    if (!g_ascii_isdigit(*digits))
        return FALSE;
    errno = 0;
    number = g_ascii_strtoll(text, &end, 0);
    if (errno || *end)
        return FALSE;
    *ret_number = number;
    return TRUE;
}

gboolean xlcfg_value_get_int(const XlValue *value, gint64 *ret_number)
{
    return value->kind != XL_VALUE_LIST && xlcfg_text_to_int(value->text, ret_number);
}

gboolean xlcfg_value_is_off(const XlValue *value)
{
    gint64 number;

    if (value->kind == XL_VALUE_LIST)
        return value->items->len == 0;
    return !*value->text || (xlcfg_value_get_int(value, &number) && number == 0);
}

void xlcfg_string_append_quoted(const char *text, GString *out)
{
    g_string_append_c(out, '"');
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\')
            g_string_append_printf(out, "\\%c", *c);
        else if (*c == '\n')
            g_string_append(out, "\\n");
        else if (*c == '\t')
            g_string_append(out, "\\t");
        else if ((guchar)*c < 0x20 || *c == 0x7f)
            g_string_append_printf(out, "\\x%02x", (guchar)*c);
        else
            g_string_append_c(out, *c);
    }
    g_string_append_c(out, '"');
}

void xlcfg_value_append_text(const XlValue *value, GString *out)
{
    if (value->kind == XL_VALUE_NUMBER) {
        g_string_append(out, value->text);
        return;
    }
    if (value->kind == XL_VALUE_STRING) {
        xlcfg_string_append_quoted(value->text, out);
        return;
    }
    g_string_append(out, "[");
    for (guint i = 0; i < value->items->len; i++) {
        g_string_append(out, i ? ", " : " ");
        xlcfg_value_append_text(value->items->pdata[i], out);
    }
    g_string_append(out, " ]");
}

char *xlcfg_value_to_text(const XlValue *value)
{
    GString *out = g_string_new(NULL);

    xlcfg_value_append_text(value, out);
    return g_string_free(out, FALSE);
}
