/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The daemon's log: which messages are written, and where to. Messages read "module: what
 * happened"; levels, filters and outputs are written as libvirt's daemons have them, so that
 * virt-admin can show and set them:
 *
 *   level    debug, info, warning, error, or 1 to 4
 *   filters  "1:rpc 4:storage": messages of a module whose name contains the text, from that level
 *   outputs  "1:stderr 3:journald 2:file:/var/log/kanzen/kanzend.log 4:syslog:kanzend"
 *
 * All of it may change at any time, from any thread.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Makes all of GLib's messages go there: at first from info on, to the journal if that is where
 * stderr leads, else to stderr. */
void log_start(void);

/* Whether the text is one; VIR_ERR_INVALID_ARG. Nothing is opened. */
gboolean log_check_level(const char *level, GError **error);
gboolean log_check_filters(const char *filters, GError **error);
gboolean log_check_outputs(const char *outputs, GError **error);

/* NULL: as at first. After an error everything is as before. */
gboolean log_set_level(const char *level, GError **error);
gboolean log_set_filters(const char *filters, GError **error);
gboolean log_set_outputs(const char *outputs, GError **error);
/* Opens files anew: somebody may have moved them away. */
gboolean log_reopen(GError **error);

char *log_dup_filters(guint *ret_n); /* "" when there are none */
char *log_dup_outputs(guint *ret_n);

G_END_DECLS
