/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's log: lines on stderr, "TIME LEVEL message". */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "error", "warning", "info" or "debug". FALSE: none of them. Before the first message. */
gboolean log_set_level(const char *level);
/* Makes all of GLib's messages go there. */
void log_start(void);

G_END_DECLS
