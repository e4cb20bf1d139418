/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network's dnsmasq: its files, its process. It does not depend on kanzend, which may come and
 * go. */
#pragma once

#include "network-def.h"

G_BEGIN_DECLS

/* What holds for all networks: where their files are, and a choice. */
typedef struct {
    char *conf_dir;  /* readable for dnsmasq's own user, gone with the host's next boot */
    char *lease_dir; /* kept */
    gboolean probe_addresses; /* ask for three seconds whether somebody has an address */
} DnsmasqDirs;

/* Writes its files and starts it, if the network needs it. ret_pid: 0 without. Nothing is left when
 * it fails. */
gboolean dnsmasq_start(const DnsmasqDirs *dirs, const NetworkDef *def, pid_t *ret_pid,
                       GError **error);
/* The running one, 0: there is none. */
pid_t dnsmasq_find(const DnsmasqDirs *dirs, const NetworkDef *def);
/* Brings a running one up to date with def: makes it read its files again, or starts it anew when
 * that is not enough. */
gboolean dnsmasq_update(const DnsmasqDirs *dirs, const NetworkDef *def, pid_t *ret_pid,
                        GError **error);
/* Ends it and removes its files, but for the leases. */
void dnsmasq_stop(const DnsmasqDirs *dirs, const NetworkDef *def);
char *dnsmasq_lease_path(const DnsmasqDirs *dirs, const NetworkDef *def);

G_END_DECLS
