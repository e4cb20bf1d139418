/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Groups of descriptors that clients associate with a domain, and disks of its definition name
 * (<source fdgroup=>). They stay as long as the connection they came by.
 */
#pragma once

#include "registry.h"

G_BEGIN_DECLS

/* Gives each disk that names a group its descriptors, of which *ret_held owns copies: they are of
 * no use after it. */
gboolean resolve_descriptors(DomainRegistry *registry, Domain *domain, KxlDomainConfig *config,
                             GArray **ret_held, GError **error);
/* The same for one disk; the copies are added to held, an fds_new(). */
gboolean resolve_disk_descriptors(DomainRegistry *registry, Domain *domain, KxlDeviceDisk *disk,
                                  GArray *held, GError **error);

/* Those of a client that has gone. */
void fd_groups_drop_locked(Domain *domain, const RpcClient *client);

G_END_DECLS
