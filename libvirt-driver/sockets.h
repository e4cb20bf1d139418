/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets clients look for: unix sockets in libvirt's run directory, and TCP where the
 * configuration asks for it. A lock makes sure that one kanzend serves a directory; sockets that a
 * dead daemon left are replaced, those of a living one are left alone. What the service manager has
 * opened (activation.h) is taken over as it is.
 */
#pragma once

#include "config/settings.h"

G_BEGIN_DECLS

typedef struct Sockets Sockets;

typedef struct {
    const Settings *settings;
    gboolean session;  /* no read-only socket, as libvirt's session daemons have none */
    RpcServer *server; /* for libvirt's clients */
    RpcServer *admin;  /* for virt-admin */
    RpcService tls;    /* how clients over TLS are met */
    GPtrArray *passed; /* of PassedSocket */
} SocketsPlan;

/* Makes run_dir and takes its lock. */
Sockets *sockets_new(const char *run_dir, GError **error);
gboolean sockets_listen(Sockets *sockets, const SocketsPlan *plan, GError **error);
/* Removes the sockets that it made and gives the lock back. */
void sockets_free(Sockets *sockets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sockets, sockets_free)

G_END_DECLS
