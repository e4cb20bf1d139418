/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Counters of a network interface. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define NETSTAT_COUNT 8
/* "rx.bytes" ..., in the order of DOMAIN_INTERFACE_STATS. */
extern const char *const netstat_names[NETSTAT_COUNT];
/* As the guest behind the tap sees them: what the tap sends, the guest receives. FALSE: no such
 * interface. */
gboolean netstat_read_guest(const char *tap, guint64 values[NETSTAT_COUNT]);

G_END_DECLS
