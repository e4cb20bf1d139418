/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /run/xenstored/socket: one XenStore made of those of all domains, for Debian's xenstore-utils and
 * whatever else speaks xs_wire.h. A running PV domain's part is its own store in its hv; for
 * Domain-0, HVM guests and keys of nobody's there is a store in this process.
 */
#pragma once

#include <kxl.h>

G_BEGIN_DECLS

#define XENSTORED_SOCKET "/run/xenstored/socket"

typedef struct XenstoredServer XenstoredServer;

/* Listens at path, which only its owner may use; its directory is made. Works in a thread of its
 * own. */
XenstoredServer *xenstored_server_new(KxlHost *host, const char *path, GError **error);
void xenstored_server_free(XenstoredServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(XenstoredServer, xenstored_server_free)

G_END_DECLS
