/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config-file.h"

#include <domain-xml.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CONFIG = 1 << 20 };

/* xm looked for a bare name in /etc/xen. */
static char *find_file(const char *filename)
{
    if (!strchr(filename, '/') && !g_file_test(filename, G_FILE_TEST_EXISTS)) {
        g_autofree char *path = g_build_filename("/etc/xen", filename, NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&path);
    }
    return g_strdup(filename);
}

/* Up to MAX_CONFIG bytes, so that a device or a wrong file cannot fill memory. */
static GString *read_stream(FILE *stream, int *ret_errno)
{
    GString *text = g_string_new(NULL);
    char block[4096];
    gsize n;

    while ((n = fread(block, 1, sizeof block, stream)) > 0 && text->len <= MAX_CONFIG)
        g_string_append_len(text, block, (gssize)n);
    *ret_errno = ferror(stream) ? errno : text->len > MAX_CONFIG ? EFBIG : 0;
    return text;
}

static GString *read_config(Xl *xl, const char *path)
{
    gboolean standard_input = !strcmp(path, "-");
    FILE *stream = standard_input ? stdin : fopen(path, "re");
    GString *text = NULL;
    int failed = stream ? 0 : errno;

    if (stream)
        text = read_stream(stream, &failed);
    if (stream && !standard_input)
        fclose(stream);
    if (!failed && memchr(text->str, '\0', text->len))
        failed = EILSEQ;
    if (!failed)
        return text;
    xl_say(xl, "Failed to read config file: %s: %s", path,
           failed == EILSEQ ? "it is no text" : g_strerror(failed));
    if (text)
        g_string_free(text, TRUE);
    return NULL;
}

static gboolean is_number(const char *text)
{
    char *end;

    g_ascii_strtoll(text, &end, 0);
    return end != text && !*end;
}

/* A shell eats the quotes of name="x": a value that is no list, number or string is taken for
 * one. */
static void append_override(GString *text, const char *override)
{
    const char *value = strchr(override, '=');
    gsize key_len = value ? (gsize)(value - override) : 0;

    while (key_len && g_ascii_isspace(override[key_len - 1]))
        key_len--;
    for (gsize i = 0; value && i < key_len; i++)
        if (!g_ascii_isalnum(override[i]) && override[i] != '_')
            value = NULL;
    if (value)
        for (value++; g_ascii_isspace(*value);)
            value++;
    if (!value || strchr("\"'[", *value) || strchr(value, ';') || is_number(value) ||
        !strcmp(value, "True") || !strcmp(value, "False")) {
        g_string_append_printf(text, "%s\n", override);
        return;
    }
    g_string_append_printf(text, "%.*s=\"", (int)key_len, override);
    for (; *value; value++)
        g_string_append_printf(text, strchr("\"\\", *value) ? "\\%c" : "%c", *value);
    g_string_append(text, "\"\n");
}

/* "FILE:LINE:..." with a line behind the file's end is about the command line. */
static char *place_message(const char *message, const char *source, guint file_lines)
{
    gsize len = strlen(source);
    guint64 line;
    char *end;

    if (strncmp(message, source, len) || message[len] != ':' || !g_ascii_isdigit(message[len + 1]))
        return g_strdup(message);
    line = g_ascii_strtoull(message + len + 1, &end, 10);
    if (line <= file_lines)
        return g_strdup(message);
    return g_strdup_printf("command line:%u%s", (guint)line - file_lines, end);
}

static guint count_lines(const GString *text)
{
    guint lines = 0;

    for (gsize i = 0; i < text->len; i++)
        lines += text->str[i] == '\n';
    return lines;
}

KxlDomainConfig *xl_config_load(Xl *xl, const char *filename, char *const *overrides,
                                guint n_overrides, gboolean quiet)
{
    g_autofree char *path = filename ? find_file(filename) : NULL;
    const char *source = !path ? "command line" : strcmp(path, "-") ? path : "<stdin>";
    g_autoptr(GString) text = path ? read_config(xl, path) : g_string_new(NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(KxlDomainConfig) config = NULL;
    g_autoptr(GError) error = NULL;
    guint file_lines;

    if (!text)
        return NULL;
    if (text->len && text->str[text->len - 1] != '\n')
        g_string_append_c(text, '\n');
    file_lines = count_lines(text);
    for (guint i = 0; i < n_overrides; i++)
        append_override(text, overrides[i]);
    if (path && !quiet)
        xl_say(xl, "Parsing config from %s", source);
    config = xl_cfg_parse(text->str, source, warnings, &error);
    for (guint i = 0; !quiet && i < warnings->len; i++) {
        g_autofree char *message = place_message(warnings->pdata[i], source, file_lines);

        xl_say(xl, "%s", message);
    }
    if (!config) {
        g_autofree char *message = place_message(error->message, source, file_lines);

        xl_say(xl, "%s", message);
    }
    return g_steal_pointer(&config);
}
