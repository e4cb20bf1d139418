/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dnsmasq is told of a network: texts of its files, dnsmasq(8). */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

/* Where a network's files are: DIR/NAME.SUFFIX ("conf", "hostsfile", "addnhosts"). */
char *dnsmasq_path(const char *dir, const NetworkDef *def, const char *suffix);
/* Whether the network needs it. */
gboolean dnsmasq_wanted(const NetworkDef *def);
/* pid_file may be NULL. NULL: the definition is beyond it. */
char *dnsmasq_conf(const NetworkDef *def, const char *dir, const char *pid_file, GError **error);
/* The static hosts of its DHCP, and the names its DNS knows besides; "" when there are none. */
char *dnsmasq_hostsfile(const NetworkDef *def);
char *dnsmasq_addnhosts(const NetworkDef *def);

G_END_DECLS
