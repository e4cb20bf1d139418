/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running a short helper program: a network script, qemu --version, the probe. */
#pragma once

#include <glib.h>

/*
 * Runs argv with envp (NULL: ours) and waits, at most timeout_ms; then it is killed. ret_output
 * (may be NULL): what it printed on both its outputs. Anything but exit status 0 is an error whose
 * text has the output's end.
 */
gboolean kxl_command_run(const char *const *argv, const char *const *envp, guint timeout_ms,
                         char **ret_output, GError **error);
