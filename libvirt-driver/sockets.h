/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets clients look for in libvirt's run directory. A lock makes sure that one kanzend
 * serves a directory; sockets a dead one left are replaced, those of a living other daemon are left
 * alone.
 */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

typedef struct Sockets Sockets;

/* Makes run_dir and takes its lock. */
Sockets *sockets_new(const char *run_dir, GError **error);
/* Listens: NAME for everyone who may write, NAME-ro for all. group: may use the first too; NULL:
 * only the owner. session: no read-only socket, as libvirt's session daemons have none. */
gboolean sockets_listen(Sockets *sockets, RpcServer *server, const char *group, gboolean session,
                        GError **error);
/* Removes the sockets and gives the lock back. */
void sockets_free(Sockets *sockets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sockets, sockets_free)

G_END_DECLS
