/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kanzend from its configuration to its end. */
#pragma once

#include "config/settings.h"

G_BEGIN_DECLS

/* What the command line says; it stands above the file. */
typedef struct {
    char *run_dir, *group, *log_level, *config; /* NULL: not given */
    gint timeout_s;                             /* 0: never end for want of work */
} DaemonOptions;

/* Serves until a signal asks it to end. ready() is called when clients can connect. */
gboolean daemon_run(const DaemonOptions *options, void (*ready)(gpointer), gpointer data,
                    GError **error);
/* Whether it would start with that configuration: --check-config. */
gboolean daemon_check_config(const DaemonOptions *options, GError **error);

G_END_DECLS
