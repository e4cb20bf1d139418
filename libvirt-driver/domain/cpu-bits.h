/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPU maps as calls have them: bits, the host's first CPU the lowest of the first byte. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

guint host_cpus(void);
/* Sets the bits of xl.cfg's list (kxl_affinity_parse()); NULL: all. */
void cpu_bits_from_text(guint8 *map, guint maplen, const char *text);
/* "0-1,3"; NULL with an error when no CPU of the host is in it. */
char *cpu_bits_to_text(const guint8 *map, guint maplen, GError **error);

G_END_DECLS
