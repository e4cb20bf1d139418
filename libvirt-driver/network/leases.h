/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DHCP leases, as dnsmasq keeps them in its lease file. */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

typedef struct {
    gint64 expiry; /* seconds since 1970; 0: never */
    gboolean is_v6;
    char *mac;  /* NULL: not known (IPv6) */
    char *iaid; /* IPv6 */
    char *ip;
    guint prefix;
    char *hostname; /* or NULL */
    char *clientid; /* or NULL; with IPv6 the DUID */
} Lease;

/* Those that have not run out at now (seconds since 1970); freed with the array. def tells the
 * prefixes. */
GPtrArray *leases_parse(const char *text, const NetworkDef *def, gint64 now);

G_END_DECLS
