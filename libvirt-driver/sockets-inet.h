/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening TCP sockets. */
#pragma once

#include "rpc/server.h"

G_BEGIN_DECLS

/* Has server listen at the addresses (names or numbers; NULL: at all this host has), at all of them
 * or, after an error, at none. */
gboolean sockets_listen_inet(RpcServer *server, const RpcService *service, char *const *addresses,
                             guint port, GError **error);

G_END_DECLS
