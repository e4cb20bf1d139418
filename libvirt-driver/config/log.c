/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <string.h>

#include "handler-util.h"
#include "log-output.h"

typedef struct {
    LogLevel from;
    char *match; /* part of a module's name */
} Filter;

static const struct {
    const char *name;
    GLogLevelFlags flag;
} levels[] = {
    [LOG_LEVEL_DEBUG] = { "debug", G_LOG_LEVEL_DEBUG },
    [LOG_LEVEL_INFO] = { "info", G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO },
    [LOG_LEVEL_WARNING] = { "warning", G_LOG_LEVEL_WARNING },
    [LOG_LEVEL_ERROR] = { "error", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL },
};

/* Written under the writer's side of the lock; nothing is logged while it is held. */
static GRWLock lock;
static LogLevel threshold = LOG_LEVEL_INFO;
static GArray *filters;    /* of Filter; NULL: none */
static GPtrArray *outputs; /* of LogOutput */
static gboolean outputs_given;

static void filter_clear(gpointer filter)
{
    g_free(((Filter *)filter)->match);
}

/* ---- reading ---- */

static gboolean parse_level(const char *text, gsize len, LogLevel *ret, GError **error)
{
    for (guint i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++) {
        gboolean digit = len == 1 && text[0] == (char)('0' + i);

        if (digit || (strlen(levels[i].name) == len && strncmp(levels[i].name, text, len) == 0)) {
            *ret = (LogLevel)i;
            return TRUE;
        }
    }
    return fail(error, VIR_ERR_INVALID_ARG,
                "'%.*s' is no log level: debug, info, warning, error or 1 to 4", (int)len, text);
}

/* "3:rest": the level and where the rest begins. */
static gboolean parse_prefix(const char *item, LogLevel *ret_level, const char **ret_rest,
                             GError **error)
{
    const char *colon = strchr(item, ':');

    if (colon == NULL || colon[1] == '\0')
        return fail(error, VIR_ERR_INVALID_ARG, "'%s' is not LEVEL:NAME", item);
    *ret_rest = colon + 1;
    return parse_level(item, (gsize)(colon - item), ret_level, error);
}

static GArray *parse_filters(const char *text, GError **error)
{
    g_autoptr(GArray) parsed = g_array_new(FALSE, FALSE, sizeof(Filter));
    g_auto(GStrv) items = g_strsplit_set(text, " \t", -1);

    g_array_set_clear_func(parsed, filter_clear);
    for (guint i = 0; items[i] != NULL; i++) {
        Filter filter;
        const char *match;

        if (*items[i] == '\0')
            continue;
        if (!parse_prefix(items[i], &filter.from, &match, error))
            return NULL;
        filter.match = g_strdup(match[0] == '+' ? match + 1 : match); /* libvirt's old stack mark */
        g_array_append_val(parsed, filter);
    }
    return g_steal_pointer(&parsed);
}

/* Not yet open. */
static GPtrArray *parse_outputs(const char *text, GError **error)
{
    g_autoptr(GPtrArray) parsed = g_ptr_array_new_with_free_func((GDestroyNotify)log_output_free);
    g_auto(GStrv) items = g_strsplit_set(text, " \t", -1);

    for (guint i = 0; items[i] != NULL; i++) {
        LogLevel from;
        const char *where;
        LogOutput *output;

        if (*items[i] == '\0')
            continue;
        if (!parse_prefix(items[i], &from, &where, error))
            return NULL;
        output = log_output_new(from, where, error);
        if (output == NULL)
            return NULL;
        g_ptr_array_add(parsed, output);
    }
    if (parsed->len == 0) {
        fail(error, VIR_ERR_INVALID_ARG, "there is no log output in '%s'", text);
        return NULL;
    }
    return g_steal_pointer(&parsed);
}

gboolean log_check_level(const char *level, GError **error)
{
    LogLevel parsed;

    return parse_level(level, strlen(level), &parsed, error);
}

gboolean log_check_filters(const char *text, GError **error)
{
    g_autoptr(GArray) parsed = parse_filters(text, error);

    return parsed != NULL;
}

gboolean log_check_outputs(const char *text, GError **error)
{
    g_autoptr(GPtrArray) parsed = parse_outputs(text, error);

    return parsed != NULL;
}

/* ---- setting ---- */

gboolean log_set_level(const char *level, GError **error)
{
    LogLevel parsed = LOG_LEVEL_INFO;

    if (level != NULL && !parse_level(level, strlen(level), &parsed, error))
        return FALSE;
    g_rw_lock_writer_lock(&lock);
    threshold = parsed;
    g_rw_lock_writer_unlock(&lock);
    return TRUE;
}

gboolean log_set_filters(const char *text, GError **error)
{
    g_autoptr(GArray) parsed = parse_filters(text != NULL ? text : "", error);
    GArray *old;

    if (parsed == NULL)
        return FALSE;
    g_rw_lock_writer_lock(&lock);
    old = filters;
    filters = g_steal_pointer(&parsed);
    g_rw_lock_writer_unlock(&lock);
    g_clear_pointer(&old, g_array_unref);
    return TRUE;
}

/* Takes fresh; opens it first. */
static gboolean use_outputs(GPtrArray *fresh, gboolean given, GError **error)
{
    g_autoptr(GPtrArray) owned = fresh;
    GPtrArray *old;

    for (guint i = 0; i < fresh->len; i++) {
        if (!log_output_open(fresh->pdata[i], error))
            return FALSE;
    }
    g_rw_lock_writer_lock(&lock);
    old = outputs;
    outputs = g_steal_pointer(&owned);
    outputs_given = given;
    g_rw_lock_writer_unlock(&lock);
    g_clear_pointer(&old, g_ptr_array_unref);
    return TRUE;
}

gboolean log_set_outputs(const char *text, GError **error)
{
    GPtrArray *parsed = parse_outputs(text != NULL ? text : log_output_usual(), error);

    return parsed != NULL && use_outputs(parsed, text != NULL, error);
}

gboolean log_reopen(GError **error)
{
    guint n;
    g_autofree char *text = log_dup_outputs(&n);
    GPtrArray *again = parse_outputs(text, error);

    return again != NULL && use_outputs(again, outputs_given, error);
}

char *log_dup_filters(guint *ret_n)
{
    GString *text = g_string_new(NULL);

    g_rw_lock_reader_lock(&lock);
    *ret_n = filters != NULL ? filters->len : 0;
    for (guint i = 0; i < *ret_n; i++) {
        const Filter *filter = &g_array_index(filters, Filter, i);

        g_string_append_printf(text, "%s%d:%s", i > 0 ? " " : "", filter->from, filter->match);
    }
    g_rw_lock_reader_unlock(&lock);
    return g_string_free(text, FALSE);
}

char *log_dup_outputs(guint *ret_n)
{
    GString *text = g_string_new(NULL);

    g_rw_lock_reader_lock(&lock);
    *ret_n = outputs->len;
    for (guint i = 0; i < *ret_n; i++) {
        g_autofree char *one = log_output_to_text(outputs->pdata[i]);

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", one);
    }
    g_rw_lock_reader_unlock(&lock);
    return g_string_free(text, FALSE);
}

/* ---- writing ---- */

static const char *field_value(const GLogField *fields, gsize n_fields, const char *key)
{
    for (gsize i = 0; i < n_fields; i++) {
        if (strcmp(fields[i].key, key) == 0 && fields[i].length < 0)
            return fields[i].value;
    }
    return "";
}

/* From which level on messages of that one's module are written. Under lock. */
static LogLevel level_of(const char *message)
{
    g_autofree char *module = g_strndup(message, strcspn(message, ": "));

    for (guint i = 0; filters != NULL && i < filters->len; i++) {
        const Filter *filter = &g_array_index(filters, Filter, i);

        if (strstr(module, filter->match) != NULL)
            return filter->from;
    }
    return threshold;
}

static GLogWriterOutput write_message(GLogLevelFlags flags, const GLogField *fields, gsize n_fields,
                                      gpointer unused)
{
    LogRecord record = { .flags = flags,
                         .fields = fields,
                         .n_fields = n_fields,
                         .message = field_value(fields, n_fields, "MESSAGE"),
                         .level = LOG_LEVEL_DEBUG };

    while (record.level < LOG_LEVEL_ERROR && !(flags & levels[record.level].flag))
        record.level++;
    record.level_name = levels[record.level].name;

    g_rw_lock_reader_lock(&lock);
    if (record.level >= level_of(record.message)) {
        for (guint i = 0; i < outputs->len; i++)
            log_output_write(outputs->pdata[i], &record);
    }
    g_rw_lock_reader_unlock(&lock);
    return G_LOG_WRITER_HANDLED; /* nothing can be done about a log that cannot be written */
}

void log_start(void)
{
    log_set_outputs(NULL, NULL);
    g_log_set_writer_func(write_message, NULL, NULL);
}
