/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of CPUs, vCPUs and NUMA nodes as libvirt's documents and calls have them: "0-3,^2,8". */
#pragma once

#include <glib.h>

/* Numbers are smaller. */
#define NUMBER_SET_SIZE 65536

/* Sets members[i] to 1 for each number i of the set, to 0 for the others below size. FALSE:
 * malformed, or a number is not below size. */
gboolean number_set_read(const char *text, guint8 *members, guint size);
/* The same set in libvirt's own form, "0-1,3,8"; NULL: malformed, or empty. */
char *number_set_normalise(const char *text);
