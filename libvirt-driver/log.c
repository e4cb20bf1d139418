/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    GLogLevelFlags flag;
} levels[] = {
    { "error", G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL },
    { "warning", G_LOG_LEVEL_WARNING },
    { "info", G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO },
    { "debug", G_LOG_LEVEL_DEBUG },
};

static guint threshold = 2;

gboolean log_set_level(const char *level)
{
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++) {
        if (strcmp(levels[i].name, level) == 0) {
            threshold = i;
            return TRUE;
        }
    }
    return FALSE;
}

static const char *field_value(const GLogField *fields, gsize n_fields, const char *key)
{
    for (gsize i = 0; i < n_fields; i++) {
        if (strcmp(fields[i].key, key) == 0 && fields[i].length < 0)
            return fields[i].value;
    }
    return "";
}

/* One write per line, so that threads do not mix theirs. */
static GLogWriterOutput write_line(GLogLevelFlags flags, const GLogField *fields, gsize n_fields,
                                   gpointer unused)
{
    const char *message = field_value(fields, n_fields, "MESSAGE");
    g_autofree char *line = NULL;
    struct timespec now;
    struct tm tm;
    guint level = 0;

    while (level + 1 < G_N_ELEMENTS(levels) && !(flags & levels[level].flag))
        level++;
    if (level > threshold)
        return G_LOG_WRITER_HANDLED;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    line = g_strdup_printf("%04d-%02d-%02d %02d:%02d:%02d.%03ld %s %s\n", tm.tm_year + 1900,
                           tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                           now.tv_nsec / 1000000, levels[level].name, message);
    /* Nothing can be done about a log that cannot be written. */
    return write(STDERR_FILENO, line, strlen(line)) < 0 ? G_LOG_WRITER_UNHANDLED
                                                        : G_LOG_WRITER_HANDLED;
}

void log_start(void)
{
    g_log_set_writer_func(write_line, NULL, NULL);
}
