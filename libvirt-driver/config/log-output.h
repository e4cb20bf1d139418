/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One place that log messages go to; log.c has them all. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum { /* libvirt's numbers */
               LOG_LEVEL_DEBUG = 1,
               LOG_LEVEL_INFO,
               LOG_LEVEL_WARNING,
               LOG_LEVEL_ERROR,
} LogLevel;

typedef struct {
    GLogLevelFlags flags;
    const GLogField *fields;
    gsize n_fields;
    const char *message;
    LogLevel level;
    const char *level_name;
} LogRecord;

typedef struct LogOutput LogOutput;

/* where: "stderr", "journald", "file:/path", "syslog:name". Does not open it. */
LogOutput *log_output_new(LogLevel from, const char *where, GError **error);
void log_output_free(LogOutput *output);
gboolean log_output_open(LogOutput *output, GError **error);
void log_output_write(const LogOutput *output, const LogRecord *record);
/* "3:stderr" */
char *log_output_to_text(const LogOutput *output);
/* What there is when nobody has said anything. */
const char *log_output_usual(void);

G_END_DECLS
