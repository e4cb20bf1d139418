/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* xl.cfg(5): drives the rows of xlcfg-options.c to read and to write a file. */
#include "domain-xml.h"

#include <string.h>

#include "xlcfg-custom.h"
#include "xlcfg-devices.h"
#include "xlcfg-lex.h"
#include "xlcfg-options.h"
#include "xlcfg-syntax.h"

enum { KIB_PER_MIB = 1024 };

static gboolean read_word(XlReader *reader, const XlOption *option, const XlValue *value,
                          char **field, GError **error)
{
    g_autofree char *word = NULL;
    guint n_words = g_strv_length((char **)option->words);
    gint64 number;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    if (option->words_by_number && xlcfg_text_to_int(word, &number)) {
        if (number < 0 || number >= n_words)
            return xlcfg_reader_fail(reader, value, error, "invalid value %s", word);
        xlcfg_reader_warn(reader, value,
                          "specifying \"%s\" as an integer is deprecated: write \"%s\"",
                          option->key, option->words[number]);
        g_free(*field);
        *field = g_strdup(option->words[number]);
        return TRUE;
    }
    if (!g_strv_contains(option->words, word)) {
        g_autofree char *known = g_strjoinv(", ", (char **)option->words);

        return xlcfg_reader_fail(reader, value, error, "invalid value \"%s\" (known: %s)", word,
                                 known);
    }
    g_free(*field);
    *field = g_steal_pointer(&word);
    return TRUE;
}

static gboolean read_action(XlReader *reader, const XlOption *option, const XlValue *value,
                            KxlAction *field, GError **error)
{
    g_autofree char *word = NULL;
    int action;

    if (!xlcfg_reader_string(reader, value, &word, error))
        return FALSE;
    action = kxl_action_from_string(word);
    if (action < 0)
        return xlcfg_reader_fail(reader, value, error, "Unknown %s action \"%s\" specified",
                                 option->key, word);
    *field = (KxlAction)action;
    return TRUE;
}

/* A row whose value goes into one field. */
static gboolean read_field(XlReader *reader, const XlOption *option, const XlValue *value,
                           GError **error)
{
    gpointer field = G_STRUCT_MEMBER_P(reader->config, option->offset);
    gint64 number = 0;
    gboolean on = FALSE;

    switch (option->kind) {
    case XL_STRING:
        if (!xlcfg_reader_string(reader, value, field, error))
            return FALSE;
        if (!**(char **)field)
            g_clear_pointer((char **)field, g_free); /* "" says: not given */
        return TRUE;
    case XL_WORD:
        return read_word(reader, option, value, field, error);
    case XL_BOOL:
        return xlcfg_reader_bool(reader, value, field, error);
    case XL_TRISTATE:
        if (!xlcfg_reader_bool(reader, value, &on, error))
            return FALSE;
        *(KxlTristate *)field = on ? KXL_YES : KXL_NO;
        return TRUE;
    case XL_ACTION:
        return read_action(reader, option, value, field, error);
    case XL_STRINGS:
        return xlcfg_reader_strings(reader, value, field, error);
    case XL_UINT:
    case XL_INT:
    case XL_MIB:
        break;
    case XL_CUSTOM:
        g_return_val_if_reached(FALSE);
    }
    if (!xlcfg_reader_int(reader, value, option->min, option->max, &number, error))
        return FALSE;
    if (option->kind == XL_MIB)
        *(guint64 *)field = (guint64)number * KIB_PER_MIB;
    else if (option->kind == XL_UINT)
        *(guint *)field = (guint)number;
    else
        *(int *)field = (int)number;
    return TRUE;
}

/* Asks for what is so anyway. Switching off what has no effect is that, too, unless the row says
 * what is. */
static gboolean is_harmless(const XlOption *option, const XlValue *value)
{
    if (option->harmless && value->kind != XL_VALUE_LIST && !strcmp(value->text, option->harmless))
        return TRUE;
    return xlcfg_value_is_off(value) && (option->fate != XL_INERT || !option->harmless);
}

static gboolean read_unknown(XlReader *reader, const XlSetting *setting)
{
    gboolean is_variable = setting->python || !setting->value || setting->conditional;

    if (!is_variable)
        xlcfg_reader_keep(reader, setting->key, setting->value);
    xlcfg_reader_warn(reader, NULL,
                      is_variable ? "Python variable '%s' is ignored"
                                  : "unknown option '%s' is ignored",
                      setting->key);
    return TRUE;
}

/* The value cannot be known without running Python: no matter for an option without effect. */
static gboolean read_undecided(XlReader *reader, const XlOption *option, const XlSetting *setting,
                               GError **error)
{
    if (option->fate != XL_KEPT && option->fate != XL_INERT)
        return xlcfg_reader_fail_syntax(
            reader, NULL, error,
            setting->value ? "it depends on a Python condition, which is not decided"
                           : "its value is a Python expression, which is not evaluated");
    xlcfg_reader_warn(reader, NULL, "option '%s' has no effect: %s", option->key, option->why);
    return TRUE;
}

static gboolean read_setting(XlReader *reader, const XlSetting *setting, GError **error)
{
    const XlOption *option = xlcfg_option_find(setting->key);

    if (!option)
        return read_unknown(reader, setting);
    if (!setting->value || setting->conditional)
        return read_undecided(reader, option, setting, error);
    if (option->fate == XL_INERT && !is_harmless(option, setting->value))
        xlcfg_reader_warn(reader, NULL, "option '%s' has no effect: %s", option->key, option->why);
    if (option->fate <= XL_INERT)
        return option->parse ? option->parse(reader, setting->value, error)
                             : read_field(reader, option, setting->value, error);
    if (is_harmless(option, setting->value))
        return TRUE;
    if (option->fate == XL_REFUSED)
        return xlcfg_reader_refuse(reader, setting->value, error, "not supported: %s", option->why);
    xlcfg_reader_warn(reader, NULL, "option '%s' has no effect: %s", option->key, option->why);
    xlcfg_reader_keep(reader, setting->key, setting->value);
    return TRUE;
}

/* What kind of guest it is decides how other options read. */
static gboolean says_type(const XlSetting *setting)
{
    static const char *const keys[] = { "type", "builder", "pvh", "pvshim", NULL };

    return g_strv_contains(keys, setting->key);
}

/* builder before type before pvh before pvshim, wherever they stand. */
static gboolean read_type(XlReader *reader, const GPtrArray *settings, GError **error)
{
    static const char *const keys[] = { "builder", "type", "pvh", "pvshim" };
    gboolean builder_seen = FALSE;
    KxlDomainType builder = KXL_TYPE_PV;

    for (guint k = 0; k < G_N_ELEMENTS(keys); k++)
        for (guint i = 0; i < settings->len; i++) {
            reader->setting = settings->pdata[i];
            if (strcmp(reader->setting->key, keys[k]) != 0)
                continue;
            if (!read_setting(reader, reader->setting, error))
                return FALSE;
            if (k == 1 && builder_seen && builder != reader->config->type)
                return xlcfg_reader_fail(
                    reader, NULL, error,
                    "Contradicting \"builder\" and \"type\" options specified.");
            builder_seen = TRUE;
            builder = reader->config->type;
        }
    return TRUE;
}

static gboolean read_settings(XlReader *reader, const GPtrArray *settings, GError **error)
{
    if (!read_type(reader, settings, error))
        return FALSE;
    for (guint i = 0; i < settings->len; i++) {
        reader->setting = settings->pdata[i];
        if (!says_type(reader->setting) && !read_setting(reader, reader->setting, error))
            return FALSE;
    }
    reader->setting = NULL;
    xlcfg_display_finish(reader);
    xlcfg_pci_finish(reader);
    return xlcfg_custom_finish(reader, error);
}

KxlDomainConfig *xl_cfg_parse(const char *text, const char *filename, GPtrArray *warnings,
                              GError **error)
{
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GPtrArray) settings = NULL;
    XlReader reader = { .filename = filename ? filename : "<config>",
                        .warnings = warnings,
                        .vnc = KXL_DEFAULT };
    gboolean ok;

    g_return_val_if_fail(text, NULL);
    settings = xlcfg_syntax_parse(text, reader.filename, error);
    if (!settings)
        return NULL;
    config = kxl_domain_config_new();
    reader.config = config;
    for (guint i = 0; i < XL_PCI_DEFAULTS; i++)
        reader.pci_defaults[i] = KXL_DEFAULT;
    ok = read_settings(&reader, settings, error);
    xlcfg_reader_clear(&reader);
    return ok ? g_steal_pointer(&config) : NULL;
}

static void write_field(XlWriter *writer, const XlOption *option)
{
    gconstpointer field = G_STRUCT_MEMBER_P(writer->config, option->offset);
    const char *word;

    switch (option->kind) {
    case XL_STRING:
    case XL_WORD:
        xlcfg_write_string(writer, option->key, *(char *const *)field);
        break;
    case XL_BOOL:
        if (*(const gboolean *)field)
            xlcfg_write_int(writer, option->key, 1);
        break;
    case XL_TRISTATE:
        if (*(const KxlTristate *)field != KXL_DEFAULT)
            xlcfg_write_int(writer, option->key, *(const KxlTristate *)field == KXL_YES);
        break;
    case XL_UINT:
        if (*(const guint *)field)
            xlcfg_write_int(writer, option->key, *(const guint *)field);
        break;
    case XL_INT:
        if (*(const int *)field)
            xlcfg_write_int(writer, option->key, *(const int *)field);
        break;
    case XL_MIB: /* whole MiB, never less */
        if (*(const guint64 *)field)
            xlcfg_write_int(writer, option->key,
                            (gint64)((*(const guint64 *)field + KIB_PER_MIB - 1) / KIB_PER_MIB));
        break;
    case XL_ACTION:
        word = kxl_action_to_string(*(const KxlAction *)field);
        if (g_strcmp0(word, option->harmless) != 0)
            xlcfg_write_string(writer, option->key, word);
        break;
    case XL_STRINGS:
        xlcfg_write_strings(writer, option->key, *(const char *const *const *)field);
        break;
    case XL_CUSTOM:
        break;
    }
}

static gboolean is_extra(const KxlDomainConfig *config, const char *key)
{
    for (guint i = 0; i < config->extras->len; i++)
        if (!strcmp(((const KxlExtra *)config->extras->pdata[i])->key, key))
            return TRUE;
    return FALSE;
}

static gboolean is_identifier(const char *text)
{
    if (!g_ascii_isalpha(*text) && *text != '_')
        return FALSE;
    while (g_ascii_isalnum(*text) || *text == '_')
        text++;
    return !*text;
}

/* An extra that came from elsewhere than a file holds plain text, and perhaps no option's name. */
static void write_extra(XlWriter *writer, const KxlExtra *extra)
{
    g_autoptr(XlValue) value = NULL;

    if (!is_identifier(extra->key))
        return;
    value = xlcfg_syntax_parse_value(extra->value);
    if (value)
        xlcfg_write_raw(writer, extra->key, extra->value);
    else
        xlcfg_write_string(writer, extra->key, extra->value);
}

char *xl_cfg_format(const KxlDomainConfig *config, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    XlWriter writer = { .text = text, .config = config };

    g_return_val_if_fail(config, NULL);
    for (guint i = 0; i < xlcfg_n_options; i++) {
        const XlOption *option = &xlcfg_options[i];

        if (is_extra(config, option->key))
            continue;
        if (option->format) {
            if (!option->format(&writer, option->key, error))
                return NULL;
        } else if (option->kind != XL_CUSTOM) {
            write_field(&writer, option);
        }
    }
    for (guint i = 0; i < config->extras->len; i++)
        write_extra(&writer, config->extras->pdata[i]);
    return g_string_free(g_steal_pointer(&text), FALSE);
}
