/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's configuration file (kanzend.conf(5) in kanzend(8)). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
    gboolean allow_arguments; /* definitions may give the emulator arguments of their own */
} Settings;

/* path: NULL for the usual place of root or of this user, where there need be none. What it does
 * not know is an error that names it. */
gboolean settings_load(const char *path, Settings *ret_settings, GError **error);

G_END_DECLS
