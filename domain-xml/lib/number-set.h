/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sets of CPUs and of NUMA nodes as libvirt's documents have them: "0-3,^2,8". */
#pragma once

#include <glib.h>

/* Numbers are smaller. */
#define NUMBER_SET_SIZE 65536

/* The same set in libvirt's own form, "0-1,3,8"; NULL: malformed, or empty. */
char *number_set_normalise(const char *text);
