/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed access to values while reading, and typed output while writing. */
#include "xlcfg-options.h"

#include <string.h>

#include "domain-xml.h"
#include "xlcfg-lex.h"

static void place_of(XlReader *reader, const XlValue *value, guint *line, guint *column)
{
    *line = value ? value->line : reader->setting ? reader->setting->line : 0;
    *column = value ? value->column : reader->setting ? reader->setting->column : 0;
}

static gboolean reader_fail_va(XlReader *reader, int code, const XlValue *value, GError **error,
                               const char *format, va_list args)
{
    g_autofree char *what = g_strdup_vprintf(format, args);
    const char *key = reader->setting ? reader->setting->key : NULL;
    guint line, column;

    place_of(reader, value, &line, &column);
    if (key)
        return xlcfg_fail(error, code, reader->filename, line, column, "option '%s': %s", key,
                          what);
    return xlcfg_fail(error, code, reader->filename, line, column, "%s", what);
}

/* libvirt calls a wrong value an internal error, but of these options one of syntax. */
static int wrong_value_code(const XlReader *reader)
{
    static const char *const keys[] = { "uuid", "cpuid", "passthrough", NULL };

    return reader->setting && g_strv_contains(keys, reader->setting->key)
               ? DOMAIN_XML_ERROR_CONF_SYNTAX
               : DOMAIN_XML_ERROR_CONF_VALUE;
}

gboolean xlcfg_reader_fail(XlReader *reader, const XlValue *value, GError **error,
                           const char *format, ...)
{
    va_list args;

    va_start(args, format);
    reader_fail_va(reader, wrong_value_code(reader), value, error, format, args);
    va_end(args);
    return FALSE;
}

gboolean xlcfg_reader_fail_syntax(XlReader *reader, const XlValue *value, GError **error,
                                  const char *format, ...)
{
    va_list args;

    va_start(args, format);
    reader_fail_va(reader, DOMAIN_XML_ERROR_CONF_SYNTAX, value, error, format, args);
    va_end(args);
    return FALSE;
}

gboolean xlcfg_reader_refuse(XlReader *reader, const XlValue *value, GError **error,
                             const char *format, ...)
{
    va_list args;

    va_start(args, format);
    reader_fail_va(reader, DOMAIN_XML_ERROR_UNSUPPORTED, value, error, format, args);
    va_end(args);
    return FALSE;
}

gboolean xlcfg_reader_backend(XlReader *reader, const XlValue *item, const char *name,
                              GError **error)
{
    if (!*name || !strcmp(name, "0") || !strcmp(name, "Domain-0"))
        return TRUE;
    return xlcfg_reader_refuse(reader, item, error, "driver domains are not supported: backend=%s",
                               name);
}

void xlcfg_reader_warn(XlReader *reader, const XlValue *value, const char *format, ...)
{
    g_autofree char *what = NULL;
    guint line, column;
    va_list args;

    if (!reader->warnings)
        return;
    va_start(args, format);
    what = g_strdup_vprintf(format, args);
    va_end(args);
    place_of(reader, value, &line, &column);
    if (line)
        g_ptr_array_add(reader->warnings, g_strdup_printf("%s:%u:%u: warning: %s", reader->filename,
                                                          line, column, what));
    else
        g_ptr_array_add(reader->warnings,
                        g_strdup_printf("%s: warning: %s", reader->filename, what));
}

void xlcfg_reader_keep(XlReader *reader, const char *key, const XlValue *value)
{
    g_autofree char *text = xlcfg_value_to_text(value);

    g_ptr_array_add(reader->config->extras, kxl_extra_new(key, text));
}

gboolean xlcfg_reader_string(XlReader *reader, const XlValue *value, char **ret_text,
                             GError **error)
{
    if (value->kind == XL_VALUE_LIST)
        return xlcfg_reader_fail(reader, value, error, "a single value is wanted, not a list");
    g_free(*ret_text);
    *ret_text = g_strdup(value->text);
    return TRUE;
}

gboolean xlcfg_reader_int(XlReader *reader, const XlValue *value, gint64 min, gint64 max,
                          gint64 *ret_number, GError **error)
{
    gint64 number = 0;

    if (value->kind == XL_VALUE_LIST)
        return xlcfg_reader_fail(reader, value, error, "a number is wanted, not a list");
    if (!xlcfg_value_get_int(value, &number))
        return xlcfg_reader_fail(reader, value, error, "'%s' is not a valid number", value->text);
    if (number < min || number > max)
        return xlcfg_reader_fail(reader, value, error,
                                 "%s is not in the range %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                                 value->text, min, max);
    *ret_number = number;
    return TRUE;
}

gboolean xlcfg_reader_bool(XlReader *reader, const XlValue *value, gboolean *ret_bool,
                           GError **error)
{
    gint64 number = 0;

    if (!xlcfg_reader_int(reader, value, G_MININT64, G_MAXINT64, &number, error))
        return FALSE;
    *ret_bool = number != 0;
    return TRUE;
}

gboolean xlcfg_reader_each(XlReader *reader, const XlValue *value, XlItemFunc read, GError **error)
{
    if (value->kind != XL_VALUE_LIST)
        return xlcfg_reader_fail(reader, value, error, "a list is wanted, not a single value");
    for (guint i = 0; i < value->items->len; i++) {
        const XlValue *item = value->items->pdata[i];

        if (item->kind == XL_VALUE_LIST)
            return xlcfg_reader_fail(reader, item, error, "a string is wanted, not a list");
        if (!read(reader, item, error))
            return FALSE;
    }
    return TRUE;
}

gboolean xlcfg_reader_strings(XlReader *reader, const XlValue *value, char ***ret_strings,
                              GError **error)
{
    g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);

    if (value->kind != XL_VALUE_LIST) {
        g_ptr_array_add(strings, g_strdup(value->text));
    } else {
        for (guint i = 0; i < value->items->len; i++) {
            char *text = NULL;

            if (!xlcfg_reader_string(reader, value->items->pdata[i], &text, error))
                return FALSE;
            g_ptr_array_add(strings, text);
        }
    }
    g_strfreev(*ret_strings);
    *ret_strings = NULL;
    if (strings->len == 0)
        return TRUE;
    g_ptr_array_add(strings, NULL);
    *ret_strings = (char **)g_ptr_array_free(g_steal_pointer(&strings), FALSE);
    return TRUE;
}

/* NULL instead of an empty array. */
void xlcfg_append_strings(char ***field, const char *const *more)
{
    GStrvBuilder *builder = g_strv_builder_new();

    if (*field)
        g_strv_builder_addv(builder, (const char **)*field);
    if (more)
        g_strv_builder_addv(builder, (const char **)more);
    g_strfreev(*field);
    *field = g_strv_builder_end(builder);
    g_strv_builder_unref(builder);
    if (!**field)
        g_clear_pointer(field, g_strfreev);
}

void xlcfg_write_raw(XlWriter *writer, const char *key, const char *value)
{
    g_string_append_printf(writer->text, "%s = %s\n", key, value);
}

void xlcfg_write_string(XlWriter *writer, const char *key, const char *text)
{
    if (!text)
        return;
    g_string_append_printf(writer->text, "%s = ", key);
    xlcfg_string_append_quoted(text, writer->text);
    g_string_append_c(writer->text, '\n');
}

void xlcfg_write_int(XlWriter *writer, const char *key, gint64 number)
{
    g_string_append_printf(writer->text, "%s = %" G_GINT64_FORMAT "\n", key, number);
}

void xlcfg_write_list(XlWriter *writer, const char *key, const GPtrArray *list)
{
    if (list->len == 0)
        return;
    g_string_append_printf(writer->text, "%s = [ ", key);
    for (guint i = 0; i < list->len; i++) {
        if (i)
            g_string_append(writer->text, ", ");
        xlcfg_string_append_quoted(list->pdata[i], writer->text);
    }
    g_string_append(writer->text, " ]\n");
}

void xlcfg_write_strings(XlWriter *writer, const char *key, const char *const *strings)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new();

    for (; strings && *strings; strings++)
        g_ptr_array_add(list, (gpointer)*strings);
    xlcfg_write_list(writer, key, list);
}
