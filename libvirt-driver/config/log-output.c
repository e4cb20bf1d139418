/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log-output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "handler-util.h"

typedef struct {
    const char *name;
    const char *data; /* what stands behind the name; NULL: nothing may */
    gboolean (*open)(LogOutput *output, GError **error); /* NULL: nothing to open */
    void (*write)(const LogOutput *output, const LogRecord *record);
} Kind;

struct LogOutput {
    LogLevel from;
    const Kind *kind;
    char *data;
    int fd; /* of a file */
};

/* One write per line, so that threads do not mix theirs. */
static void write_line(int fd, const LogRecord *record)
{
    g_autofree char *line = NULL;
    struct timespec now;
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &tm);
    line = g_strdup_printf("%04d-%02d-%02d %02d:%02d:%02d.%03ld %s %s\n", tm.tm_year + 1900,
                           tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                           now.tv_nsec / 1000000, record->level_name, record->message);
    if (write(fd, line, strlen(line)) < 0)
        return; /* a full disk: there is nowhere to say so */
}

static void write_stderr(const LogOutput *output, const LogRecord *record)
{
    write_line(STDERR_FILENO, record);
}

static void write_file(const LogOutput *output, const LogRecord *record)
{
    write_line(output->fd, record);
}

static void write_journal(const LogOutput *output, const LogRecord *record)
{
    g_log_writer_journald(record->flags, record->fields, record->n_fields, NULL);
}

static void write_syslog(const LogOutput *output, const LogRecord *record)
{
    static const int priorities[] = {
        [LOG_LEVEL_DEBUG] = LOG_DEBUG,
        [LOG_LEVEL_INFO] = LOG_INFO,
        [LOG_LEVEL_WARNING] = LOG_WARNING,
        [LOG_LEVEL_ERROR] = LOG_ERR,
    };

    syslog(LOG_DAEMON | priorities[record->level], "%s[%d]: %s", output->data, (int)getpid(),
           record->message);
}

static gboolean open_file(LogOutput *output, GError **error)
{
    output->fd = open(output->data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return output->fd >= 0 || fail(error, VIR_ERR_SYSTEM_ERROR, "cannot open the log file '%s': %s",
                                   output->data, g_strerror(errno));
}

static const Kind kinds[] = {
    { "stderr", NULL, NULL, write_stderr },
    { "journald", NULL, NULL, write_journal },
    { "file", "/PATH", open_file, write_file },
    { "syslog", "NAME", NULL, write_syslog },
};

static const Kind *find_kind(const char *where, gsize len)
{
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (strlen(kinds[i].name) == len && strncmp(kinds[i].name, where, len) == 0)
            return &kinds[i];
    }
    return NULL;
}

LogOutput *log_output_new(LogLevel from, const char *where, GError **error)
{
    gsize len = strcspn(where, ":");
    const Kind *kind = find_kind(where, len);
    const char *data = where[len] == ':' ? where + len + 1 : "";
    LogOutput *output;

    if (kind == NULL) {
        fail(error, VIR_ERR_INVALID_ARG,
             "'%s' is no log output: stderr, journald, file:/PATH or syslog:NAME", where);
        return NULL;
    }
    if ((kind->data != NULL) != (*data != '\0') ||
        (kind->open == open_file && !g_path_is_absolute(data))) {
        fail(error, VIR_ERR_INVALID_ARG, "'%s' is not %s%s%s", where, kind->name,
             kind->data != NULL ? ":" : "", kind->data != NULL ? kind->data : "");
        return NULL;
    }
    output = g_new0(LogOutput, 1);
    output->from = from;
    output->kind = kind;
    output->data = g_strdup(data);
    output->fd = -1;
    return output;
}

void log_output_free(LogOutput *output)
{
    if (output == NULL)
        return;
    if (output->fd >= 0)
        close(output->fd);
    g_free(output->data);
    g_free(output);
}

gboolean log_output_open(LogOutput *output, GError **error)
{
    return output->kind->open == NULL || output->kind->open(output, error);
}

void log_output_write(const LogOutput *output, const LogRecord *record)
{
    if (record->level >= output->from)
        output->kind->write(output, record);
}

char *log_output_to_text(const LogOutput *output)
{
    return g_strdup_printf("%d:%s%s%s", output->from, output->kind->name,
                           output->kind->data != NULL ? ":" : "", output->data);
}

const char *log_output_usual(void)
{
    return g_log_writer_is_journald(STDERR_FILENO) ? "1:journald" : "1:stderr";
}
