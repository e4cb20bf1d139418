/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xl.h"

/* Reads filename ("-": standard input; NULL: nothing) and the settings behind it on the command
 * line, which override the file's. Says warnings unless quiet. NULL after a message. */
KxlDomainConfig *xl_config_load(Xl *xl, const char *filename, char *const *overrides,
                                guint n_overrides, gboolean quiet);
