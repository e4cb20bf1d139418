/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running the host's own tools. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Runs argv (ends with NULL) with input on its standard input (NULL: none) and waits for it. FALSE
 * with VIR_ERR_INTERNAL_ERROR: not there, or failed; the error has the last line it wrote.
 * ret_output (may be NULL): what it wrote to its standard output. Blocks: not in the loop
 * thread. */
gboolean command_run(const char *const *argv, const char *input, char **ret_output, GError **error);

/* The same with "NAME=value" texts (ends with NULL) in its environment besides: no other user sees
 * them there. */
gboolean command_run_with(const char *const *argv, const char *const *environment,
                          const char *input, char **ret_output, GError **error);
/* FALSE with the error of command_run(): the program is not there. */
gboolean command_find(const char *tool, GError **error);

G_END_DECLS
